//! Favourites: kept with what order-service says of them, and listed with what
//! became of them since.

use std::sync::{Arc, Mutex};

use runtime::{Code, Peer, Runtime, grpc::on_behalf_of, tokens::AccessTokenVerifier};
use tonic::{Request, Response, Status};
use types::{FavouriteId, MemberId, MenuItemId, Role};
use wire::{
    customer::v1 as pb,
    order::v1::{
        self as orders,
        order_service_server::{OrderService, OrderServiceServer},
    },
};

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup, by, by_person, runtime_config, unwrapped},
};
use wire::customer::v1::customer_service_server::CustomerService as _;

/// What the bar says of the one drink that it has.
#[derive(Debug, Clone)]
enum Bar {
    Costs(i64),
    Says(Code),
    Away,
}

/// order-service over its real protocol: it has flat white.
#[derive(Clone)]
struct Menu {
    bar: Arc<Mutex<Bar>>,
    item: MenuItemId,
}

macro_rules! menu_only {
    ($($method:ident($request:ty) -> $answer:ty;)*) => {
        #[tonic::async_trait]
        impl OrderService for Menu {
            async fn check_items(
                &self,
                request: Request<orders::CheckItemsRequest>,
            ) -> Result<Response<orders::CheckItemsResponse>, Status> {
                let asked = request.into_inner().items;
                let items = asked.iter().map(|item| self.check(item)).collect::<Result<_, _>>()?;
                Ok(Response::new(orders::CheckItemsResponse { items }))
            }

            type WatchEventsStream =
                futures::stream::Pending<Result<orders::LiveEvent, Status>>;

            async fn watch_events(
                &self,
                _: Request<orders::WatchEventsRequest>,
            ) -> Result<Response<Self::WatchEventsStream>, Status> {
                Err(Status::unimplemented("only the menu is played"))
            }

            type TellOrdersStream = futures::stream::Pending<Result<orders::Order, Status>>;

            async fn tell_orders(
                &self,
                _: Request<orders::TellOrdersRequest>,
            ) -> Result<Response<Self::TellOrdersStream>, Status> {
                Err(Status::unimplemented("only the menu is played"))
            }

            $(async fn $method(
                &self,
                _: Request<$request>,
            ) -> Result<Response<$answer>, Status> {
                Err(Status::unimplemented("only the menu is played"))
            })*
        }
    };
}

menu_only! {
    get_menu(orders::GetMenuRequest) -> orders::Menu;
    search_menu(orders::SearchMenuRequest) -> orders::SearchMenuResponse;
    set_availability(orders::SetAvailabilityRequest) -> orders::Menu;
    price_items(orders::PriceItemsRequest) -> orders::PriceItemsResponse;
    get_bar(orders::GetBarRequest) -> orders::Bar;
    set_bar(orders::SetBarRequest) -> orders::Bar;
    place_order(orders::PlaceOrderRequest) -> orders::PlaceOrderResponse;
    order_favourite(orders::OrderFavouriteRequest) -> orders::PlaceOrderResponse;
    order_again(orders::OrderAgainRequest) -> orders::PlaceOrderResponse;
    get_order(orders::GetOrderRequest) -> orders::Order;
    list_orders(orders::ListOrdersRequest) -> orders::ListOrdersResponse;
    forget_member(orders::ForgetMemberRequest) -> orders::ForgetMemberResponse;
    get_queue(orders::GetQueueRequest) -> orders::Queue;
    get_display(orders::GetDisplayRequest) -> orders::Display;
    accept_order(orders::CommandRequest) -> orders::CommandResponse;
    ready_order(orders::CommandRequest) -> orders::CommandResponse;
    release_order(orders::CommandRequest) -> orders::CommandResponse;
    hand_over_order(orders::HandOverOrderRequest) -> orders::CommandResponse;
    recall_order(orders::CommandRequest) -> orders::CommandResponse;
    pick_up_order(orders::CommandRequest) -> orders::CommandResponse;
    cancel_order(orders::CommandRequest) -> orders::CommandResponse;
    decline_order(orders::CommandRequest) -> orders::CommandResponse;
    forgive_order(orders::CommandRequest) -> orders::CommandResponse;
    amend_order(orders::AmendOrderRequest) -> orders::CommandResponse;
    list_approvals(orders::ListApprovalsRequest) -> orders::ListApprovalsResponse;
    get_day(orders::GetDayRequest) -> orders::Day;
    approve_order(orders::CommandRequest) -> orders::CommandResponse;
    refuse_order(orders::CommandRequest) -> orders::CommandResponse;
    acknowledge_order(orders::CommandRequest) -> orders::CommandResponse;
    tick_item(orders::TickItemRequest) -> orders::CommandResponse;
    strike_item(orders::StrikeItemRequest) -> orders::CommandResponse;
    replace_item(orders::ReplaceItemRequest) -> orders::CommandResponse;
}

