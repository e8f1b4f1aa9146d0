//! `everything.order.v1.OrderService`: takes requests apart, asks the app, and
//! answers. Who may call what is enforced at the door (`wire::access`); whose
//! order it is, here.

use order_domain::{Command, Reader};
use runtime::{AppError, grpc::Caller};
use tonic::{Request, Response, Status};
use types::{Role, Roles, Scope, Timestamp};
use wire::order::v1::{self as pb, order_service_server::OrderService};

use crate::app::App;

mod again;
mod children;
mod commands;
mod menu;
mod orders;
mod privacy;
mod watch;

/// The handlers of all methods. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    app: App,
    log: outbox::Log,
}

type Answer<T> = Result<Response<T>, Status>;

impl Handlers {
    pub(crate) const fn new(app: App, log: outbox::Log) -> Self {
        Self { app, log }
    }

    /// The person who asks, with the children whom they look after. A token of their
    /// own is for what is theirs: with it a barista is no barista, and nobody a
    /// guardian. Memory.
    fn reader<T>(&self, request: &Request<T>) -> Result<Reader, AppError> {
        let person = Caller::of(request)?.person()?;
        let (roles, wards) = match person.scope {
            Scope::Usual | Scope::ReadOrders => {
                (Roles::from([Role::Member]), order_domain::Wards::default())
            }
            Scope::Full
            | Scope::Counter
            | Scope::Display
            | Scope::Kiosk
            | Scope::Reports
            | Scope::Guest => (person.roles, self.app.wards_of(person.member)),
        };
        Ok(Reader { member: person.member, roles, wards })
    }

    /// An order as this reader gets it. Memory, or two queries for the estimate now and then.
    async fn shown(&self, order: &order_domain::Order, reader: &Reader) -> pb::Order {
        let ready_at = self.ready_at(order).await;
        crate::convert::order::order(order, Some(reader), self.app.now(), ready_at)
    }

    /// An estimate is a courtesy: without it the order is shown all the same.
    async fn ready_at(&self, order: &order_domain::Order) -> Option<Timestamp> {
        if order.is_final() {
            return None;
        }
        self.app.counter().await.ok()?.ready_at(order)
    }
}

fn answer<T>(result: Result<T, AppError>) -> Answer<T> {
    result.map(Response::new).map_err(Status::from)
}

#[tonic::async_trait]
impl OrderService for Handlers {
    async fn get_menu(&self, request: Request<pb::GetMenuRequest>) -> Answer<pb::Menu> {
        let caller = Caller::of(&request)?;
        if let Some(person) = &caller.person {
            orders::check_oneself(person, "member_id", &request.get_ref().member_id)?;
        }
        answer(self.menu(request.into_inner()).await)
    }

    async fn search_menu(
        &self,
        request: Request<pb::SearchMenuRequest>,
    ) -> Answer<pb::SearchMenuResponse> {
        answer(self.search(request.into_inner()).await)
    }

    async fn set_availability(
        &self,
        request: Request<pb::SetAvailabilityRequest>,
    ) -> Answer<pb::Menu> {
        answer(self.availability(request.into_inner()).await)
    }

    async fn price_items(
        &self,
        request: Request<pb::PriceItemsRequest>,
    ) -> Answer<pb::PriceItemsResponse> {
        answer(self.prices(request.into_inner()).await)
    }

    async fn check_items(
        &self,
        request: Request<pb::CheckItemsRequest>,
    ) -> Answer<pb::CheckItemsResponse> {
        answer(self.check(request.into_inner()).await)
    }

    async fn get_bar(&self, _: Request<pb::GetBarRequest>) -> Answer<pb::Bar> {
        answer(self.bar().await)
    }

    async fn set_bar(&self, request: Request<pb::SetBarRequest>) -> Answer<pb::Bar> {
        answer(self.change_bar(request.into_inner()).await)
    }

    async fn place_order(
        &self,
        request: Request<pb::PlaceOrderRequest>,
    ) -> Answer<pb::PlaceOrderResponse> {
        let reader = self.reader(&request)?;
        orders::check_for_oneself(Caller::of(&request)?.person()?, &request.get_ref().items)?;
        answer(self.place(reader, request.into_inner()).await)
    }

    async fn order_favourite(
        &self,
        request: Request<pb::OrderFavouriteRequest>,
    ) -> Answer<pb::PlaceOrderResponse> {
        let (scope, reader) = (Caller::of(&request)?.person()?.scope, self.reader(&request)?);
        answer(self.favourite(reader, scope, request.into_inner()).await)
    }

