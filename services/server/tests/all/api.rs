//! REST as it should be used, and the document that describes it.

use std::{collections::BTreeSet, path::Path};

use http::Method;
use runtime::{Peer, tokens::Credentials};
use serde_json::{Value, json};
use types::{
    DeviceId, GuestPassId, InvitationId, MemberId, OrderId, PasskeyId, Role, Scope, SessionId,
};
use wire::access::{ENDPOINTS, Needs};
use wire::{customer::v1 as customer, order::v1 as pb};

use crate::{
    samples,
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

#[tokio::test]
async fn placing_an_order_answers_created_and_again_the_same() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let id = OrderId::new().to_string();
    let ours = id.clone();
    world.orders.desk.on("place_order", move |request: pb::PlaceOrderRequest, caller| {
        let person = caller.person()?;
        let repeated_request = request.idempotency_key == "the-key-again";
        let order = Some(samples::order(&ours, &person.member.to_string()));
        Ok(pb::PlaceOrderResponse { order, repeated_request })
    });
    let body = json!({"items": [
        {"menu_item": "flat-white", "size": "small", "milk": "oat-milk", "extras": ["shot"],
         "note": "hot", "for": {"guest": "Grandma"}},
        {"menu_item": "cocoa", "for": {"member": me.member.to_string()}},
    ]});
    let place =
        |key: &str| world.post("/v1/orders").by(&me).header("idempotency-key", key).json(&body);
    let answer = place("the-first-key").header("prefer", "respond-async, wait=2").send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("location"), format!("/v1/orders/{id}"));
    assert_eq!(answer.header("preference-applied"), "wait=2");
    let order = answer.value();
    assert_eq!(order["id"], id);
    assert_eq!(order["state"], "queued");
    assert_eq!(order["placed_by"], me.member.to_string());
    assert_eq!(order["allowed"], json!(["cancel", "pick-up"]));
    assert!(chrono::DateTime::parse_from_rfc3339(order["placed_at"].as_str().unwrap()).is_ok());
    assert_eq!(order["items"][0]["guest"], "Grandma");
    assert_eq!(order["items"][0]["member"], Value::Null);

    let asked = &world.orders.desk.asked("place_order")[0].message;
    for part in ["wait_ms: 2000", "the-first-key", "Guest(\"Grandma\")", "\"shot\"", "oat-milk"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    let again = place("the-key-again").send().await;
    assert_eq!(again.status, 200);
    assert_eq!(again.header("preference-applied"), "");
    let most = place("the-third-key").header("prefer", "wait=600").send().await;
    assert_eq!(most.header("preference-applied"), "wait=5");
    let nonsense = place("the-fourth-key").header("prefer", "wait=soon").send().await;
    assert_eq!((nonsense.status.as_u16(), nonsense.header("preference-applied")), (201, ""));
}

#[tokio::test]
async fn the_menu_is_sent_once_and_then_only_when_it_changed() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    world.orders.desk.on("get_menu", |_: pb::GetMenuRequest, _| {
        Ok(pb::Menu { etag: "m7".to_owned(), ..pb::Menu::default() })
    });
    let first = world.get("/v1/menu").by(&me).send().await;
    assert_eq!((first.status.as_u16(), first.header("etag")), (200, "\"m7\""));
    let same = world.get("/v1/menu").by(&me).header("if-none-match", "\"x\", W/\"m7\"");
    let same = same.send().await;
    assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
    let other = world.get("/v1/menu").by(&me).header("if-none-match", "\"m6\"").send().await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn each_command_reaches_its_method_with_what_was_said() {
    let world = World::new().await;
    let me = world.someone(&[Role::Member, Role::Barista, Role::Admin]);
    let id = OrderId::new();
    let to = MemberId::new();
    let simple =
        ["accept", "ready", "release", "recall", "pick_up", "cancel", "decline", "forgive"];
    for command in simple {
        let method: &'static str = format!("{command}_order").leak();
        world
            .orders
            .desk
            .on(method, |request: pb::CommandRequest, _| Ok(samples::done(&request.id)));
        let path = format!("/v1/orders/{id}/{}", command.replace('_', "-"));
        let body = json!({"version": 3, "reason": "because"});
        let answer = world.post(&path).by(&me).json(&body).send().await;
        assert_eq!(answer.status, 200, "{command} {answer:?}");
        assert_eq!(answer.value()["already_so"], false);
        assert_eq!(answer.value()["order"]["id"], id.to_string());
        let asked = &world.orders.desk.asked(method)[0].message;
        assert!(asked.contains("version: 3") && asked.contains("because"), "{asked}");
    }
    world.orders.desk.on("hand_over_order", |request: pb::HandOverOrderRequest, _| {
        Ok(samples::done(&request.id))
    });
    world
        .orders
        .desk
        .on("amend_order", |request: pb::AmendOrderRequest, _| Ok(samples::done(&request.id)));
    world
        .orders
        .desk
        .on("tick_item", |request: pb::TickItemRequest, _| Ok(samples::done(&request.id)));
    world
        .orders
        .desk
        .on("strike_item", |request: pb::StrikeItemRequest, _| Ok(samples::done(&request.id)));
    world
        .orders
        .desk
        .on("replace_item", |request: pb::ReplaceItemRequest, _| Ok(samples::done(&request.id)));
    let item = json!({"menu_item": "cocoa"});
    let calls = [
        ("hand-over", json!({"barista": to.to_string()}), "hand_over_order", to.to_string()),
        ("amend", json!({"version": 2, "items": [item]}), "amend_order", "cocoa".to_owned()),
        ("items/2/tick", json!({}), "tick_item", "line: 2, ticked: true".to_owned()),
        ("items/2/strike", json!({"reason": "no oats"}), "strike_item", "no oats".to_owned()),
        (
            "items/1/replace",
            json!({"item": item, "reason": "no oats"}),
            "replace_item",
            "cocoa".to_owned(),
        ),
    ];
    for (path, body, method, part) in calls {
        let path = format!("/v1/orders/{id}/{path}");
        let answer = world.post(&path).by(&me).json(&body).send().await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
        let asked = &world.orders.desk.asked(method)[0].message;
        assert!(asked.contains(&part), "{part} in {asked}");
    }
    let untick = world.post(&format!("/v1/orders/{id}/items/2/tick")).by(&me);
    assert_eq!(untick.json(&json!({"ticked": false})).send().await.status, 200);
    assert!(world.orders.desk.asked("tick_item")[1].message.contains("ticked: false"));
}

