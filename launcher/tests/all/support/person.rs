use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::{Agent, http};

use super::Live;

/// Somebody with a client of `/v1`.
pub(crate) struct Person {
    agent: Agent,
    url: String,
    tokens: Mutex<Option<Tokens>>,
}

struct Tokens {
    access: String,
    refresh: String,
    since: Instant,
}

impl Tokens {
    fn of(pair: &Value) -> Self {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), since: Instant::now() }
    }
}

/// Well within the quarter of an hour that an access token lives.
const REFRESH_AFTER: Duration = Duration::from_secs(600);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }

    /// The status and code of a problem document.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

impl Person {
    pub(crate) fn stranger(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Self { agent, url: url.to_owned(), tokens: Mutex::new(None) }
    }

    /// The same, with a token that is never renewed.
    pub(crate) fn with(self, token: &str) -> Self {
        let (access, refresh) = (token.to_owned(), String::new());
        let tokens = Some(Tokens { access, refresh, since: Instant::now() });
        Self { tokens: Mutex::new(tokens), ..self }
    }

    pub(crate) fn sign_in(url: &str, name: &str, link: &str) -> Self {
        let person = Self::stranger(url);
        let (_, secret) = link.rsplit_once('/').unwrap();
        let pair = person.post("/v1/session", &json!({"secret": secret, "device": name})).ok();
        *person.tokens.lock().unwrap() = Some(Tokens::of(&pair));
        person
    }

    /// The same client with these tokens from now on.
    pub(crate) fn holding(self, pair: &Value) -> Self {
        *self.tokens.lock().unwrap() = Some(Tokens::of(pair));
        self
    }

    /// The access token, a new one in good time.
    pub(crate) fn token(&self) -> Option<String> {
        let mut tokens = self.tokens.lock().unwrap();
        let held = tokens.as_mut()?;
        if held.since.elapsed() > REFRESH_AFTER {
            let body = json!({"refresh_token": held.refresh}).to_string().into_bytes();
            let request = http::Request::post(format!("{}/v1/session/refresh", self.url))
                .header("content-type", "application/json");
            // While something is away the old one is used on.
            if let Some(pair) = self.insist(request.body(body).unwrap()) {
                *held = Tokens::of(&pair);
            }
        }
        Some(held.access.clone())
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let builder = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        match self.token() {
            Some(token) => builder.header("authorization", format!("Bearer {token}")),
            None => builder,
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Answer {
        self.try_send(request).unwrap()
    }

    fn try_send(&self, request: http::Request<Vec<u8>>) -> Result<Answer, ureq::Error> {
        let mut response = self.agent.run(request)?;
        let bytes = response.body_mut().read_to_vec()?;
        let text = String::from_utf8_lossy(&bytes).into_owned(); // a picture is nobody's concern
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body })
    }

    /// The body of a success; none when nobody answered, or with a 5xx. What
    /// is refused outright is a mistake of the test.
    fn insist(&self, request: http::Request<Vec<u8>>) -> Option<Value> {
        let answer = self.try_send(request).ok()?;
        (answer.status < 500).then(|| answer.ok())
    }

    pub(crate) fn try_get(&self, path: &str) -> Option<Value> {
        self.insist(self.request("GET", path).body(vec![]).unwrap())
    }

    pub(crate) fn try_place(&self, key: &str, body: &Value) -> Option<Value> {
        self.insist(self.placing(key, body))
    }

    pub(crate) fn try_command(&self, order: &Value, command: &str) -> Option<Value> {
        let path = format!("/v1/orders/{}/{command}", order["id"].as_str().unwrap());
        self.insist(self.writing("POST", &path, &json!({})))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(vec![]).unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.write("POST", path, body)
    }

    /// With an idempotency key of its own.
    pub(crate) fn post_once(&self, path: &str, body: &Value) -> Answer {
        let mut request = self.writing("POST", path, body);
        let key = uuid::Uuid::now_v7().to_string();
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        self.send(request)
    }

    /// A form of a page, without its fields.
    pub(crate) fn post_form(&self, path: &str) -> Answer {
        let request = self.request("POST", path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(vec![]).unwrap())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.write("PUT", path, body)
    }

    /// Sends JSON.
    pub(crate) fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.writing(method, path, body))
    }

    fn writing(&self, method: &str, path: &str, body: &Value) -> http::Request<Vec<u8>> {
        let request = self.request(method, path).header("content-type", "application/json");
        request.body(body.to_string().into_bytes()).unwrap()
    }

    fn placing(&self, key: &str, body: &Value) -> http::Request<Vec<u8>> {
        let mut request = self.writing("POST", "/v1/orders", body);
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        request.headers_mut().insert("prefer", "wait=5".parse().unwrap());
        request
    }

    /// Places an order under a key, waiting until it is queued or rejected.
    pub(crate) fn place_with(&self, key: &str, body: &Value) -> Answer {
        self.send(self.placing(key, body))
    }

    /// Orders one drink, waiting until it is queued or rejected.
    pub(crate) fn order(&self, drink: &str) -> Value {
        let key = uuid::Uuid::now_v7().to_string();
        self.place_with(&key, &json!({"items": [{"menu_item": drink}]})).ok()
    }

    /// Gives a command about an order.
    pub(crate) fn command(&self, order: &Value, command: &str, body: &Value) -> Answer {
        let id = order["id"].as_str().unwrap();
        self.post(&format!("/v1/orders/{id}/{command}"), body)
    }

    /// The order as this person sees it now.
    pub(crate) fn look(&self, order: &Value) -> Value {
        self.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).ok()
    }

    pub(crate) fn beans(&self) -> i64 {
        self.get("/v1/me/beans").ok()["beans"].as_i64().unwrap()
    }

    /// Listens to `/v1/events` from a position on.
    pub(crate) fn listen(&self, after: &str) -> Live {
        Live::open(&self.url, &self.token().unwrap(), after)
    }

    /// Asks until the answer is right; for what follows a moment later by design.
    #[track_caller]
    pub(crate) fn eventually(&self, path: &str, right: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let body = self.get(path).ok();
            if right(&body) {
                return body;
            }
            assert!(Instant::now() < end, "{path} is still {body}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}
