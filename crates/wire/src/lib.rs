//! The contracts between the services, generated from `proto/` by
//! `cargo xtask codegen`, and what all sides need to speak them.

pub mod access;

/// Orders, menu, bar and the live feed.
pub mod order {
    #[allow(clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
    pub mod v1 {
        include!("generated/everything.order.v1.rs");
    }
}

/// Members, sign-in, beans, notifications and statistics.
pub mod customer {
    #[allow(clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
    pub mod v1 {
        include!("generated/everything.customer.v1.rs");
    }
}

/// What Kafka keeps.
pub mod events {
    #[allow(clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
    pub mod v1 {
        include!("generated/everything.events.v1.rs");
    }
}

/// The descriptors of every service, for gRPC reflection and the access table's test.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
