//! The pages and endpoints about people: oneself, the family, who joins.

use std::sync::{Arc, Mutex};

use runtime::{AppError, Code};
use serde_json::json;
use types::{MemberId, Role, SessionId};
use wire::customer::v1 as pb;

use crate::{
    http_client::HTML,
    samples::now,
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

fn card(id: &str, name: &str, roles: &[pb::Role]) -> pb::Member {
    pb::Member {
        id: id.to_owned(),
        name: name.to_owned(),
        emoji: "🦊".to_owned(),
        colour: "#a0522d".to_owned(),
        roles: roles.iter().map(|role| i32::from(*role)).collect(),
        kind: pb::MemberKind::Adult.into(),
        ..pb::Member::default()
    }
}

/// customer-service with this family, and a link for whoever asks.
fn family(world: &World, members: Vec<pb::Member>) -> Arc<Mutex<Vec<pb::Member>>> {
    let members = Arc::new(Mutex::new(members));
    let desk = &world.customers.desk;
    let list = members.clone();
    desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse {
            members: list.lock().unwrap().clone(),
            left_member_ids: vec![],
        })
    });
    let joined = members.clone();
    desk.on("create_member", move |request: pb::CreateMemberRequest, _| {
        if request.name.is_empty() {
            return Err(
                AppError::invalid("name", "malformed", "a name has something to see").into()
            );
        }
        let member = card(&request.id, &request.name, &[pb::Role::Member]);
        let mut members = joined.lock().unwrap();
        members.retain(|other| other.id != member.id);
        members.push(member.clone());
        Ok(member)
    });
    desk.on("create_sign_in_link", |_: pb::CreateSignInLinkRequest, _| {
        let secret = "the-secret".to_owned();
        Ok(pb::CreateSignInLinkResponse { secret, expires_at: now(), ..Default::default() })
    });
    members
}

fn sessions(world: &World, of: &Someone) -> SessionId {
    let other = SessionId::new();
    let session = |id: SessionId, device: &str, current| pb::Session {
        id: id.to_string(),
        device: device.to_owned(),
        scope: "full".to_owned(),
        created_at: now(),
        last_used_at: now(),
        current,
    };
    let sessions = vec![session(of.session, "phone <1>", true), session(other, "tablet", false)];
    world.customers.desk.on("list_sessions", move |_: pb::ListSessionsRequest, _| {
        Ok(pb::ListSessionsResponse { sessions: sessions.clone() })
    });
    other
}

#[tokio::test]
async fn a_person_sees_their_devices_and_signs_another_one_out() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let other = sessions(&world, &me);
    let page = world.get("/me").browsing(&me).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    let text = page.text();
    assert_eq!(text.matches("this device").count(), 1);
    assert!(text.contains("phone &#60;1&#62;") && !text.contains("href=\"/family\""), "{text}");
    // The other one has a button, this one the way that asks once more.
    let fields = page.hidden_fields("/me/sign-out");
    assert!(fields.contains(&("session".to_owned(), other.to_string())), "{fields:?}");
    let form = [("session", other.to_string())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = world.post("/me/sign-out").send_form(&me, &form).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/me"));
    let asked = &world.customers.desk.asked("end_session")[0].message;
    assert!(asked.contains(&other.to_string()), "{asked}");
}

#[tokio::test]
async fn a_card_that_is_refused_is_shown_again_with_what_is_wrong() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    world.customers.desk.on("update_member", |request: pb::UpdateMemberRequest, _| {
        if request.emoji.as_deref() == Some("AB") {
            return Err(AppError::invalid("emoji", "malformed", "an emoji is one sign").into());
        }
        Ok(pb::Member::default())
    });
    let wrong = [("name", "Benjamin"), ("emoji", "AB"), ("colour", "#112233")];
    let refused = world.post("/me").send_form(&me, &wrong).send().await;
    assert_eq!(refused.status, 400);
    let text = refused.text();
    assert!(
        text.contains("An emoji is one sign.") && text.contains("value=\"Benjamin\""),
        "{text}"
    );
    let right = [("name", "Benjamin"), ("emoji", "🐻"), ("colour", "#112233")];
    let changed = world.post("/me").send_form(&me, &right).send().await;
    assert_eq!(changed.header("location"), "/me", "{changed:?}");
    let asked = &world.customers.desk.asked("update_member")[1].message;
    assert!(asked.contains(&me.member.to_string()) && asked.contains("roles: None"), "{asked}");
}

#[tokio::test]
async fn who_changes_a_name_sees_it_everywhere_at_once() {
    let world = World::new().await;
    let me = world.someone(ADMIN);
    let id = me.member.to_string();
    let members = family(&world, vec![card(&id, "Ada", &[pb::Role::Member])]);
    let menu = async || world.get("/").browsing(&me).send().await.text();
    assert!(menu().await.contains(", Ada</h1>"));
    members.lock().unwrap()[0].name = "Adelheid".to_owned();
    let form = [("name", "Adelheid")];
    world.post(&format!("/family/{id}")).send_form(&me, &form).send().await;
    assert!(menu().await.contains(", Adelheid</h1>"));
}

