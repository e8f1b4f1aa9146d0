//! The end, in order: asked for → (health says draining, load balancers forget
//! us) → draining: take no new work → stopped: whoever still works is cut off.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

/// Cheap to clone; every part of a service holds one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    requested: CancellationToken,
    draining: CancellationToken,
    stopped: CancellationToken,
    /// Why, when it was not asked for politely. The first failure counts.
    failure: Arc<Mutex<Option<String>>>,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when no new work is to be taken; what is under way may end.
    pub const fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Cancelled when the time for ending is over.
    pub const fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Cancelled when somebody asked for the end, before draining begins.
    pub const fn requested(&self) -> &CancellationToken {
        &self.requested
    }

    /// Asks for the end, as a signal does.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Asks for the end because something broke; the exit code will say so.
    pub fn fail(&self, reason: impl Into<String>) {
        let mut failure = self.failure.lock().unwrap_or_else(|poison| poison.into_inner());
        failure.get_or_insert_with(|| reason.into());
        drop(failure);
        self.requested.cancel();
    }

    /// What broke, if something did.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    pub(crate) fn drain(&self) {
        self.requested.cancel();
        self.draining.cancel();
    }

    pub(crate) fn stop(&self) {
        self.drain();
        self.stopped.cancel();
    }
}
