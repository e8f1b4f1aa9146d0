//! What customer-service tells the world: members who joined and beans that
//! were booked, by ids and numbers only. They leave through the event log.

use customer_domain::kin::Kin;
use outbox::NewEvent;
use prost::Message;
use prost_types::Timestamp as WireTimestamp;
use types::{EventId, MemberId, Roles, Timestamp};
use wire::events::v1::{
    BeansBooked, CustomerEvent, MemberChanged, MemberJoined, MemberLeft, customer_event::What,
};

use crate::store::ledger::{Account, NewEntry};

/// That an entry was appended, after which the account stands as `after` says.
pub fn beans_booked(after: &Account, entry: &NewEntry) -> NewEvent {
    let what = What::BeansBooked(BeansBooked {
        entry_id: entry.id.to_string(),
        beans: entry.beans.count(),
        kind: entry.kind.name().to_owned(),
        cause: entry.cause.clone(),
    });
    encode("beans-booked", after.member, after.version, entry.at, what)
}

/// That a member joined: the first event about them.
pub fn member_joined(member: MemberId, kin: &Kin, at: Timestamp) -> NewEvent {
    let kind = kin.name().to_owned();
    encode("member-joined", member, 1, at, What::MemberJoined(MemberJoined { kind }))
}

/// That a member's card, roles or kind changed.
pub fn member_changed(
    member: MemberId,
    version: i64,
    roles: Roles,
    kin: &Kin,
    at: Timestamp,
) -> NewEvent {
    let roles = roles.iter().map(|role| role.name().to_owned()).collect();
    let what = What::MemberChanged(MemberChanged { roles, kind: kin.name().to_owned() });
    encode("member-changed", member, version, at, what)
}

/// That a member left for good: the last event about them but for bookings.
pub fn member_left(member: MemberId, version: i64, at: Timestamp) -> NewEvent {
    encode("member-left", member, version, at, What::MemberLeft(MemberLeft {}))
}

fn encode(kind: &str, member: MemberId, version: i64, at: Timestamp, what: What) -> NewEvent {
    let event_id = EventId::new();
    let event = CustomerEvent {
        event_id: event_id.to_string(),
        member_id: member.to_string(),
        version: version.unsigned_abs(),
        at: Some(wire_time(at)),
        what: Some(what),
    };
    NewEvent {
        event_id,
        stream_key: member.to_string(),
        version,
        kind: kind.to_owned(),
        payload: event.encode_to_vec(),
        traceparent: runtime::telemetry::traceparent(),
        at,
    }
}

/// A moment in protobuf.
pub fn wire_time(at: Timestamp) -> WireTimestamp {
    WireTimestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// A moment from protobuf; `None` when it is outside the calendar.
pub fn read_time(at: &WireTimestamp) -> Option<Timestamp> {
    Timestamp::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}
