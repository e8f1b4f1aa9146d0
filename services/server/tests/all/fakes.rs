//! Scripted services. Every method answers what the test told it to, else an
//! empty message; what it was asked is remembered.

use std::{
    any::Any,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{Stream, StreamExt};
use runtime::Caller;
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use types::Timestamp;
use wire::{
    customer::v1::{self as customer, customer_service_server::CustomerService},
    order::v1::{self as order, order_service_server::OrderService},
};

type Handler<Q, A> = Arc<dyn Fn(Q, Caller) -> Result<A, Status> + Send + Sync>;

/// One service's script and memory.
#[derive(Default)]
pub(crate) struct Desk {
    handlers: Mutex<HashMap<&'static str, Box<dyn Any + Send + Sync>>>,
    delays: Mutex<HashMap<&'static str, Duration>>,
    asked: Mutex<Vec<(&'static str, Asked)>>,
}

/// One call as it came in.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The message, in its debug form.
    pub(crate) message: String,
    /// The caller's remaining budget.
    pub(crate) timeout: Option<String>,
}

impl Desk {
    /// Scripts a method.
    pub(crate) fn on<Q: 'static, A: 'static>(
        &self,
        method: &'static str,
        answer: impl Fn(Q, Caller) -> Result<A, Status> + Send + Sync + 'static,
    ) {
        let handler: Handler<Q, A> = Arc::new(answer);
        self.handlers.lock().unwrap().insert(method, Box::new(handler));
    }

    /// Lets a method take its time.
    pub(crate) fn delay(&self, method: &'static str, time: Duration) {
        self.delays.lock().unwrap().insert(method, time);
    }

    /// The calls of a method so far.
    pub(crate) fn asked(&self, method: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(name, _)| *name == method).map(|(_, asked)| asked.clone()).collect()
    }

    async fn answer<Q, A>(
        &self,
        method: &'static str,
        request: Request<Q>,
    ) -> Result<Response<A>, Status>
    where
        Q: std::fmt::Debug + 'static,
        A: Default + 'static,
    {
        let caller = Caller::of(&request)?.clone();
        let timeout = request.metadata().get("grpc-timeout");
        let timeout = timeout.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let message = request.into_inner();
        let asked = Asked { message: format!("{message:?}"), timeout };
        self.asked.lock().unwrap().push((method, asked));
        let delay = self.delays.lock().unwrap().get(method).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let handler = {
            let handlers = self.handlers.lock().unwrap();
            handlers.get(method).map(|any| {
                any.downcast_ref::<Handler<Q, A>>().expect("the script has other types").clone()
            })
        };
        match handler {
            Some(handler) => handler(message, caller).map(Response::new),
            None => Ok(Response::new(A::default())),
        }
    }
}

/// What a stream is scripted to say: messages, and perhaps the failure that ends it.
pub(crate) type Script<T> = Vec<Result<T, Status>>;
type Told<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Desk {
    /// Answers a method whose script is a list.
    async fn tell<Q, T>(
        &self,
        method: &'static str,
        request: Request<Q>,
    ) -> Result<Response<Told<T>>, Status>
    where
        Q: std::fmt::Debug + 'static,
        T: Send + 'static,
    {
        let all: Script<T> = self.answer(method, request).await?.into_inner();
        Ok(Response::new(Box::pin(futures::stream::iter(all))))
    }
}

macro_rules! scripted {
    ($trait:ident for $fake:ty { $($method:ident($request:ty) -> $answer:ty;)* } $($rest:tt)*) => {
        #[tonic::async_trait]
        impl $trait for $fake {
            $(async fn $method(
                &self,
                request: Request<$request>,
            ) -> Result<Response<$answer>, Status> {
                self.desk.answer(stringify!($method), request).await
            })*
            $($rest)*
        }
    };
}

/// order-service: its event log is a list, watched from any position.
#[derive(Clone)]
pub(crate) struct FakeOrders {
    pub(crate) desk: Arc<Desk>,
    pub(crate) log: Arc<Log>,
}

/// The events of an epoch; a position is `epoch-number`.
pub(crate) struct Log {
    state: watch::Sender<LogState>,
}