#[tokio::test]
async fn an_admin_invites_somebody_in_one_step_and_twice_is_one_member() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    let members = family(&world, Vec::new());
    let page = world.get("/family").browsing(&admin).send().await;
    let fields = page.hidden_fields("/family");
    let (_, id) = fields.iter().find(|(name, _)| name == "id").unwrap();
    let nameless = [("id", id.as_str()), ("name", ""), ("roles", "barista")];
    let refused = world.post("/family").send_form(&admin, &nameless).send().await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("A name has something to see."), "{}", refused.text());
    assert!(refused.text().contains("value=\"barista\" checked"), "what was ticked stays");
    assert_eq!(refused.hidden_fields("/family")[1].1, *id);

    let oma = [("id", id.as_str()), ("name", "Oma"), ("roles", "barista")];
    for _ in 0..2 {
        let invited = world.post("/family").send_form(&admin, &oma).send().await;
        assert_eq!((invited.status.as_u16(), invited.header("cache-control")), (200, "no-store"));
        let text = invited.text();
        assert!(text.contains("http://localhost/sign-in/the-secret"), "{text}");
        assert!(text.contains("class=\"qr\""), "{text}");
    }
    assert_eq!(members.lock().unwrap().len(), 1);
    let asked = &world.customers.desk.asked("create_member")[1].message;
    assert!(asked.contains("roles: [Barista]"), "{asked}");
    let list = world.get("/family").browsing(&admin).send().await.text();
    assert!(list.contains(&format!("href=\"/family/{id}\"")) && !list.contains("the-secret"));
    let forged = world.post("/family").send_form(&admin, &[("name", "Oma")]).send().await;
    assert_eq!(forged.status, 400);
}

#[tokio::test]
async fn an_admin_invites_a_child_and_says_who_looks_after_it() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    let (ada, ben) = (admin.member.to_string(), MemberId::new().to_string());
    let child = pb::Member {
        kind: pb::MemberKind::Child.into(),
        guardian_ids: vec![ada.clone()],
        ..card(&MemberId::new().to_string(), "Leo", &[])
    };
    let child_id = child.id.clone();
    family(&world, vec![card(&ada, "Ada", &[]), card(&ben, "Ben", &[]), child]);
    world.customers.desk.on("create_member", |request: pb::CreateMemberRequest, _| {
        if request.kind() == pb::MemberKind::Child && request.guardian_ids.is_empty() {
            let says = "a child has a guardian; choose at least one adult";
            return Err(AppError::invalid("guardian_ids", "required", says).into());
        }
        Ok(card(&request.id, &request.name, &[pb::Role::Member]))
    });
    let page = world.get("/family").browsing(&admin).send().await;
    let text = page.text();
    let offered = |id: &str| text.contains(&format!("name=\"guardians\" value=\"{id}\">"));
    assert!(offered(&ada) && offered(&ben) && !offered(&child_id), "{text}");
    assert!(text.contains("value=\"adult\" checked"), "{text}");

    let id = page.hidden_fields("/family")[1].1.clone();
    let alone = [("id", id.as_str()), ("name", "Dan"), ("kind", "child")];
    let refused = world.post("/family").send_form(&admin, &alone).send().await;
    assert_eq!(refused.status, 400);
    let text = refused.text();
    assert_eq!(text.matches("A child has a guardian; choose at least one adult.").count(), 1);
    assert!(text.contains("value=\"Dan\"") && text.contains("value=\"child\" checked"), "{text}");

    let guarded = [alone.as_slice(), &[("guardians", ada.as_str()), ("guardians", ben.as_str())]];
    let guarded = guarded.concat();
    let invited = world.post("/family").send_form(&admin, &guarded).send().await;
    assert!(invited.text().contains("/sign-in/the-secret"), "{invited:?}");
    let asked = &world.customers.desk.asked("create_member")[1].message;
    assert!(
        asked.contains("kind: Child") && asked.contains(&ada) && asked.contains(&ben),
        "{asked}"
    );
}

#[tokio::test]
async fn an_admin_signs_a_phone_in_and_a_device_out() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    let ben = MemberId::new().to_string();
    family(&world, vec![card(&ben, "Ben", &[pb::Role::Member])]);
    let other = sessions(&world, &world.someone(MEMBER));
    let path = format!("/family/{ben}");
    let page = world.get(&path).browsing(&admin).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    let link = world.post(&format!("{path}/links")).send_form(&admin, &[]).send().await;
    assert!(link.text().contains("/sign-in/the-secret"), "{link:?}");
    let other = other.to_string();
    let form = [("session", other.as_str())];
    let out = world.post(&format!("{path}/sign-out")).send_form(&admin, &form).send().await;
    assert_eq!(out.header("location"), path);
    assert!(world.customers.desk.asked("end_session")[0].message.contains(&other));
    let nobody = format!("/family/{}", MemberId::new());
    assert_eq!(world.get(&nobody).browsing(&admin).send().await.status, 404);
    let link = world.post(&format!("{nobody}/links")).send_form(&admin, &[]).send().await;
    assert_eq!(link.status, 404);
}

