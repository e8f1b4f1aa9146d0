//! What is stored about somebody: told to them, and taken out when they leave.
//!
//! Costs: telling is a statement for each page of each table, and holds no
//! connection in between; leaving is one for each table, five more and one commit.

use std::{sync::Arc, time::Duration};

use customer_domain::{family, kin};
use futures::{Stream, TryStreamExt, stream};
use runtime::{AppError, Code, Person, Shutdown, postgres::timed};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use types::{MemberId, Role, Timestamp};
use uuid::Uuid;

use super::App;
use crate::{
    clock, events,
    identity::{ACCESS_LIFETIME, LEEWAY},
    metrics,
    store::{
        self, departures, members,
        personal::{self, Given, TABLES},
    },
};

/// Rows that are read together.
const PAGE: i64 = 200;
/// How often it is looked whom order-service has still to forget, while there is
/// somebody, and otherwise.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_secs(60);

/// A row, and the table that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub table: &'static str,
    pub row: Map<String, Value>,
}

/// Everything that is stored about a member here, table by table.
pub fn tell(app: Arc<App>, member: MemberId) -> impl Stream<Item = Result<Row, AppError>> {
    let pages = stream::try_unfold((0_usize, 0_i64), move |(mut table, mut offset)| {
        let app = app.clone();
        async move {
            while let Some(personal) = TABLES.get(table) {
                let read = personal::rows(&app.pool, personal, member, (offset, PAGE));
                let rows = match personal.given {
                    Given::Nothing(_) => vec![],
                    Given::Rows { .. } => timed("privacy.tell", read).await?,
                };
                if rows.is_empty() {
                    (table, offset) = (table + 1, 0);
                    continue;
                }
                return Ok::<_, AppError>(Some((
                    page(personal.table, rows),
                    (table, offset + PAGE),
                )));
            }
            Ok(None)
        }
    });
    pages.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten()
}

fn page(table: &'static str, rows: Vec<Map<String, Value>>) -> Vec<Row> {
    let row = |mut row: Map<String, Value>| {
        for (column, value) in &mut row {
            let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
            if let Some(id) = id {
                *value = Value::String(personal::printed(table, column, id));
            }
        }
        Row { table, row }
    };
    rows.into_iter().map(row).collect()
}

/// Takes somebody out of the family for good: asked by themselves or by an admin,
/// who both say the name of whom they mean. What they ordered stays as numbers.
pub async fn remove(
    app: &App,
    id: MemberId,
    name: &str,
    by: &Person,
    now: Timestamp,
) -> Result<(), AppError> {
    if id != by.member && !by.is(Role::Admin) {
        return Err(AppError::new(Code::Forbidden, "This is somebody else's."));
    }
    timed("members.remove", async {
        let mut tx = app.pool.begin().await?;
        let unknown = || AppError::not_found("member");
        let relatives = store::guardians::lock(&mut tx).await?;
        // Before the member, as whoever signs in by one locks them in that order.
        store::links::forget(&mut tx, id).await?;
        let (version, roles, other_admins) =
            members::lock(&mut tx, id).await?.ok_or_else(unknown)?;
        let member = members::get(&mut *tx, id).await?.ok_or_else(unknown)?;
        if name.trim() != member.card.name {
            let says = "type the name exactly as it stands";
            return Err(AppError::invalid("name", "not-the-name", says));
        }
        if member.kin.is_child() && !by.is(Role::Admin) {
            let says = "A child does not leave by itself. Ask whoever runs the family.";
            return Err(AppError::new(Code::Conflict, says));
        }
        family::leave(roles, other_admins)
            .map_err(|error| AppError::new(Code::LastAdmin, error.to_string()))?;
        kin::may_stop_guarding(id, &relatives).map_err(super::members::not_kin)?;
        take_out(&mut tx, id, version, by.member, now).await?;
        tx.commit().await?;
        Ok::<_, AppError>(())
    })
    .await?;
    metrics::MEMBERS_LEFT.add(1, &[]);
    tracing::info!(member.id = %id, by = %by.member, "left the family");
    gone(app);
    Ok(())
}

/// A guest goes; `false`: they had gone.
pub(super) async fn see_off(app: &App, guest: MemberId, now: Timestamp) -> Result<bool, AppError> {
    let went = timed("guests.see-off", async {
        let mut tx = app.pool.begin().await?;
        let Some((version, ..)) = members::lock(&mut tx, guest).await? else {
            return Ok::<_, AppError>(false);
        };
        // As if they had asked themselves: no other row is locked.
        take_out(&mut tx, guest, version, guest, now).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await?;
    if went {
        tracing::info!(member.id = %guest, "a guest has gone");
        gone(app);
    }
    Ok(went)
}

/// Takes a locked member of this version out of every table.
async fn take_out(
    connection: &mut PgConnection,
    id: MemberId,
    version: i64,
    asked_by: MemberId,
    now: Timestamp,
) -> Result<(), AppError> {
    for personal in TABLES {
        personal::forget(connection, personal, id).await?;
    }
    departures::leave(connection, id, asked_by, version + 1, now).await?;
    outbox::append(connection, &events::member_left(id, version + 1, now)).await?;
    store::revocations::outdate(connection, id, now + ACCESS_LIFETIME + LEEWAY).await?;
    Ok(())
}

/// What follows the commit after which somebody is gone.
fn gone(app: &App) {
    app.identity.revocations.look_again();
    app.log.wake();
    app.departed.notify_one();
}

/// Has order-service forget who left, for as long as it takes: until an order of
/// theirs is over, and while order-service is away.
pub async fn keep_forgetting(app: &App, shutdown: &Shutdown) {
    loop {
        let pause = match forget_elsewhere(app).await {
            Ok(true) => LOOK,
            Ok(false) => LOOK_AGAIN,
            Err(error) => {
                let error = error.chain();
                tracing::debug!(error, "order-service has not forgotten who left yet");
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = app.departed.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = shutdown.draining().cancelled() => return,
        }
    }
}

/// One round: whether everybody who left is forgotten. Who is, is not asked about
/// again.
pub async fn forget_elsewhere(app: &App) -> Result<bool, AppError> {
    let mut all = true;
    for member in timed("departures.waiting", departures::waiting(&app.pool)).await? {
        if app.orders.forget(member).await? {
            departures::forgotten(&app.pool, member, clock::now()).await?;
            tracing::info!(member.id = %member, "order-service has forgotten who left");
        } else {
            all = false;
        }
    }
    Ok(all)
}
