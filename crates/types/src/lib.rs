//! What every room shares: typed ids, beans, timestamps and roles.

mod beans;
mod id;
mod role;
mod scope;
mod time;

pub use beans::Beans;
pub use id::{
    CorrectionId, DeviceId, EventId, FavouriteId, GiftId, GuestPassId, InvitationId, LedgerEntryId,
    MemberId, MenuItemId, NotificationId, OrderId, ParseIdError, PasskeyId, SessionId, TokenId,
};
pub use role::{Role, Roles};
pub use scope::Scope;
pub use time::{IsoWeek, ParseIsoWeekError, ParsePeriodError, Period, Timestamp};
