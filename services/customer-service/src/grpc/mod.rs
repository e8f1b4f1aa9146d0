//! The service's face: every method of `CustomerService`, each taking its
//! request apart field by field, so that a new field breaks the build.

mod api_tokens;
mod beans;
mod devices;
mod diners;
mod favourites;
mod guests;
mod house;
mod identity;
mod members;
mod notifications;
mod passkeys;
mod privacy;
mod stats;

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use runtime::{AppError, Caller, Code};
use tonic::{Request, Response, Status};
use types::{IsoWeek, MemberId, Role, Roles};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

use crate::{app::App, clock};

/// The handlers. Who may call what, the door has decided already.
#[derive(Debug, Clone)]
pub struct Handlers {
    pub app: Arc<App>,
}

macro_rules! answer {
    ($request:ident, $handle:expr) => {{
        let caller = Caller::of(&$request)?.clone();
        let answer: Result<_, AppError> = $handle(&caller, $request.into_inner()).await;
        Ok(Response::new(answer?))
    }};
}

#[tonic::async_trait]
impl CustomerService for Handlers {
    async fn create_sign_in_link(
        &self,
        request: Request<pb::CreateSignInLinkRequest>,
    ) -> Result<Response<pb::CreateSignInLinkResponse>, Status> {
        answer!(request, async |caller, request| {
            identity::create_link(&self.app, caller, request, clock::now()).await
        })
    }

