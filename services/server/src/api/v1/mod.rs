//! Version 1: every endpoint, with who may call it.

pub mod bar;
pub mod device;
pub mod devices;
pub mod display;
pub mod events;
pub mod family;
pub mod guest_sessions;
pub mod house;
pub mod invitations;
pub mod me;
pub mod members;
pub mod menu;
pub mod notifications;
pub mod orders;
pub mod pairings;
pub mod passkeys;
pub mod queue;
pub mod reports;
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
        .with(routes!(menu::show::show))
        .with(routes!(menu::search::search))
        .with(routes!(menu::set_availability::set_availability))
        .with(routes!(bar::show::show))
        .with(routes!(bar::set::set))
        .with(routes!(orders::place::place))
        .with(routes!(orders::list::list))
        .with(routes!(orders::show::show))
        .with(routes!(orders::accept::accept))
        .with(routes!(orders::ready::ready))
        .with(routes!(orders::release::release))
        .with(routes!(orders::hand_over::hand_over))
        .with(routes!(orders::recall::recall))
        .with(routes!(orders::pick_up::pick_up))
        .with(routes!(orders::cancel::cancel))
        .with(routes!(orders::decline::decline))
        .with(routes!(orders::forgive::forgive))
        .with(routes!(orders::amend::amend))
        .with(routes!(orders::approve::approve))
        .with(routes!(orders::refuse::refuse))
        .with(routes!(orders::acknowledge::acknowledge))
        .with(routes!(orders::approvals::approvals))
        .with(routes!(orders::again::again))
        .with(routes!(orders::tick::tick))
        .with(routes!(orders::strike::strike))
        .with(routes!(orders::replace::replace))
        .with(routes!(queue::show::show))
        .with(routes!(display::show::show))
        .with(routes!(events::watch::watch))
        .with(routes!(me::show::show))
        .with(routes!(me::beans::beans))
        .with(routes!(me::statement::statement))
        .with(routes!(me::stats::stats))
        .with(routes!(me::export::export))
        .with(routes!(me::boards::set))
        .with(routes!(me::give::give))
        .with(routes!(me::favourites::list::list))
        .with(routes!(me::favourites::keep::keep))
        .with(routes!(me::favourites::remove::remove))
        .with(routes!(me::favourites::order::order))
        .with(routes!(me::usual::set::set))
        .with(routes!(me::usual::order::order))
        .with(routes!(me::tokens::list::list))
        .with(routes!(me::tokens::create::create))
        .with(routes!(me::tokens::revoke::revoke))
        .with(routes!(members::list::list))
        .with(routes!(members::create::create))
        .with(routes!(members::update::update))
        .with(routes!(members::remove::remove))
        .with(routes!(members::link::link))
        .with(routes!(members::correct::correct))
        .with(routes!(family::week::week))
        .with(routes!(family::boards::boards))
        .with(routes!(reports::show::show))
        .with(routes!(members::diner::diner))
        .with(routes!(members::day::day))
        .with(routes!(members::limits::limits))
        .with(routes!(members::diet::diet))
        .with(routes!(members::pins::list::list))
        .with(routes!(members::pins::set::set))
        .with(routes!(members::pins::remove::remove))
        .with(routes!(pairings::start::start))
        .with(routes!(pairings::finish::finish))
        .with(routes!(pairings::show::show))
        .with(routes!(pairings::approve::approve))
        .with(routes!(pairings::refuse::refuse))
        .with(routes!(devices::list::list))
        .with(routes!(devices::end::end))
        .with(routes!(device::show::show))
        .with(routes!(device::sign_in::sign_in))
        .with(routes!(me::guest_passes::list::list))
        .with(routes!(me::guest_passes::create::create))
        .with(routes!(me::guest_passes::end::end))
        .with(routes!(guest_sessions::create::create))
        .with(routes!(house::show::show))
        .with(routes!(house::set::set))
        .with(routes!(invitations::list::list))
        .with(routes!(invitations::of_member::of_member))
        .with(routes!(invitations::withdraw::withdraw))
        .with(routes!(notifications::list::list))
        .with(routes!(session::create::create))
        .with(routes!(session::join::join))
        .with(routes!(session::refresh::refresh))
        .with(routes!(session::delete::delete))
        .with(routes!(session::passkey::options::options))
        .with(routes!(session::passkey::create::create))
        .with(routes!(me::passkeys::list::list))
        .with(routes!(me::passkeys::options::options))
        .with(routes!(me::passkeys::register::register))
        .with(routes!(passkeys::of_member::of_member))
        .with(routes!(passkeys::remove::remove))
        .with(routes!(sessions::of_me::of_me))
        .with(routes!(sessions::of_member::of_member))
        .with(routes!(sessions::end::end))
}

/// What makes a request the same as one before; for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what the extractor reads")]
pub(crate) struct Once {
    /// 8 to 64 visible ASCII characters, new for each new request. Asked again with
    /// it, the answer is what was done then; with another body, 422.
    #[param(rename = "Idempotency-Key", example = "0b6f1c0e-5f0e-4a55-a5a5-9d2b7a1f4c11")]
    idempotency_key: String,
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
