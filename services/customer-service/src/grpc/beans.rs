//! Beans: balances, statements, gifts, corrections, settlements, allowances.

use customer_domain::{
    gifts::{Correction, Gift},
    ledger::{Bar, Claim},
    loyalty,
};
use runtime::{AppError, Caller, postgres::timed};
use types::{Beans, OrderId, ParseIdError, Timestamp};
use wire::customer::v1 as pb;

use super::{key, member, one_line, owner, week};
use crate::{
    app::{
        App, allowances, gifts,
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
    let (beans, coffees) = timed("beans.balance", ledger::balance(&app.pool, member))
        .await?
        .ok_or_else(|| AppError::not_found("member"))?;
    Ok(pb::Balance {
        member_id: member.to_string(),
        beans: beans.count(),
        free_bar: app.house.current().house.bar == Bar::Free,
        stamp_card: Some(card(coffees)),
    })
}

fn card(coffees: u64) -> pb::StampCard {
    let loyalty::Card { stamps, of, filled } = loyalty::card(coffees);
    pb::StampCard { stamps, of, filled }
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
            .map(|(line, behind)| pb::LedgerEntry {
                id: line.id.to_string(),
                beans: line.beans.count(),
                kind: line.kind,
                cause: line.cause,
                at: Some(wire_time(line.at)),
                balance_beans: line.balance.count(),
                other_member_id: behind.member.map(|id| id.to_string()).unwrap_or_default(),
                words: behind.words,
            })
            .collect(),
        next_cursor: page.next.unwrap_or_default(),
    })
}

pub(super) async fn give(
    app: &App,
    caller: &Caller,
    request: pb::GiveBeansRequest,
    now: Timestamp,
) -> Result<pb::GiveBeansResponse, AppError> {
    let pb::GiveBeansRequest { idempotency_key, member_id, beans, message } = request;
    let key = key("idempotency_key", &idempotency_key)?;
    let (giver, receiver) = (caller.person()?.member, member("member_id", &member_id)?);
    let gift = Gift::new(giver, receiver, Beans::new(beans), one_line(&message))
        .map_err(|error| gifts::absurd(error, "message"))?;
    let gifts::Moved { id, balance, repeated } = gifts::give(app, key, &gift, now).await?;
    Ok(pb::GiveBeansResponse {
        gift_id: id.to_string(),
        balance_beans: balance.count(),
        repeated_request: repeated,
    })
}

pub(super) async fn correct(
    app: &App,
    caller: &Caller,
    request: pb::CorrectBeansRequest,
    now: Timestamp,
) -> Result<pb::CorrectBeansResponse, AppError> {
    let pb::CorrectBeansRequest { idempotency_key, member_id, beans, reason } = request;
    let key = key("idempotency_key", &idempotency_key)?;
    let (by, member) = (caller.person()?.member, member("member_id", &member_id)?);
    let correction = Correction::new(member, by, Beans::new(beans), one_line(&reason))
        .map_err(|error| gifts::absurd(error, "reason"))?;
    let gifts::Moved { id, balance, repeated } = gifts::correct(app, key, &correction, now).await?;
    Ok(pb::CorrectBeansResponse {
        correction_id: id.to_string(),
        balance_beans: balance.count(),
        repeated_request: repeated,
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
    let week = week("iso_week", &iso_week)?;
    let allowances::Granted { granted, already } = allowances::grant_due(app, week, now).await?;
    Ok(pb::GrantDueAllowancesResponse { granted, already })
}
