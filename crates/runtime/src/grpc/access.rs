//! The decision at the door: does this caller have what the method asks for?

use chrono::Utc;
use http::HeaderMap;
use types::{Role, Timestamp};
use wire::access::{Ended, Needs, Peer, Rule};

use super::{Caller, Holder, Person, USER_TOKEN};
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
    pub(super) fn admit(&self, rule: Rule, headers: &HeaderMap) -> Result<Caller, AppError> {
        self.admit_at(rule, headers, Utc::now())
    }

    fn admit_at(
        &self,
        rule: Rule,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Caller, AppError> {
        let peer = self.peer(headers, now)?;
        let holder = text(headers, USER_TOKEN)?
            .map(|token| self.verifier.verify(token, now))
            .transpose()
            .map_err(|error| unauthenticated("Please sign in again.").caused_by(error))?;
        judge(rule, peer, holder.as_ref())?;
        if holder.is_some() && rule.ended == Ended::MustBeKnown && !self.verifier.is_fresh() {
            return Err(AppError::new(
                Code::IdentityUnavailable,
                "Who is signed in cannot be checked at the moment. Please try again soon.",
            )
            .retry_after(std::time::Duration::from_secs(5)));
        }
        Ok(match holder {
            None => Caller { peer, person: None, device: None },
            Some(Holder::Person(person)) => Caller { peer, person: Some(person), device: None },
            Some(Holder::Device(device)) => Caller { peer, person: None, device: Some(device) },
        })
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

/// The rule, given who it is. A person, where there is one, is judged as such,
/// whatever their service might do for itself.
fn judge(rule: Rule, peer: Peer, holder: Option<&Holder>) -> Result<(), AppError> {
    if holder.is_some() && peer != SPOKESMAN {
        return Err(forbidden(format!("{} does not speak for people.", peer.name())));
    }
    let nobodys = matches!(rule.needs, Needs::Nothing | Needs::Secret);
    if nobodys || holder.is_none() {
        return if rule.services.contains(&peer) {
            Ok(())
        } else if nobodys {
            Err(forbidden(format!("{} may not call this.", peer.name())))
        } else {
            Err(unauthenticated("Please sign in."))
        };
    }
    match holder {
        Some(Holder::Person(person)) => {
            if !rule.admits(person.scope) {
                Err(forbidden("This sign-in is not for that.".to_owned()))
            } else if holds(rule.needs, person) {
                Ok(())
            } else {
                Err(forbidden("Your role does not allow this.".to_owned()))
            }
        }
        Some(Holder::Device(device)) => {
            if rule.admits_device(device.scope) {
                Ok(())
            } else if rule.needs == Needs::Device {
                Err(forbidden("This device is for something else.".to_owned()))
            } else {
                Err(unauthenticated("Nobody is signed in at this device."))
            }
        }
        None => Err(unauthenticated("Please sign in.")),
    }
}

fn holds(needs: Needs, person: &Person) -> bool {
    match needs {
        Needs::Nothing | Needs::Secret => true,
        Needs::Device => false,
        Needs::Member => !person.roles.is_empty(),
        Needs::Barista => person.is(Role::Barista) || person.is(Role::Admin),
        Needs::Admin => person.is(Role::Admin),
    }
}

fn forbidden(message: String) -> AppError {
    AppError::new(Code::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use types::{MemberId, Roles, Scope, SessionId};
    use wire::access::METHODS;

    use super::{super::Device, *};
    use crate::tokens::{AccessTokenSigner, Credentials, Grant};

    const MEMBER: Rule = wire::access::MEMBER;
    const ADMIN: Rule = Rule { needs: Needs::Admin, ended: Ended::MustBeKnown, ..MEMBER };
    const SERVER: Rule = Rule { needs: Needs::Nothing, services: &[Peer::Server], ..MEMBER };

    fn person(roles: impl Into<Roles>, scope: Scope) -> Holder {
        Holder::Person(Person {
            member: MemberId::new(),
            roles: roles.into(),
            session: SessionId::new(),
            scope,
            device: None,
            generation: 0,
            expires_at: Utc::now() + TimeDelta::minutes(15),
        })
    }

    fn device(scope: Scope) -> Holder {
        Holder::Device(Device {
            device: types::DeviceId::new(),
            scope,
            session: SessionId::new(),
            expires_at: Utc::now() + TimeDelta::minutes(15),
        })
    }

    /// Which of the services may call it for itself, and the least that a person
    /// must be; `None`: it makes no difference for whom it is called.
    type Expected = (&'static str, &'static [Peer], Option<Role>);

    /// Whatever moves beans, lets people in, or decides about others: said once
    /// more, by hand, so that a slip in the table does not pass.
    const EXPECTED: [Expected; 45] = {
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
            ("BeginPasskeySignIn", &[Server], None),
            ("FinishPasskeySignIn", &[Server], None),
            ("BeginPasskeyRegistration", &[], Some(Role::Member)),
            ("FinishPasskeyRegistration", &[], Some(Role::Member)),
            ("ListPasskeys", &[], Some(Role::Member)),
            ("RemovePasskey", &[], Some(Role::Member)),
            ("ExchangeCode", &[Server], None),
            ("ExchangeApiToken", &[Server], None),
            ("EnterAsGuest", &[Server], None),
            ("CreateGuestPass", &[], Some(Role::Member)),
            ("CreateApiToken", &[], Some(Role::Member)),
            ("RevokeApiToken", &[], Some(Role::Member)),
            // For whom, its handler asks: one's own device, or as an admin anybody's.
            ("CreateSignInLink", &[Launcher], Some(Role::Member)),
            ("WithdrawInvitation", &[], Some(Role::Member)),
            ("ListInvited", &[Launcher], Some(Role::Admin)),
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
            let rule = found.unwrap_or_else(|| panic!("{method} is gone")).1;
            let admits = |peer, holder: Option<&Holder>| judge(rule, peer, holder).is_ok();
            for peer in Peer::ALL {
                let listed = services.contains(&peer);
                assert_eq!(admits(peer, None), listed, "{method} by {}", peer.name());
                for role in Role::ALL {
                    let enough = least.map_or(listed, |least| rank(role) >= rank(least));
                    let expected = peer == Peer::Server && enough;
                    let admitted = admits(peer, Some(&person([role], Scope::Full)));
                    assert_eq!(admitted, expected, "{method} by {} for {role}", peer.name());
                }
            }
        }
    }

    #[test]
    fn without_a_role_nobody_does_anything_and_nobody_but_the_gateway_speaks_for_people() {
        let nobody = person(Roles::NONE, Scope::Full);
        let everybody = person(Role::ALL, Scope::Full);
        for (path, rule) in METHODS {
            if !matches!(rule.needs, Needs::Nothing | Needs::Device) {
                assert!(judge(*rule, Peer::Server, Some(&nobody)).is_err(), "{path}");
                assert!(judge(*rule, Peer::Server, Some(&everybody)).is_ok(), "{path}");
            }
            for peer in [Peer::OrderService, Peer::CustomerService, Peer::Launcher] {
                assert!(judge(*rule, peer, Some(&everybody)).is_err(), "{path}");
            }
        }
    }

    /// What each narrow sign-in may do, said once more, by hand.
    #[test]
    fn a_narrow_sign_in_does_what_it_is_for_and_nothing_else() {
        let may = |scope: Scope| -> Vec<&str> {
            let all = METHODS.iter().filter(|(_, rule)| {
                rule.needs != Needs::Nothing
                    && judge(*rule, Peer::Server, Some(&person(Role::ALL, scope))).is_ok()
            });
            all.map(|(path, _)| path.rsplit('/').next().unwrap_or_default()).collect()
        };
        for scope in [Scope::Display, Scope::Usual, Scope::ReadOrders, Scope::Reports] {
            for delicate in ["PlaceOrder", "AcceptOrder", "GetStatement", "CreateMember"] {
                assert!(!may(scope).contains(&delicate), "{scope}: {delicate}");
            }
        }
        for scope in Scope::ALL.into_iter().filter(|scope| *scope != Scope::Full) {
            for (path, rule) in METHODS.iter().filter(|(_, rule)| rule.needs == Needs::Admin) {
                let admin = person(Role::ALL, scope);
                let admitted = judge(*rule, Peer::Server, Some(&admin)).is_ok();
                let reports = scope == Scope::Reports && rule.scopes.contains(&scope);
                assert!(!admitted || reports, "{path} by {scope}");
            }
        }
        let (counter, kiosk) = (may(Scope::Counter), may(Scope::Kiosk));
        assert!(counter.contains(&"AcceptOrder") && counter.contains(&"PlaceOrder"));
        assert!(!counter.contains(&"GetStatement") && !counter.contains(&"EndSession"));
        for scope in Scope::ALL.into_iter().filter(|scope| *scope != Scope::Full) {
            assert!(!may(scope).iter().any(|method| method.contains("Passkey")), "{scope}");
        }
        assert!(kiosk.contains(&"PlaceOrder") && !kiosk.contains(&"AcceptOrder"));
    }

    /// A device at which nobody acts does nobody's work: what it may, once more by hand.
    #[test]
    fn a_device_alone_reads_what_it_shows_and_lets_somebody_say_who_they_are() {
        let may = |scope: Scope| -> Vec<&str> {
            let nobodys = |rule: &Rule| matches!(rule.needs, Needs::Nothing | Needs::Secret);
            let all = METHODS.iter().filter(|(_, rule)| {
                !nobodys(rule) && judge(*rule, Peer::Server, Some(&device(scope))).is_ok()
            });
            all.map(|(path, _)| path.rsplit('/').next().unwrap_or_default()).collect()
        };
        for scope in Scope::ALL {
            let expected: &[&str] = match scope {
                Scope::Counter => &["GetMenu", "GetBar", "GetQueue", "GetDevice", "SignInAtDevice"],
                Scope::Display => &["GetBar", "GetDisplay", "GetDevice"],
                Scope::Kiosk => &["GetBar", "GetDevice", "SignInAtDevice"],
                Scope::Full | Scope::Usual | Scope::ReadOrders | Scope::Reports | Scope::Guest => {
                    &[]
                }
            };
            assert_eq!(may(scope), expected, "{scope}");
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

        assert_eq!(code(&headers, MEMBER).unwrap_err(), Code::Unauthenticated);
        headers.insert("authorization", bearer(Peer::CustomerService));
        assert_eq!(code(&headers, MEMBER).unwrap_err(), Code::Unauthenticated);
        headers.insert("authorization", bearer(Peer::OrderService));
        assert_eq!(code(&headers, MEMBER).unwrap_err(), Code::Unauthenticated);
        assert!(code(&headers, SERVER).is_ok());
        assert_eq!(code(&headers, Rule { services: &[], ..SERVER }).unwrap_err(), Code::Forbidden);

        let roles = Roles::from([Role::Member, Role::Admin]);
        let member = MemberId::new();
        let (token, _) = signer.issue(&Grant::full(member, SessionId::new(), roles), now).unwrap();
        headers.insert(USER_TOKEN, token.parse().unwrap());
        let caller = code(&headers, MEMBER).unwrap();
        assert_eq!((caller.peer, caller.person().unwrap().member), (Peer::Server, member));

        assert_eq!(code(&headers, ADMIN).unwrap_err(), Code::IdentityUnavailable);
        guard.verifier.set_fresh(true);
        assert!(code(&headers, ADMIN).is_ok());

        headers.append(USER_TOKEN, token.parse().unwrap());
        assert_eq!(code(&headers, MEMBER).unwrap_err(), Code::Unauthenticated);
        headers.insert(USER_TOKEN, "nonsense".parse().unwrap());
        assert_eq!(code(&headers, SERVER).unwrap_err(), Code::Unauthenticated);
    }
}
