//! How a call is refused: the one place where an error becomes a gRPC status.
//!
//! Every refusal carries a stable reason (errors.proto, docs/errors.md) and tells what to do. Rooms say of their errors what the caller
//! may see, through [`Refusal`]; what only the log may see is logged here, once, under an id that the caller gets.

use std::time::Duration;

use sea_orm::{DbErr, sqlx};
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, ErrorDetails, StatusExt};

use crate::db::{Fault, Reuse};
use crate::pb::spazio::v1::ErrorReason;

/// The domain of our ErrorInfo.
pub const DOMAIN: &str = "spazio.v1";

/// Something wrong with a field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path, for example `holder.email`.
    pub field: String,
    /// What is wrong and what is allowed.
    pub description: String,
}

/// A refusal, ready to be sent.
#[derive(Clone, Debug)]
pub struct Refused {
    reason: ErrorReason,
    message: String,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    /// Subject and description of a QuotaFailure.
    quota: Option<(String, String)>,
    /// Type, subject and description of PreconditionFailures.
    preconditions: Vec<(&'static str, String, String)>,
    retry_after: Option<Duration>,
    /// The same for the people in front of a panel: Italian and English.
    localized: Option<(String, String)>,
    /// What only the log may see.
    log: Option<String>,
}

impl Refused {
    /// A refusal with its reason, and a message that tells what was wrong and what to do.
    #[must_use]
    pub fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            metadata: Vec::new(),
            violations: Vec::new(),
            quota: None,
            preconditions: Vec::new(),
            retry_after: None,
            localized: None,
            log: None,
        }
    }

    /// A fault of the service: the caller gets an id, the log gets the id and what happened.
    #[must_use]
    pub fn fault(what: impl Into<String>) -> Self {
        let mut refused = Self::new(ErrorReason::InternalFault, "");
        refused.log = Some(what.into());
        refused
    }

    /// Adds a number or word that a client may want, by name.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    /// Adds the fields that are wrong.
    #[must_use]
    pub fn violations(mut self, violations: impl IntoIterator<Item = Violation>) -> Self {
        self.violations.extend(violations);
        self
    }

    /// Says which quota was met.
    #[must_use]
    pub fn quota(mut self, subject: impl Into<String>, description: impl Into<String>) -> Self {
        self.quota = Some((subject.into(), description.into()));
        self
    }

    /// Says which precondition does not hold.
    #[must_use]
    pub fn precondition(mut self, kind: &'static str, subject: impl Into<String>, description: impl Into<String>) -> Self {
        self.preconditions.push((kind, subject.into(), description.into()));
        self
    }

    /// Says when it is worth trying again.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Says it to people.
    #[must_use]
    pub fn localized(mut self, italian: impl Into<String>, english: impl Into<String>) -> Self {
        self.localized = Some((italian.into(), english.into()));
        self
    }

    /// Its reason.
    #[must_use]
    pub fn reason(&self) -> ErrorReason {
        self.reason
    }

    /// What was wrong and what to do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields that are wrong, and what is wrong with each.
    pub fn violated(&self) -> impl Iterator<Item = (&str, &str)> {
        self.violations.iter().map(|violation| (violation.field.as_str(), violation.description.as_str()))
    }

    /// Its message for people, Italian and English, if it has one.
    #[must_use]
    pub fn people(&self) -> Option<(&str, &str)> {
        self.localized.as_ref().map(|(italian, english)| (italian.as_str(), english.as_str()))
    }
}

/// A reason as it is written in ErrorInfo: without the enum's prefix.
#[must_use]
pub fn reason_name(reason: ErrorReason) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

