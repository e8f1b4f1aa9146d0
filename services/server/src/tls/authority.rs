//! The house's own authority, as phones are given it.

use std::path::Path;

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use uuid::Uuid;

/// The certificate of an authority; its key is not ours to see.
#[derive(Debug, Clone)]
pub struct Authority {
    der: CertificateDer<'static>,
}

impl Authority {
    /// Reads it from a file in PEM form.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let der = CertificateDer::from_pem_file(path)
            .with_context(|| format!("read the authority's certificate in {}", path.display()))?;
        Ok(Self { der })
    }

    /// The certificate in DER, as phones take it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// By which a person recognises it: SHA-256 in pairs of hexadecimal digits, as
    /// phones show it.
    pub fn fingerprint(&self) -> String {
        let pairs: Vec<String> =
            Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(" ")
    }

    /// The certificate in base64, as a profile holds it.
    pub(crate) fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.der)
    }

    /// Always the same for an authority and a purpose: installed again, a profile
    /// replaces itself.
    pub(crate) fn uuid(&self, purpose: &str) -> Uuid {
        let digest = Sha256::new().chain_update(&self.der).chain_update(purpose).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
