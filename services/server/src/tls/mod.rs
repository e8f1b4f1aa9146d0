//! HTTPS of the gateway's own: the certificate that it shows, read anew when its
//! files change, and the house's authority where there is one. Making
//! certificates is the launcher's work; here they are only read.

pub mod authority;
pub mod certificate;
mod shown;
mod validity;

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto, crypto::CryptoProvider, version},
};

pub use authority::Authority;
pub use certificate::{Certificate, CertificateError, Unfit};
pub(crate) use shown::{Shown, keep};
/// For whoever makes certificates.
pub use tokio_rustls::rustls;
pub use validity::Validity;

use crate::config::Config;

/// The one crypto library of the tree.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(crypto::ring::default_provider())
}

/// Everything that serving HTTPS needs, from the configuration.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) shown: Arc<Shown>,
}

impl Tls {
    /// Reads the certificate; one that is unfit is shown all the same, as some
    /// HTTPS with a warning is better than none, and reported.
    pub(crate) fn open(config: &Config) -> anyhow::Result<Self> {
        let file = |path: &Option<PathBuf>, name: &str| {
            path.clone().with_context(|| format!("EVERYTHING_HTTPS_LISTEN also needs {name}"))
        };
        let cert = file(&config.https.cert, "EVERYTHING_TLS_CERT")?;
        let key = file(&config.https.key, "EVERYTHING_TLS_KEY")?;
        let shown = Arc::new(Shown::open(cert, key)?);
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .context("TLS 1.2 and 1.3")?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(tls)), shown })
    }
}
