//! Whether what is ordered may be served: what must not be in a cup, and what
//! children's limits leave of the day.

use std::collections::BTreeSet;

use order_domain::{
    Age, Ask, Bite, Diner, Drink, DrinkRequest, Had, Invalid, Menu, Order, Recipient, Wish, Within,
    check_diets, check_guests, in_words, parse_wishes,
};
use runtime::AppError;
use sqlx::PgConnection;
use types::{MemberId, OrderId, Timestamp};

use super::{App, diners::Diners};
use crate::store;

/// What is ordered, and by whose rules it is served.
#[derive(Debug, Clone)]
pub(super) struct Serving {
    pub(super) diners: Diners,
    /// When it is made: its day is the one that counts.
    pub(super) made_at: Timestamp,
    pub(super) menu: Menu,
    pub(super) limits: Limits,
}

/// Whether children's limits count for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limits {
    Count,
    /// Only for this line; what was there before is there already.
    CountFor(u32),
    /// A guardian said yes.
    Overruled,
}

/// The limits that say no.
#[derive(Debug, Clone)]
pub struct Bitten {
    /// Which item, and why.
    pub bites: Vec<(usize, Bite)>,
    /// What is possible, in words.
    pub offers: Vec<String>,
    /// Whether there is somebody who can be asked about all of it.
    pub may_ask: bool,
    children: Vec<MemberId>,
    guardians: Vec<MemberId>,
}

impl Bitten {
    /// All of it in one sentence.
    pub fn why(&self) -> String {
        let says: BTreeSet<String> = self.bites.iter().map(|(_, bite)| bite.to_string()).collect();
        says.into_iter().collect::<Vec<_>>().join("; ")
    }

    /// The question to the guardians; none where nobody guards all of the children.
    pub(super) fn ask(&self) -> Option<Ask> {
        self.may_ask.then(|| Ask {
            children: self.children.clone(),
            guardians: self.guardians.clone(),
            why: self.why(),
        })
    }

    /// Whether this member guards all of the children.
    pub(super) fn is_for(&self, guardian: MemberId) -> bool {
        self.guardians.contains(&guardian)
    }
}

/// About whom must be known what may be served: for whom items are, and who orders
/// where nothing is said, or for a guest, which only grown-ups do.
pub(super) fn eaters(items: &[DrinkRequest], asker: MemberId) -> BTreeSet<MemberId> {
    let whom = |item: &DrinkRequest| match &item.recipient {
        None | Some(Recipient::Guest(_)) => asker,
        Some(Recipient::Member(member)) => *member,
    };
    items.iter().map(whom).collect()
}

/// What these requests mean, with what whoever makes it must know, or each field
/// that is wrong.
pub(super) fn wishes(
    menu: &Menu,
    items: &[DrinkRequest],
    asker: MemberId,
    made_at: Timestamp,
    diners: &Diners,
) -> Result<Vec<Wish>, Vec<Invalid>> {
    let mut wishes = parse_wishes(menu, items, asker, made_at)?;
    let mut wrong = check_diets(menu, &wishes, |member| diners.get(&member));
    wrong.extend(check_guests(&wishes, diners.get(&asker)));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    for wish in &mut wishes {
        wish.warnings = warnings(wish, diners);
    }
    Ok(wishes)
}

/// What whoever makes it must know.
pub(super) fn warnings(wish: &Wish, diners: &Diners) -> Vec<String> {
    match &wish.recipient {
        Recipient::Member(member) => {
            diners.get(member).map(|diner| diner.diet.warnings()).unwrap_or_default()
        }
        Recipient::Guest(_) => Vec::new(),
    }
}

/// The children for whom something is, each once.
pub(super) fn children_among<'a>(
    recipients: impl IntoIterator<Item = &'a Recipient>,
    diners: &Diners,
) -> Vec<MemberId> {
    let child = |recipient: &Recipient| match recipient {
        Recipient::Member(member) => {
            diners.get(member).filter(|diner| diner.is_child()).map(|diner| diner.member)
        }
        Recipient::Guest(_) => None,
    };
    recipients.into_iter().filter_map(child).collect::<BTreeSet<_>>().into_iter().collect()
}

