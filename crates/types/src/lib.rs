//! What every room shares: typed ids, beans, timestamps and roles.

mod beans;
mod id;
mod role;
mod time;

pub use beans::Beans;
pub use id::{
    DeviceId, EventId, LedgerEntryId, MemberId, MenuItemId, NotificationId, OrderId, ParseIdError,
    SessionId,
};
pub use role::{Role, Roles};
pub use time::{IsoWeek, ParseIsoWeekError, Timestamp};
