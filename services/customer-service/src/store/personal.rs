//! What is stored about people: one list of every table that names somebody. It
//! says what a member is given who asks for it, and what becomes of it when they
//! leave. A test holds it against the schema, so a new table has to be decided on.

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, types::Json};
use types::MemberId;
use uuid::Uuid;

/// A table that names somebody.
#[derive(Debug, Clone, Copy)]
pub struct Personal {
    pub table: &'static str,
    /// Where it names them.
    pub columns: &'static [&'static str],
    pub given: Given,
    pub leaving: Leaving,
}

/// What a member gets of it who asks what is stored about them.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// The rows that name them in these columns, but for some columns.
    Rows { by: &'static [&'static str], but: &'static [&'static str] },
    /// Nothing, and why.
    Nothing(&'static str),
}

/// What becomes of it when somebody leaves.
#[derive(Debug, Clone, Copy)]
pub enum Leaving {
    /// The rows that name them go.
    Deleted,
    /// This statement takes the person out; `$1` is who leaves.
    Changed(&'static str),
    /// It stays, and why.
    Kept(&'static str),
}

use Given::{Nothing, Rows};
use Leaving::{Changed, Deleted, Kept};

const WHOLE: Given = Rows { by: &["member_id"], but: &[] };

/// All of them, in an order in which rows can go.
pub const TABLES: &[Personal] = &[
    Personal {
        table: "members",
        columns: &["id", "host_id"],
        given: Rows { by: &["id"], but: &["token_generation"] },
        leaving: Changed(
            "update members set name = '', emoji = '', colour = '', roles = '{}' where id = $1",
        ),
    },
    Personal {
        table: "sessions",
        columns: &["member_id"],
        given: WHOLE,
        // Their refresh tokens and API tokens go with them.
        leaving: Deleted,
    },
    Personal {
        table: "sign_in_links",
        columns: &["member_id", "created_by"],
        given: Rows { by: &["member_id"], but: &["hash", "code_hash"] },
        // Those that they made for others stay.
        leaving: Changed("delete from sign_in_links where member_id = $1"),
    },
    Personal {
        table: "guardians",
        columns: &["child_id", "guardian_id"],
        given: Rows { by: &["child_id", "guardian_id"], but: &[] },
        leaving: Deleted,
    },
    Personal {
        table: "diners",
        columns: &["member_id", "changed_by"],
        given: WHOLE,
        // Those that they set for a child stay.
        leaving: Changed("delete from diners where member_id = $1"),
    },
    Personal {
        table: "passkeys",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "passkey_requests",
        columns: &["member_id"],
        given: Nothing("asks a device something, for minutes"),
        leaving: Deleted,
    },
    Personal {
        table: "guest_passes",
        columns: &["host_id"],
        given: Rows { by: &["host_id"], but: &["hash"] },
        // Who came in by them goes soon after.
        leaving: Changed(
            "update guest_passes set ended_at = now() where host_id = $1 and ended_at is null",
        ),
    },
    Personal {
        table: "pins",
        columns: &["member_id"],
        given: Rows { by: &["member_id"], but: &["salt", "hash", "memory_kib", "passes"] },
        leaving: Deleted,
    },
    Personal {
        table: "pin_tries",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "devices",
        columns: &["paired_by"],
        given: Rows { by: &["paired_by"], but: &[] },
        leaving: Kept("it stays the family's; who paired it has no name any more"),
    },
    Personal {
        table: "outdated_tokens",
        columns: &["member_id"],
        given: Nothing("says only which access tokens are refused, for minutes"),
        leaving: Kept("else their last access token would count again"),
    },
    Personal {
        table: "usuals",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "favourites",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "notifications",
        columns: &["recipient"],
        given: Rows { by: &["recipient"], but: &[] },
        leaving: Deleted,
    },
    Personal {
        table: "ledger_entries",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Kept("the ledger adds up; nobody is known by the id any more"),
    },
    Personal {
        table: "settlements",
        columns: &["payer"],
        given: Rows { by: &["payer"], but: &[] },
        leaving: Kept("an order that is open still is settled; numbers only"),
    },
    Personal {
        table: "gifts",
        columns: &["giver", "receiver"],
        given: Rows { by: &["giver", "receiver"], but: &["idempotency_key"] },
        leaving: Changed("update gifts set message = '' where giver = $1 or receiver = $1"),
    },
    Personal {
        table: "corrections",
        columns: &["member_id", "corrected_by"],
        given: Rows { by: &["member_id"], but: &["idempotency_key"] },
        leaving: Changed("update corrections set reason = 'removed' where member_id = $1"),
    },
    Personal {
        table: "rewards",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Kept("what a free coffee came to; numbers only"),
    },
    Personal {
        table: "stamps",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "stamp_cards",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "drinks_served",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Changed("update drinks_served set member_id = null where member_id = $1"),
    },
    Personal {
        table: "order_facts",
        columns: &["placed_by", "made_by"],
        given: Rows { by: &["placed_by", "made_by"], but: &[] },
        leaving: Changed(
            "update order_facts set placed_by = nullif(placed_by, $1), made_by = nullif(made_by, $1)
             where placed_by = $1 or made_by = $1",
        ),
    },
    Personal {
        table: "on_boards",
        columns: &["member_id"],
        given: WHOLE,
        leaving: Deleted,
    },
    Personal {
        table: "house_settings",
        columns: &["changed_by"],
        given: Nothing("is about the house"),
        leaving: Kept("an id that nobody is known by"),
    },
    Personal {
        table: "departures",
        columns: &["member_id", "asked_by"],
        given: Nothing("is there only for who has left"),
        leaving: Kept("order-service must forget them, too"),
    },
];

/// Some rows of a table that are about a member: one statement.
pub async fn rows(
    executor: impl PgExecutor<'_>,
    personal: &Personal,
    member: MemberId,
    (offset, limit): (i64, i64),
) -> sqlx::Result<Vec<Map<String, Value>>> {
    let Rows { by, but } = personal.given else { return Ok(vec![]) };
    let named: Vec<String> = by.iter().map(|column| format!("{column} = $1")).collect();
    // Of names in the list above.
    let statement = AssertSqlSafe(format!(
        "select to_jsonb(mine) - $2::text[] from (
             select * from {} where {} order by 1, 2 offset $3 limit $4
         ) as mine",
        personal.table,
        named.join(" or "),
    ));
    let rows: Vec<Json<Map<String, Value>>> = sqlx::query_scalar(statement)
        .bind(member.uuid())
        .bind(but)
        .bind(offset)
        .bind(limit)
        .fetch_all(executor)
        .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}

/// Takes a member out of a table: one statement, or none.
pub async fn forget(
    connection: &mut PgConnection,
    personal: &Personal,
    member: MemberId,
) -> sqlx::Result<()> {
    let statement = match personal.leaving {
        Kept(_) => return Ok(()),
        Changed(statement) => AssertSqlSafe(statement.to_owned()),
        Deleted => {
            let named: Vec<String> =
                personal.columns.iter().map(|column| format!("{column} = $1")).collect();
            // Of names in the list above.
            AssertSqlSafe(format!("delete from {} where {}", personal.table, named.join(" or ")))
        }
    };
    sqlx::query(statement).bind(member.uuid()).execute(connection).await?;
    Ok(())
}

/// An id of a row as everybody else writes it; what is none of ours stays.
pub fn printed(table: &str, column: &str, id: Uuid) -> String {
    use types::{
        CorrectionId, DeviceId, FavouriteId, GiftId, GuestPassId, InvitationId, LedgerEntryId,
        MenuItemId, NotificationId, OrderId, PasskeyId, SessionId,
    };
    let one = (table, column);
    match one {
        ("members", "id") => MemberId::from_uuid(id).to_string(),
        ("sign_in_links", "id") => InvitationId::from_uuid(id).to_string(),
        ("guest_passes", "id") | (_, "guest_pass_id") => GuestPassId::from_uuid(id).to_string(),
        ("devices", "id") | (_, "device_id") => DeviceId::from_uuid(id).to_string(),
        ("passkeys", "id") => PasskeyId::from_uuid(id).to_string(),
        ("sessions", "id") => SessionId::from_uuid(id).to_string(),
        ("favourites", "id") | (_, "favourite_id") => FavouriteId::from_uuid(id).to_string(),
        ("notifications", "id") => NotificationId::from_uuid(id).to_string(),
        ("ledger_entries", "id") => LedgerEntryId::from_uuid(id).to_string(),
        ("gifts", "id") | (_, "gift_id") => GiftId::from_uuid(id).to_string(),
        ("corrections", "id") => CorrectionId::from_uuid(id).to_string(),
        (_, "order_id") => OrderId::from_uuid(id).to_string(),
        (_, "menu_item_id") => MenuItemId::from_uuid(id).to_string(),
        (
            _,
            "member_id" | "child_id" | "guardian_id" | "changed_by" | "created_by" | "recipient"
            | "payer" | "giver" | "receiver" | "corrected_by" | "placed_by" | "made_by" | "host_id"
            | "paired_by",
        ) => MemberId::from_uuid(id).to_string(),
        _ => id.to_string(),
    }
}
