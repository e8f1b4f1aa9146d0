//! The bean ledger's rules. A balance is the sum of its entries, and entries
//! are only ever added; an order's entries add up to minus what it was last
//! settled to owe, in whatever order the settlements arrive.

use types::{Beans, MemberId};

/// More than any order costs: a larger amount is a caller's mistake.
pub const MOST_OWED: Beans = Beans::new(1_000_000);

/// Why an entry stands in the ledger. Each kind is idempotent by its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The cause is an order's id, once per revision.
    Order,
    /// The cause is an ISO week.
    Allowance,
    /// What a member starts with; the cause is "opening".
    Opening,
    Gift,
    Reward,
    Correction,
}

impl EntryKind {
    pub const ALL: [Self; 6] =
        [Self::Order, Self::Allowance, Self::Opening, Self::Gift, Self::Reward, Self::Correction];

    /// The name in the table, the API and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Allowance => "allowance",
            Self::Opening => "opening",
            Self::Gift => "gift",
            Self::Reward => "reward",
            Self::Correction => "correction",
        }
    }
}

/// Whether drinks cost beans in this family. Asked once per order, at its
/// first settlement: an order that began free stays free, and the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    Paid,
    Free,
}

/// The family's settings that a settlement depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct House {
    /// The least balance that a new order may leave; usually negative or zero.
    pub floor: Beans,
    pub bar: Bar,
}

/// What the order asks for: bring the sum of its entries to `-owed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub payer: MemberId,
    /// Of what the order owes; raised by each change of it.
    pub revision: i64,
    pub owed: Beans,
}

/// How an order stands since its last settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its entries add up to minus what it owes.
    Charged,
    /// It was first settled at a free bar and has no entries.
    Free,
    /// Its balance would have passed the floor; it has no entries.
    Refused,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Charged, Self::Free, Self::Refused];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Charged => "charged",
            Self::Free => "free",
            Self::Refused => "refused",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// The newest settlement of an order, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementState {
    pub payer: MemberId,
    pub revision: i64,
    pub owed: Beans,
    pub standing: Standing,
}

impl SettlementState {
    /// What the order's entries add up to, with the sign turned.
    pub const fn charged(&self) -> Beans {
        match self.standing {
            Standing::Charged => self.owed,
            Standing::Free | Standing::Refused => Beans::ZERO,
        }
    }
}

/// What to do about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleDecision {
    /// Append an entry of `entry` beans (none when zero) and store `state`.
    Book { entry: Beans, state: SettlementState },
    /// Book nothing, and store `state`, so that the same call is answered alike.
    Refuse { state: SettlementState },
    /// The same claim came before: its first answer.
    Repeated(Standing),
    /// A newer revision was settled: book nothing, store nothing.
    Superseded,
}

/// A claim that no rightful caller makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    #[error("revision {revision} was settled as {settled}, and now asks for {asked}")]
    OtherAmount { revision: i64, settled: Beans, asked: Beans },
    #[error("another member pays for this order")]
    OtherPayer,
    #[error("an order owes from 0 to {MOST_OWED}")]
    AbsurdAmount,
    #[error("revisions start at 0")]
    NegativeRevision,
}

/// Decides about one claim, given the order's newest settlement and the
/// payer's balance. The floor is checked while the order has never been
/// settled; later revisions are booked whatever the balance.
pub fn settle(
    existing: Option<SettlementState>,
    claim: Claim,
    balance: Beans,
    house: House,
) -> Result<SettleDecision, SettleError> {
    if claim.owed < Beans::ZERO || claim.owed > MOST_OWED {
        return Err(SettleError::AbsurdAmount);
    }
    if claim.revision < 0 {
        return Err(SettleError::NegativeRevision);
    }
    let Some(before) = existing else { return Ok(first(claim, balance, house)) };
    if before.payer != claim.payer {
        return Err(SettleError::OtherPayer);
    }
    if claim.revision < before.revision {
        return Ok(SettleDecision::Superseded);
    }
    if claim.revision == before.revision {
        return if claim.owed == before.owed {
            Ok(SettleDecision::Repeated(before.standing))
        } else {
            Err(SettleError::OtherAmount {
                revision: claim.revision,
                settled: before.owed,
                asked: claim.owed,
            })
        };
    }
    Ok(match before.standing {
        Standing::Refused => first(claim, balance, house),
        Standing::Charged | Standing::Free => {
            let state = state(claim, before.standing);
            SettleDecision::Book { entry: before.charged() - state.charged(), state }
        }
    })
}

fn first(claim: Claim, balance: Beans, house: House) -> SettleDecision {
    let state = match house.bar {
        Bar::Free => state(claim, Standing::Free),
        Bar::Paid => state(claim, Standing::Charged),
    };
    let charge = state.charged();
    if charge > Beans::ZERO && balance - charge < house.floor {
        return SettleDecision::Refuse { state: self::state(claim, Standing::Refused) };
    }
    SettleDecision::Book { entry: -charge, state }
}

