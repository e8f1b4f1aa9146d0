//! The family's names and faces, for showing who ordered what. No page waits
//! long for them: an old list will do, and so will none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use runtime::{AppError, deadline};
use tokio::sync::OnceCell;
use types::MemberId;
use wire::customer::v1::{ListMembersRequest, ListMembersResponse, Member};

use crate::{App, api::dto::some, auth::Viewer, problem::Problem};

/// A list is kept so long.
const FRESH: Duration = Duration::from_secs(30);
/// After asking, nobody asks again for so long, whatever became of it.
const REST: Duration = Duration::from_secs(2);
/// So long a page waits for customer-service.
const PATIENCE: Duration = Duration::from_millis(300);

/// How somebody is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// "mem_…"
    pub id: String,
    /// "Ada"
    pub name: String,
    /// "🦊"
    pub emoji: String,
    /// "#a0522d"
    pub colour: String,
    /// Member ids of a child's guardians; an adult has none.
    pub guardians: Vec<String>,
    /// Member id of a guest's host; nobody of the family has one.
    pub host: Option<String>,
}

/// Everybody, by id and in the order that customer-service lists them.
#[derive(Debug, Default)]
pub struct Names {
    everybody: Vec<Name>,
    by_id: HashMap<String, usize>,
    left: Vec<String>,
}

impl Names {
    fn new(list: ListMembersResponse) -> Self {
        let ListMembersResponse { members, left_member_ids: left } = list;
        let everybody: Vec<Name> = members
            .into_iter()
            .map(|member| {
                let Member {
                    id,
                    name,
                    emoji,
                    colour,
                    roles: _,
                    balance_beans: _,
                    kind: _,
                    guardian_ids: guardians,
                    host_id,
                } = member;
                Name { id, name, emoji, colour, guardians, host: some(host_id) }
            })
            .collect();
        let by_id = everybody.iter().enumerate().map(|(at, name)| (name.id.clone(), at)).collect();
        Self { everybody, by_id, left }
    }

    /// The ids of who was one of them, and left.
    pub fn left(&self) -> &[String] {
        &self.left
    }

    /// By the printed id; somebody who has left, or joined a moment ago, is not there.
    pub fn of(&self, id: &str) -> Option<&Name> {
        self.by_id.get(id).and_then(|at| self.everybody.get(*at))
    }

    /// By id.
    pub fn of_member(&self, id: MemberId) -> Option<&Name> {
        self.of(&id.to_string())
    }

    /// The children whom somebody looks after.
    pub fn wards_of(&self, guardian: &str) -> impl Iterator<Item = &Name> {
        let guards = move |name: &&Name| name.guardians.iter().any(|id| id == guardian);
        self.everybody.iter().filter(guards)
    }

    /// Everybody, guests too.
    pub fn everybody(&self) -> &[Name] {
        &self.everybody
    }
}

/// The last list, and who asks for the next.
#[derive(Debug, Default)]
pub struct NamesCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    names: Option<Arc<Names>>,
    /// When somebody has to ask; none: now.
    due: Option<Instant>,
    /// The last asking, under way or done.
    asking: Asking,
}

type Asking = Arc<OnceCell<Result<Arc<Names>, Problem>>>;

/// What somebody does who needs the names.
enum Turn {
    /// Takes these: they are fresh, or another has gone to ask.
    Take(Arc<Names>),
    /// Asks, or waits for who asks; has the old ones if that fails.
    Ask(Asking, Option<Arc<Names>>),
}

impl Kept {
    fn turn(&mut self, now: Instant) -> Turn {
        if self.due.is_none_or(|due| due <= now) {
            self.due = Some(now + REST);
            self.asking = Asking::default();
            return Turn::Ask(self.asking.clone(), self.names.clone());
        }
        match &self.names {
            Some(names) => Turn::Take(names.clone()),
            None => Turn::Ask(self.asking.clone(), None),
        }
    }
}

impl NamesCache {
    /// The names. The first who finds them old asks for them in the viewer's name;
    /// meanwhile all others go on with the old ones.
    pub async fn get(&self, app: &App, viewer: &Viewer) -> Result<Arc<Names>, Problem> {
        let turn = self.kept().turn(Instant::now());
        match turn {
            Turn::Take(names) => Ok(names),
            Turn::Ask(asking, old) => {
                let answer = asking.get_or_init(|| self.ask(app, viewer)).await.clone();
                old.map_or(answer.clone(), |old| Ok(answer.unwrap_or(old)))
            }
        }
    }

    /// Somebody's card has changed: the next who needs the names asks for them.
    pub fn forget(&self) {
        self.kept().due = None;
    }

    async fn ask(&self, app: &App, viewer: &Viewer) -> Result<Arc<Names>, Problem> {
        let mut customers = app.customers(viewer);
        let asked = customers.list_members(ListMembersRequest {});
        let answer = deadline::within(PATIENCE, asked).await.map_err(AppError::from)??;
        let names = Arc::new(Names::new(answer.into_inner()));
        let mut kept = self.kept();
        kept.names = Some(names.clone());
        kept.due = Some(Instant::now() + FRESH);
        Ok(names)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_while_all_others_go_on_with_the_old_list() {
        let start = Instant::now();
        let mut kept = Kept::default();
        let Turn::Ask(first, None) = kept.turn(start) else { panic!("somebody has to ask") };
        // Who has no list waits for the same answer.
        let Turn::Ask(second, None) = kept.turn(start + REST / 2) else {
            panic!("nothing to take")
        };
        assert!(Arc::ptr_eq(&first, &second));

        kept.names = Some(Arc::default());
        kept.due = Some(start + FRESH);
        assert!(matches!(kept.turn(start + FRESH / 2), Turn::Take(_)));
        let Turn::Ask(third, Some(_)) = kept.turn(start + FRESH) else { panic!("it is old") };
        assert!(!Arc::ptr_eq(&first, &third));
        assert!(matches!(kept.turn(start + FRESH + REST / 2), Turn::Take(_)), "another asks");
        assert!(matches!(kept.turn(start + FRESH + REST), Turn::Ask(_, Some(_))), "it failed");
    }
}
