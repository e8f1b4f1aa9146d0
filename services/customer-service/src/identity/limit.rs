//! How often somebody may try a link that is none: counted per device and for
//! the whole house, in Valkey so that replicas share it, and in memory as well,
//! for while Valkey is away. Each attempt is counted before it is made, so that
//! many at once are no way around, and given back unless it was a wrong one:
//! nobody who holds a good link is kept out by a busy evening.
//!
//! A device is what it calls itself, and a robot may call itself anything: then
//! the house's limit holds, and the gateway's, which counts by address.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use redis::{Cmd, FromRedisValue};
use runtime::{AppError, Code, valkey::Valkey};
use sha2::{Digest, Sha256};
use types::Timestamp;

use crate::metrics;

/// Wrong attempts per minute of one device, and of all together.
pub const PER_DEVICE: u32 = 20;
pub const ALL_TOGETHER: u32 = 300;
const MOST: [u32; 2] = [PER_DEVICE, ALL_TOGETHER];
const WINDOW_SECONDS: i64 = 60;

/// Counts under both names, unless one has reached its limit: 1 or 0.
const TAKE: &str = "
    for place, key in ipairs(KEYS) do
        if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[place]) then return 0 end
    end
    for _, key in ipairs(KEYS) do
        redis.call('INCR', key)
        redis.call('EXPIRE', key, ARGV[3])
    end
    return 1";
const GIVE_BACK: &str = "
    for _, key in ipairs(KEYS) do
        if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
    end
    return 1";

/// Counts wrong attempts in windows of a minute.
#[derive(Debug)]
pub struct AttemptLimit {
    valkey: Option<Valkey>,
    memory: Mutex<Memory>,
}

/// One that was counted.
#[derive(Debug)]
#[must_use = "it stays counted unless it is given back"]
pub struct Attempt {
    window: i64,
    names: [String; 2],
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

    /// Counts one more attempt; refuses when too many were wrong lately.
    pub async fn take(&self, device: &str, now: Timestamp) -> Result<Attempt, AppError> {
        let attempt = Attempt { window: now.timestamp() / WINDOW_SECONDS, names: names(device) };
        if self.take_here(&attempt) {
            if self.take_shared(&attempt).await {
                return Ok(attempt);
            }
            self.give_back_here(&attempt);
        }
        metrics::SIGN_INS.add(1, &metrics::outcome("too-many-attempts"));
        let seconds = (attempt.window + 1) * WINDOW_SECONDS - now.timestamp();
        Err(AppError::new(Code::TooManyRequests, "Too many attempts. Please wait a minute.")
            .retry_after(Duration::from_secs(seconds.unsigned_abs().max(1))))
    }

    /// Counts it no longer: it was not a wrong one.
    pub async fn give_back(&self, attempt: Attempt) {
        self.give_back_here(&attempt);
        let _: Option<i64> = self.eval("link-exchange.give-back", GIVE_BACK, &attempt).await;
    }

    fn take_here(&self, attempt: &Attempt) -> bool {
        let mut memory = self.memory(attempt.window);
        let count = |name| memory.counts.get(name).copied().unwrap_or_default();
        if attempt.names.iter().zip(MOST).any(|(name, most)| count(name) >= most) {
            return false;
        }
        for name in &attempt.names {
            *memory.counts.entry(name.clone()).or_default() += 1;
        }
        true
    }

    fn give_back_here(&self, attempt: &Attempt) {
        let mut memory = self.memory(attempt.window);
        for name in &attempt.names {
            if let Some(count) = memory.counts.get_mut(name) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// While Valkey is away nobody is refused by it.
    async fn take_shared(&self, attempt: &Attempt) -> bool {
        self.eval::<i64>("link-exchange.take", TAKE, attempt).await != Some(0)
    }

    async fn eval<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &str,
        attempt: &Attempt,
    ) -> Option<T> {
        let mut command = Cmd::new();
        command.arg("EVAL").arg(script).arg(attempt.names.len());
        for name in &attempt.names {
            command.arg(format!("customer:link-exchange:{}:{name}", attempt.window));
        }
        command.arg(&MOST).arg(2 * WINDOW_SECONDS);
        self.valkey.as_ref()?.ask(operation, &command).await.ok()
    }

    fn memory(&self, window: i64) -> MutexGuard<'_, Memory> {
        let mut memory = self.memory.lock().unwrap_or_else(|poison| poison.into_inner());
        if memory.window < window {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_device_that_fails_often_waits_for_the_next_minute_and_others_do_not() {
        let limit = AttemptLimit::new(None);
        let now = Timestamp::from_timestamp(1_200, 0).unwrap();
        for _ in 0..PER_DEVICE {
            let _wrong = limit.take("phone", now).await.unwrap();
        }
        let refused = limit.take("phone", now).await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyRequests);
        assert_eq!(refused.retry_after, Some(Duration::from_secs(60)));
        let _wrong = limit.take("tablet", now).await.unwrap();
        let later = now + chrono::TimeDelta::seconds(60);
        let _wrong = limit.take("phone", later).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_not_wrong_is_given_back() {
        let limit = AttemptLimit::new(None);
        let now = Timestamp::from_timestamp(1_200, 0).unwrap();
        for _ in 0..=ALL_TOGETHER {
            let good = limit.take("phone", now).await.unwrap();
            limit.give_back(good).await;
        }
    }

    #[tokio::test]
    async fn many_devices_cannot_try_more_than_the_house_allows() {
        let limit = AttemptLimit::new(None);
        let now = Timestamp::from_timestamp(1_200, 0).unwrap();
        for device in 0..ALL_TOGETHER {
            let _wrong = limit.take(&device.to_string(), now).await.unwrap();
        }
        assert!(limit.take("another", now).await.is_err());
    }
}
