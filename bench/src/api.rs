//! The gateway's REST, as a phone uses it: connections stay open between requests.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longer than the gateway takes at the very most.
const PATIENCE: Duration = Duration::from_secs(15);

/// A body that is read as it comes.
pub(crate) type Flow = UnsyncBoxBody<Bytes, anyhow::Error>;

#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

/// What is read of an answered order.
#[derive(Debug, Deserialize)]
struct Order {
    id: String,
    state: String,
}

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, url: url.trim_end_matches('/').to_owned() }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("{}{path}", self.url))
    }

    /// Exchanges a sign-in link's secret for an access token.
    pub(crate) async fn sign_in(&self, secret: &str) -> Result<String> {
        let request = self
            .request(Method::POST, "/v1/session")
            .header("content-type", "application/json")
            .body(text(&json!({"secret": secret, "device": "cargo xtask bench"})))?;
        let (status, body) = self.send(request).await?;
        if !status.is_success() {
            bail!("signing in: {status} {}", String::from_utf8_lossy(&body));
        }
        let pair: Value = serde_json::from_slice(&body)?;
        Ok(pair["access_token"].as_str().context("no access token")?.to_owned())
    }

    /// Orders a flat white and waits until it is queued; anything else is a failure.
    pub(crate) async fn place(&self, token: &str) -> Result<String> {
        let request = self
            .request(Method::POST, "/v1/orders")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", uuid::Uuid::now_v7().to_string())
            .header("prefer", "wait=5")
            .body(text(&json!({"items": [{"menu_item": "flat-white"}]})))?;
        let (status, body) = self.send(request).await?;
        if status != StatusCode::CREATED {
            bail!("placing: {status} {}", String::from_utf8_lossy(&body));
        }
        let Order { id, state } = serde_json::from_slice(&body)?;
        if state != "queued" {
            bail!("placing: still {state} after the wait");
        }
        Ok(id)
    }

    /// Opens the stream of live events.
    pub(crate) async fn events(&self, token: &str) -> Result<Flow> {
        let request = self
            .request(Method::GET, "/v1/events")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())?;
        let answer = self.open(request).await?;
        if answer.status() != StatusCode::OK {
            bail!("live events: {}", answer.status());
        }
        Ok(answer.into_body())
    }

    async fn open(&self, request: Request<Full<Bytes>>) -> Result<Response<Flow>> {
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let answer = answer.context("no answer in time")?.context("no answer")?;
        Ok(answer.map(|body| body.map_err(anyhow::Error::from).boxed_unsync()))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let (head, body) = self.open(request).await?.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await;
        Ok((head.status, body.context("half an answer in time")??.to_bytes()))
    }
}

fn text(body: &Value) -> Full<Bytes> {
    Full::from(body.to_string())
}
