//! What the order events tell: of each order when it was placed, accepted and
//! called ready, how it ended, and what was drunk. It is a function of the *set*
//! of events: each thing has one event that counts, by its version, whenever and
//! however often the events come.

use serde::{Deserialize, Serialize};
use types::{Beans, MemberId, MenuItemId, OrderId, Timestamp};

/// One drink of an order that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drink {
    /// Whom it was for; `None` for a guest, and for who left: they count for nobody.
    pub member: Option<MemberId>,
    pub guest: bool,
    pub item: MenuItemId,
    pub slug: String,
    pub caffeine_mg: u32,
    /// What it cost.
    pub price: Beans,
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Completed,
    Uncollected,
    Rejected,
    Declined,
    Cancelled,
    Expired,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Uncollected,
        Self::Rejected,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
    ];

    /// As it is stored and told: "completed".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Uncollected => "uncollected",
            Self::Rejected => "rejected",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What one event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It stands in line, for the first time or anew.
    Placed,
    Accepted,
    /// By somebody who is of the family still.
    Ready {
        by: Option<MemberId>,
    },
    /// With what was drunk; of an order that was not made nothing was.
    Ended(Outcome, Vec<Drink>),
}

/// An event that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub order: OrderId,
    /// Of the order, after the event.
    pub version: u64,
    pub at: Timestamp,
    pub placed_by: Option<MemberId>,
    pub what: What,
}

impl Step {
    /// Everybody whom it names.
    pub fn people(&self) -> impl Iterator<Item = MemberId> + '_ {
        let maker = match &self.what {
            What::Ready { by } => *by,
            What::Placed | What::Accepted | What::Ended(..) => None,
        };
        let drank = self.drinks().iter().filter_map(|drink| drink.member);
        self.placed_by.into_iter().chain(maker).chain(drank)
    }

    /// The same, as it is told when these have left.
    #[must_use]
    pub fn without(mut self, left: &[MemberId]) -> Self {
        let stays = |member: &MemberId| !left.contains(member);
        self.placed_by = self.placed_by.filter(stays);
        match &mut self.what {
            What::Ready { by } => *by = by.filter(stays),
            What::Ended(_, drinks) => {
                for drink in drinks {
                    drink.member = drink.member.filter(stays);
                }
            }
            What::Placed | What::Accepted => {}
        }
        self
    }

    /// What was drunk, if it says that the order was made.
    pub fn drinks(&self) -> &[Drink] {
        match &self.what {
            What::Ended(_, drinks) => drinks,
            What::Placed | What::Accepted | What::Ready { .. } => &[],
        }
    }
}

/// That something happened, by the event that counts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub version: u64,
    pub at: Timestamp,
}

/// What is known of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub placed_by: Option<MemberId>,
    /// When it stood in line first.
    pub placed: Option<Mark>,
    /// When it was accepted last.
    pub accepted: Option<Mark>,
    /// When it was called ready last, and by whom.
    pub ready: Option<Mark>,
    pub made_by: Option<MemberId>,
    pub ended: Option<(Mark, Outcome)>,
}

