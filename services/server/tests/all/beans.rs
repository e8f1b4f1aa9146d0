//! Beans by pages and REST: giving some away, putting balances right.

use std::sync::{Arc, Mutex};

use runtime::{AppError, Code};
use serde_json::json;
use types::{MemberId, Role};
use wire::customer::v1 as pb;

use crate::world::{Someone, World};

const MEMBER: &[Role] = &[Role::Member];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

/// A family of whoever asks, and Oma.
fn family(world: &World, me: &Someone, oma: MemberId) {
    let card = |id: MemberId, name: &str, balance_beans| pb::Member {
        id: id.to_string(),
        name: name.to_owned(),
        balance_beans,
        ..pb::Member::default()
    };
    let members = vec![card(me.member, "Mia", 31), card(oma, "Oma", 12)];
    world.customers.desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse { members: members.clone(), left_member_ids: vec![] })
    });
    world.customers.desk.on("get_statement", move |_: pb::GetStatementRequest, _| {
        let entry = pb::LedgerEntry {
            beans: 5,
            kind: "gift".to_owned(),
            other_member_id: oma.to_string(),
            words: "for <the> dishes".to_owned(),
            balance_beans: 31,
            ..pb::LedgerEntry::default()
        };
        Ok(pb::GetStatementResponse { entries: vec![entry], next_cursor: String::new() })
    });
}

fn key(fields: &[(String, String)]) -> &str {
    fields.iter().find(|(name, _)| name == "key").map(|(_, value)| value.as_str()).unwrap()
}

#[tokio::test]
async fn beans_are_given_by_a_form_without_script_and_what_was_wrong_is_said_beside_it() {
    let world = World::new().await;
    let (me, oma) = (world.someone(MEMBER), MemberId::new());
    family(&world, &me, oma);
    let page = world.get("/beans").browsing(&me).send().await;
    let text = page.text();
    assert!(
        text.contains("A gift from Oma") && text.contains("“for &#60;the&#62; dishes”"),
        "{text}"
    );
    assert!(text.contains("31 left"), "the running balance");
    assert!(!text.contains(&format!("value=\"{}\"", me.member)), "nobody gives to themselves");
    assert!(!text.contains("The family’s beans"), "others' beans are theirs");
    let key = key(&page.hidden_fields("/beans")).to_owned();

    let refuse = Arc::new(Mutex::new(true));
    let refusing = refuse.clone();
    world.customers.desk.on("give_beans", move |_: pb::GiveBeansRequest, _| {
        if *refusing.lock().unwrap() {
            let says = "There are only 3 beans left to give.";
            return Err(AppError::new(Code::NotEnoughBeans, says).into());
        }
        Ok(pb::GiveBeansResponse::default())
    });
    let (oma, send) = (oma.to_string(), async |fields: &[(&str, &str)]| {
        world.post("/beans").send_form(&me, fields).send().await
    });
    let nobody = send(&[("key", &key), ("beans", "x")]).await;
    assert_eq!(nobody.status, 422);
    assert!(nobody.text().contains("Who gets them?"), "{}", nobody.text());
    assert!(nobody.text().contains("A whole number, please."));
    assert!(world.customers.desk.asked("give_beans").is_empty());

    let fields =
        [("key", key.as_str()), ("to", &oma), ("beans", "5"), ("message", "for \"the\" cat")];
    let refused = send(&fields).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let text = refused.text();
    assert!(text.contains("There are only 3 beans left to give."), "{text}");
    assert!(text.contains("value=\"for &#34;the&#34; cat\""), "what was typed is still there");
    assert!(text.contains(&format!("value=\"{oma}\" required checked")), "{text}");
    assert_eq!(self::key(&refused.hidden_fields("/beans")), key, "it is the same gift still");

    *refuse.lock().unwrap() = false;
    let given = send(&fields).await;
    assert_eq!((given.status.as_u16(), given.header("location")), (303, "/beans"));
    let asked = &world.customers.desk.asked("give_beans")[1].message;
    assert!(asked.contains("beans: 5") && asked.contains(&oma), "{asked}");
}

#[tokio::test]
async fn an_admin_sees_everybodys_beans_and_puts_them_right_with_a_reason() {
    let world = World::new().await;
    let (me, oma) = (world.someone(ADMIN), MemberId::new());
    family(&world, &me, oma);
    let page = world.get("/beans").browsing(&me).send().await;
    let path = format!("/beans/{oma}");
    assert!(page.text().contains(&format!("href=\"{path}\"")), "{}", page.text());

    let page = world.get(&path).browsing(&me).send().await;
    assert!(page.text().contains("Oma’s beans"));
    let key = key(&page.hidden_fields(&path)).to_owned();
    let send =
        async |fields: &[(&str, &str)]| world.post(&path).send_form(&me, fields).send().await;
    let no_reason = send(&[("key", &key), ("beans", "7"), ("direction", "take")]).await;
    assert_eq!(no_reason.status, 422);
    assert!(no_reason.text().contains("They will want to know."));
    let fields =
        [("key", key.as_str()), ("beans", "7"), ("direction", "take"), ("reason", "the jar")];
    let done = send(&fields).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, path.as_str()));
    let asked = world.customers.desk.asked("correct_beans");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].message.contains("beans: -7") && asked[0].message.contains("the jar"));
}