impl Menu {
    fn check(&self, asked: &orders::ItemRequest) -> Result<orders::CheckedItem, Status> {
        let bar = self.bar.lock().unwrap().clone();
        match bar {
            Bar::Away => Err(Status::unavailable("away")),
            Bar::Says(code) => Ok(orders::CheckedItem {
                item: None,
                code: code.name().to_owned(),
                says: "Oat milk is sold out today.".to_owned(),
            }),
            Bar::Costs(price_beans) => Ok(orders::CheckedItem {
                item: Some(orders::Item {
                    menu_item_id: self.item.to_string(),
                    slug: "flat-white".to_owned(),
                    name: "Flat white".to_owned(),
                    size: "small".to_owned(),
                    milk: if asked.milk.is_empty() {
                        "whole".to_owned()
                    } else {
                        asked.milk.clone()
                    },
                    extras: asked.extras.clone(),
                    summary: "small".to_owned(),
                    price_beans,
                    ..orders::Item::default()
                }),
                ..orders::CheckedItem::default()
            }),
        }
    }

    /// Serves it until the runtime ends.
    fn serve() -> (Self, Runtime, String) {
        let menu = Self { bar: Arc::new(Mutex::new(Bar::Costs(3))), item: MenuItemId::new() };
        let runtime = runtime::start(Peer::OrderService, &runtime_config(Peer::OrderService));
        let runtime = runtime.unwrap();
        let config = runtime::grpc::Config::on("127.0.0.1:0".parse().unwrap());
        let bound = runtime::grpc::server(&runtime, &config, AccessTokenVerifier::new())
            .add(OrderServiceServer::new(menu.clone()))
            .bind()
            .unwrap();
        let url = format!("http://{}", bound.local_addr());
        runtime.spawn("orders", bound.serve());
        (menu, runtime, url)
    }

    fn says(&self, bar: Bar) {
        *self.bar.lock().unwrap() = bar;
    }
}

struct Kitchen {
    house: House,
    menu: Menu,
    runtime: Runtime,
}

impl Kitchen {
    async fn open() -> Self {
        let (menu, runtime, url) = Menu::serve();
        let house = House::start(Setup { orders: Some(url), ..Setup::default() }).await;
        Self { house, menu, runtime }
    }

    async fn close(self) {
        self.house.stop().await;
        self.runtime.shutdown.request();
        self.runtime.finish().await.unwrap();
    }

    async fn keep(
        &self,
        who: MemberId,
        request: pb::KeepFavouriteRequest,
    ) -> Result<pb::Favourite, runtime::AppError> {
        unwrapped(self.house.handlers.keep_favourite(by_person(who, [Role::Member], request)).await)
    }

    async fn list(&self, who: MemberId) -> Vec<pb::Favourite> {
        let request = by_person(who, [Role::Member], pb::ListFavouritesRequest {});
        unwrapped(self.house.handlers.list_favourites(request).await).unwrap().favourites
    }

    async fn get(&self, who: MemberId, id: &str) -> Result<pb::Favourite, runtime::AppError> {
        let request =
            pb::GetFavouriteRequest { member_id: who.to_string(), favourite_id: id.to_owned() };
        unwrapped(self.house.handlers.get_favourite(by(Peer::OrderService, request)).await)
    }

