//! Passkeys: how long a request for one may be answered, how many somebody has,
//! and what they are called.

use chrono::TimeDelta;
use types::Timestamp;

/// How long a request may be answered; browsers are told the same.
pub const ANSWER_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// How many one member has.
pub const MOST: usize = 20;
/// How many requests may wait for their answer, of everybody together.
pub const MOST_REQUESTS: i64 = 10_000;
/// Characters of a name.
pub const LONGEST_NAME: usize = 40;
/// What one is called that was given no name.
pub const UNNAMED: &str = "Passkey";

/// A request to make or use a passkey: it is answered once, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub expires_at: Timestamp,
    pub answered_at: Option<Timestamp>,
}

/// Why an answer comes too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLate {
    #[error("nothing like that was asked")]
    NeverAsked,
    #[error("it was answered already")]
    Answered,
    #[error("it was asked too long ago")]
    Expired,
}

/// Whether a request may be answered now. The caller marks it answered in the
/// same transaction, whatever becomes of the answer.
pub fn answer(request: Option<Request>, now: Timestamp) -> Result<(), TooLate> {
    let Some(request) = request else { return Err(TooLate::NeverAsked) };
    if request.answered_at.is_some() {
        return Err(TooLate::Answered);
    }
    if request.expires_at <= now {
        return Err(TooLate::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_once_and_in_time() {
        let now = Timestamp::UNIX_EPOCH;
        let fresh = Request { expires_at: now + ANSWER_WITHIN, answered_at: None };
        assert_eq!(answer(Some(fresh), now), Ok(()));
        assert_eq!(answer(Some(fresh), fresh.expires_at), Err(TooLate::Expired));
        let answered = Request { answered_at: Some(now), ..fresh };
        assert_eq!(answer(Some(answered), now), Err(TooLate::Answered));
        assert_eq!(answer(Some(answered), fresh.expires_at), Err(TooLate::Answered));
        assert_eq!(answer(None, now), Err(TooLate::NeverAsked));
    }
}
