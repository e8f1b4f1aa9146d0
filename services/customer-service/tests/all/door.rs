//! Everybody, straight at the port: who gets in is what the table says, and whose
//! thing it is decides behind the door.

use chrono::TimeDelta;
use customer_service::identity::{
    links,
    passkeys::{self, NewOne},
};
use runtime::{Code, Peer, grpc::on_behalf_of, tokens::AccessTokenSigner};
use test_kit::{
    authenticator::{Authenticator, Challenged},
    door::Door,
};
use types::{DeviceId, MemberId, Role};
use webauthn::Registration;
use wire::{
    access::{METHODS, Whose},
    customer::v1::{self as pb, customer_service_client::CustomerServiceClient},
};

use crate::{
    access::{Caller, sign_in},
    house::{House, Setup, seed, wanted},
};

type Client = CustomerServiceClient<runtime::grpc::Channel>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_in_where_the_table_says_and_nobody_else() {
    let house = House::start(Setup::default()).await;
    let key: Vec<u8> =
        sqlx::query_scalar("select seed from signing_keys").fetch_one(house.pool()).await.unwrap();
    let signer = AccessTokenSigner::new(key.try_into().unwrap()).unwrap();
    let url = format!("http://{}", house.service.grpc);
    let ada = house.member("Ada", 0, [Role::Member, Role::Admin]).await;
    let device = DeviceId::new();
    sqlx::query(
        "insert into devices (id, name, kind, says, paired_by, paired_at)
         values ($1, 'Corner', 'counter', 'a tablet', $2, now())",
    )
    .bind(device.uuid())
    .bind(ada.uuid())
    .execute(house.pool())
    .await
    .unwrap();
    let door = Door { url, own: Peer::CustomerService, seed, signer: &signer, device };
    door.walk("/everything.customer.").await;
    house.stop().await;
}

/// What Mia has, made anew for each who tries to touch it.
struct Things {
    mia: MemberId,
    session: String,
    passkey: String,
    invitation: String,
}

async fn things(house: &House, mia: MemberId) -> Things {
    sign_in(house, mia).await;
    sqlx::query("delete from passkeys").execute(house.pool()).await.unwrap();
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let begun = passkeys::begin_registration(identity, mia, now).await.unwrap();
    let asked = Challenged {
        origin: "http://localhost:8080",
        rp_id: "localhost",
        challenge: &begun.challenge,
    };
    let made = Authenticator::new().create(asked, mia.uuid().as_bytes());
    let answer = Registration {
        client_data_json: &made.client_data_json,
        attestation_object: &made.attestation_object,
    };
    let new = NewOne { name: "phone", answer, transports: &[] };
    let kept = passkeys::finish_registration(identity, mia, new, now).await.unwrap();
    let link = links::create(identity, wanted(mia, TimeDelta::hours(1)), now).await.unwrap();
    let session: uuid::Uuid =
        sqlx::query_scalar("select id from sessions where member_id = $1 order by id desc limit 1")
            .bind(mia.uuid())
            .fetch_one(house.pool())
            .await
            .unwrap();
    let session = types::SessionId::from_uuid(session).to_string();
    let (passkey, invitation) = (kept.id.to_string(), link.id.to_string());
    Things { mia, session, passkey, invitation }
}

/// Whether somebody reaches what is Mia's by this method.
async fn reaches(client: &mut Client, method: &str, token: &str, things: &Things) -> bool {
    let Things { mia, session, passkey, invitation } = things;
    let member_id = mia.to_string();
    macro_rules! ask {
        ($call:ident, $request:expr) => {
            client.$call(on_behalf_of(token, $request).unwrap()).await.map(|answer| {
                let _ = answer.into_inner();
                true
            })
        };
    }
    let reached = match method {
        "CreateSignInLink" => {
            ask!(
                create_sign_in_link,
                pb::CreateSignInLinkRequest { member_id, ..Default::default() }
            )
        }
        "ListInvitations" => ask!(list_invitations, pb::ListInvitationsRequest { member_id }),
        "WithdrawInvitation" => {
            let id = invitation.clone();
            ask!(withdraw_invitation, pb::WithdrawInvitationRequest { id })
        }
        "ListSessions" => ask!(list_sessions, pb::ListSessionsRequest { member_id }),
        "EndSession" => {
            ask!(end_session, pb::EndSessionRequest { session_id: session.clone() })
        }
        "ListPasskeys" => ask!(list_passkeys, pb::ListPasskeysRequest { member_id }),
        "RemovePasskey" => {
            let request = pb::RemovePasskeyRequest { passkey_id: passkey.clone() };
            let request = on_behalf_of(token, request).unwrap();
            // Somebody else's is not told from one that there is not.
            client.remove_passkey(request).await.map(|answer| !answer.into_inner().already_so)
        }
        "UpdateMember" => {
            let name = Some("Mia II".to_owned());
            ask!(
                update_member,
                pb::UpdateMemberRequest { member_id, name, ..pb::UpdateMemberRequest::default() }
            )
        }
        "RemoveMember" => {
            // Without the name it goes as far as whose thing it is, and removes nobody.
            let request = pb::RemoveMemberRequest { member_id, name: String::new() };
            match client.remove_member(on_behalf_of(token, request).unwrap()).await {
                Err(status) if code_of(&status) == Code::InvalidRequest => Ok(true),
                answer => answer.map(|_| true),
            }
        }
        "GetBalance" => ask!(get_balance, pb::GetBalanceRequest { member_id }),
        "GetStatement" => {
            ask!(
                get_statement,
                pb::GetStatementRequest { member_id, ..pb::GetStatementRequest::default() }
            )
        }
        "GetStats" => ask!(get_stats, pb::GetStatsRequest { member_id }),
        _ => panic!("how does somebody reach another's thing by {method}?"),
    };
    match reached.map_err(|status| code_of(&status)) {
        Ok(reached) => reached,
        Err(Code::Forbidden | Code::NotFound) => false,
        Err(code) => panic!("{method}: {code}"),
    }
}

