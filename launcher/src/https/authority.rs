//! The house's own authority and what it signs. It may vouch for the house's name
//! and for addresses inside a house's network only, so that a phone that trusts
//! it gives nothing else away. Phones know such limits and hold to them: Apple's
//! since 2015 (github.com/cabforum/servercert/issues/267), Chrome also for what was
//! added by hand since 2024 (crbug.com/40685439).

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData,
    SanType,
};
use server::tls::{Certificate, Validity};
use types::Timestamp;

use super::{
    name::Name,
    rules::{self, Cause},
};
use crate::paths::write_private;

/// RFC 1918 and RFC 3927, as `addresses::is_inside` says.
const INSIDE: [([u8; 4], u8); 4] =
    [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16), ([169, 254, 0, 0], 16)];

/// Where everything about a name lies. With the name the authority changes too:
/// whoever comes back to a name finds its authority.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The authority's certificate, for the trust page.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    /// The authority's key: never leaves this file.
    fn authority_key(&self) -> PathBuf {
        self.folder.join("authority.key")
    }

    /// What the gateway shows: certificate and key in one file, replaced at once.
    pub(crate) fn server(&self) -> PathBuf {
        self.folder.join("server.pem")
    }
}

/// An authority that can sign.
pub(crate) struct Authority {
    files: Files,
    issuer: Issuer<'static, KeyPair>,
    validity: Validity,
}

impl Authority {
    /// The kept one, or a new one; and why it is new.
    pub(crate) fn keep_or_make(
        files: Files,
        name: &Name,
        now: Timestamp,
    ) -> Result<(Self, Option<Cause>)> {
        let kept = Certificate::read(&files.authority(), &files.authority_key()).ok();
        let cause = rules::authority(now, kept.as_ref().map(|kept| kept.validity));
        if cause.is_some() {
            make(&files, name, now).context("make the house's authority")?;
        }
        let path = files.authority_key();
        let pem = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let key = key_pair(&pem).with_context(|| format!("read {}", path.display()))?;
        let read = Certificate::read(&files.authority(), &path)?;
        let issuer = Issuer::new(subject(name, &key), key);
        Ok((Self { files, issuer, validity: read.validity }, cause))
    }

    /// The certificate that is shown, as it lies there.
    pub(crate) fn shown(&self) -> Option<Certificate> {
        Certificate::read(&self.files.server(), &self.files.server()).ok()
    }

    /// Signs a new one for the name and these addresses, and puts it in its place.
    pub(crate) fn sign(&self, name: &Name, addresses: &[Ipv4Addr], now: Timestamp) -> Result<()> {
        let lasts = rules::certificate_lasts(now, self.validity);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([name.to_string()])?;
        params.distinguished_name.push(DnType::CommonName, name.as_str());
        let addresses = addresses.iter().map(|address| SanType::IpAddress((*address).into()));
        params.subject_alt_names.extend(addresses);
        set_times(&mut params, lasts);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Apple asks for it (support.apple.com/103769).
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let signed = params.signed_by(&key, &self.issuer)?;
        let both = pem("PRIVATE KEY", &key.serialize_der()) + &pem("CERTIFICATE", signed.der());
        write_private(&self.files.server(), both.as_bytes())
    }
}

/// What an authority is called. Two of the same name differ by their key, lest a
/// phone that has both takes one for the other.
fn subject(name: &Name, key: &KeyPair) -> CertificateParams {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.der_bytes());
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Authority of {name}"));
    let mark = hex::encode(&digest.as_ref()[..4]);
    params.distinguished_name.push(DnType::OrganizationalUnitName, mark);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn make(files: &Files, name: &Name, now: Timestamp) -> Result<()> {
    // ECDSA with P-256, which every phone takes.
    let key = KeyPair::generate()?;
    let lasts = rules::authority_lasts(now);
    let mut params = subject(name, &key);
    set_times(&mut params, lasts);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let inside = INSIDE.map(|(network, prefix)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(network, prefix))
    });
    let permitted = [GeneralSubtree::DnsName(name.to_string())].into_iter().chain(inside);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted.collect(),
        excluded_subtrees: Vec::new(),
    });
    let signed = params.self_signed(&key)?;
    // The key first: a certificate without it would look complete to nobody.
    write_private(&files.authority_key(), pem("PRIVATE KEY", &key.serialize_der()).as_bytes())?;
    write_private(&files.authority(), pem("CERTIFICATE", signed.der()).as_bytes())
}