impl App {
    /// Whether children's limits say no to a list of drinks, each with its place.
    /// The children are locked until the transaction ends, so that what is decided
    /// here still holds when it is written. Two statements for each child, and none
    /// where there is no child.
    pub(super) async fn bitten(
        &self,
        tx: &mut PgConnection,
        serving: &Serving,
        drinks: &[(usize, &Recipient, &Drink)],
        but: Option<OrderId>,
    ) -> sqlx::Result<Option<Bitten>> {
        let recipients = drinks.iter().map(|(_, recipient, _)| *recipient);
        let children = children_among(recipients, &serving.diners);
        if children.is_empty() {
            return Ok(None);
        }
        store::diners::lock(tx, &children).await?;
        let local = serving.made_at.with_timezone(&self.0.zone);
        let (day, at) = (local.date_naive(), local.time());
        let mut bitten = Bitten {
            bites: vec![],
            offers: vec![],
            may_ask: false,
            children: vec![],
            guardians: vec![],
        };
        for child in children {
            let Some(Diner { age: Age::Child { guardians, limits }, diet, .. }) =
                serving.diners.get(&child)
            else {
                continue;
            };
            let orders = store::diners::orders_of_day(tx, child, day, but).await?;
            let had = Had::of(&orders, child);
            let theirs: Vec<(usize, &Drink)> = drinks
                .iter()
                .filter(|(_, recipient, _)| **recipient == Recipient::Member(child))
                .map(|(at, _, drink)| (*at, *drink))
                .collect();
            let bites = limits.check(had, theirs.iter().map(|(_, drink)| *drink), at);
            let Some((first, _)) = bites.first() else { continue };
            let within = Within { limits, diet, had, at, now: self.now() };
            for offer in within.offers(&serving.menu, theirs[*first].1) {
                let words = in_words(&offer);
                if !bitten.offers.contains(&words) {
                    bitten.offers.push(words);
                }
            }
            if bitten.children.is_empty() {
                bitten.guardians.clone_from(guardians);
            } else {
                bitten.guardians.retain(|guardian| guardians.contains(guardian));
            }
            bitten.children.push(child);
            bitten.bites.extend(bites.into_iter().map(|(place, bite)| (theirs[place].0, bite)));
        }
        bitten.may_ask = !bitten.guardians.is_empty();
        Ok((!bitten.bites.is_empty()).then_some(bitten))
    }

    /// The same for an order as it would be after a change, but for what does not
    /// count; and writes down for which children it is from then on.
    pub(super) async fn serve(
        &self,
        tx: &mut PgConnection,
        serving: &Serving,
        before: &Order,
        next: &Order,
    ) -> sqlx::Result<Option<Bitten>> {
        let live: Vec<_> = next.live_items().collect();
        let drinks: Vec<(usize, &Recipient, &Drink)> =
            live.iter().enumerate().map(|(at, item)| (at, &item.recipient, &item.drink)).collect();
        let mut bitten = self.bitten(tx, serving, &drinks, Some(next.id)).await?;
        match serving.limits {
            Limits::Overruled => bitten = None,
            Limits::CountFor(line) => {
                if let Some(bitten) = &mut bitten {
                    bitten.bites.retain(|(at, _)| live[*at].line == line);
                }
                bitten = bitten.filter(|bitten| !bitten.bites.is_empty());
            }
            Limits::Count => {}
        }
        if bitten.is_some() {
            return Ok(bitten);
        }
        let children = |order: &Order| {
            let recipients = order.live_items().map(|item| &item.recipient);
            children_among(recipients, &serving.diners)
        };
        let (were, are) = (children(before), children(next));
        if !were.is_empty() || !are.is_empty() {
            store::diners::put(tx, next.id, &are, self.day_of(serving.made_at)).await?;
        }
        Ok(None)
    }

    pub(super) fn day_of(&self, at: Timestamp) -> chrono::NaiveDate {
        store::orders::day_of(at, self.0.zone)
    }
}

/// What a child, or anybody else, had on a day, and what their limits leave.
#[derive(Debug, Clone)]
pub struct Day {
    pub had: Had,
    pub diner: Diner,
}

impl App {
    /// What somebody had today, by what is known of them. Memory for an adult; for a
    /// child one query.
    pub async fn today(&self, member: MemberId) -> Result<Day, AppError> {
        let diner =
            self.known_diners().get(&member).cloned().unwrap_or_else(|| Diner::adult(member));
        if !diner.is_child() {
            return Ok(Day { had: Had::default(), diner });
        }
        let mut connection = self.pool().acquire().await?;
        let today = self.day_of(self.now());
        let orders = store::diners::orders_of_day(&mut connection, member, today, None).await?;
        Ok(Day { had: Had::of(&orders, member), diner })
    }

    /// The menu as it may be offered to somebody, by what is known of them. Memory; for a
    /// child one call.
    pub async fn menu_for(&self, member: MemberId) -> Result<Menu, AppError> {
        let house = self.house().await?;
        // What a guardian has just said is seen by the child at once.
        let diners = self.diners_of([member]).await.unwrap_or_else(|_| self.known_diners());
        Ok(match diners.get(&member) {
            Some(diner) => house.menu.for_diner(diner),
            None => house.menu.clone(),
        })
    }

    /// The orders that wait for a yes of this guardian. One query.
    pub async fn approvals(&self, reader: &order_domain::Reader) -> Result<Vec<Order>, AppError> {
        let mut orders = store::orders::awaiting_approval(self.pool()).await?;
        orders.retain(|order| {
            let children = order.approval().map(|approval| &approval.children[..]);
            let mut children = children.unwrap_or_default().iter();
            reader.is_admin() || children.all(|child| reader.guards(*child))
        });
        Ok(orders)
    }
}
