//! What a family settles for its house: whether drinks cost beans, how far below
//! nothing a balance may go, what everybody gets each week.

use types::Beans;

use crate::ledger::{Bar, House};

/// The largest allowance, and the deepest floor.
pub const MOST: Beans = Beans::new(1_000_000);

/// The house's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub house: House,
    /// What each member gets every ISO week; zero: nothing.
    pub weekly_allowance: Beans,
}

/// Why settings cannot be as they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsurdSettings {
    #[error("the floor is from {} to 0", -MOST)]
    Floor,
    #[error("a weekly allowance is from 0 to {MOST}")]
    Allowance,
}

impl Settings {
    pub fn new(bar: Bar, floor: Beans, weekly_allowance: Beans) -> Result<Self, AbsurdSettings> {
        if floor > Beans::ZERO || floor < -MOST {
            return Err(AbsurdSettings::Floor);
        }
        if weekly_allowance < Beans::ZERO || weekly_allowance > MOST {
            return Err(AbsurdSettings::Allowance);
        }
        Ok(Self { house: House { floor, bar }, weekly_allowance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_not_above_nothing_and_an_allowance_takes_nothing_away() {
        let settings = |floor, weekly| {
            Settings::new(Bar::Paid, Beans::new(floor), Beans::new(weekly)).map(|_| ())
        };
        assert_eq!(settings(0, 0), Ok(()));
        assert_eq!(settings(-20, 50), Ok(()));
        for floor in [1, i64::MIN, i64::MAX] {
            assert_eq!(settings(floor, 0), Err(AbsurdSettings::Floor));
        }
        for weekly in [-1, i64::MIN, i64::MAX] {
            assert_eq!(settings(0, weekly), Err(AbsurdSettings::Allowance));
        }
    }
}
