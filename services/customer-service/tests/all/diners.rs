//! Through the real door: limits and diets, and who may say what about whom.

use runtime::{AppError, Code, Peer, grpc::on_behalf_of};
use types::{MemberId, Role};
use wire::customer::v1 as pb;

use crate::{
    access::{Caller, code, sign_in},
    children::child_of,
    house::{House, Setup},
};

struct Home {
    house: House,
    server: Caller,
    /// An admin; Ben, who looks after Dan; Eve, who does not.
    ada: String,
    ben: String,
    eve: String,
    dan: String,
    dan_id: MemberId,
    ben_id: MemberId,
}

impl Home {
    async fn open() -> Self {
        let house = House::start(Setup::default()).await;
        let ada = house.member("Ada", 0, [Role::Member, Role::Admin]).await;
        let ben_id = house.member("Ben", 0, [Role::Member]).await;
        let eve = house.member("Eve", 0, [Role::Member, Role::Barista]).await;
        let dan_id = house.member("Dan", 0, [Role::Member]).await;
        let server = Caller::of(&house, Peer::Server);
        let token = async |of| sign_in(&house, of).await.access_token;
        let (ada, ben, eve) = (token(ada).await, token(ben_id).await, token(eve).await);
        let dan = token(dan_id).await;
        let request = on_behalf_of(&ada, child_of(dan_id, &[ben_id])).unwrap();
        server.client().update_member(request).await.unwrap();
        Self { house, server, ada, ben, eve, dan, dan_id, ben_id }
    }

    async fn limit(&self, by: &str, limits: pb::Limits) -> Result<pb::Diner, tonic::Status> {
        let member_id = self.dan_id.to_string();
        let request = pb::SetLimitsRequest { member_id, limits: Some(limits) };
        let request = on_behalf_of(by, request).unwrap();
        self.server.client().set_limits(request).await.map(tonic::Response::into_inner)
    }

    async fn avoid(&self, by: &str, of: &str, it: &[&str]) -> Result<pb::Diner, tonic::Status> {
        let avoids = it.iter().map(|it| (*it).to_owned()).collect();
        let diet = Some(pb::Diet { avoids, vegan: false });
        let request = pb::SetDietRequest { member_id: of.to_owned(), diet };
        let request = on_behalf_of(by, request).unwrap();
        self.server.client().set_diet(request).await.map(tonic::Response::into_inner)
    }

    async fn close(self) {
        self.server.stop().await;
        self.house.stop().await;
    }
}

fn named<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> (Code, String) {
    let error = AppError::from_status(answer.unwrap_err());
    let field = error.fields.first().map(|field| field.path.clone()).unwrap_or_default();
    (error.code, field)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_sets_limits_and_nobody_else_does() {
    let home = Home::open().await;
    let limits = pb::Limits {
        drinks: Some(2),
        caffeine_mg: Some(100),
        decaf_after: Some(900),
        only: Some(pb::Slugs { slugs: vec!["hot-chocolate".to_owned()] }),
    };
    let set = home.limit(&home.ben, limits.clone()).await.unwrap();
    assert_eq!(set.limits, Some(limits.clone()));
    assert_eq!(set.guardian_ids, [home.ben_id.to_string()]);
    assert_eq!(named(home.limit(&home.dan, pb::Limits::default()).await).0, Code::NotGuardian);
    assert_eq!(named(home.limit(&home.eve, pb::Limits::default()).await).0, Code::Forbidden);
    home.limit(&home.ada, limits.clone()).await.unwrap();
    // He sees them; who has no business with him does not.
    let get = |token: &str, of: &str| {
        on_behalf_of(token, pb::GetDinerRequest { member_id: of.to_owned() }).unwrap()
    };
    let mut client = home.server.client();
    let seen = client.get_diner(get(&home.dan, "")).await.unwrap().into_inner();
    assert_eq!(seen.limits, Some(limits));
    let dan = home.dan_id.to_string();
    assert_eq!(code(client.get_diner(get(&home.eve, &dan)).await), Code::Forbidden);
    // What makes no sense is named, and an adult has none.
    let absurd = pb::Limits { drinks: Some(-1), ..pb::Limits::default() };
    let expected = (Code::InvalidRequest, "limits.drinks".to_owned());
    assert_eq!(named(home.limit(&home.ben, absurd).await), expected);
    let absurd = pb::Limits { decaf_after: Some(1_440), ..pb::Limits::default() };
    assert_eq!(named(home.limit(&home.ben, absurd).await).1, "limits.decaf_after");
    let of_adult = pb::SetLimitsRequest {
        member_id: home.ben_id.to_string(),
        limits: Some(pb::Limits::default()),
    };
    let of_adult = on_behalf_of(&home.ada, of_adult).unwrap();
    assert_eq!(code(client.set_limits(of_adult).await), Code::Conflict);
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_diet_is_ones_own_to_say_and_a_childs_its_guardians() {
    let home = Home::open().await;
    home.avoid(&home.ben, "", &["nuts", "milk"]).await.unwrap();
    let dan = home.dan_id.to_string();
    assert_eq!(named(home.avoid(&home.dan, "", &[]).await).0, Code::NotGuardian);
    assert_eq!(named(home.avoid(&home.eve, &dan, &[]).await).0, Code::Forbidden);
    home.avoid(&home.ben, &dan, &["nuts"]).await.unwrap();
    let unknown = home.avoid(&home.ben, &dan, &["cats"]).await;
    assert_eq!(named(unknown), (Code::InvalidRequest, "diet.avoids[0]".to_owned()));
    // Limits and diet leave each other alone.
    let limits = pb::Limits { drinks: Some(1), ..pb::Limits::default() };
    let both = home.limit(&home.ben, limits.clone()).await.unwrap();
    assert_eq!(both.diet.unwrap().avoids, ["nuts"]);

    // order-service hears of everybody, and the gateway of nobody.
    let list = pb::ListDinersRequest {};
    assert_eq!(code(home.server.client().list_diners(list).await), Code::Forbidden);
    let orders = Caller::of(&home.house, Peer::OrderService);
    let all = orders.client().list_diners(list).await.unwrap().into_inner().diners;
    assert_eq!(all.len(), 4);
    let known = all.iter().find(|diner| diner.member_id == dan).unwrap();
    assert_eq!((known.kind(), known.limits.clone()), (pb::MemberKind::Child, Some(limits)));
    let ben = all.iter().find(|diner| diner.member_id == home.ben_id.to_string()).unwrap();
    assert_eq!(ben.diet.as_ref().unwrap().avoids, ["milk", "nuts"]);
    orders.stop().await;
    home.close().await;
}
