//! `POST /v1/members/{id}/links`

use axum::{Json, extract::State};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use types::MemberId;
use wire::customer::v1::{CreateSignInLinkRequest, CreateSignInLinkResponse};

use super::OfMember;
use crate::{
    App,
    api::dto::{
        self,
        invitation::{NewSignInLink, SignInLink},
        nonsense, some,
    },
    auth::Viewer,
    extract::{OptionalJson, Path},
    problem::Problem,
};

/// Makes a sign-in link for oneself, or as an admin for somebody
///
/// It works once, and only the answer has it: what is stored is its hash.
#[utoipa::path(
    post,
    path = "/v1/members/{id}/links",
    operation_id = "createSignInLink",
    tag = "family",
    params(OfMember),
    request_body = Option<NewSignInLink>,
    responses((status = 201, body = SignInLink)),
)]
pub async fn link(
    State(app): State<App>,
    viewer: Viewer,
    Path(of): Path<MemberId>,
    OptionalJson(wanted): OptionalJson<NewSignInLink>,
) -> Result<(StatusCode, Json<SignInLink>), Problem> {
    let NewSignInLink { label, valid_seconds, with_code, ends_others } = wanted;
    let request = CreateSignInLinkRequest {
        member_id: of.to_string(),
        label: label.unwrap_or_default(),
        valid_seconds: valid_seconds.unwrap_or_default(),
        with_code,
        ends_others,
        until_used: false,
    };
    let CreateSignInLinkResponse { secret, expires_at, id, code, code_expires_at } =
        app.customers(&viewer).create_sign_in_link(request).await?.into_inner();
    let expires_at = expires_at.and_then(dto::time).ok_or_else(|| nonsense("link without end"))?;
    let link = app.sign_in_address(&SecretString::from(secret)).expose_secret().to_owned();
    let (code, code_expires_at) = (some(code), code_expires_at.and_then(dto::time));
    Ok((StatusCode::CREATED, Json(SignInLink { link, expires_at, id, code, code_expires_at })))
}
