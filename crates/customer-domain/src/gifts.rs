//! Beans that move without an order: gifts between members, and corrections by
//! an admin. Each is booked once by its key, however often it is asked for.

use types::{Beans, MemberId};

/// More than anybody moves at once: a larger amount is a slip of the finger.
pub const MOST_AT_ONCE: Beans = Beans::new(100_000);

/// Longest message or reason, in characters.
pub const LONGEST_WORDS: usize = 140;

/// Why a gift or a correction can never be as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsurdTransfer {
    #[error("beans are given to somebody else")]
    ToOneself,
    #[error("a gift is from 1 to {}", MOST_AT_ONCE)]
    GiftOutOfRange,
    #[error("a correction adds or takes 1 to {}", MOST_AT_ONCE)]
    CorrectionOutOfRange,
    #[error("at most {LONGEST_WORDS} characters")]
    TooLong,
    #[error("a correction needs a reason")]
    NoReason,
}

/// Why it is refused as things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferRefused {
    #[error("{}", match .left.count() {
        0 => "there are no beans left to give".to_owned(),
        _ => format!("there are only {} left to give", .left),
    })]
    NotEnough { left: Beans },
    #[error("this key was sent before, with something else")]
    KeyReused,
}

/// Beans from one member to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    pub giver: MemberId,
    pub receiver: MemberId,
    pub beans: Beans,
    /// For the receiver alone; may be empty.
    pub message: String,
}

impl Gift {
    pub fn new(
        giver: MemberId,
        receiver: MemberId,
        beans: Beans,
        message: String,
    ) -> Result<Self, AbsurdTransfer> {
        if giver == receiver {
            return Err(AbsurdTransfer::ToOneself);
        }
        if beans <= Beans::ZERO || beans > MOST_AT_ONCE {
            return Err(AbsurdTransfer::GiftOutOfRange);
        }
        bounded(&message)?;
        Ok(Self { giver, receiver, beans, message })
    }
}

/// Beans that an admin adds or takes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub member: MemberId,
    pub by: MemberId,
    pub beans: Beans,
    pub reason: String,
}

impl Correction {
    pub fn new(
        member: MemberId,
        by: MemberId,
        beans: Beans,
        reason: String,
    ) -> Result<Self, AbsurdTransfer> {
        if beans == Beans::ZERO || beans > MOST_AT_ONCE || beans < -MOST_AT_ONCE {
            return Err(AbsurdTransfer::CorrectionOutOfRange);
        }
        if reason.is_empty() {
            return Err(AbsurdTransfer::NoReason);
        }
        bounded(&reason)?;
        Ok(Self { member, by, beans, reason })
    }
}

fn bounded(words: &str) -> Result<(), AbsurdTransfer> {
    if words.chars().count() > LONGEST_WORDS { Err(AbsurdTransfer::TooLong) } else { Ok(()) }
}

/// What to book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer<T> {
    Book(T),
    /// It was booked before.
    Repeated,
}

/// The two entries of a gift: they add up to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entries {
    pub giver: Beans,
    pub receiver: Beans,
}

/// Decides about a gift, given what its giver sent with the same key before, and
/// the giver's balance. Nobody gives beans away that they do not have.
pub fn give(
    before: Option<&Gift>,
    gift: &Gift,
    balance: Beans,
    floor: Beans,
) -> Result<Transfer<Entries>, TransferRefused> {
    if let Some(before) = before {
        return repeated(before, gift);
    }
    if balance - gift.beans < floor {
        return Err(TransferRefused::NotEnough { left: Beans::ZERO.max(balance - floor) });
    }
    Ok(Transfer::Book(Entries { giver: -gift.beans, receiver: gift.beans }))
}

/// Decides about a correction, given what its admin sent with the same key
/// before. It may pass the floor: what is so, is so.
pub fn correct(
    before: Option<&Correction>,
    correction: &Correction,
) -> Result<Transfer<Beans>, TransferRefused> {
    match before {
        Some(before) => repeated(before, correction),
        None => Ok(Transfer::Book(correction.beans)),
    }
}

