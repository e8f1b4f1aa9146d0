//! gRPC both ways. [`server`] has the door at which the access table is
//! enforced, deadlines, telemetry, health and reflection; [`channel`] proves
//! who we are, passes on deadline and trace, and opens by itself.
//!
//! ```ignore
//! // Calling for a person (gateway): their access token goes along.
//! let client = OrderServiceClient::new(runtime::grpc::channel(&url, Peer::OrderService, &runtime)?);
//! let order = client.clone().get_order(on_behalf_of(&access_token, GetOrderRequest { id })?).await?;
//!
//! // In a handler:
//! async fn get_order(&self, request: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
//!     let caller = Caller::of(&request)?.clone();
//!     let person = caller.person()?; // AppError becomes a Status by itself
//! ```

mod access;
mod client;
mod methods;
mod server;

use std::net::SocketAddr;

use tonic::metadata::AsciiMetadataValue;
use types::{DeviceId, MemberId, Role, Roles, Scope, SessionId, Timestamp};
use wire::access::Peer;

use crate::{AppError, Code};

pub use client::{Channel, channel};
pub use server::{Bound, ServerBuilder, server};

/// The header with a person's access token; `authorization` has the service's own.
pub const USER_TOKEN: &str = "x-user-token";

/// How this service listens for gRPC.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where gRPC is served.
    #[arg(long, env = "EVERYTHING_GRPC_LISTEN", default_value = "127.0.0.1:50051")]
    pub grpc_listen: SocketAddr,
    /// Milliseconds that a call without a deadline gets.
    #[arg(long, env = "EVERYTHING_GRPC_DEADLINE_MS", default_value_t = 5_000)]
    pub grpc_deadline_ms: u64,
    /// Milliseconds that no call (but a stream) may exceed.
    #[arg(long, env = "EVERYTHING_GRPC_LONGEST_MS", default_value_t = 30_000)]
    pub grpc_longest_ms: u64,
    /// Bytes that a request may have.
    #[arg(long, env = "EVERYTHING_GRPC_MESSAGE_BYTES", default_value_t = 256 * 1024)]
    pub grpc_message_bytes: usize,
}

impl Config {
    /// The defaults on a given address; port 0 lets the system choose (tests).
    pub const fn on(grpc_listen: SocketAddr) -> Self {
        Self {
            grpc_listen,
            grpc_deadline_ms: 5_000,
            grpc_longest_ms: 30_000,
            grpc_message_bytes: 256 * 1024,
        }
    }
}

/// Who calls: always a service that proved itself, often for a person.
#[derive(Debug, Clone)]
pub struct Caller {
    pub peer: Peer,
    pub person: Option<Person>,
    /// A paired device that calls while nobody acts at it.
    pub device: Option<Device>,
}

/// Whom an access token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Person(Person),
    Device(Device),
}

/// A signed-in person, as their access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub member: MemberId,
    pub roles: Roles,
    pub session: SessionId,
    /// What this sign-in may be used for.
    pub scope: Scope,
    /// The paired device at which they act.
    pub device: Option<DeviceId>,
    /// Of the member's tokens; an older one than the member's is refused.
    pub generation: u32,
    pub expires_at: Timestamp,
}

/// A paired device at which nobody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub device: DeviceId,
    pub scope: Scope,
    pub session: SessionId,
    pub expires_at: Timestamp,
}

impl Holder {
    pub const fn session(&self) -> SessionId {
        match self {
            Self::Person(person) => person.session,
            Self::Device(device) => device.session,
        }
    }

    pub const fn scope(&self) -> Scope {
        match self {
            Self::Person(person) => person.scope,
            Self::Device(device) => device.scope,
        }
    }

    pub const fn expires_at(&self) -> Timestamp {
        match self {
            Self::Person(person) => person.expires_at,
            Self::Device(device) => device.expires_at,
        }
    }

    /// The person; none where only a device speaks.
    pub fn into_person(self) -> Option<Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Device(_) => None,
        }
    }
}

impl Person {
    pub const fn is(&self, role: Role) -> bool {
        self.roles.contains(role)
    }
}

impl Caller {
    /// A service that calls for itself; tests of handlers make them.
    pub const fn service(peer: Peer) -> Self {
        Self { peer, person: None, device: None }
    }

    /// A service that speaks for a person; tests of handlers make them.
    pub const fn for_person(peer: Peer, person: Person) -> Self {
        Self { peer, person: Some(person), device: None }
    }

    /// Who sent this request; present in each that came through the door.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<&Self, AppError> {
        request
            .extensions()
            .get::<Self>()
            .ok_or_else(|| AppError::internal("a request without a caller: it passed no door"))
    }

    /// The person; an error when a service, or a device, called for itself.
    pub fn person(&self) -> Result<&Person, AppError> {
        self.person.as_ref().ok_or_else(|| AppError::new(Code::Unauthenticated, "Please sign in."))
    }
}

/// A request for the person whose access token this is.
pub fn on_behalf_of<T>(access_token: &str, message: T) -> Result<tonic::Request<T>, AppError> {
    let mut value = AsciiMetadataValue::try_from(access_token).map_err(|error| {
        AppError::new(Code::Unauthenticated, "Please sign in.").caused_by(error)
    })?;
    value.set_sensitive(true);
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert(USER_TOKEN, value);
    Ok(request)
}
