//! customer-service as order-service sees it: the real protocol over the loopback,
//! with a ledger in memory that follows the rules of `Settle`, and switches for bad days.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use runtime::{AppError, Code, Peer};
use tokio::task::JoinSet;
use tokio_stream::{
    StreamExt as _,
    wrappers::{IntervalStream, TcpListenerStream},
};
use tonic::{Request, Response, Status};
use types::{MemberId, Role, Roles};
use wire::customer::v1 as pb;

use crate::house::peer_keys;

/// One call that came in, whatever became of it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    /// Who proved themselves; none with a token that is no good.
    pub(crate) caller: Option<Peer>,
    /// How long the caller waits.
    pub(crate) deadline: Option<Duration>,
}

/// What the fake keeps and how it behaves.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) balances: BTreeMap<String, i64>,
    /// Order → (revision, owed) of the newest settlement.
    pub(crate) settled: BTreeMap<String, (i64, i64)>,
    /// Every Settle that came in, in order.
    pub(crate) asked: Vec<pb::SettleRequest>,
    pub(crate) told: Vec<pb::NotifyRequest>,
    pub(crate) calls: Vec<Call>,
    pub(crate) keys: Vec<pb::Key>,
    /// Everything is refused with "unavailable" while this is set.
    pub(crate) away: bool,
    /// Nothing is answered to Settle, Notify and ListMembers while this is set.
    pub(crate) silent: bool,
    pub(crate) floor: i64,
    pub(crate) members: Vec<pb::Member>,
    /// By member: what was said about what they may be served; nothing: an adult.
    pub(crate) diners: BTreeMap<String, pb::Diner>,
    /// By member: their favourites; one of them may be the usual.
    pub(crate) favourites: BTreeMap<String, Vec<pb::Favourite>>,
    /// How often the week's allowances were asked for.
    pub(crate) granted: u32,
    /// How often the last week was to be summed up.
    pub(crate) summed_up: u32,
}

pub(crate) struct Customer {
    books: Arc<Mutex<Books>>,
    address: SocketAddr,
    _serving: JoinSet<Result<(), tonic::transport::Error>>,
}