    async fn exchange_code(
        &self,
        request: Request<pb::ExchangeCodeRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |_caller, request| {
            identity::exchange_code(&self.app, request, clock::now()).await
        })
    }

    async fn list_invitations(
        &self,
        request: Request<pb::ListInvitationsRequest>,
    ) -> Result<Response<pb::ListInvitationsResponse>, Status> {
        answer!(request, async |caller, request| {
            identity::list_invitations(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_invited(
        &self,
        request: Request<pb::ListInvitedRequest>,
    ) -> Result<Response<pb::ListInvitedResponse>, Status> {
        answer!(request, async |_caller, request| {
            identity::list_invited(&self.app, request, clock::now()).await
        })
    }

    async fn withdraw_invitation(
        &self,
        request: Request<pb::WithdrawInvitationRequest>,
    ) -> Result<Response<pb::WithdrawInvitationResponse>, Status> {
        answer!(request, async |caller, request| {
            identity::withdraw_invitation(&self.app, caller, request, clock::now()).await
        })
    }

    async fn exchange_sign_in_link(
        &self,
        request: Request<pb::ExchangeSignInLinkRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |_caller, request| {
            identity::exchange_link(&self.app, request, clock::now()).await
        })
    }

    async fn refresh_tokens(
        &self,
        request: Request<pb::RefreshTokensRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |_caller, request| {
            identity::refresh(&self.app, request, clock::now()).await
        })
    }

    async fn sign_out(
        &self,
        request: Request<pb::SignOutRequest>,
    ) -> Result<Response<pb::SignOutResponse>, Status> {
        answer!(request, async |_caller, request| {
            identity::sign_out(&self.app, request, clock::now()).await
        })
    }

    async fn get_keys(
        &self,
        request: Request<pb::GetKeysRequest>,
    ) -> Result<Response<pb::KeySet>, Status> {
        let pb::GetKeysRequest {} = request.into_inner();
        Ok(Response::new(identity::keys(&self.app, clock::now())))
    }

    type WatchRevocationsStream =
        Pin<Box<dyn Stream<Item = Result<pb::Revocation, Status>> + Send>>;

    async fn watch_revocations(
        &self,
        request: Request<pb::WatchRevocationsRequest>,
    ) -> Result<Response<Self::WatchRevocationsStream>, Status> {
        let pb::WatchRevocationsRequest {} = request.into_inner();
        Ok(Response::new(Box::pin(identity::watch_revocations(&self.app))))
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        answer!(request, async |caller, request| {
            identity::list_sessions(&self.app, caller, request, clock::now()).await
        })
    }

    async fn end_session(
        &self,
        request: Request<pb::EndSessionRequest>,
    ) -> Result<Response<pb::EndSessionResponse>, Status> {
        answer!(request, async |caller, request| {
            identity::end_session(&self.app, caller, request, clock::now()).await
        })
    }

    async fn begin_passkey_registration(
        &self,
        request: Request<pb::BeginPasskeyRegistrationRequest>,
    ) -> Result<Response<pb::PasskeyCreation>, Status> {
        answer!(request, async |caller, request| {
            passkeys::begin_registration(&self.app, caller, request, clock::now()).await
        })
    }

    async fn finish_passkey_registration(
        &self,
        request: Request<pb::FinishPasskeyRegistrationRequest>,
    ) -> Result<Response<pb::Passkey>, Status> {
        answer!(request, async |caller, request| {
            passkeys::finish_registration(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_passkeys(
        &self,
        request: Request<pb::ListPasskeysRequest>,
    ) -> Result<Response<pb::ListPasskeysResponse>, Status> {
        answer!(request, async |caller, request| passkeys::list(&self.app, caller, request).await)
    }

    async fn remove_passkey(
        &self,
        request: Request<pb::RemovePasskeyRequest>,
    ) -> Result<Response<pb::RemovePasskeyResponse>, Status> {
        answer!(request, async |caller, request| {
            passkeys::remove(&self.app, caller, request).await
        })
    }

    async fn begin_passkey_sign_in(
        &self,
        request: Request<pb::BeginPasskeySignInRequest>,
    ) -> Result<Response<pb::PasskeyChallenge>, Status> {
        answer!(request, async |_caller, request| {
            passkeys::begin_sign_in(&self.app, request, clock::now()).await
        })
    }

    async fn finish_passkey_sign_in(
        &self,
        request: Request<pb::FinishPasskeySignInRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |_caller, request| {
            passkeys::finish_sign_in(&self.app, request, clock::now()).await
        })
    }

    async fn create_api_token(
        &self,
        request: Request<pb::CreateApiTokenRequest>,
    ) -> Result<Response<pb::CreateApiTokenResponse>, Status> {
        answer!(request, async |caller, request| {
            api_tokens::create(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_api_tokens(
        &self,
        request: Request<pb::ListApiTokensRequest>,
    ) -> Result<Response<pb::ListApiTokensResponse>, Status> {
        answer!(request, async |caller, request| {
            api_tokens::list(&self.app, caller, request, clock::now()).await
        })
    }

    async fn revoke_api_token(
        &self,
        request: Request<pb::RevokeApiTokenRequest>,
    ) -> Result<Response<pb::RevokeApiTokenResponse>, Status> {
        answer!(request, async |caller, request| {
            api_tokens::revoke(&self.app, caller, request, clock::now()).await
        })
    }

    async fn exchange_api_token(
        &self,
        request: Request<pb::ExchangeApiTokenRequest>,
    ) -> Result<Response<pb::ExchangeApiTokenResponse>, Status> {
        answer!(request, async |_caller, request| {
            api_tokens::exchange(&self.app, request, clock::now()).await
        })
    }

    async fn start_pairing(
        &self,
        request: Request<pb::StartPairingRequest>,
    ) -> Result<Response<pb::StartPairingResponse>, Status> {
        answer!(request, async |_caller, request| {
            devices::start_pairing(&self.app, request, clock::now()).await
        })
    }

    async fn finish_pairing(
        &self,
        request: Request<pb::FinishPairingRequest>,
    ) -> Result<Response<pb::FinishPairingResponse>, Status> {
        answer!(request, async |_caller, request| {
            devices::finish_pairing(&self.app, request, clock::now()).await
        })
    }

    async fn get_pairing(
        &self,
        request: Request<pb::GetPairingRequest>,
    ) -> Result<Response<pb::Pairing>, Status> {
        answer!(request, async |_caller, request| {
            devices::get_pairing(&self.app, request, clock::now()).await
        })
    }

    async fn decide_pairing(
        &self,
        request: Request<pb::DecidePairingRequest>,
    ) -> Result<Response<pb::DecidePairingResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::decide_pairing(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_devices(
        &self,
        request: Request<pb::ListDevicesRequest>,
    ) -> Result<Response<pb::ListDevicesResponse>, Status> {
        answer!(request, async |_caller, request| {
            devices::list_devices(&self.app, request, clock::now()).await
        })
    }

    async fn end_device(
        &self,
        request: Request<pb::EndDeviceRequest>,
    ) -> Result<Response<pb::EndDeviceResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::end_device(&self.app, caller, request, clock::now()).await
        })
    }

    async fn get_device(
        &self,
        request: Request<pb::GetDeviceRequest>,
    ) -> Result<Response<pb::GetDeviceResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::get_device(&self.app, caller, request, clock::now()).await
        })
    }

    async fn sign_in_at_device(
        &self,
        request: Request<pb::SignInAtDeviceRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |caller, request| {
            devices::sign_in(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_pins(
        &self,
        request: Request<pb::ListPinsRequest>,
    ) -> Result<Response<pb::ListPinsResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::list_pins(&self.app, caller, request).await
        })
    }

    async fn set_pin(
        &self,
        request: Request<pb::SetPinRequest>,
    ) -> Result<Response<pb::SetPinResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::set_pin(&self.app, caller, request, clock::now()).await
        })
    }

    async fn remove_pin(
        &self,
        request: Request<pb::RemovePinRequest>,
    ) -> Result<Response<pb::RemovePinResponse>, Status> {
        answer!(request, async |caller, request| {
            devices::remove_pin(&self.app, caller, request, clock::now()).await
        })
    }

    async fn create_guest_pass(
        &self,
        request: Request<pb::CreateGuestPassRequest>,
    ) -> Result<Response<pb::CreateGuestPassResponse>, Status> {
        answer!(request, async |caller, request| {
            guests::create_pass(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_guest_passes(
        &self,
        request: Request<pb::ListGuestPassesRequest>,
    ) -> Result<Response<pb::ListGuestPassesResponse>, Status> {
        answer!(request, async |caller, request| {
            guests::list_passes(&self.app, caller, request, clock::now()).await
        })
    }

    async fn end_guest_pass(
        &self,
        request: Request<pb::EndGuestPassRequest>,
    ) -> Result<Response<pb::EndGuestPassResponse>, Status> {
        answer!(request, async |caller, request| {
            guests::end_pass(&self.app, caller, request, clock::now()).await
        })
    }

    async fn enter_as_guest(
        &self,
        request: Request<pb::EnterAsGuestRequest>,
    ) -> Result<Response<pb::TokenPair>, Status> {
        answer!(request, async |_caller, request| {
            guests::enter(&self.app, request, clock::now()).await
        })
    }

    async fn get_me(
        &self,
        request: Request<pb::GetMeRequest>,
    ) -> Result<Response<pb::Member>, Status> {
        answer!(request, async |caller, request| members::me(&self.app, caller, request).await)
    }

    async fn list_members(
        &self,
        request: Request<pb::ListMembersRequest>,
    ) -> Result<Response<pb::ListMembersResponse>, Status> {
        answer!(request, async |caller, request| members::list(&self.app, caller, request).await)
    }

    async fn create_member(
        &self,
        request: Request<pb::CreateMemberRequest>,
    ) -> Result<Response<pb::Member>, Status> {
        answer!(request, async |_caller, request| {
            members::create(&self.app, request, clock::now()).await
        })
    }

    async fn update_member(
        &self,
        request: Request<pb::UpdateMemberRequest>,
    ) -> Result<Response<pb::Member>, Status> {
        answer!(request, async |caller, request| {
            members::update(&self.app, caller, request, clock::now()).await
        })
    }

    async fn remove_member(
        &self,
        request: Request<pb::RemoveMemberRequest>,
    ) -> Result<Response<pb::RemoveMemberResponse>, Status> {
        answer!(request, async |caller, request| {
            privacy::remove(&self.app, caller, request, clock::now()).await
        })
    }

    type TellStoredStream = Pin<Box<dyn Stream<Item = Result<pb::StoredRow, Status>> + Send>>;

    async fn tell_stored(
        &self,
        request: Request<pb::TellStoredRequest>,
    ) -> Result<Response<Self::TellStoredStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let rows = privacy::tell(&self.app, &caller, request.into_inner())?;
        Ok(Response::new(Box::pin(rows)))
    }

    async fn get_diner(
        &self,
        request: Request<pb::GetDinerRequest>,
    ) -> Result<Response<pb::Diner>, Status> {
        answer!(request, async |caller, request| diners::get(&self.app, caller, request).await)
    }

    async fn set_limits(
        &self,
        request: Request<pb::SetLimitsRequest>,
    ) -> Result<Response<pb::Diner>, Status> {
        answer!(request, async |caller, request| {
            diners::set_limits(&self.app, caller, request, clock::now()).await
        })
    }

    async fn set_diet(
        &self,
        request: Request<pb::SetDietRequest>,
    ) -> Result<Response<pb::Diner>, Status> {
        answer!(request, async |caller, request| {
            diners::set_diet(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_diners(
        &self,
        request: Request<pb::ListDinersRequest>,
    ) -> Result<Response<pb::ListDinersResponse>, Status> {
        answer!(request, async |_caller, request| diners::list(&self.app, request).await)
    }

    async fn get_balance(
        &self,
        request: Request<pb::GetBalanceRequest>,
    ) -> Result<Response<pb::Balance>, Status> {
        answer!(request, async |caller, request| beans::balance(&self.app, caller, request).await)
    }

    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Result<Response<pb::GetStatementResponse>, Status> {
        answer!(request, async |caller, request| {
            beans::statement(&self.app, caller, request).await
        })
    }

    async fn give_beans(
        &self,
        request: Request<pb::GiveBeansRequest>,
    ) -> Result<Response<pb::GiveBeansResponse>, Status> {
        answer!(request, async |caller, request| {
            beans::give(&self.app, caller, request, clock::now()).await
        })
    }

    async fn correct_beans(
        &self,
        request: Request<pb::CorrectBeansRequest>,
    ) -> Result<Response<pb::CorrectBeansResponse>, Status> {
        answer!(request, async |caller, request| {
            beans::correct(&self.app, caller, request, clock::now()).await
        })
    }

    async fn get_house(
        &self,
        request: Request<pb::GetHouseRequest>,
    ) -> Result<Response<pb::House>, Status> {
        Ok(Response::new(house::get(&self.app, request.into_inner())))
    }

    async fn set_house(
        &self,
        request: Request<pb::SetHouseRequest>,
    ) -> Result<Response<pb::House>, Status> {
        answer!(request, async |caller, request| {
            house::set(&self.app, caller, request, clock::now()).await
        })
    }

    async fn settle(
        &self,
        request: Request<pb::SettleRequest>,
    ) -> Result<Response<pb::SettleResponse>, Status> {
        answer!(request, async |_caller, request| {
            beans::settle(&self.app, request, clock::now()).await
        })
    }

    async fn grant_due_allowances(
        &self,
        request: Request<pb::GrantDueAllowancesRequest>,
    ) -> Result<Response<pb::GrantDueAllowancesResponse>, Status> {
        answer!(request, async |_caller, request| {
            beans::grant_due_allowances(&self.app, request, clock::now()).await
        })
    }

    async fn keep_favourite(
        &self,
        request: Request<pb::KeepFavouriteRequest>,
    ) -> Result<Response<pb::Favourite>, Status> {
        answer!(request, async |caller, request| {
            favourites::keep(&self.app, caller, request, clock::now()).await
        })
    }

    async fn list_favourites(
        &self,
        request: Request<pb::ListFavouritesRequest>,
    ) -> Result<Response<pb::ListFavouritesResponse>, Status> {
        answer!(request, async |caller, request| favourites::list(&self.app, caller, request).await)
    }

    async fn remove_favourite(
        &self,
        request: Request<pb::RemoveFavouriteRequest>,
    ) -> Result<Response<pb::RemoveFavouriteResponse>, Status> {
        answer!(request, async |caller, request| {
            favourites::remove(&self.app, caller, request).await
        })
    }

    async fn set_usual(
        &self,
        request: Request<pb::SetUsualRequest>,
    ) -> Result<Response<pb::SetUsualResponse>, Status> {
        answer!(request, async |caller, request| {
            favourites::set_usual(&self.app, caller, request).await
        })
    }

    async fn get_favourite(
        &self,
        request: Request<pb::GetFavouriteRequest>,
    ) -> Result<Response<pb::Favourite>, Status> {
        answer!(request, async |_caller, request| favourites::get(&self.app, request).await)
    }

    async fn notify(
        &self,
        request: Request<pb::NotifyRequest>,
    ) -> Result<Response<pb::NotifyResponse>, Status> {
        answer!(request, async |_caller, request| {
            notifications::record(&self.app, request, clock::now()).await
        })
    }

    async fn list_notifications(
        &self,
        request: Request<pb::ListNotificationsRequest>,
    ) -> Result<Response<pb::ListNotificationsResponse>, Status> {
        answer!(request, async |caller, request| {
            notifications::list(&self.app, caller, request).await
        })
    }

    async fn get_stats(
        &self,
        request: Request<pb::GetStatsRequest>,
    ) -> Result<Response<pb::Stats>, Status> {
        answer!(request, async |caller, request| {
            stats::get(&self.app, caller, request, clock::now()).await
        })
    }

    async fn get_family_week(
        &self,
        request: Request<pb::GetFamilyWeekRequest>,
    ) -> Result<Response<pb::FamilyWeek>, Status> {
        answer!(request, async |_caller, request| stats::family_week(&self.app, request).await)
    }

    async fn write_family_week(
        &self,
        request: Request<pb::WriteFamilyWeekRequest>,
    ) -> Result<Response<pb::WriteFamilyWeekResponse>, Status> {
        answer!(request, async |_caller, request| {
            stats::write_family_week(&self.app, request, clock::now()).await
        })
    }

    async fn get_boards(
        &self,
        request: Request<pb::GetBoardsRequest>,
    ) -> Result<Response<pb::Boards>, Status> {
        answer!(request, async |_caller, request| {
            stats::boards(&self.app, request, clock::now()).await
        })
    }

    async fn set_on_boards(
        &self,
        request: Request<pb::SetOnBoardsRequest>,
    ) -> Result<Response<pb::SetOnBoardsResponse>, Status> {
        answer!(request, async |caller, request| {
            stats::set_on_boards(&self.app, caller, request, clock::now()).await
        })
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::Report>, Status> {
        answer!(request, async |_caller, request| {
            stats::report(&self.app, request, clock::now()).await
        })
    }

    async fn rebuild_projections(
        &self,
        request: Request<pb::RebuildProjectionsRequest>,
    ) -> Result<Response<pb::RebuildProjectionsResponse>, Status> {
        answer!(request, async |_caller, request| stats::rebuild(&self.app, request).await)
    }

    async fn replay_dead_letters(
        &self,
        request: Request<pb::ReplayDeadLettersRequest>,
    ) -> Result<Response<pb::ReplayDeadLettersResponse>, Status> {
        answer!(request, async |_caller, request| {
            stats::replay(&self.app, request, clock::now()).await
        })
    }
}

/// Whose thing is asked for: one's own, or, for an admin, anybody's.
fn owner(caller: &Caller, member_id: &str) -> Result<MemberId, AppError> {
    let person = caller.person()?;
    if member_id.is_empty() {
        return Ok(person.member);
    }
    let member = member("member_id", member_id)?;
    if member == person.member || person.is(Role::Admin) {
        Ok(member)
    } else {
        Err(AppError::new(Code::Forbidden, "This is somebody else's."))
    }
}

fn member(field: &str, text: &str) -> Result<MemberId, AppError> {
    text.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid(field, "malformed", error.to_string())
    })
}

/// A week of the calendar; `None` where it is empty.
fn week(field: &str, text: &str) -> Result<Option<IsoWeek>, AppError> {
    let parse = |text: &str| {
        text.parse().map_err(|error: types::ParseIsoWeekError| {
            AppError::invalid(field, "malformed", error.to_string())
        })
    };
    (!text.is_empty()).then(|| parse(text)).transpose()
}

fn roles(field: &str, roles: &[i32]) -> Result<Roles, AppError> {
    let one = |(at, role): (usize, &i32)| match pb::Role::try_from(*role) {
        Ok(pb::Role::Member) => Ok(Role::Member),
        Ok(pb::Role::Barista) => Ok(Role::Barista),
        Ok(pb::Role::Admin) => Ok(Role::Admin),
        Ok(pb::Role::Unspecified) | Err(_) => {
            Err(AppError::invalid(format!("{field}[{at}]"), "unknown", "there is no such role"))
        }
    };
    roles.iter().enumerate().map(one).collect()
}

fn wire_roles(roles: Roles) -> Vec<i32> {
    let one = |role| match role {
        Role::Member => pb::Role::Member,
        Role::Barista => pb::Role::Barista,
        Role::Admin => pb::Role::Admin,
    };
    roles.iter().map(|role| one(role).into()).collect()
}

/// A text of a bounded length, without control characters.
fn short(field: &str, text: &str, longest: usize) -> Result<String, AppError> {
    let text = one_line(text);
    if text.chars().count() > longest {
        return Err(AppError::invalid(field, "too-long", format!("at most {longest} characters")));
    }
    Ok(text)
}

/// A text without control characters, and nothing around it.
fn one_line(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const LONGEST_KEY: usize = 64;

/// What makes a request the same as one before.
fn key<'a>(field: &str, key: &'a str) -> Result<&'a str, AppError> {
    if key.is_empty() {
        return Err(AppError::new(Code::IdempotencyKeyMissing, "This needs an idempotency key.")
            .field(field, "required", "new for each new request"));
    }
    if key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("at most {LONGEST_KEY} visible ASCII characters");
        return Err(AppError::invalid(field, "malformed", message));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use runtime::{Peer, Person};
    use types::{Scope, SessionId};

    use super::*;

    fn caller(member: MemberId, roles: impl Into<Roles>) -> Caller {
        let session = SessionId::new();
        let expires_at = clock::now();
        let person = Person {
            member,
            roles: roles.into(),
            session,
            scope: Scope::Full,
            device: None,
            generation: 0,
            expires_at,
        };
        Caller::for_person(Peer::Server, person)
    }

    #[test]
    fn whose_thing_it_is_decides_unless_an_admin_asks() {
        let (mia, ben) = (MemberId::new(), MemberId::new());
        let member = caller(mia, [Role::Member, Role::Barista]);
        assert_eq!(owner(&member, "").unwrap(), mia);
        assert_eq!(owner(&member, &mia.to_string()).unwrap(), mia);
        assert_eq!(owner(&member, &ben.to_string()).unwrap_err().code, Code::Forbidden);
        assert_eq!(owner(&member, "Ben").unwrap_err().code, Code::InvalidRequest);
        let admin = caller(mia, [Role::Admin]);
        assert_eq!(owner(&admin, &ben.to_string()).unwrap(), ben);
        let service = Caller::service(Peer::OrderService);
        assert_eq!(owner(&service, "").unwrap_err().code, Code::Unauthenticated);
    }

    #[test]
    fn roles_cross_the_wire_and_unknown_ones_are_named() {
        let all = Roles::from(Role::ALL);
        assert_eq!(roles("roles", &wire_roles(all)).unwrap(), all);
        let wrong = roles("roles", &[1, 9]).unwrap_err();
        assert_eq!(wrong.fields[0].path, "roles[1]");
    }
}
