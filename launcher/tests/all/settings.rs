//! What is configured can be looked at, and secrets cannot.

use std::process::Command;

#[test]
fn a_services_settings_are_printed_with_the_secrets_hidden_and_nothing_starts() {
    let key = runtime::tokens::key_to_text(&[7; 32]);
    let secret = std::env::temp_dir().join(format!("valkey-url-{}", std::process::id()));
    std::fs::write(&secret, "redis://somebody:hunter2@valkey/").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EVERYTHING_") {
            command.env_remove(name);
        }
    }
    let printed = command
        .args(["serve", "--print-config", "customer-service", "--beans-floor=-5"])
        .env("EVERYTHING_SERVICE_KEY", &key)
        .env("EVERYTHING_PEER_KEYS", "server=abc")
        .env("EVERYTHING_DATABASE_URL", "postgres://somebody:hunter2@nowhere/x")
        .env("EVERYTHING_VALKEY_URL_FILE", &secret)
        .env("EVERYTHING_FREE_BAR", "true")
        .output()
        .unwrap();
    std::fs::remove_file(secret).unwrap();
    let (text, errors) = (String::from_utf8(printed.stdout).unwrap(), printed.stderr);
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&errors));
    for line in [
        "EVERYTHING_SERVICE_KEY = (hidden)",
        "EVERYTHING_PEER_KEYS = server=abc",
        "EVERYTHING_DATABASE_URL = (hidden)",
        "EVERYTHING_VALKEY_URL = (hidden)",
        "EVERYTHING_FREE_BAR = true",
        "EVERYTHING_BEANS_FLOOR = -5",
        "EVERYTHING_KAFKA_BROKERS = 127.0.0.1:9092",
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line} in {text}");
    }
    assert!(!text.contains("hunter2") && !text.contains(&key), "{text}");
}
