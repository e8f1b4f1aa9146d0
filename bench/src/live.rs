//! Screens that listen to `/v1/events` while others order.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use serde::Deserialize;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    api::{Api, Flow},
    members::Person,
    summary::{Events, milliseconds},
};

/// How long what was placed last may still be under way.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// An order that was placed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// When it was due to be sent.
    pub(crate) due: Instant,
    /// Whether whoever ordered has a phone that listens.
    pub(crate) by_phone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Screen {
    Counter,
    Phone,
}

/// An order's `placed` event reached a screen.
#[derive(Debug)]
struct Heard {
    screen: Screen,
    order: String,
    when: Instant,
    /// Milliseconds since the moment that it names.
    late: f64,
}

/// What is read of an event.
#[derive(Debug, Deserialize)]
struct OrderEvent {
    order: String,
    kind: String,
    at: Option<DateTime<Utc>>,
}

/// The counter's screen and everybody's phone, each with a stream of its own.
pub(crate) struct Screens {
    tasks: JoinSet<Result<()>>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Screens {
    /// Opens all streams; the first person is the barista, whose counter hears of every order.
    pub(crate) async fn open(api: &Api, people: &[Person]) -> Result<Self> {
        let (tell, heard) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let counter = people.first().map(|person| (Screen::Counter, person));
        // The barista's own phone would hear of every order, too: it stays in the pocket.
        let phones = people.iter().skip(1).map(|person| (Screen::Phone, person));
        for (screen, person) in counter.into_iter().chain(phones) {
            let mut flow = api.events(&person.token).await?;
            // The greeting: from here on nothing is missed.
            let Some(Ok(_)) = flow.frame().await else { bail!("a stream without a greeting") };
            tasks.spawn(listen(screen, flow, tell.clone()));
        }
        Ok(Self { tasks, heard })
    }

    /// How late the events of these orders were, on every screen that should have them.
    pub(crate) async fn summary(mut self, placed: &HashMap<String, Sent>) -> Events {
        let (mut counter, mut phone, mut since_placed) = (Vec::new(), Vec::new(), Vec::new());
        let phones = placed.iter().filter(|(_, sent)| sent.by_phone);
        let phones = phones.map(|(order, _)| (Screen::Phone, order.clone()));
        let all = placed.keys().map(|order| (Screen::Counter, order.clone()));
        let mut waiting: HashSet<(Screen, String)> = all.chain(phones).collect();
        let end = Instant::now() + PATIENCE;
        while !waiting.is_empty() {
            let Ok(Some(heard)) = tokio::time::timeout_at(end, self.heard.recv()).await else {
                break;
            };
            let Heard { screen, order, when, late } = heard;
            let Some(sent) = placed.get(&order) else { continue };
            if !waiting.remove(&(screen, order)) {
                continue;
            }
            let took = milliseconds(when.duration_since(sent.due));
            match screen {
                Screen::Counter => {
                    counter.push(took);
                    since_placed.push(late);
                }
                Screen::Phone => phone.push(took),
            }
        }
        self.tasks.shutdown().await;
        let missed = |by| waiting.iter().filter(|(screen, _)| *screen == by).count();
        let (missed, missed_by_phones) = (missed(Screen::Counter), missed(Screen::Phone));
        Events { counter, phone, since_placed, missed, missed_by_phones }
    }
}

async fn listen(screen: Screen, mut flow: Flow, tell: mpsc::UnboundedSender<Heard>) -> Result<()> {
    let mut text = String::new();
    while let Some(frame) = flow.frame().await {
        let when = Instant::now();
        let now = Utc::now();
        let Ok(bytes) = frame?.into_data() else { continue };
        text.push_str(std::str::from_utf8(&bytes)?);
        while let Some((block, rest)) = text.split_once("\n\n") {
            let data = block.lines().find_map(|line| line.strip_prefix("data: "));
            // What is no event of an order (the bar's) does not parse as one.
            let event = data.and_then(|data| serde_json::from_str::<OrderEvent>(data).ok());
            if let Some(OrderEvent { order, kind, at: Some(at) }) = event
                && kind == "placed"
            {
                let late = (now - at).as_seconds_f64() * 1e3;
                let _ = tell.send(Heard { screen, order, when, late });
            }
            text = rest.to_owned();
        }
    }
    bail!("the stream ended")
}
