//! The table of codes: name, gRPC status code, HTTP status.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $grpc:ident, $http:literal;)*) => {
        /// The stable name of a refusal or failure. To add one, add a line to
        /// the table: name in kebab-case, gRPC code, HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// Every code, for documentation and tests.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The name in problem documents and `google.rpc.ErrorInfo.reason`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// The gRPC status code.
            pub const fn grpc(self) -> tonic::Code {
                match self { $(Self::$code => tonic::Code::$grpc,)* }
            }

            /// The HTTP status.
            pub const fn http(self) -> u16 {
                match self { $(Self::$code => $http,)* }
            }

            /// The code of a name, if it is one.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$code),)* _ => None }
            }
        }
    };
}

codes! {
    // -- the request itself --
    /// A field is missing, malformed or out of its bounds; `fields` says which.
    InvalidRequest = "invalid-request", InvalidArgument, 400;
    /// A page cursor or live position that we did not deal.
    InvalidCursor = "invalid-cursor", InvalidArgument, 400;
    /// The body is larger than we read.
    PayloadTooLarge = "payload-too-large", ResourceExhausted, 413;
    /// The body came too slowly.
    RequestTimeout = "request-timeout", DeadlineExceeded, 408;
    /// The body is of a kind that we do not read.
    UnsupportedMediaType = "unsupported-media-type", InvalidArgument, 415;
    /// We serve nothing at this path.
    UnknownPath = "unknown-path", Unimplemented, 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "method-not-allowed", Unimplemented, 405;
    /// The Host is not one of ours.
    UnknownHost = "unknown-host", InvalidArgument, 421;
    /// Posted from another origin's page.
    CrossOrigin = "cross-origin", PermissionDenied, 403;
    /// Too often; `retry_after` says when again.
    TooManyRequests = "too-many-requests", ResourceExhausted, 429;
    /// A condition (`If-Match`, …) does not hold.
    PreconditionFailed = "precondition-failed", FailedPrecondition, 412;

    // -- who asks --
    /// No token, or one that is expired, revoked or not ours.
    Unauthenticated = "unauthenticated", Unauthenticated, 401;
    /// A sign-in link or refresh token that is used up, expired or unknown.
    InvalidCredential = "invalid-credential", Unauthenticated, 401;
    /// Not this member's PIN; `details.tries_left` before they have to wait.
    WrongPin = "wrong-pin", PermissionDenied, 403;
    /// Too many wrong PINs; `retry_after` says when again.
    PinLocked = "pin-locked", ResourceExhausted, 429;
    /// This member has no PIN for such a device.
    NoPin = "no-pin", FailedPrecondition, 409;
    /// Signed in, but without the role or right.
    Forbidden = "forbidden", PermissionDenied, 403;
    /// No passkey of this house, or not any more.
    PasskeyUnknown = "passkey-unknown", Unauthenticated, 401;
    /// What a passkey's device answered does not prove what it should.
    PasskeyRefused = "passkey-refused", FailedPrecondition, 422;
    /// A passkey was made or used at an address that is not the house's.
    PasskeyElsewhere = "passkey-elsewhere", FailedPrecondition, 422;
    /// A passkey was asked for too long ago, or answered already.
    PasskeyTooLate = "passkey-too-late", FailedPrecondition, 409;
    /// The house's address is none that browsers give passkeys to.
    PasskeysOff = "passkeys-off", FailedPrecondition, 409;
    /// Whether sessions are revoked is not known at the moment: changes by
    /// admins wait.
    IdentityUnavailable = "identity-unavailable", Unavailable, 503;

    /// The family would be left without an admin.
    LastAdmin = "last-admin", FailedPrecondition, 409;
    /// A child would be left without a guardian; `details.child` says which.
    LastGuardian = "last-guardian", FailedPrecondition, 409;

    // -- things --
    /// There is no such thing, or the caller may not know of it.
    NotFound = "not-found", NotFound, 404;
    /// It is there already.
    AlreadyExists = "already-exists", AlreadyExists, 409;
    /// The thing's state does not allow it.
    Conflict = "conflict", FailedPrecondition, 409;

    // -- orders --
    /// The same idempotency key with another body.
    IdempotencyKeyReused = "idempotency-key-reused", FailedPrecondition, 422;
    /// The command needs an `Idempotency-Key`.
    IdempotencyKeyMissing = "idempotency-key-missing", InvalidArgument, 400;
    /// The order changed since its sender looked; `details.current` is its version.
    Stale = "stale-version", Aborted, 409;
    /// The order is over.
    OrderClosed = "order-closed", FailedPrecondition, 409;
    /// The order's state does not know this command.
    WrongState = "wrong-state", FailedPrecondition, 409;
    /// Another barista has it.
    TakenByAnother = "taken-by-another", FailedPrecondition, 409;
    /// Only who has it, or placed it, may.
    NotYours = "not-yours", PermissionDenied, 403;
    /// The role does not allow this command in this state.
    NotAllowed = "not-allowed", PermissionDenied, 403;
    /// Uncollected, but no longer of this day.
    TooLate = "too-late", FailedPrecondition, 409;
    /// The bar is paused; `details.until` when known.
    BarPaused = "bar-paused", FailedPrecondition, 409;
    /// The bar is closed; `details.until` when known.
    BarClosed = "bar-closed", FailedPrecondition, 409;
    /// An item, milk or extra is off today.
    SoldOut = "sold-out", FailedPrecondition, 409;
    /// The menu has no such item or choice.
    NotOnTheMenu = "not-on-the-menu", InvalidArgument, 422;
    /// What is asked for again costs something else by now; `details.now_beans`
    /// and `details.was_beans`.
    PriceChanged = "price-changed", FailedPrecondition, 409;
    /// A choice of what is asked for again is gone, or is to be made now.
    ChoicesChanged = "choices-changed", FailedPrecondition, 409;
    /// None of the favourites is the usual.
    NoUsual = "no-usual", NotFound, 404;
    /// More than one order may hold.
    TooMany = "too-many", InvalidArgument, 422;
    /// The line is not in this order, or struck already.
    NoSuchLine = "no-such-line", NotFound, 404;

    /// Only a guardian of the child may say so.
    NotGuardian = "not-guardian", PermissionDenied, 403;
    /// The day's limits of a child say no; `details.offers` is what is possible,
    /// `details.may_ask` whether its guardian can be asked.
    LimitReached = "limit-reached", FailedPrecondition, 409;
    /// It holds what must not be in the cup of whom it is for.
    HoldsAllergen = "holds-allergen", FailedPrecondition, 409;
    /// Its warnings are to be read before it is made.
    WarningsUnread = "warnings-unread", FailedPrecondition, 409;

    // -- beans --
    /// The balance would pass the floor.
    NotEnoughBeans = "not-enough-beans", FailedPrecondition, 409;
    /// The same revision was settled with another amount.
    SettlementConflict = "settlement-conflict", FailedPrecondition, 409;

    // -- ours --
    /// Something that we need is away; `retry_after` says when to try again.
    Unavailable = "unavailable", Unavailable, 503;
    /// It took longer than the request had.
    DeadlineExceeded = "deadline-exceeded", DeadlineExceeded, 504;
    /// The caller went away.
    Cancelled = "cancelled", Cancelled, 499;
    /// A defect of ours; the log has the cause under the trace id.
    Internal = "internal", Internal, 500;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_distinct_kebab_names_that_read_back() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.name()), Some(*code), "{code} stands twice");
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!((400..600).contains(&code.http()), "{code}");
        }
    }
}
