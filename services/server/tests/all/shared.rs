//! Shared devices: pairing, the locked counter, PINs, the kiosk, the display.

use runtime::{AppError, Code};
use serde_json::json;
use types::{DeviceId, MemberId, OrderId, Role, Scope};
use wire::{customer::v1 as pb, order::v1 as order};

use crate::{
    http_client::HTML,
    samples::{self, now},
    world::{Tablet, World},
};

const BARISTA: &[Role] = &[Role::Member, Role::Barista];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

fn device(kind: pb::DeviceKind) -> pb::Device {
    pb::Device {
        id: DeviceId::new().to_string(),
        name: "Corner <1>".to_owned(),
        kind: kind.into(),
        says: "tablet".to_owned(),
        paired_by: MemberId::new().to_string(),
        paired_at: now(),
        ..pb::Device::default()
    }
}

/// customer-service as a device of this kind sees it; Ben may sign in.
fn family(world: &World, kind: pb::DeviceKind) -> MemberId {
    let ben = MemberId::new();
    let face = |id: MemberId, name: &str, may_sign_in| pb::Face {
        id: id.to_string(),
        name: name.to_owned(),
        may_sign_in,
        ..pb::Face::default()
    };
    let faces = vec![face(ben, "Ben", true), face(MemberId::new(), "Mia", false)];
    world.customers.desk.on("get_device", move |_: pb::GetDeviceRequest, _| {
        Ok(pb::GetDeviceResponse { device: Some(device(kind)), faces: faces.clone() })
    });
    ben
}

fn pairing(world: &World, answer: impl Fn() -> pb::FinishPairingResponse + Send + Sync + 'static) {
    world.customers.desk.on("start_pairing", |_: pb::StartPairingRequest, _| {
        Ok(pb::StartPairingResponse {
            device_code: "the-secret".to_owned(),
            user_code: "WDJB-MJHT".to_owned(),
            expires_at: now(),
            interval_seconds: 5,
        })
    });
    world.customers.desk.on("finish_pairing", move |_: pb::FinishPairingRequest, _| Ok(answer()));
}

fn state(state: pb::PairingState) -> pb::FinishPairingResponse {
    pb::FinishPairingResponse {
        state: state.into(),
        user_code: "WDJB-MJHT".to_owned(),
        expires_at: now(),
        interval_seconds: 7,
        ..pb::FinishPairingResponse::default()
    }
}

#[tokio::test]
async fn a_device_shows_its_code_and_looking_alone_makes_none() {
    let world = World::new().await;
    pairing(&world, || state(pb::PairingState::Pending));
    let begin = world.get("/pair").header("accept", HTML).send().await;
    assert!(begin.text().contains("Pair this device"), "{begin:?}");
    assert_eq!(world.customers.desk.asked("start_pairing").len(), 0);
    let call = world.post("/pair").header("user-agent", "A tablet").send_form_of_nobody(&[]);
    let started = call.send().await;
    assert_eq!((started.status.as_u16(), started.header("location")), (303, "/pair"));
    assert_eq!(started.cookie("everything_pairing"), Some("the-secret"));
    assert!(started.cookies()[0].contains("HttpOnly"));
    assert!(world.customers.desk.asked("start_pairing")[0].message.contains("A tablet"));

    let waiting = || world.get("/pair").header("accept", HTML);
    let waiting = || waiting().header("cookie", "everything_pairing=the-secret");
    let page = waiting().send().await;
    let text = page.text();
    assert!(text.contains("WDJB-MJHT") && text.contains("content=\"7\""), "{text}");
    assert!(text.contains("localhost/family/devices") && text.contains("class=\"qr\""), "{text}");
    for (over, says) in
        [(pb::PairingState::Refused, "not approved"), (pb::PairingState::Expired, "has expired")]
    {
        pairing(&world, move || state(over));
        let page = waiting().send().await;
        assert!(page.text().contains(says), "{page:?}");
        assert_eq!(page.cookie("everything_pairing"), Some(""));
    }
}