#[derive(Default)]
struct LogState {
    epoch: String,
    events: Vec<order::LiveEvent>,
    /// Streams of an older generation end.
    generation: u64,
    watched_after: Vec<String>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let state = LogState { epoch: "e1".to_owned(), ..LogState::default() };
        Self { state: watch::Sender::new(state) }
    }

    /// Appends an event and returns its position.
    pub(crate) fn append(&self, what: order::live_event::What) -> String {
        let mut position = String::new();
        self.state.send_modify(|state| {
            position = format!("{}-{}", state.epoch, state.events.len() + 1);
            let what = Some(what.clone());
            state.events.push(order::LiveEvent { position: position.clone(), what });
        });
        position
    }

    /// Many at once.
    pub(crate) fn append_all(&self, all: impl IntoIterator<Item = order::live_event::What>) {
        self.state.send_modify(|state| {
            for what in all {
                let position = format!("{}-{}", state.epoch, state.events.len() + 1);
                state.events.push(order::LiveEvent { position, what: Some(what) });
            }
        });
    }

    /// Ends all streams: the gateway has to come again.
    pub(crate) fn break_streams(&self) {
        self.state.send_modify(|state| state.generation += 1);
    }

    /// Another log: what was before is gone.
    pub(crate) fn new_epoch(&self, epoch: &str) {
        self.state.send_modify(|state| {
            epoch.clone_into(&mut state.epoch);
            state.events.clear();
            state.generation += 1;
        });
    }

    /// Where the gateway asked to begin, each time.
    pub(crate) fn watched_after(&self) -> Vec<String> {
        self.state.borrow().watched_after.clone()
    }

    pub(crate) fn head(&self) -> String {
        let state = self.state.borrow();
        format!("{}-{}", state.epoch, state.events.len())
    }
}

type Events = Pin<Box<dyn Stream<Item = Result<order::LiveEvent, Status>> + Send>>;

