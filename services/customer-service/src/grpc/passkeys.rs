//! Passkeys.

use customer_domain::passkeys::{ANSWER_WITHIN, LONGEST_NAME, UNNAMED};
use runtime::{AppError, Caller};
use types::Timestamp;
use webauthn::{ALGORITHMS, Assertion, Backup, Registration};
use wire::customer::v1 as pb;

use super::{
    identity::{device_of, pair},
    owner, short,
};
use crate::{
    app::App,
    events::wire_time,
    identity::passkeys::{self, Creation, NewOne, SignIn},
    store::passkeys::Listed,
};

/// Of the ways in which a browser may reach a device there are some five.
const MOST_TRANSPORTS: usize = 10;
const LONGEST_TRANSPORT: usize = 32;

pub(super) async fn begin_registration(
    app: &App,
    caller: &Caller,
    request: pb::BeginPasskeyRegistrationRequest,
    now: Timestamp,
) -> Result<pb::PasskeyCreation, AppError> {
    let pb::BeginPasskeyRegistrationRequest {} = request;
    let member = caller.person()?.member;
    let asked = passkeys::begin_registration(&app.identity, member, now).await?;
    let Creation { challenge, user_name, exclude } = asked;
    let exclude = exclude.into_iter().map(|Listed { credential_id, transports, .. }| {
        pb::PasskeyDescriptor { credential_id: credential_id.into(), transports }
    });
    Ok(pb::PasskeyCreation {
        rp_id: app.identity.passkeys.party()?.id().to_owned(),
        challenge: challenge.to_vec().into(),
        user_handle: member.uuid().as_bytes().to_vec().into(),
        user_name,
        algorithms: ALGORITHMS.to_vec(),
        exclude: exclude.collect(),
        timeout_seconds: timeout_seconds(),
    })
}

pub(super) async fn finish_registration(
    app: &App,
    caller: &Caller,
    request: pb::FinishPasskeyRegistrationRequest,
    now: Timestamp,
) -> Result<pb::Passkey, AppError> {
    let pb::FinishPasskeyRegistrationRequest {
        name,
        client_data_json,
        attestation_object,
        transports,
    } = request;
    let name = short("name", &name, LONGEST_NAME)?;
    if transports.len() > MOST_TRANSPORTS {
        let message = format!("at most {MOST_TRANSPORTS}");
        return Err(AppError::invalid("credential.response.transports", "too-many", message));
    }
    let transports = transports.iter().enumerate().map(|(at, transport)| {
        short(&format!("credential.response.transports[{at}]"), transport, LONGEST_TRANSPORT)
    });
    let new = NewOne {
        name: if name.is_empty() { UNNAMED } else { &name },
        answer: Registration {
            client_data_json: &client_data_json,
            attestation_object: &attestation_object,
        },
        transports: &transports.collect::<Result<Vec<_>, _>>()?,
    };
    let member = caller.person()?.member;
    Ok(passkey(passkeys::finish_registration(&app.identity, member, new, now).await?))
}

pub(super) async fn list(
    app: &App,
    caller: &Caller,
    request: pb::ListPasskeysRequest,
) -> Result<pb::ListPasskeysResponse, AppError> {
    let pb::ListPasskeysRequest { member_id } = request;
    let all = passkeys::list(&app.identity, owner(caller, &member_id)?).await?;
    Ok(pb::ListPasskeysResponse { passkeys: all.into_iter().map(passkey).collect() })
}

pub(super) async fn remove(
    app: &App,
    caller: &Caller,
    request: pb::RemovePasskeyRequest,
) -> Result<pb::RemovePasskeyResponse, AppError> {
    let pb::RemovePasskeyRequest { passkey_id } = request;
    let id = passkey_id.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid("passkey_id", "malformed", error.to_string())
    })?;
    let removed = passkeys::remove(&app.identity, id, caller.person()?).await?;
    Ok(pb::RemovePasskeyResponse { already_so: !removed })
}

pub(super) async fn begin_sign_in(
    app: &App,
    request: pb::BeginPasskeySignInRequest,
    now: Timestamp,
) -> Result<pb::PasskeyChallenge, AppError> {
    let pb::BeginPasskeySignInRequest {} = request;
    let challenge = passkeys::begin_sign_in(&app.identity, now).await?;
    Ok(pb::PasskeyChallenge {
        rp_id: app.identity.passkeys.party()?.id().to_owned(),
        challenge: challenge.to_vec().into(),
        timeout_seconds: timeout_seconds(),
    })
}

pub(super) async fn finish_sign_in(
    app: &App,
    request: pb::FinishPasskeySignInRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::FinishPasskeySignInRequest {
        credential_id,
        client_data_json,
        authenticator_data,
        signature,
        user_handle,
        device,
    } = request;
    let sign_in = SignIn {
        credential_id: &credential_id,
        user_handle: &user_handle,
        answer: Assertion {
            client_data_json: &client_data_json,
            authenticator_data: &authenticator_data,
            signature: &signature,
        },
        device: &device_of(&device)?,
    };
    Ok(pair(&passkeys::finish_sign_in(&app.identity, sign_in, now).await?))
}

fn passkey(listed: Listed) -> pb::Passkey {
    let Listed { id, name, credential_id: _, transports: _, backup, created_at, last_used_at } =
        listed;
    pb::Passkey {
        id: id.to_string(),
        name,
        created_at: Some(wire_time(created_at)),
        last_used_at: last_used_at.map(wire_time),
        synced: backup == Backup::Done,
    }
}

fn timeout_seconds() -> i32 {
    i32::try_from(ANSWER_WITHIN.num_seconds()).unwrap_or(i32::MAX)
}
