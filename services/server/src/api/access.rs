//! Who may call which endpoint. [`Endpoints::with`] is the only way to register
//! one, so an endpoint without a rule ends the start; the OpenAPI document's
//! security entries and the endpoints' common answers come from the same calls.

use axum::{Router, extract::Request, middleware::Next, response::IntoResponse};
use http::Method;
use types::Scope;
use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, PathItem},
    security::SecurityRequirement,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use wire::access::{Needs, Rule, Whose};

use crate::{
    App,
    access::{Endpoint, admit},
    problem::MEDIA_TYPE,
};

/// The endpoints with their rules, while they are collected.
pub struct Endpoints {
    router: OpenApiRouter<App>,
    table: Vec<Endpoint>,
}

impl Endpoints {
    /// None yet; `document` has what is not about endpoints.
    pub fn new(document: OpenApi) -> Self {
        Self { router: OpenApiRouter::with_openapi(document), table: Vec::new() }
    }

    /// Registers `routes!(handler)` under the rule that the table has for it.
    #[must_use]
    pub fn with(mut self, (schemas, mut paths, methods): UtoipaMethodRouter<App>) -> Self {
        let mut rule = None;
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                let endpoint = Endpoint::new(method, path);
                describe(operation, endpoint.rule);
                rule = Some(endpoint.rule);
                self.table.push(endpoint);
            }
        }
        let guarded = (schemas, paths, methods).layer(axum::middleware::from_fn(
            move |request: Request, next: Next| async move {
                match rule.map_or(Ok(()), |rule| admit(rule, &request)) {
                    Ok(()) => next.run(request).await,
                    Err(problem) => problem.into_response(),
                }
            },
        ));
        self.router = self.router.routes(guarded);
        self
    }

    /// The routes.
    pub fn into_router(self) -> Router<App> {
        self.router.split_for_parts().0
    }

    /// The document, and the table it was made from.
    pub fn into_document(self) -> (OpenApi, Vec<Endpoint>) {
        (self.router.into_openapi(), self.table)
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Security and the answers that all endpoints of a rule have in common.
fn describe(operation: &mut Operation, rule: Rule) {
    let mut note = format!("For: {}", rule.needs.name());
    if rule.whose != Whose::House {
        note.push_str(&format!("; {}", rule.whose.name()));
    }
    let narrow: Vec<_> = rule.scopes.iter().filter(|scope| **scope != Scope::Full).collect();
    if !narrow.is_empty() {
        let names: Vec<String> = narrow.iter().map(|scope| format!("`{scope}`")).collect();
        note.push_str(&format!(". Sign-ins of scope {} suffice", names.join(", ")));
    }
    note.push('.');
    operation.description = Some(match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{note}"),
        _ => note,
    });
    let none: [&str; 0] = [];
    let open = matches!(rule.needs, Needs::Nothing | Needs::Secret);
    operation.security = Some(if open {
        Vec::new()
    } else {
        vec![SecurityRequirement::new("bearer", none), SecurityRequirement::new("cookie", none)]
    });
    let answers = &mut operation.responses.responses;
    for answer in answers.values_mut() {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            "As asked.".clone_into(&mut answer.description);
        }
    }
    let mut answer = |status: &str, text: &str| {
        answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(text)));
    };
    if !open {
        answer("401", "Nobody is signed in, or not any more.");
        answer(
            "403",
            "The role is missing, the sign-in is for something else, or it is not yours.",
        );
    }
    answer("429", "Too many requests; `Retry-After` says when again.");
    answer("503", "Something needed is away; `Retry-After` says when to try again.");
    answer("default", "Any other refusal, by its `code`.");
}

fn problem(text: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new().description(text).content(MEDIA_TYPE, Content::new(Some(schema))).build()
}
