//! HTTPS in the house: under one name, with a certificate that was given, or one
//! of the house's own authority, which is looked after while it runs.

mod addresses;
mod authority;
mod mdns;
mod name;
mod rules;

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use server::tls::{Authority as Told, Certificate, Unfit};
use tokio_util::sync::CancellationToken;

use self::authority::{Authority, Files};
pub(crate) use self::name::Name;
use crate::{
    cli::{Https, Up},
    data::Data,
    family,
    paths::private_folder,
    screen::{Screen, Tone},
};

/// Everything about HTTPS that lies in a data folder.
fn folder(data: &Data) -> PathBuf {
    data.file("https")
}

/// What this house is called, where, and by which certificate.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) name: Name,
    /// This machine's address in the house.
    pub(crate) address: Ipv4Addr,
    pub(crate) https_port: u16,
    pub(crate) plain_port: u16,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    /// Phones know whose it is; somebody else renews it.
    Given {
        cert: PathBuf,
        key: PathBuf,
    },
    Own(Files),
}

impl House {
    /// Chooses the name, checks or makes the certificate, and says what has changed.
    /// `None` without `--lan`.
    pub(crate) fn open(args: &Up, data: &Data, screen: &Screen) -> Result<Option<Self>> {
        let asked = &args.https;
        let given = given(asked)?;
        if !args.lan {
            if given.is_some() {
                bail!("--cert and --key are for --lan: on this machine itself HTTP does");
            }
            return Ok(None);
        }
        private_folder(&folder(data), None)?;
        let certificate = match &given {
            Some((cert, key)) => Some(Certificate::read(cert, key)?),
            None => None,
        };
        let certified = certificate.as_ref().map(Certificate::names).unwrap_or_default();
        let chosen = name::choose(asked.name.clone(), name::kept(data)?, &certified);
        let name = chosen.name;
        let source = match (given, certificate) {
            (Some((cert, key)), Some(certificate)) => {
                check(&certificate, &cert, &name)?;
                Source::Given { cert, key }
            }
            _ => Source::Own(own(data, &name, screen)?),
        };
        if let Some(before) = chosen.before {
            screen.toned("everything", &changed(&before, &name), Tone::Bad);
        }
        let address = addresses::main()?;
        let (https_port, plain_port) = (asked.https_port, args.port);
        Ok(Some(Self { name, address, https_port, plain_port, source }))
    }

    /// What people type.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.name.as_str())
    }

    fn url_at(&self, host: &str) -> String {
        match self.https_port {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }

    /// Where phones are told to trust, over plain HTTP.
    fn trust_at(&self, host: &str) -> String {
        match self.plain_port {
            80 => format!("http://{host}/trust"),
            port => format!("http://{host}:{port}/trust"),
        }
    }

    /// What the gateway is told.
    pub(crate) fn settings(&self) -> Vec<(&'static str, PathBuf)> {
        match &self.source {
            Source::Given { cert, key } => {
                vec![("EVERYTHING_TLS_CERT", cert.clone()), ("EVERYTHING_TLS_KEY", key.clone())]
            }
            Source::Own(files) => vec![
                ("EVERYTHING_TLS_CERT", files.server()),
                ("EVERYTHING_TLS_KEY", files.server()),
                ("EVERYTHING_TLS_AUTHORITY", files.authority()),
            ],
        }
    }

    /// Where else it is found, and how a phone learns to trust it.
    pub(crate) fn addresses(&self) -> String {
        let Source::Own(files) = &self.source else { return String::new() };
        let address = self.address.to_string();
        let mut text = String::new();
        if addresses::is_inside(self.address) {
            let by_number = self.url_at(&address);
            text += &format!("    By its address   {by_number} (where the name is not found)\n");
        }
        let fingerprint = Told::read(&files.authority()).map(|told| told.fingerprint());
        let fingerprint = fingerprint.unwrap_or_else(|error| format!("{error:#}"));
        // Sixteen pairs a line.
        let (half, rest) = fingerprint.split_at_checked(48).unwrap_or((&fingerprint, ""));
        text += &format!(
            "\nEach phone must be told once that it may trust {}:\n\n    {}\n    {}\n\n    \
             Its authority's fingerprint (SHA-256):\n    {}\n    {}\n",
            self.name,
            self.trust_at(self.name.as_str()),
            self.trust_at(&address),
            half.trim_end(),
            rest
        );
        text
    }

    /// The trust page's address as a QR code; by number, as that is always found.
    pub(crate) fn qr(&self) -> String {
        let Source::Own(_) = &self.source else { return String::new() };
        let url = self.trust_at(&self.address.to_string());
        family::qr(&url).map(|drawing| format!("{drawing}\n    {url}\n\n")).unwrap_or_default()
    }

    /// Looks after the certificate and answers for the name until the end.
    pub(crate) async fn keep(self, data: Data, screen: Screen, stop: CancellationToken) {
        // Only now: the name of a start that failed is not for later ones.
        if let Err(error) = name::keep(&data, &self.name) {
            screen.toned("everything", &format!("the name was not kept: {error:#}"), Tone::Bad);
        }
        let answering = mdns::answer(&self.name, self.https_port, &screen, &stop);
        let looking = self.look_after(&data, &screen, &stop);
        tokio::join!(answering, looking);
    }

    async fn look_after(&self, data: &Data, screen: &Screen, stop: &CancellationToken) {
        if matches!(self.source, Source::Given { .. }) {
            // The gateway reads the files again when they change.
            return;
        }
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            // The same trouble is told once.
            let trouble = own(data, &self.name, screen).err().map(|error| format!("{error:#}"));
            if trouble != told
                && let Some(trouble) = &trouble
            {
                let text = format!("the certificate cannot be renewed: {trouble}");
                screen.toned("everything", &text, Tone::Bad);
            }
            told = trouble;
        }
    }
}

