//! Use cases: each reads as a sentence, checks with the domain, and writes in
//! one transaction.

pub mod allowances;
pub mod cursor;
pub mod diners;
pub mod favourites;
pub mod gifts;
pub mod guests;
pub mod hints;
pub mod house;
pub mod members;
pub mod privacy;
pub mod settle;
pub mod statement;
pub mod stats;

use sqlx::PgPool;

use self::{hints::Hints, house::House};
use crate::{config::Settings, identity::Identity, orders::Orders, projections::Projections};

/// What every use case may use. Shared, never copied.
#[derive(Debug)]
pub struct App {
    pub pool: PgPool,
    pub settings: Settings,
    pub house: House,
    pub identity: Identity,
    pub projections: Projections,
    /// Where accounts stood when last seen: guesses, which the database checks.
    pub accounts: Hints,
    /// Who knows the menu.
    pub orders: Orders,
    /// Where events leave; woken after each commit.
    pub log: outbox::Log,
    /// Woken when somebody left.
    pub departed: tokio::sync::Notify,
}
