//! One line of an order.

use serde::{Deserialize, Serialize};
use types::MemberId;

use crate::{Drink, Wish};

/// For whom an item is; statistics and limits count for them, who places pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Member(MemberId),
    /// A visitor, by name.
    Guest(String),
}

/// One line of an order with its price as it was fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// 1 for the first; never given to another item of the same order.
    pub line: u32,
    pub drink: Drink,
    pub note: String,
    pub recipient: Recipient,
    /// Made already.
    pub ticked: bool,
    /// Will not be made, and why.
    pub struck: Option<String>,
    /// Another drink than was ordered, and why.
    pub replaced: Option<String>,
    /// What whoever makes it must know, "no nuts".
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Item {
    pub(crate) fn new(line: u32, wish: Wish) -> Self {
        let Wish { drink, note, recipient, warnings } = wish;
        let (ticked, struck, replaced) = (false, None, None);
        Self { line, drink, note, recipient, ticked, struck, replaced, warnings }
    }

    /// Still part of the order.
    pub const fn is_live(&self) -> bool {
        self.struck.is_none()
    }

    /// What was wished for, without what became of it.
    pub fn wish(&self) -> Wish {
        Wish {
            drink: self.drink.clone(),
            note: self.note.clone(),
            recipient: self.recipient.clone(),
            warnings: self.warnings.clone(),
        }
    }

    /// The same thing for the same person, whatever it costs today.
    pub(crate) fn is(&self, wish: &Wish) -> bool {
        self.drink.is_same(&wish.drink)
            && self.note == wish.note
            && self.recipient == wish.recipient
    }
}
