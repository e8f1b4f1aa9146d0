//! Achievements: for trying things, for company, for work at the counter. Nothing
//! rewards caffeine: how much of it somebody drank is not even known here, and
//! many cups of the same earn nothing.

/// What somebody's achievements are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Record {
    /// Different drinks that they had.
    pub kinds: u64,
    /// Different days of the week on which they had one.
    pub weekdays: u64,
    /// Weeks in which they had one.
    pub weeks: u64,
    /// Evenings on which what they had was without caffeine.
    pub calm_evenings: u64,
    /// Drinks that they ordered for guests.
    pub guests: u64,
    /// Drinks that they ordered for others of the family.
    pub treats: u64,
    /// Drinks that they made for others.
    pub made: u64,
}

/// An achievement, by what earns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Achievement {
    FirstCup,
    Explorer,
    Cartographer,
    EveryWeekday,
    CalmEvenings,
    Host,
    Kind,
    FirstServed,
    HouseBarista,
}

impl Achievement {
    pub const ALL: [Self; 9] = [
        Self::FirstCup,
        Self::Explorer,
        Self::Cartographer,
        Self::EveryWeekday,
        Self::CalmEvenings,
        Self::Host,
        Self::Kind,
        Self::FirstServed,
        Self::HouseBarista,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstCup => "first-cup",
            Self::Explorer => "explorer",
            Self::Cartographer => "cartographer",
            Self::EveryWeekday => "every-weekday",
            Self::CalmEvenings => "calm-evenings",
            Self::Host => "host",
            Self::Kind => "kind",
            Self::FirstServed => "first-served",
            Self::HouseBarista => "house-barista",
        }
    }

    /// How it is called, and for what one gets it.
    pub const fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::FirstCup => ("First cup", "Have something from the bar"),
            Self::Explorer => ("Explorer", "Try 3 different drinks"),
            Self::Cartographer => ("Cartographer", "Try 8 different drinks"),
            Self::EveryWeekday => ("All week", "Come by on each day of the week"),
            Self::CalmEvenings => ("Sleeps well", "5 evenings without caffeine"),
            Self::Host => ("Good host", "Order 3 drinks for guests"),
            Self::Kind => ("Kind", "Order 5 drinks for others in the family"),
            Self::FirstServed => ("Behind the bar", "Make a drink for somebody"),
            Self::HouseBarista => ("House barista", "Make 50 drinks for others"),
        }
    }

    /// How much of it somebody has, and how much it takes.
    pub const fn progress(self, record: &Record) -> (u64, u64) {
        let (have, of) = match self {
            Self::FirstCup => (record.kinds, 1),
            Self::Explorer => (record.kinds, 3),
            Self::Cartographer => (record.kinds, 8),
            Self::EveryWeekday => (record.weekdays, 7),
            Self::CalmEvenings => (record.calm_evenings, 5),
            Self::Host => (record.guests, 3),
            Self::Kind => (record.treats, 5),
            Self::FirstServed => (record.made, 1),
            Self::HouseBarista => (record.made, 50),
        };
        (if have < of { have } else { of }, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_earned_when_it_is_full_and_never_overflows() {
        let nothing = Record::default();
        let much = Record {
            kinds: 99,
            weekdays: 7,
            weeks: 99,
            calm_evenings: 99,
            guests: 99,
            treats: 99,
            made: 99,
        };
        for achievement in Achievement::ALL {
            let (have, of) = achievement.progress(&nothing);
            assert!(have == 0 && of > 0, "{achievement:?}");
            assert_eq!(achievement.progress(&much), (of, of), "{achievement:?}");
        }
        let some = Record { kinds: 3, ..nothing };
        assert_eq!(Achievement::Explorer.progress(&some), (3, 3));
        assert_eq!(Achievement::Cartographer.progress(&some), (3, 8));
    }

    #[test]
    fn names_are_their_own() {
        let names = Achievement::ALL.map(Achievement::name);
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), Achievement::ALL.len());
    }
}
