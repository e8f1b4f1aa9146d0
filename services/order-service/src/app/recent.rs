//! What the live feed must know of an order beside its event: remembered for the
//! orders that changed lately in this replica, read for the others.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use order_domain::{Order, StateKind};
use runtime::AppError;
use types::{MemberId, OrderId};

use super::App;
use crate::store;

/// How many orders are remembered.
const KEPT: usize = 512;

/// Enough of an order to decide who may hear of it.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The version that they are of.
    pub version: u64,
    pub number: u32,
    pub state: StateKind,
    pub placed_by: MemberId,
    /// For whom its items are, and who is asked about it.
    pub recipients: Vec<MemberId>,
}

impl Facts {
    fn of(order: &Order) -> Self {
        let mut recipients = order.recipients();
        recipients.extend(order.approval().into_iter().flat_map(|it| it.guardians.iter().copied()));
        Self {
            version: order.version,
            number: order.number,
            state: order.state.kind(),
            placed_by: order.placed_by,
            recipients,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    facts: HashMap<OrderId, Facts>,
    oldest: VecDeque<OrderId>,
}

impl Recent {
    pub(super) fn remember(&self, order: &Order) {
        let mut kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let facts = Facts::of(order);
        // Two commits may come by here in the other order.
        if kept.facts.get(&order.id).is_some_and(|known| known.version > facts.version) {
            return;
        }
        if kept.facts.insert(order.id, facts).is_none() {
            kept.oldest.push_back(order.id);
        }
        while kept.oldest.len() > KEPT {
            let Some(oldest) = kept.oldest.pop_front() else { break };
            kept.facts.remove(&oldest);
        }
    }

    fn known(&self, id: OrderId, version: u64) -> Option<Facts> {
        let kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.facts.get(&id).filter(|facts| facts.version >= version).cloned()
    }
}

impl App {
    /// The facts of these orders, each at least as new as the version beside it.
    /// Memory, and one query if some are not remembered.
    pub async fn facts(
        &self,
        wanted: &[(OrderId, u64)],
    ) -> Result<HashMap<OrderId, Facts>, AppError> {
        let mut facts = HashMap::with_capacity(wanted.len());
        let mut missing = Vec::new();
        for (id, version) in wanted {
            match self.0.recent.known(*id, *version) {
                Some(known) => {
                    facts.insert(*id, known);
                }
                None => missing.push(id.uuid()),
            }
        }
        if !missing.is_empty() {
            for order in store::orders::several(self.pool(), &missing).await? {
                facts.insert(order.id, Facts::of(&order));
            }
        }
        Ok(facts)
    }
}
