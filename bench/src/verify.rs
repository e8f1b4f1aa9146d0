//! What it costs to know who asks, in this process alone: the very code that the
//! gateway and the services run at their doors.

use std::time::Instant;

use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use runtime::tokens::{
    AccessTokenSigner, AccessTokenVerifier, Credentials, Grant, PeerKeys, random_seed,
};
use serde::Serialize;
use types::{MemberId, Role, Roles, SessionId};
use wire::access::Peer;

/// Fewer than a verifier remembers, so that it forgets none of them meanwhile.
const TOKENS: usize = 400;
const ROUNDS: usize = 10;

/// Printed as one line of JSON: microseconds, one value for each call.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Verified {
    /// An access token that was not seen before: its signature is checked.
    gateway_first: Vec<f64>,
    /// The same once more: it is remembered until it expires.
    gateway_again: Vec<f64>,
    /// In a service, with the token of the gateway that speaks for its person.
    service_first: Vec<f64>,
    service_again: Vec<f64>,
}

pub(crate) fn run() -> Result<Verified> {
    let mut verified = Verified::default();
    let signer = AccessTokenSigner::new(random_seed()?)?;
    let gateway = Credentials::new(Peer::Server, random_seed()?)?;
    let peers = PeerKeys::new([(Peer::Server, gateway.public_key()?)]);
    for _ in 0..ROUNDS {
        let tokens = (0..TOKENS).map(|_| issue(&signer)).collect::<Result<Vec<_>>>()?;
        let (door, service) = (verifier(&signer), verifier(&signer));
        for times in [&mut verified.gateway_first, &mut verified.gateway_again] {
            for token in &tokens {
                times.push(took(|| {
                    door.verify(token, Utc::now())?;
                    Ok(())
                })?);
            }
        }
        for times in [&mut verified.service_first, &mut verified.service_again] {
            for token in &tokens {
                let proof = gateway.token_for(Peer::OrderService)?;
                times.push(took(|| {
                    peers.verify(&proof, Peer::OrderService, Utc::now())?;
                    service.verify(token, Utc::now())?;
                    Ok(())
                })?);
            }
        }
    }
    Ok(verified)
}

fn issue(signer: &AccessTokenSigner) -> Result<String> {
    let roles = Roles::from([Role::Member, Role::Barista]);
    let grant = Grant::full(MemberId::new(), SessionId::new(), roles);
    Ok(signer.issue(&grant, Utc::now())?.0)
}

fn verifier(signer: &AccessTokenSigner) -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::new();
    verifier.set_keys([signer.public_key(Utc::now() + TimeDelta::days(1))]);
    verifier
}

fn took(call: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    call().context("a token that was just issued is refused")?;
    Ok(begin.elapsed().as_secs_f64() * 1e6)
}
