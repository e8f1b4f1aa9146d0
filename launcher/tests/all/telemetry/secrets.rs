//! What was secret on the walk stands in no log of any part and in no span.

use std::sync::Mutex;

use serde_json::Value;

use crate::support::{App, otlp::Collector};

/// What people held.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// A token, a link's secret, a code.
    pub(super) fn hold(&self, secret: &Value) -> String {
        let text = secret.as_str().unwrap().to_owned();
        self.0.lock().unwrap().push(text.clone());
        text
    }

    pub(super) fn are_nowhere(&self, app: &App, collector: &Collector) {
        let mut places = app.logs();
        assert!(places.iter().any(|(name, text)| name == "server.log" && !text.is_empty()));
        places.push(("the spans".to_owned(), format!("{:?}", collector.spans())));
        let secrets = self.0.lock().unwrap();
        assert!(secrets.iter().any(|secret| secret.starts_with("evt_")), "{}", secrets.len());
        assert!(secrets.iter().any(|secret| secret.len() == 6), "{}", secrets.len());
        for (place, text) in &places {
            for secret in &*secrets {
                assert!(!says(text, secret), "{secret} stands in {place}");
            }
            assert!(!text.contains("Bearer ey"), "an access token stands in {place}");
        }
    }
}

/// Whether it stands there by itself: within ids and moments any six digits do.
fn says(text: &str, secret: &str) -> bool {
    let alone = |letter: Option<char>| !letter.is_some_and(|it| it.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        alone(before.chars().next_back()) && alone(after.chars().next())
    })
}
