//! Who is in the family, as far as this service must know: for whom an item may
//! be, and who may be handed an order.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use order_domain::{Actor, DrinkRequest, Recipient};
use runtime::AppError;
use types::{MemberId, Role, Roles};

use super::App;

/// After this long somebody who is missing is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// After this long the list is old: roles may have changed.
const OLD: Duration = Duration::from_secs(30);

type Members = Arc<BTreeMap<MemberId, Roles>>;

#[derive(Debug, Default)]
pub(super) struct Cache {
    members: RwLock<Option<(Instant, Members)>>,
}

impl App {
    /// Whether the items are for members that there are. While customer-service
    /// is away, who is not known is believed to be there: the worst that comes of
    /// it is a statistic about nobody. Memory; one call for somebody new.
    pub(super) async fn check_recipients(
        &self,
        items: &[DrinkRequest],
        asker: MemberId,
    ) -> Result<(), AppError> {
        for (at, item) in items.iter().enumerate() {
            let Some(Recipient::Member(member)) = &item.recipient else { continue };
            if *member == asker {
                continue;
            }
            match self.roles_of(*member, ASK_AGAIN).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let path = format!("items[{at}].member_id");
                    return Err(AppError::invalid(path, "unknown-member", "nobody has this id"));
                }
                Err(error) if error.is_transient() => {
                    tracing::debug!(cause = error.chain(), "could not ask who there is");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether an order may be handed to this member: somebody takes it over
    /// themselves, or the other is a barista or admin too. Memory or one call.
    pub(super) async fn check_works_the_counter(
        &self,
        to: MemberId,
        actor: &Actor,
    ) -> Result<(), AppError> {
        if let Actor::Person(reader) = actor
            && reader.member == to
        {
            return Ok(());
        }
        match self.roles_of(to, OLD).await? {
            Some(roles) if roles.contains(Role::Barista) || roles.contains(Role::Admin) => Ok(()),
            Some(_) | None => {
                Err(AppError::invalid("barista", "no-barista", "this is no barista's id"))
            }
        }
    }

    /// The roles of a member; none if there is no such member in a list that is
    /// not older than `at_most`.
    async fn roles_of(
        &self,
        member: MemberId,
        at_most: Duration,
    ) -> Result<Option<Roles>, AppError> {
        let known = {
            let slot = self.0.members.members.read().unwrap_or_else(|e| e.into_inner());
            slot.clone()
        };
        if let Some((since, members)) = known {
            let roles = members.get(&member).copied();
            if since.elapsed() < if roles.is_some() { OLD } else { at_most } {
                return Ok(roles);
            }
        }
        let members: Members = Arc::new(self.0.customers.members().await?.into_iter().collect());
        let roles = members.get(&member).copied();
        let mut slot = self.0.members.members.write().unwrap_or_else(|e| e.into_inner());
        *slot = Some((Instant::now(), members));
        Ok(roles)
    }
}
