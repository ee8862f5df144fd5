//! What is counted while the server runs, and the page on which a scraper reads it.
//!
//! Names and labels are an operator's interface: docs/operations.md lists them, and a test holds the page to that list.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tonic::Code;

/// Counters of one server. Clones count together.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

struct Inner {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    call_time: Family<MethodLabel, Histogram>,
    under_way: Gauge,
    connections_refused: Counter,
    writes: Family<WriteLabels, Counter>,
    write_time: Family<OpLabel, Histogram>,
    retries: Family<OpLabel, Counter>,
    jobs: Family<JobLabels, Counter>,
    store_calls: Family<StoreLabels, Counter>,
    store_time: Family<StoreCallLabel, Histogram>,
    damaged: Counter,
    cleaned: Family<CleanLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    op: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OpLabel {
    op: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    job: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreCallLabel {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CleanLabel {
    outcome: &'static str,
}

/// From a millisecond to some 25 seconds.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.5, 12))
}

impl Default for Meters {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("spazio");
        let calls = Family::<CallLabels, Counter>::default();
        registry.register("calls", "Calls by method and gRPC code", calls.clone());
        let call_time = Family::<MethodLabel, Histogram>::new_with_constructor(times);
        registry.register_with_unit("call", "From a call's arrival to the beginning of its answer", Unit::Seconds, call_time.clone());
        let under_way = Gauge::default();
        registry.register("calls_under_way", "Calls that are being served; limits.concurrent_calls is the most", under_way.clone());
        let connections_refused = Counter::default();
        registry.register("connections_refused", "Connections that were closed because too many were open", connections_refused.clone());
        let writes = Family::<WriteLabels, Counter>::default();
        registry.register("writes", "Write transactions by how they ended; broken and unknown must be looked at", writes.clone());
        let write_time = Family::<OpLabel, Histogram>::new_with_constructor(times);
        registry.register_with_unit(
            "write",
            "From asking for a turn to the end of the transaction, retries included",
            Unit::Seconds,
            write_time.clone(),
        );
        let retries = Family::<OpLabel, Counter>::default();
        registry.register("write_retries", "Attempts that lost against another transaction and were made again", retries.clone());
        let jobs = Family::<JobLabels, Counter>::default();
        registry.register("jobs", "Background jobs by how they ended", jobs.clone());
        let store_calls = Family::<StoreLabels, Counter>::default();
        registry.register("store_calls", "Calls of the object store by how they ended, after their retries", store_calls.clone());
        let store_time = Family::<StoreCallLabel, Histogram>::new_with_constructor(times);
        registry.register_with_unit(
            "store_call",
            "How long calls of the object store took, retries included",
            Unit::Seconds,
            store_time.clone(),
        );
        let damaged = Counter::default();
        registry.register("documents_damaged", "Stored files that were met missing or damaged; the log says which", damaged.clone());
        let cleaned = Family::<CleanLabel, Counter>::default();
        registry.register("objects_cleaned", "Objects that the clean-up took by what became of them", cleaned.clone());
        Self(Arc::new(Inner {
            registry,
            calls,
            call_time,
            under_way,
            connections_refused,
            writes,
            write_time,
            retries,
            jobs,
            store_calls,
            store_time,
            damaged,
            cleaned,
        }))
    }
}

/// How a write transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It was committed.
    Committed,
    /// Its request_id had been answered before: nothing was done.
    Repeated,
    /// A rule refused it: nothing was done.
    Refused,
    /// The database refused or failed: nothing was done.
    Failed,
    /// It found no turn in its time: nothing was done.
    NoTurn,
    /// The commit may have happened or not.
    Unknown,
    /// Something that must hold did not: it was rolled back, and the log says what.
    Broken,
}

impl WriteOutcome {
    fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NoTurn => "no_turn",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

/// How a call of the object store ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It was answered, also when there was nothing of that name.
    Ok,
    /// It was refused, or not answered in time.
    Failed,
}

/// What became of an object that the clean-up took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanOutcome {
    /// It was deleted.
    Deleted,
    /// A document needs it.
    Kept,
    /// The object store did not delete it; it is tried again.
    Failed,
}

