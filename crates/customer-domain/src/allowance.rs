//! The weekly allowance: once per member and ISO week, in the family's days.

use types::{Beans, IsoWeek};

/// Why no allowance is granted for a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    #[error("week {0} has not begun")]
    NotYet(IsoWeek),
}

/// What a member who joined in week `joined` gets for `week`, when the present
/// week is `present`; `None` for weeks before they joined or an empty allowance.
/// That it is given only once is the ledger's doing: its cause is the week.
pub fn due(
    joined: IsoWeek,
    week: IsoWeek,
    present: IsoWeek,
    weekly: Beans,
) -> Result<Option<Beans>, AllowanceError> {
    if week > present {
        return Err(AllowanceError::NotYet(week));
    }
    Ok((week >= joined && weekly > Beans::ZERO).then_some(weekly))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> IsoWeek {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_is_due_from_the_week_of_joining_to_the_present_one() {
        let (joined, present, five) = (week("2026-W47"), week("2027-W02"), Beans::new(5));
        assert_eq!(due(joined, week("2026-W46"), present, five), Ok(None));
        assert_eq!(due(joined, joined, present, five), Ok(Some(five)));
        assert_eq!(due(joined, week("2026-W53"), present, five), Ok(Some(five)));
        assert_eq!(due(joined, present, present, five), Ok(Some(five)));
        let next = week("2027-W03");
        assert_eq!(due(joined, next, present, five), Err(AllowanceError::NotYet(next)));
        assert_eq!(due(joined, present, present, Beans::ZERO), Ok(None));
    }
}
