//! HTTPS in the house, as the launcher sets it up.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::Arc,
};

use rcgen::{CertificateParams, KeyPair};
use server::tls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use test_kit::free_port;

use super::kit::{self, Done, Everything, Folder};

/// What is answered to somebody who believes this authority and asks by this name.
fn ask(authority: &Path, name: &'static str, port: u16, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from(name).unwrap();
    let tls = ClientConnection::new(Arc::new(config), server).unwrap();
    let stream = StreamOwned::new(tls, TcpStream::connect((Ipv4Addr::LOCALHOST, port))?);
    exchange(stream, &format!("{name}:{port}"), path)
}

fn exchange(mut stream: impl Read + Write, host: &str, path: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn up(folder: &Folder, ports: (u16, u16), more: &[&str]) -> tokio::process::Command {
    let mut command = folder.command(&["up", "--lan"]);
    command.args(["--port", &ports.0.to_string(), "--https-port", &ports.1.to_string()]);
    command.args(more);
    command
}

#[tokio::test]
async fn the_house_is_let_in_over_https_under_one_name_that_stays() {
    let _alone = kit::alone().await;
    let folder = Folder::new("https");
    let (port, https) = (free_port(), free_port());
    let pages = format!("https://tea.local:{https}");
    let first = |said: &str| {
        assert!(said.contains(&format!("{pages}/counter")), "{said}");
        assert!(said.contains(&format!("http://tea.local:{port}/trust")), "{said}");
        assert_eq!(said.matches(&format!("{pages}/sign-in/")).count(), 5, "{said}");
        assert!(said.contains("fingerprint"), "{said}");
    };
    let mut everything = Everything::start(up(&folder, (port, https), &["--name", "tea.local"]));
    first(&everything.until("the links").await);

    let authority = folder.path().join("https/tea.local/authority.crt");
    let page = ask(&authority, "tea.local", https, "/trust").unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("This came over HTTPS"), "{page}");
    assert!(ask(&authority, "coffee.local", https, "/trust").is_err(), "it is for no other name");
    let plain = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let plain = exchange(plain, &format!("tea.local:{port}"), "/counter").unwrap();
    assert!(plain.starts_with("HTTP/1.1 307"), "{plain}");
    assert!(plain.contains(&format!("location: {pages}/counter\r\n")), "{plain}");
    everything.terminate();
    assert!(everything.ended().await);

    let before = std::fs::read(&authority).unwrap();
    let mut again = Everything::start(up(&folder, (port, https), &[]));
    first(&again.until("the links, under the kept name").await);
    assert_eq!(std::fs::read(&authority).unwrap(), before, "phones need not be told again");
    again.terminate();
    assert!(again.ended().await);

    // A start that fails afterwards: what it changed is told, and not kept.
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let taken = taken.local_addr().map(|address| (taken, address.port())).unwrap();
    let changed = kit::run(up(&folder, (port, taken.1), &["--name", "coffee.local"])).await;
    assert!(!changed.success, "{}", changed.text);
    assert!(changed.text.contains("THE NAME HAS CHANGED from tea.local"), "{}", changed.text);
    assert!(changed.text.contains("--https-port"), "{}", changed.text);
    let name = std::fs::read_to_string(folder.path().join("https/name")).unwrap();
    assert_eq!(name, "tea.local\n");
}

/// A certificate for a name, of some years, with its key.
fn made(folder: &Folder, file: &str, name: &str, years: (i32, i32)) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let signed = params.self_signed(&key).unwrap();
    std::fs::write(folder.path().join(format!("{file}.crt")), signed.pem()).unwrap();
    std::fs::write(folder.path().join(format!("{file}.key")), key.serialize_pem()).unwrap();
}

#[tokio::test]
async fn a_certificate_that_phones_would_refuse_is_refused_before_anything_starts() {
    let (files, folder) = (Folder::new("given"), Folder::new("given-data"));
    std::fs::create_dir_all(files.path()).unwrap();
    made(&files, "good", "box.example", (2020, 2090));
    made(&files, "over", "box.example", (2020, 2021));
    made(&files, "early", "box.example", (2080, 2090));
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let run = async |cert: &str, key: &str, more: &[&str]| -> Done {
        let (cert, key) = (file(cert), file(key));
        let given = ["--cert", &cert, "--key", &key];
        kit::run(up(&folder, (free_port(), free_port()), &[&given, more].concat())).await
    };
    let cases = [
        ("good.crt", "over.key", &[][..], "does not belong to the certificate in"),
        ("good.crt", "good.crt", &[], "it holds no private key"),
        ("good.crt", "absent.key", &[], "absent.key: it cannot be read"),
        ("over.crt", "over.key", &[], "it ended on 2021-01-01"),
        ("over.crt", "over.key", &[], "tailscale cert box.example"),
        ("early.crt", "early.key", &[], "it counts only from 2080-01-01"),
        (
            "good.crt",
            "good.key",
            &["--name", "tea.local"],
            "not for tea.local, but for box.example",
        ),
        ("good.crt", "good.key", &["--name", "tea.local"], "--name box.example"),
    ];
    for (cert, key, more, says) in cases {
        let refused = run(cert, key, more).await;
        assert!(!refused.success && refused.text.contains(says), "{says}: {}", refused.text);
    }
    let (cert, key) = (file("good.crt"), file("good.key"));
    let alone = folder.run(&["up", "--lan", "--cert", &cert]).await;
    assert!(!alone.success && alone.text.contains("go together"), "{}", alone.text);
    let here = folder.run(&["up", "--cert", &cert, "--key", &key]).await;
    assert!(!here.success && here.text.contains("--lan"), "{}", here.text);
}