fn code_of(status: &tonic::Status) -> Code {
    runtime::AppError::from_status(status.clone()).code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ones_own_is_reached_by_oneself_and_by_admins_alone() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let mut client = server.client();
    let mut callers = Vec::new();
    for (name, role) in [("Ben", Role::Member), ("Bea", Role::Barista), ("Ada", Role::Admin)] {
        let member = house.member(name, 0, [Role::Member, role]).await;
        callers.push((role == Role::Admin, sign_in(&house, member).await.access_token));
    }
    callers.push((true, sign_in(&house, mia).await.access_token));
    let methods = METHODS.iter().filter(|(path, rule)| {
        path.starts_with("/everything.customer.") && rule.whose == Whose::OwnOrAdmin
    });
    let mut walked = 0;
    for (path, _) in methods {
        let method = path.rsplit('/').next().unwrap_or_default();
        for (may, token) in &callers {
            let things = things(&house, mia).await;
            let reached = reaches(&mut client, method, token, &things).await;
            assert_eq!(reached, *may, "{method}");
        }
        walked += 1;
    }
    assert!(walked >= 8, "{walked}");
    server.stop().await;
    house.stop().await;
}

/// Whether somebody with this token reaches what is about a child.
async fn looks_after(client: &mut Client, method: &str, token: &str, child: MemberId) -> bool {
    let member_id = child.to_string();
    let kind = pb::PinKind::Pictures.into();
    macro_rules! ask {
        ($call:ident, $request:expr) => {
            client.$call(on_behalf_of(token, $request).unwrap()).await.map(drop)
        };
    }
    let reached = match method {
        "GetDiner" => ask!(get_diner, pb::GetDinerRequest { member_id }),
        "SetLimits" => {
            let limits = Some(pb::Limits::default());
            ask!(set_limits, pb::SetLimitsRequest { member_id, limits })
        }
        "SetDiet" => ask!(set_diet, pb::SetDietRequest { member_id, diet: None }),
        "ListPins" => ask!(list_pins, pb::ListPinsRequest { member_id }),
        "SetPin" => {
            let pin = "1593".to_owned();
            ask!(set_pin, pb::SetPinRequest { member_id, kind, pin })
        }
        "RemovePin" => ask!(remove_pin, pb::RemovePinRequest { member_id, kind }),
        _ => panic!("how does somebody look after a child by {method}?"),
    };
    match reached.map_err(|status| code_of(&status)) {
        Ok(()) => true,
        Err(Code::Forbidden | Code::NotGuardian) => false,
        Err(code) => panic!("{method}: {code}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_a_childs_is_reached_by_its_guardians_and_admins_and_some_of_it_by_itself() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, [Role::Member, Role::Admin]).await;
    let adas = sign_in(&house, ada).await.access_token;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let mut client = server.client();
    let dan = pb::CreateMemberRequest {
        name: "Dan".to_owned(),
        kind: pb::MemberKind::Child.into(),
        guardian_ids: vec![mia.to_string()],
        ..pb::CreateMemberRequest::default()
    };
    let dan = client.create_member(on_behalf_of(&adas, dan).unwrap()).await.unwrap();
    let dan: MemberId = dan.into_inner().id.parse().unwrap();
    let mut callers = vec![("an admin", adas)];
    for (who, id) in [
        ("the guardian", mia),
        ("the child", dan),
        ("another", house.member("Ben", 0, [Role::Member]).await),
        ("a barista", house.member("Bea", 0, [Role::Member, Role::Barista]).await),
    ] {
        callers.push((who, sign_in(&house, id).await.access_token));
    }
    let methods = METHODS.iter().filter(|(path, rule)| {
        path.starts_with("/everything.customer.")
            && matches!(rule.whose, Whose::Guarded | Whose::Guardians)
    });
    let mut walked = 0;
    for (path, rule) in methods {
        let method = path.rsplit('/').next().unwrap_or_default();
        for (who, token) in &callers {
            let may = match *who {
                "an admin" | "the guardian" => true,
                // It does not take an allergy off itself.
                "the child" => rule.whose == Whose::Guarded && method != "SetDiet",
                _ => false,
            };
            assert_eq!(looks_after(&mut client, method, token, dan).await, may, "{method}, {who}");
        }
        walked += 1;
    }
    assert!(walked >= 6, "{walked}");
    server.stop().await;
    house.stop().await;
}