#[tokio::test]
async fn the_family_its_beans_and_what_it_was_told_are_there() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let member = customer::Member {
        id: me.member.to_string(),
        name: "Ada".to_owned(),
        emoji: "🦊".to_owned(),
        colour: "#a0522d".to_owned(),
        roles: vec![customer::Role::Member.into(), customer::Role::Barista.into()],
        balance_beans: 42,
        kind: customer::MemberKind::Adult.into(),
        ..customer::Member::default()
    };
    let list = vec![member.clone()];
    world.customers.desk.on("get_me", move |_: customer::GetMeRequest, _| Ok(member.clone()));
    world.customers.desk.on("list_members", move |_: customer::ListMembersRequest, _| {
        Ok(customer::ListMembersResponse { members: list.clone(), left_member_ids: vec![] })
    });
    world.customers.desk.on("get_statement", |_: customer::GetStatementRequest, _| {
        let entry = customer::LedgerEntry {
            id: "led_01h455vb4pex5vsknk084sn02q".to_owned(),
            beans: -4,
            kind: "order".to_owned(),
            ..customer::LedgerEntry::default()
        };
        Ok(customer::GetStatementResponse { entries: vec![entry], next_cursor: "c2".to_owned() })
    });
    let get = async |path: &str| world.get(path).by(&me).send().await.value();
    let shown = get("/v1/me").await;
    assert_eq!(shown["name"], "Ada");
    assert_eq!(shown["roles"], json!(["member", "barista"]));
    assert_eq!(shown["balance_beans"], 42);
    let members = get("/v1/members").await;
    assert_eq!(members["members"][0]["emoji"], "🦊");
    assert_eq!(members["members"][0].get("balance_beans"), None, "others' beans are theirs");
    assert_eq!(get("/v1/me/beans").await["beans"], 0);
    let statement = get("/v1/me/statement?limit=1&cursor=c1").await;
    assert_eq!(statement["entries"][0]["beans"], -4);
    assert_eq!(statement["next_cursor"], "c2");
    assert_eq!(get("/v1/me/stats").await["drinks"], 0);
    assert_eq!(get("/v1/notifications").await["next_cursor"], Value::Null);
    assert!(world.customers.desk.asked("get_statement")[0].message.contains("limit: 1"));
}

