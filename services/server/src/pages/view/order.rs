//! An order as its page, the lists and the counter's tickets show it.

use wire::order::v1 as pb;

use super::{
    Clock, People, Person,
    clock::{about, machine, moment},
    menu::Emoji,
};

/// What is needed to tell of an order: the clock, the family, the menu's emoji, and who looks.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    pub(crate) clock: Clock,
    pub(crate) people: People,
    pub(crate) emoji: Emoji,
    /// Member id of who looks.
    pub(crate) me: String,
    /// Whether beans are theirs to count; a guest's host pays.
    pub(crate) pays: bool,
}

/// One order.
#[derive(Debug, Clone)]
pub(crate) struct OrderView {
    pub(crate) id: String,
    pub(crate) number: i32,
    pub(crate) version: u64,
    /// The state's name; also its class in the stylesheet.
    pub(crate) state: &'static str,
    /// "In the queue".
    pub(crate) word: &'static str,
    /// "Mia has your coffee in hand".
    pub(crate) heading: String,
    /// One kind sentence more.
    pub(crate) say: String,
    /// How full the cup is, 0 to 4.
    pub(crate) level: u8,
    pub(crate) steps: Vec<Step>,
    /// "about 6 min, 14:05"; only when known and still to come.
    pub(crate) estimate: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) placed_by: Person,
    /// Who looks placed it.
    pub(crate) mine: bool,
    pub(crate) barista: Option<Person>,
    pub(crate) lines: Vec<LineView>,
    /// Beans of what is not struck.
    pub(crate) price: i64,
    /// Beans in this state.
    pub(crate) owed: i64,
    pub(crate) forgiven: bool,
    pub(crate) placed_at: String,
    pub(crate) placed_machine: String,
    /// Since when in this state, for the ticket's age.
    pub(crate) since_machine: String,
    pub(crate) age: String,
    /// "", "warm" or "hot".
    pub(crate) warmth: &'static str,
    /// Milligrams, of what is not struck.
    pub(crate) caffeine_mg: i32,
    pub(crate) is_final: bool,
    pub(crate) can: Can,
    /// Held until a guardian says yes.
    pub(crate) approval: Option<ApprovalView>,
    /// Who has read what must not be in it.
    pub(crate) read_by: Option<Person>,
}

/// What a held order waits for beside its time.
#[derive(Debug, Clone)]
pub(crate) struct ApprovalView {
    /// "2 drinks a day are allowed, and there were 2 today."
    pub(crate) why: String,
    /// "10:14"
    pub(crate) until: String,
}

/// What the reader may do next, as order-service says.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one per button")]
pub(crate) struct Can {
    pub(crate) accept: bool,
    pub(crate) ready: bool,
    pub(crate) release: bool,
    pub(crate) recall: bool,
    pub(crate) pick_up: bool,
    pub(crate) cancel: bool,
    pub(crate) decline: bool,
    pub(crate) tick: bool,
    pub(crate) approve: bool,
    pub(crate) refuse: bool,
    pub(crate) acknowledge: bool,
}

/// A stop on the order's way.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// "done", "now" or "todo".
    pub(crate) phase: &'static str,
}

/// One drink of an order.
#[derive(Debug, Clone)]
pub(crate) struct LineView {
    pub(crate) line: i32,
    pub(crate) name: String,
    pub(crate) emoji: String,
    /// "large", "oat milk", "extra shot".
    pub(crate) options: Vec<String>,
    pub(crate) note: String,
    pub(crate) whom: Person,
    pub(crate) price: i64,
    pub(crate) allergens: Vec<String>,
    /// What must not be in it, "no nuts".
    pub(crate) warnings: Vec<String>,
    pub(crate) ticked: bool,
    /// Why it was struck from the order; empty: it was not.
    pub(crate) struck: String,
}

impl OrderView {
    /// "2 × Flat white, Cocoa", for lists.
    pub(crate) fn contents(&self) -> String {
        let mut counted: Vec<(&str, usize)> = Vec::new();
        for line in self.lines.iter().filter(|line| line.struck.is_empty()) {
            match counted.iter_mut().find(|(name, _)| *name == line.name) {
                Some((_, count)) => *count += 1,
                None => counted.push((&line.name, 1)),
            }
        }
        let say = |(name, count): &(&str, usize)| match count {
            1 => (*name).to_owned(),
            count => format!("{count} × {name}"),
        };
        counted.iter().map(say).collect::<Vec<_>>().join(", ")
    }
}

const WAY: [&str; 5] = ["Placed", "Queued", "Making", "Ready", "Enjoyed"];

/// How far along [`WAY`] an order in this state is; `None`: it left the way.
fn stop(state: pb::OrderState) -> Option<usize> {
    use pb::OrderState as S;
    match state {
        S::Held | S::Placed => Some(0),
        S::Queued => Some(1),
        S::Preparing => Some(2),
        S::Ready => Some(3),
        S::Completed => Some(4),
        S::Unspecified | S::Rejected | S::Declined | S::Cancelled | S::Expired => None,
        S::Uncollected => Some(3),
    }
}

