//! Live streams that resume: everything after a cursor from the log, then what
//! comes, each event once and in order; or a reset where that cannot be.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    cursor::{Cursor, Position},
    log::{Head, Log, Record},
};

/// Who is further behind loads again instead of catching up.
pub const FURTHEST_BEHIND: i64 = 1000;
const BATCH: usize = 128;

/// What a subscriber gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// The next event.
    Event(Arc<Record>),
    /// What was asked for cannot be resumed (another epoch, the future, or too
    /// far behind): load again; the stream goes on after this.
    Reset(Cursor),
}

/// One subscriber: reads at its own pace, holds at most a batch.
#[derive(Debug)]
pub struct Subscription {
    log: Log,
    head: Head,
    /// The last position that was handed out.
    at: Position,
    ready: VecDeque<Arc<Record>>,
    reset: bool,
}

impl Subscription {
    /// `None`: from now on.
    pub(crate) fn new(log: Log, after: Option<Cursor>) -> Self {
        let mut head = log.head();
        let now = *head.borrow_and_update();
        let (at, reset) = match after {
            None => (now, false),
            Some(Cursor { epoch, position }) => {
                let known = epoch == *log.epoch()
                    && position <= now
                    && now.get() - position.get() <= FURTHEST_BEHIND;
                if known { (position, false) } else { (now, true) }
            }
        };
        Self { log, head, at, ready: VecDeque::new(), reset }
    }

    /// The next item, whenever it comes. Dropping the future loses nothing.
    /// After an error call it again: it goes on where it was.
    pub async fn next(&mut self) -> Result<Live, sqlx::Error> {
        loop {
            if std::mem::take(&mut self.reset) {
                return Ok(Live::Reset(self.log.cursor(self.at)));
            }
            if let Some(record) = self.ready.pop_front() {
                self.at = record.position;
                return Ok(Live::Event(record));
            }
            let now = *self.head.borrow_and_update();
            if now.get() - self.at.get() > FURTHEST_BEHIND {
                (self.at, self.reset) = (now, true);
            } else if self.at < now {
                self.ready = self.log.read_after(self.at, BATCH).await?.into();
            } else if self.head.changed().await.is_err() {
                // The log holds the sender, and we hold the log.
                futures::future::pending::<()>().await;
            }
        }
    }

    /// The place after the last item.
    pub fn cursor(&self) -> Cursor {
        self.log.cursor(self.at)
    }
}
