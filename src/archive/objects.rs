//! The object store: a bucket that speaks S3. Every call is bounded in time, counted, and tried again where that can help.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt as _, PutMode, RetryConfig};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, sleep, timeout_at};

use crate::config::S3;
use crate::db::Fault;
use crate::ids::AccountId;
use crate::meters::{Meters, StoreOutcome};

/// The name of an object: whose it is, of which bytes, and the number of the life that these live in it.
///
/// A generation is used once: after an object was deleted, the same bytes get the next. So a deletion that is still on its way can never
/// meet bytes that were put later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectName {
    pub account: AccountId,
    /// SHA-256 of the original.
    pub sha256: Vec<u8>,
    pub generation: i64,
}

impl ObjectName {
    pub fn new(account: AccountId, sha256: &[u8], generation: i64) -> Self {
        Self { account, sha256: sha256.to_vec(), generation }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}", self.account, HEXLOWER.encode(&self.sha256), self.generation)
    }
}

impl FromStr for ObjectName {
    type Err = ();

    /// Reads what Display writes, and nothing else: what is not ours is never deleted.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (account, rest) = text.split_once('/').ok_or(())?;
        let (sha256, generation) = rest.split_once('.').ok_or(())?;
        let name = Self {
            account: account.parse().map_err(|_| ())?,
            sha256: HEXLOWER.decode(sha256.as_bytes()).map_err(|_| ())?,
            generation: generation.parse().map_err(|_| ())?,
        };
        if name.sha256.len() == 32 && name.generation >= 0 && name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

/// What the bucket lists.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// The name, if it is one of ours; otherwise the path as it stands.
    pub name: Result<ObjectName, String>,
    pub size: u64,
    pub last_modified: DateTime<Utc>,
}

/// Whether an object was put, or was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    New,
    There,
}

/// The bucket.
#[derive(Clone)]
pub(super) struct Objects {
    store: Arc<AmazonS3>,
    prefix: Path,
    meters: Meters,
}

/// So often a call is made anew when its connection broke or its answer did not come: object_store itself does so for what it holds to be
/// idempotent, which a conditional put is only to us.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);
/// More than the largest file that is taken, sealed.
const LARGEST: u64 = 2 * crate::fatturapa::MAX_FILE_BYTES as u64;

impl Objects {
    /// Opens the bucket; does not call it.
    pub fn open(settings: &S3, meters: Meters) -> Result<Self, object_store::Error> {
        let builder = match &settings.access_key {
            Some((id, secret)) => AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret.expose_secret()),
            None => AmazonS3Builder::from_env(),
        };
        let mut builder = builder
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            // One at a time, which every store that speaks S3 knows.
            .with_disable_bulk_delete(true)
            .with_http_connector(Connector { request: settings.request })
            .with_retry(RetryConfig {
                backoff: BackoffConfig { init_backoff: PAUSE, max_backoff: Duration::from_secs(2), base: 2.0 },
                max_retries: 8,
                // The call's own deadline ends it before.
                retry_timeout: Duration::from_mins(1),
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Self { store: Arc::new(builder.build()?), prefix: Path::from(settings.prefix.as_str()), meters })
    }