    async fn order_again(
        &self,
        request: Request<pb::OrderAgainRequest>,
    ) -> Answer<pb::PlaceOrderResponse> {
        let reader = self.reader(&request)?;
        answer(self.once_more(reader, request.into_inner()).await)
    }

    async fn get_order(&self, request: Request<pb::GetOrderRequest>) -> Answer<pb::Order> {
        let reader = self.reader(&request)?;
        answer(self.get(reader, request.into_inner()).await)
    }

    async fn list_orders(
        &self,
        request: Request<pb::ListOrdersRequest>,
    ) -> Answer<pb::ListOrdersResponse> {
        let reader = self.reader(&request)?;
        answer(self.list(reader, request.into_inner()).await)
    }

    type TellOrdersStream = privacy::Told;

    async fn tell_orders(
        &self,
        request: Request<pb::TellOrdersRequest>,
    ) -> Answer<Self::TellOrdersStream> {
        let reader = self.reader(&request)?;
        Ok(Response::new(self.tell(reader, request.into_inner())))
    }

    async fn forget_member(
        &self,
        request: Request<pb::ForgetMemberRequest>,
    ) -> Answer<pb::ForgetMemberResponse> {
        answer(self.forget(request.into_inner()).await)
    }

    async fn list_approvals(
        &self,
        request: Request<pb::ListApprovalsRequest>,
    ) -> Answer<pb::ListApprovalsResponse> {
        let reader = self.reader(&request)?;
        let pb::ListApprovalsRequest {} = request.into_inner();
        answer(self.approvals(reader).await)
    }

    async fn get_day(&self, request: Request<pb::GetDayRequest>) -> Answer<pb::Day> {
        let reader = self.reader(&request)?;
        answer(self.day(reader, request.into_inner()).await)
    }

    async fn approve_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        answer(self.approve(reader, request.into_inner()).await)
    }

    async fn refuse_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |reason| Command::Refuse { reason }).await
    }

    async fn acknowledge_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Acknowledge).await
    }

    async fn get_queue(&self, request: Request<pb::GetQueueRequest>) -> Answer<pb::Queue> {
        // The counter's tablet shows it also while nobody acts there.
        let caller = Caller::of(&request)?;
        let reader = if caller.device.is_some() { None } else { Some(self.reader(&request)?) };
        let pb::GetQueueRequest {} = request.into_inner();
        answer(self.queue(reader).await)
    }

    async fn get_display(&self, request: Request<pb::GetDisplayRequest>) -> Answer<pb::Display> {
        let pb::GetDisplayRequest {} = request.into_inner();
        answer(self.display().await)
    }

    async fn accept_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Accept).await
    }

    async fn ready_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Ready).await
    }

    async fn release_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Release).await
    }

    async fn recall_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Recall).await
    }

    async fn pick_up_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::PickUp).await
    }

    async fn cancel_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |reason| Command::Cancel { reason }).await
    }

    async fn decline_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |reason| Command::Decline { reason }).await
    }

    async fn forgive_order(
        &self,
        request: Request<pb::CommandRequest>,
    ) -> Answer<pb::CommandResponse> {
        self.plain(request, |_| Command::Forgive).await
    }

    async fn hand_over_order(
        &self,
        request: Request<pb::HandOverOrderRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        answer(self.hand_over(reader, request.into_inner()).await)
    }

    async fn amend_order(
        &self,
        request: Request<pb::AmendOrderRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        orders::check_for_oneself(Caller::of(&request)?.person()?, &request.get_ref().items)?;
        answer(self.amend(reader, request.into_inner()).await)
    }

    async fn tick_item(
        &self,
        request: Request<pb::TickItemRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        answer(self.tick(reader, request.into_inner()).await)
    }

    async fn strike_item(
        &self,
        request: Request<pb::StrikeItemRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        answer(self.strike(reader, request.into_inner()).await)
    }

    async fn replace_item(
        &self,
        request: Request<pb::ReplaceItemRequest>,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        answer(self.replace(reader, request.into_inner()).await)
    }

    type WatchEventsStream = watch::Events;

    async fn watch_events(
        &self,
        request: Request<pb::WatchEventsRequest>,
    ) -> Answer<Self::WatchEventsStream> {
        Ok(Response::new(self.watch(request.into_inner())))
    }
}
