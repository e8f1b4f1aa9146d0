//! Valkey: caches and rate limits in memory, a user for each service that
//! reaches only its own prefix.

use std::sync::Arc;

use anyhow::{Context, Result};
use ring::digest::{SHA256, digest};

use super::Plan;
use crate::{
    child::Launch,
    paths::{private_folder, write_private},
    supervise::{Output, Part},
};

pub(crate) fn part(plan: &Plan) -> Part {
    let port = plan.ports.valkey;
    let folder = plan.data.file("valkey");
    let launch = Launch::new(plan.installed.valkey.clone(), plan.data.root().to_owned()).args([
        "--port".into(),
        port.to_string().into(),
        "--bind".into(),
        "127.0.0.1".into(),
        "--dir".into(),
        folder.clone().into_os_string(),
        "--aclfile".into(),
        folder.join("users.acl").into_os_string(),
        // Ephemeral by design: nothing is saved, the oldest goes first.
        "--save".into(),
        "".into(),
        "--appendonly".into(),
        "no".into(),
        "--maxmemory".into(),
        "64mb".into(),
        "--maxmemory-policy".into(),
        "allkeys-lru".into(),
        "--loglevel".into(),
        "warning".into(),
    ]);
    let (preparing, asking) = (plan.clone(), plan.clone());
    Part {
        name: "valkey",
        address: format!("127.0.0.1:{port}"),
        launch,
        prepare: Arc::new(move || {
            let plan = preparing.clone();
            Box::pin(async move {
                private_folder(&plan.data.file("valkey"), None)?;
                write_private(&plan.data.file("valkey").join("users.acl"), users(&plan).as_bytes())
            })
        }),
        ready: Arc::new(move || Box::pin(ping(asking.clone()))),
        output: Output::LogOnly,
    }
}

/// Everybody who may come in. `@admin` and `@dangerous` hold what looks at, or
/// touches, more than one's own keys; `SCAN`, `RANDOMKEY` and `DBSIZE` do too.
fn users(plan: &Plan) -> String {
    let secrets = &plan.secrets;
    let hash = |password: &str| hex::encode(digest(&SHA256, password.as_bytes()));
    let mut lines = vec![
        "user default reset off".to_owned(),
        format!("user admin reset on #{} ~* &* +@all", hash(&secrets.valkey_admin)),
    ];
    for (user, prefix, password) in [
        ("server", "server", &secrets.valkey_server),
        ("order-service", "order", &secrets.valkey_order),
        ("customer-service", "customer", &secrets.valkey_customer),
    ] {
        lines.push(format!(
            "user {user} reset on #{} ~{prefix}:* &{prefix}:* \
             +@all -@admin -@dangerous -scan -randomkey -dbsize",
            hash(password)
        ));
    }
    lines.join("\n") + "\n"
}

fn url(plan: &Plan, user: &str, password: &str) -> String {
    format!("redis://{user}:{password}@127.0.0.1:{}/0", plan.ports.valkey)
}

/// For tests and the launcher only.
pub(crate) fn admin_url(plan: &Plan) -> String {
    url(plan, "admin", &plan.secrets.valkey_admin)
}

/// The address with which `server`, `order-service` or `customer-service` comes in.
pub(crate) fn service_url(plan: &Plan, service: &str) -> String {
    let password = match service {
        "order-service" => &plan.secrets.valkey_order,
        "customer-service" => &plan.secrets.valkey_customer,
        _ => &plan.secrets.valkey_server,
    };
    url(plan, service, password)
}

async fn ping(plan: Plan) -> Result<()> {
    super::listens(plan.ports.valkey).await?;
    let client = redis::Client::open(admin_url(&plan))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let _: String = redis::cmd("PING").query_async(&mut connection).await.context("PING")?;
    Ok(())
}
