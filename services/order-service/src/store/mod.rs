//! Functions over a connection: everything that this service says to PostgreSQL.

pub(crate) mod days;
pub(crate) mod diners;
pub(crate) mod keys;
pub(crate) mod menu;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod seed;

/// The tables, applied at start.
pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
