//! Renews the tokens of a browser: once per refresh token, however many of its
//! requests find the access token old at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use wire::customer::v1::{RefreshTokensRequest, TokenPair};

use crate::{App, metrics, problem::Problem};

/// Requests that were sent with the old cookie get the same successor so long;
/// customer-service itself answers so for 30 s.
const REMEMBER: Duration = Duration::from_secs(20);
/// Flights remembered at once; beyond, everybody asks for themselves.
const MOST: usize = 10_000;

type Flight = Arc<OnceCell<TokenPair>>;

/// The refreshes that are under way or just done, by the hash of their token.
#[derive(Debug, Default)]
pub struct Refresher {
    flights: Mutex<HashMap<[u8; 32], (Instant, Flight)>>,
}

impl Refresher {
    /// A new pair for a refresh token. One that fails is tried again by the next
    /// request that waits for it.
    pub async fn renew(&self, app: &App, refresh_token: &str) -> Result<TokenPair, Problem> {
        let flight = self.flight(refresh_token);
        let renewed = flight
            .get_or_try_init(|| async {
                let request = RefreshTokensRequest { refresh_token: refresh_token.to_owned() };
                app.anybodys_customers()
                    .refresh_tokens(request)
                    .await
                    .map(tonic::Response::into_inner)
            })
            .await;
        match renewed {
            Ok(pair) => {
                metrics::refreshed("renewed");
                Ok(pair.clone())
            }
            Err(status) => {
                let problem = Problem::from(status);
                let refused = problem.status() == http::StatusCode::UNAUTHORIZED;
                metrics::refreshed(if refused { "refused" } else { "unavailable" });
                Err(problem)
            }
        }
    }

    fn flight(&self, refresh_token: &str) -> Flight {
        let key: [u8; 32] = Sha256::digest(refresh_token).into();
        let now = Instant::now();
        let mut flights = self.flights.lock().unwrap_or_else(|poison| poison.into_inner());
        flights.retain(|_, (began, _)| now.duration_since(*began) < REMEMBER);
        if flights.len() >= MOST {
            return Flight::default();
        }
        flights.entry(key).or_insert_with(|| (now, Flight::default())).1.clone()
    }
}
