//! What is stored about people: all of it is told to them, and none of it stays
//! when they leave but numbers.

use std::collections::{BTreeMap, BTreeSet};

use customer_service::store::personal::{Given, TABLES};
use futures::StreamExt;
use runtime::{AppError, Code, Peer, grpc::on_behalf_of};
use types::{MemberId, OrderId, Role};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::{Item, OrderEvent, Placed, Ready, order_event::What},
};

use crate::{
    access::{Caller, sign_in},
    house::{House, Setup, by, by_person, eventually, unwrapped},
    topic::{completed, drink, event, stats, take_in},
};

const FAMILY: [Role; 1] = [Role::Member];
const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

/// Columns of ids that are nobody's.
const NOBODY: [&str; 9] = [
    "id",
    "event_id",
    "order_id",
    "menu_item_id",
    "session_id",
    "device_id",
    "guest_pass_id",
    "gift_id",
    "favourite_id",
];

async fn remove(
    house: &House,
    (by, roles): (MemberId, &[Role]),
    member: MemberId,
    name: &str,
) -> Result<(), AppError> {
    let request = pb::RemoveMemberRequest { member_id: member.to_string(), name: name.to_owned() };
    let roles: types::Roles = roles.iter().copied().collect();
    unwrapped(house.handlers.remove_member(by_person(by, roles, request)).await).map(|_| ())
}

/// Table by table what somebody is told.
async fn told(house: &House, member: MemberId) -> BTreeMap<String, Vec<serde_json::Value>> {
    let request = by_person(member, FAMILY, pb::TellStoredRequest {});
    let mut rows = unwrapped(house.handlers.tell_stored(request).await).unwrap();
    let mut tables: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    while let Some(row) = rows.next().await {
        let pb::StoredRow { table, json } = row.unwrap();
        tables.entry(table).or_default().push(serde_json::from_str(&json).unwrap());
    }
    tables
}

/// Every row of the database that is not the public history, as text.
async fn everything(house: &House) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_name not like '\\_sqlx%'",
    )
    .fetch_all(house.pool())
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let rows = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(house.pool()).await.unwrap();
        all.push_str(&format!("{table}: {rows}\n"));
    }
    all
}

/// The rows of the projections.
async fn projected(house: &House) -> Vec<String> {
    sqlx::query_scalar(
        "select drinks_served::text from drinks_served
         union all select order_facts::text from order_facts
         union all select stamps::text from stamps
         union all select stamp_cards::text from stamp_cards order by 1",
    )
    .fetch_all(house.pool())
    .await
    .unwrap()
}

/// Mia with something of everything: beans, gifts, a sign-in, news, drinks.
async fn mia_and_her_traces(house: &House) -> (MemberId, MemberId, Vec<OrderEvent>) {
    let mia = house.member("Mia Mandel", 50, FAMILY).await;
    let eve = house.member("Eve", 50, ADMIN).await;
    sign_in(house, mia).await;
    for (from, to, words) in [(mia, eve, "for the cat"), (eve, mia, "for the dishes")] {
        let gift = pb::GiveBeansRequest {
            idempotency_key: words.replace(' ', "-"),
            member_id: to.to_string(),
            beans: 2,
            message: words.to_owned(),
        };
        unwrapped(house.handlers.give_beans(by_person(from, FAMILY, gift)).await).unwrap();
    }
    let correction = pb::CorrectBeansRequest {
        idempotency_key: "a-key".to_owned(),
        member_id: mia.to_string(),
        beans: 1,
        reason: "Mia broke the cup".to_owned(),
    };
    unwrapped(house.handlers.correct_beans(by_person(eve, ADMIN, correction)).await).unwrap();
    let on = pb::SetOnBoardsRequest { on_boards: true };
    unwrapped(house.handlers.set_on_boards(by_person(mia, FAMILY, on)).await).unwrap();
    let at = "2026-11-22T08:00:00Z";
    let mut events = vec![];
    for _ in 0..11 {
        let order = OrderId::new();
        house.settle(order, mia, 1, 1).await.unwrap();
        let latte = |member| Item { price_beans: 1, ..drink("latte", member, 63) };
        let ready = What::Ready(Ready { barista: mia.to_string() });
        let items = vec![latte(Some(mia)), latte(Some(eve)), latte(None)];
        events.push(event(order, 1, at, What::Placed(Placed::default())));
        events.push(event(order, 4, at, ready));
        events.push(completed(order, 6, at, items));
    }
    for event in &mut events {
        event.placed_by = mia.to_string();
    }
    take_in(house, &events.iter().collect::<Vec<_>>()).await;
    (mia, eve, events)
}

