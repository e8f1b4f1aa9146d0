//! What a service reports of itself. Ready unless a required part is down, it
//! has not started yet, or is draining; optional parts only degrade it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use serde::Serialize;
use tokio::sync::watch;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<Mutex<State>>,
    ready: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    draining: bool,
    parts: BTreeMap<&'static str, PartState>,
}

#[derive(Debug, Clone, Serialize)]
struct PartState {
    required: bool,
    up: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `ready`, `degraded`, `starting`, `draining` or `down`.
    pub status: &'static str,
    /// Optional parts that are missing.
    pub degraded: Vec<&'static str>,
    parts: BTreeMap<&'static str, PartState>,
    #[serde(skip)]
    pub ready: bool,
}

/// One thing that a service needs; whoever talks to it reports how it is.
#[derive(Debug, Clone)]
pub struct Part {
    health: Health,
    name: &'static str,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    pub fn new() -> Self {
        Self { state: Arc::default(), ready: watch::Sender::new(false) }
    }

    /// A part without which the service is not ready. Down until its first `up()`.
    pub fn required(&self, name: &'static str) -> Part {
        self.part(name, true)
    }

    /// A part without which the service goes on, degraded. Down until its first `up()`.
    pub fn optional(&self, name: &'static str) -> Part {
        self.part(name, false)
    }

    fn part(&self, name: &'static str, required: bool) -> Part {
        self.change(|state| {
            state.parts.entry(name).or_insert_with(|| PartState {
                required,
                up: false,
                reason: Some("not reached yet".to_owned()),
            });
        });
        Part { health: self.clone(), name }
    }

    /// Start-up is over: listeners are open, migrations done.
    pub fn started(&self) {
        self.change(|state| state.started = true);
    }

    /// The end was asked for; not ready any more.
    pub fn draining(&self) {
        self.change(|state| state.draining = true);
    }

    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Tells each change of readiness.
    pub fn watch_ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    pub fn report(&self) -> Report {
        let state = self.lock();
        let required_down = state.parts.values().any(|part| part.required && !part.up);
        let degraded: Vec<_> = state
            .parts
            .iter()
            .filter(|(_, part)| !part.required && !part.up)
            .map(|(name, _)| *name)
            .collect();
        let (status, ready) = if state.draining {
            ("draining", false)
        } else if !state.started {
            ("starting", false)
        } else if required_down {
            ("down", false)
        } else if degraded.is_empty() {
            ("ready", true)
        } else {
            ("degraded", true)
        };
        Report { status, degraded, parts: state.parts.clone(), ready }
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.lock());
        let ready = self.report().ready;
        self.ready.send_if_modified(|before| std::mem::replace(before, ready) != ready);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl Part {
    /// It answers. Cheap when nothing changes; logs when it comes back.
    pub fn up(&self) {
        self.set(true, None);
    }

    /// It does not answer, and why. Logs when it goes.
    pub fn down(&self, reason: impl Into<String>) {
        self.set(false, Some(reason.into()));
    }

    pub fn is_up(&self) -> bool {
        self.health.lock().parts.get(self.name).is_some_and(|part| part.up)
    }

    fn set(&self, up: bool, reason: Option<String>) {
        let mut before = None;
        self.health.change(|state| {
            if let Some(part) = state.parts.get_mut(self.name) {
                before = Some(part.up);
                part.up = up;
                part.reason.clone_from(&reason);
            }
        });
        match (before, up) {
            (Some(false), true) => tracing::info!(part = self.name, "is there"),
            (Some(true), false) => tracing::warn!(part = self.name, reason, "is away"),
            (Some(_) | None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_required_parts_start_and_end_decide_readiness() {
        let health = Health::new();
        let database = health.required("postgres");
        let kafka = health.optional("kafka");
        assert_eq!(health.report().status, "starting");
        database.up();
        health.started();
        let report = health.report();
        assert_eq!((report.status, report.ready), ("degraded", true));
        assert_eq!(report.degraded, ["kafka"]);
        kafka.up();
        assert_eq!(health.report().status, "ready");
        database.down("connection refused");
        assert_eq!((health.report().status, health.is_ready()), ("down", false));
        database.up();
        assert!(health.is_ready());
        health.draining();
        assert_eq!((health.report().status, health.is_ready()), ("draining", false));
    }
}