#[tokio::test]
async fn a_paired_device_has_a_sign_in_of_its_own_and_says_later_what_became_of_it() {
    let world = World::new().await;
    let tablet = world.device(Scope::Counter);
    let token = tablet.token.clone();
    pairing(&world, move || pb::FinishPairingResponse {
        tokens: Some(pb::TokenPair {
            access_token: token.clone(),
            refresh_token: "refresh-1".to_owned(),
            refresh_expires_at: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            ..pb::TokenPair::default()
        }),
        device: Some(device(pb::DeviceKind::Counter)),
        ..state(pb::PairingState::Paired)
    });
    let paired = world.get("/pair").header("accept", HTML);
    let paired = paired.header("cookie", "everything_pairing=the-secret").send().await;
    assert_eq!((paired.status.as_u16(), paired.header("location")), (303, "/who"));
    assert_eq!(paired.cookie("everything_device_access"), Some(tablet.token.as_str()));
    assert_eq!(paired.cookie("everything_device_refresh"), Some("refresh-1"));
    assert_eq!(paired.cookie("everything_pairing"), Some(""));
    assert_eq!(paired.cookie("everything_access"), Some(""), "nobody else is signed in there");
    let marker = paired.cookie("everything_paired_as").unwrap().to_owned();

    // Whatever it is asked for, it shows who may sign in.
    for path in ["/", "/counter", "/me", "/pair"] {
        let shown = world.get(path).showing(&tablet).send().await;
        assert_eq!((shown.status.as_u16(), shown.header("location")), (303, "/who"), "{path}");
    }
    // Unpaired meanwhile: its page says so, and offers to pair it again.
    let marker = format!("everything_paired_as={marker}");
    let revoked = tablet.session.to_string();
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    world.customers.revocations.send_modify(|list| list.push((revoked, until)));
    world.until("it is unpaired", |world| world.app.verifier().is_revoked(tablet.session)).await;
    let out = world.get("/who").showing(&tablet).header("cookie", &marker).send().await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/sign-in"));
    let led = world.get("/sign-in").header("cookie", &marker).send().await;
    assert_eq!(led.header("location"), "/pair");
    let page = world.get("/pair").header("accept", HTML).header("cookie", &marker).send().await;
    assert!(page.text().contains("This device was unpaired"), "{page:?}");
    let forget = world.post("/pair").header("cookie", &marker);
    let forgotten = forget.send_form_of_nobody(&[("forget", "1")]).send().await;
    assert_eq!(forgotten.header("location"), "/sign-in");
    assert_eq!(forgotten.cookie("everything_paired_as"), Some(""));
}

#[tokio::test]
async fn a_locked_counter_shows_the_board_and_who_may_come() {
    let world = World::new().await;
    family(&world, pb::DeviceKind::Counter);
    let tablet = world.device(Scope::Counter);
    let placed_by = MemberId::new().to_string();
    world.orders.desk.on("get_queue", move |_: order::GetQueueRequest, caller| {
        assert!(caller.device.is_some() && caller.person.is_none());
        let allowed = Vec::new();
        let shown = samples::order(&OrderId::new().to_string(), &placed_by);
        let orders = vec![order::Order { allowed, ..shown }];
        Ok(order::Queue { orders, bar: Some(samples::open_bar()), position: "e1-0".to_owned() })
    });
    let page = world.get("/who").showing(&tablet).send().await;
    let text = page.text();
    assert!(text.contains("Corner &#60;1&#62;") && text.contains("Ben"), "{text}");
    assert!(!text.contains("Mia") && text.contains("Flat white"), "{text}");
    assert!(text.contains("data-board=\"/who/board\"") && !text.contains("/accept"), "{text}");
    let board = world.get("/who/board").showing(&tablet).send().await;
    assert!(board.text().contains("#12"), "{board:?}");
    assert_eq!(world.get("/who/bar").showing(&tablet).send().await.status, 200);
}

