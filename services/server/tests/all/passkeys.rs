//! Passkeys over REST and on the pages: what a browser is asked, what it answers,
//! and where there are none.

use runtime::{AppError, Code};
use serde_json::{Value, json};
use types::{PasskeyId, Role};
use wire::customer::v1 as pb;

use crate::{
    http_client::{Answer, HTML},
    samples::now,
    world::World,
};

const MEMBER: &[Role] = &[Role::Member];
const FORM_SECRET: &str = "the-forms-of-this-browser";

fn asking(world: &World) {
    let desk = &world.customers.desk;
    desk.on("begin_passkey_registration", |_: pb::BeginPasskeyRegistrationRequest, caller| {
        Ok(pb::PasskeyCreation {
            rp_id: "localhost".to_owned(),
            challenge: vec![255, 254, 253].into(),
            user_handle: caller.person()?.member.uuid().as_bytes().to_vec().into(),
            user_name: "Mia".to_owned(),
            algorithms: vec![-7, -257],
            exclude: vec![pb::PasskeyDescriptor {
                credential_id: vec![1, 2].into(),
                transports: vec!["internal".to_owned()],
            }],
            timeout_seconds: 300,
        })
    });
    desk.on("begin_passkey_sign_in", |_: pb::BeginPasskeySignInRequest, _| {
        let challenge = vec![255, 254, 253].into();
        Ok(pb::PasskeyChallenge { rp_id: "localhost".to_owned(), challenge, timeout_seconds: 300 })
    });
}

fn passkey(name: &str) -> pb::Passkey {
    pb::Passkey {
        id: PasskeyId::new().to_string(),
        name: name.to_owned(),
        created_at: now(),
        last_used_at: None,
        synced: true,
    }
}

fn created() -> Value {
    json!({
        "id": "AQI", "rawId": "AQI", "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": "e30", "attestationObject": "oA", "transports": ["internal"],
        },
    })
}

fn used() -> Value {
    json!({
        "id": "AQI", "type": "public-key",
        "response": {
            "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "_w",
            "userHandle": "AQ",
        },
    })
}

#[tokio::test]
async fn what_a_device_is_asked_has_the_form_that_browsers_take() {
    let world = World::new().await;
    asking(&world);
    let me = world.someone(MEMBER);
    let create = world.post("/v1/me/passkeys/options").by(&me).send().await;
    assert_eq!(create.status, 200, "{create:?}");
    let create = create.value();
    assert_eq!(create["challenge"], "__79", "base64url, no padding");
    assert_eq!(create["rp"], json!({"id": "localhost", "name": "Everything"}));
    assert_eq!(create["user"]["displayName"], "Mia");
    let key = |alg: i64| json!({"type": "public-key", "alg": alg});
    assert_eq!(create["pubKeyCredParams"], json!([key(-7), key(-257)]));
    let had = json!([{"type": "public-key", "id": "AQI", "transports": ["internal"]}]);
    assert_eq!(create["excludeCredentials"], had);
    let device = json!({
        "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
    });
    assert_eq!(create["authenticatorSelection"], device);
    assert_eq!((&create["timeout"], &create["attestation"]), (&json!(300_000), &json!("none")));
    // Nobody need be signed in to be asked to, and nobody is named.
    let get = world.post("/v1/session/passkey/options").send().await.value();
    let expected = json!({
        "challenge": "__79", "timeout": 300_000, "rpId": "localhost",
        "userVerification": "required",
    });
    assert_eq!(get, expected);
}

