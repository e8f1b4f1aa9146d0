//! What went wrong, said kindly.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use runtime::Code;

use super::view::Shell;
use crate::{problem::Problem, web::ErrorView};

#[derive(Template)]
#[template(path = "errors/page.html")]
pub(crate) struct ErrorPage {
    pub(crate) shell: Shell,
    pub(crate) emoji: &'static str,
    pub(crate) title: String,
    pub(crate) says: String,
    /// The stable code, "order-closed", for who asks for help.
    pub(crate) code: String,
    pub(crate) trace: String,
    /// Seconds; the page tries again by itself.
    pub(crate) retry_after: Option<u64>,
}

/// The page of a refused or failed request; its status is set by the caller.
pub fn error_page(error: &ErrorView) -> Response {
    let (emoji, title, says) = words(error);
    let page = ErrorPage {
        shell: Shell::bare(),
        emoji,
        title,
        says,
        code: error.code.name().to_owned(),
        trace: error.trace_id.clone().unwrap_or_default(),
        // Only an outage passes by itself; a POST is not sent twice by a refresh of its page.
        retry_after: error.retry_after.filter(|_| error.status.is_server_error()).map(|s| s.max(3)),
    };
    match page.render() {
        Ok(html) => axum::response::Html(html).into_response(),
        Err(failed) => {
            tracing::error!(error = %failed, "the page of errors could not be rendered");
            Problem::new(Code::Internal).into_response()
        }
    }
}

fn words(error: &ErrorView) -> (&'static str, String, String) {
    let detail = || error.detail.clone().unwrap_or_default();
    let say = |title: &str, says: &str| (title.to_owned(), says.to_owned());
    let (emoji, (title, says)) = match error.code {
        Code::UnknownPath => {
            ("🍂", say("Nothing here", "There is no such page. Perhaps the link is old."))
        }
        Code::NotFound => ("🍂", (error.title.clone(), detail())),
        Code::Forbidden | Code::NotAllowed | Code::NotYours => {
            ("🙈", (error.title.clone(), "This is for somebody else’s hands.".to_owned()))
        }
        Code::Unavailable | Code::DeadlineExceeded | Code::IdentityUnavailable => (
            "🛠️",
            say("One moment, please", "The bar does not answer. It will be back in a moment."),
        ),
        Code::TooManyRequests => {
            ("🐢", say("Slowly, slowly", "That was a lot at once. Take a sip and try again."))
        }
        Code::Stale | Code::TakenByAnother | Code::WrongState | Code::OrderClosed => (
            "⚡",
            say(
                "Somebody was faster",
                "This order has changed since you looked. Look again to see how it is now.",
            ),
        ),
        _ if error.status == StatusCode::INTERNAL_SERVER_ERROR => {
            ("🫖", say("Something spilled", "That was our mistake, and it is written down."))
        }
        _ => ("☕", (error.title.clone(), detail())),
    };
    (emoji, title, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_outage_is_tried_again_by_itself() {
        let view = |status: StatusCode, code| ErrorView {
            status,
            code,
            title: "Title".to_owned(),
            detail: None,
            trace_id: None,
            retry_after: Some(1),
        };
        for code in Code::ALL {
            let status = StatusCode::from_u16(code.http()).unwrap_or(StatusCode::BAD_REQUEST);
            let (_, title, _) = words(&view(status, *code));
            assert!(!title.is_empty());
            assert_eq!(error_page(&view(status, *code)).status(), StatusCode::OK, "the caller's");
        }
    }
}
