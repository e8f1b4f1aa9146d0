//! Which key signs access tokens, and when the next one is made: it is
//! published before it is used, and kept until its last token has expired.

use chrono::TimeDelta;
use types::Timestamp;

/// The life of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTimes {
    /// It signs from then …
    pub sign_from: Timestamp,
    /// … until then (exclusive);
    pub sign_until: Timestamp,
    /// and verifies until then.
    pub not_after: Timestamp,
}

/// How keys follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicy {
    /// How long one key signs.
    pub lifetime: TimeDelta,
    /// How long before its first use a key is published; less than `lifetime`.
    pub lead: TimeDelta,
    /// How long what it signed is valid, with the verifiers' leeway.
    pub token_validity: TimeDelta,
}

/// The key to make now, if one is due. The first one, and one after a gap in
/// which no key signed, signs at once: verifiers fetch an unknown key id.
pub fn next(keys: &[KeyTimes], now: Timestamp, policy: KeyPolicy) -> Option<KeyTimes> {
    let last_ends = keys.iter().map(|key| key.sign_until).max();
    let sign_from = match last_ends {
        Some(ends) if ends - policy.lead > now => return None,
        Some(ends) if ends > now => ends,
        Some(_) | None => now,
    };
    let sign_until = sign_from + policy.lifetime;
    Some(KeyTimes { sign_from, sign_until, not_after: sign_until + policy.token_validity })
}

/// The index of the key that signs now.
pub fn signing(keys: &[KeyTimes], now: Timestamp) -> Option<usize> {
    keys.iter()
        .enumerate()
        .filter(|(_, key)| key.sign_from <= now && now < key.sign_until)
        .max_by_key(|(_, key)| key.sign_from)
        .map(|(index, _)| index)
}

/// Whether nothing that a key signed can still be valid.
pub fn is_over(key: &KeyTimes, now: Timestamp) -> bool {
    key.not_after <= now
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const POLICY: KeyPolicy = KeyPolicy {
        lifetime: TimeDelta::hours(30 * 24),
        lead: TimeDelta::hours(24),
        token_validity: TimeDelta::minutes(16),
    };

    proptest! {
        #[test]
        fn some_key_always_signs_and_what_it_signs_verifies_until_it_expires(
            steps in vec(1..12 * 60_i64, 1..400),
        ) {
            // Checked at least every 12 h, at irregular minutes.
            let mut now = Timestamp::UNIX_EPOCH;
            let mut keys: Vec<(Timestamp, KeyTimes)> = vec![];
            for step in steps {
                let times: Vec<KeyTimes> = keys.iter().map(|(_, key)| *key).collect();
                if let Some(key) = next(&times, now, POLICY) {
                    if !keys.is_empty() {
                        prop_assert!(key.sign_from - now >= TimeDelta::hours(12), "published early");
                    }
                    keys.push((now, key));
                }
                let times: Vec<KeyTimes> = keys.iter().map(|(_, key)| *key).collect();
                prop_assert_eq!(next(&times, now, POLICY), None, "one at a time");
                let signer = signing(&times, now);
                prop_assert!(signer.is_some());
                let signer = times[signer.unwrap()];
                prop_assert!(!is_over(&signer, now + POLICY.token_validity - TimeDelta::nanoseconds(1)));
                keys.retain(|(_, key)| !is_over(key, now));
                now += TimeDelta::minutes(step);
            }
        }
    }

    #[test]
    fn after_a_long_sleep_a_new_key_signs_at_once() {
        let start = Timestamp::UNIX_EPOCH;
        let first = next(&[], start, POLICY).unwrap();
        assert_eq!(first.sign_from, start);
        let later = first.sign_until + TimeDelta::days(100);
        assert!(is_over(&first, later));
        assert_eq!(next(&[first], later, POLICY).unwrap().sign_from, later);
        assert_eq!(signing(&[first], later), None);
    }
}
