//! A small HTTP client that sends what it is told, wrong or not.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{Someone, Tablet};

pub(crate) const HTML: &str = "text/html,application/xhtml+xml";
const FORM_SECRET: &str = "the-forms-of-this-browser";
const PATIENCE: Duration = Duration::from_secs(20);

/// One request.
#[derive(Clone)]
pub(crate) struct Call {
    address: SocketAddr,
    method: String,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn by(self, someone: &Someone) -> Self {
        let bearer = format!("Bearer {}", someone.token);
        self.header("authorization", bearer)
    }

    /// As a browser does that shows pages: by cookies, among them the secret of its forms.
    pub(crate) fn browsing(self, someone: &Someone) -> Self {
        let access = format!("everything_access={}", someone.token);
        let forms = format!("everything_forms={FORM_SECRET}");
        self.header("accept", HTML).header("cookie", access).header("cookie", forms)
    }

    /// By a device's bearer token.
    pub(crate) fn by_device(self, device: &Tablet) -> Self {
        let bearer = format!("Bearer {}", device.token);
        self.header("authorization", bearer)
    }

    /// As a paired device shows its pages.
    pub(crate) fn showing(self, device: &Tablet) -> Self {
        let access = format!("everything_device_access={}", device.token);
        let forms = format!("everything_forms={FORM_SECRET}");
        self.header("accept", HTML).header("cookie", access).header("cookie", forms)
    }

    /// A form of a page of a paired device.
    pub(crate) fn send_form_at(self, device: &Tablet, fields: &[(&str, &str)]) -> Self {
        let token = server::auth::csrf::token(FORM_SECRET, Some(device.session));
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("csrf", &token).extend_pairs(fields).finish();
        self.showing(device).form(&form)
    }

    /// A form of a page of nobody.
    pub(crate) fn send_form_of_nobody(self, fields: &[(&str, &str)]) -> Self {
        let token = server::auth::csrf::token(FORM_SECRET, None);
        let forms = format!("everything_forms={FORM_SECRET}");
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("csrf", &token).extend_pairs(fields).finish();
        self.header("accept", HTML).header("cookie", forms).form(&form)
    }

    /// A form with the token of this browser and session.
    pub(crate) fn send_form(self, by: &Someone, fields: &[(&str, &str)]) -> Self {
        let token = server::auth::csrf::token(FORM_SECRET, Some(by.session));
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("csrf", &token).extend_pairs(fields).finish();
        self.browsing(by).form(&form)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    pub(crate) fn form(self, fields: &str) -> Self {
        self.body("application/x-www-form-urlencoded", fields.to_owned())
    }

    async fn open(self) -> http::Response<Incoming> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("http://{}{}", self.address, self.path))
            .body(Full::new(self.body))
            .unwrap();
        *request.headers_mut() = self.headers;
        tokio::time::timeout(PATIENCE, client.request(request)).await.unwrap().unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        let (head, body) = self.open().await.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.unwrap().unwrap();
        Answer { status: head.status, headers: head.headers, body: body.to_bytes() }
    }

    /// The answer must be this refusal, well formed.
    pub(crate) async fn refused(self, status: u16, code: &str) -> Value {
        let what = format!("{} {}", self.method, self.path);
        let answer = self.send().await;
        assert_eq!(answer.problem_code(), (status, code.to_owned()), "{what}: {answer:?}");
        answer.value()
    }

    /// Opens a stream of events.
    pub(crate) async fn listen(self) -> Events {
        let response = self.open().await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), text: String::new() }
    }
}

impl Answer {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies()
            .into_iter()
            .filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
            .filter_map(|rest| rest.split(';').next())
            .next()
    }

    /// The hidden fields of the form that is sent there, as a browser would send them.
    pub(crate) fn hidden_fields(&self, action: &str) -> Vec<(String, String)> {
        let text = self.text();
        let begins = format!(" method=\"post\" action=\"{action}\"");
        let rest = text.split_once(&begins).map(|(_, rest)| rest);
        let form = rest.and_then(|rest| rest.split("</form>").next());
        let form = form.unwrap_or_else(|| panic!("no form for {action}: {text}"));
        let hidden = form.split("<input type=\"hidden\" name=\"").skip(1);
        hidden
            .map(|field| {
                let (name, rest) = field.split_once("\" value=\"").unwrap();
                (unescape(name), unescape(rest.split('"').next().unwrap()))
            })
            .collect()
    }

    /// Status and code of a well-formed problem.
    pub(crate) fn problem_code(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.value();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(!problem["title"].as_str().unwrap().is_empty());
        if self.status == StatusCode::UNAUTHORIZED {
            assert!(self.header("www-authenticate").starts_with("Bearer"));
        }
        if matches!(self.status.as_u16(), 429 | 503) {
            assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        (self.status.as_u16(), code)
    }
}

fn unescape(text: &str) -> String {
    let pairs = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A stream of server-sent events.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

/// One block of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

impl Events {
    /// The next block that is an event or a bare id; `None`: the stream ended.
    pub(crate) async fn block(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("id", id)) => id.clone_into(&mut event.id),
                        Some(("event", name)) => name.clone_into(&mut event.event),
                        Some(("data", data)) => data.clone_into(&mut event.data),
                        _ => {}
                    }
                }
                self.text = rest.to_owned();
                if event != Event::default() {
                    return Some(event);
                }
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.unwrap();
            match frame {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    self.text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next block with data.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            if !block.data.is_empty() {
                return Some(block);
            }
        }
    }

    /// The stream must end, whatever still comes before.
    pub(crate) async fn must_end(mut self) {
        while self.block().await.is_some() {}
    }
}

/// Sends bytes as they are and returns what comes until the other side closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
