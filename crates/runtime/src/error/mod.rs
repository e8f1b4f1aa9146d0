//! One code, three faces: what went wrong has one stable name, which gRPC, REST
//! and the logs all show. Causes are for the logs; messages are for people.

mod code;

use std::{collections::BTreeMap, error::Error, fmt, time::Duration};

use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

pub use code::Code;

/// `ErrorInfo.domain` of our errors.
const DOMAIN: &str = "everything";

/// One field of a request that cannot be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: `items[2].size`.
    pub path: String,
    /// What, stable: `unknown`, `too-long`, `required`.
    pub code: String,
    /// What, for a person.
    pub message: String,
}

/// What a use case fails with; see [`Code`]. Its message may be shown to
/// anybody; its `source` never leaves the process.
#[derive(Debug)]
pub struct AppError {
    pub code: Code,
    pub message: String,
    /// Fields that are wrong, for [`Code::InvalidRequest`] and its like.
    pub fields: Vec<FieldError>,
    /// Facts that a program can use: `current`, `until`.
    pub details: BTreeMap<String, String>,
    /// When it is worth to try again.
    pub retry_after: Option<Duration>,
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl AppError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
            details: BTreeMap::new(),
            retry_after: None,
            source: None,
        }
    }

    /// One field is wrong.
    pub fn invalid(path: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let path = path.into();
        Self::new(Code::InvalidRequest, format!("{path}: {message}")).field(path, code, message)
    }

    /// There is no such thing: `AppError::not_found("order")`.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// Something we need is away; try again in a second.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Unavailable, "Something that is needed is away. Please try again.")
            .retry_after(Duration::from_secs(1))
            .caused_by(source)
    }

    /// A defect of ours.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "Something went wrong on our side.").caused_by(source)
    }

    #[must_use]
    pub fn field(
        mut self,
        path: impl Into<String>,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        self.fields.push(FieldError {
            path: path.into(),
            code: code.to_owned(),
            message: message.into(),
        });
        self
    }

    #[must_use]
    pub fn detail(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What another service answered, code, fields and all.
    pub fn from_status(status: tonic::Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let retry_after = details.retry_info().and_then(|info| info.retry_delay);
        let Some((code, info)) = info.and_then(|info| Some((Code::parse(&info.reason)?, info)))
        else {
            return Self::of_foreign(status, retry_after);
        };
        let fields = details.bad_request().map(|bad| &bad.field_violations[..]).unwrap_or_default();
        let fields = fields
            .iter()
            .enumerate()
            .map(|(at, violation)| FieldError {
                path: violation.field.clone(),
                code: info.metadata.get(&field_key(at)).cloned().unwrap_or_default(),
                message: violation.description.clone(),
            })
            .collect();
        let facts = info
            .metadata
            .iter()
            .filter(|(name, _)| !name.starts_with(FIELD_KEY))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let message = status.message().to_owned();
        Self { code, message, fields, details: facts, retry_after, source: None }
    }

    /// A status that did not come from a handler of ours: its message is for
    /// the log, not for people.
    fn of_foreign(status: tonic::Status, retry_after: Option<Duration>) -> Self {
        let error = match status.code() {
            tonic::Code::Unavailable => Self::unavailable(status),
            tonic::Code::DeadlineExceeded => {
                Self::new(Code::DeadlineExceeded, "It took too long. Please try again.")
                    .caused_by(status)
            }
            tonic::Code::Cancelled => Self::new(Code::Cancelled, "Cancelled.").caused_by(status),
            tonic::Code::Unauthenticated => {
                Self::new(Code::Unauthenticated, "Please sign in.").caused_by(status)
            }
            tonic::Code::PermissionDenied => {
                Self::new(Code::Forbidden, "You may not do this.").caused_by(status)
            }
            tonic::Code::NotFound => Self::not_found("thing").caused_by(status),
            tonic::Code::InvalidArgument => {
                Self::new(Code::InvalidRequest, "The request is not valid.").caused_by(status)
            }
            tonic::Code::ResourceExhausted => {
                Self::new(Code::TooManyRequests, "Too much at once.").caused_by(status)
            }
            tonic::Code::Ok
            | tonic::Code::Unknown
            | tonic::Code::AlreadyExists
            | tonic::Code::FailedPrecondition
            | tonic::Code::Aborted
            | tonic::Code::OutOfRange
            | tonic::Code::Unimplemented
            | tonic::Code::Internal
            | tonic::Code::DataLoss => Self::internal(status),
        };
        Self { retry_after: retry_after.or(error.retry_after), ..error }
    }

    /// Whether trying again may help (it is away or was too slow).
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.code,
            Code::Unavailable
                | Code::DeadlineExceeded
                | Code::IdentityUnavailable
                | Code::Cancelled
        )
    }

    /// Message and causes in one line, for a log.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// Writes causes down where they stay inside: defects as errors, outages as
    /// warnings, refusals not at all. Within a span the line has the trace id.
    pub fn log(&self) {
        match self.code {
            Code::Internal => tracing::error!(code = %self.code, cause = self.chain(), "failed"),
            Code::Unavailable | Code::DeadlineExceeded | Code::IdentityUnavailable => {
                tracing::warn!(code = %self.code, cause = self.chain(), "could not be done now");
            }
            _ => {
                if self.source.is_some() {
                    tracing::debug!(code = %self.code, cause = self.chain(), "refused");
                }
            }
        }
    }
}