/// Taps the keys one after the other, as a browser without script does.
async fn tap(
    world: &World,
    tablet: &Tablet,
    path: &str,
    keys: &[&str],
) -> crate::http_client::Answer {
    let mut typed = String::new();
    let mut last = None;
    for key in keys {
        let form = [("typed", typed.as_str()), ("key", key)];
        let answer = world.post(path).send_form_at(tablet, &form).send().await;
        if answer.status == 200 {
            let fields = answer.hidden_fields(path);
            typed = fields.into_iter().find(|(name, _)| name == "typed").unwrap().1;
        }
        last = Some(answer);
    }
    last.unwrap()
}

#[tokio::test]
async fn a_barista_taps_a_pin_without_script_and_the_tablet_is_theirs_for_a_while() {
    let world = World::new().await;
    let ben = family(&world, pb::DeviceKind::Counter);
    let tablet = world.device(Scope::Counter);
    let bens = world.someone_at(BARISTA, Scope::Counter);
    let pair = world.pair(&bens, "bens-refresh");
    world.customers.desk.on("sign_in_at_device", move |request: pb::SignInAtDeviceRequest, _| {
        match request.pin.as_str() {
            "7310" => Ok(pair.clone()),
            "9999" => {
                let says = "Too many wrong tries. Please wait 30 seconds.";
                let wait = std::time::Duration::from_secs(31);
                Err(AppError::new(Code::PinLocked, says).retry_after(wait).into())
            }
            _ => Err(AppError::new(Code::WrongPin, "That was not it.").into()),
        }
    });
    let path = format!("/who/{ben}");
    let keys = world.get(&path).showing(&tablet).send().await;
    assert!(keys.text().contains("aria-label=\"7\"") && keys.text().contains(">OK<"), "{keys:?}");
    let in_ = tap(&world, &tablet, &path, &["7", "3", "0", "back", "1", "0", "ok"]).await;
    assert_eq!((in_.status.as_u16(), in_.header("location")), (303, "/counter"));
    assert_eq!(in_.cookie("everything_access"), Some(bens.token.as_str()));
    let lasts = in_.cookies().into_iter().filter(|cookie| cookie.contains("Max-Age=300")).count();
    assert_eq!(lasts, 2, "{:?}", in_.cookies());

    let wrong = tap(&world, &tablet, &path, &["1", "2", "3", "4", "ok"]).await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.text().contains("That was not it."), "{wrong:?}");
    assert_eq!(wrong.hidden_fields(&path).iter().find(|field| field.0 == "typed").unwrap().1, "");
    let locked = tap(&world, &tablet, &path, &["9", "9", "9", "9", "ok"]).await;
    assert_eq!((locked.status.as_u16(), locked.header("retry-after")), (429, "31"));
    let text = locked.text();
    assert!(text.contains("wait 30 seconds") && text.contains(&format!("31;url={path}")), "{text}");
    assert!(text.contains("value=\"ok\" disabled"), "{text}");
    let stranger = world.get(&format!("/who/{}", MemberId::new())).showing(&tablet).send().await;
    assert_eq!(stranger.status, 404);
}

#[tokio::test]
async fn whoever_does_something_at_a_tablet_stays_and_their_page_alone_keeps_nobody() {
    let world = World::new().await;
    let bens = world.someone_at(BARISTA, Scope::Counter);
    let tablet = world.device(Scope::Counter);
    let both = |path: &str| world.get(path).browsing(&bens).showing(&tablet);
    let acted = both("/counter").send().await;
    assert_eq!(acted.status, 200, "{acted:?}");
    assert!(acted.text().contains("data-idle=\"300\"") && acted.text().contains("Switch"));
    assert!(!acted.text().contains("href=\"/me\""));
    assert_eq!(acted.cookie("everything_access"), Some(bens.token.as_str()));
    assert!(acted.cookies().iter().all(|cookie| cookie.contains("Max-Age=300")), "{acted:?}");
    let by_itself = both("/counter/board").header("everything-by-itself", "1").send().await;
    assert_eq!((by_itself.status.as_u16(), by_itself.cookies().len()), (200, 0), "{by_itself:?}");
    // The way back is not open to who is signed in.
    assert_eq!(both("/who").send().await.header("location"), "/counter");

    let left = world.post("/who").header("cookie", "everything_refresh=bens-refresh");
    let left = left.send_form(&bens, &[]).send().await;
    assert_eq!((left.status.as_u16(), left.header("location")), (303, "/who"));
    assert_eq!(left.cookie("everything_access"), Some(""));
    assert!(world.customers.desk.asked("sign_out")[0].message.contains("bens-refresh"));

    // On one's own phone nothing of this happens.
    let phone = world.someone(BARISTA);
    let own = world.get("/counter").browsing(&phone).send().await;
    assert!(!own.text().contains("data-idle") && !own.text().contains("Switch"));
    assert!(own.cookie("everything_access").is_none());
}