/// The gRPC code that goes with a reason, always the same.
#[must_use]
pub fn code(reason: ErrorReason) -> Code {
    use ErrorReason as R;
    match reason {
        R::TokenMissing | R::TokenInvalid => Code::Unauthenticated,
        R::RoleNotAllowed => Code::PermissionDenied,
        R::MethodUnknown => Code::Unimplemented,
        R::InvalidRequest | R::MalformedRequest | R::DocumentUnreadable => Code::InvalidArgument,
        R::RequestTooLarge | R::SpaceExhausted => Code::ResourceExhausted,
        R::RequestIdReused
        | R::AccountExpired
        | R::AccountDeleted
        | R::InvoiceState
        | R::DocumentRefused
        | R::CartOrdered
        | R::OrderState
        | R::TermsNotAccepted => Code::FailedPrecondition,
        R::EtagMismatch | R::PricesChanged | R::PartChanged => Code::Aborted,
        R::DeadlineExceeded => Code::DeadlineExceeded,
        R::Overloaded | R::DatabaseUnavailable | R::OutcomeUnknown | R::DocumentStoreUnavailable | R::DocumentSealed => Code::Unavailable,
        R::InternalFault | R::Unspecified => Code::Internal,
        R::DocumentDamaged => Code::DataLoss,
        R::AccountNotFound
        | R::InvoiceNotFound
        | R::ReceiptNotFound
        | R::AttachmentNotFound
        | R::CartNotFound
        | R::OrderNotFound
        | R::ModuleUnknown => Code::NotFound,
        R::AccountExists | R::FileNameUsed | R::FileStored | R::ModulePresent | R::PaymentReferenceReused => Code::AlreadyExists,
    }
}

/// A request message with more bytes than its method allows.
#[must_use]
pub fn too_large(limit: usize) -> Refused {
    let message =
        format!("the request is larger than the {limit} bytes that this method allows: send less, each file in a call of its own");
    Refused::new(ErrorReason::RequestTooLarge, message).with("max_request_bytes", &limit)
}

/// A write that was decided on what is no longer so: `what` changed, and has this etag now.
#[must_use]
pub fn etag_mismatch(what: &str, current: &impl ToString) -> Refused {
    let message = format!("the {what} changed since it was read: its etag is {} now; read it again and decide again", current.to_string());
    Refused::new(ErrorReason::EtagMismatch, message).with("etag", current)
}

/// What tonic refuses by itself, in our words: bytes that are no message, or too many of them. tonic calls that INTERNAL or OUT_OF_RANGE;
/// it is the caller's. What tonic says of compressions and methods it does not know is right as it is: none.
#[must_use]
pub fn undecodable(status: &Status, limit: Option<usize>) -> Option<Refused> {
    let told = || format!("the request cannot be decoded: {}", status.message());
    match (status.code(), limit) {
        (Code::Internal | Code::InvalidArgument, _) => Some(Refused::new(ErrorReason::MalformedRequest, told())),
        (Code::OutOfRange, Some(limit)) => Some(too_large(limit)),
        (Code::OutOfRange, None) => Some(Refused::new(ErrorReason::RequestTooLarge, told())),
        _ => None,
    }
}

/// An error of a room that knows how it is refused.
pub trait Refusal {
    /// What the caller gets.
    fn refused(&self) -> Refused;
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        let Refused { reason, mut message, metadata, violations, quota, preconditions, retry_after, localized, log } = refused;
        let mut metadata: std::collections::HashMap<String, String> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if let Some(what) = log {
            let id = error_id();
            tracing::error!(error_id = %id, reason = reason_name(reason), "{what}");
            if reason == ErrorReason::InternalFault {
                message = format!("a fault of the service; give the error id {id} to its operators");
            }
            metadata.insert("error_id".to_owned(), id);
        }
        let message = cut(&message, LONGEST_MESSAGE);
        let mut details = ErrorDetails::with_error_info(reason_name(reason), DOMAIN, metadata);
        for violation in fitting(violations) {
            details.add_bad_request_violation(violation.field, violation.description);
        }
        if let Some((subject, description)) = quota {
            details.add_quota_failure_violation(subject, description);
        }
        for (kind, subject, description) in preconditions {
            details.add_precondition_failure_violation(kind, subject, description);
        }
        if let Some(pause) = retry_after {
            details.set_retry_info(Some(pause));
        }
        let mut details = as_list(&details);
        if let Some((italian, english)) = localized {
            details.push(ErrorDetail::LocalizedMessage(tonic_types::LocalizedMessage::new("it", italian)));
            details.push(ErrorDetail::LocalizedMessage(tonic_types::LocalizedMessage::new("en", english)));
        }
        Self::with_error_details_vec(code(reason), message, details)
    }
}

