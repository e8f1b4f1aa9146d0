use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use serde_json::Value;
use ureq::{Agent, Body};

/// A stream of `/v1/events`.
pub(crate) struct Live {
    lines: std::io::Lines<BufReader<ureq::BodyReader<'static>>>,
}

/// One event of it.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Live {
    pub(crate) fn open(url: &str, token: &str, after: &str) -> Self {
        let agent: Agent = Agent::config_builder()
            .timeout_recv_body(Some(Duration::from_secs(120)))
            .build()
            .into();
        let response = agent
            .get(format!("{url}/v1/events?after={after}"))
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "text/event-stream")
            .call()
            .unwrap();
        let body: Body = response.into_body();
        Self { lines: BufReader::new(body.into_reader()).lines() }
    }

    /// The next event that has a name; heartbeats have none.
    pub(crate) fn next(&mut self) -> Event {
        let mut event = Event::default();
        loop {
            let line = self.lines.next().expect("the stream ended").expect("the stream broke");
            if let Some(id) = line.strip_prefix("id:") {
                event.id = id.trim().to_owned();
            } else if let Some(name) = line.strip_prefix("event:") {
                event.name = name.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data:") {
                event.data = serde_json::from_str(data.trim()).unwrap();
            } else if line.is_empty() && !event.name.is_empty() {
                return event;
            }
        }
    }

    /// Reads on until an order is in a state.
    pub(crate) fn until(&mut self, order: &Value, state: &str) -> Event {
        loop {
            let event = self.next();
            if event.data["order"] == order["id"] && event.data["state"] == state {
                return event;
            }
        }
    }
}
