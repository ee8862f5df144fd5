//! The way out: the trace id on every answer, and tonic's own refusals put into our words.

use http::{HeaderMap, HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::policy::Method;
use crate::refusal::undecodable;

const TRACE: &str = "x-request-id";
const LONGEST_TRACE: usize = 64;

/// Health and reflection: they serve without a token.
pub fn is_infrastructure(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.") || path.starts_with("/grpc.reflection.v1.") || path.starts_with("/grpc.reflection.v1alpha.")
}

/// The id under which a call is found in the log: the caller's `x-request-id` if it is sane, else a new one.
pub fn trace_id<B>(request: &Request<B>) -> String {
    let given = request.headers().get(TRACE).and_then(|value| value.to_str().ok());
    let sane =
        |text: &&str| (1..=LONGEST_TRACE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    given.filter(sane).map_or_else(crate::refusal::error_id, str::to_owned)
}

/// Writes the trace id into the answer's metadata.
pub fn mark(response: &mut Response<Body>, trace: &str) {
    if let Ok(value) = HeaderValue::from_str(trace) {
        response.headers_mut().insert(TRACE, value);
    }
}

/// The code of an answer as far as its headers tell: a refusal is all headers.
pub fn code<B>(response: &Response<B>) -> Code {
    response.headers().get(Status::GRPC_STATUS).map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

/// Our refusals carry details; one without them comes from tonic, before a room was reached.
pub fn mapped(response: Response<Body>, method: Option<&Method>) -> Response<Body> {
    let headers: &HeaderMap = response.headers();
    if !headers.contains_key(Status::GRPC_STATUS) || headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    match Status::from_header_map(headers).and_then(|status| undecodable(&status, method.map(|method| method.max_request_bytes))) {
        Some(refused) => Status::from(refused).into_http(),
        None => response,
    }
}
