//! The address that people type: its name is the house's, and what browsers keep
//! for it (cookies, passkeys, pushes) dies with another name.

use std::{net::IpAddr, str::FromStr};

/// An http or https address without path, such as `https://coffee.home`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl PublicUrl {
    /// Whether browsers reach us by https.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Its host, lower case, without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port, where it is not the one that the scheme has anyway.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// As it was written, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port as browsers send them in `Host`.
    pub fn authority(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.host)
    }

    /// As browsers print where a page is from.
    pub fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// The name that passkeys are made for, where browsers give them to pages of
    /// this address.
    pub fn passkeys(&self) -> Result<&str, NoPasskeys> {
        let bare = self.host.trim_matches(['[', ']']);
        if bare.parse::<IpAddr>().is_ok() {
            Err(NoPasskeys::Number)
        } else if self.secure || self.host == "localhost" || self.host.ends_with(".localhost") {
            Ok(&self.host)
        } else {
            Err(NoPasskeys::PlainHttp)
        }
    }
}

/// Why browsers give no passkeys to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPasskeys {
    #[error("passkeys need HTTPS")]
    PlainHttp,
    #[error("passkeys belong to a name, and this address is a number")]
    Number,
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/');
        let uri: http::Uri = text.parse().map_err(|_| format!("not an address: {text}"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("must begin with http:// or https://".to_owned()),
        };
        if uri.path() != "/" || uri.query().is_some() {
            return Err("must have no path".to_owned());
        }
        let host = uri.host().ok_or("names no host")?.to_ascii_lowercase();
        let usual = if secure { 443 } else { 80 };
        let port = uri.port_u16().filter(|port| *port != usual);
        Ok(Self { text: text.to_owned(), secure, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_scheme_and_no_path() {
        let url: PublicUrl = "https://Coffee.home:8443/".parse().unwrap();
        assert_eq!((url.host(), url.is_secure()), ("coffee.home", true));
        assert_eq!((url.as_str(), url.port()), ("https://Coffee.home:8443", Some(8443)));
        for usual in ["https://coffee.home", "https://coffee.home:443", "http://coffee.home:80"] {
            assert_eq!(usual.parse::<PublicUrl>().unwrap().port(), None, "{usual}");
        }
        for wrong in ["coffee.home", "ftp://coffee.home", "http://coffee.home/menu", ""] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn passkeys_are_for_names_that_browsers_trust() {
        let of = |url: &str| {
            let url: PublicUrl = url.parse().unwrap();
            (url.origin(), url.passkeys().map(str::to_owned))
        };
        let here = |origin: &str, name: &str| (origin.to_owned(), Ok(name.to_owned()));
        assert_eq!(
            of("https://Coffee.local:8443"),
            here("https://coffee.local:8443", "coffee.local")
        );
        assert_eq!(of("https://coffee.home:443"), here("https://coffee.home", "coffee.home"));
        assert_eq!(of("http://localhost:8080"), here("http://localhost:8080", "localhost"));
        for (url, why) in [
            ("http://coffee.local", NoPasskeys::PlainHttp),
            ("http://localhost.example", NoPasskeys::PlainHttp),
            ("https://192.168.1.20", NoPasskeys::Number),
            ("http://127.0.0.1:8080", NoPasskeys::Number),
            ("https://[fe80::1]:8443", NoPasskeys::Number),
        ] {
            assert_eq!(of(url).1, Err(why), "{url}");
        }
    }
}