#[tokio::test]
async fn gifts_and_corrections_over_rest_need_a_key_and_tell_what_was_new() {
    let world = World::new().await;
    let (me, oma) = (world.someone(ADMIN), MemberId::new());
    let (mut gifts, mut corrections) = (0, 0);
    let count = Mutex::new(move || {
        gifts += 1;
        gifts > 1
    });
    world.customers.desk.on("give_beans", move |_: pb::GiveBeansRequest, _| {
        Ok(pb::GiveBeansResponse {
            gift_id: "gft_01h455vb4pex5vsknk084sn02q".to_owned(),
            balance_beans: 26,
            repeated_request: count.lock().unwrap()(),
        })
    });
    let count = Mutex::new(move || {
        corrections += 1;
        corrections > 1
    });
    world.customers.desk.on("correct_beans", move |_: pb::CorrectBeansRequest, _| {
        Ok(pb::CorrectBeansResponse {
            correction_id: "cor_01h455vb4pex5vsknk084sn02q".to_owned(),
            balance_beans: 5,
            repeated_request: count.lock().unwrap()(),
        })
    });
    let gift = json!({"member_id": oma.to_string(), "beans": 5, "message": "for the dishes"});
    let correction = json!({"beans": -7, "reason": "the jar"});
    let corrections = format!("/v1/members/{oma}/corrections");
    for (path, body, id) in
        [("/v1/me/gifts", gift, "gft_"), (corrections.as_str(), correction, "cor_")]
    {
        let send = || world.post(path).by(&me).json(&body);
        send().refused(400, "idempotency-key-missing").await;
        let first = send().header("idempotency-key", "the-key-1").send().await;
        assert_eq!(first.status, 201, "{first:?}");
        assert!(first.value()["id"].as_str().unwrap().starts_with(id));
        let again = send().header("idempotency-key", "the-key-1").send().await;
        assert_eq!(again.status, 200);
    }
    assert!(world.customers.desk.asked("give_beans")[0].message.contains("the-key-1"));
    assert!(world.customers.desk.asked("correct_beans")[0].message.contains("beans: -7"));
    let wrong = json!({"member_id": "Oma", "beans": 5});
    let call = world.post("/v1/me/gifts").by(&me).header("idempotency-key", "the-key-2");
    call.json(&wrong).refused(400, "invalid-request").await;
}

#[tokio::test]
async fn an_admin_sets_the_house_by_page_and_rest_and_a_lost_race_is_said() {
    let world = World::new().await;
    let me = world.someone(ADMIN);
    let house = pb::House {
        floor_beans: -10,
        weekly_allowance_beans: 50,
        version: 3,
        ..Default::default()
    };
    world.customers.desk.on("get_house", move |_: pb::GetHouseRequest, _| Ok(house.clone()));
    world.customers.desk.on("set_house", move |request: pb::SetHouseRequest, _| {
        if request.version == 3 {
            let says = "Somebody else changed the house's settings meanwhile.";
            return Err(AppError::new(Code::Stale, says).into());
        }
        Ok(pb::House { free_bar: request.free_bar, version: 5, ..Default::default() })
    });
    let page = world.get("/house").browsing(&me).send().await;
    assert!(page.text().contains("name=\"debt\" value=\"10\""), "{}", page.text());
    let version = "3";
    let fields = [("version", version), ("bar", "free"), ("debt", "4"), ("weekly", "7")];
    let late = world.post("/house").send_form(&me, &fields).send().await;
    assert_eq!(late.status, 409, "{late:?}");
    assert!(late.text().contains("meanwhile"), "{}", late.text());
    assert!(late.text().contains("name=\"debt\" value=\"4\""), "what was typed is still there");
    let hidden = late.hidden_fields("/house");
    let again = hidden.iter().find(|(name, _)| name == "version").unwrap().1.clone();
    let fields = [("version", again.as_str()), ("bar", "free"), ("debt", "4"), ("weekly", "7")];
    let saved = world.post("/house").send_form(&me, &fields).send().await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/house"));
    let asked = &world.customers.desk.asked("set_house")[1].message;
    assert!(asked.contains("free_bar: true") && asked.contains("floor_beans: -4"), "{asked}");
    let wrong = [("version", "0"), ("debt", "-1"), ("weekly", "")];
    let wrong = world.post("/house").send_form(&me, &wrong).send().await;
    assert_eq!((wrong.status.as_u16(), wrong.text().matches("A whole number").count()), (422, 2));

    let shown = world.get("/v1/house").by(&me).send().await.value();
    assert_eq!((&shown["floor_beans"], &shown["changed_by"]), (&json!(-10), &json!(null)));
    let body = json!({"free_bar": true, "floor_beans": -4, "weekly_allowance_beans": 7});
    let set = world.call("PUT", "/v1/house").by(&me).json(&body).send().await;
    assert_eq!((set.status.as_u16(), &set.value()["version"]), (200, &json!(5)));
    let stale =
        json!({"free_bar": true, "floor_beans": 0, "weekly_allowance_beans": 7, "version": 3});
    world.call("PUT", "/v1/house").by(&me).json(&stale).refused(409, "stale-version").await;
}
