//! A certificate and its key, as they lie in files, and whether they fit.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::rustls::{
    self, InconsistentKeys,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use types::Timestamp;

use super::{Validity, provider};

/// A certificate with its chain and key, ready to be shown.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(super) certified: Arc<CertifiedKey>,
    /// From when until when it counts.
    pub validity: Validity,
}

/// Why two files are no certificate with its key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Absent, or not ours to read.
    #[error("{}: it cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something else than PEM, or than a certificate.
    #[error("{}: it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    /// Something else than PEM, or encrypted.
    #[error("{}: it holds no private key in PEM form that is readable without a password", .0.display())]
    NoKey(PathBuf),
    /// PEM of something that is no X.509.
    #[error("{}: what it holds is no certificate", .0.display())]
    Malformed(PathBuf),
    /// Not one that TLS is spoken with here.
    #[error("{}: a key of this kind is not supported; ECDSA (P-256, P-384) and RSA are", .0.display())]
    UnsupportedKey(PathBuf),
    /// Two files that do not belong together.
    #[error(
        "the key in {} does not belong to the certificate in {}: take the two files that were \
         made together; where the certificate's file holds several, the server's own comes first",
        key.display(),
        cert.display()
    )]
    OtherKey {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

/// Why browsers would refuse a certificate that is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Past its time.
    #[error("it ended on {}", .0.format("%Y-%m-%d at %H:%M UTC"))]
    Over(Timestamp),
    /// Before its time; or our clock is wrong.
    #[error("it counts only from {} on; is the clock of this machine right?", .0.format("%Y-%m-%d at %H:%M UTC"))]
    NotYet(Timestamp),
    /// For somebody else.
    #[error("it is not for {name}, but for {}", names.join(", "))]
    OtherName {
        /// Whom it should be for.
        name: String,
        /// Whom it is for.
        names: Vec<String>,
    },
}

impl Certificate {
    /// Reads both from files in PEM form, which may be one and the same.
    pub fn read(cert: &Path, key: &Path) -> Result<Self, CertificateError> {
        let text = |path: &Path| {
            std::fs::read(path)
                .map_err(|source| CertificateError::Read { path: path.to_owned(), source })
        };
        let chain = CertificateDer::pem_slice_iter(&text(cert)?).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| CertificateError::NoCertificate(cert.to_owned()))?;
        let secret = PrivateKeyDer::from_pem_slice(&text(key)?)
            .map_err(|_| CertificateError::NoKey(key.to_owned()))?;
        let malformed = || CertificateError::Malformed(cert.to_owned());
        let validity = chain.first().and_then(|own| Validity::of(own)).ok_or_else(malformed)?;
        match CertifiedKey::from_der(chain, secret, &provider()) {
            Ok(certified) => Ok(Self { certified: Arc::new(certified), validity }),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(CertificateError::OtherKey { cert: cert.to_owned(), key: key.to_owned() })
            }
            Err(rustls::Error::InvalidCertificate(_)) => Err(malformed()),
            Err(_) => Err(CertificateError::UnsupportedKey(key.to_owned())),
        }
    }

    fn own(&self) -> &CertificateDer<'static> {
        // `read` has seen that there is one.
        &self.certified.cert[0]
    }

    /// The host names that it is for.
    pub fn names(&self) -> Vec<String> {
        let own = webpki::EndEntityCert::try_from(self.own());
        own.map(|own| own.valid_dns_names().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Whether browsers accept it for a host: a name, or an address as a URL writes it.
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let (Ok(own), Ok(name)) =
            (ParsedCertificate::try_from(self.own()), ServerName::try_from(host))
        else {
            return false;
        };
        rustls::client::verify_server_name(&own, &name).is_ok()
    }

    /// Whether browsers would accept it, as far as can be told without knowing
    /// which authorities they trust.
    pub fn fits(&self, name: &str, now: Timestamp) -> Result<(), Unfit> {
        let Validity { from, until } = self.validity;
        if now > until {
            Err(Unfit::Over(until))
        } else if now < from {
            Err(Unfit::NotYet(from))
        } else if !self.is_for(name) {
            Err(Unfit::OtherName { name: name.to_owned(), names: self.names() })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("everything-certificate-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, content).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn made() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params =
            CertificateParams::new(["coffee.local".to_owned(), "192.168.1.20".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_certificate_with_its_key_is_read_from_two_files_or_one() {
        let folder = Folder::new("good");
        let (cert, key) = made();
        let both = folder.write("both.pem", format!("{key}{cert}"));
        let (cert, key) = (folder.write("cert.pem", cert), folder.write("key.pem", key));
        for (cert, key) in [(&cert, &key), (&both, &both)] {
            let read = Certificate::read(cert, key).unwrap();
            assert_eq!(read.names(), ["coffee.local"]);
            assert!(read.is_for("coffee.local") && read.is_for("192.168.1.20"));
            assert!(!read.is_for("tea.local") && !read.is_for("192.168.1.21") && !read.is_for(""));
            assert_eq!(read.fits("coffee.local", at("2026-01-01T00:00:00Z")), Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let folder = Folder::new("wrong");
        let ((cert, key), (_, other)) = (made(), made());
        let (cert, key, other) = (
            folder.write("cert.pem", cert),
            folder.write("key.pem", key),
            folder.write("other.pem", other),
        );
        let garbage = folder.write(
            "garbage.pem",
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
        );
        let says = |cert: &Path, key: &Path| Certificate::read(cert, key).unwrap_err().to_string();
        assert!(says(&cert, &other).contains("does not belong to the certificate in"));
        assert!(says(&key, &key).contains("no certificate in PEM form"));
        assert!(says(&cert, &cert).contains("no private key in PEM form"));
        assert!(says(&garbage, &key).contains("what it holds is no certificate"));
        assert!(says(&folder.0.join("absent.pem"), &key).contains("absent.pem: it cannot be read"));
    }

    #[test]
    fn a_certificate_of_another_time_or_name_does_not_fit() {
        let folder = Folder::new("unfit");
        let (cert, key) = made();
        let both = folder.write("both.pem", format!("{key}{cert}"));
        let mut read = Certificate::read(&both, &both).unwrap();
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
        read.validity = Validity { from, until };
        assert_eq!(read.fits("coffee.local", until), Ok(()));
        assert_eq!(read.fits("coffee.local", at("2026-12-31T00:00:01Z")), Err(Unfit::Over(until)));
        assert_eq!(read.fits("coffee.local", at("2025-12-31T23:59:59Z")), Err(Unfit::NotYet(from)));
        let other = read.fits("tea.local", from).unwrap_err().to_string();
        assert_eq!(other, "it is not for tea.local, but for coffee.local");
    }
}
