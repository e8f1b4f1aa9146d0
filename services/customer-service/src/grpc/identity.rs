//! Sign-in: links, tokens, keys, revocations.

use futures::{Stream, StreamExt};
use runtime::{AppError, Caller, tokens::Subject};
use secrecy::ExposeSecret;
use tonic::Status;
use types::{InvitationId, Timestamp};
use wire::customer::v1 as pb;

use super::{
    member,
    members::{Balance, card},
    owner, short,
};
use crate::{
    app::App,
    events::wire_time,
    identity::{
        codes,
        links::{self, NewLink, Others, Wanted, WithCode},
        revocations::Tell,
        sessions::{self, Issued},
    },
    store::{links::Open, revocations::Ended, sessions::Listed},
};

const LONGEST_LABEL: usize = 100;
/// Browsers tell long stories about themselves.
pub(super) const LONGEST_DEVICE: usize = 300;

pub(super) async fn create_link(
    app: &App,
    caller: &Caller,
    request: pb::CreateSignInLinkRequest,
    now: Timestamp,
) -> Result<pb::CreateSignInLinkResponse, AppError> {
    let pb::CreateSignInLinkRequest {
        member_id,
        label,
        valid_seconds,
        with_code,
        ends_others,
        until_used,
    } = request;
    let label = short("label", &label, LONGEST_LABEL)?;
    let validity = customer_domain::links::validity(valid_seconds).ok_or_else(|| {
        AppError::invalid("valid_seconds", "out-of-range", "at least 1 and at most 30 days")
    })?;
    // A link without an end is for whoever has the machine.
    let until_used = until_used && caller.person.is_none();
    let wanted = Wanted {
        member: match caller.person {
            Some(_) => owner(caller, &member_id)?,
            None => member("member_id", &member_id)?,
        },
        label: &label,
        validity: (!until_used).then_some(validity),
        code: if with_code { WithCode::Yes } else { WithCode::No },
        others: if ends_others { Others::End } else { Others::GoOn },
        by: caller.person.as_ref().map(|person| person.member),
    };
    let NewLink { id, secret, expires_at, code } =
        links::create(&app.identity, wanted, now).await?;
    let (code, code_expires_at) = code.unzip();
    Ok(pb::CreateSignInLinkResponse {
        secret: secret.expose_secret().to_owned(),
        expires_at: expires_at.map(wire_time),
        id: id.to_string(),
        code: code.map(|code| code.expose_secret().to_owned()).unwrap_or_default(),
        code_expires_at: code_expires_at.map(wire_time),
    })
}

pub(super) async fn exchange_code(
    app: &App,
    request: pb::ExchangeCodeRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::ExchangeCodeRequest { code, device, address } = request;
    let device: String = device.chars().take(LONGEST_DEVICE).collect();
    let device = short("device", &device, LONGEST_DEVICE)?;
    let address = short("address", &address, LONGEST_LABEL)?;
    Ok(pair(&codes::exchange(&app.identity, &code, &address, &device, now).await?))
}

pub(super) async fn list_invitations(
    app: &App,
    caller: &Caller,
    request: pb::ListInvitationsRequest,
    now: Timestamp,
) -> Result<pb::ListInvitationsResponse, AppError> {
    let pb::ListInvitationsRequest { member_id } = request;
    let member = owner(caller, &member_id)?;
    let open = links::open(&app.identity, member, now).await?;
    Ok(pb::ListInvitationsResponse { invitations: open.into_iter().map(invitation).collect() })
}

pub(super) async fn list_invited(
    app: &App,
    request: pb::ListInvitedRequest,
    now: Timestamp,
) -> Result<pb::ListInvitedResponse, AppError> {
    let pb::ListInvitedRequest {} = request;
    let invited = links::invited(&app.identity, now).await?.into_iter();
    let invited = invited.map(|(member, open)| pb::Invited {
        member: Some(card(&member, Balance::Hidden)),
        invitations: open.into_iter().map(invitation).collect(),
    });
    Ok(pb::ListInvitedResponse { invited: invited.collect() })
}

fn invitation(open: Open) -> pb::Invitation {
    let Open { id, member_id: _, label, created_at, expires_at, code_expires_at } = open;
    pb::Invitation {
        id: InvitationId::from_uuid(id).to_string(),
        label,
        created_at: Some(wire_time(created_at)),
        expires_at: expires_at.map(wire_time),
        code_expires_at: code_expires_at.map(wire_time),
    }
}

pub(super) async fn withdraw_invitation(
    app: &App,
    caller: &Caller,
    request: pb::WithdrawInvitationRequest,
    now: Timestamp,
) -> Result<pb::WithdrawInvitationResponse, AppError> {
    let pb::WithdrawInvitationRequest { id } = request;
    let id = id.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid("id", "malformed", error.to_string())
    })?;
    let withdrawn = links::withdraw(&app.identity, id, caller.person()?, now).await?;
    Ok(pb::WithdrawInvitationResponse { already_so: !withdrawn })
}

pub(super) async fn exchange_link(
    app: &App,
    request: pb::ExchangeSignInLinkRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::ExchangeSignInLinkRequest { secret, device } = request;
    let device = device_of(&device)?;
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

/// What a device says it is, as much of it as fits.
pub(super) fn device_of(said: &str) -> Result<String, AppError> {
    let device: String = said.chars().take(LONGEST_DEVICE).collect();
    short("device", &device, LONGEST_DEVICE)
}

pub(super) fn pair(issued: &Issued) -> pb::TokenPair {
    pb::TokenPair {
        access_token: issued.access_token.expose_secret().to_owned(),
        access_expires_at: Some(wire_time(issued.access_expires_at)),
        refresh_token: issued.refresh_token.expose_secret().to_owned(),
        refresh_expires_at: Some(wire_time(issued.refresh_expires_at)),
        member_id: match issued.subject {
            Subject::Member(member) => member.to_string(),
            Subject::Device(_) => String::new(),
        },
    }
}
