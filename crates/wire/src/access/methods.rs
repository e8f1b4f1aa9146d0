//! The gRPC methods, which the services enforce at their doors.

use super::{
    ADMIN, ANY_DEVICE, BARISTA, COUNTER, COUNTER_DEVICE, DISPLAY_DEVICE, FAMILY, FAVOURITES,
    MEMBER, ORDERING,
    Peer::{CustomerService, Launcher, OrderService, Server},
    READING, REPORTS, Rule, SHARED, USUAL,
    Whose::{Guarded, Guardians, Order, Own, OwnOrAdmin},
};

/// Whatever is shown of the menu and the bar.
const SHOWN: Rule = MEMBER.by(ORDERING);
/// The counter's work.
const AT_COUNTER: Rule = BARISTA.by(COUNTER).of(Order);

/// Every method of ours with what it asks for.
pub const METHODS: &[(&str, Rule)] = &[
    (
        "/everything.order.v1.OrderService/GetMenu",
        SHOWN.or(&[Server, CustomerService, Launcher]).or_at(COUNTER_DEVICE),
    ),
    ("/everything.order.v1.OrderService/SearchMenu", SHOWN.or(&[Server])),
    ("/everything.order.v1.OrderService/SetAvailability", BARISTA.by(COUNTER)),
    ("/everything.order.v1.OrderService/PriceItems", SHOWN.or(&[CustomerService])),
    ("/everything.order.v1.OrderService/CheckItems", SHOWN.or(&[CustomerService])),
    ("/everything.order.v1.OrderService/GetBar", SHOWN.or(&[Server]).or_at(ANY_DEVICE)),
    ("/everything.order.v1.OrderService/SetBar", BARISTA.by(COUNTER)),
    ("/everything.order.v1.OrderService/PlaceOrder", MEMBER.by(ORDERING).of(Own)),
    ("/everything.order.v1.OrderService/OrderFavourite", MEMBER.by(USUAL).of(Own)),
    ("/everything.order.v1.OrderService/OrderAgain", MEMBER.by(ORDERING).of(Own)),
    ("/everything.order.v1.OrderService/GetOrder", MEMBER.by(READING).of(Order)),
    ("/everything.order.v1.OrderService/ListOrders", MEMBER.by(READING).of(Order)),
    ("/everything.order.v1.OrderService/TellOrders", MEMBER.of(Own)),
    ("/everything.order.v1.OrderService/ForgetMember", Rule::services(&[CustomerService])),
    ("/everything.order.v1.OrderService/GetQueue", AT_COUNTER.or_at(COUNTER_DEVICE)),
    ("/everything.order.v1.OrderService/GetDisplay", Rule::device(DISPLAY_DEVICE)),
    ("/everything.order.v1.OrderService/AcceptOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/ReadyOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/ReleaseOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/HandOverOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/RecallOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/PickUpOrder", MEMBER.by(ORDERING).of(Order)),
    ("/everything.order.v1.OrderService/CancelOrder", MEMBER.by(ORDERING).of(Order)),
    ("/everything.order.v1.OrderService/DeclineOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/ForgiveOrder", ADMIN.of(Order)),
    ("/everything.order.v1.OrderService/AmendOrder", MEMBER.by(ORDERING).of(Own)),
    ("/everything.order.v1.OrderService/ListApprovals", MEMBER.of(Guardians)),
    ("/everything.order.v1.OrderService/GetDay", MEMBER.by(FAMILY).of(Guarded)),
    ("/everything.order.v1.OrderService/ApproveOrder", MEMBER.of(Guardians)),
    ("/everything.order.v1.OrderService/RefuseOrder", MEMBER.of(Guardians)),
    ("/everything.order.v1.OrderService/AcknowledgeOrder", AT_COUNTER),
    ("/everything.order.v1.OrderService/TickItem", AT_COUNTER),
    ("/everything.order.v1.OrderService/StrikeItem", AT_COUNTER),
    ("/everything.order.v1.OrderService/ReplaceItem", AT_COUNTER),
    ("/everything.order.v1.OrderService/WatchEvents", Rule::services(&[Server])),
    (
        "/everything.customer.v1.CustomerService/CreateSignInLink",
        MEMBER.of(OwnOrAdmin).about_identity().or(&[Launcher]),
    ),
    ("/everything.customer.v1.CustomerService/ExchangeSignInLink", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/ExchangeCode", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/ListInvitations", MEMBER.of(OwnOrAdmin)),
    ("/everything.customer.v1.CustomerService/ListInvited", ADMIN.or(&[Launcher])),
    (
        "/everything.customer.v1.CustomerService/WithdrawInvitation",
        MEMBER.of(OwnOrAdmin).about_identity(),
    ),
    ("/everything.customer.v1.CustomerService/RefreshTokens", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/SignOut", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/GetKeys", Rule::services(&[Server, OrderService])),
    (
        "/everything.customer.v1.CustomerService/WatchRevocations",
        Rule::services(&[Server, OrderService]),
    ),
    ("/everything.customer.v1.CustomerService/ListSessions", MEMBER.of(OwnOrAdmin)),
    ("/everything.customer.v1.CustomerService/EndSession", MEMBER.of(OwnOrAdmin).about_identity()),
    (
        "/everything.customer.v1.CustomerService/BeginPasskeyRegistration",
        MEMBER.of(Own).about_identity(),
    ),
    (
        "/everything.customer.v1.CustomerService/FinishPasskeyRegistration",
        MEMBER.of(Own).about_identity(),
    ),
    ("/everything.customer.v1.CustomerService/ListPasskeys", MEMBER.of(OwnOrAdmin)),
    (
        "/everything.customer.v1.CustomerService/RemovePasskey",
        MEMBER.of(OwnOrAdmin).about_identity(),
    ),
    ("/everything.customer.v1.CustomerService/BeginPasskeySignIn", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/FinishPasskeySignIn", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/CreateApiToken", MEMBER.of(Own).about_identity()),
    ("/everything.customer.v1.CustomerService/ListApiTokens", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/RevokeApiToken", MEMBER.of(Own).about_identity()),
    ("/everything.customer.v1.CustomerService/ExchangeApiToken", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/StartPairing", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/FinishPairing", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/GetPairing", ADMIN),
    ("/everything.customer.v1.CustomerService/DecidePairing", ADMIN),
    ("/everything.customer.v1.CustomerService/ListDevices", ADMIN),
    ("/everything.customer.v1.CustomerService/EndDevice", ADMIN),
    ("/everything.customer.v1.CustomerService/GetDevice", Rule::device(ANY_DEVICE)),
    ("/everything.customer.v1.CustomerService/SignInAtDevice", Rule::device(SHARED)),
    ("/everything.customer.v1.CustomerService/ListPins", MEMBER.of(Guarded)),
    ("/everything.customer.v1.CustomerService/SetPin", MEMBER.of(Guarded).about_identity()),
    ("/everything.customer.v1.CustomerService/RemovePin", MEMBER.of(Guarded).about_identity()),
    ("/everything.customer.v1.CustomerService/CreateGuestPass", MEMBER.of(Own).about_identity()),
    ("/everything.customer.v1.CustomerService/ListGuestPasses", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/EndGuestPass", MEMBER.of(Own).about_identity()),
    ("/everything.customer.v1.CustomerService/EnterAsGuest", Rule::services(&[Server])),
    ("/everything.customer.v1.CustomerService/GetMe", MEMBER.by(ORDERING).of(Own)),
    (
        "/everything.customer.v1.CustomerService/ListMembers",
        MEMBER.by(ORDERING).or(&[OrderService, Launcher]),
    ),
    ("/everything.customer.v1.CustomerService/CreateMember", ADMIN.or(&[Launcher])),
    (
        "/everything.customer.v1.CustomerService/UpdateMember",
        MEMBER.of(OwnOrAdmin).about_identity(),
    ),
    (
        "/everything.customer.v1.CustomerService/RemoveMember",
        MEMBER.of(OwnOrAdmin).about_identity(),
    ),
    ("/everything.customer.v1.CustomerService/TellStored", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/GetDiner", MEMBER.by(FAMILY).of(Guarded)),
    ("/everything.customer.v1.CustomerService/SetLimits", MEMBER.of(Guardians)),
    ("/everything.customer.v1.CustomerService/SetDiet", MEMBER.of(Guarded)),
    ("/everything.customer.v1.CustomerService/ListDiners", Rule::services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/GetBalance", MEMBER.by(FAMILY).of(OwnOrAdmin)),
    ("/everything.customer.v1.CustomerService/GetStatement", MEMBER.of(OwnOrAdmin)),
    ("/everything.customer.v1.CustomerService/GiveBeans", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/CorrectBeans", ADMIN),
    ("/everything.customer.v1.CustomerService/Settle", Rule::services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/GrantDueAllowances", ADMIN.or(&[OrderService])),
    ("/everything.customer.v1.CustomerService/GetHouse", MEMBER),
    ("/everything.customer.v1.CustomerService/SetHouse", ADMIN),
    ("/everything.customer.v1.CustomerService/KeepFavourite", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/ListFavourites", MEMBER.by(FAVOURITES).of(Own)),
    ("/everything.customer.v1.CustomerService/RemoveFavourite", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/SetUsual", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/GetFavourite", Rule::services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/Notify", Rule::services(&[OrderService])),
    ("/everything.customer.v1.CustomerService/ListNotifications", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/GetStats", MEMBER.of(OwnOrAdmin)),
    ("/everything.customer.v1.CustomerService/GetFamilyWeek", MEMBER),
    ("/everything.customer.v1.CustomerService/WriteFamilyWeek", ADMIN.or(&[OrderService])),
    ("/everything.customer.v1.CustomerService/GetBoards", MEMBER),
    ("/everything.customer.v1.CustomerService/SetOnBoards", MEMBER.of(Own)),
    ("/everything.customer.v1.CustomerService/GetReport", ADMIN.by(REPORTS)),
    ("/everything.customer.v1.CustomerService/RebuildProjections", ADMIN.or(&[Launcher])),
    ("/everything.customer.v1.CustomerService/ReplayDeadLetters", ADMIN.or(&[Launcher])),
];

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
