//! The family's names and faces, for showing who ordered what. Kept for half a
//! minute; one request fetches them for all that wait.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;
use types::MemberId;
use wire::customer::v1::{ListMembersRequest, Member};

use crate::{App, auth::Viewer, problem::Problem};

const FRESH: Duration = Duration::from_secs(30);

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
}

/// Everybody, by id and in the order that customer-service lists them.
#[derive(Debug, Default)]
pub struct Names {
    everybody: Vec<Name>,
    by_id: HashMap<String, usize>,
}

impl Names {
    fn new(members: Vec<Member>) -> Self {
        let everybody: Vec<Name> = members
            .into_iter()
            .map(|member| {
                let Member { id, name, emoji, colour, roles: _, balance_beans: _ } = member;
                Name { id, name, emoji, colour }
            })
            .collect();
        let by_id = everybody.iter().enumerate().map(|(at, name)| (name.id.clone(), at)).collect();
        Self { everybody, by_id }
    }

    /// By the printed id; somebody who has left, or joined a moment ago, is not there.
    pub fn of(&self, id: &str) -> Option<&Name> {
        self.by_id.get(id).and_then(|at| self.everybody.get(*at))
    }

    /// By id.
    pub fn of_member(&self, id: MemberId) -> Option<&Name> {
        self.of(&id.to_string())
    }

    /// Everybody, for choosing from.
    pub fn everybody(&self) -> &[Name] {
        &self.everybody
    }
}

/// The last answer.
#[derive(Debug, Default)]
pub struct NamesCache(Mutex<Option<(Instant, Arc<Names>)>>);

impl NamesCache {
    /// Fetches them with the viewer's token when they are old. An old list is
    /// better than none while customer-service is away.
    pub async fn get(&self, app: &App, viewer: &Viewer) -> Result<Arc<Names>, Problem> {
        let mut kept = self.0.lock().await;
        if let Some((at, names)) = &*kept
            && at.elapsed() < FRESH
        {
            return Ok(names.clone());
        }
        match app.customers(viewer).list_members(ListMembersRequest {}).await {
            Ok(response) => {
                let names = Arc::new(Names::new(response.into_inner().members));
                *kept = Some((Instant::now(), names.clone()));
                Ok(names)
            }
            Err(status) => match &*kept {
                Some((_, names)) => Ok(names.clone()),
                None => Err(status.into()),
            },
        }
    }
}
