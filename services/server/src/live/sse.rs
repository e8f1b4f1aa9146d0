//! One listener's stream of server-sent events, as text on a connection.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::Stream;
use rand::RngExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    hub::{Next, Seat},
    ring::{Entry, Position, Resume, What},
};
use crate::{App, auth::Asker, metrics};

/// A page may know a position some milliseconds before it reaches us.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a listener wants to begin.
#[derive(Debug)]
pub enum Begin {
    /// With what comes now.
    Now,
    /// After a position.
    After(Position),
    /// After something that is no position: load again.
    Reset,
}

impl Begin {
    /// `Last-Event-ID` wins over `?after=`. What is no position is a reset, not an
    /// error: an error would stop the browser's reconnecting for good.
    pub fn of(last_event_id: Option<&str>, after: Option<&str>) -> Self {
        match last_event_id.filter(|id| !id.is_empty()).or(after.filter(|after| !after.is_empty()))
        {
            None => Self::Now,
            Some(text) => text.parse().map_or(Self::Reset, Self::After),
        }
    }
}

struct Listening {
    app: App,
    asker: Asker,
    seat: Seat,
    /// Until it has begun.
    begin: Option<Begin>,
    patience: Option<Instant>,
    position: Option<Position>,
    heartbeat: tokio::time::Interval,
    draining: CancellationToken,
    greeted: bool,
}

/// The body of `/v1/events`. Ends when the token expires or is revoked, when the
/// reader is too slow, and when the gateway drains.
pub fn stream(
    app: App,
    asker: Asker,
    seat: Seat,
    begin: Begin,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send {
    let every = app.config().heartbeat;
    // Who begins now begins before the answer does: what a page loads after it sees
    // the stream open is not older than what the stream tells.
    let (begin, position) = match begin {
        Begin::Now => match seat.begin_at_head() {
            Some(head) => (None, Some(head)),
            // Where the log is, is not known yet. What is said first may be news that
            // this screen has not seen: it has to load again then.
            None => (Some(Begin::Reset), None),
        },
        Begin::After(_) | Begin::Reset => (Some(begin), None),
    };
    let listening = Listening {
        seat,
        begin,
        patience: None,
        position,
        heartbeat: tokio::time::interval_at(Instant::now() + every, every),
        draining: app.draining().clone(),
        greeted: false,
        asker,
        app,
    };
    futures::stream::unfold(listening, |mut listening| async move {
        let text = listening.step().await?;
        Some((Ok(Bytes::from(text)), listening))
    })
}

impl Listening {
    async fn step(&mut self) -> Option<String> {
        if !self.greeted {
            self.greeted = true;
            // Not all at once after a restart.
            let wait = rand::rng().random_range(500..1_500);
            return Some(format!("retry: {wait}\n\n"));
        }
        let (app, holder) = (self.app.clone(), self.asker.holder());
        let mut over = std::pin::pin!(app.verifier().ended(&holder));
        let dropped = self.seat.dropped();
        loop {
            if self.draining.is_cancelled()
                || dropped.is_cancelled()
                || futures::poll!(&mut over).is_ready()
            {
                return None;
            }
            if let Some(text) = self.look() {
                return Some(text);
            }
            let patience = self.patience;
            let out_of_patience = async move {
                match patience {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.draining.cancelled() => return None,
                () = dropped.cancelled() => return None,
                () = &mut over => return None,
                () = out_of_patience => {}
                () = self.seat.changed() => {}
                _ = self.heartbeat.tick() => return Some(self.beat()),
            }
        }
    }

    /// What can be sent now.
    fn look(&mut self) -> Option<String> {
        if let Some(begin) = &self.begin {
            let Begin::After(after) = begin else {
                let head = self.seat.begin_at_head()?;
                return Some(self.reset(head));
            };
            let (resume, position) = self.seat.begin(after)?;
            match resume {
                Resume::From(_) => {}
                Resume::Reset => return Some(self.reset(position)),
                Resume::Ahead => {
                    let until = *self.patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                    if Instant::now() < until {
                        return None;
                    }
                    let head = self.seat.begin_at_head()?;
                    return Some(self.reset(head));
                }
            }
            self.begin = None;
            self.patience = None;
            self.position = Some(position);
        }
        loop {
            match self.seat.next() {
                Next::Nothing(position) => {
                    self.position = position.or(self.position.take());
                    return None;
                }
                Next::Reset(position) => return Some(self.reset(position)),
                Next::Events(entries, position) => {
                    let text = self.write(&entries, &position);
                    self.position = Some(position);
                    if !text.is_empty() {
                        return Some(text);
                    }
                }
            }
        }
    }

    fn write(&self, entries: &[Arc<Entry>], position: &Position) -> String {
        let mut text = String::new();
        for entry in entries.iter().filter(|entry| entry.is_for(&self.asker)) {
            let id = Position { epoch: position.epoch.clone(), number: entry.number };
            // Writing to a String cannot fail.
            let _ = match &entry.what {
                What::Order { data, at, .. } => {
                    metrics::event_sent(at.map(|at| self.app.now() - at));
                    write!(text, "id: {id}\nevent: order\ndata: {data}\n\n")
                }
                What::Bar => {
                    metrics::event_sent(None);
                    write!(text, "id: {id}\nevent: bar\ndata: {{}}\n\n")
                }
            };
        }
        text
    }

    fn reset(&mut self, position: Position) -> String {
        self.begin = None;
        self.patience = None;
        metrics::reset_sent();
        let text =
            format!("id: {position}\nevent: reset\ndata: {{\"position\":\"{position}\"}}\n\n");
        self.position = Some(position);
        text
    }

    /// A bare id: keeps the connection, and moves what the browser will resume from.
    fn beat(&self) -> String {
        match &self.position {
            Some(position) => format!("id: {position}\n\n"),
            None => ":\n\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_id_wins_and_nonsense_is_a_reset() {
        let after = |begin| match begin {
            Begin::After(position) => Some(position.to_string()),
            Begin::Now => None,
            Begin::Reset => Some("reset".to_owned()),
        };
        assert_eq!(after(Begin::of(Some("e1-7"), Some("e1-3"))).as_deref(), Some("e1-7"));
        assert_eq!(after(Begin::of(Some(""), Some("e1-3"))).as_deref(), Some("e1-3"));
        assert_eq!(after(Begin::of(None, None)), None);
        assert_eq!(after(Begin::of(None, Some("what"))).as_deref(), Some("reset"));
        assert_eq!(after(Begin::of(Some("what"), Some("e1-3"))).as_deref(), Some("reset"));
    }
}