#[tokio::test]
async fn every_column_that_names_somebody_is_decided_on() {
    let house = House::start(Setup::default()).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'public' and data_type in ('uuid', 'ARRAY') and udt_name like '%uuid'
           and column_name <> all ($1)",
    )
    .bind(NOBODY)
    .fetch_all(house.pool())
    .await
    .unwrap();
    let referring: Vec<(String, String)> = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text
         from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
         where c.contype = 'f' and c.confrelid = 'members'::regclass",
    )
    .fetch_all(house.pool())
    .await
    .unwrap();
    let found: BTreeSet<_> = columns.into_iter().chain(referring).collect();
    let listed: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|personal| {
            personal.columns.iter().map(|column| (personal.table.to_owned(), (*column).to_owned()))
        })
        .filter(|(table, column)| (table.as_str(), column.as_str()) != ("members", "id"))
        .collect();
    assert_eq!(found, listed, "what the schema names, and what is decided on");
    for personal in TABLES {
        if let Given::Rows { by, .. } = personal.given {
            assert!(by.iter().all(|column| personal.columns.contains(column)), "{personal:?}");
        }
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_told_all_that_is_stored_about_them_and_no_secret() {
    let house = House::start(Setup::default()).await;
    let (mia, eve, _) = mia_and_her_traces(&house).await;
    let told = told(&house, mia).await;
    assert_eq!(told["members"][0]["name"], "Mia Mandel");
    assert_eq!(told["members"][0]["id"], mia.to_string());
    // Opening, gift out and in, correction, eleven orders, the tenth back.
    assert_eq!(told["ledger_entries"].len(), 16, "{:?}", told["ledger_entries"]);
    assert_eq!(told["gifts"].len(), 2);
    assert_eq!(told["gifts"][0]["receiver"], eve.to_string());
    assert_eq!(told["corrections"][0]["reason"], "Mia broke the cup");
    assert_eq!((told["sessions"].len(), told["drinks_served"].len()), (1, 11));
    assert!(told["drinks_served"][0]["order_id"].as_str().unwrap().starts_with("ord_"));
    let all = format!("{told:?}");
    for secret in ["hash", "idempotency_key", "token"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_gone_also_after_a_rebuild_and_the_ledger_adds_up() {
    let house = House::start(Setup::default()).await;
    let (mia, eve, events) = mia_and_her_traces(&house).await;
    let server = Caller::of(&house, Peer::Server);
    let mias = sign_in(&house, mia).await;
    let mut client = server.client();
    let me = || on_behalf_of(&mias.access_token, pb::GetMeRequest {}).unwrap();
    client.get_me(me()).await.unwrap();
    let beans = |all: &[(i64,)]| all.iter().map(|(beans,)| beans).sum::<i64>();
    let ledger = async || -> Vec<(i64,)> {
        sqlx::query_as("select beans from ledger_entries").fetch_all(house.pool()).await.unwrap()
    };
    let before = ledger().await;

    assert_eq!(
        remove(&house, (mia, &FAMILY), mia, "Mia").await.unwrap_err().fields[0].path,
        "name"
    );
    remove(&house, (mia, &FAMILY), mia, " Mia Mandel ").await.unwrap();

    let all = everything(&house).await;
    for trace in ["Mandel", "for the cat", "for the dishes", "broke the cup"] {
        assert!(!all.contains(trace), "{trace} in {all}");
    }
    assert!(told(&house, eve).await["gifts"].len() == 2, "what was given stays given");
    assert_eq!(stats(&house, mia).await.drinks, 0);
    assert_eq!(stats(&house, eve).await.drinks, 11);
    let sold: i64 = sqlx::query_scalar("select count(*) from drinks_served")
        .fetch_one(house.pool())
        .await
        .unwrap();
    assert_eq!(sold, 33, "the orders stay as numbers");
    assert_eq!(ledger().await.len(), before.len());
    assert_eq!(beans(&ledger().await), beans(&before));
    house.assert_ledger_adds_up().await;

    // Their sign-in is over, and nobody finds them.
    eventually("the token is refused", async || client.clone().get_me(me()).await.is_err()).await;
    let refresh = pb::RefreshTokensRequest { refresh_token: mias.refresh_token.clone() };
    assert!(client.refresh_tokens(refresh).await.is_err());
    let list = by(Peer::Launcher, pb::ListMembersRequest {});
    let list = unwrapped(house.handlers.list_members(list).await).unwrap();
    assert_eq!(list.members.len(), 1);
    assert_eq!(list.left_member_ids, [mia.to_string()]);
    let gift = pb::GiveBeansRequest {
        idempotency_key: "too-late".to_owned(),
        member_id: mia.to_string(),
        beans: 1,
        message: String::new(),
    };
    let late = unwrapped(house.handlers.give_beans(by_person(eve, FAMILY, gift)).await);
    assert_eq!(late.unwrap_err().code, Code::NotFound);
    let again = house.create(mia, "Mia Mandel", 50, FAMILY.into()).await;
    assert_eq!(again.unwrap_err().code, Code::AlreadyExists);
    assert_eq!(remove(&house, (eve, &ADMIN), mia, "").await.unwrap_err().code, Code::NotFound);

    // The topic still knows the id; counted again, it is nobody.
    let rows = projected(&house).await;
    assert!(!rows.concat().contains(&mia.uuid().to_string()), "{rows:?}");
    house.service.app.projections.rebuild().await.unwrap();
    take_in(&house, &events.iter().collect::<Vec<_>>()).await;
    assert_eq!(projected(&house).await, rows);
    house.assert_ledger_adds_up().await;
    server.stop().await;
    house.stop().await;
}

#[tokio::test]
async fn the_last_admin_stays_and_nobody_else_is_removed_by_who_is_none() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, FAMILY).await;
    let refused = remove(&house, (ada, &ADMIN), ada, "Ada").await.unwrap_err();
    assert_eq!(refused.code, Code::LastAdmin);
    let refused = remove(&house, (ben, &FAMILY), ada, "Ada").await.unwrap_err();
    assert_eq!(refused.code, Code::Forbidden);
    remove(&house, (ada, &ADMIN), ben, "Ben").await.unwrap();
    let eve = house.member("Eve", 0, ADMIN).await;
    remove(&house, (ada, &ADMIN), ada, "Ada").await.unwrap();
    let refused = remove(&house, (eve, &ADMIN), eve, "Eve").await.unwrap_err();
    assert_eq!(refused.code, Code::LastAdmin);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_counted_while_leaving_is_gone_afterwards() {
    let house = House::start(Setup::default()).await;
    let eve = house.member("Eve", 0, ADMIN).await;
    for _ in 0..8 {
        let mia = house.member("Mia", 0, FAMILY).await;
        let events: Vec<OrderEvent> = (0..20)
            .map(|_| {
                let items = vec![drink("latte", Some(mia), 63)];
                completed(OrderId::new(), 6, "2026-11-22T08:00:00Z", items)
            })
            .collect();
        let events: Vec<&OrderEvent> = events.iter().collect();
        let (first, second) = events.split_at(10);
        let ((), (), left) = tokio::join!(
            take_in(&house, first),
            take_in(&house, second),
            remove(&house, (eve, &ADMIN), mia, "Mia"),
        );
        left.unwrap();
        let rows = projected(&house).await.concat();
        assert!(!rows.contains(&mia.uuid().to_string()), "{rows}");
    }
    house.stop().await;
}
