//! Notifications.

use customer_domain::notification;
use runtime::{AppError, Caller};
use types::{ParseIdError, Timestamp};
use wire::customer::v1 as pb;

use super::{member, roles, short};
use crate::{
    app::App,
    events::wire_time,
    notify,
    store::notifications::{About, News},
};

const LONGEST_REASON: usize = 300;
const MOST_RECIPIENTS: usize = 200;

pub(super) async fn record(
    app: &App,
    request: pb::NotifyRequest,
    now: Timestamp,
) -> Result<pb::NotifyResponse, AppError> {
    let pb::NotifyRequest {
        order_id,
        order_version,
        order_number,
        kind,
        member_ids,
        roles: to_roles,
        reason,
    } = request;
    let order = order_id.parse().map_err(|error: ParseIdError| {
        AppError::invalid("order_id", "malformed", error.to_string())
    })?;
    let order_version = i64::try_from(order_version)
        .map_err(|_| AppError::invalid("order_version", "out-of-range", "too large"))?;
    if !notification::is_kind(&kind) {
        return Err(AppError::invalid("kind", "malformed", "lower-case words with hyphens"));
    }
    if member_ids.len() > MOST_RECIPIENTS {
        let message = format!("at most {MOST_RECIPIENTS}");
        return Err(AppError::invalid("member_ids", "too-many", message));
    }
    let members = member_ids
        .iter()
        .enumerate()
        .map(|(at, id)| member(&format!("member_ids[{at}]"), id))
        .collect::<Result<_, _>>()?;
    let news = News {
        order,
        order_version,
        order_number,
        kind,
        members,
        roles: roles("roles", &to_roles)?,
        reason: short("reason", &reason, LONGEST_REASON)?,
    };
    let recorded = notify::record(app, &news, now).await?;
    Ok(pb::NotifyResponse { recorded: i32::try_from(recorded).unwrap_or(i32::MAX) })
}

pub(super) async fn list(
    app: &App,
    caller: &Caller,
    request: pb::ListNotificationsRequest,
) -> Result<pb::ListNotificationsResponse, AppError> {
    let pb::ListNotificationsRequest { cursor, limit } = request;
    let page = notify::page(app, caller.person()?.member, &cursor, limit).await?;
    Ok(pb::ListNotificationsResponse {
        notifications: page
            .notifications
            .into_iter()
            .map(|(row, text)| pb::Notification {
                id: row.id.to_string(),
                order_id: match row.about {
                    About::Order { id, .. } => id.to_string(),
                    About::Gift { .. } => String::new(),
                },
                kind: row.kind,
                title: text.title,
                body: text.body,
                at: Some(wire_time(row.at)),
            })
            .collect(),
        next_cursor: page.next.unwrap_or_default(),
    })
}
