//! The OpenAPI 3.1 document, made from the handlers; `openapi.json` at the root
//! of the repository is its committed copy.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        ComponentsBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    access::Endpoint,
    api::v1,
    auth::cookies,
    problem::{FieldProblem, ProblemDocument},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Everything",
        version = "1",
        description = "Coffee for a family: menu, orders, the counter, beans.\n\n\
            Ids are prefixed (`ord_…`), times are RFC 3339 in UTC, amounts are whole beans. \
            Errors are problem details (RFC 9457) with a stable `code`. Commands may carry the \
            `version` that their sender saw, in the body or as `If-Match`. Lists page by an \
            opaque `cursor`.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "menu", description = "What the bar can make"),
        (name = "bar", description = "Whether it is open"),
        (name = "orders", description = "Placing them and what becomes of them"),
        (name = "favourites", description = "Drinks that one keeps, and the usual"),
        (name = "live", description = "What happens, as it happens"),
        (name = "family", description = "Members, beans, statistics, notifications"),
        (name = "guests", description = "Visitors who order for one evening"),
        (name = "devices", description = "The counter's tablet, displays, the kiosk; PINs"),
        (name = "session", description = "Signing in and out"),
    ),
    components(schemas(ProblemDocument, FieldProblem)),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components =
            document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of `POST /v1/session`; 15 minutes."))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            cookies::ACCESS,
            "For our own pages only: same origin, renewed by the gateway. The name ends with \
             the public URL's port (`_8080`) where the scheme does not say it.",
        ));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// The part of the document that is not about endpoints.
pub(crate) fn frame() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The whole document, and the table of endpoints that it was made from.
pub fn document() -> (utoipa::openapi::OpenApi, Vec<Endpoint>) {
    v1::endpoints().into_document()
}

/// The whole document as pretty JSON with a newline at its end: what
/// `openapi.json` must hold.
pub fn json() -> String {
    let (document, _) = document();
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