impl Customer {
    pub(crate) async fn start(keys: Vec<pb::Key>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let books = Arc::new(Mutex::new(Books { keys, ..Books::default() }));
        let service = Service { books: Arc::clone(&books) };
        let mut serving = JoinSet::new();
        serving.spawn(
            tonic::transport::Server::builder()
                .add_service(pb::customer_service_server::CustomerServiceServer::new(service))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        Self { books, address, _serving: serving }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// Somebody who is in the family from now on.
    pub(crate) fn joins(&self, id: MemberId, roles: Roles) {
        let role = |role| match role {
            Role::Member => pb::Role::Member.into(),
            Role::Barista => pb::Role::Barista.into(),
            Role::Admin => pb::Role::Admin.into(),
        };
        let roles = roles.iter().map(role).collect();
        self.books().members.push(pb::Member {
            id: id.to_string(),
            roles,
            ..pb::Member::default()
        });
    }

    /// From now on a child, with this to say about its days.
    pub(crate) fn limits(&self, child: MemberId, guardians: &[MemberId], limits: pb::Limits) {
        let diner = pb::Diner {
            member_id: child.to_string(),
            kind: pb::MemberKind::Child.into(),
            guardian_ids: guardians.iter().map(ToString::to_string).collect(),
            limits: Some(limits),
            diet: None,
        };
        let mut books = self.books();
        let diet = books.diners.get(&child.to_string()).and_then(|diner| diner.diet.clone());
        books.diners.insert(child.to_string(), pb::Diner { diet, ..diner });
    }

    /// From now on this must not be in their cup.
    pub(crate) fn avoids(&self, member: MemberId, allergens: &[&str]) {
        let avoids = allergens.iter().map(|it| (*it).to_owned()).collect();
        let mut books = self.books();
        let diner = books.diners.entry(member.to_string()).or_insert_with(|| pb::Diner {
            member_id: member.to_string(),
            kind: pb::MemberKind::Adult.into(),
            ..pb::Diner::default()
        });
        diner.diet = Some(pb::Diet { avoids, vegan: false });
    }

    /// The calls of one method that came in.
    pub(crate) fn calls_of(&self, method: &str) -> Vec<Call> {
        let books = self.books();
        books.calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What an order has been charged, as its newest settlement says.
    pub(crate) fn charged(&self, order: &str) -> Option<i64> {
        self.books().settled.get(order).map(|(_, owed)| *owed)
    }
}

struct Service {
    books: Arc<Mutex<Books>>,
}

impl Service {
    fn open(&self) -> Result<MutexGuard<'_, Books>, Status> {
        let books = self.books.lock().unwrap();
        if books.away { Err(Status::unavailable("away")) } else { Ok(books) }
    }

    /// Notes who calls, whatever becomes of it, and answers nothing on a silent day.
    async fn called<T>(&self, method: &'static str, request: &Request<T>) -> Result<(), Status> {
        self.books.lock().unwrap().calls.push(Call::of(method, request));
        let silent = self.open()?.silent;
        if silent {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

impl Call {
    fn of<T>(method: &'static str, request: &Request<T>) -> Self {
        let text = |name: &str| request.metadata().get(name).and_then(|text| text.to_str().ok());
        let token = text("authorization").and_then(|text| text.strip_prefix("Bearer "));
        let verify =
            |token: &str| peer_keys().verify(token, Peer::CustomerService, chrono::Utc::now()).ok();
        // Our own channels say it in microseconds.
        let deadline = text("grpc-timeout").and_then(|text| text.strip_suffix('u'));
        Self {
            method,
            caller: token.and_then(verify),
            deadline: deadline.map(|micros| Duration::from_micros(micros.parse().unwrap())),
        }
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_played<T>() -> Answer<T> {
    Err(Status::unimplemented("not played in this test"))
}

#[tonic::async_trait]
impl pb::customer_service_server::CustomerService for Service {
    async fn settle(&self, request: Request<pb::SettleRequest>) -> Answer<pb::SettleResponse> {
        self.called("Settle", &request).await?;
        let request = request.into_inner();
        let mut books = self.open()?;
        books.asked.push(request.clone());
        let pb::SettleRequest { order_id, member_id, revision, owed_beans } = request;
        let before = books.settled.get(&order_id).copied();
        let balance = books.balances.get(&member_id).copied().unwrap_or(1_000);
        let settlement = match before {
            Some((newest, _)) if revision < newest => pb::Settlement::Superseded,
            Some((newest, owed)) if revision == newest && owed != owed_beans => {
                return Err(Status::invalid_argument("the same revision with another amount"));
            }
            None if owed_beans > 0 && balance - owed_beans < books.floor => pb::Settlement::Refused,
            _ => {
                let charged = before.map_or(0, |(_, owed)| owed);
                books.balances.insert(member_id, balance - (owed_beans - charged));
                books.settled.insert(order_id, (revision, owed_beans));
                pb::Settlement::Settled
            }
        };
        let balance_beans = balance;
        Ok(Response::new(pb::SettleResponse { settlement: settlement.into(), balance_beans }))
    }

    async fn notify(&self, request: Request<pb::NotifyRequest>) -> Answer<pb::NotifyResponse> {
        self.called("Notify", &request).await?;
        self.open()?.told.push(request.into_inner());
        Ok(Response::new(pb::NotifyResponse { recorded: 1 }))
    }

    async fn get_keys(&self, _: Request<pb::GetKeysRequest>) -> Answer<pb::KeySet> {
        Ok(Response::new(pb::KeySet { keys: self.open()?.keys.clone() }))
    }

    type WatchRevocationsStream =
        std::pin::Pin<Box<dyn futures::Stream<Item = Result<pb::Revocation, Status>> + Send>>;

    async fn watch_revocations(
        &self,
        _: Request<pb::WatchRevocationsRequest>,
    ) -> Answer<Self::WatchRevocationsStream> {
        drop(self.open()?);
        let beats = tokio::time::interval(Duration::from_secs(1));
        let beats = IntervalStream::new(beats).map(|_| Ok(pb::Revocation::default()));
        Ok(Response::new(Box::pin(beats)))
    }

    async fn list_members(
        &self,
        request: Request<pb::ListMembersRequest>,
    ) -> Answer<pb::ListMembersResponse> {
        self.called("ListMembers", &request).await?;
        let members = self.open()?.members.clone();
        Ok(Response::new(pb::ListMembersResponse { members, left_member_ids: vec![] }))
    }

    async fn list_diners(
        &self,
        request: Request<pb::ListDinersRequest>,
    ) -> Answer<pb::ListDinersResponse> {
        self.called("ListDiners", &request).await?;
        let books = self.open()?;
        let diner = |member: &pb::Member| {
            let adult = || pb::Diner {
                member_id: member.id.clone(),
                kind: pb::MemberKind::Adult.into(),
                ..pb::Diner::default()
            };
            books.diners.get(&member.id).cloned().unwrap_or_else(adult)
        };
        let diners = books.members.iter().map(diner).collect();
        Ok(Response::new(pb::ListDinersResponse { diners }))
    }

    async fn get_diner(&self, _: Request<pb::GetDinerRequest>) -> Answer<pb::Diner> {
        not_played()
    }

    async fn set_limits(&self, _: Request<pb::SetLimitsRequest>) -> Answer<pb::Diner> {
        not_played()
    }

    async fn set_diet(&self, _: Request<pb::SetDietRequest>) -> Answer<pb::Diner> {
        not_played()
    }

    async fn get_favourite(
        &self,
        request: Request<pb::GetFavouriteRequest>,
    ) -> Answer<pb::Favourite> {
        self.called("GetFavourite", &request).await?;
        let pb::GetFavouriteRequest { member_id, favourite_id } = request.into_inner();
        let books = self.open()?;
        let kept = books.favourites.get(&member_id).into_iter().flatten();
        let wanted = |it: &&pb::Favourite| match favourite_id.as_str() {
            "" => it.usual,
            id => it.id == id,
        };
        let found = kept.clone().find(wanted).cloned();
        let code = if favourite_id.is_empty() { Code::NoUsual } else { Code::NotFound };
        found.map(Response::new).ok_or_else(|| AppError::new(code, "There is none.").into())
    }

    async fn keep_favourite(&self, _: Request<pb::KeepFavouriteRequest>) -> Answer<pb::Favourite> {
        not_played()
    }

    async fn list_favourites(
        &self,
        _: Request<pb::ListFavouritesRequest>,
    ) -> Answer<pb::ListFavouritesResponse> {
        not_played()
    }

    async fn remove_favourite(
        &self,
        _: Request<pb::RemoveFavouriteRequest>,
    ) -> Answer<pb::RemoveFavouriteResponse> {
        not_played()
    }

    async fn set_usual(&self, _: Request<pb::SetUsualRequest>) -> Answer<pb::SetUsualResponse> {
        not_played()
    }

    async fn create_sign_in_link(
        &self,
        _: Request<pb::CreateSignInLinkRequest>,
    ) -> Answer<pb::CreateSignInLinkResponse> {
        not_played()
    }

    async fn exchange_sign_in_link(
        &self,
        _: Request<pb::ExchangeSignInLinkRequest>,
    ) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn exchange_code(&self, _: Request<pb::ExchangeCodeRequest>) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn list_invitations(
        &self,
        _: Request<pb::ListInvitationsRequest>,
    ) -> Answer<pb::ListInvitationsResponse> {
        not_played()
    }

    async fn list_invited(
        &self,
        _: Request<pb::ListInvitedRequest>,
    ) -> Answer<pb::ListInvitedResponse> {
        not_played()
    }

    async fn withdraw_invitation(
        &self,
        _: Request<pb::WithdrawInvitationRequest>,
    ) -> Answer<pb::WithdrawInvitationResponse> {
        not_played()
    }

    async fn refresh_tokens(&self, _: Request<pb::RefreshTokensRequest>) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn sign_out(&self, _: Request<pb::SignOutRequest>) -> Answer<pb::SignOutResponse> {
        not_played()
    }

    async fn create_api_token(
        &self,
        _: Request<pb::CreateApiTokenRequest>,
    ) -> Answer<pb::CreateApiTokenResponse> {
        not_played()
    }

    async fn list_api_tokens(
        &self,
        _: Request<pb::ListApiTokensRequest>,
    ) -> Answer<pb::ListApiTokensResponse> {
        not_played()
    }

    async fn revoke_api_token(
        &self,
        _: Request<pb::RevokeApiTokenRequest>,
    ) -> Answer<pb::RevokeApiTokenResponse> {
        not_played()
    }

    async fn exchange_api_token(
        &self,
        _: Request<pb::ExchangeApiTokenRequest>,
    ) -> Answer<pb::ExchangeApiTokenResponse> {
        not_played()
    }

    async fn list_sessions(
        &self,
        _: Request<pb::ListSessionsRequest>,
    ) -> Answer<pb::ListSessionsResponse> {
        not_played()
    }

    async fn end_session(
        &self,
        _: Request<pb::EndSessionRequest>,
    ) -> Answer<pb::EndSessionResponse> {
        not_played()
    }

    async fn update_member(&self, _: Request<pb::UpdateMemberRequest>) -> Answer<pb::Member> {
        not_played()
    }

    async fn begin_passkey_registration(
        &self,
        _: Request<pb::BeginPasskeyRegistrationRequest>,
    ) -> Answer<pb::PasskeyCreation> {
        not_played()
    }

    async fn finish_passkey_registration(
        &self,
        _: Request<pb::FinishPasskeyRegistrationRequest>,
    ) -> Answer<pb::Passkey> {
        not_played()
    }

    async fn list_passkeys(
        &self,
        _: Request<pb::ListPasskeysRequest>,
    ) -> Answer<pb::ListPasskeysResponse> {
        not_played()
    }

    async fn remove_passkey(
        &self,
        _: Request<pb::RemovePasskeyRequest>,
    ) -> Answer<pb::RemovePasskeyResponse> {
        not_played()
    }

    async fn begin_passkey_sign_in(
        &self,
        _: Request<pb::BeginPasskeySignInRequest>,
    ) -> Answer<pb::PasskeyChallenge> {
        not_played()
    }

    async fn finish_passkey_sign_in(
        &self,
        _: Request<pb::FinishPasskeySignInRequest>,
    ) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn remove_member(
        &self,
        _: Request<pb::RemoveMemberRequest>,
    ) -> Answer<pb::RemoveMemberResponse> {
        not_played()
    }

    type TellStoredStream =
        std::pin::Pin<Box<dyn futures::Stream<Item = Result<pb::StoredRow, Status>> + Send>>;

    async fn tell_stored(
        &self,
        _: Request<pb::TellStoredRequest>,
    ) -> Answer<Self::TellStoredStream> {
        not_played()
    }

    async fn start_pairing(
        &self,
        _: Request<pb::StartPairingRequest>,
    ) -> Answer<pb::StartPairingResponse> {
        not_played()
    }

    async fn finish_pairing(
        &self,
        _: Request<pb::FinishPairingRequest>,
    ) -> Answer<pb::FinishPairingResponse> {
        not_played()
    }

    async fn get_pairing(&self, _: Request<pb::GetPairingRequest>) -> Answer<pb::Pairing> {
        not_played()
    }

    async fn decide_pairing(
        &self,
        _: Request<pb::DecidePairingRequest>,
    ) -> Answer<pb::DecidePairingResponse> {
        not_played()
    }

    async fn list_devices(
        &self,
        _: Request<pb::ListDevicesRequest>,
    ) -> Answer<pb::ListDevicesResponse> {
        not_played()
    }

    async fn end_device(&self, _: Request<pb::EndDeviceRequest>) -> Answer<pb::EndDeviceResponse> {
        not_played()
    }

    async fn get_device(&self, _: Request<pb::GetDeviceRequest>) -> Answer<pb::GetDeviceResponse> {
        not_played()
    }

    async fn sign_in_at_device(
        &self,
        _: Request<pb::SignInAtDeviceRequest>,
    ) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn list_pins(&self, _: Request<pb::ListPinsRequest>) -> Answer<pb::ListPinsResponse> {
        not_played()
    }

    async fn set_pin(&self, _: Request<pb::SetPinRequest>) -> Answer<pb::SetPinResponse> {
        not_played()
    }

    async fn remove_pin(&self, _: Request<pb::RemovePinRequest>) -> Answer<pb::RemovePinResponse> {
        not_played()
    }

    async fn create_guest_pass(
        &self,
        _: Request<pb::CreateGuestPassRequest>,
    ) -> Answer<pb::CreateGuestPassResponse> {
        not_played()
    }

    async fn list_guest_passes(
        &self,
        _: Request<pb::ListGuestPassesRequest>,
    ) -> Answer<pb::ListGuestPassesResponse> {
        not_played()
    }

    async fn end_guest_pass(
        &self,
        _: Request<pb::EndGuestPassRequest>,
    ) -> Answer<pb::EndGuestPassResponse> {
        not_played()
    }

    async fn enter_as_guest(&self, _: Request<pb::EnterAsGuestRequest>) -> Answer<pb::TokenPair> {
        not_played()
    }

    async fn get_me(&self, _: Request<pb::GetMeRequest>) -> Answer<pb::Member> {
        not_played()
    }

    async fn create_member(&self, _: Request<pb::CreateMemberRequest>) -> Answer<pb::Member> {
        not_played()
    }

    async fn get_balance(&self, _: Request<pb::GetBalanceRequest>) -> Answer<pb::Balance> {
        not_played()
    }

    async fn get_statement(
        &self,
        _: Request<pb::GetStatementRequest>,
    ) -> Answer<pb::GetStatementResponse> {
        not_played()
    }

    async fn give_beans(&self, _: Request<pb::GiveBeansRequest>) -> Answer<pb::GiveBeansResponse> {
        not_played()
    }

    async fn correct_beans(
        &self,
        _: Request<pb::CorrectBeansRequest>,
    ) -> Answer<pb::CorrectBeansResponse> {
        not_played()
    }

    async fn get_house(&self, _: Request<pb::GetHouseRequest>) -> Answer<pb::House> {
        not_played()
    }

    async fn set_house(&self, _: Request<pb::SetHouseRequest>) -> Answer<pb::House> {
        not_played()
    }

    async fn grant_due_allowances(
        &self,
        _: Request<pb::GrantDueAllowancesRequest>,
    ) -> Answer<pb::GrantDueAllowancesResponse> {
        self.open()?.granted += 1;
        Ok(Response::new(pb::GrantDueAllowancesResponse { granted: 1, already: 0 }))
    }

    async fn list_notifications(
        &self,
        _: Request<pb::ListNotificationsRequest>,
    ) -> Answer<pb::ListNotificationsResponse> {
        not_played()
    }

    async fn get_stats(&self, _: Request<pb::GetStatsRequest>) -> Answer<pb::Stats> {
        not_played()
    }

    async fn get_family_week(
        &self,
        _: Request<pb::GetFamilyWeekRequest>,
    ) -> Answer<pb::FamilyWeek> {
        not_played()
    }

    async fn write_family_week(
        &self,
        request: Request<pb::WriteFamilyWeekRequest>,
    ) -> Answer<pb::WriteFamilyWeekResponse> {
        let pb::WriteFamilyWeekRequest { iso_week } = request.into_inner();
        self.open()?.summed_up += 1;
        Ok(Response::new(pb::WriteFamilyWeekResponse { iso_week, already_so: false }))
    }

    async fn get_boards(&self, _: Request<pb::GetBoardsRequest>) -> Answer<pb::Boards> {
        not_played()
    }

    async fn set_on_boards(
        &self,
        _: Request<pb::SetOnBoardsRequest>,
    ) -> Answer<pb::SetOnBoardsResponse> {
        not_played()
    }

    async fn get_report(&self, _: Request<pb::GetReportRequest>) -> Answer<pb::Report> {
        not_played()
    }

    async fn rebuild_projections(
        &self,
        _: Request<pb::RebuildProjectionsRequest>,
    ) -> Answer<pb::RebuildProjectionsResponse> {
        not_played()
    }

    async fn replay_dead_letters(
        &self,
        _: Request<pb::ReplayDeadLettersRequest>,
    ) -> Answer<pb::ReplayDeadLettersResponse> {
        not_played()
    }
}
