//! Version 1: every endpoint, with who may call it.

pub mod bar;
pub mod events;
pub mod me;
pub mod members;
pub mod menu;
pub mod notifications;
pub mod orders;
pub mod queue;
pub mod session;
pub mod sessions;

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::access::Endpoints;
use crate::{openapi, problem::Problem};

/// The table.
pub fn endpoints() -> Endpoints {
    Endpoints::new(openapi::frame())
        .add(routes!(menu::show::show))
        .add(routes!(menu::search::search))
        .add(routes!(menu::set_availability::set_availability))
        .add(routes!(bar::show::show))
        .add(routes!(bar::set::set))
        .add(routes!(orders::place::place))
        .add(routes!(orders::list::list))
        .add(routes!(orders::show::show))
        .add(routes!(orders::accept::accept))
        .add(routes!(orders::ready::ready))
        .add(routes!(orders::release::release))
        .add(routes!(orders::hand_over::hand_over))
        .add(routes!(orders::recall::recall))
        .add(routes!(orders::pick_up::pick_up))
        .add(routes!(orders::cancel::cancel))
        .add(routes!(orders::decline::decline))
        .add(routes!(orders::forgive::forgive))
        .add(routes!(orders::amend::amend))
        .add(routes!(orders::tick::tick))
        .add(routes!(orders::strike::strike))
        .add(routes!(orders::replace::replace))
        .add(routes!(queue::show::show))
        .add(routes!(events::watch::watch))
        .add(routes!(me::show::show))
        .add(routes!(me::beans::beans))
        .add(routes!(me::statement::statement))
        .add(routes!(me::stats::stats))
        .add(routes!(members::list::list))
        .add(routes!(members::update::update))
        .add(routes!(notifications::list::list))
        .add(routes!(session::create::create))
        .add(routes!(session::refresh::refresh))
        .add(routes!(session::delete::delete))
        .add(routes!(sessions::of_me::of_me))
        .add(routes!(sessions::of_member::of_member))
        .add(routes!(sessions::end::end))
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 100; 20 without.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i32>,
}

impl Paging {
    /// Cursor and limit for the wire.
    pub(crate) fn wire(self) -> Result<(String, i32), Problem> {
        let Self { cursor, limit } = self;
        paging(cursor, limit)
    }
}

/// Checks what a list was asked for; what a cursor says only its dealer knows.
pub(crate) fn paging(cursor: Option<String>, limit: Option<i32>) -> Result<(String, i32), Problem> {
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("query:limit", "out-of-range", "must be 1 to 100"));
    }
    let cursor = cursor.unwrap_or_default();
    if cursor.len() > 512 {
        return Err(Problem::new(runtime::Code::InvalidCursor).field(
            "query:cursor",
            "invalid",
            "is not one of ours",
        ));
    }
    Ok((cursor, limit))
}