#[tokio::test]
async fn whose_sign_in_at_a_tablet_is_over_leaves_the_tablet_behind() {
    let world = World::new().await;
    family(&world, pb::DeviceKind::Counter);
    let tablet = world.device(Scope::Counter);
    let bens = world.someone_at(BARISTA, Scope::Counter);
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    let session = bens.session.to_string();
    world.customers.revocations.send_modify(|list| list.push((session, until)));
    world.until("it is over", |world| world.app.verifier().is_revoked(bens.session)).await;
    let shown = world.get("/counter").browsing(&bens).showing(&tablet).send().await;
    assert_eq!((shown.status.as_u16(), shown.header("location")), (303, "/who"));
}

#[tokio::test]
async fn nobody_signs_in_for_good_at_a_shared_device() {
    let world = World::new().await;
    family(&world, pb::DeviceKind::Kiosk);
    let kiosk = world.device(Scope::Kiosk);
    let bens = world.someone_at(&[Role::Member], Scope::Kiosk);
    for path in ["/sign-in/a-secret", "/sign-in/passkey", "/join", "/guest/a-secret"] {
        let form = [("name", "Leo"), ("code", "123456"), ("credential", "{}")];
        let alone = world.post(path).send_form_at(&kiosk, &form).send().await;
        let used = world.post(path).send_form(&bens, &form).send().await;
        assert!(alone.cookie("everything_access").is_none(), "{path}");
        for answer in [alone, used] {
            let seen = (answer.status.as_u16(), answer.header("location"));
            assert_eq!(seen, (303, "/kiosk"), "{path}");
        }
    }
    let desk = &world.customers.desk;
    for call in ["exchange_sign_in_link", "exchange_code", "enter_as_guest"] {
        assert_eq!(desk.asked(call).len(), 0, "{call}");
    }
    // What customer-service knows no more is no device any more.
    desk.on("get_device", |_: pb::GetDeviceRequest, _| {
        let says = "This device was unpaired.";
        Err::<pb::GetDeviceResponse, _>(AppError::new(Code::Unauthenticated, says).into())
    });
    let over = world.get("/sign-in").showing(&kiosk).send().await;
    assert_eq!((over.status.as_u16(), over.header("location")), (303, "/pair"));
    assert_eq!(over.cookie("everything_device_access"), Some(""));
}