fn set_times(params: &mut CertificateParams, lasts: Validity) {
    let at = |time: Timestamp| {
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = at(lasts.from);
    params.not_after = at(lasts.until);
}

fn key_pair(pem: &[u8]) -> Result<KeyPair> {
    use server::tls::rustls::pki_types::{PrivateKeyDer, pem::PemObject};
    let der = PrivateKeyDer::from_pem_slice(pem).context("not a private key in PEM form")?;
    KeyPair::try_from(&der).context("not a key of ours")
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|it| str::from_utf8(it).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use server::tls::rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier},
        crypto::ring::default_provider,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    };

    use super::*;
    use crate::https::test_folder;

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    /// What a phone that trusts this authority says of its certificate.
    fn believed(files: &Files, name: &str, now: Timestamp) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(files.authority()).unwrap()).unwrap();
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let shown = CertificateDer::from_pem_file(files.server()).unwrap();
        let name = ServerName::try_from(name).unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now.timestamp() as u64));
        let said = verifier.verify_server_cert(&shown, &[], &name, &[], at);
        said.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn who_trusts_the_authority_believes_its_certificate_and_nothing_outside_the_house() {
        let folder = test_folder("believed");
        let files = Files::new(folder.path().to_owned());
        let name: Name = "coffee.local".parse().unwrap();
        let (authority, cause) = Authority::keep_or_make(files.clone(), &name, now()).unwrap();
        assert_eq!(cause, Some(Cause::First));
        authority.sign(&name, &["192.168.1.20".parse().unwrap()], now()).unwrap();
        for ours in ["coffee.local", "192.168.1.20"] {
            assert_eq!(believed(&files, ours, now()), Ok(()), "{ours}");
        }
        assert!(believed(&files, "192.168.1.21", now()).is_err());

        // Whoever steals the key gets no further than the house.
        for (name, address) in [("bank.example", "192.168.1.20"), ("coffee.local", "8.8.8.8")] {
            authority.sign(&name.parse().unwrap(), &[address.parse().unwrap()], now()).unwrap();
            for stolen in [name, address] {
                let said = believed(&files, stolen, now()).unwrap_err();
                assert!(said.contains("NameConstraintViolation"), "{stolen}: {said}");
            }
        }
    }

    #[test]
    fn an_authority_is_kept_for_its_name_and_signs_on() {
        let folder = test_folder("kept");
        let files = Files::new(folder.path().to_owned());
        let name: Name = "coffee.local".parse().unwrap();
        Authority::keep_or_make(files.clone(), &name, now()).unwrap();
        let first = std::fs::read(files.authority()).unwrap();
        let later = now() + chrono::TimeDelta::days(3_000);
        let (authority, cause) = Authority::keep_or_make(files.clone(), &name, later).unwrap();
        assert_eq!((cause, std::fs::read(files.authority()).unwrap()), (None, first.clone()));
        authority.sign(&name, &[], later).unwrap();
        assert_eq!(
            believed(&files, "coffee.local", later),
            Ok(()),
            "phones need not be told again"
        );

        let last = now() + chrono::TimeDelta::days(3_600);
        let (_, cause) = Authority::keep_or_make(files.clone(), &name, last).unwrap();
        assert_eq!(cause, Some(Cause::Ends));
        assert_ne!(std::fs::read(files.authority()).unwrap(), first);
    }

    #[test]
    fn a_certificate_is_renewed_in_time_and_for_each_new_address() {
        let folder = test_folder("renewed");
        let files = Files::new(folder.path().to_owned());
        let (name, home) = ("coffee.local".parse().unwrap(), "192.168.1.20".parse().unwrap());
        let (authority, _) = Authority::keep_or_make(files.clone(), &name, now()).unwrap();
        let due = |days, addresses: &[Ipv4Addr]| {
            let now = now() + chrono::TimeDelta::days(days);
            rules::certificate(now, authority.shown().as_ref(), addresses)
        };
        assert_eq!(due(0, &[home]), Some(Cause::First));
        authority.sign(&name, &[home], now()).unwrap();
        assert_eq!((due(0, &[home]), due(0, &[])), (None, None), "one that is gone does no harm");
        let cafe = "10.0.0.7".parse().unwrap();
        assert_eq!(due(0, &[home, cafe]), Some(Cause::Address(cafe)));
        assert_eq!((due(263, &[home]), due(265, &[home])), (None, Some(Cause::Ends)));
        std::fs::write(files.server(), "half of it").unwrap();
        assert_eq!(due(0, &[home]), Some(Cause::First));
    }

    #[test]
    fn only_the_owner_reads_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let folder = test_folder("private");
        let files = Files::new(folder.path().to_owned());
        let name: Name = "coffee.local".parse().unwrap();
        let (authority, _) = Authority::keep_or_make(files.clone(), &name, now()).unwrap();
        authority.sign(&name, &[], now()).unwrap();
        for file in [files.authority_key(), files.server()] {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
    }
}
