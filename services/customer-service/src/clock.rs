//! The present moment, as the database keeps it.

use chrono::SubsecRound;
use types::Timestamp;

/// Now, cut to the microsecond: what is written reads back the same.
pub fn now() -> Timestamp {
    chrono::Utc::now().trunc_subsecs(6)
}