#[tokio::test]
async fn what_a_device_answers_reaches_the_service_as_bytes() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let desk = &world.customers.desk;
    desk.on("finish_passkey_registration", |_: pb::FinishPasskeyRegistrationRequest, _| {
        Ok(passkey("Phone"))
    });
    let pair = world.pair(&me, "refresh-1");
    desk.on("finish_passkey_sign_in", move |_: pb::FinishPasskeySignInRequest, _| Ok(pair.clone()));
    let body = json!({"name": "Phone", "credential": created()});
    let kept = world.post("/v1/me/passkeys").by(&me).json(&body).send().await;
    assert_eq!((kept.status.as_u16(), &kept.value()["name"]), (201, &json!("Phone")));
    let asked = &desk.asked("finish_passkey_registration")[0].message;
    assert!(asked.contains("b\"{}\"") && asked.contains("\"internal\""), "{asked}");
    let body = json!({"credential": used(), "device": "watch"});
    let tokens = world.post("/v1/session/passkey").json(&body).send().await;
    assert_eq!(tokens.status, 201, "{tokens:?}");
    assert_eq!(tokens.value()["refresh_token"], "refresh-1");
    let asked = &desk.asked("finish_passkey_sign_in")[0].message;
    assert!(asked.contains("\"watch\"") && asked.contains("b\"\\x01\\x02\""), "{asked}");
}

#[tokio::test]
async fn a_wrong_answer_is_refused_by_its_field() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let with = |field: &str, value: Value| {
        let mut credential = used();
        credential["response"][field] = value;
        credential
    };
    for (credential, path, code) in [
        (json!({}), "/credential", "missing"),
        (with("signature", json!("_w==")), "/credential/response/signature", "invalid"),
        (with("signature", json!(7)), "/credential/response/signature", "wrong-type"),
        (with("userHandle", json!(null)), "/credential/response/userHandle", "wrong-type"),
    ] {
        let body = json!({"credential": credential});
        let call = world.post("/v1/session/passkey").json(&body);
        let problem = call.refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    let extra = json!({"credential": created(), "colour": "red"});
    let extra = world.post("/v1/me/passkeys").by(&me).json(&extra);
    assert_eq!(extra.refused(400, "invalid-request").await["errors"][0]["path"], "/colour");
    let call = world.call("DELETE", "/v1/passkeys/ses_01h455vb4pex5vsknk084sn02q").by(&me);
    assert_eq!(call.refused(400, "invalid-request").await["errors"][0]["path"], "path:id");
    world.customers.desk.on(
        "finish_passkey_registration",
        |_: pb::FinishPasskeyRegistrationRequest, _| {
            let wrong = "credential.response.clientDataJSON";
            Err::<pb::Passkey, _>(AppError::invalid(wrong, "malformed", "is no JSON").into())
        },
    );
    let call = world.post("/v1/me/passkeys").by(&me).json(&json!({"credential": created()}));
    let problem = call.refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "/credential/response/clientDataJSON");
    assert!(world.customers.desk.asked("finish_passkey_sign_in").is_empty());
}

async fn me_under(world: &World, host: &str) -> String {
    let me = world.someone(MEMBER);
    let page = world.get("/me").browsing(&me).header("host", host).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    page.text()
}

#[tokio::test]
async fn a_page_makes_passkeys_at_the_houses_name_and_elsewhere_says_why_not() {
    const FORM: &str = "data-passkey=\"create\"";
    let world = World::new().await;
    world.customers.desk.on("list_passkeys", |_: pb::ListPasskeysRequest, _| {
        Ok(pb::ListPasskeysResponse { passkeys: vec![passkey("Phone <1>")] })
    });
    let here = me_under(&world, "LOCALHOST").await;
    assert!(here.contains(FORM) && here.contains("Phone &#60;1&#62;"), "{here}");
    for elsewhere in ["127.0.0.1", "localhost:8080", "coffee.home"] {
        let page = me_under(&world, elsewhere).await;
        assert!(!page.contains(FORM), "{elsewhere}");
        assert!(page.contains("They work at <a href=\"http://localhost/sign-in\">"), "{page}");
        // What is there can be removed all the same.
        assert!(page.contains("action=\"/me/passkeys/remove\""), "{page}");
    }
    for (url, why) in [
        ("http://coffee.home", "browsers give them to HTTPS only"),
        ("https://127.0.0.1", "known by a number"),
    ] {
        let world = World::with(|config| config.public_url = url.parse().unwrap()).await;
        let (_, host) = url.split_once("//").unwrap();
        let page = me_under(&world, host).await;
        assert!(!page.contains(FORM) && page.contains(why), "{page}");
    }
}

