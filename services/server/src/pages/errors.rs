//! What went wrong, said kindly.

use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use runtime::Code;

use super::view::Shell;
use crate::{
    problem::{Problem, is_transient},
    web::{Again, ErrorView},
};

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
    pub(crate) next: Onward,
}

/// What somebody can do about it.
pub(crate) enum Onward {
    /// The page loads itself again, after so many seconds.
    Reload(u64),
    /// The same form once more.
    Post(Again),
    /// A way out: the page that a form was sent from, or the menu.
    Leave(String),
}

/// Makes a page of each error that has none yet. Here it is known whether
/// something was looked at or sent: the answer to a form never loads itself again.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let looked = request.method().is_safe();
    let path = request.uri().path().to_owned();
    let before = came_from(request.headers()).filter(|before| *before != path);
    let mut response = next.run(request).await;
    let Some(view) = response.extensions_mut().remove::<ErrorView>() else { return response };
    let next = match (view.again.clone(), view.retry_after) {
        (Some(again), _) => Onward::Post(again),
        // Only an outage passes by itself.
        (None, seconds) if looked && is_transient(view.code) && view.status.is_server_error() => {
            Onward::Reload(seconds.unwrap_or_default().max(3))
        }
        (None, _) if looked => Onward::Leave("/".to_owned()),
        (None, _) => Onward::Leave(before.unwrap_or_else(|| "/".to_owned())),
    };
    match page(&view, next).render() {
        Ok(html) => {
            let html_type = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, html_type);
            *response.body_mut() = Body::from(html);
            response
        }
        Err(failed) => {
            tracing::error!(error = %failed, "the page of errors could not be rendered");
            Problem::new(Code::Internal).into_response()
        }
    }
}

/// The path of our own page that a form was sent from, as the browser says.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let referer: http::Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    (referer.authority()?.as_str() == host).then(|| referer.path().to_owned())
}

fn page(error: &ErrorView, next: Onward) -> ErrorPage {
    let (emoji, title, mut says) = words(error);
    if let Onward::Post(again) = &next {
        // What carries a key is an order.
        let is_order = again.fields.iter().any(|(name, _)| name == "key");
        says.push_str(if is_order {
            " Your order is kept on this page. Try again: however often you tap, it is placed once."
        } else {
            " What you sent is kept on this page: try again."
        });
    }
    ErrorPage {
        shell: Shell::bare(),
        emoji,
        title,
        says,
        code: error.code.name().to_owned(),
        trace: error.trace_id.clone().unwrap_or_default(),
        next,
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
        Code::Unavailable | Code::DeadlineExceeded | Code::IdentityUnavailable => {
            ("🛠️", say("One moment, please", "The bar does not answer just now."))
        }
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
    use axum::{Router, middleware::from_fn, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::web::PageError;

    fn away() -> Problem {
        Problem::unavailable()
    }

    async fn text_of(
        method: &str,
        problem: fn() -> Problem,
        referer: &str,
    ) -> (StatusCode, String) {
        let fail = move || async move { PageError(problem()) };
        let router: Router =
            Router::new().route("/orders/1", get(fail).post(fail)).layer(from_fn(render));
        let request = Request::builder()
            .method(method)
            .uri("/orders/1")
            .header("host", "coffee.home")
            .header("referer", referer)
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn only_an_outage_that_was_looked_at_is_tried_again_by_itself() {
        const REFRESH: &str = "http-equiv=\"refresh\"";
        let (status, html) = text_of("GET", away, "").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(html.contains(REFRESH), "{html}");
        let (_, html) = text_of("POST", away, "").await;
        assert!(!html.contains(REFRESH), "{html}");
        let (_, html) = text_of("GET", || Problem::new(Code::NotFound), "").await;
        assert!(!html.contains(REFRESH), "{html}");
    }

    #[tokio::test]
    async fn who_sent_a_form_is_led_back_to_its_page_and_nowhere_else() {
        let stale = || Problem::new(Code::Stale);
        let led = async |referer: &str| {
            let (_, html) = text_of("POST", stale, referer).await;
            let (_, rest) = html.split_once("class=\"button\" href=\"").unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        assert_eq!(led("http://coffee.home/counter").await, "/counter");
        // A page that is itself the answer to this form, or another site's, is none.
        assert_eq!(led("http://coffee.home/orders/1").await, "/");
        assert_eq!(led("http://evil.example/counter").await, "/");
        assert_eq!(led("").await, "/");
    }

    #[tokio::test]
    async fn every_code_is_a_page_with_a_title() {
        for code in Code::ALL {
            let status = StatusCode::from_u16(code.http()).unwrap();
            let (title, detail, trace_id, retry_after, again) =
                ("T".into(), None, None, None, None);
            let view =
                ErrorView { status, code: *code, title, detail, trace_id, retry_after, again };
            let page = page(&view, Onward::Leave("/".to_owned()));
            assert!(!page.title.is_empty() && page.render().is_ok(), "{code}");
        }
    }
}
