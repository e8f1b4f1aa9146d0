//! Who may see which page and send which form. [`Pages`] is the only way to
//! register one, so a page without a rule in the table ends the start, and one that forgets
//! to ask who looks is guarded all the same.

use axum::{
    Router,
    body::Body,
    extract::Request,
    handler::Handler,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode};
use runtime::{AppError, deadline};

use crate::{
    App,
    access::{Endpoint, admit},
    auth::{Identity, OverLimit},
    extract,
    problem::{self, Problem},
    web::{self, Again, ErrorView, PageError},
};

/// The pages with their rules, while they are collected.
#[derive(Default)]
pub struct Pages {
    router: Router<App>,
    table: Vec<Endpoint>,
}

impl Pages {
    /// Something to look at.
    #[must_use]
    pub(crate) fn get<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, get(handler))
    }

    /// A form. What was posted is kept: where it cannot be dealt with now, the
    /// answer is a button that posts it again.
    #[must_use]
    pub(crate) fn post<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, post(handler))
    }

    fn add(mut self, method: Method, path: &str, handler: MethodRouter<App>) -> Self {
        let endpoint = Endpoint::new(method, path);
        let rule = endpoint.rule;
        let mut guarded =
            handler.route_layer(from_fn(move |request: Request, next: Next| async move {
                let over_limit = request.extensions().get::<OverLimit>().cloned();
                let admitted = over_limit
                    .map_or_else(|| admit(rule, &request), |OverLimit(problem)| Err(problem));
                match admitted {
                    Ok(()) => next.run(request).await,
                    Err(problem) => refused(problem, &request),
                }
            }));
        if endpoint.method == Method::POST {
            guarded = guarded.route_layer(from_fn(keep_form));
        }
        self.router = self.router.route(path, guarded);
        self.table.push(endpoint);
        self
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    /// Who may.
    pub fn table(&self) -> &[Endpoint] {
        &self.table
    }

    /// The routes.
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
}

/// What nobody may see who is not signed in: a device shows instead who may sign in.
fn refused(problem: Problem, request: &Request) -> Response {
    match request.extensions().get::<Identity>() {
        Some(Identity::Device(device)) if problem.status() == StatusCode::UNAUTHORIZED => {
            web::see_other(device.home()).into_response()
        }
        _ => PageError(problem).into_response(),
    }
}

/// Reads a form and hands it on; where the answer is a failure that passes, the
/// form goes with it.
async fn keep_form(request: Request, next: Next) -> Response {
    let action = request.uri().path().to_owned();
    let is_form = web::is_form(request.headers());
    let (parts, body) = request.into_parts();
    let bytes = match extract::body(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(problem) => return PageError(problem).into_response(),
    };
    let answer = next.run(Request::from_parts(parts, Body::from(bytes.clone())));
    // A little less than the whole request has, so that a form whose time is over
    // comes back from here.
    let budget = deadline::remaining().map(|left| left.mul_f32(0.95));
    let mut answer = match budget {
        Some(budget) => deadline::within(budget, answer)
            .await
            .unwrap_or_else(|elapsed| PageError::from(AppError::from(elapsed)).into_response()),
        None => answer.await,
    };
    if let Some(view) = answer.extensions_mut().get_mut::<ErrorView>()
        && is_form
        && problem::is_transient(view.code)
    {
        let fields = form_urlencoded::parse(&bytes).into_owned().collect();
        view.again = Some(Again { action, fields });
    }
    answer
}
