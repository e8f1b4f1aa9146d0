//! The decision at the door: does this caller have what the method asks for?

use chrono::Utc;
use http::HeaderMap;
use types::{Role, Timestamp};
use wire::access::{Access, Peer};

use super::{Caller, Person, USER_TOKEN};
use crate::{
    AppError, Code,
    tokens::{AccessTokenVerifier, PeerKeys},
};

/// Who may speak for a person.
const SPOKESMAN: Peer = Peer::Server;

/// What a door knows.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub(super) own: Peer,
    pub(super) peers: PeerKeys,
    pub(super) verifier: AccessTokenVerifier,
}

impl Guard {
    /// Who calls, if they may.
    pub(super) fn admit(&self, access: Access, headers: &HeaderMap) -> Result<Caller, AppError> {
        self.admit_at(access, headers, Utc::now())
    }

    fn admit_at(
        &self,
        access: Access,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Caller, AppError> {
        let peer = self.peer(headers, now)?;
        let person = text(headers, USER_TOKEN)?
            .map(|token| self.verifier.verify(token, now))
            .transpose()
            .map_err(|error| unauthenticated("Please sign in again.").caused_by(error))?;
        judge(access, peer, person.as_ref())?;
        if person.is_some() && asks_for_admin(access) && !self.verifier.is_fresh() {
            return Err(AppError::new(
                Code::IdentityUnavailable,
                "Who is signed in cannot be checked at the moment. Please try again soon.",
            )
            .retry_after(std::time::Duration::from_secs(5)));
        }
        Ok(Caller { peer, person })
    }

    fn peer(&self, headers: &HeaderMap, now: Timestamp) -> Result<Peer, AppError> {
        let token = text(headers, http::header::AUTHORIZATION.as_str())?
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(|| unauthenticated("A service token is needed."))?;
        self.peers
            .verify(token, self.own, now)
            .map_err(|error| unauthenticated("The service token is not good.").caused_by(error))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, AppError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(unauthenticated("A credential stands twice."));
    }
    first
        .map(|value| value.to_str().map_err(|_| unauthenticated("A credential is not text.")))
        .transpose()
}

fn unauthenticated(message: &str) -> AppError {
    AppError::new(Code::Unauthenticated, message)
}

fn asks_for_admin(access: Access) -> bool {
    match access {
        Access::Admin | Access::AdminOr(_) => true,
        Access::Services(_) | Access::Member | Access::Barista | Access::MemberOr(_) => false,
    }
}

/// The rule, given who it is. A person, where there is one, is judged as such,
/// whatever their service might do for itself.
fn judge(access: Access, peer: Peer, person: Option<&Person>) -> Result<(), AppError> {
    if person.is_some() && peer != SPOKESMAN {
        return Err(forbidden(format!("{} does not speak for people.", peer.name())));
    }
    let with = |holds: fn(&Person) -> bool| match person {
        Some(person) if holds(person) => Ok(()),
        Some(_) => Err(forbidden("Your role does not allow this.".to_owned())),
        None => Err(unauthenticated("Please sign in.")),
    };
    match access {
        Access::Services(peers) if peers.contains(&peer) => Ok(()),
        Access::Services(_) => Err(forbidden(format!("{} may not call this.", peer.name()))),
        Access::MemberOr(peers) | Access::AdminOr(peers)
            if person.is_none() && peers.contains(&peer) =>
        {
            Ok(())
        }
        Access::Member | Access::MemberOr(_) => with(|person| !person.roles.is_empty()),
        Access::Barista => with(|person| person.is(Role::Barista) || person.is(Role::Admin)),
        Access::Admin | Access::AdminOr(_) => with(|person| person.is(Role::Admin)),
    }
}

fn forbidden(message: String) -> AppError {
    AppError::new(Code::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use types::{MemberId, Roles, SessionId};
    use wire::access::METHODS;

    use super::*;
    use crate::tokens::{AccessTokenSigner, Credentials};

    fn person(roles: Roles) -> Person {
        Person {
            member: MemberId::new(),
            roles,
            session: SessionId::new(),
            expires_at: Utc::now() + TimeDelta::minutes(15),
        }
    }

    /// Which of the services may call it for itself, and the least that a person
    /// must be; `None`: it makes no difference for whom it is called.
    type Expected = (&'static str, &'static [Peer], Option<Role>);

    /// Whatever moves beans, lets people in, or decides about others: said once
    /// more, by hand, so that a slip in the table does not pass.
    const EXPECTED: [Expected; 31] = {
        use Peer::{CustomerService, Launcher, OrderService, Server};
        [
            ("Settle", &[OrderService], None),
            ("Notify", &[OrderService], None),
            ("WatchEvents", &[Server], None),
            ("ExchangeSignInLink", &[Server], None),
            ("RefreshTokens", &[Server], None),
            ("SignOut", &[Server], None),
            ("GetKeys", &[Server, OrderService], None),
            ("WatchRevocations", &[Server, OrderService], None),
            ("CreateSignInLink", &[Launcher], Some(Role::Admin)),
            ("CreateMember", &[Launcher], Some(Role::Admin)),
            ("RebuildProjections", &[Launcher], Some(Role::Admin)),
            ("ReplayDeadLetters", &[Launcher], Some(Role::Admin)),
            ("GrantDueAllowances", &[OrderService], Some(Role::Admin)),
            ("ForgiveOrder", &[], Some(Role::Admin)),
            ("SetBar", &[], Some(Role::Barista)),
            ("SetAvailability", &[], Some(Role::Barista)),
            ("GetQueue", &[], Some(Role::Barista)),
            ("AcceptOrder", &[], Some(Role::Barista)),
            ("ReadyOrder", &[], Some(Role::Barista)),
            ("DeclineOrder", &[], Some(Role::Barista)),
            ("StrikeItem", &[], Some(Role::Barista)),
            ("ReplaceItem", &[], Some(Role::Barista)),
            ("PlaceOrder", &[], Some(Role::Member)),
            ("GetOrder", &[], Some(Role::Member)),
            ("ListOrders", &[], Some(Role::Member)),
            ("GetMe", &[], Some(Role::Member)),
            ("GetBalance", &[], Some(Role::Member)),
            ("GetStatement", &[], Some(Role::Member)),
            ("ListNotifications", &[], Some(Role::Member)),
            ("ListMembers", &[OrderService, Launcher], Some(Role::Member)),
            ("PriceItems", &[CustomerService], Some(Role::Member)),
        ]
    };

    #[test]
    fn what_is_delicate_admits_whom_it_should_and_nobody_else() {
        let rank =
            |role| [Role::Member, Role::Barista, Role::Admin].iter().position(|r| *r == role);
        for (method, services, least) in EXPECTED {
            let found = METHODS.iter().find(|(path, _)| path.ends_with(&format!("/{method}")));
            let access = found.unwrap_or_else(|| panic!("{method} is gone")).1;
            let admits = |peer, person: Option<&Person>| judge(access, peer, person).is_ok();
            for peer in Peer::ALL {
                let listed = services.contains(&peer);
                assert_eq!(admits(peer, None), listed, "{method} by {}", peer.name());
                for role in Role::ALL {
                    let enough = least.map_or(listed, |least| rank(role) >= rank(least));
                    let expected = peer == Peer::Server && enough;
                    let admitted = admits(peer, Some(&person([role].into())));
                    assert_eq!(admitted, expected, "{method} by {} for {role}", peer.name());
                }
            }
        }
    }

    #[test]
    fn without_a_role_nobody_does_anything_and_nobody_but_the_gateway_speaks_for_people() {
        let nobody = person(Roles::NONE);
        let everybody = person(Role::ALL.into());
        for (path, access) in METHODS {
            if !matches!(access, Access::Services(_)) {
                assert!(judge(*access, Peer::Server, Some(&nobody)).is_err(), "{path}");
                assert!(judge(*access, Peer::Server, Some(&everybody)).is_ok(), "{path}");
            }
            for peer in [Peer::OrderService, Peer::CustomerService, Peer::Launcher] {
                assert!(judge(*access, peer, Some(&everybody)).is_err(), "{path}");
            }
        }
    }

    #[test]
    fn credentials_are_needed_must_be_good_and_stand_once() {
        let server = Credentials::new(Peer::Server, [1; 32]).unwrap();
        let signer = AccessTokenSigner::new([2; 32]).unwrap();
        let now = Utc::now();
        let guard = Guard {
            own: Peer::OrderService,
            peers: PeerKeys::new([(Peer::Server, server.public_key().unwrap())]),
            verifier: AccessTokenVerifier::new(),
        };
        guard.verifier.set_keys([signer.public_key(now + TimeDelta::days(1))]);
        let bearer =
            |audience| format!("Bearer {}", server.token_for(audience).unwrap()).parse().unwrap();
        let mut headers = HeaderMap::new();
        let code =
            |headers: &HeaderMap, access| guard.admit_at(access, headers, now).map_err(|e| e.code);

        assert_eq!(code(&headers, Access::Member).unwrap_err(), Code::Unauthenticated);
        headers.insert("authorization", bearer(Peer::CustomerService));
        assert_eq!(code(&headers, Access::Member).unwrap_err(), Code::Unauthenticated);
        headers.insert("authorization", bearer(Peer::OrderService));
        assert_eq!(code(&headers, Access::Member).unwrap_err(), Code::Unauthenticated);
        assert!(code(&headers, Access::Services(&[Peer::Server])).is_ok());
        assert_eq!(code(&headers, Access::Services(&[])).unwrap_err(), Code::Forbidden);

        let roles = Roles::from([Role::Member, Role::Admin]);
        let member = MemberId::new();
        let (token, _) = signer.issue(member, SessionId::new(), roles, now).unwrap();
        headers.insert(USER_TOKEN, token.parse().unwrap());
        let caller = code(&headers, Access::Member).unwrap();
        assert_eq!((caller.peer, caller.person().unwrap().member), (Peer::Server, member));

        assert_eq!(code(&headers, Access::Admin).unwrap_err(), Code::IdentityUnavailable);
        guard.verifier.set_fresh(true);
        assert!(code(&headers, Access::Admin).is_ok());

        headers.append(USER_TOKEN, token.parse().unwrap());
        assert_eq!(code(&headers, Access::Member).unwrap_err(), Code::Unauthenticated);
        headers.insert(USER_TOKEN, "nonsense".parse().unwrap());
        assert_eq!(
            code(&headers, Access::Services(&[Peer::Server])).unwrap_err(),
            Code::Unauthenticated
        );
    }
}
