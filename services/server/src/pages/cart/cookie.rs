//! The cart: what somebody has chosen so far, kept in a cookie of their own
//! browser together with the idempotency key of the order it will become. So
//! it needs no script and no memory here, and an order whose answer got lost is
//! not placed a second time by asking again.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::pages::view::{Errors, Person, menu::Chosen};

/// As order-service allows for one order.
pub(crate) const MOST_DRINKS: usize = 12;
/// Browsers keep 4096 bytes of a cookie, name and attributes included.
const MOST_BYTES: usize = 3900;

/// What was chosen, and the key it will be ordered with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cart {
    /// Idempotency key; empty while there are no lines.
    #[serde(rename = "k")]
    pub(crate) key: String,
    #[serde(rename = "l")]
    pub(crate) lines: Vec<Line>,
}

/// One drink in the cart; slugs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    #[serde(rename = "i")]
    drink: String,
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    size: String,
    #[serde(rename = "m", default, skip_serializing_if = "String::is_empty")]
    milk: String,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    extras: Vec<String>,
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    whom: String,
    #[serde(rename = "g", default, skip_serializing_if = "String::is_empty")]
    guest: String,
}

impl From<Chosen> for Line {
    fn from(chosen: Chosen) -> Self {
        let Chosen { drink, size, milk, extras, note, whom, guest } = chosen;
        Self { drink, size, milk, extras, note, whom, guest }
    }
}

impl From<Line> for Chosen {
    fn from(line: Line) -> Self {
        let Line { drink, size, milk, extras, note, whom, guest } = line;
        Self { drink, size, milk, extras, note, whom, guest }
    }
}

/// Why a drink does not fit into the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("The cart holds {MOST_DRINKS} drinks at most.")]
    Drinks,
    #[error("The cart is full: shorten a note, or order what is in it first.")]
    Bytes,
}

impl Cart {
    /// From the cookie's value; what is broken is an empty cart.
    pub(crate) fn read(value: &str) -> Self {
        BASE64_URL_SAFE_NO_PAD
            .decode(value)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .filter(|cart: &Self| cart.lines.len() <= MOST_DRINKS)
            .unwrap_or_default()
    }

    /// The cookie's value; empty for an empty cart, which needs none.
    pub(crate) fn value(&self) -> String {
        if self.lines.is_empty() { String::new() } else { self.encoded() }
    }

    /// Tells this cart from any other, its key included.
    pub(crate) fn digest(&self) -> String {
        let digest = Sha256::digest(self.encoded());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn encoded(&self) -> String {
        // Strings and lists of them: serializing cannot fail.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// With one more drink. `key` becomes the order's, where the cart has none yet.
    pub(crate) fn with(&self, chosen: Chosen, key: &str) -> Result<Self, Full> {
        let mut more = self.clone();
        more.lines.push(chosen.into());
        if more.key.is_empty() {
            key.clone_into(&mut more.key);
        }
        if more.lines.len() > MOST_DRINKS {
            Err(Full::Drinks)
        } else if more.encoded().len() > MOST_BYTES {
            Err(Full::Bytes)
        } else {
            Ok(more)
        }
    }

    /// Without the line at this place, if there is one.
    pub(crate) fn without(mut self, line: usize) -> Self {
        if line < self.lines.len() {
            self.lines.remove(line);
        }
        self
    }

    /// With another key: the one it had was used for another order.
    pub(crate) fn with_key(mut self, key: String) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn drinks(&self) -> Vec<Chosen> {
        self.lines.iter().cloned().map(Chosen::from).collect()
    }
}

/// The cart as its page shows it.
#[derive(Debug, Clone)]
pub(crate) struct CartView {
    pub(crate) lines: Vec<CartLine>,
    pub(crate) key: String,
    /// Which cart this page shows: it alone is what its button orders.
    pub(crate) digest: String,
    /// "2 drinks".
    pub(crate) says: String,
    /// Beans; `None` while something in it cannot be priced.
    pub(crate) total: Option<i64>,
    /// Beans after it; `None` where the balance is not known, or nothing costs.
    pub(crate) left: Option<i64>,
    pub(crate) free_bar: bool,
    pub(crate) errors: Errors,
    /// The key was used before: this order may be there already.
    pub(crate) already_sent: bool,
}

/// One drink of the cart.
#[derive(Debug, Clone)]
pub(crate) struct CartLine {
    pub(crate) name: String,
    pub(crate) emoji: String,
    pub(crate) options: Vec<String>,
    pub(crate) note: String,
    pub(crate) whom: Person,
    pub(crate) price: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::cookies::Cookies;

    fn drink(note: &str) -> Chosen {
        Chosen { drink: "flat-white".to_owned(), note: note.to_owned(), ..Chosen::default() }
    }

    fn read_back(cart: &Cart) -> Cart {
        Cart::read(&cart.value())
    }

    #[test]
    fn a_cart_survives_its_cookie() {
        let cart = Cart::default().with(drink("für Oma ❤️; extra; hot"), "key-1").unwrap();
        let cart = cart.with(drink(""), "key-2").unwrap();
        assert_eq!(cart.key, "key-1");
        assert_eq!(read_back(&cart), cart);
        assert_eq!(read_back(&cart.clone().without(0).without(0)), Cart::default());
        assert_eq!(cart.clone().without(7), cart);
    }

    #[test]
    fn a_digest_tells_one_cart_from_another() {
        let one = Cart::default().with(drink(""), "key-1").unwrap();
        assert_eq!(one.digest(), read_back(&one).digest());
        assert_ne!(one.digest(), one.with(drink(""), "key-1").unwrap().digest());
        assert_ne!(one.digest(), one.clone().with_key("key-2".to_owned()).digest());
    }

    #[test]
    fn what_is_not_a_cart_is_an_empty_one() {
        for value in ["", "%%%", "e30x", "e30", "bnVsbA"] {
            assert_eq!(Cart::read(value), Cart::default());
        }
    }

    #[test]
    fn a_cart_stays_within_an_order_and_a_cookie() {
        let mut cart = Cart::default();
        for _ in 0..MOST_DRINKS {
            cart = cart.with(drink(""), "key").unwrap();
        }
        assert_eq!(cart.with(drink(""), "key"), Err(Full::Drinks));
        let long = "ö".repeat(200);
        let mut cart = Cart::default();
        let full = loop {
            match cart.with(drink(&long), "key") {
                Ok(more) => cart = more,
                Err(full) => break full,
            }
        };
        assert_eq!(full, Full::Bytes);
        let cookies = Cookies::of(&"https://coffee.home:18443".parse().unwrap());
        let mut headers = http::HeaderMap::new();
        cookies.cart(&cart.value()).append_to(&mut headers);
        assert!(headers[http::header::SET_COOKIE].len() <= 4096);
    }
}