#[tokio::test]
async fn a_child_orders_at_the_kiosk_which_goes_back_by_itself() {
    let world = World::new().await;
    let ben = family(&world, pb::DeviceKind::Kiosk);
    let kiosk = world.device(Scope::Kiosk);
    let faces = world.get("/kiosk").showing(&kiosk).send().await;
    assert!(faces.text().contains(&format!("href=\"/kiosk/{ben}\"")), "{faces:?}");
    let bens = world.someone_at(&[Role::Member], Scope::Kiosk);
    let pair = world.pair(&bens, "bens-refresh");
    world.customers.desk.on("sign_in_at_device", move |request: pb::SignInAtDeviceRequest, _| {
        assert_eq!(request.pin, "1593");
        Ok(pair.clone())
    });
    // The fourth picture is the last: nobody says OK.
    let in_ = tap(&world, &kiosk, &format!("/kiosk/{ben}"), &["1", "5", "9", "3"]).await;
    assert_eq!((in_.status.as_u16(), in_.header("location")), (303, "/"), "{in_:?}");
    assert!(in_.cookies().iter().any(|cookie| cookie.contains("Max-Age=60")), "{in_:?}");

    world.orders.desk.on("get_menu", |_: order::GetMenuRequest, _| Ok(samples::menu()));
    world.orders.desk.on("get_bar", |_: order::GetBarRequest, _| Ok(samples::open_bar()));
    let drink = world.get("/menu/flat-white").browsing(&bens).send().await;
    let text = drink.text();
    assert!(text.contains("I would like this") && !text.contains("For whom?"), "{text}");
    let placed_by = bens.member.to_string();
    world.orders.desk.on("place_order", move |_: order::PlaceOrderRequest, _| {
        let order = Some(samples::order(&OrderId::new().to_string(), &placed_by));
        Ok(order::PlaceOrderResponse { order, repeated_request: false })
    });
    let order = world.post("/menu/flat-white").header("cookie", "everything_refresh=bens-refresh");
    let order = order.send_form(&bens, &[("key", "a-key-for-it"), ("size", "small")]).send().await;
    assert_eq!(
        (order.status.as_u16(), order.header("location")),
        (303, "/kiosk/done?number=12&held=false")
    );
    assert_eq!(order.cookie("everything_access"), Some(""));
    assert_eq!(world.customers.desk.asked("sign_out").len(), 1);
    let done = world.get("/kiosk/done?number=12").showing(&kiosk).send().await;
    assert!(done.text().contains("#12") && done.text().contains("8;url=/kiosk"), "{done:?}");
}

#[tokio::test]
async fn a_display_is_live_and_shows_who_may_come() {
    let world = World::new().await;
    let ben = family(&world, pb::DeviceKind::Display);
    let display = world.device(Scope::Display);
    world.orders.desk.on("get_display", move |_: order::GetDisplayRequest, _| {
        let ready = order::DisplayedOrder {
            number: 12,
            state: order::OrderState::Ready.into(),
            member_ids: vec![ben.to_string()],
            guests: vec!["Leo <3".to_owned()],
        };
        let bar = Some(samples::open_bar());
        Ok(order::Display { orders: vec![ready], bar, position: "e1-4".to_owned() })
    });
    let page = world.get("/display").showing(&display).send().await;
    let text = page.text();
    assert!(
        text.contains("Ben and Leo &#60;3") && text.contains("data-position=\"e1-4\""),
        "{text}"
    );
    let shown = world.get("/v1/display").by_device(&display).send().await.value();
    assert_eq!(
        (&shown["orders"][0]["number"], &shown["orders"][0]["state"]),
        (&json!(12), &json!("ready"))
    );

    let mut live = world.get("/v1/events").by_device(&display).listen().await;
    world.orders.log.append(samples::changed(OrderId::new(), MemberId::new(), 3));
    assert_eq!(live.event().await.unwrap().event, "order");
}

