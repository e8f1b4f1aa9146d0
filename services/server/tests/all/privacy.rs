//! What is stored about somebody as one file, and leaving, by pages and REST.

use runtime::{AppError, Code};
use serde_json::json;
use tonic::Status;
use types::{MemberId, OrderId, Role};
use wire::{customer::v1 as pb, order::v1 as orders};

use crate::{
    fakes::Script,
    samples,
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

fn stored(world: &World, end: Option<Status>) {
    world.customers.desk.on("tell_stored", move |_: pb::TellStoredRequest, _| {
        let row = |table: &str, json: serde_json::Value| {
            Ok(pb::StoredRow { table: table.to_owned(), json: json.to_string() })
        };
        let mut all: Script<pb::StoredRow> = vec![
            row("members", json!({"name": "Mia \"the\" cat"})),
            row("gifts", json!({"beans": 2})),
            row("gifts", json!({"beans": 3})),
        ];
        all.extend(end.clone().map(Err));
        Ok(all)
    });
}

fn ordered(world: &World, me: &Someone, count: usize) {
    let me = me.member.to_string();
    world.orders.desk.on("tell_orders", move |_: orders::TellOrdersRequest, _| {
        let order = || Ok(samples::order(&OrderId::new().to_string(), &me));
        Ok((0..count).map(|_| order()).collect::<Script<orders::Order>>())
    });
}

#[tokio::test]
async fn what_is_stored_comes_as_one_file_from_both_services() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    stored(&world, None);
    ordered(&world, &me, 2);
    for call in [world.get("/v1/me/export").by(&me), world.get("/me/export").browsing(&me)] {
        let file = call.send().await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "application/json"));
        assert!(file.header("content-disposition").starts_with("attachment; filename="));
        assert_eq!(file.header("cache-control"), "no-store");
        let file = file.value();
        assert_eq!(file["member_id"], me.member.to_string());
        assert_eq!(file["stored"]["members"][0]["name"], "Mia \"the\" cat");
        assert_eq!(file["stored"]["gifts"], json!([{"beans": 2}, {"beans": 3}]));
        assert_eq!(file["orders"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn nothing_stored_and_nothing_ordered_is_a_whole_file_too() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let file = world.get("/v1/me/export").by(&me).send().await.value();
    assert_eq!((&file["stored"], &file["orders"]), (&json!({}), &json!([])));
}

#[tokio::test]
async fn a_service_that_does_not_tell_is_an_error_and_never_a_file_that_looks_whole() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    stored(&world, None);
    world.orders.desk.on("tell_orders", |_: orders::TellOrdersRequest, _| {
        Err::<Script<orders::Order>, _>(Status::unavailable("away"))
    });
    world.get("/v1/me/export").by(&me).refused(503, "unavailable").await;
}

#[tokio::test]
async fn leaving_takes_ones_name_and_ends_the_sign_in() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    world.customers.desk.on("get_me", |_: pb::GetMeRequest, _| {
        Ok(pb::Member { name: "Mia".to_owned(), ..pb::Member::default() })
    });
    world.customers.desk.on("remove_member", |request: pb::RemoveMemberRequest, _| {
        match request.name.as_str() {
            "Mia" => Ok(pb::RemoveMemberResponse {}),
            _ => Err(AppError::invalid("name", "not-the-name", "type the name exactly").into()),
        }
    });
    let page = world.get("/me/leave").browsing(&me).send().await;
    assert!(page.text().contains("Type your name, Mia, to go"), "{}", page.text());
    let wrong = world.post("/me/leave").send_form(&me, &[("name", "Mia Maria")]).send().await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("Type the name exactly."), "{}", wrong.text());
    assert!(wrong.cookie("everything_access").is_none());
    let gone = world.post("/me/leave").send_form(&me, &[("name", "Mia")]).send().await;
    assert_eq!((gone.status.as_u16(), gone.header("location")), (303, "/sign-in"));
    assert_eq!(gone.cookie("everything_access"), Some(""));
    let asked = &world.customers.desk.asked("remove_member")[1].message;
    assert!(asked.contains(&me.member.to_string()), "{asked}");
}

#[tokio::test]
async fn an_admin_removes_somebody_by_name_and_the_last_admin_stays() {
    let world = World::new().await;
    let (ada, ben) = (world.someone(ADMIN), MemberId::new());
    let card = pb::Member { id: ben.to_string(), name: "Ben".to_owned(), ..pb::Member::default() };
    world.customers.desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse { members: vec![card.clone()], left_member_ids: vec![] })
    });
    let form = [("name", "Ben")];
    let path = format!("/family/{ben}/remove");
    let gone = world.post(&path).send_form(&ada, &form).send().await;
    assert_eq!((gone.status.as_u16(), gone.header("location")), (303, "/family"));

    let api = || world.call("DELETE", &format!("/v1/members/{ben}")).by(&ada);
    assert_eq!(api().json(&json!({"name": "Ben"})).send().await.status, 204);
    let problem = api().json(&json!({})).refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["code"], "missing");
    world.customers.desk.on("remove_member", |_: pb::RemoveMemberRequest, _| {
        let says = "the family would be left without an admin";
        Err::<pb::RemoveMemberResponse, _>(AppError::new(Code::LastAdmin, says).into())
    });
    api().json(&json!({"name": "Ben"})).refused(409, "last-admin").await;
    let stays = world.post(&path).send_form(&ada, &form).send().await;
    assert_eq!(stays.status, 409);
    assert!(stays.text().contains("left without an admin"), "{}", stays.text());
}

#[tokio::test]
async fn who_left_is_shown_as_somebody_who_left() {
    let world = World::new().await;
    let (me, gone) = (world.someone(MEMBER), MemberId::new());
    let left = gone.to_string();
    world.customers.desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse { members: vec![], left_member_ids: vec![left.clone()] })
    });
    let id = OrderId::new().to_string();
    let order = samples::order(&id, &gone.to_string());
    world.orders.desk.on("get_order", move |_: orders::GetOrderRequest, _| Ok(order.clone()));
    let page = world.get(&format!("/orders/{id}")).browsing(&me).send().await;
    assert!(page.text().contains("Somebody who left"), "{}", page.text());
    let list = world.get("/v1/members").by(&me).send().await.value();
    assert_eq!(list["left_member_ids"], json!([gone.to_string()]));
}
