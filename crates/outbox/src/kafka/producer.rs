//! The producer and the one thread that hands out its reports.
//!
//! `FutureProducer` would do the same, but its thread looks ten times a second,
//! and each time spins through what is left of the last millisecond (librdkafka
//! counts whole ones): 0.8 % of a core in each service, while nothing happens.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, TryRecvError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use rdkafka::{
    client::Client,
    error::KafkaError,
    message::DeliveryResult,
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext},
};
use tokio::sync::oneshot;

use super::{Quiet, client};

/// How often the thread looks for complaints while nothing is under way.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits for one report after the other; ending takes as long.
const BUSY: Duration = Duration::from_millis(250);

/// Where the report of one message goes.
pub(super) type Report = Box<oneshot::Sender<Result<(), KafkaError>>>;

/// The report to come.
pub(super) struct Reported(oneshot::Receiver<Result<(), KafkaError>>);

impl Reported {
    pub(super) async fn wait(self) -> Result<(), KafkaError> {
        self.0.await.unwrap_or(Err(KafkaError::Canceled))
    }
}

/// An idempotent producer. Dropping it drops what it has queued, and may take a
/// moment: not for an async thread.
pub(super) struct Producer {
    base: Arc<BaseProducer<Quiet>>,
    /// Wakes the thread; gone, it ends the thread. One wake-up waiting is enough.
    wake: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Producer {
    pub(super) fn new(brokers: &str, quiet: Quiet) -> anyhow::Result<Self> {
        let base: BaseProducer<Quiet> = client(brokers)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("compression.codec", "lz4")
            .set("delivery.timeout.ms", "120000")
            .set("queue.buffering.max.kbytes", "4096")
            .create_with_context(quiet)
            .context("make a Kafka producer")?;
        let base = Arc::new(base);
        let (wake, woken) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("kafka reports".to_owned()).spawn({
            let base = Arc::clone(&base);
            move || hand_out_reports(&base, &woken)
        })?;
        Ok(Self { base, wake: Some(wake), thread: Some(thread) })
    }

    /// Queues a message at once, so that order is kept; its report comes later.
    pub(super) fn send<'a>(
        &self,
        message: impl FnOnce(Report) -> BaseRecord<'a, str, [u8], Report>,
    ) -> Reported {
        let (report, reported) = oneshot::channel();
        if let Err((error, message)) = self.base.send(message(Box::new(report))) {
            let _ = message.delivery_opaque.send(Err(error));
        }
        if let Some(wake) = &self.wake {
            // Full: it is woken already.
            let _ = wake.try_send(());
        }
        Reported(reported)
    }

    pub(super) fn client(&self) -> &Client<Quiet> {
        self.base.client()
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs until the producer goes.
fn hand_out_reports(base: &BaseProducer<Quiet>, woken: &mpsc::Receiver<()>) {
    loop {
        match woken.recv_timeout(IDLE) {
            Ok(()) => {
                while base.in_flight_count() > 0
                    && woken.try_recv() != Err(TryRecvError::Disconnected)
                {
                    base.poll(BUSY);
                }
            }
            Err(RecvTimeoutError::Timeout) => base.poll(Duration::ZERO),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl ProducerContext for Quiet {
    type DeliveryOpaque = Report;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Report) {
        let result = result.as_ref().map(|_| ()).map_err(|(error, _)| error.clone());
        // Nobody waits any more: then nobody is told.
        let _ = report.send(result);
    }
}
