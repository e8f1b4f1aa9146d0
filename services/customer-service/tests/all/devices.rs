//! Through the real door: shared devices, who says at them who they are, and what
//! becomes of whoever guesses.

use chrono::TimeDelta;
use customer_domain::pins::FREE_TRIES;
use customer_service::{clock, identity::devices};
use runtime::{AppError, Code, Peer, grpc::on_behalf_of};
use types::{MemberId, Role};
use wire::customer::v1::{self as pb, decide_pairing_request::Decision};

use crate::{
    access::{Caller, Client, code, sign_in},
    heard::Heard,
    house::{House, Setup, eventually, unwrapped},
};

const ADMIN: [Role; 2] = [Role::Member, Role::Admin];
const BARISTA: [Role; 2] = [Role::Member, Role::Barista];

/// An admin, a gateway, and what they do with devices.
struct Shop {
    house: House,
    server: Caller,
    ada: String,
}

impl Shop {
    async fn open() -> Self {
        let house = House::start(Setup::default()).await;
        let ada = house.member("Ada", 0, ADMIN).await;
        let ada = sign_in(&house, ada).await.access_token;
        let server = Caller::of(&house, Peer::Server);
        Self { house, server, ada }
    }

    fn client(&self) -> Client {
        self.server.client()
    }

    async fn start(&self) -> pb::StartPairingResponse {
        let request = pb::StartPairingRequest { device: "a tablet".to_owned() };
        self.client().start_pairing(request).await.unwrap().into_inner()
    }

    async fn finish(&self, device_code: &str) -> pb::FinishPairingResponse {
        let request = pb::FinishPairingRequest { device_code: device_code.to_owned() };
        self.client().finish_pairing(request).await.unwrap().into_inner()
    }

    async fn decide(
        &self,
        code: &str,
        decision: Decision,
    ) -> Result<pb::DecidePairingResponse, AppError> {
        let request =
            pb::DecidePairingRequest { user_code: code.to_owned(), decision: Some(decision) };
        unwrapped(self.client().decide_pairing(on_behalf_of(&self.ada, request).unwrap()).await)
    }

    /// A device of this kind, paired.
    async fn device(&self, kind: pb::DeviceKind) -> (pb::Device, pb::TokenPair) {
        let started = self.start().await;
        self.decide(&started.user_code, approve("Corner", kind)).await.unwrap();
        let paired = self.finish(&started.device_code).await;
        (paired.device.unwrap(), paired.tokens.unwrap())
    }

    async fn set_pin(
        &self,
        member: MemberId,
        kind: pb::PinKind,
        pin: &str,
    ) -> Result<(), AppError> {
        let request = pb::SetPinRequest {
            member_id: member.to_string(),
            kind: kind.into(),
            pin: pin.to_owned(),
        };
        let answer = self.client().set_pin(on_behalf_of(&self.ada, request).unwrap()).await;
        unwrapped(answer).map(|pb::SetPinResponse {}| ())
    }

    async fn try_pin(
        &self,
        device: &str,
        member: MemberId,
        pin: &str,
    ) -> Result<pb::TokenPair, AppError> {
        let request =
            pb::SignInAtDeviceRequest { member_id: member.to_string(), pin: pin.to_owned() };
        unwrapped(self.client().sign_in_at_device(on_behalf_of(device, request).unwrap()).await)
    }

    async fn end(&self, device: &pb::Device) -> pb::EndDeviceResponse {
        let request = pb::EndDeviceRequest { device_id: device.id.clone() };
        let request = on_behalf_of(&self.ada, request).unwrap();
        self.client().end_device(request).await.unwrap().into_inner()
    }

    async fn close(self) {
        self.server.stop().await;
        self.house.stop().await;
    }
}

fn approve(name: &str, kind: pb::DeviceKind) -> Decision {
    Decision::Approve(pb::ApprovedDevice { name: name.to_owned(), kind: kind.into() })
}