impl Meters {
    /// A call of the object store ended.
    pub fn store_call(&self, call: &'static str, outcome: StoreOutcome, took: Duration) {
        let word = match outcome {
            StoreOutcome::Ok => "ok",
            StoreOutcome::Failed => "failed",
        };
        self.0.store_calls.get_or_create(&StoreLabels { call, outcome: word }).inc();
        self.0.store_time.get_or_create(&StoreCallLabel { call }).observe(took.as_secs_f64());
    }

    /// A stored file was found missing or damaged.
    pub fn document_damaged(&self) {
        self.0.damaged.inc();
    }

    /// The clean-up took an object.
    pub fn cleaned(&self, outcome: CleanOutcome) {
        let outcome = match outcome {
            CleanOutcome::Deleted => "deleted",
            CleanOutcome::Kept => "kept",
            CleanOutcome::Failed => "failed",
        };
        self.0.cleaned.get_or_create(&CleanLabel { outcome }).inc();
    }

    /// A call was answered. `method` is its path in the contract: what a stranger asks for must not become a label.
    pub fn call(&self, method: Option<&'static str>, code: Code, took: Duration) {
        let method = method.map_or("unknown", |path| path.trim_start_matches('/'));
        self.0.calls.get_or_create(&CallLabels { method, code: code_name(code) }).inc();
        self.0.call_time.get_or_create(&MethodLabel { method }).observe(took.as_secs_f64());
    }

    /// A connection was closed because too many were open.
    pub fn connection_refused(&self) {
        self.0.connections_refused.inc();
    }

    /// A write ended.
    pub fn write(&self, op: &'static str, outcome: WriteOutcome, took: Duration) {
        self.0.writes.get_or_create(&WriteLabels { op, outcome: outcome.word() }).inc();
        self.0.write_time.get_or_create(&OpLabel { op }).observe(took.as_secs_f64());
    }

    /// An attempt to write lost against another one and is made again.
    pub fn write_again(&self, op: &'static str) {
        self.0.retries.get_or_create(&OpLabel { op }).inc();
    }

    /// A background job ended; one that failed is tried again.
    pub fn job(&self, job: &'static str, failed: bool) {
        self.0.jobs.get_or_create(&JobLabels { job, outcome: if failed { "failed" } else { "ok" } }).inc();
    }

    /// Everything counted, in the OpenMetrics text format, with how many calls are served at this moment.
    pub fn page(&self, calls_under_way: u32) -> Result<String, fmt::Error> {
        self.0.under_way.set(calls_under_way.into());
        let mut page = String::new();
        encode(&mut page, &self.0.registry)?;
        Ok(page)
    }
}

/// A code as gRPC writes it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_handbook_lists_every_series_with_its_labels_and_no_other() {
        let meters = Meters::default();
        meters.call(None, Code::Ok, Duration::ZERO);
        meters.write("op", WriteOutcome::Committed, Duration::ZERO);
        meters.write_again("op");
        meters.job("job", false);
        meters.store_call("get", StoreOutcome::Ok, Duration::ZERO);
        meters.cleaned(CleanOutcome::Kept);
        let page = meters.page(0).unwrap();
        let series = page.lines().filter(|line| !line.starts_with('#') && !line.contains("le=") && !line.contains("_sum"));
        let served: BTreeSet<_> = series.map(|line| named(line.rsplit_once(' ').unwrap().0)).collect();
        let handbook = include_str!("../docs/operations.md");
        let listed: BTreeSet<_> = handbook.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let listed: BTreeSet<_> = listed.into_iter().filter(|name| name.starts_with("spazio_")).map(str::to_owned).collect();
        assert_eq!(served, listed);
    }

    /// A series as the handbook names it: labels without their values, a histogram by what it measures.
    fn named(series: &str) -> String {
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
        let labels: Vec<_> = labels.split(',').filter_map(|label| label.split_once('=')).map(|(label, _)| label).collect();
        let name = name.trim_end_matches("_count");
        if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
    }
}
