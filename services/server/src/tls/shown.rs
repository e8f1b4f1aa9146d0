//! The certificate that is shown to whoever connects, and its renewal: whoever
//! makes certificates replaces the files, and the new one counts within seconds,
//! for new connections. One that is no good is not taken over.

use std::{
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use runtime::health::Part;
use tokio_rustls::rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_util::sync::CancellationToken;
use types::Timestamp;

use super::{Certificate, CertificateError};

/// Less than this left, and nobody has renewed it: somebody should look.
const LATE: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// The certificate in force.
#[derive(Debug)]
pub(crate) struct Shown {
    cert: PathBuf,
    key: PathBuf,
    now: RwLock<Certificate>,
    /// What the files were when the certificate in force was read.
    first: Stamp,
}

/// How a file is told from its next version without reading it.
type Stamp = [Option<(u64, i64, i64, u64)>; 2];

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certificate().certified)
    }
}

impl Shown {
    pub(super) fn open(cert: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let first = [stamp(&cert), stamp(&key)];
        let now = RwLock::new(Certificate::read(&cert, &key)?);
        Ok(Self { cert, key, now, first })
    }

    pub(crate) fn certificate(&self) -> Certificate {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again if they are others than at the last look. The stamp is
    /// taken before, so that a change while we read is seen at the next look.
    fn look(&self, last: Stamp, name: &str, now: Timestamp) -> (Stamp, Option<Result<(), String>>) {
        let stamp = [stamp(&self.cert), stamp(&self.key)];
        if stamp == last {
            return (stamp, None);
        }
        let read = Certificate::read(&self.cert, &self.key).map_err(|error| error.to_string());
        let fit = read.and_then(|read| match read.fits(name, now) {
            Ok(()) => Ok(read),
            Err(unfit) => Err(format!("{}: {unfit}", self.cert.display())),
        });
        let taken = fit.map(|fit| {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = fit;
        });
        (stamp, Some(taken))
    }
}

fn stamp(path: &PathBuf) -> Option<(u64, i64, i64, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len()))
}

/// Looks at the files until draining, and reports how long the certificate lasts.
pub(crate) async fn keep(
    shown: Arc<Shown>,
    name: String,
    every: Duration,
    part: Part,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut stamp = shown.first;
    let mut refused = None;
    loop {
        report(&shown.certificate(), &name, refused.as_deref(), &part);
        tokio::select! {
            () = draining.cancelled() => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        let (last, looking, now) = (stamp, shown.clone(), chrono::Utc::now());
        let for_name = name.clone();
        let look = tokio::task::spawn_blocking(move || looking.look(last, &for_name, now));
        let (seen, taken) = look.await?;
        stamp = seen;
        match taken {
            Some(Ok(())) => {
                refused = None;
                let until = shown.certificate().validity.until;
                tracing::info!(%until, "a new certificate counts from now on");
            }
            Some(Err(error)) => {
                tracing::warn!(error, "the new certificate is no good; the one before stays");
                refused = Some(error);
            }
            None => {}
        }
    }
}

fn report(certificate: &Certificate, name: &str, refused: Option<&str>, part: &Part) {
    let now = chrono::Utc::now();
    let until = certificate.validity.until;
    match (certificate.fits(name, now), refused) {
        (Err(unfit), _) => part.down(format!("the certificate is no good: {unfit}")),
        (Ok(()), Some(error)) => part.down(error),
        (Ok(()), None) if until - now < LATE => {
            part.down(format!("the certificate ends on {until} and was not renewed"));
        }
        (Ok(()), None) => part.up(),
    }
}
