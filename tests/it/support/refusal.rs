//! What a refusal says.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use spazio::pb::spazio::v1::ErrorReason;
use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetail, PreconditionViolation, QuotaViolation, StatusExt as _};

/// A refusal with its google.rpc details taken apart.
#[derive(Debug)]
pub struct Refusal {
    pub code: Code,
    pub reason: ErrorReason,
    pub message: String,
    /// ErrorInfo's metadata.
    pub metadata: HashMap<String, String>,
    /// BadRequest: field and description.
    pub violations: Vec<(String, String)>,
    pub quota: Vec<QuotaViolation>,
    pub preconditions: Vec<PreconditionViolation>,
    /// LocalizedMessage: language and text.
    pub localized: Vec<(String, String)>,
    pub retry_after: Option<Duration>,
}

/// The answer of a call that must have been served.
#[track_caller]
pub fn served<T>(result: Result<Response<T>, Status>) -> T {
    result.unwrap_or_else(|status| panic!("it was not served: {status}")).into_inner()
}

/// The refusal of a call that must have been refused.
#[track_caller]
pub fn refused<T: fmt::Debug>(result: Result<T, Status>) -> Refusal {
    match result {
        Ok(answer) => panic!("it was not refused: {answer:?}"),
        Err(status) => Refusal::of(&status),
    }
}

impl Refusal {
    /// Takes a status apart. One without a reason is no refusal of ours.
    #[track_caller]
    pub fn of(status: &Status) -> Self {
        let mut refusal = Self {
            code: status.code(),
            reason: ErrorReason::Unspecified,
            message: status.message().to_owned(),
            metadata: HashMap::new(),
            violations: Vec::new(),
            quota: Vec::new(),
            preconditions: Vec::new(),
            localized: Vec::new(),
            retry_after: None,
        };
        for detail in status.get_error_details_vec() {
            refusal.take(detail);
        }
        assert_ne!(refusal.reason, ErrorReason::Unspecified, "a refusal without a reason: {status:?}");
        refusal
    }

    fn take(&mut self, detail: ErrorDetail) {
        match detail {
            ErrorDetail::ErrorInfo(info) => {
                assert_eq!(info.domain, "spazio.v1");
                let name = format!("ERROR_REASON_{}", info.reason);
                self.reason = ErrorReason::from_str_name(&name).unwrap_or_else(|| panic!("{name} is not in the contract"));
                self.metadata = info.metadata;
            }
            ErrorDetail::BadRequest(bad) => {
                self.violations = bad.field_violations.into_iter().map(|violation| (violation.field, violation.description)).collect();
            }
            ErrorDetail::QuotaFailure(failure) => self.quota = failure.violations,
            ErrorDetail::PreconditionFailure(failure) => self.preconditions = failure.violations,
            ErrorDetail::LocalizedMessage(message) => self.localized.push((message.locale, message.message)),
            ErrorDetail::RetryInfo(retry) => self.retry_after = retry.retry_delay,
            other => panic!("a detail that the contract does not promise: {other:?}"),
        }
    }

    /// The fields that are wrong.
    pub fn fields(&self) -> Vec<&str> {
        self.violations.iter().map(|(field, _)| field.as_str()).collect()
    }

    /// A number of the metadata.
    #[track_caller]
    pub fn number(&self, key: &str) -> u64 {
        let text = self.metadata.get(key).unwrap_or_else(|| panic!("no {key} in {:?}", self.metadata));
        text.parse().unwrap_or_else(|_| panic!("{key} is {text:?}"))
    }
}