/// A status travels in headers, of which many clients take 8 KiB in all: what does not fit is counted instead of listed.
const LONGEST_MESSAGE: usize = 1024;
const LONGEST_DESCRIPTION: usize = 300;
const ALL_VIOLATIONS: usize = 3 * 1024;

fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest);
    format!("{} ...", &text[..end])
}

fn fitting(violations: Vec<Violation>) -> Vec<Violation> {
    let count = violations.len();
    let mut room = ALL_VIOLATIONS;
    let mut fitting = Vec::new();
    for Violation { field, description } in violations {
        let violation = Violation { field: cut(&field, LONGEST_DESCRIPTION), description: cut(&description, LONGEST_DESCRIPTION) };
        let Some(left) = room.checked_sub(violation.field.len() + violation.description.len()) else {
            let description = format!("and {} more", count - fitting.len());
            fitting.push(Violation { field: String::new(), description });
            break;
        };
        room = left;
        fitting.push(violation);
    }
    fitting
}

/// The list form can hold a LocalizedMessage for each language; the other cannot.
fn as_list(details: &ErrorDetails) -> Vec<ErrorDetail> {
    [
        details.error_info().cloned().map(ErrorDetail::ErrorInfo),
        details.bad_request().cloned().map(ErrorDetail::BadRequest),
        details.quota_failure().cloned().map(ErrorDetail::QuotaFailure),
        details.precondition_failure().cloned().map(ErrorDetail::PreconditionFailure),
        details.retry_info().cloned().map(ErrorDetail::RetryInfo),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A random id for a log line that somebody may ask for.
pub(crate) fn error_id() -> String {
    use ring::rand::SecureRandom;
    let mut bytes = [0; 8];
    // An id that is all zeros is still found in the log by its time.
    let _ = ring::rand::SystemRandom::new().fill(&mut bytes);
    data_encoding::HEXLOWER.encode(&bytes)
}

/// Lets `?` turn a room's error into a status.
macro_rules! into_status {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for tonic::Status {
            fn from(error: $error) -> Self {
                $crate::refusal::Refusal::refused(&error).into()
            }
        }
    )+};
}
pub(crate) use into_status;

/// Lets `?` carry faults of the database through a room's error, which has a variant `Fault`.
macro_rules! carries_faults {
    ($error:ty) => {
        impl From<sea_orm::DbErr> for $error {
            fn from(error: sea_orm::DbErr) -> Self {
                Self::Fault(error.into())
            }
        }

        impl $crate::db::Failure for $error {
            fn fault(&self) -> Option<&$crate::db::Fault> {
                if let Self::Fault(fault) = self { Some(fault) } else { None }
            }
        }
    };
}
pub(crate) use carries_faults;

into_status!(Fault, Reuse);

