//! Live updates: one stream from order-service, kept in a bounded ring
//! ([`ring`]), fanned out to everybody who listens ([`hub`], [`sse`]).
//!
//! Every listener is a position in the ring: nothing is copied for a slow one,
//! and one that falls out of the ring is dropped and resumes by itself.

pub mod hub;
pub mod ring;
pub mod sse;
pub mod upstream;

pub use hub::Hub;
pub use ring::Position;
