//! How often somebody may try a link that is none: counted per device and for
//! the whole house, in Valkey so that replicas share it, and in memory while
//! Valkey is away. Only failures count, so that nobody who holds a good link
//! is kept out by a busy evening.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use runtime::{AppError, Code, valkey::Valkey};
use sha2::{Digest, Sha256};
use types::Timestamp;

use crate::metrics;

/// Failures per minute of one device, and of all together.
pub const PER_DEVICE: u32 = 20;
pub const ALL_TOGETHER: u32 = 300;
const WINDOW_SECONDS: i64 = 60;

/// Counts failed attempts in windows of a minute.
#[derive(Debug)]
pub struct AttemptLimit {
    valkey: Option<Valkey>,
    memory: Mutex<Memory>,
}

/// The present window's counts; at most [`ALL_TOGETHER`] devices are in it.
#[derive(Debug, Default)]
struct Memory {
    window: i64,
    counts: BTreeMap<String, u32>,
}

impl AttemptLimit {
    /// Without Valkey it counts in memory alone.
    pub fn new(valkey: Option<Valkey>) -> Self {
        Self { valkey, memory: Mutex::default() }
    }

    /// Refuses when too many attempts failed lately.
    pub async fn check(&self, device: &str, now: Timestamp) -> Result<(), AppError> {
        let window = now.timestamp() / WINDOW_SECONDS;
        let names = names(device);
        let counts = match self.shared(window, &names).await {
            Some(counts) => counts,
            None => {
                let memory = self.memory(window);
                names.each_ref().map(|name| memory.counts.get(name).copied().unwrap_or_default())
            }
        };
        if counts[0] < PER_DEVICE && counts[1] < ALL_TOGETHER {
            return Ok(());
        }
        metrics::SIGN_INS.add(1, &metrics::outcome("too-many-attempts"));
        let seconds = (window + 1) * WINDOW_SECONDS - now.timestamp();
        Err(AppError::new(Code::TooManyRequests, "Too many attempts. Please wait a minute.")
            .retry_after(Duration::from_secs(seconds.unsigned_abs().max(1))))
    }

    /// Counts a failed attempt.
    pub async fn failed(&self, device: &str, now: Timestamp) {
        let window = now.timestamp() / WINDOW_SECONDS;
        let names = names(device);
        {
            let mut memory = self.memory(window);
            let full = memory.counts.len() as u32 > ALL_TOGETHER;
            for name in &names {
                match memory.counts.get_mut(name) {
                    Some(count) => *count = count.saturating_add(1),
                    None if full => {}
                    None => {
                        memory.counts.insert(name.clone(), 1);
                    }
                }
            }
        }
        let Some(valkey) = &self.valkey else { return };
        for name in &names {
            let key = key(window, name);
            let counted: Result<u32, _> =
                valkey.ask("link-exchange.count", redis::cmd("INCR").arg(&key)).await;
            if let Ok(1) = counted {
                let mut expire = redis::cmd("EXPIRE");
                expire.arg(&key).arg(2 * WINDOW_SECONDS);
                let _: Result<i64, _> = valkey.ask("link-exchange.expire", &expire).await;
            }
        }
    }

    async fn shared(&self, window: i64, names: &[String; 2]) -> Option<[u32; 2]> {
        let valkey = self.valkey.as_ref()?;
        let mut command = redis::cmd("MGET");
        for name in names {
            command.arg(key(window, name));
        }
        let counts: Vec<Option<u32>> = valkey.ask("link-exchange.read", &command).await.ok()?;
        match counts[..] {
            [device, all] => Some([device.unwrap_or_default(), all.unwrap_or_default()]),
            _ => None,
        }
    }

    fn memory(&self, window: i64) -> MutexGuard<'_, Memory> {
        let mut memory = self.memory.lock().unwrap_or_else(|poison| poison.into_inner());
        if memory.window != window {
            *memory = Memory { window, counts: BTreeMap::new() };
        }
        memory
    }
}

fn names(device: &str) -> [String; 2] {
    // What a browser says of itself is no key: its hash is short and harmless.
    let digest: [u8; 32] = Sha256::digest(device.as_bytes()).into();
    [hex::encode(&digest[..8]), "all".to_owned()]
}

fn key(window: i64, name: &str) -> String {
    format!("customer:link-exchange:{window}:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_device_that_fails_often_waits_for_the_next_minute_and_others_do_not() {
        let limit = AttemptLimit::new(None);
        let now = Timestamp::from_timestamp(1_200, 0).unwrap();
        for _ in 0..PER_DEVICE {
            limit.check("phone", now).await.unwrap();
            limit.failed("phone", now).await;
        }
        let refused = limit.check("phone", now).await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyRequests);
        assert_eq!(refused.retry_after, Some(Duration::from_secs(60)));
        limit.check("tablet", now).await.unwrap();
        limit.check("phone", now + chrono::TimeDelta::seconds(60)).await.unwrap();
    }

    #[tokio::test]
    async fn many_devices_cannot_try_more_than_the_house_allows() {
        let limit = AttemptLimit::new(None);
        let now = Timestamp::from_timestamp(1_200, 0).unwrap();
        for device in 0..ALL_TOGETHER {
            limit.failed(&device.to_string(), now).await;
        }
        assert!(limit.check("another", now).await.is_err());
    }
}