#[tokio::test]
async fn the_last_admin_hears_kindly_why_they_stay_one() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    let id = admin.member.to_string();
    family(&world, vec![card(&id, "Ada", &[pb::Role::Member, pb::Role::Admin])]);
    world.customers.desk.on("update_member", |request: pb::UpdateMemberRequest, _| {
        if request.roles.is_some_and(|set| set.roles.is_empty()) {
            let says = "the family would be left without an admin; make somebody else one first";
            return Err(AppError::new(Code::LastAdmin, says).into());
        }
        Ok(pb::Member::default())
    });
    let roles = format!("/family/{id}/roles");
    let refused = world.post(&roles).send_form(&admin, &[]).send().await;
    assert_eq!(refused.status, 409);
    let text = refused.text();
    assert!(text.contains("an admin; make somebody else one first."), "{text}");
    let kept = world.post(&roles).send_form(&admin, &[("roles", "admin")]).send().await;
    assert_eq!(kept.header("location"), "/me", "{kept:?}");
}

#[tokio::test]
async fn rest_makes_members_and_links() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    family(&world, Vec::new());
    let id = MemberId::new().to_string();
    let body = json!({"id": id, "name": "Oma", "roles": ["barista"]});
    let made = world.post("/v1/members").by(&admin).json(&body).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.value()["id"], id);
    let link = world.post(&format!("/v1/members/{id}/links")).by(&admin);
    let link = link.json(&json!({"valid_seconds": 60})).send().await;
    assert_eq!(link.status, 201, "{link:?}");
    assert_eq!(link.value()["link"], "http://localhost/sign-in/the-secret");
    assert!(
        world.customers.desk.asked("create_sign_in_link")[0].message.contains("valid_seconds: 60")
    );
    let without = world.post(&format!("/v1/members/{id}/links")).by(&admin).send().await;
    assert_eq!(without.status, 201);
    let nameless = world.post("/v1/members").by(&admin).json(&json!({"name": ""}));
    let refused = nameless.refused(400, "invalid-request").await;
    assert_eq!(refused["errors"][0]["path"], "/name");
    let king = world.post("/v1/members").by(&admin).json(&json!({"name": "x", "roles": ["king"]}));
    king.refused(400, "invalid-request").await;
}

#[tokio::test]
async fn a_code_is_typed_into_the_app_and_a_wrong_one_is_told_kindly() {
    let world = World::new().await;
    let oma = world.someone(MEMBER);
    let pair = world.pair(&oma, "refresh-1");
    world.customers.desk.on("exchange_code", move |request: pb::ExchangeCodeRequest, caller| {
        assert!(caller.person.is_none() && request.address == "127.0.0.1");
        match request.code.as_str() {
            "012 345" => Ok(pair.clone()),
            "soon" => Err(AppError::new(Code::TooManyRequests, "Too many wrong codes from here.")
                .retry_after(std::time::Duration::from_secs(110))
                .into()),
            "12" => Err(AppError::invalid("code", "malformed", "a code has six digits").into()),
            _ => Err(AppError::new(Code::InvalidCredential, "This code opens nothing.").into()),
        }
    });
    let page = world.get("/join").header("accept", HTML).send().await;
    let forms = format!("everything_forms={}", page.cookie("everything_forms").unwrap());
    let fields = page.hidden_fields("/join");
    let text = page.text();
    assert!(text.contains("inputmode=\"numeric\"") && text.contains("one-time-code"), "{text}");
    let join = async |code: &str| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(&fields).append_pair("code", code).finish();
        let call = world.post("/join").header("accept", HTML).header("cookie", &forms);
        call.form(&form).send().await
    };
    for (code, status, says) in [
        ("999999", 422, "This code opens nothing."),
        ("12", 400, "A code has six digits."),
        ("soon", 429, "Try again in about 2 min."),
    ] {
        let refused = join(code).await;
        assert_eq!(refused.status, status, "{refused:?}");
        let text = refused.text();
        assert!(text.contains(says) && !text.contains(&format!("value=\"{code}\"")), "{text}");
        assert_eq!(refused.header("retry-after"), if status == 429 { "110" } else { "" });
        assert_eq!(refused.cookie("everything_access"), None);
    }
    let joined = join("012 345").await;
    assert_eq!((joined.status.as_u16(), joined.header("location")), (303, "/"));
    assert_eq!(joined.cookie("everything_refresh"), Some("refresh-1"));
    let rest = world.post("/v1/session/code").json(&json!({"code": "012 345"})).send().await;
    assert_eq!(rest.status, 201, "{rest:?}");
    world
        .post("/v1/session/code")
        .json(&json!({"code": "1"}))
        .refused(401, "invalid-credential")
        .await;
}
