//! Secrets are shown to nobody: not in the database, not in logs, not by `Debug`.

use std::{
    io,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use customer_service::identity::{links, sessions};
use secrecy::ExposeSecret;
use tracing_subscriber::layer::SubscriberExt;
use types::Role;

use crate::house::{House, Setup};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// On one thread, so that this thread's subscriber hears everything.
#[tokio::test]
async fn no_secret_is_stored_logged_or_printed() {
    let page = Page::default();
    let to = page.clone();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || to.clone());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));

    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = links::create(identity, mia, "", TimeDelta::hours(1), now).await.unwrap();
    let issued = links::exchange(identity, link.secret.expose_secret(), "x", now).await.unwrap();
    let _ = links::exchange(identity, link.secret.expose_secret(), "x", now).await;
    let first = issued.refresh_token.expose_secret();
    let next = sessions::refresh(identity, first, now).await.unwrap();
    let third = sessions::refresh(identity, next.refresh_token.expose_secret(), now).await.unwrap();
    let _ = sessions::refresh(identity, first, now).await;
    sessions::sign_out(identity, third.refresh_token.expose_secret(), now).await.unwrap();

    let seeds: Vec<Vec<u8>> =
        sqlx::query_scalar("select seed from signing_keys").fetch_all(house.pool()).await.unwrap();
    let mut secrets: Vec<String> = [&issued, &next, &third]
        .iter()
        .flat_map(|issued| [&issued.access_token, &issued.refresh_token])
        .chain([&link.secret])
        .map(|secret| secret.expose_secret().to_owned())
        .collect();
    secrets.extend(seeds.iter().map(hex::encode));
    secrets.extend(seeds.iter().map(|seed| format!("{seed:?}")));
    let database_url = house.config.database_url.expose_secret();
    secrets.push(database_url.to_owned());

    let mut shown = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("signed in"), "the log was heard");
    shown.push_str(&format!("{:?} {:?} {:?}", house.service, house.config, [issued, next, third]));
    for secret in &secrets {
        assert!(!shown.contains(secret.as_str()), "{secret} is shown");
    }

    let tables: Vec<String> = sqlx::query_scalar(
        "select links::text || sessions::text || tokens::text
         from sign_in_links links, sessions, refresh_tokens tokens",
    )
    .fetch_all(house.pool())
    .await
    .unwrap();
    let stored = tables.concat();
    let tokens: Vec<&String> = secrets.iter().filter(|secret| secret.len() == 43).collect();
    assert_eq!(tokens.len(), 4);
    for token in tokens {
        let bytes = base64::Engine::decode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            token.as_str(),
        );
        assert!(!stored.contains(&hex::encode(bytes.unwrap())) && !stored.contains(token.as_str()));
    }
    house.stop().await;
}