#[tokio::test]
async fn an_admin_types_a_code_sees_what_asks_and_says_what_it_is() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    world.customers.desk.on("get_pairing", |request: pb::GetPairingRequest, _| {
        if request.user_code.contains("BBBB") {
            return Err(AppError::new(Code::NotFound, "no device shows this code").into());
        }
        let device = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) Safari/604.1".to_owned();
        let user_code = "WDJB-MJHT".to_owned();
        Ok(pb::Pairing { user_code, device, asked_at: now(), expires_at: now() })
    });
    world.customers.desk.on("decide_pairing", |request: pb::DecidePairingRequest, _| match request
        .decision
    {
        Some(pb::decide_pairing_request::Decision::Approve(approved))
            if approved.name.trim().is_empty() =>
        {
            Err(AppError::invalid("name", "malformed", "a device has a name").into())
        }
        _ => Ok(pb::DecidePairingResponse { device: Some(device(pb::DeviceKind::Kiosk)) }),
    });
    let paired = vec![device(pb::DeviceKind::Counter)];
    world.customers.desk.on("list_devices", move |_: pb::ListDevicesRequest, _| {
        Ok(pb::ListDevicesResponse { devices: paired.clone() })
    });
    let list = world.get("/family/devices").browsing(&admin).send().await.text();
    assert!(list.contains("Corner &#60;1&#62;") && list.contains("Unpair"), "{list}");
    let asking = "/family/devices/pair?code=wdjb%20mjht";
    let asking = world.get(asking).browsing(&admin).send().await.text();
    assert!(asking.contains("iPad, Safari") && asking.contains("WDJB-MJHT"), "{asking}");
    let unknown = world.get("/family/devices/pair?code=BBBB-BBBB").browsing(&admin).send().await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("No device shows this code."), "{}", unknown.text());

    let pair = "/family/devices/pair";
    let nameless = [("code", "WDJB-MJHT"), ("name", " "), ("kind", "display")];
    let nameless = world.post(pair).send_form(&admin, &nameless).send().await;
    assert_eq!(nameless.status, 400);
    assert!(nameless.text().contains("A device has a name."), "{}", nameless.text());
    assert!(nameless.text().contains("value=\"display\" required checked"), "{}", nameless.text());
    let named = [("code", "WDJB-MJHT"), ("name", "Wall"), ("kind", "display")];
    let named = world.post(pair).send_form(&admin, &named).send().await;
    assert_eq!(named.header("location"), "/family/devices");
    let asked = &world.customers.desk.asked("decide_pairing")[1].message;
    assert!(asked.contains("\"Wall\"") && asked.contains("Display"), "{asked}");
    let refuse = [("code", "WDJB-MJHT"), ("refuse", "1")];
    world.post(pair).send_form(&admin, &refuse).send().await;
    assert!(world.customers.desk.asked("decide_pairing")[2].message.contains("Refuse"));
    let end = format!("/family/devices/{}/end", DeviceId::new());
    let ended = world.post(&end).send_form(&admin, &[]).send().await;
    assert_eq!(ended.header("location"), "/family/devices");
}

#[tokio::test]
async fn a_pin_is_set_twice_the_same_and_a_childs_picture_by_picture() {
    let world = World::new().await;
    let ben = world.someone(BARISTA);
    world.customers.desk.on("set_pin", |request: pb::SetPinRequest, _| {
        if request.pin == "1234" {
            return Err(AppError::invalid("pin", "too-easy", "everybody tries this first").into());
        }
        Ok(pb::SetPinResponse {})
    });
    let set = async |pin: &str, again: &str| {
        world.post("/me/pin").send_form(&ben, &[("pin", pin), ("again", again)]).send().await
    };
    let unlike = set("7310", "7301").await;
    assert_eq!(unlike.status, 422);
    assert!(unlike.text().contains("The two are not the same."), "{}", unlike.text());
    assert!(!unlike.text().contains("7310"), "a PIN never comes back");
    let easy = set("1234", "1234").await;
    assert_eq!(easy.status, 400);
    assert!(easy.text().contains("Everybody tries this first."), "{}", easy.text());
    assert_eq!(set("7310", "7310").await.header("location"), "/me");

    let admin = world.someone(ADMIN);
    let dan = MemberId::new();
    let pictures = [("pin", "1"), ("pin", "5"), ("pin", "9"), ("pin", "3")];
    let path = format!("/family/{dan}/pin");
    let set = world.post(&path).send_form(&admin, &pictures).send().await;
    assert_eq!(set.header("location"), format!("/family/{dan}"));
    let asked = &world.customers.desk.asked("set_pin")[2].message;
    assert!(asked.contains("Pictures") && asked.contains("\"1593\""), "{asked}");
    let removed = world.post(&path).send_form(&admin, &[("pin", ""), ("remove", "1")]).send().await;
    assert_eq!(removed.header("location"), format!("/family/{dan}"));
    assert_eq!(world.customers.desk.asked("remove_pin").len(), 1);
}

