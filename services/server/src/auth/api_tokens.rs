//! Personal API tokens at the gateway's door: exchanged at customer-service for the
//! one kind of access token, which is used until shortly before it expires. That
//! it was revoked meanwhile the verifier knows, as of every other.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use types::Timestamp;
use wire::customer::v1::ExchangeApiTokenRequest;

use super::{Asker, verify};
use crate::{App, api::dto::time, problem::Problem};

/// What they begin with.
const PREFIX: &str = "evt_";
/// An access token with less than this left is exchanged anew.
const SOON: TimeDelta = TimeDelta::seconds(60);
/// Tokens remembered at once; beyond, each request exchanges for itself.
const MOST: usize = 10_000;

/// Whether this is such a token.
pub(super) fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// An access token, and until when it is used.
#[derive(Debug, Clone)]
struct Exchanged {
    token: Arc<str>,
    until: Timestamp,
}

/// One exchange for all who come with the same token meanwhile.
type Flight = Arc<OnceCell<Exchanged>>;

/// What tokens were exchanged for, by their hash.
#[derive(Debug, Default)]
pub struct ApiTokens {
    flights: Mutex<HashMap<[u8; 32], Flight>>,
}

impl ApiTokens {
    /// Who comes with this token.
    pub(super) async fn asker(
        &self,
        app: &App,
        token: &str,
        address: IpAddr,
    ) -> Result<Asker, Problem> {
        let key: [u8; 32] = Sha256::digest(token).into();
        if let Some(asker) = self.known(app, &key) {
            return Ok(asker);
        }
        let flight = self.flight(key, app.now());
        let exchanged = flight.get_or_try_init(|| exchange(app, token, address)).await;
        match exchanged {
            Ok(Exchanged { token, .. }) => verify(app, token).inspect_err(|_| self.forget(&key)),
            Err(problem) => {
                self.forget(&key);
                Err(problem)
            }
        }
    }

    /// By what is remembered, while it counts. What does not is exchanged anew: if
    /// only the roles changed, that helps.
    fn known(&self, app: &App, key: &[u8; 32]) -> Option<Asker> {
        let exchanged = self.lock().get(key)?.get()?.clone();
        let asker = verify(app, &exchanged.token).ok();
        let asker = asker.filter(|_| app.now() < exchanged.until);
        if asker.is_none() {
            self.forget(key);
        }
        asker
    }

    fn flight(&self, key: [u8; 32], now: Timestamp) -> Flight {
        let mut flights = self.lock();
        if flights.len() >= MOST {
            flights.retain(|_, flight| flight.get().is_some_and(|it| now < it.until));
        }
        if flights.len() >= MOST {
            return Flight::default();
        }
        flights.entry(key).or_default().clone()
    }

    fn forget(&self, key: &[u8; 32]) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Flight>> {
        self.flights.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

/// One call, counted like an attempt to sign in: it is one.
async fn exchange(app: &App, token: &str, address: IpAddr) -> Result<Exchanged, Problem> {
    app.limits().sign_in(address, app.now()).await?;
    let request = ExchangeApiTokenRequest { secret: token.to_owned() };
    let answer = app.anybodys_customers().exchange_api_token(request).await?.into_inner();
    let until = answer.access_expires_at.and_then(time).map_or_else(|| app.now(), |at| at - SOON);
    Ok(Exchanged { token: answer.access_token.into(), until })
}
