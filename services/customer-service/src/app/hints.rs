//! Where accounts stood when last seen. A hint saves asking before booking; it
//! never decides, because the statement that books names the version it builds on.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use types::MemberId;

use crate::store::ledger::Account;

/// More members than any family; then it starts over.
const MOST: usize = 4096;

/// The last seen account of each member.
#[derive(Debug, Default)]
pub struct Hints(Mutex<HashMap<MemberId, Account>>);

impl Hints {
    /// Takes the hint, so that of two bookings at once only one builds on it.
    pub fn take(&self, member: MemberId) -> Option<Account> {
        self.lock().remove(&member)
    }

    /// Remembers where an account stands after a commit.
    pub fn put(&self, account: Account) {
        let mut hints = self.lock();
        if hints.len() >= MOST {
            hints.clear();
        }
        let kept = hints.entry(account.member).or_insert(account);
        if account.version >= kept.version {
            *kept = account;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MemberId, Account>> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}
