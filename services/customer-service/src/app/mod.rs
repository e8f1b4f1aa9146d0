//! Use cases: each reads as a sentence, checks with the domain, and writes in
//! one transaction.

pub mod allowances;
pub mod cursor;
pub mod hints;
pub mod members;
pub mod settle;
pub mod statement;

use sqlx::PgPool;

use self::hints::Hints;
use crate::{config::Settings, identity::Identity, projections::Projections};

/// What every use case may use. Shared, never copied.
#[derive(Debug)]
pub struct App {
    pub pool: PgPool,
    pub settings: Settings,
    pub identity: Identity,
    pub projections: Projections,
    /// Where accounts stood when last seen: guesses, which the database checks.
    pub accounts: Hints,
    /// Where events leave; woken after each commit.
    pub log: outbox::Log,
}
