//! How long until somebody can order.

use std::time::Duration;

use anyhow::Result;

use super::{Report, Section, Verdict, line};

impl Report {
    fn start(&mut self, what: &str, took: &str) {
        let text = self
            .sections
            .entry(Section::Starts)
            .or_insert_with(|| "\n## Starting\n\n| Start | Seconds |\n|---|--:|\n".to_owned());
        line(text, format_args!("| {what} | {took} |"));
    }

    fn started(&mut self, what: &str, took: Duration) {
        self.start(what, &format!("{:.1}", took.as_secs_f64()));
    }

    pub(in crate::bench) fn compiled(&mut self, took: Option<Duration>) {
        let what = "compilation from nothing, as `cargo run` does it, of sources that are fetched";
        match took {
            Some(took) => self.started(what, took),
            None => self.start(what, "not measured (`--cold-build`)"),
        }
    }

    pub(in crate::bench) fn started_empty(&mut self, took: Option<Result<Duration>>) {
        let what = "empty cache, empty data folder: until the first order is queued";
        let aim = "from the start to the first order with an empty cache: under 90 s";
        match took {
            Some(Ok(took)) => {
                self.started(what, took);
                let seconds = took.as_secs_f64();
                self.aim(aim, format!("{seconds:.1} s"), Verdict::of(seconds < 90.0, 0));
            }
            Some(Err(error)) => {
                self.start(what, &format!("not measured ({error:#})"));
                self.aim(aim, String::new(), Verdict::NotMeasured);
            }
            None => {
                self.start(what, "not measured (`--no-empty-cache`)");
                self.aim(aim, String::new(), Verdict::NotMeasured);
            }
        }
    }

    pub(in crate::bench) fn started_anew(&mut self, ready: Duration, every_part: Duration) {
        self.started("full cache, empty data folder: ready for the first order", ready);
        self.started("… until Kafka and Temporal are up, too", every_part);
    }

    pub(in crate::bench) fn started_again(
        &mut self,
        first: Duration,
        every_part: Duration,
        stopping: Duration,
        backlog: f64,
    ) {
        self.started("stopping in order, under load of the backlog", stopping);
        let what = format!(
            "with all these orders, {backlog:.0} events waiting for the workflow: until the first \
             order is queued"
        );
        self.started(&what, first);
        self.started("… until Kafka and Temporal are up, too", every_part);
        let seconds = first.as_secs_f64();
        self.aim(
            "from the start to the first order with existing data: under 10 s",
            format!("{seconds:.1} s"),
            Verdict::of(seconds < 10.0, 0),
        );
    }
}