impl Refusal for Fault {
    fn refused(&self) -> Refused {
        match self {
            Self::Database(DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => {
                let message = "the database does not answer; nothing was done, try again shortly";
                logged(Refused::new(ErrorReason::DatabaseUnavailable, message), self).retry_after(Duration::from_secs(1))
            }
            Self::NoTurn => {
                let message = "the call's time was over before its write had a turn; nothing was done, repeat it with the same request_id and more time";
                Refused::new(ErrorReason::DeadlineExceeded, message)
            }
            Self::Overtaken => {
                let message = "another call was in the way; nothing was done, try again shortly";
                logged(Refused::new(ErrorReason::DatabaseUnavailable, message), self).retry_after(Duration::from_secs(1))
            }
            Self::Database(error) if overdue(error) => {
                let message = "the database could not finish in time; nothing was done, try again shortly";
                logged(Refused::new(ErrorReason::DatabaseUnavailable, message), self).retry_after(Duration::from_secs(1))
            }
            Self::Database(error) if out_of_room(error) => {
                let message = "the database has no room to write; nothing was done, and reading goes on; try again later";
                logged(Refused::new(ErrorReason::DatabaseUnavailable, message), self).retry_after(Duration::from_secs(30))
            }
            Self::Database(_) | Self::Broken(_) => Refused::fault(self.to_string()),
            Self::OutcomeUnknown(_) => {
                let message = "it is not known whether this was done; repeat the same request with the same request_id to find out";
                logged(Refused::new(ErrorReason::OutcomeUnknown, message), self).retry_after(Duration::from_millis(200))
            }
            Self::StoreUnavailable(_) => {
                let message = "where documents rest does not answer; nothing was done and nothing charged, try again shortly";
                logged(Refused::new(ErrorReason::DocumentStoreUnavailable, message), self).retry_after(Duration::from_secs(1))
            }
            Self::Sealed { document, .. } => {
                let message =
                    "the stored file cannot be opened by this server as it is configured; nothing is lost, the operators are alarmed";
                let refused = Refused::new(ErrorReason::DocumentSealed, message).with("document", &document.id.simple());
                logged(refused, self).retry_after(Duration::from_mins(1))
            }
            Self::Damaged { document, .. } => {
                let message = "the stored file is not there any more as it was stored; the operators are alarmed";
                logged(Refused::new(ErrorReason::DocumentDamaged, message), self).with("document", &document.id.simple())
            }
        }
    }
}

fn logged(mut refused: Refused, what: &Fault) -> Refused {
    refused.log = Some(what.to_string());
    refused
}

/// A statement that the database gave up for time or a lock, or a writer that found SQLite busy to the end of its time.
fn overdue(error: &DbErr) -> bool {
    let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)) | DbErr::Query(sea_orm::RuntimeErr::SqlxError(error))) = error else {
        return false;
    };
    if matches!(**error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) {
        return true;
    }
    code_of(error).is_some_and(|code| GAVE_UP.contains(&code.as_str()))
}

fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned))
}

/// A statement that found no room on the disk. PostgreSQL: disk_full. SQLite: SQLITE_FULL, SQLITE_IOERR_WRITE.
fn out_of_room(error: &DbErr) -> bool {
    let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)) | DbErr::Query(sea_orm::RuntimeErr::SqlxError(error))) = error else {
        return false;
    };
    code_of(error).is_some_and(|code| ["53100", "13", "778"].contains(&code.as_str()))
}

/// PostgreSQL: query_canceled, lock_not_available, serialization_failure and deadlock_detected that retries did not cure, admin_shutdown,
/// crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout. SQLite: SQLITE_BUSY and its extended forms.
const GAVE_UP: [&str; 11] = ["57014", "55P03", "40001", "40P01", "57P01", "57P02", "57P03", "25P03", "5", "261", "517"];

impl Refusal for Reuse {
    fn refused(&self) -> Refused {
        let message = "this request_id was used before with another request; use a new one for a new request";
        Refused::new(ErrorReason::RequestIdReused, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(number: usize) -> Violation {
        Violation { field: format!("field_{number}"), description: "é".repeat(120) }
    }

    #[test]
    fn a_refusal_fits_into_the_headers_that_clients_take() {
        let refused = Refused::new(ErrorReason::InvalidRequest, "à".repeat(5000)).violations((0..500).map(violation));
        let status = Status::from(refused);
        assert!(status.message().len() + status.details().len() < 6 * 1024, "{} + {}", status.message().len(), status.details().len());
        let told = status.get_details_bad_request().unwrap().field_violations;
        let last = &told.last().unwrap().description;
        assert_eq!(*last, format!("and {} more", 500 - (told.len() - 1)));
    }

    #[test]
    fn every_violation_is_listed_when_all_fit() {
        let status = Status::from(Refused::new(ErrorReason::InvalidRequest, "wrong").violations((0..5).map(violation)));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations.len(), 5);
    }
}