fn repeated<T: PartialEq, B>(before: &T, asked: &T) -> Result<Transfer<B>, TransferRefused> {
    if before == asked { Ok(Transfer::Repeated) } else { Err(TransferRefused::KeyReused) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    const FLOOR: Beans = Beans::new(-3);

    /// A ledger in miniature: what the store does with the decisions.
    struct Book {
        members: Vec<MemberId>,
        opening: Vec<Beans>,
        entries: Vec<(MemberId, Beans)>,
        gifts: BTreeMap<(MemberId, u8), Gift>,
    }

    impl Book {
        fn new(opening: &[i64]) -> Self {
            Self {
                members: opening.iter().map(|_| MemberId::new()).collect(),
                opening: opening.iter().map(|beans| Beans::new(*beans)).collect(),
                entries: vec![],
                gifts: BTreeMap::new(),
            }
        }

        fn balance(&self, at: usize) -> Beans {
            let member = self.members[at];
            let booked = self.entries.iter().filter(|(of, _)| *of == member);
            self.opening[at] + booked.map(|(_, beans)| *beans).sum()
        }

        fn all(&self) -> Beans {
            (0..self.members.len()).map(|at| self.balance(at)).sum()
        }

        fn give(&mut self, asked: &Asked) -> Result<Transfer<Entries>, TransferRefused> {
            let Asked { key, giver, receiver, beans } = *asked;
            let (from, to) = (self.members[giver], self.members[receiver]);
            let gift = Gift::new(from, to, Beans::new(beans), String::new()).unwrap();
            let before = self.gifts.get(&(from, key));
            let decision = give(before, &gift, self.balance(giver), FLOOR)?;
            if let Transfer::Book(entries) = decision {
                self.entries.push((from, entries.giver));
                self.entries.push((to, entries.receiver));
                self.gifts.insert((from, key), gift);
            }
            Ok(decision)
        }
    }

    #[derive(Debug, Clone, Copy)]
    struct Asked {
        key: u8,
        giver: usize,
        receiver: usize,
        beans: i64,
    }

    fn asked() -> impl Strategy<Value = Asked> {
        (0..6_u8, 0..3_usize, 1..3_usize, 1..12_i64).prop_map(|(key, giver, on, beans)| Asked {
            key,
            giver,
            receiver: (giver + on) % 3,
            beans,
        })
    }

    proptest! {
        #[test]
        fn gifts_leave_the_sum_of_all_balances_as_it_was(
            opening in [0..30_i64, 0..30_i64, 0..30_i64], asked in vec(asked(), 0..40),
        ) {
            let mut book = Book::new(&opening);
            let before = book.all();
            for asked in &asked {
                let _ = book.give(asked);
                prop_assert_eq!(book.all(), before);
            }
        }

        #[test]
        fn repeating_everything_in_any_order_books_nothing_more(
            (asked, again) in vec(asked(), 0..20)
                .prop_flat_map(|asked| (Just(asked.clone()), Just(asked).prop_shuffle())),
        ) {
            let mut book = Book::new(&[20, 20, 20]);
            let booked: Vec<Asked> = asked
                .into_iter()
                .filter(|asked| matches!(book.give(asked), Ok(Transfer::Book(_))))
                .collect();
            let entries = book.entries.clone();
            prop_assert_eq!(entries.len(), 2 * booked.len());
            for asked in again.iter().filter(|again| {
                let (giver, key) = (book.members[again.giver], again.key);
                book.gifts.contains_key(&(giver, key))
            }).copied().collect::<Vec<_>>() {
                let answer = book.give(&asked);
                let nothing_new =
                    matches!(answer, Ok(Transfer::Repeated) | Err(TransferRefused::KeyReused));
                prop_assert!(nothing_new, "{answer:?}");
            }
            prop_assert_eq!(book.entries, entries);
        }

        #[test]
        fn nobody_gives_more_than_they_have_down_to_the_floor(
            opening in [-5..15_i64, -5..15_i64, -5..15_i64], asked in vec(asked(), 0..40),
        ) {
            let mut book = Book::new(&opening);
            for asked in &asked {
                let before = book.balance(asked.giver);
                if let Err(TransferRefused::NotEnough { left }) = book.give(asked) {
                    prop_assert!(left < Beans::new(asked.beans));
                    prop_assert_eq!(left, Beans::ZERO.max(before - FLOOR));
                }
                for (at, opening) in opening.iter().enumerate() {
                    prop_assert!(book.balance(at) >= FLOOR.min(Beans::new(*opening)));
                }
            }
        }

        #[test]
        fn a_correction_is_booked_once_as_it_was_first_asked_for(
            beans in 1..1000_i64, less in any::<bool>(), other in 1..1000_i64,
        ) {
            let beans = Beans::new(if less { -beans } else { beans });
            let (mia, ada) = (MemberId::new(), MemberId::new());
            let correction = |beans| {
                Correction::new(mia, ada, beans, "counted again".to_owned()).unwrap()
            };
            let first = correction(beans);
            prop_assert_eq!(correct(None, &first), Ok(Transfer::Book(beans)));
            prop_assert_eq!(correct(Some(&first), &first), Ok(Transfer::Repeated));
            let more = correction(beans + Beans::new(1000 + other));
            prop_assert_eq!(correct(Some(&first), &more), Err(TransferRefused::KeyReused));
        }
    }

    #[test]
    fn what_can_never_be_is_named() {
        let (mia, ben) = (MemberId::new(), MemberId::new());
        let gift =
            |to, beans, words: &str| Gift::new(mia, to, Beans::new(beans), words.to_owned()).err();
        assert_eq!(gift(ben, 1, ""), None);
        assert_eq!(gift(mia, 1, ""), Some(AbsurdTransfer::ToOneself));
        for beans in [0, -1, i64::MIN, MOST_AT_ONCE.count() + 1] {
            assert_eq!(gift(ben, beans, ""), Some(AbsurdTransfer::GiftOutOfRange));
        }
        assert_eq!(gift(ben, 1, &"ä".repeat(LONGEST_WORDS)), None);
        assert_eq!(gift(ben, 1, &"ä".repeat(LONGEST_WORDS + 1)), Some(AbsurdTransfer::TooLong));
        let correction =
            |beans, why: &str| Correction::new(mia, ben, Beans::new(beans), why.to_owned()).err();
        assert_eq!(correction(-7, "spilt"), None);
        assert_eq!(correction(-7, ""), Some(AbsurdTransfer::NoReason));
        for beans in [0, i64::MIN, i64::MAX] {
            assert_eq!(correction(beans, "?"), Some(AbsurdTransfer::CorrectionOutOfRange));
        }
    }
}
