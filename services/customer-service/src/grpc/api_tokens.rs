//! Personal API tokens.

use customer_domain::api_tokens::{self as domain, ScopeRefused};
use runtime::{AppError, Caller, Code};
use secrecy::ExposeSecret;
use types::Timestamp;
use wire::customer::v1 as pb;

use super::short;
use crate::{
    app::App,
    events::wire_time,
    identity::api_tokens::{self, Made},
    store::api_tokens::Listed,
};

const LONGEST_NAME: usize = 60;

pub(super) async fn create(
    app: &App,
    caller: &Caller,
    request: pb::CreateApiTokenRequest,
    now: Timestamp,
) -> Result<pb::CreateApiTokenResponse, AppError> {
    let pb::CreateApiTokenRequest { name, scope } = request;
    let person = caller.person()?;
    let name = short("name", &name, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(AppError::invalid("name", "required", "say what it is for"));
    }
    let scope = domain::scope(&scope, person.roles).map_err(refused)?;
    let Made { token, secret } =
        api_tokens::create(&app.identity, person.member, &name, scope, now).await?;
    let secret = secret.expose_secret().to_owned();
    Ok(pb::CreateApiTokenResponse { token: Some(self::token(token)), secret })
}

fn refused(refused: ScopeRefused) -> AppError {
    match refused {
        ScopeRefused::NotForTokens => AppError::invalid("scope", "unknown", refused.to_string()),
        ScopeRefused::NotAdmin => AppError::new(Code::Forbidden, "Only an admin reads reports."),
    }
}

pub(super) async fn list(
    app: &App,
    caller: &Caller,
    request: pb::ListApiTokensRequest,
    now: Timestamp,
) -> Result<pb::ListApiTokensResponse, AppError> {
    let pb::ListApiTokensRequest {} = request;
    let tokens = api_tokens::list(&app.identity, caller.person()?.member, now).await?;
    Ok(pb::ListApiTokensResponse { tokens: tokens.into_iter().map(token).collect() })
}

pub(super) async fn revoke(
    app: &App,
    caller: &Caller,
    request: pb::RevokeApiTokenRequest,
    now: Timestamp,
) -> Result<pb::RevokeApiTokenResponse, AppError> {
    let pb::RevokeApiTokenRequest { token_id } = request;
    let id = token_id.parse().map_err(|_| AppError::not_found("token"))?;
    let ended = api_tokens::revoke(&app.identity, id, caller.person()?, now).await?;
    Ok(pb::RevokeApiTokenResponse { already_so: !ended })
}

pub(super) async fn exchange(
    app: &App,
    request: pb::ExchangeApiTokenRequest,
    now: Timestamp,
) -> Result<pb::ExchangeApiTokenResponse, AppError> {
    let pb::ExchangeApiTokenRequest { secret } = request;
    let (access_token, expires_at) = api_tokens::exchange(&app.identity, &secret, now).await?;
    Ok(pb::ExchangeApiTokenResponse {
        access_token: access_token.expose_secret().to_owned(),
        access_expires_at: Some(wire_time(expires_at)),
    })
}

fn token(listed: Listed) -> pb::ApiToken {
    let Listed { id, name, scope, created_at, used_at } = listed;
    pb::ApiToken {
        id: id.to_string(),
        name,
        scope: scope.name().to_owned(),
        created_at: Some(wire_time(created_at)),
        last_used_at: used_at.map(wire_time),
    }
}