#[tokio::test]
async fn rest_pairs_a_device_and_signs_in_at_it() {
    let world = World::new().await;
    let (admin, tablet) = (world.someone(ADMIN), world.device(Scope::Counter));
    pairing(&world, || state(pb::PairingState::Pending));
    let started = world.post("/v1/pairings").json(&json!({"device": "A till"})).send().await;
    assert_eq!(started.status, 201, "{started:?}");
    let value = started.value();
    assert_eq!(value["user_code"], "WDJB-MJHT");
    assert_eq!(
        value["verification_url_complete"],
        "http://localhost/family/devices/pair?code=WDJB-MJHT"
    );
    assert_eq!(world.post("/v1/pairings").send().await.status, 201);
    let secret = json!({"device_code": "the-secret"});
    let waiting = world.post("/v1/pairings/tokens").json(&secret).send().await.value();
    assert_eq!((&waiting["state"], &waiting["interval_seconds"]), (&json!("pending"), &json!(7)));
    let pair = world.pair(&world.someone(BARISTA), "r");
    pairing(&world, move || pb::FinishPairingResponse {
        tokens: Some(pb::TokenPair { member_id: String::new(), ..pair.clone() }),
        device: Some(device(pb::DeviceKind::Kiosk)),
        ..state(pb::PairingState::Paired)
    });
    let paired = world.post("/v1/pairings/tokens").json(&secret).send().await.value();
    assert_eq!(
        (&paired["device"]["kind"], &paired["tokens"]["member"]),
        (&json!("kiosk"), &json!(null))
    );
    assert!(paired["tokens"]["access_token"].is_string());

    world.customers.desk.on("decide_pairing", |_: pb::DecidePairingRequest, _| {
        Ok(pb::DecidePairingResponse { device: Some(device(pb::DeviceKind::Counter)) })
    });
    let code = "/v1/pairings/WDJB-MJHT";
    assert_eq!(world.get(code).by(&admin).send().await.status, 200);
    let approval = json!({"name": "Corner", "kind": "counter"});
    let approved = world.post(&format!("{code}/approve")).by(&admin).json(&approval).send().await;
    assert_eq!(approved.status, 201, "{approved:?}");
    let king = json!({"name": "Corner", "kind": "king"});
    let king = world.post(&format!("{code}/approve")).by(&admin).json(&king);
    assert_eq!(king.refused(400, "invalid-request").await["errors"][0]["path"], "/kind");
    let refused = world.post(&format!("{code}/refuse")).by(&admin).send().await;
    assert_eq!(refused.status, 204, "{refused:?}");
    assert_eq!(world.get("/v1/devices").by(&admin).send().await.value(), json!({"devices": []}));
    let gone = format!("/v1/devices/{}", DeviceId::new());
    assert_eq!(world.call("DELETE", &gone).by(&admin).send().await.status, 204);
    world.call("DELETE", "/v1/devices/x").by(&admin).refused(400, "invalid-request").await;

    let ben = family(&world, pb::DeviceKind::Counter).to_string();
    let itself = world.get("/v1/device").by_device(&tablet).send().await.value();
    assert_eq!(itself["faces"][0]["may_sign_in"], true);
    let pair = world.pair(&world.someone_at(BARISTA, Scope::Counter), "r");
    world
        .customers
        .desk
        .on("sign_in_at_device", move |_: pb::SignInAtDeviceRequest, _| Ok(pair.clone()));
    let sign_in = world.post("/v1/device/session").by_device(&tablet);
    let in_ = sign_in.json(&json!({"member": ben, "pin": "7310"})).send().await;
    assert_eq!(in_.status, 201, "{in_:?}");
    world.orders.desk.on("get_queue", |_: order::GetQueueRequest, _| {
        Ok(order::Queue { bar: Some(samples::open_bar()), ..order::Queue::default() })
    });
    let queue = world.get("/v1/queue").by_device(&tablet).send().await;
    assert_eq!(queue.status, 200, "{queue:?}");

    let pins = format!("/v1/members/{}/pins", admin.member);
    assert_eq!(world.get(&pins).by(&admin).send().await.value(), json!({"pins": []}));
    let pin = world.call("PUT", &format!("{pins}/digits")).by(&admin);
    assert_eq!(pin.json(&json!({"pin": "7310"})).send().await.status, 204);
    let other = world.call("DELETE", &format!("{pins}/other")).by(&admin);
    let other = other.refused(400, "invalid-request").await;
    assert_eq!(other["errors"][0]["path"], "path:kind");
    let gone = world.call("DELETE", &format!("{pins}/pictures")).by(&admin).send().await;
    assert_eq!(gone.status, 204);
}
