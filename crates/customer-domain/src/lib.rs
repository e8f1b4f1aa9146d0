//! The rules of customer-service, pure: what to book for an order or a gift, when
//! an allowance is due, which token a refresh gets, which key signs, what a
//! notification says, and what the order events add up to. Time, chance and
//! what is stored are arguments; nothing here does I/O.

pub mod achievements;
pub mod allowance;
pub mod api_tokens;
pub mod codes;
pub mod devices;
pub mod diners;
pub mod family;
pub mod favourites;
pub mod gifts;
pub mod guests;
pub mod house;
pub mod kin;
pub mod ledger;
pub mod links;
pub mod loyalty;
pub mod member;
pub mod notification;
pub mod passkeys;
pub mod pins;
pub mod sessions;
pub mod signing;
pub mod stats;
pub mod weeks;