#[tokio::test]
async fn a_passkey_that_is_not_kept_says_so_beside_its_form() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let desk = &world.customers.desk;
    let register = async |credential: String| {
        let fields = [("name", "Oma’s <phone>"), ("credential", credential.as_str())];
        let call = world.post("/me/passkeys").header("host", "localhost");
        call.send_form(&me, &fields).send().await
    };
    let nothing = register(String::new()).await;
    assert_eq!(nothing.status, 400);
    assert!(nothing.text().contains("Your browser sent no passkey"), "{nothing:?}");
    desk.on("finish_passkey_registration", |_: pb::FinishPasskeyRegistrationRequest, _| {
        let says = "That took longer than five minutes.";
        Err::<pb::Passkey, _>(AppError::new(Code::PasskeyTooLate, says).into())
    });
    let late = register(created().to_string()).await;
    assert_eq!(late.status, 409);
    let text = late.text();
    assert!(text.contains("longer than five minutes"), "{text}");
    assert!(text.contains("value=\"Oma’s &#60;phone&#62;\""), "what was typed is kept: {text}");
    desk.on("finish_passkey_registration", |_: pb::FinishPasskeyRegistrationRequest, _| {
        Ok(passkey("Phone"))
    });
    let kept = register(created().to_string()).await;
    assert_eq!((kept.status.as_u16(), kept.header("location")), (303, "/me#passkeys"));
}

async fn sign_in(world: &World, credential: &str) -> Answer {
    let token = server::auth::csrf::token(FORM_SECRET, None);
    let mut form = form_urlencoded::Serializer::new(String::new());
    let form = form.append_pair("csrf", &token).append_pair("credential", credential).finish();
    let call = world.post("/sign-in/passkey").header("accept", HTML).header("host", "localhost");
    call.header("cookie", format!("everything_forms={FORM_SECRET}")).form(&form).send().await
}

#[tokio::test]
async fn a_passkey_signs_a_browser_in_or_the_page_says_why_not() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let desk = &world.customers.desk;
    let page = world.get("/sign-in").header("accept", HTML).header("host", "localhost");
    assert!(page.send().await.text().contains("data-passkey=\"get\""));
    for (code, status, says) in [
        (Code::PasskeyUnknown, 401, "This passkey is not known here."),
        (Code::PasskeyElsewhere, 422, "Passkeys work at another address."),
        (Code::PasskeyTooLate, 409, "A passkey’s answer counts once."),
    ] {
        desk.on("finish_passkey_sign_in", move |_: pb::FinishPasskeySignInRequest, _| {
            Err::<pb::TokenPair, _>(AppError::new(code, says).into())
        });
        let refused = sign_in(&world, &used().to_string()).await;
        assert_eq!(refused.status, status, "{refused:?}");
        let text = refused.text();
        assert!(text.contains(says) && text.contains("data-passkey=\"get\""), "{text}");
        // Only what is not known here may be forgotten by the browser.
        let forget = text.contains("data-unknown-passkey=\"AQI\"");
        assert_eq!(forget, code == Code::PasskeyUnknown, "{text}");
        assert!(refused.cookies().iter().all(|cookie| !cookie.contains("access")));
    }
    let nothing = sign_in(&world, "{}").await;
    assert_eq!(nothing.status, 400);
    let pair = world.pair(&me, "refresh-1");
    desk.on("finish_passkey_sign_in", move |_: pb::FinishPasskeySignInRequest, _| Ok(pair.clone()));
    let entered = sign_in(&world, &used().to_string()).await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/"));
    assert_eq!(entered.cookie("everything_access"), Some(&*me.token));
}

#[tokio::test]
async fn another_sites_page_signs_nobody_in() {
    let world = World::new().await;
    let body = json!({"credential": used()});
    let call = world.post("/v1/session/passkey").json(&body);
    call.header("sec-fetch-site", "cross-site").refused(403, "cross-origin").await;
    let form = world.post("/sign-in/passkey").header("accept", HTML).form("credential=x");
    assert_eq!(form.send().await.status, 403, "a form without its token");
    assert!(world.customers.desk.asked("finish_passkey_sign_in").is_empty());
}