const FIELD_KEY: &str = "field_code_";

fn field_key(at: usize) -> String {
    format!("{FIELD_KEY}{at}")
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Error for AppError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<AppError> for tonic::Status {
    /// Logs the causes (they end here) and makes the status of the rest.
    fn from(error: AppError) -> Self {
        error.log();
        let AppError { code, message, fields, details, retry_after, source: _ } = error;
        let mut metadata: std::collections::HashMap<String, String> = details.into_iter().collect();
        let mut faces = ErrorDetails::new();
        if !fields.is_empty() {
            metadata.extend(
                fields.iter().enumerate().map(|(at, field)| (field_key(at), field.code.clone())),
            );
            let violations: Vec<_> = fields
                .into_iter()
                .map(|field| FieldViolation::new(field.path, field.message))
                .collect();
            faces.set_bad_request(violations);
        }
        faces.set_error_info(code.name(), DOMAIN, metadata);
        if let Some(after) = retry_after {
            faces.set_retry_info(Some(after));
        }
        Self::with_error_details(code.grpc(), message, faces)
    }
}

impl From<tonic::Status> for AppError {
    fn from(status: tonic::Status) -> Self {
        Self::from_status(status)
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        if crate::postgres::is_outage(&error) {
            Self::new(Code::Unavailable, "The database is away. Please try again.")
                .retry_after(Duration::from_secs(2))
                .caused_by(error)
        } else {
            Self::internal(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_the_wire_whole_but_for_its_cause() {
        let error = AppError::invalid("items[2].size", "unknown", "there is no size \"vast\"")
            .field("items[3].milk", "sold-out", "oat milk is off today")
            .detail("current", 7)
            .retry_after(Duration::from_secs(3))
            .caused_by("a secret cause");
        let status = tonic::Status::from(error);
        assert!(!format!("{status:?}").contains("secret cause"));
        let back = AppError::from_status(status);
        assert_eq!(back.code, Code::InvalidRequest);
        assert_eq!(back.message, "items[2].size: there is no size \"vast\"");
        assert_eq!(
            back.fields.iter().map(|field| (&*field.path, &*field.code)).collect::<Vec<_>>(),
            [("items[2].size", "unknown"), ("items[3].milk", "sold-out")]
        );
        assert_eq!(back.details, BTreeMap::from([("current".to_owned(), "7".to_owned())]));
        assert_eq!(back.retry_after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_foreign_status_keeps_its_kind_and_hides_its_message() {
        let back = AppError::from_status(tonic::Status::unavailable("tcp connect error 10.1.2.3"));
        assert_eq!(back.code, Code::Unavailable);
        assert!(back.retry_after.is_some() && !back.message.contains("10.1.2.3"));
        let back = AppError::from_status(tonic::Status::unknown("panic at src/main.rs"));
        assert_eq!(back.code, Code::Internal);
        assert!(!back.message.contains("panic"));
    }

    #[test]
    fn a_lost_database_is_unavailable_and_a_defect_is_internal() {
        let lost = AppError::from(sqlx::Error::PoolTimedOut);
        assert_eq!((lost.code, lost.code.http()), (Code::Unavailable, 503));
        assert!(lost.retry_after.is_some() && lost.is_transient());
        let defect = AppError::from(sqlx::Error::ColumnNotFound("x".to_owned()));
        assert_eq!(defect.code, Code::Internal);
    }
}
