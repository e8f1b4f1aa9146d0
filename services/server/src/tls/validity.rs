//! From when until when a certificate counts. The TLS library checks this for
//! those who connect, but does not tell it.

use chrono::NaiveDateTime;
use types::Timestamp;

/// Both ends belong to it (RFC 5280, 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

const SEQUENCE: u8 = 0x30;
/// `version`, which old certificates leave out.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// Reads it from a certificate in DER; `None` when it is not one.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (inside, _) = expect(certificate, SEQUENCE)?;
        let (mut rest, _) = expect(inside, SEQUENCE)?;
        if rest.first() == Some(&VERSION) {
            rest = element(rest)?.2;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            rest = element(rest)?.2;
        }
        let (validity, _) = expect(rest, SEQUENCE)?;
        let (from, rest) = time(validity)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }
}

/// One element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// UTCTime has two digits of the year and ends with 2049 (RFC 5280, 4.1.2.5.1).
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, content, rest) = element(der)?;
    let digits = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        UTC_TIME if digits.get(..2)? < "50" => format!("20{digits}"),
        UTC_TIME => format!("19{digits}"),
        GENERALIZED_TIME => digits.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&digits, "%Y%m%d%H%M%S").ok()?;
    Some((time.and_utc(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let utc = |text: &str| {
            let der = [&[UTC_TIME, text.len() as u8], text.as_bytes()].concat();
            time(&der).map(|(time, _)| time)
        };
        assert_eq!(utc("491231235959Z"), Some(at("2049-12-31T23:59:59Z")));
        assert_eq!(utc("500101000000Z"), Some(at("1950-01-01T00:00:00Z")));
        assert_eq!(utc("500101000000"), None);
        assert_eq!(utc("5001"), None);
        let text = "20500101000000Z";
        let der = [&[GENERALIZED_TIME, text.len() as u8], text.as_bytes()].concat();
        assert_eq!(time(&der).unwrap().0, at("2050-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_cut_off_or_altered_is_refused_and_never_a_panic() {
        let made = rcgen::generate_simple_self_signed(["coffee.local".to_owned()]).unwrap();
        let der = made.cert.der().to_vec();
        let whole = Validity::of(&der).unwrap();
        assert_eq!(whole.from, at("1975-01-01T00:00:00Z"), "the default of who made it");
        assert_eq!(whole.until, at("4096-01-01T00:00:00Z"));
        for end in 0..der.len() {
            assert_eq!(Validity::of(&der[..end]), None, "{end}");
        }
        for at in 0..120 {
            for value in [0, 0x30, 0x80, 0x84, 0xff] {
                let mut other = der.clone();
                other[at] = value;
                let _ = Validity::of(&other);
            }
        }
    }
}
