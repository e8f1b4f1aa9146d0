//! The gateway: REST under `/v1`, live updates at `/v1/events`, the pages, and
//! nothing of its own to remember. It asks order-service and customer-service
//! over gRPC, always in the name of the person who asked it.
//!
//! # How a request passes through
//!
//! [`serve`] accepts connections (bounded, with a time for the headers) →
//! [`host`] refuses unknown `Host` headers → [`headers`] adds the security
//! headers → a panic becomes a 500 → a deadline for the whole answer →
//! [`limits`] → [`auth::identify`] finds out who it is (bearer token or
//! cookies; refreshes them when they are old) and refuses what another site
//! makes a browser send → [`access`]: each route's rule → the handler. On the
//! way back `pages::errors` makes a page of what was refused.
//!
//! With HTTPS of its own ([`tls`]) all of this is behind the handshake; the other
//! listener then is the plain door (`plain`), which leads there.
//!
//! # How a page handler is written (`src/pages/`)
//!
//! ```ignore
//! use crate::{
//!     App,
//!     web::{Page, PageError, PageForm, PageViewer, Csrf, see_other},
//! };
//!
//! #[derive(askama::Template)]
//! #[template(path = "counter.html")]
//! struct Counter { me: MemberId, csrf: String, orders: Vec<Card>, position: String }
//!
//! pub(crate) async fn show(
//!     State(app): State<App>,
//!     PageViewer(viewer): PageViewer, // not signed in: 303 to /sign-in, which explains
//!     csrf: Csrf,                     // the token that every form of the page carries
//! ) -> Result<Page<Counter>, PageError> {
//!     let queue = app.orders(&viewer).get_queue(GetQueueRequest {}).await?.into_inner();
//!     let names = app.names(&viewer).await?; // names.of("mem_…") -> Option<&Name>
//!     Ok(Page(Counter { csrf: csrf.token(), … }))
//! }
//!
//! pub(crate) async fn accept(
//!     State(app): State<App>,
//!     PageViewer(viewer): PageViewer,
//!     Path(id): Path<OrderId>,             // crate::extract::Path
//!     PageForm(form): PageForm<AcceptForm>, // has checked the hidden field `csrf` already
//! ) -> Result<Redirect, PageError> {
//!     app.orders(&viewer).accept_order(CommandRequest { … }).await?;
//!     Ok(see_other("/counter"))
//! }
//! ```
//!
//! - `app.orders(&viewer)` and `app.customers(&viewer)` are the generated tonic
//!   clients; they carry the person's token, deadline and trace. `?` turns a
//!   `tonic::Status` or a `runtime::error::AppError` into a [`web::PageError`],
//!   of which `pages::errors` makes a page with the right status.
//! - A handler is registered in `pages::pages()`, with who may see it.
//! - [`auth::Viewer`]: `member: MemberId`, `roles: Roles`, `session`,
//!   `expires_at`, `may(Role::Barista)`: what the rules ask too, for choosing
//!   what a page shows.
//! - Every form has `<input type="hidden" name="csrf" value="{{ csrf }}">`. A
//!   form with repeated fields takes `PageForm<Vec<(String, String)>>`.
//! - Scripts of the pages call `/v1/…` with `fetch` and the cookies, as JSON;
//!   same-origin is all they need, no token. Problems come as
//!   `application/problem+json`: `{type, title, status, code, detail, errors, trace_id}`.
//! - Signing in: `app.sign_in(secret, device).await?` gives the token pair,
//!   `app.cookies().signed_in(&pair, app.now())` the cookies (an
//!   `IntoResponseParts`: `Ok((cookies, see_other("/")))`). Signing out:
//!   `app.sign_out(&headers).await` (takes the request's `HeaderMap`) and
//!   `app.cookies().signed_out()`.
//! - The content security policy is `default-src 'none'; script-src 'self';
//!   style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self';
//!   manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors
//!   'none'`: no inline script, no `style="…"` attribute (set colours through
//!   classes, SVG attributes or from script with `element.style`), no inline
//!   event handlers. JSON in a `<script type="application/json">` is fine.
//! - Pages are `Cache-Control: no-store` and `Referrer-Policy: same-origin`
//!   unless the handler sets the header itself; below `/sign-in/` and `/guest/`
//!   all are `no-referrer`.
//! - Live: `new EventSource("/v1/events?after=" + position)`; events `order`
//!   (data `{order, version, state, kind, number, at}`), `bar` (data `{}`) and
//!   `reset` (load everything again). `position` comes with each list and queue.

pub mod access;
pub mod api;
pub mod auth;
pub mod clients;
pub mod config;
pub mod docs;
pub mod extract;
pub mod headers;
pub mod host;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod names;
pub mod openapi;
pub mod pages;
mod plain;
pub mod problem;
mod secure_context;
pub mod serve;
pub mod state;
pub mod tls;
pub mod web;

mod router;

pub use config::Config;
pub use serve::run;
pub use state::App;