    fn path(&self, name: &ObjectName) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    /// Puts an object unless there is one of this name.
    pub async fn put_new(&self, name: &ObjectName, sealed: Vec<u8>, deadline: Instant) -> Result<Put, Fault> {
        let (path, payload) = (self.path(name), object_store::PutPayload::from(sealed));
        let put = self.call("put", deadline, || async {
            match self.store.put_opts(&path, payload.clone(), PutMode::Create.into()).await {
                Ok(_) => Ok(Put::New),
                Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::There),
                Err(error) => Err(error),
            }
        });
        put.await
    }

    /// Puts an object in the place of whatever is there.
    pub async fn put_over(&self, name: &ObjectName, sealed: Vec<u8>, deadline: Instant) -> Result<(), Fault> {
        let (path, payload) = (self.path(name), object_store::PutPayload::from(sealed));
        self.call("put", deadline, || async { self.store.put(&path, payload.clone()).await.map(|_| ()) }).await
    }

    /// The bytes of an object; None if there is none.
    pub async fn get(&self, name: &ObjectName, deadline: Instant) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(name);
        let got = self.call("get", deadline, || async {
            match self.store.get(&path).await {
                // No sealed file is so large: it is not read, and as damaged as an empty one.
                Ok(found) if found.meta.size > LARGEST => Ok(Some(Vec::new())),
                Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
                Err(error) if is_missing(&error) => Ok(None),
                Err(error) => Err(error),
            }
        });
        got.await
    }

    /// Deletes an object; one that is not there is deleted.
    pub async fn delete(&self, name: &ObjectName, deadline: Instant) -> Result<(), Fault> {
        let path = self.path(name);
        let deleted = self.call("delete", deadline, || async {
            match self.store.delete(&path).await {
                Err(error) if !is_missing(&error) => Err(error),
                Ok(()) | Err(_) => Ok(()),
            }
        });
        deleted.await
    }

    /// Everything under the prefix, in pages as the store gives them.
    pub fn list(&self) -> BoxStream<'static, Result<Listed, Fault>> {
        let prefix = self.prefix.clone();
        let named = move |path: &Path| {
            let rest = path.as_ref().strip_prefix(prefix.as_ref()).and_then(|rest| rest.strip_prefix('/'));
            rest.and_then(|rest| rest.parse().ok()).ok_or_else(|| path.to_string())
        };
        let listed = self.store.list(Some(&self.prefix));
        let listed = listed.map_ok(move |meta| Listed { name: named(&meta.location), size: meta.size, last_modified: meta.last_modified });
        Box::pin(listed.map_err(|error| unavailable("list", &error)))
    }

    async fn call<T, F: Future<Output = Result<T, object_store::Error>>>(
        &self,
        call: &'static str,
        deadline: Instant,
        attempt: impl Fn() -> F,
    ) -> Result<T, Fault> {
        let begun = Instant::now();
        let attempts = async {
            for _ in 1..ATTEMPTS {
                match attempt().await {
                    Err(error) if may_pass(&error) => sleep(PAUSE).await,
                    ended => return ended,
                }
            }
            attempt().await
        };
        // What is left lets the caller be told why, and what the call has still to do be done.
        let until = deadline - deadline.saturating_duration_since(begun) / 8;
        let result = match timeout_at(until, attempts).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(unavailable(call, &error)),
            Err(_) => Err(Fault::StoreUnavailable(format!("{call}: no answer within the call's time"))),
        };
        let outcome = if result.is_ok() { StoreOutcome::Ok } else { StoreOutcome::Failed };
        self.meters.store_call(call, outcome, begun.elapsed());
        result
    }
}

/// Whether another attempt may end otherwise. What object_store knows to be for ever (no permission, no such bucket) is not tried again.
fn may_pass(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::Generic { .. })
}

/// Whether there is no such object. That there is no such bucket is answered with the same code, and is no loss of documents.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && !error.to_string().contains("NoSuchBucket")
}

fn unavailable(call: &'static str, error: &object_store::Error) -> Fault {
    Fault::StoreUnavailable(format!("{call}: {error}"))
}

/// Makes the HTTP client: rustls on ring with the roots that are compiled in, and no proxy of the environment's.
#[derive(Debug)]
struct Connector {
    request: Duration,
}

const CONNECT: Duration = Duration::from_secs(5);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "S3", source };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(Box::new(error)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(self.request)
            .http1_only()
            .build();
        Ok(HttpClient::new(client.map_err(|error| failed(Box::new(error)))?))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_name_is_read_back_and_what_is_not_ours_is_no_name() {
        let name = ObjectName::new(AccountId(Uuid::from_u128(7)), &[0xab; 32], 12);
        assert_eq!(name.to_string().parse(), Ok(name.clone()));
        let text = name.to_string();
        for wrong in
            [text.replace(".12", ".012"), text.replace(".12", ".-1"), text.to_uppercase(), format!("{text}.bak"), "readme".to_owned()]
        {
            assert_eq!(wrong.parse::<ObjectName>(), Err(()), "{wrong}");
        }
    }
}
