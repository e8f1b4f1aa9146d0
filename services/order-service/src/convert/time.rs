//! Moments between the wire and the house.

use chrono::DateTime;
use types::Timestamp;

/// A moment as protobuf writes it.
pub(crate) fn to_wire(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

/// The moment that a caller wrote, to the microsecond; `None` when there is no
/// such moment, or it lies outside of the years 2000 to 2199.
pub(crate) fn from_wire(wire: prost_types::Timestamp) -> Option<Timestamp> {
    let prost_types::Timestamp { seconds, nanos } = wire;
    let nanos = u32::try_from(nanos).ok()?;
    let at = DateTime::from_timestamp(seconds, nanos - nanos % 1_000)?;
    (946_684_800..7_258_118_400).contains(&at.timestamp()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_there_and_back_and_nonsense_is_refused() {
        let at = DateTime::from_timestamp_micros(1_795_363_200_123_456).unwrap();
        assert_eq!(from_wire(to_wire(at)), Some(at));
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, 0), (1_795_363_200, -1)] {
            assert_eq!(from_wire(prost_types::Timestamp { seconds, nanos }), None, "{seconds}");
        }
    }
}
