//! Personal API tokens: make one, see when it was used, revoke it.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};
use types::Role;
use wire::customer::v1 as pb;

use crate::{
    pages::{
        frame::Frame,
        mend::mendable,
        view::{Clock, Errors, Shell, Tab, clock::moment},
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "account/tokens.html")]
pub(crate) struct TokensPage {
    pub(crate) shell: Shell,
    pub(crate) tokens: Vec<TokenView>,
    /// Of the one that was just made: shown this once.
    pub(crate) made: Option<String>,
    /// What it is called by, in the address of the shortcut.
    pub(crate) url: String,
    /// May they read reports?
    pub(crate) reports: bool,
    pub(crate) name: String,
    pub(crate) errors: Errors,
}

/// One token.
#[derive(Debug, Clone)]
pub(crate) struct TokenView {
    pub(crate) id: String,
    pub(crate) name: String,
    /// What it may do, in words.
    pub(crate) may: &'static str,
    pub(crate) used: String,
}

impl TokenView {
    pub(crate) fn new(token: &pb::ApiToken, clock: &Clock) -> Self {
        let used = token.last_used_at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            may: match token.scope.as_str() {
                "usual" => "orders my usual",
                "read-orders" => "reads my orders",
                "reports" => "reads the reports",
                _ => "something that this page does not know",
            },
            used: used.map_or_else(
                || "never used".to_owned(),
                |at| format!("last used {}", clock.say(at)),
            ),
        }
    }
}

/// `GET /me/tokens`
pub(crate) async fn page(frame: Frame) -> Result<Page<TokensPage>, PageError> {
    Ok(Page(show(&frame).await?))
}

async fn show(frame: &Frame) -> Result<TokensPage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let asked = customers.list_api_tokens(pb::ListApiTokensRequest {});
    let (listed, people) = tokio::join!(asked, frame.people());
    let pb::ListApiTokensResponse { tokens } = listed?.into_inner();
    let url = frame.app.config().public_url.as_str().trim_end_matches('/');
    Ok(TokensPage {
        shell: frame.shell(Tab::Me, &people),
        tokens: tokens.iter().map(|token| TokenView::new(token, frame.clock())).collect(),
        made: None,
        url: format!("{url}/v1/me/usual/order"),
        reports: frame.viewer.is(Role::Admin),
        name: String::new(),
        errors: Errors::default(),
    })
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct New {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
}

/// `POST /me/tokens`: the answer shows the secret, and no copy of it stays behind.
pub(crate) async fn create(
    frame: Frame,
    PageForm(New { name, scope }): PageForm<New>,
) -> Result<Response, PageError> {
    let request = pb::CreateApiTokenRequest { name: name.clone(), scope };
    match frame.app.customers(&frame.viewer).create_api_token(request).await {
        Ok(made) => {
            let made = Some(made.into_inner().secret);
            let mut answer = Page(TokensPage { made, ..show(&frame).await? }).into_response();
            let never = HeaderValue::from_static("no-store");
            answer.headers_mut().insert(header::CACHE_CONTROL, never);
            Ok(answer)
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let page = TokensPage { name, errors, ..show(&frame).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Which {
    id: String,
}

/// `POST /me/tokens/revoke`
pub(crate) async fn revoke(
    frame: Frame,
    PageForm(Which { id }): PageForm<Which>,
) -> Result<Redirect, PageError> {
    let request = pb::RevokeApiTokenRequest { token_id: id };
    frame.app.customers(&frame.viewer).revoke_api_token(request).await?;
    Ok(see_other("/me/tokens"))
}
