//! Between the wire and the domain. Messages are taken apart field by field, so
//! that a new field breaks the build until somebody has thought about it.

pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod menu;
pub(crate) mod order;
pub(crate) mod rejection;
pub(crate) mod request;
pub(crate) mod time;