/// Of whom a token is, and for what, as every service reads it.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = base64::Engine::decode(&engine, token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_pairs_a_device_which_gets_its_own_tokens_once() {
    let shop = Shop::open().await;
    let started = shop.start().await;
    let waiting = shop.finish(&started.device_code).await;
    assert_eq!(waiting.state(), pb::PairingState::Pending);
    assert_eq!(
        (waiting.user_code.as_str(), waiting.interval_seconds),
        (started.user_code.as_str(), 5)
    );
    // Asked again at once: it is told to wait longer.
    assert_eq!(shop.finish(&started.device_code).await.interval_seconds, 10);

    // As an admin types it.
    let typed = started.user_code.to_lowercase().replace('-', " ");
    let look = pb::GetPairingRequest { user_code: typed.clone() };
    let look = || on_behalf_of(&shop.ada, look.clone()).unwrap();
    let asking = shop.client().get_pairing(look()).await.unwrap().into_inner();
    assert_eq!((asking.user_code, asking.device.as_str()), (started.user_code.clone(), "a tablet"));
    let kind = pb::DeviceKind::Counter;
    let nameless = shop.decide(&typed, approve(" ", kind)).await.unwrap_err();
    assert_eq!(nameless.fields[0].path, "name");
    let of_no_kind = shop.decide(&typed, approve("x", pb::DeviceKind::Unspecified)).await;
    assert_eq!(of_no_kind.unwrap_err().fields[0].path, "kind");
    let approved = shop.decide(&typed, approve("Counter", kind)).await.unwrap().device.unwrap();
    assert_eq!((approved.name.as_str(), approved.kind()), ("Counter", kind));
    assert_eq!(code(shop.client().get_pairing(look()).await), Code::Conflict);
    let twice = shop.decide(&typed, approve("Counter", kind)).await;
    assert_eq!(twice.unwrap_err().code, Code::Conflict);

    let paired = shop.finish(&started.device_code).await;
    assert_eq!(paired.state(), pb::PairingState::Paired);
    let tokens = paired.tokens.unwrap();
    let token = claims(&tokens.access_token);
    assert_eq!(token["sub"], approved.id);
    assert_eq!(
        (token["scope"].as_str(), token["roles"].as_array().unwrap().len()),
        (Some("counter"), 0)
    );
    assert_eq!(tokens.member_id, "");
    assert_eq!(shop.finish(&started.device_code).await.state(), pb::PairingState::Expired);

    // It renews them as everybody does, and stays a device.
    let refresh = pb::RefreshTokensRequest { refresh_token: tokens.refresh_token };
    let renewed = shop.client().refresh_tokens(refresh).await.unwrap().into_inner();
    assert_eq!(claims(&renewed.access_token)["sub"], approved.id);
    let asked = on_behalf_of(&renewed.access_token, pb::GetDeviceRequest {}).unwrap();
    let itself = shop.client().get_device(asked).await.unwrap().into_inner();
    assert_eq!(itself.device.unwrap().name, "Counter");
    let asked = on_behalf_of(&renewed.access_token, pb::GetMeRequest {}).unwrap();
    assert_eq!(code(shop.client().get_me(asked).await), Code::Unauthenticated);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_unknown_or_of_two_at_once_is_no_device() {
    let shop = Shop::open().await;
    let refused = shop.start().await;
    let said = shop.decide(&refused.user_code, Decision::Refuse(pb::Refused {})).await.unwrap();
    assert_eq!(said.device, None);
    assert_eq!(shop.finish(&refused.device_code).await.state(), pb::PairingState::Refused);
    for unknown in ["", "x", &"A".repeat(43), &"x".repeat(5_000)] {
        assert_eq!(shop.finish(unknown).await.state(), pb::PairingState::Expired, "{unknown:.10}");
    }
    let malformed = shop.decide("WDJB", approve("x", pb::DeviceKind::Kiosk)).await.unwrap_err();
    assert_eq!(
        (malformed.code, malformed.fields[0].path.as_str()),
        (Code::InvalidRequest, "user_code")
    );
    let nobodys = shop.decide("BBBB-BBBB", approve("x", pb::DeviceKind::Kiosk)).await.unwrap_err();
    assert_eq!(nobodys.code, Code::NotFound);

    // One that comes back twice at once gets its tokens once.
    let started = shop.start().await;
    shop.decide(&started.user_code, approve("x", pb::DeviceKind::Display)).await.unwrap();
    let (one, other) =
        tokio::join!(shop.finish(&started.device_code), shop.finish(&started.device_code));
    assert_eq!([one, other].iter().filter(|came| came.tokens.is_some()).count(), 1);

    // Only an admin, and only on their own device, may say what it is.
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    let bens = sign_in(&shop.house, ben).await.access_token;
    let request = pb::GetPairingRequest { user_code: started.user_code };
    let asked = on_behalf_of(&bens, request).unwrap();
    assert_eq!(code(shop.client().get_pairing(asked).await), Code::Forbidden);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_over_after_ten_minutes() {
    let shop = Shop::open().await;
    let identity = &shop.house.service.app.identity;
    let long_ago = clock::now() - TimeDelta::minutes(10);
    let old = devices::start(identity, "tablet", long_ago).await.unwrap();
    let said = shop.decide(&old.code.to_string(), approve("x", pb::DeviceKind::Kiosk)).await;
    assert_eq!(said.unwrap_err().code, Code::NotFound);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn baristas_switch_by_pin_and_what_they_do_carries_their_name() {
    let shop = Shop::open().await;
    let (_, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let tablet = tablet.access_token;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    let cleo = shop.house.member("Cleo", 0, BARISTA).await;
    let mia = shop.house.member("Mia", 0, [Role::Member]).await;
    let digits = pb::PinKind::Digits;
    let easy = shop.set_pin(ben, digits, "1234").await.unwrap_err();
    assert_eq!((easy.fields[0].path.as_str(), easy.fields[0].code.as_str()), ("pin", "too-easy"));
    let short = shop.set_pin(ben, digits, "12").await.unwrap_err();
    assert_eq!(short.fields[0].code, "malformed");
    assert_eq!(shop.try_pin(&tablet, ben, "7310").await.unwrap_err().code, Code::NoPin);
    for (member, pin) in [(ben, "7310"), (cleo, "902741"), (mia, "7310")] {
        shop.set_pin(member, digits, pin).await.unwrap();
    }

    let asked = on_behalf_of(&tablet, pb::GetDeviceRequest {}).unwrap();
    let shown = shop.client().get_device(asked).await.unwrap().into_inner();
    let may: Vec<_> =
        shown.faces.iter().filter(|face| face.may_sign_in).map(|face| face.name.as_str()).collect();
    assert_eq!(may, ["Ben", "Cleo"]);
    assert_eq!(shown.faces.len(), 4);
    // Mia has a PIN, and does not work here.
    assert_eq!(shop.try_pin(&tablet, mia, "7310").await.unwrap_err().code, Code::Forbidden);

    let bens = shop.try_pin(&tablet, ben, "7310").await.unwrap();
    let token = claims(&bens.access_token);
    assert_eq!(token["sub"], ben.to_string());
    assert_eq!(token["scope"], "counter");
    assert_eq!(token["dev"], shown.device.unwrap().id);
    let me = || on_behalf_of(&bens.access_token, pb::GetMeRequest {}).unwrap();
    assert_eq!(shop.client().get_me(me()).await.unwrap().into_inner().name, "Ben");
    // The counter's work, and nothing of Ben's own.
    let asked = on_behalf_of(&bens.access_token, pb::ListSessionsRequest::default()).unwrap();
    assert_eq!(code(shop.client().list_sessions(asked).await), Code::Forbidden);

    // Cleo comes: Ben is not there any more, everywhere.
    let cleos = shop.try_pin(&tablet, cleo, "902741").await.unwrap();
    eventually("Ben's token is refused", async || shop.client().get_me(me()).await.is_err()).await;
    let refresh = pb::RefreshTokensRequest { refresh_token: bens.refresh_token };
    assert_eq!(code(shop.client().refresh_tokens(refresh).await), Code::InvalidCredential);
    let refresh = pb::RefreshTokensRequest { refresh_token: cleos.refresh_token };
    let renewed = shop.client().refresh_tokens(refresh).await.unwrap().into_inner();
    assert_eq!(claims(&renewed.access_token)["dev"], token["dev"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_pins_make_a_member_wait_at_that_device_and_a_right_one_is_forgiven() {
    let shop = Shop::open().await;
    let (_, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let (_, other) = shop.device(pb::DeviceKind::Counter).await;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    let cleo = shop.house.member("Cleo", 0, BARISTA).await;
    shop.set_pin(ben, pb::PinKind::Digits, "7310").await.unwrap();
    shop.set_pin(cleo, pb::PinKind::Digits, "9027").await.unwrap();
    for left in (1..FREE_TRIES).rev() {
        let wrong = shop.try_pin(&tablet.access_token, ben, "0731").await.unwrap_err();
        assert_eq!(wrong.code, Code::WrongPin);
        assert_eq!(wrong.details["tries_left"], left.to_string());
    }
    // What cannot be a PIN is not a try.
    let nonsense = shop.try_pin(&tablet.access_token, ben, "pin").await.unwrap_err();
    assert_eq!(nonsense.code, Code::InvalidRequest);
    let fifth = shop.try_pin(&tablet.access_token, ben, "0731").await.unwrap_err();
    assert_eq!(
        (fifth.code, fifth.message.as_str()),
        (Code::PinLocked, "Too many wrong tries. Please wait 30 seconds.")
    );
    assert!(fifth.retry_after.is_some_and(|wait| (30..=31).contains(&wait.as_secs())));
    // Not even with the right one; elsewhere, and others, may.
    let right = shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap_err();
    assert_eq!(right.code, Code::PinLocked);
    shop.try_pin(&tablet.access_token, cleo, "9027").await.unwrap();
    shop.try_pin(&other.access_token, ben, "7310").await.unwrap();

    // Half a minute later one more is free; wrong again, and it takes twice as long.
    let later = |seconds: i32| {
        sqlx::query(
            "update pin_tries set last_wrong_at = last_wrong_at - make_interval(secs => $1)",
        )
        .bind(f64::from(seconds))
        .execute(shop.house.pool())
    };
    later(31).await.unwrap();
    let sixth = shop.try_pin(&tablet.access_token, ben, "0731").await.unwrap_err();
    assert!(sixth.message.contains("60 seconds"), "{}", sixth.message);
    later(61).await.unwrap();
    shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap();
    let wrong = shop.try_pin(&tablet.access_token, ben, "0731").await.unwrap_err();
    assert_eq!(wrong.details["tries_left"], "4", "the right one began it anew");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guesses_at_once_are_not_more_guesses() {
    let shop = Shop::open().await;
    let (_, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    shop.set_pin(ben, pb::PinKind::Digits, "7310").await.unwrap();
    let guesses = (0..8).map(|at| {
        let (shop, tablet) = (&shop, &tablet.access_token);
        async move { shop.try_pin(tablet, ben, &format!("990{at}")).await.unwrap_err().code }
    });
    let codes = futures::future::join_all(guesses).await;
    let wrong = codes.iter().filter(|code| **code == Code::WrongPin).count();
    assert_eq!(wrong, 4, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Code::WrongPin | Code::PinLocked)), "{codes:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_says_with_pictures_who_it_is_and_is_a_member_whatever_else() {
    let shop = Shop::open().await;
    let (_, kiosk) = shop.device(pb::DeviceKind::Kiosk).await;
    let dan = shop.house.member("Dan", 0, BARISTA).await;
    shop.set_pin(dan, pb::PinKind::Digits, "1593").await.unwrap();
    assert_eq!(shop.try_pin(&kiosk.access_token, dan, "1593").await.unwrap_err().code, Code::NoPin);
    shop.set_pin(dan, pb::PinKind::Pictures, "1593").await.unwrap();
    let dans = shop.try_pin(&kiosk.access_token, dan, "1593").await.unwrap();
    let token = claims(&dans.access_token);
    assert_eq!(
        (token["scope"].as_str(), &token["roles"]),
        (Some("kiosk"), &serde_json::json!(["member"]))
    );
    let asked = on_behalf_of(&shop.ada, pb::ListDevicesRequest {}).unwrap();
    let devices = shop.client().list_devices(asked).await.unwrap().into_inner().devices;
    assert_eq!(devices[0].member_id, dan.to_string());
    let asked = pb::ListPinsRequest { member_id: dan.to_string() };
    let asked = on_behalf_of(&shop.ada, asked).unwrap();
    let pins = shop.client().list_pins(asked).await.unwrap().into_inner().pins;
    assert_eq!(pins.len(), 2);
    let remove =
        pb::RemovePinRequest { member_id: dan.to_string(), kind: pb::PinKind::Pictures.into() };
    for already_so in [false, true] {
        let asked = on_behalf_of(&shop.ada, remove.clone()).unwrap();
        let answer = shop.client().remove_pin(asked).await.unwrap().into_inner();
        assert_eq!(answer.already_so, already_so);
    }
    assert_eq!(shop.try_pin(&kiosk.access_token, dan, "1593").await.unwrap_err().code, Code::NoPin);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_a_device_ends_whoever_is_signed_in_at_it() {
    let shop = Shop::open().await;
    let (device, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let (display, screen) = shop.device(pb::DeviceKind::Display).await;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    let phone = sign_in(&shop.house, ben).await;
    shop.set_pin(ben, pb::PinKind::Digits, "7310").await.unwrap();
    let bens = shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap();
    assert!(!shop.end(&device).await.already_so);
    assert!(shop.end(&device).await.already_so);
    let me = |token: &str| on_behalf_of(token, pb::GetMeRequest {}).unwrap();
    let itself = |token: &str| on_behalf_of(token, pb::GetDeviceRequest {}).unwrap();
    eventually("Ben is out", async || {
        shop.client().get_me(me(&bens.access_token)).await.is_err()
            && shop.client().get_device(itself(&tablet.access_token)).await.is_err()
    })
    .await;
    for token in [tablet.refresh_token, bens.refresh_token] {
        let refresh = pb::RefreshTokensRequest { refresh_token: token };
        assert_eq!(code(shop.client().refresh_tokens(refresh).await), Code::InvalidCredential);
    }
    assert_eq!(
        shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap_err().code,
        Code::Unauthenticated
    );
    // Nobody else is.
    shop.client().get_me(me(&phone.access_token)).await.unwrap();
    shop.client().get_device(itself(&screen.access_token)).await.unwrap();

    // A device that signs itself out is one no more.
    let out = pb::SignOutRequest { refresh_token: screen.refresh_token };
    shop.client().sign_out(out).await.unwrap();
    assert!(shop.end(&display).await.already_so);
    let asked = on_behalf_of(&shop.ada, pb::ListDevicesRequest {}).unwrap();
    assert_eq!(shop.client().list_devices(asked).await.unwrap().into_inner().devices, []);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_roles_change_at_a_tablet_keeps_the_device_and_loses_the_work() {
    let shop = Shop::open().await;
    let (device, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    shop.set_pin(ben, pb::PinKind::Digits, "7310").await.unwrap();
    let bens = shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap();
    let update = pb::UpdateMemberRequest {
        member_id: ben.to_string(),
        roles: Some(pb::RoleSet { roles: Vec::new() }),
        ..pb::UpdateMemberRequest::default()
    };
    shop.client().update_member(on_behalf_of(&shop.ada, update).unwrap()).await.unwrap();
    let refresh = pb::RefreshTokensRequest { refresh_token: bens.refresh_token };
    let renewed = shop.client().refresh_tokens(refresh).await.unwrap().into_inner();
    let token = claims(&renewed.access_token);
    assert_eq!(
        (&token["roles"], &token["dev"]),
        (&serde_json::json!(["member"]), &serde_json::json!(device.id))
    );
    assert_eq!(
        shop.try_pin(&tablet.access_token, ben, "7310").await.unwrap_err().code,
        Code::Forbidden
    );

    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_pin_signs_out_whoever_came_in_by_the_old_one() {
    let shop = Shop::open().await;
    let (_, tablet) = shop.device(pb::DeviceKind::Counter).await;
    let eve = shop.house.member("Eve", 0, ADMIN).await;
    shop.set_pin(eve, pb::PinKind::Digits, "7310").await.unwrap();
    let there = shop.try_pin(&tablet.access_token, eve, "7310").await.unwrap();
    let phone = sign_in(&shop.house, eve).await;
    shop.set_pin(eve, pb::PinKind::Digits, "0137").await.unwrap();
    let refresh = |tokens: &pb::TokenPair| pb::RefreshTokensRequest {
        refresh_token: tokens.refresh_token.clone(),
    };
    let over = shop.client().refresh_tokens(refresh(&there)).await;
    assert_eq!(code(over), Code::InvalidCredential);
    shop.client().refresh_tokens(refresh(&phone)).await.unwrap();
    shop.try_pin(&tablet.access_token, eve, "0137").await.unwrap();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_sets_a_childs_pictures_and_nobody_elses_pin() {
    let shop = Shop::open().await;
    let mia = shop.house.member("Mia", 0, [Role::Member]).await;
    let mias = sign_in(&shop.house, mia).await.access_token;
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    let dan = pb::CreateMemberRequest {
        name: "Dan".to_owned(),
        kind: pb::MemberKind::Child.into(),
        guardian_ids: vec![mia.to_string()],
        ..pb::CreateMemberRequest::default()
    };
    let dan = shop.client().create_member(on_behalf_of(&shop.ada, dan).unwrap()).await.unwrap();
    let dan: MemberId = dan.into_inner().id.parse().unwrap();
    let sets = async |member: MemberId, kind: pb::PinKind, pin: &str| {
        let request = pb::SetPinRequest {
            member_id: member.to_string(),
            kind: kind.into(),
            pin: pin.to_owned(),
        };
        unwrapped(shop.client().set_pin(on_behalf_of(&mias, request).unwrap()).await)
    };
    sets(dan, pb::PinKind::Pictures, "1593").await.unwrap();
    for (member, kind, pin) in [
        (dan, pb::PinKind::Digits, "7310"),
        (ben, pb::PinKind::Digits, "7310"),
        (ben, pb::PinKind::Pictures, "1593"),
    ] {
        assert_eq!(sets(member, kind, pin).await.unwrap_err().code, Code::Forbidden);
    }
    let list = pb::ListPinsRequest { member_id: dan.to_string() };
    let pins = shop.client().list_pins(on_behalf_of(&mias, list).unwrap()).await.unwrap();
    assert_eq!(pins.into_inner().pins.len(), 1);
    let (_, kiosk) = shop.device(pb::DeviceKind::Kiosk).await;
    shop.try_pin(&kiosk.access_token, dan, "1593").await.unwrap();
    // Who has left is nobody's face any more.
    let leave = pb::RemoveMemberRequest { member_id: dan.to_string(), name: "Dan".to_owned() };
    shop.client().remove_member(on_behalf_of(&shop.ada, leave).unwrap()).await.unwrap();
    let late = shop.try_pin(&kiosk.access_token, dan, "1593").await.unwrap_err();
    assert_eq!(late.code, Code::NotFound);
    shop.close().await;
}

// On one thread, so that this thread's subscriber hears everything.
#[tokio::test]
async fn no_pin_and_no_devices_secret_is_stored_logged_or_told() {
    let heard = Heard::begin();
    let shop = Shop::open().await;
    let started = shop.start().await;
    shop.decide(&started.user_code, approve("Counter", pb::DeviceKind::Counter)).await.unwrap();
    let paired = shop.finish(&started.device_code).await.tokens.unwrap();
    let ben = shop.house.member("Ben", 0, BARISTA).await;
    shop.set_pin(ben, pb::PinKind::Digits, "731046").await.unwrap();
    let wrong = shop.try_pin(&paired.access_token, ben, "902741").await.unwrap_err();
    let bens = shop.try_pin(&paired.access_token, ben, "731046").await.unwrap();

    let shown = heard.text() + &format!("{wrong:?} {:?}", shop.house.service);
    for expected in ["paired a device", "set a PIN", "a wrong PIN", "signed in at a device"] {
        assert!(shown.contains(expected), "{expected} was not heard");
    }
    // In quotes or behind a name: six digits alone are in many a number.
    for pin in ["\"731046\"", "=731046", "\"902741\"", "=902741"] {
        assert!(!shown.contains(pin), "{pin} is shown");
    }
    for secret in [&started.device_code, &paired.refresh_token, &bens.refresh_token] {
        assert!(!shown.contains(secret.as_str()), "{secret} is shown");
    }
    assert!(!shown.contains("eyJ"), "a signed token is shown");
    let stored: Vec<String> =
        sqlx::query_scalar("select pins::text || pairings::text from pins, pairings")
            .fetch_all(shop.house.pool())
            .await
            .unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let secret = base64::Engine::decode(&engine, &started.device_code).unwrap();
    let (stored, secret) = (stored.concat(), hex::encode(secret));
    assert!(!stored.is_empty() && !stored.contains(&secret));
    shop.close().await;
}
