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

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::access::Endpoints;
use crate::{
    access::Access::{Admin, Barista, Member, Secret},
    openapi,
    problem::Problem,
};

/// The table.
pub fn endpoints() -> Endpoints {
    Endpoints::new(openapi::frame())
        .add(Member, routes!(menu::show::show))
        .add(Member, routes!(menu::search::search))
        .add(Barista, routes!(menu::set_availability::set_availability))
        .add(Member, routes!(bar::show::show))
        .add(Barista, routes!(bar::set::set))
        .add(Member, routes!(orders::place::place))
        .add(Member, routes!(orders::list::list))
        .add(Member, routes!(orders::show::show))
        .add(Barista, routes!(orders::accept::accept))
        .add(Barista, routes!(orders::ready::ready))
        .add(Barista, routes!(orders::release::release))
        .add(Barista, routes!(orders::hand_over::hand_over))
        .add(Barista, routes!(orders::recall::recall))
        .add(Member, routes!(orders::pick_up::pick_up))
        .add(Member, routes!(orders::cancel::cancel))
        .add(Barista, routes!(orders::decline::decline))
        .add(Admin, routes!(orders::forgive::forgive))
        .add(Member, routes!(orders::amend::amend))
        .add(Barista, routes!(orders::tick::tick))
        .add(Barista, routes!(orders::strike::strike))
        .add(Barista, routes!(orders::replace::replace))
        .add(Barista, routes!(queue::show::show))
        .add(Member, routes!(events::watch::watch))
        .add(Member, routes!(me::show::show))
        .add(Member, routes!(me::beans::beans))
        .add(Member, routes!(me::statement::statement))
        .add(Member, routes!(me::stats::stats))
        .add(Member, routes!(members::list::list))
        .add(Member, routes!(notifications::list::list))
        .add(Secret, routes!(session::create::create))
        .add(Secret, routes!(session::refresh::refresh))
        .add(Secret, routes!(session::delete::delete))
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
