//! Who may call which gRPC method: one table, which the services enforce at
//! their door (`runtime::grpc`) and a test holds complete against `proto/`.
//! Whose *thing* it is (my order, my statement) the service decides inside.

/// A service that proves itself with its own Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    Server,
    OrderService,
    CustomerService,
    /// The operator's own program: sets up, seeds, prints the first links.
    Launcher,
}

impl Peer {
    pub const ALL: [Self; 4] =
        [Self::Server, Self::OrderService, Self::CustomerService, Self::Launcher];

    /// The name in tokens, configuration and telemetry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::OrderService => "order-service",
            Self::CustomerService => "customer-service",
            Self::Launcher => "launcher",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }
}

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing but a service's credential: the request itself carries the secret, or it is public.
    Services(&'static [Peer]),
    /// A signed-in person of any role, through a service that speaks for them.
    Member,
    Barista,
    Admin,
    /// A person with the role, or one of these services for itself.
    AdminOr(&'static [Peer]),
    MemberOr(&'static [Peer]),
}

use Access::{Admin, AdminOr, Barista, Member, MemberOr, Services};
use Peer::{CustomerService, Launcher, OrderService, Server};

/// Every method of ours with what it asks for.
pub const METHODS: &[(&str, Access)] = &[
    ("/everything.order.v1.OrderService/GetMenu", MemberOr(&[Server, CustomerService, Launcher])),
    ("/everything.order.v1.OrderService/SearchMenu", MemberOr(&[Server])),
    ("/everything.order.v1.OrderService/SetAvailability", Barista),
    ("/everything.order.v1.OrderService/PriceItems", MemberOr(&[CustomerService])),
    ("/everything.order.v1.OrderService/GetBar", MemberOr(&[Server])),
    ("/everything.order.v1.OrderService/SetBar", Barista),
    ("/everything.order.v1.OrderService/PlaceOrder", Member),
    ("/everything.order.v1.OrderService/GetOrder", Member),
    ("/everything.order.v1.OrderService/ListOrders", Member),
    ("/everything.order.v1.OrderService/GetQueue", Barista),
    ("/everything.order.v1.OrderService/AcceptOrder", Barista),
    ("/everything.order.v1.OrderService/ReadyOrder", Barista),
    ("/everything.order.v1.OrderService/ReleaseOrder", Barista),
    ("/everything.order.v1.OrderService/HandOverOrder", Barista),
    ("/everything.order.v1.OrderService/RecallOrder", Barista),
    ("/everything.order.v1.OrderService/PickUpOrder", Member),
    ("/everything.order.v1.OrderService/CancelOrder", Member),
    ("/everything.order.v1.OrderService/DeclineOrder", Barista),
    ("/everything.order.v1.OrderService/ForgiveOrder", Admin),
    ("/everything.order.v1.OrderService/AmendOrder", Member),
    ("/everything.order.v1.OrderService/TickItem", Barista),
    ("/everything.order.v1.OrderService/StrikeItem", Barista),
    ("/everything.order.v1.OrderService/ReplaceItem", Barista),
    ("/everything.order.v1.OrderService/WatchEvents", Services(&[Server])),
    ("/everything.customer.v1.CustomerService/CreateSignInLink", AdminOr(&[Launcher])),
    ("/everything.customer.v1.CustomerService/ExchangeSignInLink", Services(&[Server])),
    ("/everything.customer.v1.CustomerService/RefreshTokens", Services(&[Server])),
    ("/everything.customer.v1.CustomerService/SignOut", Services(&[Server])),
    ("/everything.customer.v1.CustomerService/GetKeys", Services(&[Server, OrderService])),
    ("/everything.customer.v1.CustomerService/WatchRevocations", Services(&[Server, OrderService])),
    ("/everything.customer.v1.CustomerService/GetMe", Member),
    ("/everything.customer.v1.CustomerService/ListMembers", MemberOr(&[OrderService, Launcher])),
    ("/everything.customer.v1.CustomerService/CreateMember", AdminOr(&[Launcher])),
    ("/everything.customer.v1.CustomerService/GetBalance", Member),
    ("/everything.customer.v1.CustomerService/GetStatement", Member),
    ("/everything.customer.v1.CustomerService/Settle", Services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/GrantDueAllowances", AdminOr(&[OrderService])),
    ("/everything.customer.v1.CustomerService/Notify", Services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/ListNotifications", Member),
    ("/everything.customer.v1.CustomerService/GetStats", Member),
    ("/everything.customer.v1.CustomerService/RebuildProjections", AdminOr(&[Launcher])),
    ("/everything.customer.v1.CustomerService/ReplayDeadLetters", AdminOr(&[Launcher])),
];

/// The rule of a method by its path, `/package.Service/Method`.
pub fn of(path: &str) -> Option<Access> {
    METHODS.iter().find(|(method, _)| *method == path).map(|(_, access)| *access)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;

    use super::METHODS;

    #[test]
    fn every_method_of_the_contracts_is_in_the_table_and_nothing_else() {
        let files = prost_types::FileDescriptorSet::decode(crate::DESCRIPTORS).unwrap().file;
        let ours = files.iter().filter(|file| file.package().starts_with("everything."));
        let expected: BTreeSet<String> = ours
            .flat_map(|file| {
                file.service.iter().flat_map(move |service| {
                    service.method.iter().map(move |method| {
                        format!("/{}.{}/{}", file.package(), service.name(), method.name())
                    })
                })
            })
            .collect();
        let table: BTreeSet<String> = METHODS.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(table, expected);
        assert_eq!(table.len(), METHODS.len(), "a method stands twice");
    }
}
