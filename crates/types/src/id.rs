//! Typed, time-ordered ids: a UUIDv7 in PostgreSQL, a prefix and 26 characters
//! of Crockford base32 everywhere else (`ord_01h455vb4pex5vsknk084sn02q`), the
//! form that the TypeID specification 0.3 gives them.

use std::{fmt, str::FromStr};

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ENCODED_LENGTH: usize = 26;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 letters and digits")]
pub struct ParseIdError {
    prefix: &'static str,
}

fn encode(id: Uuid) -> [u8; ENCODED_LENGTH] {
    let bits = id.as_u128();
    std::array::from_fn(|at| ALPHABET[(bits >> (5 * (ENCODED_LENGTH - 1 - at))) as usize & 31])
}

fn decode(text: &str) -> Option<Uuid> {
    // 26 characters hold 130 bits: a first digit over 7 would not fit into 128.
    if text.len() != ENCODED_LENGTH || text.as_bytes()[0] > b'7' {
        return None;
    }
    let mut bits = 0_u128;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | digit as u128;
    }
    Some(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id of this moment.
            #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = encode(self.0);
                write!(f, "{}_{}", $prefix, std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(ParseIdError { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Parsed while the deserializer knows which field or parameter it reads.
                struct Id;
                impl serde::de::Visitor<'_> for Id {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("an id such as ", $prefix, "_…"))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Id)
            }
        }
    )*};
}

ids! {
    /// One order.
    OrderId = "ord";
    /// A member of the family.
    MemberId = "mem";
    /// Something on the menu.
    MenuItemId = "itm";
    /// One event of a log; receivers dedupe by it.
    EventId = "evt";
    /// One line of the bean ledger.
    LedgerEntryId = "led";
    /// A sign-in: the family of tokens that grew from one exchange.
    SessionId = "ses";
    /// A shared device that an admin paired: the counter's tablet, a display, a kiosk.
    DeviceId = "dev";
    /// An invitation: a link and a code that sign somebody in once.
    InvitationId = "inv";
    /// A pass by which visitors come in for one evening.
    GuestPassId = "gst";
    /// A personal API token.
    TokenId = "tok";
    /// A passkey of a member.
    PasskeyId = "psk";
    /// A drink that somebody keeps by a name.
    FavouriteId = "fav";
    /// Beans that one member gives another.
    GiftId = "gft";
    /// What an admin put right in somebody's ledger.
    CorrectionId = "cor";
    /// Something that somebody was told.
    NotificationId = "ntf";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_as_its_type_id_and_reads_back() {
        // From the TypeID specification's valid.json.
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        let id = OrderId::from_uuid(uuid);
        assert_eq!(id.to_string(), "ord_01h455vb4pex5vsknk084sn02q");
        assert_eq!("ord_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
        let largest = OrderId::from_uuid(Uuid::max());
        assert_eq!(largest.to_string().parse(), Ok(largest));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "ord_",
            "01h455vb4pex5vsknk084sn02q",
            "mem_01h455vb4pex5vsknk084sn02q",
            "ord_01H455VB4PEX5VSKNK084SN02Q",
            "ord_81h455vb4pex5vsknk084sn02q",
            "ord_01h455vb4pex5vsknk084sn02",
            "ord_01h455vb4pex5vsknk084sn02qq",
            "ord_0é455vb4pex5vsknk084sn02q",
        ] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let first = OrderId::new();
        let second = OrderId::new();
        assert!(first < second && first.to_string() < second.to_string());
    }
}