/// Between two looks at the certificate and this machine's addresses.
const LOOK: Duration = Duration::from_secs(30);

/// The files of a certificate that was given, wherever the services run.
fn given(asked: &Https) -> Result<Option<(PathBuf, PathBuf)>> {
    match (&asked.cert, &asked.key) {
        (Some(cert), Some(key)) => {
            Ok(Some((std::path::absolute(cert)?, std::path::absolute(key)?)))
        }
        (None, None) => Ok(None),
        _ => bail!("--cert and --key go together"),
    }
}

/// A given certificate must be one that phones take.
fn check(certificate: &Certificate, cert: &std::path::Path, name: &Name) -> Result<()> {
    let Err(unfit) = certificate.fits(name.as_str(), chrono::Utc::now()) else { return Ok(()) };
    let what_to_do = match &unfit {
        Unfit::Over(_) | Unfit::NotYet(_) => format!(
            "Renew it (Tailscale's: tailscale cert {name}), or leave out --cert and --key: then \
             the house makes its own."
        ),
        Unfit::OtherName { names, .. } => format!(
            "Give the one for {name}, or call the house by the certificate's name: --name {}",
            names.first().map_or("NAME", String::as_str)
        ),
    };
    bail!("the certificate in {} is no good: {unfit}.\n  {what_to_do}", cert.display());
}

/// The house's own authority and certificate, both as they should be now.
fn own(data: &Data, name: &Name, screen: &Screen) -> Result<Files> {
    let files = Files::new(folder(data).join(name.as_str()));
    private_folder(&folder(data).join(name.as_str()), None)?;
    let now = chrono::Utc::now();
    let (authority, made) = Authority::keep_or_make(files.clone(), name, now)
        .with_context(|| format!("the authority of {name}"))?;
    if let Some(rules::Cause::Ends) = made {
        let text = "the authority comes to its end and is replaced: each phone must be told again, \
                    at /trust";
        screen.toned("everything", text, Tone::Bad);
    }
    let addresses = addresses::inside();
    let due = match made {
        Some(cause) => Some(cause),
        None => rules::certificate(now, authority.shown().as_ref(), &addresses),
    };
    if let Some(cause) = due {
        authority.sign(name, &addresses, now)?;
        screen.line("everything", &format!("a new certificate for {name}: {cause}"));
    }
    Ok(files)
}

fn changed(before: &Name, name: &Name) -> String {
    format!(
        "THE NAME HAS CHANGED from {before} to {name}. Passkeys and notifications that were set up \
         under {before} are dead here: everybody signs in anew, by link, and each phone must trust \
         and install anew. To go back: --name {before}"
    )
}

/// A folder for a test, deleted at its end.
#[cfg(test)]
fn test_folder(name: &str) -> TestFolder {
    let name = format!("everything-https-{name}-{}", std::process::id());
    let folder = TestFolder(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&folder.0).unwrap();
    folder
}

#[cfg(test)]
struct TestFolder(PathBuf);

#[cfg(test)]
impl TestFolder {
    fn path(&self) -> &std::path::Path {
        &self.0
    }
}

#[cfg(test)]
impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
