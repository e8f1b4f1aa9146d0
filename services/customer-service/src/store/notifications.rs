//! `notifications`.

use sqlx::{PgConnection, PgExecutor};
use types::{Beans, GiftId, MemberId, NotificationId, OrderId, Roles, Timestamp};
use uuid::Uuid;

use super::members::role_names;

/// What is to be told, to whom.
#[derive(Debug, Clone)]
pub struct News {
    pub order: OrderId,
    pub order_version: i64,
    pub order_number: i32,
    pub kind: String,
    pub members: Vec<MemberId>,
    /// Everybody who holds one of these, too.
    pub roles: Roles,
    pub reason: String,
}

/// Records it for each recipient once: one statement. A newer version of the
/// order replaces what was told before, the same or an older one changes
/// nothing. Who got something new.
pub async fn record(
    executor: impl PgExecutor<'_>,
    news: &News,
    now: Timestamp,
) -> sqlx::Result<Vec<MemberId>> {
    let members: Vec<Uuid> = news.members.iter().map(|member| member.uuid()).collect();
    let told: Vec<Uuid> = sqlx::query_scalar(
        "insert into notifications
             (id, order_id, kind, recipient, order_version, order_number, reason, at)
         select uuidv7(), $1, $2, m.id, $3, $4, $5, $6
         from members m where m.left_at is null and (m.id = any($7) or m.roles && $8)
         order by m.id
         on conflict on constraint one_notification_per_order_kind_and_recipient do update
         set order_version = excluded.order_version, order_number = excluded.order_number,
             reason = excluded.reason, at = excluded.at
         where notifications.order_version < excluded.order_version
         returning recipient",
    )
    .bind(news.order.uuid())
    .bind(&news.kind)
    .bind(news.order_version)
    .bind(news.order_number)
    .bind(&news.reason)
    .bind(now)
    .bind(members)
    .bind(role_names(news.roles))
    .fetch_all(executor)
    .await?;
    Ok(told.into_iter().map(MemberId::from_uuid).collect())
}

/// Records for its receiver that a gift was made; what it says is read when shown.
pub async fn record_gift(
    connection: &mut PgConnection,
    gift: GiftId,
    receiver: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into notifications
             (id, gift_id, kind, recipient, order_version, order_number, reason, at)
         values (uuidv7(), $1, 'gift', $2, 0, 0, '', $3)",
    )
    .bind(gift.uuid())
    .bind(receiver.uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// A notification as its recipient has it.
#[derive(Debug, Clone)]
pub struct Notification {
    pub id: NotificationId,
    pub about: About,
    pub kind: String,
    pub at: Timestamp,
}

/// What it is about.
#[derive(Debug, Clone)]
pub enum About {
    Order { id: OrderId, number: i32, reason: String },
    Gift { giver: String, beans: Beans, message: String },
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Option<Uuid>,
    order_number: i32,
    kind: String,
    reason: String,
    at: Timestamp,
    giver: Option<String>,
    beans: Option<i64>,
    message: Option<String>,
}

/// The newest ones before a place in the list (the first page: none), newest first.
pub async fn page(
    executor: impl PgExecutor<'_>,
    recipient: MemberId,
    before: Option<(Timestamp, NotificationId)>,
    limit: i64,
) -> sqlx::Result<Vec<Notification>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select n.id, n.order_id, n.order_number, n.kind, n.reason, n.at,
                m.name as giver, g.beans, g.message
         from notifications n
         left join gifts g on g.id = n.gift_id left join members m on m.id = g.giver
         where n.recipient = $1 and ($2::timestamptz is null or (n.at, n.id) < ($2, $3))
         order by n.at desc, n.id desc limit $4",
    )
    .bind(recipient.uuid())
    .bind(before.map(|(at, _)| at))
    .bind(before.map(|(_, id)| id.uuid()))
    .bind(limit)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Notification::from).collect())
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        let Row { id, order_id, order_number, kind, reason, at, giver, beans, message } = row;
        let about = match order_id {
            Some(id) => About::Order { id: OrderId::from_uuid(id), number: order_number, reason },
            None => About::Gift {
                giver: giver.unwrap_or_default(),
                beans: Beans::new(beans.unwrap_or_default()),
                message: message.unwrap_or_default(),
            },
        };
        Self { id: NotificationId::from_uuid(id), about, kind, at }
    }
}