#[tokio::test]
async fn each_endpoint_lets_in_whom_the_table_says_and_nobody_else() {
    let world = World::new().await;
    let (_, table) = server::openapi::document();
    assert_eq!(table.len(), ENDPOINTS.len(), "each line of the table is an endpoint");
    for endpoint in table {
        if endpoint.path == "/v1/events" {
            continue;
        }
        let path = filled(&endpoint.path);
        let knock = async |by: Option<&Someone>| {
            let call = world.call(endpoint.method.as_str(), &path);
            let call = by.into_iter().fold(call, |call, by| call.by(by));
            call.send().await.status.as_u16()
        };
        let roles = async |roles: &[Role]| knock(Some(&world.someone(roles))).await;
        let (nobody, member, barista, admin) =
            (knock(None).await, roles(MEMBER).await, roles(BARISTA).await, roles(ADMIN).await);
        let name = format!("{} {path}: {nobody} {member} {barista} {admin}", endpoint.method);
        let open = |status: u16| status != 401 && status != 403;
        match endpoint.rule.needs {
            Needs::Nothing | Needs::Secret => assert!(open(nobody), "{name}"),
            Needs::Device => {
                assert!(nobody == 401 && member == 403 && barista == 403 && admin == 403, "{name}");
            }
            Needs::Member => {
                assert!(nobody == 401 && open(member) && open(barista), "{name}");
            }
            Needs::Barista => assert!(nobody == 401 && member == 403 && open(barista), "{name}"),
            Needs::Admin => {
                assert!(nobody == 401 && member == 403 && barista == 403 && open(admin), "{name}");
            }
        }
        // Nothing that is no access token of now, whoever it says it is.
        let over = world.someone_for(&Role::ALL, -90);
        let service = Credentials::new(Peer::OrderService, [3; 32]).unwrap();
        let service = Someone { token: service.token_for(Peer::Server).unwrap(), ..over.clone() };
        for (what, by) in [("expired", over), ("a service", service)] {
            let status = knock(Some(&by)).await;
            let asks = !matches!(endpoint.rule.needs, Needs::Nothing | Needs::Secret);
            assert!(!asks || status == 401, "{name}, {what}: {status}");
        }
        // A sign-in for something narrow opens what it is for, whatever the roles.
        for scope in Scope::ALL {
            let status = knock(Some(&world.someone_within(&Role::ALL, scope))).await;
            let asks = !matches!(endpoint.rule.needs, Needs::Nothing | Needs::Secret);
            let admitted = !asks || endpoint.rule.admits(scope);
            assert_eq!(open(status), admitted, "{name}, {scope}: {status}");
        }
        // So does a paired device while nobody acts at it.
        for scope in Scope::ALL {
            let device = world.device(scope);
            let call = world.call(endpoint.method.as_str(), &path);
            let status = call.by_device(&device).send().await.status.as_u16();
            let asks = !matches!(endpoint.rule.needs, Needs::Nothing | Needs::Secret);
            let admitted = !asks || endpoint.rule.admits_device(scope);
            assert_eq!(open(status), admitted, "{name}, device, {scope}: {status}");
        }
    }
}

/// A path with something in place of its parameters.
fn filled(path: &str) -> String {
    let id = match path {
        _ if path.starts_with("/v1/members/") => MemberId::new().to_string(),
        _ if path.starts_with("/v1/invitations/") => InvitationId::new().to_string(),
        _ if path.starts_with("/v1/sessions/") => SessionId::new().to_string(),
        _ if path.starts_with("/v1/passkeys/") => PasskeyId::new().to_string(),
        _ if path.starts_with("/v1/devices/") => DeviceId::new().to_string(),
        _ if path.starts_with("/v1/me/guest-passes/") => GuestPassId::new().to_string(),
        _ => OrderId::new().to_string(),
    };
    let path = path.replace("{id}", &id).replace("{line}", "1").replace("{slug}", "oat");
    path.replace("{kind}", "digits").replace("{code}", "BCDF-GHJK")
}

#[test]
fn the_document_has_every_endpoint_with_its_security_and_is_openapi_3_1() {
    let (document, table) = server::openapi::document();
    let document: Value = serde_json::to_value(&document).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut operations = BTreeSet::new();
    for endpoint in &table {
        let method = endpoint.method.as_str().to_lowercase();
        let operation = &document["paths"][&endpoint.path][&method];
        assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()));
        let security = operation["security"].as_array().unwrap();
        let open = matches!(endpoint.rule.needs, Needs::Nothing | Needs::Secret);
        assert_eq!(security.is_empty(), open, "{}", endpoint.path);
        assert!(operation["responses"]["default"].is_object());
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let text = answer["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{} {status}", endpoint.path);
        }
        assert!(!operation["summary"].as_str().unwrap().is_empty());
        let asks_only = endpoint.path.ends_with("/options");
        if [Method::POST, Method::PUT, Method::PATCH].contains(&endpoint.method) && !asks_only {
            assert!(operation["requestBody"].is_object(), "{}", endpoint.path);
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
}

#[test]
fn the_committed_document_is_the_one_the_handlers_make() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let fresh = server::openapi::json();
    // EVERYTHING_TEST_UPDATE=1 writes it instead of comparing.
    if std::env::var_os("EVERYTHING_TEST_UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "openapi.json is not what the handlers make; write it anew with \
         EVERYTHING_TEST_UPDATE=1 cargo test -p server --test all committed_document"
    );
}

#[tokio::test]
async fn the_documentation_is_served_without_any_outside_host() {
    let world = World::new().await;
    let docs = world.get("/docs").header("accept", "text/html").send().await;
    assert_eq!(docs.status, 200);
    assert!(docs.text().contains("/v1/orders/{id}/pick-up") && !docs.text().contains("https://"));
    let document = world.get("/openapi.json").send().await;
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.text(), server::openapi::json());
    assert_eq!(world.get("/docs/style.css").send().await.status, 200);
    for code in runtime::Code::ALL {
        let page = world.get(&format!("/problems/{code}")).send().await;
        assert_eq!(page.status, 200, "{code}");
    }
    assert_eq!(
        world.get("/problems/no-such-code").header("accept", "text/html").send().await.status,
        404
    );
}