impl Facts {
    /// Takes an event in; whether it told anything.
    pub fn learn(&mut self, step: &Step) -> bool {
        let mark = Mark { version: step.version, at: step.at };
        let newer = |known: Option<Mark>| known.is_none_or(|known| known.version < mark.version);
        let told = match &step.what {
            What::Placed => {
                let first = self.placed.is_none_or(|known| mark.version < known.version);
                if first {
                    self.placed = Some(mark);
                }
                first
            }
            What::Accepted => {
                let newer = newer(self.accepted);
                if newer {
                    self.accepted = Some(mark);
                }
                newer
            }
            What::Ready { by } => {
                let newer = newer(self.ready);
                if newer {
                    (self.ready, self.made_by) = (Some(mark), *by);
                }
                newer
            }
            What::Ended(outcome, _) => {
                let newer = newer(self.ended.map(|(known, _)| known));
                if newer {
                    self.ended = Some((mark, *outcome));
                }
                newer
            }
        };
        if told && self.placed_by.is_none() {
            self.placed_by = step.placed_by;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn id(prefix: &str, n: usize) -> String {
        format!("{prefix}_0000000000000000000000000{n}")
    }

    fn what() -> impl Strategy<Value = What> {
        let drinks = vec(0..3_usize, 0..4).prop_map(|members| {
            let drink = |member| Drink {
                member: Some(id("mem", member).parse().unwrap()),
                guest: false,
                item: id("itm", 1).parse().unwrap(),
                slug: "chai".to_owned(),
                caffeine_mg: 40,
                price: Beans::ZERO,
            };
            members.into_iter().map(drink).collect::<Vec<_>>()
        });
        prop_oneof![
            Just(What::Placed),
            Just(What::Accepted),
            (0..3_usize).prop_map(|by| What::Ready { by: id("mem", by).parse().ok() }),
            (prop::sample::select(&Outcome::ALL[..]), drinks)
                .prop_map(|(outcome, drinks)| What::Ended(outcome, drinks)),
        ]
    }

    /// A set of events of one order: one per version, as the event log has it.
    fn steps() -> impl Strategy<Value = Vec<Step>> {
        vec(what(), 0..12).prop_map(|all| {
            let step = |(version, what)| Step {
                order: id("ord", 1).parse().unwrap(),
                version,
                at: Timestamp::from_timestamp(1_800_000_000 + version as i64, 0).unwrap(),
                placed_by: Some(id("mem", 1).parse().unwrap()),
                what,
            };
            (1_u64..).zip(all).map(step).collect()
        })
    }

    /// As a projection does it: what is known, and the drinks that count.
    fn fold<'a>(steps: impl IntoIterator<Item = &'a Step>) -> (Facts, Vec<Drink>) {
        let (mut facts, mut drinks) = (Facts::default(), vec![]);
        for step in steps {
            if facts.learn(step) && matches!(step.what, What::Ended(..)) {
                drinks = step.drinks().to_vec();
            }
        }
        (facts, drinks)
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_with_any_repeats_tells_the_same(
            (set, arrival) in steps().prop_flat_map(|set| {
                let twice: Vec<Step> = set.iter().chain(&set).cloned().collect();
                (Just(set), Just(twice).prop_shuffle())
            }),
        ) {
            prop_assert_eq!(fold(&arrival), fold(&set));
        }

        #[test]
        fn who_left_is_in_nothing_that_is_told(set in steps()) {
            let left: Vec<MemberId> = vec![id("mem", 1).parse().unwrap()];
            for step in set {
                let without = step.clone().without(&left);
                prop_assert!(without.people().all(|member| !left.contains(&member)));
                prop_assert_eq!(without.drinks().len(), step.drinks().len());
            }
        }

        #[test]
        fn the_first_placing_and_the_newest_of_all_else_count(set in steps()) {
            let (facts, drinks) = fold(&set);
            let of = |kind: fn(&What) -> bool| -> BTreeMap<u64, &Step> {
                let its = set.iter().filter(|step| kind(&step.what));
                its.map(|step| (step.version, step)).collect()
            };
            let placed = of(|what| matches!(what, What::Placed));
            let ready = of(|what| matches!(what, What::Ready { .. }));
            let ended = of(|what| matches!(what, What::Ended(..)));
            prop_assert_eq!(
                facts.placed.map(|mark| mark.version),
                placed.first_key_value().map(|(version, _)| *version)
            );
            prop_assert_eq!(
                facts.ready.map(|mark| mark.version),
                ready.last_key_value().map(|(version, _)| *version)
            );
            let last = ended.last_key_value();
            prop_assert_eq!(
                facts.ended.map(|(mark, _)| mark.version),
                last.map(|(version, _)| *version)
            );
            prop_assert_eq!(drinks, last.map(|(_, step)| step.drinks()).unwrap_or_default());
        }
    }
}
