//! What orders remember of somebody: told to them, and forgotten when they left.

use futures::{Stream, TryStreamExt as _, stream};
use order_domain::{Actor, Command, Order, Reader, Recipient, Wards};
use runtime::AppError;
use types::{MemberId, OrderId, Role, Roles};

use super::{App, CommandError};
use crate::store;

/// Orders that are read together.
const PAGE: i64 = 100;
/// Orders that one call forgets.
const AT_ONCE: i64 = 200;

impl App {
    /// Every order that somebody placed, and of the others' what is for them.
    /// One query a page; no connection is held in between.
    pub fn about(&self, member: MemberId) -> impl Stream<Item = Result<Order, AppError>> + use<> {
        let app = self.clone();
        let pages = stream::try_unfold(None, move |after: Option<OrderId>| {
            let app = app.clone();
            async move {
                let orders = store::people::about(app.pool(), member, after, PAGE).await?;
                let Some(last) = orders.last().map(|order| order.id) else { return Ok(None) };
                Ok::<_, AppError>(Some((orders, Some(last))))
            }
        });
        let mine = move |mut order: Order| {
            if order.placed_by != member {
                order.items.retain(|item| item.recipient == Recipient::Member(member));
            }
            order
        };
        pages.map_ok(move |orders| stream::iter(orders.into_iter().map(mine).map(Ok))).try_flatten()
    }

    /// Forgets somebody who left in orders that are over; others of theirs that
    /// nobody has begun are cancelled, and what is being made is waited for.
    /// Whether all is forgotten. Harmless to repeat: a query, and three statements
    /// for each order.
    pub async fn forget(&self, member: MemberId) -> Result<bool, AppError> {
        let orders = store::people::remembering(self.pool(), member, AT_ONCE).await?;
        let mut all = i64::try_from(orders.len()).is_ok_and(|count| count < AT_ONCE);
        for id in orders {
            all &= self.forget_in(id, member).await?;
        }
        Ok(all)
    }

    async fn forget_in(&self, id: OrderId, member: MemberId) -> Result<bool, AppError> {
        let mut tx = self.pool().begin().await?;
        let Some(mut order) = store::orders::lock(&mut tx, id).await? else { return Ok(true) };
        // Once it is closed, whoever writes it locks it first.
        if order.is_closed() {
            order.forget(member);
            store::people::forgotten(&mut tx, &order, member).await?;
            tx.commit().await?;
            return Ok(true);
        }
        drop(tx);
        if order.placed_by == member && !order.is_final() {
            // As they could have done themselves, until somebody accepts.
            let roles = Roles::from([Role::Member]);
            let actor = Actor::Person(Reader { member, roles, wards: Wards::default() });
            let cancel = Command::Cancel { reason: String::new() };
            match self.command(id, &cancel, &actor, 0).await {
                Ok(_)
                | Err(
                    CommandError::Rejected(_)
                    | CommandError::Limited(_)
                    | CommandError::NoSuchOrder,
                ) => {}
                Err(CommandError::Failed(error)) => return Err(error),
            }
        }
        Ok(false)
    }
}
