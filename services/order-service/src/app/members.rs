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

/// After this long somebody who is missing is asked for again, and customer-service
/// after it did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// After this long the list is old: roles may have changed.
const OLD: Duration = Duration::from_secs(30);
/// How long customer-service may take to say who there is; a person waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// The list that was read last, kept also when it is old, and when asking last failed.
#[derive(Debug, Clone, Default)]
struct Known {
    members: Arc<BTreeMap<MemberId, Roles>>,
    since: Option<Instant>,
    failed: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Cache(RwLock<Known>);

impl Cache {
    fn known(&self) -> Known {
        self.0.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.write().unwrap_or_else(|e| e.into_inner()));
    }
}

impl App {
    /// Whether each item is for a member that there is. See [`App::check_recipient`].
    pub(super) async fn check_recipients(
        &self,
        items: &[DrinkRequest],
        asker: MemberId,
    ) -> Result<(), AppError> {
        for (at, item) in items.iter().enumerate() {
            self.check_recipient(&format!("items[{at}]"), item, asker).await?;
        }
        Ok(())
    }

    /// Whether the item at this path is for a member that there is. While
    /// customer-service is away, who is not known is believed to be there: the
    /// worst that comes of it is a statistic about nobody. Memory; one call for
    /// somebody new, and none for a while after one that failed.
    pub(super) async fn check_recipient(
        &self,
        path: &str,
        item: &DrinkRequest,
        asker: MemberId,
    ) -> Result<(), AppError> {
        let Some(Recipient::Member(member)) = &item.recipient else { return Ok(()) };
        if *member == asker {
            return Ok(());
        }
        match self.roles_of(*member, ASK_AGAIN).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let path = format!("{path}.member_id");
                Err(AppError::invalid(path, "unknown-member", "nobody has this id"))
            }
            Err(error) if error.is_transient() => {
                tracing::debug!(cause = error.chain(), "could not ask who there is");
                Ok(())
            }
            Err(error) => Err(error),
        }
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
    /// not older than `at_most`. While customer-service is away, as they were last.
    async fn roles_of(
        &self,
        member: MemberId,
        at_most: Duration,
    ) -> Result<Option<Roles>, AppError> {
        let known = self.0.members.known();
        let roles = known.members.get(&member).copied();
        let young = if roles.is_some() { OLD } else { at_most };
        if known.since.is_some_and(|since| since.elapsed() < young) {
            return Ok(roles);
        }
        match self.ask_who_there_is(&known).await {
            Ok(members) => Ok(members.get(&member).copied()),
            Err(error) if error.is_transient() && roles.is_some() => Ok(roles),
            Err(error) => Err(error),
        }
    }

    async fn ask_who_there_is(
        &self,
        known: &Known,
    ) -> Result<Arc<BTreeMap<MemberId, Roles>>, AppError> {
        if known.failed.is_some_and(|failed| failed.elapsed() < ASK_AGAIN) {
            return Err(AppError::unavailable("customer-service did not answer a moment ago"));
        }
        let asked = runtime::deadline::within(PATIENCE, self.0.customers.members()).await;
        match asked.map_err(AppError::from).flatten() {
            Ok(members) => {
                let members: Arc<BTreeMap<_, _>> = Arc::new(members.into_iter().collect());
                let known = Known {
                    members: Arc::clone(&members),
                    since: Some(Instant::now()),
                    failed: None,
                };
                self.0.members.change(|before| *before = known);
                Ok(members)
            }
            Err(error) => {
                self.0.members.change(|known| known.failed = Some(Instant::now()));
                Err(error)
            }
        }
    }
}
