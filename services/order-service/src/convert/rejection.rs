//! Refusals of the domain by their names on the wire.

use order_domain::{BarShut, Invalid, Otherwise, Rejection};
use runtime::{AppError, Code};

use crate::app::Bitten;

/// Why a command was not done.
pub(crate) fn refused(rejection: &Rejection) -> AppError {
    let message = sentence(&rejection.to_string());
    match rejection {
        Rejection::Closed { state } => {
            AppError::new(Code::OrderClosed, message).detail("state", state)
        }
        Rejection::Stale { current } => {
            AppError::new(Code::Stale, message).detail("current", current)
        }
        Rejection::TakenBy { barista } => {
            AppError::new(Code::TakenByAnother, message).detail("barista", barista)
        }
        Rejection::NotYours => AppError::new(Code::NotYours, message),
        Rejection::NotAllowed => AppError::new(Code::NotAllowed, message),
        Rejection::NotNow { state, command } => AppError::new(Code::WrongState, message)
            .detail("state", state)
            .detail("command", command),
        Rejection::NoSuchItem { line } => AppError::new(Code::NoSuchLine, message.clone())
            .field("line", rejection.code(), message)
            .detail("line", line),
        Rejection::LastItem => AppError::new(Code::WrongState, message.clone()).field(
            "line",
            rejection.code(),
            message,
        ),
        Rejection::ReasonMissing | Rejection::ReasonTooLong { most: _ } => {
            AppError::invalid("reason", rejection.code(), message)
        }
        Rejection::WrongItemCount => AppError::invalid("items", rejection.code(), message),
        Rejection::TooLate => AppError::new(Code::TooLate, message),
        Rejection::NotGuardian => AppError::new(Code::NotGuardian, message),
        Rejection::WarningsUnread => AppError::new(Code::WarningsUnread, message),
    }
}

/// Why no order is taken at the moment.
pub(crate) fn shut(shut: BarShut) -> AppError {
    let (code, message) = match shut {
        BarShut::Paused { .. } => (Code::BarPaused, "The bar is taking a break."),
        BarShut::Closed { .. } => (Code::BarClosed, "The bar is closed."),
    };
    let error = AppError::new(code, message);
    match shut.until() {
        Some(until) => error.detail("until", until.to_rfc3339()),
        None => error,
    }
}

/// Fields that cannot be taken as they are. When all that is wrong is that
/// things are off today, the code says so.
pub(crate) fn invalid(wrong: Vec<Invalid>) -> AppError {
    let all = |code: &str| wrong.iter().all(|invalid| invalid.code == code);
    let code = if all("sold-out") {
        Code::SoldOut
    } else if all("unknown-menu-item") {
        Code::NotOnTheMenu
    } else if all("holds-allergen") {
        Code::HoldsAllergen
    } else if all("too-many") {
        Code::TooMany
    } else {
        Code::InvalidRequest
    };
    let message = match wrong.as_slice() {
        [Invalid { path, code: _, message }] => format!("{path}: {message}"),
        _ => "Some fields cannot be taken as they are.".to_owned(),
    };
    wrong.into_iter().fold(AppError::new(code, message), |error, invalid| {
        let Invalid { path, code, message } = invalid;
        error.field(path, code, message)
    })
}

/// The same for what was agreed to once: what became of the menu since.
pub(crate) fn invalid_by_now(wrong: Vec<Invalid>) -> AppError {
    match Otherwise::of(&wrong) {
        Some(changed) => otherwise(&changed),
        None => invalid(wrong),
    }
}

/// A child's limits of the day say no: to which items, why, and what is possible.
pub(crate) fn limited(bitten: &Bitten) -> AppError {
    let Bitten { bites, offers, may_ask, .. } = bitten;
    let says: Vec<String> = bites.iter().map(|(_, bite)| bite.to_string()).collect();
    let mut message = sentence(&bitten.why());
    if !offers.is_empty() {
        message.push_str(&format!(" Possible is: {}.", offers.join(", ")));
    }
    let error = AppError::new(Code::LimitReached, message)
        .detail("offers", offers.join("; "))
        .detail("may_ask", may_ask);
    bites.iter().zip(says).fold(error, |error, ((at, bite), says)| {
        error.field(format!("items[{at}]"), bite.code(), says)
    })
}

/// What is asked for again is not what was agreed to.
pub(crate) fn otherwise(changed: &Otherwise) -> AppError {
    let error = AppError::new(code_of(changed), sentence(&changed.to_string()));
    match changed {
        Otherwise::Price { was, now } => {
            error.detail("was_beans", was.count()).detail("now_beans", now.count())
        }
        Otherwise::SoldOut(_) | Otherwise::NotOnTheMenu | Otherwise::Choices(_) => error,
    }
}

const fn code_of(changed: &Otherwise) -> Code {
    match changed {
        Otherwise::SoldOut(_) => Code::SoldOut,
        Otherwise::NotOnTheMenu => Code::NotOnTheMenu,
        Otherwise::Choices(_) => Code::ChoicesChanged,
        Otherwise::Price { .. } => Code::PriceChanged,
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).chain(['.']).collect(),
        None => String::new(),
    }
}