/// (name and class, word for lists)
pub(crate) fn words(state: pb::OrderState) -> (&'static str, &'static str) {
    use pb::OrderState as S;
    match state {
        S::Unspecified => ("unknown", "Unknown"),
        S::Held => ("held", "For later"),
        S::Placed => ("placed", "Placed"),
        S::Queued => ("queued", "In the queue"),
        S::Preparing => ("preparing", "In the making"),
        S::Ready => ("ready", "Ready"),
        S::Completed => ("completed", "Picked up"),
        S::Rejected => ("rejected", "Not taken"),
        S::Declined => ("declined", "Declined"),
        S::Cancelled => ("cancelled", "Cancelled"),
        S::Expired => ("expired", "Timed out"),
        S::Uncollected => ("uncollected", "Left behind"),
    }
}

impl Teller {
    /// Tells of one order.
    pub(crate) fn order(&self, order: &pb::Order) -> OrderView {
        let state = order.state();
        let (name, word) = words(state);
        let barista = (!order.barista.is_empty()).then(|| self.people.get(&order.barista));
        let since = time(order.state_since.as_ref()).unwrap_or(self.clock.now);
        let placed = time(order.placed_at.as_ref()).unwrap_or(since);
        let live = order.items.iter().filter(|item| item.struck_reason.is_empty());
        let minutes = self.clock.minutes_since(since);
        let stop = stop(state);
        let (heading, say) = sentence(state, barista.as_ref(), order, self);
        OrderView {
            id: order.id.clone(),
            number: order.number,
            version: order.version,
            state: name,
            word,
            heading,
            say,
            level: stop.and_then(|stop| u8::try_from(stop + 1).ok()).unwrap_or(0).min(4),
            steps: stop.map(steps).unwrap_or_default(),
            estimate: self.estimate(order),
            reason: (!order.reason.is_empty()).then(|| order.reason.clone()),
            placed_by: self.people.get(&order.placed_by),
            mine: order.placed_by == self.me,
            barista,
            lines: order.items.iter().map(|item| self.line(item)).collect(),
            price: order.price_beans,
            owed: order.owed_beans,
            forgiven: !order.forgiven_by.is_empty(),
            placed_at: self.clock.say(placed),
            placed_machine: machine(placed),
            since_machine: machine(since),
            age: self.clock.age(since),
            warmth: match minutes {
                0..=3 => "",
                4..=7 => "warm",
                _ => "hot",
            },
            is_final: is_final(state),
            caffeine_mg: live.map(|item| item.caffeine_mg).sum(),
            can: Can::new(order),
            approval: order.approval.as_ref().map(|approval| self.approval(order, approval)),
            read_by: order.acknowledged.as_ref().map(|read| self.people.get(&read.by)),
        }
    }

    fn approval(&self, order: &pb::Order, approval: &pb::Approval) -> ApprovalView {
        let until = time(order.deadline.as_ref());
        ApprovalView {
            why: capitalised(&approval.why),
            until: until.map(|until| self.clock.say(until)).unwrap_or_default(),
        }
    }

    pub(crate) fn line(&self, item: &pb::Item) -> LineView {
        LineView {
            line: item.line,
            name: item.name.clone(),
            emoji: self.emoji.get(&item.slug),
            options: item
                .summary
                .split(", ")
                .filter(|option| !option.is_empty())
                .map(str::to_owned)
                .collect(),
            note: item.note.clone(),
            whom: if item.member_id.is_empty() {
                Person::guest(&item.guest)
            } else {
                self.people.get(&item.member_id)
            },
            price: item.price_beans,
            allergens: item.allergens.clone(),
            warnings: item.warnings.clone(),
            ticked: item.ticked,
            struck: item.struck_reason.clone(),
        }
    }

    fn estimate(&self, order: &pb::Order) -> Option<String> {
        use pb::OrderState as S;
        let at = time(order.estimated_ready_at.as_ref())?;
        let coming = matches!(order.state(), S::Placed | S::Queued | S::Preparing);
        let seconds = (at - self.clock.now).num_seconds();
        (coming && seconds > 0).then(|| format!("{} · {}", about(seconds), self.clock.say(at)))
    }
}

/// "2 drinks" → "2 drinks.", "after" → "After."
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

fn steps(stop: usize) -> Vec<Step> {
    let phase = |at: usize| match at {
        _ if at < stop || stop == WAY.len() - 1 => "done",
        _ if at == stop => "now",
        _ => "todo",
    };
    WAY.iter().enumerate().map(|(at, name)| Step { name, phase: phase(at) }).collect()
}

pub(crate) fn is_final(state: pb::OrderState) -> bool {
    use pb::OrderState as S;
    match state {
        S::Completed | S::Rejected | S::Declined | S::Cancelled | S::Expired | S::Uncollected => {
            true
        }
        S::Unspecified | S::Held | S::Placed | S::Queued | S::Preparing | S::Ready => false,
    }
}