scripted! {
    OrderService for FakeOrders {
        get_menu(order::GetMenuRequest) -> order::Menu;
        search_menu(order::SearchMenuRequest) -> order::SearchMenuResponse;
        set_availability(order::SetAvailabilityRequest) -> order::Menu;
        price_items(order::PriceItemsRequest) -> order::PriceItemsResponse;
        check_items(order::CheckItemsRequest) -> order::CheckItemsResponse;
        order_favourite(order::OrderFavouriteRequest) -> order::PlaceOrderResponse;
        order_again(order::OrderAgainRequest) -> order::PlaceOrderResponse;
        get_bar(order::GetBarRequest) -> order::Bar;
        set_bar(order::SetBarRequest) -> order::Bar;
        place_order(order::PlaceOrderRequest) -> order::PlaceOrderResponse;
        get_order(order::GetOrderRequest) -> order::Order;
        list_orders(order::ListOrdersRequest) -> order::ListOrdersResponse;
        forget_member(order::ForgetMemberRequest) -> order::ForgetMemberResponse;
        get_queue(order::GetQueueRequest) -> order::Queue;
        get_display(order::GetDisplayRequest) -> order::Display;
        accept_order(order::CommandRequest) -> order::CommandResponse;
        ready_order(order::CommandRequest) -> order::CommandResponse;
        release_order(order::CommandRequest) -> order::CommandResponse;
        hand_over_order(order::HandOverOrderRequest) -> order::CommandResponse;
        recall_order(order::CommandRequest) -> order::CommandResponse;
        pick_up_order(order::CommandRequest) -> order::CommandResponse;
        cancel_order(order::CommandRequest) -> order::CommandResponse;
        decline_order(order::CommandRequest) -> order::CommandResponse;
        forgive_order(order::CommandRequest) -> order::CommandResponse;
        amend_order(order::AmendOrderRequest) -> order::CommandResponse;
        list_approvals(order::ListApprovalsRequest) -> order::ListApprovalsResponse;
        get_day(order::GetDayRequest) -> order::Day;
        approve_order(order::CommandRequest) -> order::CommandResponse;
        refuse_order(order::CommandRequest) -> order::CommandResponse;
        acknowledge_order(order::CommandRequest) -> order::CommandResponse;
        tick_item(order::TickItemRequest) -> order::CommandResponse;
        strike_item(order::StrikeItemRequest) -> order::CommandResponse;
        replace_item(order::ReplaceItemRequest) -> order::CommandResponse;
    }

    type TellOrdersStream = Told<order::Order>;

    async fn tell_orders(
        &self,
        request: Request<order::TellOrdersRequest>,
    ) -> Result<Response<Self::TellOrdersStream>, Status> {
        self.desk.tell("tell_orders", request).await
    }

    type WatchEventsStream = Events;

    async fn watch_events(
        &self,
        request: Request<order::WatchEventsRequest>,
    ) -> Result<Response<Events>, Status> {
        let after = request.into_inner().after;
        self.log.state.send_modify(|state| state.watched_after.push(after.clone()));
        let mut changes = self.log.state.subscribe();
        let (epoch, generation, head) = {
            let state = changes.borrow_and_update();
            (state.epoch.clone(), state.generation, state.events.len())
        };
        let here = order::live_event::What::Heartbeat(order::Heartbeat {});
        let lost = order::live_event::What::Reset(order::Reset {});
        let (mut sent, opening) = match after.rsplit_once('-') {
            Some((theirs, number)) if theirs == epoch => (number.parse().unwrap(), here),
            Some(_) => (head, lost),
            None => (head, here),
        };
        let position = format!("{epoch}-{sent}");
        let opening = order::LiveEvent { position, what: Some(opening) };
        let (sender, receiver) = tokio::sync::mpsc::channel(256);
        // The stream drives the copying itself: when it is dropped, both end.
        let copying = async move {
            let _ = sender.send(Ok(opening)).await;
            loop {
                let fresh = {
                    let state = changes.borrow_and_update();
                    if state.generation != generation {
                        return;
                    }
                    state.events[sent..].to_vec()
                };
                sent += fresh.len();
                for event in fresh {
                    if sender.send(Ok(event)).await.is_err() {
                        return;
                    }
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let copying = futures::stream::once(copying).filter_map(|()| async { None });
        let receiving = tokio_stream::wrappers::ReceiverStream::new(receiver);
        Ok(Response::new(Box::pin(futures::stream::select(receiving, copying))))
    }
}

/// customer-service: the keys are real, revocations are a list.
#[derive(Clone)]
pub(crate) struct FakeCustomers {
    pub(crate) desk: Arc<Desk>,
    pub(crate) revocations: watch::Sender<Vec<(String, Timestamp)>>,
    /// False: the stream of revocations breaks and is refused.
    pub(crate) feeding: watch::Sender<bool>,
}

type Revocations = Pin<Box<dyn Stream<Item = Result<customer::Revocation, Status>> + Send>>;

scripted! {
    CustomerService for FakeCustomers {
        create_sign_in_link(customer::CreateSignInLinkRequest) -> customer::CreateSignInLinkResponse;
        exchange_sign_in_link(customer::ExchangeSignInLinkRequest) -> customer::TokenPair;
        exchange_code(customer::ExchangeCodeRequest) -> customer::TokenPair;
        list_invitations(customer::ListInvitationsRequest) -> customer::ListInvitationsResponse;
        list_invited(customer::ListInvitedRequest) -> customer::ListInvitedResponse;
        withdraw_invitation(customer::WithdrawInvitationRequest)
            -> customer::WithdrawInvitationResponse;
        refresh_tokens(customer::RefreshTokensRequest) -> customer::TokenPair;
        sign_out(customer::SignOutRequest) -> customer::SignOutResponse;
        get_keys(customer::GetKeysRequest) -> customer::KeySet;
        list_sessions(customer::ListSessionsRequest) -> customer::ListSessionsResponse;
        end_session(customer::EndSessionRequest) -> customer::EndSessionResponse;
        begin_passkey_registration(customer::BeginPasskeyRegistrationRequest)
            -> customer::PasskeyCreation;
        finish_passkey_registration(customer::FinishPasskeyRegistrationRequest)
            -> customer::Passkey;
        list_passkeys(customer::ListPasskeysRequest) -> customer::ListPasskeysResponse;
        remove_passkey(customer::RemovePasskeyRequest) -> customer::RemovePasskeyResponse;
        begin_passkey_sign_in(customer::BeginPasskeySignInRequest) -> customer::PasskeyChallenge;
        finish_passkey_sign_in(customer::FinishPasskeySignInRequest) -> customer::TokenPair;
        create_api_token(customer::CreateApiTokenRequest) -> customer::CreateApiTokenResponse;
        list_api_tokens(customer::ListApiTokensRequest) -> customer::ListApiTokensResponse;
        revoke_api_token(customer::RevokeApiTokenRequest) -> customer::RevokeApiTokenResponse;
        exchange_api_token(customer::ExchangeApiTokenRequest)
            -> customer::ExchangeApiTokenResponse;
        start_pairing(customer::StartPairingRequest) -> customer::StartPairingResponse;
        finish_pairing(customer::FinishPairingRequest) -> customer::FinishPairingResponse;
        get_pairing(customer::GetPairingRequest) -> customer::Pairing;
        decide_pairing(customer::DecidePairingRequest) -> customer::DecidePairingResponse;
        list_devices(customer::ListDevicesRequest) -> customer::ListDevicesResponse;
        end_device(customer::EndDeviceRequest) -> customer::EndDeviceResponse;
        get_device(customer::GetDeviceRequest) -> customer::GetDeviceResponse;
        sign_in_at_device(customer::SignInAtDeviceRequest) -> customer::TokenPair;
        list_pins(customer::ListPinsRequest) -> customer::ListPinsResponse;
        set_pin(customer::SetPinRequest) -> customer::SetPinResponse;
        remove_pin(customer::RemovePinRequest) -> customer::RemovePinResponse;
        create_guest_pass(customer::CreateGuestPassRequest) -> customer::CreateGuestPassResponse;
        list_guest_passes(customer::ListGuestPassesRequest) -> customer::ListGuestPassesResponse;
        end_guest_pass(customer::EndGuestPassRequest) -> customer::EndGuestPassResponse;
        enter_as_guest(customer::EnterAsGuestRequest) -> customer::TokenPair;
        get_me(customer::GetMeRequest) -> customer::Member;
        get_diner(customer::GetDinerRequest) -> customer::Diner;
        set_limits(customer::SetLimitsRequest) -> customer::Diner;
        set_diet(customer::SetDietRequest) -> customer::Diner;
        list_diners(customer::ListDinersRequest) -> customer::ListDinersResponse;
        list_members(customer::ListMembersRequest) -> customer::ListMembersResponse;
        create_member(customer::CreateMemberRequest) -> customer::Member;
        update_member(customer::UpdateMemberRequest) -> customer::Member;
        remove_member(customer::RemoveMemberRequest) -> customer::RemoveMemberResponse;
        get_balance(customer::GetBalanceRequest) -> customer::Balance;
        get_statement(customer::GetStatementRequest) -> customer::GetStatementResponse;
        give_beans(customer::GiveBeansRequest) -> customer::GiveBeansResponse;
        correct_beans(customer::CorrectBeansRequest) -> customer::CorrectBeansResponse;
        settle(customer::SettleRequest) -> customer::SettleResponse;
        grant_due_allowances(customer::GrantDueAllowancesRequest)
            -> customer::GrantDueAllowancesResponse;
        get_house(customer::GetHouseRequest) -> customer::House;
        set_house(customer::SetHouseRequest) -> customer::House;
        keep_favourite(customer::KeepFavouriteRequest) -> customer::Favourite;
        list_favourites(customer::ListFavouritesRequest) -> customer::ListFavouritesResponse;
        remove_favourite(customer::RemoveFavouriteRequest) -> customer::RemoveFavouriteResponse;
        set_usual(customer::SetUsualRequest) -> customer::SetUsualResponse;
        get_favourite(customer::GetFavouriteRequest) -> customer::Favourite;
        notify(customer::NotifyRequest) -> customer::NotifyResponse;
        list_notifications(customer::ListNotificationsRequest)
            -> customer::ListNotificationsResponse;
        get_stats(customer::GetStatsRequest) -> customer::Stats;
        get_family_week(customer::GetFamilyWeekRequest) -> customer::FamilyWeek;
        write_family_week(customer::WriteFamilyWeekRequest) -> customer::WriteFamilyWeekResponse;
        get_boards(customer::GetBoardsRequest) -> customer::Boards;
        set_on_boards(customer::SetOnBoardsRequest) -> customer::SetOnBoardsResponse;
        get_report(customer::GetReportRequest) -> customer::Report;
        rebuild_projections(customer::RebuildProjectionsRequest)
            -> customer::RebuildProjectionsResponse;
        replay_dead_letters(customer::ReplayDeadLettersRequest)
            -> customer::ReplayDeadLettersResponse;
    }

    type TellStoredStream = Told<customer::StoredRow>;

    async fn tell_stored(
        &self,
        request: Request<customer::TellStoredRequest>,
    ) -> Result<Response<Self::TellStoredStream>, Status> {
        self.desk.tell("tell_stored", request).await
    }

    type WatchRevocationsStream = Revocations;

    async fn watch_revocations(
        &self,
        _: Request<customer::WatchRevocationsRequest>,
    ) -> Result<Response<Revocations>, Status> {
        let (mut list, mut feeding) = (self.revocations.subscribe(), self.feeding.subscribe());
        if !*feeding.borrow_and_update() {
            return Err(Status::unavailable("not now"));
        }
        let (sender, receiver) = tokio::sync::mpsc::channel(64);
        let copying = async move {
            let mut sent = 0;
            loop {
                let all = list.borrow_and_update().clone();
                for (session_id, until) in &all[sent..] {
                    let until = prost_types::Timestamp { seconds: until.timestamp(), nanos: 0 };
                    let revocation = customer::Revocation {
                        session_id: session_id.clone(),
                        until: Some(until),
                        ..customer::Revocation::default()
                    };
                    let _ = sender.send(Ok(revocation)).await;
                }
                sent = all.len();
                let _ = sender.send(Ok(customer::Revocation::default())).await;
                tokio::select! {
                    _ = list.changed() => {}
                    _ = feeding.wait_for(|feeding| !feeding) => return,
                    () = tokio::time::sleep(Duration::from_secs(3)) => {}
                }
            }
        };
        let copying = futures::stream::once(copying).filter_map(|()| async { None });
        let receiving = tokio_stream::wrappers::ReceiverStream::new(receiver);
        Ok(Response::new(Box::pin(futures::stream::select(receiving, copying))))
    }
}