const fn state(claim: Claim, standing: Standing) -> SettlementState {
    SettlementState { payer: claim.payer, revision: claim.revision, owed: claim.owed, standing }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    const PAID: House = House { floor: Beans::new(-10), bar: Bar::Paid };
    const FREE: House = House { floor: Beans::new(-10), bar: Bar::Free };

    /// A ledger in miniature: what the store does with the decisions.
    #[derive(Debug, Clone)]
    struct Book {
        house: House,
        payer: MemberId,
        opening: Beans,
        orders: BTreeMap<usize, SettlementState>,
        entries: Vec<(usize, Beans)>,
    }

    impl Book {
        fn new(opening: i64, house: House) -> Self {
            Self {
                house,
                payer: MemberId::new(),
                opening: Beans::new(opening),
                orders: BTreeMap::new(),
                entries: vec![],
            }
        }

        fn balance(&self) -> Beans {
            self.opening + self.entries.iter().map(|(_, beans)| *beans).sum()
        }

        fn sum_of(&self, order: usize) -> Beans {
            self.entries.iter().filter(|(of, _)| *of == order).map(|(_, beans)| *beans).sum()
        }

        fn settle(
            &mut self,
            order: usize,
            revision: i64,
            owed: i64,
        ) -> Result<SettleDecision, SettleError> {
            let claim = Claim { payer: self.payer, revision, owed: Beans::new(owed) };
            let existing = self.orders.get(&order).copied();
            let decision = settle(existing, claim, self.balance(), self.house)?;
            match decision {
                SettleDecision::Book { entry, state } => {
                    if entry != Beans::ZERO {
                        self.entries.push((order, entry));
                    }
                    self.orders.insert(order, state);
                }
                SettleDecision::Refuse { state } => {
                    self.orders.insert(order, state);
                }
                SettleDecision::Repeated(_) | SettleDecision::Superseded => {}
            }
            Ok(decision)
        }
    }

    /// What one order owes at each revision, and an order of arrival of those
    /// revisions: with repeats, with gaps, the newest always among them.
    fn arrivals() -> impl Strategy<Value = (Vec<i64>, Vec<usize>)> {
        vec(0..60_i64, 1..8).prop_flat_map(|owed| {
            let newest = owed.len() - 1;
            let arriving = vec(0..owed.len(), 0..20).prop_map(move |mut some| {
                some.push(newest);
                some
            });
            (Just(owed), arriving.prop_shuffle())
        })
    }

    proptest! {
        #[test]
        fn an_orders_entries_add_up_to_the_newest_revision_in_every_order_of_arrival(
            (owed, arriving) in arrivals(),
        ) {
            let mut book = Book::new(1_000, PAID);
            for revision in arriving {
                book.settle(0, revision as i64, owed[revision]).unwrap();
            }
            prop_assert_eq!(book.sum_of(0), Beans::new(-owed[owed.len() - 1]));
        }

        #[test]
        fn at_every_moment_the_sum_is_that_of_the_newest_revision_seen(
            (owed, arriving) in arrivals(),
        ) {
            let mut book = Book::new(1_000, PAID);
            let mut newest = 0;
            for revision in arriving {
                book.settle(0, revision as i64, owed[revision]).unwrap();
                newest = newest.max(revision);
                prop_assert_eq!(book.sum_of(0), Beans::new(-owed[newest]));
            }
        }

        #[test]
        fn a_repeated_claim_gets_its_first_answer_and_books_nothing(
            (owed, arriving) in arrivals(), opening in -20..80_i64,
        ) {
            let mut book = Book::new(opening, PAID);
            for revision in arriving {
                let first = book.settle(0, revision as i64, owed[revision]).unwrap();
                let entries = book.entries.len();
                let again = book.settle(0, revision as i64, owed[revision]).unwrap();
                prop_assert_eq!(book.entries.len(), entries);
                match first {
                    SettleDecision::Book { state, .. } | SettleDecision::Refuse { state } => {
                        prop_assert_eq!(again, SettleDecision::Repeated(state.standing));
                    }
                    SettleDecision::Repeated(_) | SettleDecision::Superseded => {
                        prop_assert_eq!(again, first);
                    }
                }
            }
        }

        #[test]
        fn what_a_newer_revision_superseded_books_nothing(
            (owed, arriving) in arrivals(),
        ) {
            let mut book = Book::new(1_000, PAID);
            let last = owed.len() - 1;
            book.settle(0, last as i64, owed[last]).unwrap();
            let before = book.clone();
            for revision in arriving.into_iter().filter(|revision| *revision < last) {
                let answer = book.settle(0, revision as i64, owed[revision]).unwrap();
                prop_assert_eq!(answer, SettleDecision::Superseded);
            }
            prop_assert_eq!(book.entries, before.entries);
        }

        #[test]
        fn the_same_revision_with_another_amount_is_an_error_and_changes_nothing(
            (owed, arriving) in arrivals(), more in 1..9_i64,
        ) {
            let mut book = Book::new(1_000, PAID);
            for revision in arriving {
                book.settle(0, revision as i64, owed[revision]).unwrap();
            }
            let newest = owed.len() - 1;
            let before = book.clone();
            let other = book.settle(0, newest as i64, owed[newest] + more);
            let is_the_named_error = matches!(other, Err(SettleError::OtherAmount { .. }));
            prop_assert!(is_the_named_error);
            prop_assert_eq!((book.entries, book.orders), (before.entries, before.orders));
        }

        #[test]
        fn settling_to_nothing_stays_nothing(
            (owed, arriving) in arrivals(),
        ) {
            // The order's final state owes nothing: one more revision, of 0.
            let mut book = Book::new(1_000, PAID);
            let end = owed.len() as i64;
            let middle = arriving.len() / 2;
            for (at, revision) in arriving.into_iter().enumerate() {
                if at == middle {
                    book.settle(0, end, 0).unwrap();
                }
                book.settle(0, revision as i64, owed[revision]).unwrap();
            }
            prop_assert_eq!(book.sum_of(0), Beans::ZERO);
            prop_assert_eq!(book.balance(), Beans::new(1_000));
        }

        #[test]
        fn new_orders_never_pass_the_floor(
            opening in -15..60_i64, prices in vec(0..40_i64, 1..12),
        ) {
            let mut book = Book::new(opening, PAID);
            for (order, price) in prices.into_iter().enumerate() {
                let before = book.balance();
                let answer = book.settle(order, 1, price).unwrap();
                let refused = matches!(answer, SettleDecision::Refuse { .. });
                let too_dear = price > 0 && before - Beans::new(price) < PAID.floor;
                prop_assert_eq!(refused, too_dear);
                prop_assert!(book.balance() >= PAID.floor.min(Beans::new(opening)));
            }
        }

        #[test]
        fn a_refused_order_holds_no_entries_until_a_newer_revision_passes(
            price in 30..60_i64, less in 0..12_i64,
        ) {
            let mut book = Book::new(5, PAID);
            let refused = book.settle(0, 1, price).unwrap();
            prop_assert!(matches!(refused, SettleDecision::Refuse { .. }), "{refused:?}");
            prop_assert_eq!(book.entries.len(), 0);
            let repeated = book.settle(0, 1, price).unwrap();
            prop_assert_eq!(repeated, SettleDecision::Repeated(Standing::Refused));
            book.settle(0, 2, less).unwrap();
            prop_assert_eq!(book.sum_of(0), Beans::new(-less));
        }

        #[test]
        fn orders_do_not_touch_each_others_sums(
            mixed in vec((0..4_usize, 0..5_i64), 1..40),
        ) {
            let mut book = Book::new(10_000, PAID);
            let mut newest = BTreeMap::new();
            for (order, revision) in mixed {
                let owed = 7 * revision + order as i64;
                book.settle(order, revision, owed).unwrap();
                let seen = newest.entry(order).or_insert(revision);
                *seen = revision.max(*seen);
            }
            for (order, revision) in newest {
                prop_assert_eq!(book.sum_of(order), Beans::new(-(7 * revision + order as i64)));
            }
        }

        #[test]
        fn an_order_begun_at_a_free_bar_stays_free_and_one_begun_paid_stays_paid(
            (owed, arriving) in arrivals(),
        ) {
            for (begins, sum) in [(FREE, 0), (PAID, -owed[owed.len() - 1])] {
                let mut book = Book::new(1_000, begins);
                for revision in &arriving {
                    book.settle(0, *revision as i64, owed[*revision]).unwrap();
                    book.house = if book.house == FREE { PAID } else { FREE };
                }
                prop_assert_eq!(book.sum_of(0), Beans::new(sum));
            }
        }
    }

    #[test]
    fn absurd_claims_are_errors() {
        let mut book = Book::new(100, PAID);
        assert_eq!(book.settle(0, 1, -1), Err(SettleError::AbsurdAmount));
        assert_eq!(book.settle(0, 1, i64::MAX), Err(SettleError::AbsurdAmount));
        assert_eq!(book.settle(0, -1, 1), Err(SettleError::NegativeRevision));
        book.settle(0, 1, 3).unwrap();
        book.payer = MemberId::new();
        assert_eq!(book.settle(0, 2, 3), Err(SettleError::OtherPayer));
    }

    #[test]
    fn names_read_back() {
        for standing in Standing::ALL {
            assert_eq!(Standing::parse(standing.name()), Some(standing));
        }
        assert_eq!(Standing::parse("gone"), None);
    }
}
