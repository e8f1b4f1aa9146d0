//! The four engines as parts: how each is prepared, started, asked whether it
//! is ready, and given what the services need in it.

pub(crate) mod kafka;
pub(crate) mod postgres;
pub(crate) mod temporal;
pub(crate) mod valkey;

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::{install::Installed, paths::Data, ports::Ports, secrets::Secrets, supervise::Part};

/// What the engines are made from.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) installed: Installed,
    pub(crate) data: Data,
    pub(crate) ports: Ports,
    pub(crate) secrets: Secrets,
}

/// All four, in the order in which they are shown.
pub(crate) fn parts(plan: &Plan) -> Vec<Part> {
    vec![postgres::part(plan), valkey::part(plan), kafka::part(plan), temporal::part(plan)]
}

/// Whether somebody listens: cheaper to ask often than a client that gives up slowly.
async fn listens(port: u16) -> Result<()> {
    let connect = TcpStream::connect(("127.0.0.1", port));
    tokio::time::timeout(Duration::from_secs(1), connect)
        .await
        .context("no answer")?
        .with_context(|| format!("nothing listens on port {port}"))?;
    Ok(())
}
