//! What somebody can mend is said beside the form that they sent.

use http::StatusCode;
use runtime::Code;

use super::{order::place::errors_of, view::Errors};
use crate::{problem::Problem, web::PageError};

/// What to say beside the form; everything else is a page of its own.
pub(crate) fn mendable(problem: Problem) -> Result<(StatusCode, Errors), PageError> {
    match problem.code() {
        Code::InvalidRequest
        | Code::AlreadyExists
        | Code::Conflict
        | Code::TooMany
        | Code::LastAdmin
        | Code::LastGuardian
        | Code::NotGuardian
        | Code::PasskeyRefused
        | Code::PasskeyElsewhere
        | Code::PasskeyTooLate
        | Code::PasskeysOff => Ok((problem.status(), errors_of(&problem))),
        _ => Err(problem.into()),
    }
}
