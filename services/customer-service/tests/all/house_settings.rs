//! What an admin settles for the house.

use customer_service::app::allowances;
use runtime::{AppError, Code, Peer};
use types::{MemberId, OrderId, Role};
use wire::customer::v1::{self as pb, Settlement, customer_service_server::CustomerService};

use crate::house::{House, Setup, by_person, eventually, unwrapped};

const FAMILY: [Role; 1] = [Role::Member];
const ADMIN: [Role; 2] = [Role::Member, Role::Admin];
const PAID: pb::SetHouseRequest =
    pb::SetHouseRequest { free_bar: false, floor_beans: 0, weekly_allowance_beans: 0, version: 0 };

async fn set(
    house: &House,
    by: MemberId,
    settings: pb::SetHouseRequest,
) -> Result<pb::House, AppError> {
    unwrapped(house.handlers.set_house(by_person(by, ADMIN, settings)).await)
}

async fn shown(house: &House, member: MemberId) -> pb::House {
    let request = by_person(member, FAMILY, pb::GetHouseRequest {});
    unwrapped(house.handlers.get_house(request).await).unwrap()
}

#[tokio::test]
async fn the_environment_holds_until_an_admin_sets_something_and_never_again() {
    let setup = Setup { free_bar: true, floor: -5, allowance: 50, ..Setup::default() };
    let house = House::start(setup).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let before = shown(&house, ada).await;
    assert_eq!((before.free_bar, before.floor_beans), (true, -5));
    assert_eq!((before.weekly_allowance_beans, before.version), (50, 0));
    assert_eq!((before.changed_by.as_str(), before.changed_at), ("", None));

    let set_to = pb::SetHouseRequest { floor_beans: -20, weekly_allowance_beans: 7, ..PAID };
    let after = set(&house, ada, set_to).await.unwrap();
    assert_eq!((after.free_bar, after.floor_beans), (false, -20));
    assert_eq!((after.weekly_allowance_beans, after.version), (7, 1));
    assert_eq!(after.changed_by, ada.to_string());
    assert_eq!(shown(&house, ada).await, after);

    // A replica that starts with the same environment knows from its first moment.
    let replica = runtime::start(Peer::CustomerService, &house.config.runtime).unwrap();
    let started = customer_service::start(house.config.clone(), &replica).await.unwrap();
    assert_eq!(started.app.house.current().house.floor.count(), -20);
    replica.shutdown.request();
    replica.finish().await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_counts_at_once_here_and_soon_on_every_replica() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let replica = runtime::start(Peer::CustomerService, &house.config.runtime).unwrap();
    let other = customer_service::start(house.config.clone(), &replica).await.unwrap();
    let floor = pb::SetHouseRequest { floor_beans: -9, ..PAID };
    set(&house, ada, floor).await.unwrap();
    assert_eq!(house.settle(OrderId::new(), ada, 1, 9).await.unwrap(), (Settlement::Settled, -9));
    eventually("the other replica knows", async || {
        other.app.house.current().house.floor.count() == -9
    })
    .await;
    replica.shutdown.request();
    replica.finish().await.unwrap();
    house.stop().await;
}

#[tokio::test]
async fn what_began_at_a_free_bar_stays_free_and_what_comes_later_is_paid() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 20, ADMIN).await;
    let (paid, free, later) = (OrderId::new(), OrderId::new(), OrderId::new());
    house.settle(paid, ada, 1, 3).await.unwrap();
    set(&house, ada, pb::SetHouseRequest { free_bar: true, ..PAID }).await.unwrap();
    house.settle(free, ada, 1, 4).await.unwrap();
    house.settle(paid, ada, 2, 5).await.unwrap();
    set(&house, ada, PAID).await.unwrap();
    house.settle(free, ada, 2, 6).await.unwrap();
    house.settle(later, ada, 1, 2).await.unwrap();
    let sums = [paid, free, later].map(|order| house.sum_of(order));
    assert_eq!(futures::future::join_all(sums).await, [-5, 0, -2]);
    assert_eq!(house.balance(ada).await, 13);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn another_allowance_counts_from_the_next_week() {
    let house = House::start(Setup { allowance: 50, ..Setup::default() }).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    set(&house, ada, pb::SetHouseRequest { weekly_allowance_beans: 8, ..PAID }).await.unwrap();
    let now = customer_service::clock::now();
    let app = &house.service.app;
    allowances::grant_due(app, None, now).await.unwrap();
    assert_eq!(house.balance(ada).await, 50, "this week's was given already");
    allowances::grant_due(app, None, now + chrono::TimeDelta::weeks(1)).await.unwrap();
    assert_eq!(house.balance(ada).await, 58);
    // Who joins now gets as much as was set.
    let mia = house.member("Mia", 0, FAMILY).await;
    assert_eq!(house.balance(mia).await, 8);
    house.stop().await;
}

#[tokio::test]
async fn of_two_admins_who_saw_the_same_the_second_hears_so_and_wrong_fields_are_named() {
    let house = House::start(Setup::default()).await;
    let (ada, eve) = (house.member("Ada", 0, ADMIN).await, house.member("Eve", 0, ADMIN).await);
    let first = set(&house, ada, PAID).await.unwrap();
    let seen = pb::SetHouseRequest { version: first.version, ..PAID };
    set(&house, ada, pb::SetHouseRequest { floor_beans: -3, ..seen }).await.unwrap();
    let late = set(&house, eve, pb::SetHouseRequest { floor_beans: -4, ..seen }).await;
    assert_eq!(late.unwrap_err().code, Code::Stale);
    assert_eq!(shown(&house, eve).await.floor_beans, -3);
    for (wrong, field) in [
        (pb::SetHouseRequest { floor_beans: 1, ..PAID }, "floor_beans"),
        (pb::SetHouseRequest { floor_beans: i64::MIN, ..PAID }, "floor_beans"),
        (pb::SetHouseRequest { weekly_allowance_beans: -1, ..PAID }, "weekly_allowance_beans"),
        (pb::SetHouseRequest { version: u64::MAX, ..PAID }, "version"),
    ] {
        let error = set(&house, eve, wrong).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].path.as_str()), (Code::InvalidRequest, field));
    }
    house.stop().await;
}
