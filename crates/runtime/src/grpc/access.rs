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

/// These may speak for a person.
const SPOKESMEN: [Peer; 2] = [Peer::Server, Peer::Launcher];

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
        let (person, token) = match text(headers, USER_TOKEN)? {
            Some(token) => {
                let person = self
                    .verifier
                    .verify(token, now)
                    .map_err(|error| unauthenticated("Please sign in again.").caused_by(error))?;
                (Some(person), Some(token.into()))
            }
            None => (None, None),
        };
        judge(access, peer, person.as_ref())?;
        if person.is_some() && asks_for_admin(access) && !self.verifier.is_fresh() {
            return Err(AppError::new(
                Code::IdentityUnavailable,
                "Who is signed in cannot be checked at the moment. Please try again soon.",
            )
            .retry_after(std::time::Duration::from_secs(5)));
        }
        Ok(Caller { peer, person, token })
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
    if person.is_some() && !SPOKESMEN.contains(&peer) {
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

    /// The same table, said once more in words, over every method, peer and role.
    #[test]
    fn every_method_admits_whom_the_table_names_and_nobody_else() {
        for (path, access) in METHODS {
            for peer in Peer::ALL {
                let service = judge(*access, peer, None);
                let listed = match access {
                    Access::Services(peers) | Access::AdminOr(peers) | Access::MemberOr(peers) => {
                        peers.contains(&peer)
                    }
                    Access::Member | Access::Barista | Access::Admin => false,
                };
                assert_eq!(service.is_ok(), listed, "{path} by {}", peer.name());
                for role in Role::ALL {
                    let admitted = judge(*access, peer, Some(&person([role].into()))).is_ok();
                    let speaks = SPOKESMEN.contains(&peer);
                    let holds = match access {
                        Access::Services(peers) => peers.contains(&peer),
                        Access::Member | Access::MemberOr(_) => true,
                        Access::Barista => role != Role::Member,
                        Access::Admin | Access::AdminOr(_) => role == Role::Admin,
                    };
                    assert_eq!(admitted, speaks && holds, "{path} {} {role}", peer.name());
                }
                assert!(
                    matches!(access, Access::Services(_))
                        || judge(*access, peer, Some(&person(Roles::NONE))).is_err(),
                    "{path}: nobody without any role"
                );
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
        assert!(!format!("{caller:?}").contains(&token));

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
