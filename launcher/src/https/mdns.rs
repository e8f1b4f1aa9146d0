//! Answers for the house's name in the house's network (multicast DNS), so that
//! phones find it without a router that knows it. Other names must be known to
//! the network already; that is only looked at.

use std::{net::IpAddr, time::Duration};

use anyhow::Result;
use mdns_sd::{DaemonEvent, IfKind, ServiceDaemon, ServiceInfo};
use tokio_util::sync::CancellationToken;

use super::{addresses, name::Name};
use crate::screen::{Screen, Tone};

/// Until the end; trouble is told, and nothing else depends on it.
pub(crate) async fn answer(name: &Name, port: u16, screen: &Screen, stop: &CancellationToken) {
    let trouble = match name.is_local() {
        true => respond(name, port, screen, stop).await.err().map(|error| format!("{error:#}")),
        false => look_up(name, port).await,
    };
    if let Some(trouble) = trouble {
        let text = format!("phones may not find {name}: {trouble}");
        screen.toned("everything", &text, Tone::Bad);
    }
}

/// Pages are served over IPv4, so only such addresses are told.
async fn respond(name: &Name, port: u16, screen: &Screen, stop: &CancellationToken) -> Result<()> {
    let daemon = ServiceDaemon::new()?;
    daemon.disable_interface(IfKind::IPv6)?;
    let events = daemon.monitor()?;
    let host = format!("{name}.");
    let service =
        ServiceInfo::new("_https._tcp.local.", name.as_str(), &host, "", port, NO_PROPERTIES)?;
    daemon.register(service.enable_addr_auto())?;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.recv_async() => event?,
        };
        // The answer to a conflict would be another name: not for us, whose name is kept.
        if let DaemonEvent::NameChange(change) = event
            && change.original.trim_end_matches('.').eq_ignore_ascii_case(name.as_str())
        {
            let text = format!(
                "another machine in this network answers for {name}: phones may land there. Give \
                 one of the two another --name"
            );
            screen.toned("everything", &text, Tone::Bad);
        }
    }
    // Says goodbye, so that phones do not remember an address that is gone.
    let gone = daemon.shutdown()?;
    let _ = tokio::time::timeout(Duration::from_secs(1), gone.recv_async()).await;
    Ok(())
}

const NO_PROPERTIES: &[(&str, &str)] = &[];
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong with a name that others answer for.
async fn look_up(name: &Name, port: u16) -> Option<String> {
    let lookup = tokio::net::lookup_host((name.as_str(), port));
    let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, lookup).await else {
        return Some("this network's DNS does not know it; your router may learn it".to_owned());
    };
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    let ours = addresses::all();
    if found.iter().any(|address| ours.contains(address)) {
        return None;
    }
    let found: Vec<String> = found.iter().map(IpAddr::to_string).collect();
    Some(format!("this network's DNS leads to {}, which is not this machine", found.join(", ")))
}