fn time(at: Option<&prost_types::Timestamp>) -> Option<types::Timestamp> {
    at.and_then(|at| moment(at.seconds, at.nanos))
}

/// Heading and sentence, to whoever ordered.
fn sentence(
    state: pb::OrderState,
    barista: Option<&Person>,
    order: &pb::Order,
    teller: &Teller,
) -> (String, String) {
    use pb::OrderState as S;
    let who = barista.map_or("The barista", |person| person.name.as_str());
    let free = if order.owed_beans == 0 && teller.pays { " It cost you nothing." } else { "" };
    let (heading, say) = match state {
        S::Unspecified => ("On its way".to_owned(), String::new()),
        S::Held if order.approval.is_some() => {
            ("Waits for a yes".to_owned(), asked(order.approval.as_ref(), teller))
        }
        S::Held => (
            "Saved for later".to_owned(),
            time(order.held_until.as_ref()).map_or_else(
                || "It goes to the bar when it is due.".to_owned(),
                |at| format!("It goes to the bar at {}.", teller.clock.say(at)),
            ),
        ),
        S::Placed if !teller.pays => ("Placed".to_owned(), "One moment.".to_owned()),
        S::Placed => ("Placed".to_owned(), "Counting your beans, one moment.".to_owned()),
        S::Queued => (
            "In the queue".to_owned(),
            "The bar has your order. Somebody will take it soon.".to_owned(),
        ),
        S::Preparing if order.barista == teller.me => {
            ("In your hands".to_owned(), "You are making this one.".to_owned())
        }
        S::Preparing => (format!("{who} is making it"), "It is getting warm in here.".to_owned()),
        S::Ready => ("Ready for you".to_owned(), "Come and get it while it is hot.".to_owned()),
        S::Completed => ("Enjoy!".to_owned(), "Picked up. Have a lovely cup.".to_owned()),
        S::Rejected => {
            ("Sorry, not this time".to_owned(), format!("The bar could not take this order.{free}"))
        }
        S::Declined => ("Sorry, not this time".to_owned(), format!("{who} had to say no.{free}")),
        S::Cancelled => ("Cancelled".to_owned(), format!("This order is off.{free}")),
        S::Expired => {
            ("Nobody was at the bar".to_owned(), format!("We are sorry: it waited too long.{free}"))
        }
        S::Uncollected => (
            "Still waiting for you".to_owned(),
            "It was made and stayed on the counter. You can still pick it up today.".to_owned(),
        ),
    };
    (heading, say)
}

/// "Mia or Papa is asked."
fn asked(approval: Option<&pb::Approval>, teller: &Teller) -> String {
    let guardians = approval.into_iter().flat_map(|approval| &approval.guardian_ids);
    let names: Vec<String> = guardians.map(|id| teller.people.get(id).name).collect();
    format!("{} is asked. Once they agree it goes to the bar.", names.join(" or "))
}

impl Can {
    fn new(order: &pb::Order) -> Self {
        use pb::OrderCommand as C;
        let mut can = Self::default();
        for command in order.allowed() {
            match command {
                C::Accept => can.accept = true,
                C::Ready => can.ready = true,
                C::Release => can.release = true,
                C::Recall => can.recall = true,
                C::PickUp => can.pick_up = true,
                C::Cancel => can.cancel = true,
                C::Decline => can.decline = true,
                C::Tick => can.tick = true,
                C::Approve => can.approve = true,
                C::Refuse => can.refuse = true,
                C::Acknowledge => can.acknowledge = true,
                // No page offers these yet.
                C::Unspecified | C::HandOver | C::Forgive | C::Amend | C::Strike | C::Replace => {}
            }
        }
        can
    }
}

/// The counter's three columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    pub(crate) columns: Vec<Column>,
}

/// One column of the counter, longest waiting first.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// "new", "making" or "ready"; also its class.
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    /// Said when there is nothing in it.
    pub(crate) empty: (&'static str, &'static str),
    pub(crate) tickets: Vec<OrderView>,
}

impl Board {
    pub(crate) fn new(orders: &[pb::Order], teller: &Teller) -> Self {
        use pb::OrderState as S;
        let column = |class, name, empty, state| Column {
            class,
            name,
            empty,
            tickets: orders
                .iter()
                .filter(|order| order.state() == state)
                .map(|order| teller.order(order))
                .collect(),
        };
        Self {
            columns: vec![
                column("new", "New", ("🌿", "All quiet. New orders appear here."), S::Queued),
                column("making", "Making", ("🫗", "Nothing on the machine."), S::Preparing),
                column("ready", "Ready", ("🛎️", "Nothing waits to be picked up."), S::Ready),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_shows_what_is_behind_and_what_is_now() {
        let phases = |stop| steps(stop).iter().map(|step| step.phase).collect::<Vec<_>>();
        assert_eq!(phases(0), ["now", "todo", "todo", "todo", "todo"]);
        assert_eq!(phases(2), ["done", "done", "now", "todo", "todo"]);
        assert_eq!(phases(4), ["done"; 5]);
    }
}
