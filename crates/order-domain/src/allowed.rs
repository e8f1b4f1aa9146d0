//! What a reader may do with an order next: asked of the table itself, so that
//! screens never offer what would be refused.

use types::{MemberId, Timestamp};

use crate::{Actor, Command, CommandKind, Order, Outcome, Reader, Waits};

impl Order {
    /// The commands that would change this order if this reader gave them now.
    pub fn allowed(&self, reader: &Reader, now: Timestamp) -> Vec<CommandKind> {
        let actor = Actor::Person(reader.clone());
        let waits = Waits::default();
        CommandKind::PERSONAL
            .into_iter()
            .filter(|kind| {
                self.example(*kind, reader.member).is_some_and(|command| {
                    let decision = self.decide(&command, &actor, 0, now, &waits);
                    matches!(decision, Ok(Outcome::Changed(_)))
                })
            })
            .collect()
    }

    /// A command of this kind that is as acceptable as one can be for who gives it.
    pub(crate) fn example(&self, kind: CommandKind, giver: MemberId) -> Option<Command> {
        let reason = || "because".to_owned();
        let another = || {
            let mut wish = self.live_items().next()?.wish();
            wish.note = if wish.note.is_empty() { "hot".to_owned() } else { String::new() };
            Some(wish)
        };
        let first = || self.live_items().next();
        Some(match kind {
            CommandKind::Accept => Command::Accept,
            CommandKind::Ready => Command::Ready,
            CommandKind::Release => Command::Release,
            CommandKind::HandOver => {
                // Whether `to` is a barista the service checks; here it is just another.
                let another = "mem_00000000000000000000000000".parse().ok()?;
                let to = if self.barista() == Some(giver) { another } else { giver };
                Command::HandOver { to }
            }
            CommandKind::Recall => Command::Recall,
            CommandKind::PickUp => Command::PickUp,
            CommandKind::Cancel => Command::Cancel { reason: reason() },
            CommandKind::Decline => Command::Decline { reason: reason() },
            CommandKind::Forgive => Command::Forgive,
            CommandKind::Amend => Command::Amend { wishes: vec![another()?] },
            CommandKind::Tick => Command::Tick { line: first()?.line, ticked: !first()?.ticked },
            CommandKind::Strike => Command::Strike { line: first()?.line, reason: reason() },
            CommandKind::Replace => {
                Command::Replace { line: first()?.line, wish: another()?, reason: reason() }
            }
            CommandKind::Approve => Command::Approve { wishes: self.live_wishes() },
            CommandKind::Refuse => Command::Refuse { reason: reason() },
            CommandKind::Acknowledge => Command::Acknowledge,
            CommandKind::ComeDue => Command::ComeDue { wishes: self.live_wishes() },
            CommandKind::Queue => Command::Queue { revision: self.revision },
            CommandKind::Reject => Command::Reject { because: crate::Because::NotSettledInTime },
            CommandKind::Expire => Command::Expire,
            CommandKind::Uncollect => Command::Uncollect { pick_up_until: self.state_since },
            CommandKind::Settled => Command::Settled { revision: self.revision },
        })
    }
}
