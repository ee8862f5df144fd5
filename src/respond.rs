//! Answers to repeatable calls.

use tonic::Response;
use tonic::metadata::MetadataValue;

use crate::db::Answer;

/// The metadata that marks an answer that was given before.
pub const REPLAY: &str = "idempotent-replay";

/// The response to a repeatable call, marked when its request_id was answered before.
#[must_use]
pub fn answer<T>(answer: Answer<T>) -> Response<T> {
    let mut response = Response::new(answer.message);
    if answer.replayed {
        response.metadata_mut().insert(REPLAY, MetadataValue::from_static("true"));
    }
    response
}
