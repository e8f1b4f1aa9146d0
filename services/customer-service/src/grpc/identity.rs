//! Sign-in: links, tokens, keys, revocations.

use futures::{Stream, StreamExt};
use runtime::{AppError, Caller};
use secrecy::ExposeSecret;
use tonic::Status;
use types::Timestamp;
use wire::customer::v1 as pb;

use super::{member, owner, short};
use crate::{
    app::App,
    events::wire_time,
    identity::{links, revocations::Tell, sessions, sessions::Issued},
    store::{revocations::Ended, sessions::Listed},
};

const LONGEST_LABEL: usize = 100;
/// Browsers tell long stories about themselves.
const LONGEST_DEVICE: usize = 300;

pub(super) async fn create_link(
    app: &App,
    request: pb::CreateSignInLinkRequest,
    now: Timestamp,
) -> Result<pb::CreateSignInLinkResponse, AppError> {
    let pb::CreateSignInLinkRequest { member_id, label, valid_seconds } = request;
    let member = member("member_id", &member_id)?;
    let label = short("label", &label, LONGEST_LABEL)?;
    let validity = customer_domain::links::validity(valid_seconds).ok_or_else(|| {
        AppError::invalid("valid_seconds", "out-of-range", "at least 1 and at most 30 days")
    })?;
    let link = links::create(&app.identity, member, &label, validity, now).await?;
    Ok(pb::CreateSignInLinkResponse {
        secret: link.secret.expose_secret().to_owned(),
        expires_at: Some(wire_time(link.expires_at)),
    })
}

pub(super) async fn exchange_link(
    app: &App,
    request: pb::ExchangeSignInLinkRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::ExchangeSignInLinkRequest { secret, device } = request;
    let device: String = device.chars().take(LONGEST_DEVICE).collect();
    let device = short("device", &device, LONGEST_DEVICE)?;
    Ok(pair(&links::exchange(&app.identity, &secret, &device, now).await?))
}

pub(super) async fn refresh(
    app: &App,
    request: pb::RefreshTokensRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::RefreshTokensRequest { refresh_token } = request;
    Ok(pair(&sessions::refresh(&app.identity, &refresh_token, now).await?))
}

pub(super) async fn sign_out(
    app: &App,
    request: pb::SignOutRequest,
    now: Timestamp,
) -> Result<pb::SignOutResponse, AppError> {
    let pb::SignOutRequest { refresh_token } = request;
    sessions::sign_out(&app.identity, &refresh_token, now).await?;
    Ok(pb::SignOutResponse {})
}

pub(super) fn keys(app: &App, now: Timestamp) -> pb::KeySet {
    let keys = app.identity.keys.published(now);
    pb::KeySet {
        keys: keys
            .into_iter()
            .map(|key| pb::Key {
                kid: key.kid,
                ed25519_public_key: key.key.to_vec().into(),
                not_after: Some(wire_time(key.not_after)),
            })
            .collect(),
    }
}

pub(super) fn watch_revocations(
    app: &App,
) -> impl Stream<Item = Result<pb::Revocation, Status>> + Send + use<> {
    app.identity.revocations.watch().map(|told| match told {
        Ok(Tell::Revoked { ended, until }) => {
            let until = Some(wire_time(until));
            Ok(match ended {
                Ended::Session(session) => pb::Revocation {
                    session_id: session.to_string(),
                    until,
                    ..pb::Revocation::default()
                },
                Ended::Below { member, generation } => pb::Revocation {
                    member_id: member.to_string(),
                    generation,
                    until,
                    ..pb::Revocation::default()
                },
            })
        }
        Ok(Tell::Heartbeat) => Ok(pb::Revocation::default()),
        Err(error) => Err(error.into()),
    })
}

pub(super) async fn list_sessions(
    app: &App,
    caller: &Caller,
    request: pb::ListSessionsRequest,
    now: Timestamp,
) -> Result<pb::ListSessionsResponse, AppError> {
    let pb::ListSessionsRequest { member_id } = request;
    let member = owner(caller, &member_id)?;
    let current = caller.person()?.session;
    let sessions = sessions::list(&app.identity, member, now).await?;
    let sessions = sessions
        .into_iter()
        .map(|Listed { id, device, scope, created_at, last_used_at }| pb::Session {
            id: id.to_string(),
            device,
            scope: scope.name().to_owned(),
            created_at: Some(wire_time(created_at)),
            last_used_at: Some(wire_time(last_used_at)),
            current: id == current,
        })
        .collect();
    Ok(pb::ListSessionsResponse { sessions })
}

pub(super) async fn end_session(
    app: &App,
    caller: &Caller,
    request: pb::EndSessionRequest,
    now: Timestamp,
) -> Result<pb::EndSessionResponse, AppError> {
    let pb::EndSessionRequest { session_id } = request;
    let session = session_id.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid("session_id", "malformed", error.to_string())
    })?;
    let ended = sessions::end(&app.identity, session, caller.person()?, now).await?;
    Ok(pb::EndSessionResponse { already_so: !ended })
}

fn pair(issued: &Issued) -> pb::TokenPair {
    pb::TokenPair {
        access_token: issued.access_token.expose_secret().to_owned(),
        access_expires_at: Some(wire_time(issued.access_expires_at)),
        refresh_token: issued.refresh_token.expose_secret().to_owned(),
        refresh_expires_at: Some(wire_time(issued.refresh_expires_at)),
        member_id: issued.member.to_string(),
    }
}
