//! Beans: balances, statements, settlements, allowances.

use customer_domain::ledger::{Bar, Claim};
use runtime::{AppError, Caller, postgres::timed};
use types::{Beans, IsoWeek, OrderId, ParseIdError, ParseIsoWeekError, Timestamp};
use wire::customer::v1 as pb;

use super::{member, owner};
use crate::{
    app::{
        App, allowances,
        settle::{self, Answer},
        statement,
    },
    events::wire_time,
    store::ledger,
};

pub(super) async fn balance(
    app: &App,
    caller: &Caller,
    request: pb::GetBalanceRequest,
) -> Result<pb::Balance, AppError> {
    let pb::GetBalanceRequest { member_id } = request;
    let member = owner(caller, &member_id)?;
    let beans = timed("beans.balance", ledger::balance(&app.pool, member))
        .await?
        .ok_or_else(|| AppError::not_found("member"))?;
    Ok(pb::Balance {
        member_id: member.to_string(),
        beans: beans.count(),
        free_bar: app.settings.house.bar == Bar::Free,
    })
}

pub(super) async fn statement(
    app: &App,
    caller: &Caller,
    request: pb::GetStatementRequest,
) -> Result<pb::GetStatementResponse, AppError> {
    let pb::GetStatementRequest { member_id, cursor, limit } = request;
    let member = owner(caller, &member_id)?;
    let page = statement::page(app, member, &cursor, limit).await?;
    Ok(pb::GetStatementResponse {
        entries: page
            .lines
            .into_iter()
            .map(|line| pb::LedgerEntry {
                id: line.id.to_string(),
                beans: line.beans.count(),
                kind: line.kind,
                cause: line.cause,
                at: Some(wire_time(line.at)),
                balance_beans: line.balance.count(),
            })
            .collect(),
        next_cursor: page.next.unwrap_or_default(),
    })
}

pub(super) async fn settle(
    app: &App,
    request: pb::SettleRequest,
    now: Timestamp,
) -> Result<pb::SettleResponse, AppError> {
    let pb::SettleRequest { order_id, member_id, revision, owed_beans } = request;
    let order: OrderId = order_id.parse().map_err(|error: ParseIdError| {
        AppError::invalid("order_id", "malformed", error.to_string())
    })?;
    let payer = member("member_id", &member_id)?;
    let claim = Claim { payer, revision, owed: Beans::new(owed_beans) };
    let settled = settle::settle(app, order, claim, now).await?;
    let settlement = match settled.answer {
        Answer::Settled => pb::Settlement::Settled,
        Answer::Superseded => pb::Settlement::Superseded,
        Answer::Refused => pb::Settlement::Refused,
    };
    Ok(pb::SettleResponse { settlement: settlement.into(), balance_beans: settled.balance.count() })
}

pub(super) async fn grant_due_allowances(
    app: &App,
    request: pb::GrantDueAllowancesRequest,
    now: Timestamp,
) -> Result<pb::GrantDueAllowancesResponse, AppError> {
    let pb::GrantDueAllowancesRequest { iso_week } = request;
    let week: Option<IsoWeek> = match iso_week.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|error: ParseIsoWeekError| {
            AppError::invalid("iso_week", "malformed", error.to_string())
        })?),
    };
    let allowances::Granted { granted, already } = allowances::grant_due(app, week, now).await?;
    Ok(pb::GrantDueAllowancesResponse { granted, already })
}
