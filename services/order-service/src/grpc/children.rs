//! Children: what a guardian says, and what a day leaves.

use chrono::Timelike as _;
use order_domain::{Actor, Had, Reader};
use runtime::{AppError, Code};
use types::MemberId;
use wire::order::v1 as pb;

use super::Handlers;
use crate::{app::Day, convert::request};

impl Handlers {
    /// See [`crate::app::App::approve`].
    pub(super) async fn approve(
        &self,
        reader: Reader,
        request: pb::CommandRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::CommandRequest { id, version, reason: _ } = request;
        let id = request::order_id(&id)?;
        let done = self.app.approve(id, &Actor::Person(reader.clone()), version).await;
        self.done(done, &reader).await
    }

    /// One query.
    pub(super) async fn approvals(
        &self,
        reader: Reader,
    ) -> Result<pb::ListApprovalsResponse, AppError> {
        // What is read afterwards is at least as new as this.
        let position = self.log.position().to_string();
        let mut orders = Vec::new();
        for order in self.app.approvals(&reader).await? {
            orders.push(self.shown(&order, &reader).await);
        }
        Ok(pb::ListApprovalsResponse { orders, position })
    }

    /// See [`crate::app::App::today`].
    pub(super) async fn day(
        &self,
        reader: Reader,
        request: pb::GetDayRequest,
    ) -> Result<pb::Day, AppError> {
        let pb::GetDayRequest { member_id } = request;
        let of = match member_id.as_str() {
            "" => reader.member,
            id => request::id::<MemberId>("member_id", id)?,
        };
        if of != reader.member && !reader.guards(of) && !reader.is_admin() {
            return Err(AppError::new(Code::Forbidden, "This is somebody else's day."));
        }
        Ok(day(self.app.today(of).await?))
    }
}

fn day(day: Day) -> pb::Day {
    let Day { had: Had { drinks, caffeine_mg }, diner } = day;
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let limits = diner.limits().cloned().unwrap_or_default();
    pb::Day {
        drinks: number(drinks),
        caffeine_mg: number(caffeine_mg),
        most_drinks: limits.drinks.map(number),
        most_caffeine_mg: limits.caffeine_mg.map(number),
        decaf_after: limits.decaf_after.map(|at| number(at.num_seconds_from_midnight() / 60)),
        child: diner.is_child(),
    }
}
