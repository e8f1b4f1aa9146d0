//! `GET /v1/menu`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use types::MemberId;
use utoipa::IntoParams;
use wire::order::v1::GetMenuRequest;

use crate::{App, api::dto::menu::Menu, auth::Asker, extract::Query, problem::Problem};

/// For whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    /// For this member: without what must not be in their cup, and what they may not order.
    #[serde(default, rename = "for")]
    #[param(value_type = Option<String>, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub member: Option<MemberId>,
}

/// The menu, and what is off today
#[utoipa::path(
    get,
    path = "/v1/menu",
    operation_id = "showMenu",
    tag = "menu",
    params(Whom, ("If-None-Match" = Option<String>, Header, description = "The ETag of the menu one has")),
    responses(
        (status = 200, body = Menu, headers(("ETag" = String, description = "Changes with the menu"))),
        (status = 304, description = "It is the one you have."),
    ),
)]
pub async fn show(
    State(app): State<App>,
    asker: Asker,
    Query(Whom { member }): Query<Whom>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member_id = member.map(|member| member.to_string()).unwrap_or_default();
    let menu = app.orders(&asker).get_menu(GetMenuRequest { member_id }).await?.into_inner();
    let etag = format!("\"{}\"", menu.etag);
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| matches(value, &etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(Menu::from(menu)).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    // The browser keeps it, and asks each time whether it still is the one.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Weak comparison (RFC 9110, 13.1.2): one of a list, or any.
fn matches(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn one_of_several_etags_matches_weak_or_not() {
        assert!(matches("\"a\", W/\"b\"", "\"b\"") && matches("*", "\"b\""));
        assert!(!matches("\"a\"", "\"b\"") && !matches("b", "\"b\""));
    }
}
