//! When certificates are made anew, and for how long: pure, so that ten years
//! pass in a test.

use std::{fmt, net::Ipv4Addr};

use chrono::TimeDelta;
use server::tls::{Certificate, Validity};
use types::Timestamp;

/// A phone must be told of an authority by hand, so it lasts.
const AUTHORITY: TimeDelta = TimeDelta::days(3_650);
/// An authority with less than this left makes place for the next: phones are told
/// in time, and no certificate below it gets short.
const AUTHORITY_RENEWS: TimeDelta = TimeDelta::days(90);
/// Apple refuses more than 825 days of any authority's (support.apple.com/103769)
/// and more than 398 of those that phones come with, and recommends 397
/// (support.apple.com/102028).
const CERTIFICATE: TimeDelta = TimeDelta::days(397);
/// Renewed with a third of its time left, as Let's Encrypt recommends
/// (letsencrypt.org/docs/integration-guide): time enough to notice that it failed.
const CERTIFICATE_RENEWS: TimeDelta = TimeDelta::days(397 / 3);
/// For phones whose clock is behind.
const BACKDATED: TimeDelta = TimeDelta::days(1);

/// Why a certificate is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// There is none, or none that can be read.
    First,
    /// Its time, or its authority's, comes to an end.
    Ends,
    /// This machine has an address that it does not have.
    Address(Ipv4Addr),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => write!(f, "there was none"),
            Self::Ends => write!(f, "the one before comes to its end"),
            Self::Address(address) => write!(f, "this machine is now at {address} too"),
        }
    }
}

/// Whether an authority must be made.
pub(crate) fn authority(now: Timestamp, kept: Option<Validity>) -> Option<Cause> {
    match kept {
        None => Some(Cause::First),
        Some(Validity { until, .. }) if until - now < AUTHORITY_RENEWS => Some(Cause::Ends),
        Some(_) => None,
    }
}

/// Whether the certificate must be made anew.
pub(crate) fn certificate(
    now: Timestamp,
    kept: Option<&Certificate>,
    addresses: &[Ipv4Addr],
) -> Option<Cause> {
    let Some(kept) = kept else { return Some(Cause::First) };
    if kept.validity.until - now < CERTIFICATE_RENEWS {
        return Some(Cause::Ends);
    }
    let missing = addresses.iter().find(|address| !kept.is_for(&address.to_string()));
    missing.copied().map(Cause::Address)
}

/// From when until when a new authority counts.
pub(crate) fn authority_lasts(now: Timestamp) -> Validity {
    Validity { from: now - BACKDATED, until: now + AUTHORITY }
}

/// From when until when a new certificate counts: both days within the authority's.
pub(crate) fn certificate_lasts(now: Timestamp, authority: Validity) -> Validity {
    let from = (now - BACKDATED).max(authority.from);
    Validity { from, until: (from + CERTIFICATE).min(authority.until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-03-01T12:00:00Z";

    fn start() -> Timestamp {
        START.parse().unwrap()
    }

    #[test]
    fn a_certificate_never_lasts_longer_than_phones_take_it_or_than_its_authority() {
        let authority = authority_lasts(start());
        assert_eq!((authority.until - authority.from).num_days(), 3_651);
        for day in 0..3_650 {
            let now = start() + TimeDelta::days(day);
            let lasts = certificate_lasts(now, authority);
            assert!(lasts.from <= now && now < lasts.until, "day {day}");
            assert!(lasts.from >= authority.from && lasts.until <= authority.until, "day {day}");
            assert!((lasts.until - lasts.from).num_days() <= 397, "day {day}");
        }
    }

    #[test]
    fn an_authority_makes_place_for_the_next_before_a_certificate_gets_short() {
        let lasts = authority_lasts(start());
        let due = |day| authority(start() + TimeDelta::days(day), Some(lasts));
        assert_eq!(authority(start(), None), Some(Cause::First));
        assert_eq!(due(0), None);
        assert_eq!(due(3_559), None);
        assert_eq!(due(3_561), Some(Cause::Ends));
    }
}
