//! The shapes of REST: JSON with prefixed ids, RFC 3339 times and kebab-case
//! names, converted from and to the services' protobuf. The wire is destructured,
//! so that a new field there asks to be decided on here.

pub mod bar;
pub mod children;
pub mod customer;
pub mod device;
pub mod diner;
pub mod favourite;
pub mod guest;
pub mod house;
pub mod invitation;
pub mod menu;
pub mod order;
pub mod passkey;
pub mod session;
pub mod stats;
pub mod token;

use runtime::Code;
use types::Timestamp;

use crate::problem::Problem;

/// A moment of the wire.
pub(crate) fn time(at: prost_types::Timestamp) -> Option<Timestamp> {
    chrono::DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

/// A moment for the wire.
pub(crate) fn wire_time(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

/// A service sent something that cannot be: its defect or ours, not the caller's.
pub(crate) fn nonsense(what: &'static str) -> Problem {
    tracing::error!(what, "a service answered with something that cannot be");
    Problem::new(Code::Internal)
}

/// Proto's empty text is JSON's null.
pub(crate) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
