//! Where this machine is in the house.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use anyhow::{Context, Result};

/// The address by which this machine would reach others.
pub(crate) fn main() -> Result<Ipv4Addr> {
    // Nothing is sent: the system only chooses the address that it would send from.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket
        .connect((Ipv4Addr::new(192, 0, 2, 1), 9))
        .context("this machine seems to be in no network; leave out --lan")?;
    match socket.local_addr()?.ip() {
        IpAddr::V4(own) => Ok(own),
        IpAddr::V6(own) => anyhow::bail!("{own} is no IPv4 address"),
    }
}

/// Whether an address is one inside a house's network (RFC 1918, RFC 3927): only
/// such ones may the house's authority vouch for.
pub(crate) const fn is_inside(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_link_local()
}

/// All of this machine's addresses.
pub(crate) fn all() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let address = |interface: nix::ifaddrs::InterfaceAddress| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
    };
    interfaces.filter_map(address).collect()
}

/// Those of them that are inside a house's network.
pub(crate) fn inside() -> Vec<Ipv4Addr> {
    let inside = |address| match address {
        IpAddr::V4(address) => Some(address).filter(|address| is_inside(*address)),
        IpAddr::V6(_) => None,
    };
    let mut found: Vec<Ipv4Addr> = all().into_iter().filter_map(inside).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_mean_something_in_every_house_are_inside() {
        for inside in ["192.168.1.20", "10.0.0.1", "172.31.255.255", "169.254.1.1"] {
            assert!(is_inside(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["127.0.0.1", "172.32.0.1", "100.64.0.1", "8.8.8.8", "0.0.0.0"] {
            assert!(!is_inside(outside.parse().unwrap()), "{outside}");
        }
        assert!(inside().iter().all(|address| is_inside(*address)));
    }
}
