//! One-time sign-in links: a secret that is exchanged once, in time, for a session.

use chrono::TimeDelta;
use types::Timestamp;

/// How long a link is valid when its maker names no time, and the longest that may be named.
pub const DEFAULT_VALIDITY: TimeDelta = TimeDelta::hours(24);
pub const LONGEST_VALIDITY: TimeDelta = TimeDelta::days(30);

/// A stored link; its secret is known to its holder only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// `None`: good until it is used.
    pub expires_at: Option<Timestamp>,
    pub withdrawn_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
}

/// Why a link signs nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    #[error("no such sign-in link")]
    Unknown,
    #[error("this sign-in link was used already")]
    Used,
    #[error("this sign-in link was withdrawn")]
    Withdrawn,
    #[error("this sign-in link has expired")]
    Expired,
}

/// Whether a link may be exchanged now. The caller marks it used in the same transaction.
pub fn redeem(link: Option<Link>, now: Timestamp) -> Result<(), LinkRefused> {
    let Some(link) = link else { return Err(LinkRefused::Unknown) };
    if link.used_at.is_some() {
        return Err(LinkRefused::Used);
    }
    if link.withdrawn_at.is_some() {
        return Err(LinkRefused::Withdrawn);
    }
    if link.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(LinkRefused::Expired);
    }
    Ok(())
}

/// How long a new link is valid: 0 seconds asks for the default; `None` when
/// what was asked for is negative or longer than [`LONGEST_VALIDITY`].
pub fn validity(asked_seconds: i32) -> Option<TimeDelta> {
    match asked_seconds {
        0 => Some(DEFAULT_VALIDITY),
        seconds => {
            let asked = TimeDelta::seconds(i64::from(seconds));
            (asked > TimeDelta::zero() && asked <= LONGEST_VALIDITY).then_some(asked)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_until_it_expires() {
        let now = Timestamp::UNIX_EPOCH;
        let end = now + TimeDelta::seconds(1);
        let fresh = Link { expires_at: Some(end), withdrawn_at: None, used_at: None };
        assert_eq!(redeem(Some(fresh), now), Ok(()));
        assert_eq!(redeem(Some(fresh), end), Err(LinkRefused::Expired));
        let endless = Link { expires_at: None, ..fresh };
        assert_eq!(redeem(Some(endless), now + TimeDelta::days(1_000)), Ok(()));
        let withdrawn = Link { withdrawn_at: Some(now), ..fresh };
        assert_eq!(redeem(Some(withdrawn), now), Err(LinkRefused::Withdrawn));
        let used = Link { used_at: Some(now), ..fresh };
        assert_eq!(redeem(Some(used), now), Err(LinkRefused::Used));
        assert_eq!(redeem(None, now), Err(LinkRefused::Unknown));
    }

    #[test]
    fn a_validity_is_positive_and_bounded() {
        assert_eq!(validity(0), Some(DEFAULT_VALIDITY));
        assert_eq!(validity(60), Some(TimeDelta::minutes(1)));
        assert_eq!(validity(-1), None);
        assert_eq!(validity(i32::MAX), None);
    }
}
