//! SQL, one file per table. A function takes a connection (or the pool, where
//! one statement is all) and knows rows; it decides nothing.

pub mod api_tokens;
pub mod boards;
pub mod codes;
pub mod dead_letters;
pub mod departures;
pub mod devices;
pub mod diners;
pub mod favourites;
pub mod gifts;
pub mod guardians;
pub mod guests;
pub mod house;
pub mod keys;
pub mod ledger;
pub mod links;
pub mod loyalty;
pub mod members;
pub mod notifications;
pub mod passkey_requests;
pub mod passkeys;
pub mod personal;
pub mod pins;
pub mod projections;
pub mod revocations;
pub mod sessions;
pub mod settlements;
pub mod stats;
pub mod weeks;

/// Whether a statement failed because of this named constraint.
pub fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some(constraint)
}

/// A column holds what this program would never have written there.
pub fn unreadable(column: &str, value: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column} holds {value}").into())
}
