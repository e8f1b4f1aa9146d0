//! Favourites: drinks that somebody keeps by a name.

use types::Beans;

/// How many one member keeps.
pub const MOST: i64 = 24;
/// Characters of a name.
pub const LONGEST_NAME: usize = 40;
/// Characters of a note.
pub const LONGEST_NOTE: usize = 200;

/// What became of a drink on the menu since it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    SoldOut,
    NotOnTheMenu,
    /// A choice is gone, or there is one to be made that there was not.
    ChoicesChanged,
    /// It is the same drink, and costs this.
    Costs(Beans),
}

/// What a favourite is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    AsKept,
    PriceChanged { now: Beans },
    SoldOut,
    ChoicesChanged,
    NotOnTheMenu,
}

/// A favourite that cost `kept` is by now …
pub fn now(kept: Beans, became: Became) -> Now {
    match became {
        Became::Costs(now) if now == kept => Now::AsKept,
        Became::Costs(now) => Now::PriceChanged { now },
        Became::SoldOut => Now::SoldOut,
        Became::ChoicesChanged => Now::ChoicesChanged,
        Became::NotOnTheMenu => Now::NotOnTheMenu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_drink_at_the_same_price_is_as_kept() {
        let three = Beans::new(3);
        assert_eq!(now(three, Became::Costs(three)), Now::AsKept);
        for other in [2, 4] {
            let now_costs = Beans::new(other);
            let changed = Now::PriceChanged { now: now_costs };
            assert_eq!(now(three, Became::Costs(now_costs)), changed);
        }
        assert_eq!(now(three, Became::SoldOut), Now::SoldOut);
    }
}