    async fn set_usual(&self, who: MemberId, id: &str) -> Result<(), runtime::AppError> {
        let request = pb::SetUsualRequest { favourite_id: id.to_owned() };
        let request = by_person(who, [Role::Member], request);
        unwrapped(self.house.handlers.set_usual(request).await).map(|_| ())
    }
}

fn flat_white(name: &str, milk: &str) -> pb::KeepFavouriteRequest {
    pb::KeepFavouriteRequest {
        name: name.to_owned(),
        menu_item: "flat-white".to_owned(),
        milk: milk.to_owned(),
        ..pb::KeepFavouriteRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_favourite_is_a_whole_drink_and_one_of_them_is_the_usual() {
    let kitchen = Kitchen::open().await;
    let mia = kitchen.house.member("Mia", 0, [Role::Member]).await;
    let ben = kitchen.house.member("Ben", 0, [Role::Member]).await;
    assert_eq!(kitchen.get(mia, "").await.unwrap_err().code, Code::NoUsual);
    let plain = kitchen.keep(mia, flat_white("", "")).await.unwrap();
    assert_eq!((plain.name.as_str(), plain.milk.as_str()), ("Flat white", "whole"));
    let morning = flat_white("Guten Morgen ☀️", "oat");
    let morning = pb::KeepFavouriteRequest {
        extras: vec!["extra-shot".to_owned()],
        note: "very hot".to_owned(),
        usual: true,
        ..morning
    };
    let morning = kitchen.keep(mia, morning).await.unwrap();
    assert!(morning.usual);

    let usual = kitchen.get(mia, "").await.unwrap();
    assert_eq!(usual.id, morning.id);
    assert_eq!((usual.note.as_str(), usual.price_beans), ("very hot", 3));
    assert_eq!(usual.extras, ["extra-shot"]);
    // The usual comes first; another takes its place, and none may.
    let names = |all: Vec<pb::Favourite>| -> Vec<(String, bool)> {
        all.into_iter().map(|one| (one.name, one.usual)).collect()
    };
    let (a, b) = ("Guten Morgen ☀️".to_owned(), "Flat white".to_owned());
    assert_eq!(names(kitchen.list(mia).await), [(a.clone(), true), (b.clone(), false)]);
    kitchen.set_usual(mia, &plain.id).await.unwrap();
    assert_eq!(names(kitchen.list(mia).await), [(b.clone(), true), (a.clone(), false)]);
    kitchen.set_usual(mia, "").await.unwrap();
    assert_eq!(names(kitchen.list(mia).await), [(b, false), (a, false)]);

    // Nobody else's thing is touched.
    assert!(kitchen.list(ben).await.is_empty());
    assert_eq!(kitchen.get(ben, &plain.id).await.unwrap_err().code, Code::NotFound);
    assert_eq!(kitchen.set_usual(ben, &plain.id).await.unwrap_err().code, Code::NotFound);
    let remove = |who, id: &str| {
        let request = pb::RemoveFavouriteRequest { favourite_id: id.to_owned() };
        let request = by_person(who, [Role::Member], request);
        let handlers = kitchen.house.handlers.clone();
        async move { unwrapped(handlers.remove_favourite(request).await).unwrap().already_so }
    };
    assert!(remove(ben, &plain.id).await);
    kitchen.set_usual(mia, &plain.id).await.unwrap();
    assert!(!remove(mia, &plain.id).await);
    assert!(remove(mia, &plain.id).await);
    assert_eq!(kitchen.get(mia, "").await.unwrap_err().code, Code::NoUsual);
    assert_eq!(kitchen.list(mia).await.len(), 1);
    kitchen.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_says_what_became_of_a_drink_and_is_there_without_order_service() {
    let kitchen = Kitchen::open().await;
    let mia = kitchen.house.member("Mia", 0, [Role::Member]).await;
    kitchen.keep(mia, flat_white("Mine", "oat")).await.unwrap();
    let state = async |bar: Bar| {
        kitchen.menu.says(bar);
        let now = kitchen.list(mia).await.remove(0).now;
        now.map(|now| (now.state(), now.price_beans, now.says))
    };
    use pb::FavouriteState as S;
    assert_eq!(state(Bar::Costs(3)).await, Some((S::AsKept, Some(3), String::new())));
    let (dearer, price, says) = state(Bar::Costs(5)).await.unwrap();
    assert_eq!((dearer, price), (S::PriceChanged, Some(5)));
    assert_eq!(says, "It costs 5 now, and not 3.");
    for (code, expected) in [
        (Code::SoldOut, S::SoldOut),
        (Code::NotOnTheMenu, S::NotOnTheMenu),
        (Code::ChoicesChanged, S::ChoicesChanged),
    ] {
        let (seen, price, says) = state(Bar::Says(code)).await.unwrap();
        assert_eq!((seen, price), (expected, None));
        assert!(!says.is_empty());
    }
    assert_eq!(state(Bar::Away).await, None);
    // To keep one it must be known what it is and costs.
    let refused = kitchen.keep(mia, flat_white("Another", "oat")).await.unwrap_err();
    assert_eq!(refused.code, Code::Unavailable);
    kitchen.menu.says(Bar::Says(Code::SoldOut));
    let refused = kitchen.keep(mia, flat_white("Another", "oat")).await.unwrap_err();
    assert_eq!(refused.code, Code::SoldOut);
    kitchen.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeping_again_notes_the_price_and_a_name_is_one_drinks() {
    let kitchen = Kitchen::open().await;
    let mia = kitchen.house.member("Mia", 0, [Role::Member]).await;
    let first = kitchen.keep(mia, flat_white("Mine", "oat")).await.unwrap();
    kitchen.menu.says(Bar::Costs(4));
    let again = kitchen.keep(mia, flat_white("Mine", "oat")).await.unwrap();
    assert_eq!((again.id, again.price_beans), (first.id, 4));
    let taken = kitchen.keep(mia, flat_white("Mine", "soy")).await.unwrap_err();
    assert_eq!((taken.code, taken.fields[0].path.as_str()), (Code::AlreadyExists, "name"));
    let both = tokio::join!(
        kitchen.keep(mia, flat_white("Twice", "oat")),
        kitchen.keep(mia, flat_white("Twice", "oat")),
    );
    assert_eq!(both.0.unwrap().id, both.1.unwrap().id);
    for at in 0..22 {
        kitchen.keep(mia, flat_white(&format!("No. {at}"), "oat")).await.unwrap();
    }
    let full = kitchen.keep(mia, flat_white("One more", "oat")).await.unwrap_err();
    assert_eq!(full.code, Code::TooMany);
    kitchen.keep(mia, flat_white("Mine", "oat")).await.unwrap();
    for (field, wrong) in [
        ("name", flat_white(&"x".repeat(41), "")),
        ("note", pb::KeepFavouriteRequest { note: "x".repeat(201), ..flat_white("", "") }),
        ("menu_item", pb::KeepFavouriteRequest { menu_item: String::new(), ..flat_white("", "") }),
        (
            "extras",
            pb::KeepFavouriteRequest { extras: vec![String::new(); 7], ..flat_white("", "") },
        ),
    ] {
        let refused = kitchen.keep(mia, wrong).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].path.as_str()), (Code::InvalidRequest, field));
    }
    kitchen.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_order_service_reads_a_favourite_of_somebody() {
    let kitchen = Kitchen::open().await;
    let mia = kitchen.house.member("Mia", 0, [Role::Member, Role::Admin]).await;
    let token = sign_in(&kitchen.house, mia).await.access_token;
    let server = Caller::of(&kitchen.house, Peer::Server);
    let get = pb::GetFavouriteRequest {
        member_id: mia.to_string(),
        favourite_id: FavouriteId::new().to_string(),
    };
    let mut client = server.client();
    assert_eq!(code(client.get_favourite(get.clone()).await), Code::Forbidden);
    let as_admin = on_behalf_of(&token, get).unwrap();
    assert_eq!(code(client.get_favourite(as_admin).await), Code::Forbidden);
    let list = on_behalf_of(&token, pb::ListFavouritesRequest {}).unwrap();
    assert!(client.list_favourites(list).await.unwrap().into_inner().favourites.is_empty());
    server.stop().await;
    kitchen.close().await;
}
