//! The four engines as parts: how each is prepared, started, asked whether it
//! is ready, and given what the services need in it.

pub(crate) mod cluster;
pub(crate) mod kafka;
pub(crate) mod postgres;
pub(crate) mod temporal;
pub(crate) mod valkey;

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::{
    data::Data,
    install::{self, Installed, Want},
    ports::Ports,
    screen::Screen,
    secrets::Secrets,
    supervise::Part,
};
use cluster::Cluster;

/// What the engines are made from.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) installed: Installed,
    pub(crate) data: Data,
    pub(crate) cluster: Cluster,
    pub(crate) ports: Ports,
    pub(crate) secrets: Secrets,
}

impl Plan {
    /// All that is checked, installed and chosen before the first process
    /// starts. The pages' ports are no engine's.
    pub(crate) async fn make(
        data: &Data,
        want: Want,
        pages: &[u16],
        screen: &Screen,
    ) -> Result<Self> {
        let cluster = Cluster::of(data)?;
        let secrets = Secrets::keep_or_make(data, &cluster)?;
        let installed = install::ensure(want, screen).await?;
        let ports = Ports::keep_or_choose(data, pages, screen)?;
        Ok(Self { installed, data: data.clone(), cluster, ports, secrets })
    }
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
