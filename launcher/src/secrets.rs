//! Passwords and keys, made once and kept in the data folder, readable by its
//! owner alone.

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use wire::access::Peer;

use crate::{data::Data, engines::cluster::Cluster, paths::write_private};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    pub(crate) postgres_admin: String,
    pub(crate) order_db: String,
    pub(crate) customer_db: String,
    pub(crate) valkey_admin: String,
    pub(crate) valkey_server: String,
    pub(crate) valkey_order: String,
    pub(crate) valkey_customer: String,
    /// Names Kafka's storage for ever.
    pub(crate) kafka_cluster: String,
    server_key: String,
    order_service_key: String,
    customer_service_key: String,
    launcher_key: String,
}

/// Random bytes in base64url, which needs no quoting in URLs or configuration.
fn random<const BYTES: usize>() -> String {
    let mut bytes = [0_u8; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Secrets {
    /// Makes none for a database that was made with others.
    pub(crate) fn keep_or_make(data: &Data, cluster: &Cluster) -> Result<Self> {
        let path = data.file("secrets.json");
        if path.exists() {
            let bytes = std::fs::read(&path).context("read the kept secrets")?;
            return serde_json::from_slice(&bytes).context("read the kept secrets");
        }
        if cluster.made {
            bail!(
                "{} is missing, without which the database there opens to nobody.\n  Put it back, \
                 or give up all data with `everything reset`.",
                path.display()
            );
        }
        let secrets = Self {
            postgres_admin: random::<24>(),
            order_db: random::<24>(),
            customer_db: random::<24>(),
            valkey_admin: random::<24>(),
            valkey_server: random::<24>(),
            valkey_order: random::<24>(),
            valkey_customer: random::<24>(),
            // 22 characters; one that begins with a dash would look like an option.
            kafka_cluster: format!("k{}", &random::<16>()[1..21]) + "A",
            server_key: random::<32>(),
            order_service_key: random::<32>(),
            customer_service_key: random::<32>(),
            launcher_key: random::<32>(),
        };
        write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
        Ok(secrets)
    }

    /// The Ed25519 seed with which a peer proves itself, in base64url.
    pub(crate) fn key(&self, peer: Peer) -> &str {
        match peer {
            Peer::Server => &self.server_key,
            Peer::OrderService => &self.order_service_key,
            Peer::CustomerService => &self.customer_service_key,
            Peer::Launcher => &self.launcher_key,
        }
    }

    /// What each peer is known by: `server=…,order-service=…,…`.
    pub(crate) fn public_keys(&self) -> Result<String> {
        let mut all = Vec::new();
        for peer in Peer::ALL {
            let seed = BASE64_URL_SAFE_NO_PAD.decode(self.key(peer)).context("a kept key")?;
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
                .map_err(|_| anyhow::anyhow!("the kept key of {} is not one", peer.name()))?;
            let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
            all.push(format!("{}={public}", peer.name()));
        }
        Ok(all.join(","))
    }
}
