//! Refresh tokens rotate. Each refresh replaces the token by a successor, and a
//! token that turns up again tells whether it was a lost answer or a thief:
//!
//! | The token presented | Answer |
//! |---|---|
//! | was never used | a successor |
//! | was used up to 30 s ago, its successor never | the same successor |
//! | was used longer ago, its successor never | a new successor; the unused one is void |
//! | was used, and so was its successor | the whole family of tokens is revoked |
//! | is void | the whole family of tokens is revoked |

use chrono::TimeDelta;
use types::Timestamp;

/// So long the same successor is handed out again: two tabs, a lost answer.
pub const SAME_SUCCESSOR_FOR: TimeDelta = TimeDelta::seconds(30);

/// Whether a token may still be presented at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Replaced unused by another successor of the same token.
    Void,
}

/// That a token was used, and what became of what it was exchanged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// When the present successor was handed out first.
    pub at: Timestamp,
    pub successor: Successor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    Unused,
    Used,
}

/// A refresh token as it is stored, without the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub standing: Standing,
    pub expires_at: Timestamp,
    pub rotation: Option<Rotation>,
}

/// Whether the family of tokens still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    Live,
    Revoked,
}

/// What a presented token gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// A first successor.
    Rotate,
    /// The successor it got before.
    Repeat,
    /// Another successor; the one it got before is void.
    Replace,
    /// Nothing, and no token of the family will get anything again.
    RevokeFamily,
    /// Nothing: it is too old.
    Expired,
    /// Nothing: the family was revoked before.
    Over,
}

/// Decides what a presented token gets.
pub fn refresh(session: Session, token: Token, now: Timestamp) -> Refresh {
    match (session, token.standing) {
        (Session::Revoked, Standing::Good | Standing::Void) => return Refresh::Over,
        (Session::Live, Standing::Void) => return Refresh::RevokeFamily,
        (Session::Live, Standing::Good) => {}
    }
    match token.rotation {
        Some(Rotation { successor: Successor::Used, .. }) => Refresh::RevokeFamily,
        _ if token.expires_at <= now => Refresh::Expired,
        None => Refresh::Rotate,
        Some(Rotation { at, successor: Successor::Unused }) => {
            if now - at <= SAME_SUCCESSOR_FOR {
                Refresh::Repeat
            } else {
                Refresh::Replace
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn token(rotation: Option<(i64, Successor)>) -> Token {
        Token {
            standing: Standing::Good,
            expires_at: at(1_000),
            rotation: rotation.map(|(second, successor)| Rotation { at: at(second), successor }),
        }
    }

    #[test]
    fn each_line_of_the_table_holds() {
        use Successor::{Unused, Used};
        let live = |token, second| refresh(Session::Live, token, at(second));
        assert_eq!(live(token(None), 5), Refresh::Rotate);
        assert_eq!(live(token(Some((5, Unused))), 5), Refresh::Repeat);
        assert_eq!(live(token(Some((5, Unused))), 35), Refresh::Repeat);
        assert_eq!(live(token(Some((5, Unused))), 36), Refresh::Replace);
        assert_eq!(live(token(Some((5, Used))), 6), Refresh::RevokeFamily);
        assert_eq!(live(token(Some((5, Used))), 600), Refresh::RevokeFamily);
        assert_eq!(live(Token { standing: Standing::Void, ..token(None) }, 5), {
            Refresh::RevokeFamily
        });
        assert_eq!(live(token(None), 1_000), Refresh::Expired);
        assert_eq!(live(token(Some((990, Unused))), 1_001), Refresh::Expired);
        assert_eq!(refresh(Session::Revoked, token(None), at(5)), Refresh::Over);
    }

    /// A family of tokens as the store keeps it.
    #[derive(Debug)]
    struct Family {
        session: Session,
        tokens: Vec<(Token, Option<usize>)>,
    }

    impl Family {
        fn new() -> Self {
            Self { session: Session::Live, tokens: vec![(token(None), None)] }
        }

        fn present(&mut self, index: usize, now: Timestamp) -> (Refresh, Option<usize>) {
            let (mut token, successor) = self.tokens[index];
            if let (Some(rotation), Some(next)) = (&mut token.rotation, successor) {
                rotation.successor = match self.tokens[next].0.rotation {
                    Some(_) => Successor::Used,
                    None => Successor::Unused,
                };
            }
            let answer = refresh(self.session, token, now);
            let given = match answer {
                Refresh::Rotate | Refresh::Replace => {
                    if let Some(unused) = successor {
                        self.tokens[unused].0.standing = Standing::Void;
                    }
                    let next = self.tokens.len();
                    self.tokens.push((super::tests::token(None), None));
                    let rotation = Rotation { at: now, successor: Successor::Unused };
                    self.tokens[index].0.rotation = Some(rotation);
                    self.tokens[index].1 = Some(next);
                    Some(next)
                }
                Refresh::Repeat => successor,
                Refresh::RevokeFamily => {
                    self.session = Session::Revoked;
                    None
                }
                Refresh::Expired | Refresh::Over => None,
            };
            (answer, given)
        }
    }

    proptest! {
        #[test]
        fn two_holders_of_one_token_cannot_both_go_on(
            turns in vec((any::<bool>(), 0..50_i64), 2..40),
        ) {
            // Each holder presents the newest token they were given; more than
            // 30 s apart, so that nobody is told what the other was told.
            let mut family = Family::new();
            let mut held = [0, 0];
            let mut now = at(0);
            for (second_holder, wait) in turns {
                now += SAME_SUCCESSOR_FOR + TimeDelta::seconds(1 + wait % 3);
                let holder = usize::from(second_holder);
                if let (_, Some(next)) = family.present(held[holder], now) {
                    held[holder] = next;
                }
                // Of two different tokens at most one can be refreshed without an end of the family.
                if held[0] != held[1] && family.session == Session::Live {
                    let usable = held
                        .iter()
                        .filter(|index| {
                            let (token, successor) = family.tokens[**index];
                            token.standing == Standing::Good && successor.is_none()
                        })
                        .count();
                    prop_assert!(usable <= 1);
                }
            }
        }

        #[test]
        fn an_honest_client_is_never_signed_out(
            turns in vec((0..3_u8, 0..90_i64), 1..60),
        ) {
            // It loses answers and asks again, at any distance, but always with its newest token.
            let mut family = Family::new();
            let mut newest = 0;
            let mut now = at(0);
            for (kind, wait) in turns {
                now += TimeDelta::seconds(wait);
                if now >= at(1_000) { break; }
                let (answer, given) = family.present(newest, now);
                prop_assert!(given.is_some(), "{answer:?}");
                if kind > 0 { newest = given.unwrap_or(newest); }
            }
        }

        #[test]
        fn a_revoked_family_stays_revoked(turns in vec((0..6_usize, 0..90_i64), 1..60)) {
            let mut family = Family::new();
            let mut now = at(0);
            let mut over = false;
            for (index, wait) in turns {
                now += TimeDelta::seconds(wait);
                let (answer, given) = family.present(index % family.tokens.len(), now);
                if over {
                    prop_assert_eq!((answer, given), (Refresh::Over, None));
                }
                over |= answer == Refresh::RevokeFamily;
            }
        }
    }
}
