//! A bucket of the test's own on a real S3 server, and the wire to it, on which things go wrong when a test wants them to.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use spazio::config::{Config, S3, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net;
use tokio::sync::Semaphore;

/// The bucket, looked at past the wire.
#[derive(Clone)]
pub struct Bucket {
    name: String,
    /// What lies between it and the server under test.
    pub wire: Arc<StoreWire>,
}

/// What goes wrong with a request.
#[derive(Clone)]
pub enum Mishap {
    /// It is answered with 503, and goes no further.
    Busy,
    /// The connection is cut before it is answered; it goes no further.
    CutOnTheWay,
    /// It is done, but the connection is cut in the middle of its answer.
    CutOnTheWayBack,
    /// It waits before it goes on, until it is let go.
    HeldBefore(Arc<Gate>),
    /// It is done, and its answer waits until it is let go.
    HeldAfter(Arc<Gate>),
}

/// Where a request waits.
pub struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Gate {
    fn closed() -> Arc<Self> {
        Arc::new(Self { arrived: Semaphore::new(0), open: Semaphore::new(0) })
    }

    /// Waits until a request is here.
    pub async fn arrived(&self) {
        self.arrived.acquire().await.expect("it is never closed").forget();
    }

    /// Lets one request go.
    pub fn opens(&self) {
        self.open.add_permits(1);
    }

    async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.expect("it is never closed").forget();
    }
}

/// A way to the S3 server. What it is told happens to the next requests of a method, one after the other; then all is well again.
pub struct StoreWire {
    address: SocketAddr,
    mishaps: Mutex<Vec<(&'static str, Mishap)>>,
    /// For as long as this is set, all requests are answered with 503.
    down: Mutex<bool>,
    seen: Mutex<Vec<String>>,
}

/// Every bucket by the data folder of its server: a test is told of its folder, and its settings were made before.
static BUCKETS: LazyLock<Mutex<HashMap<PathBuf, Bucket>>> = LazyLock::new(Mutex::default);

/// Has the server under test keep its documents in a bucket of its own, over a wire.
pub fn in_a_bucket(config: &mut Config) {
    let bucket = Bucket::fresh();
    bucket.configure(config);
    config.archive.store = Store::S3;
    locked(&BUCKETS).insert(config.data.folder.clone(), bucket);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bucket {
    /// A new one, empty.
    pub fn fresh() -> Self {
        let name = format!("bucket-{}", spazio::ids::Ids::new(spazio::clock::Clock::system()).next::<uuid::Uuid>().simple());
        let bucket = Self { name, wire: StoreWire::to(server()) };
        assert_eq!(bucket.asked("PUT", "", b"").0, 200, "the bucket is made");
        bucket
    }

    /// That of the server with this data folder, which was configured with [`in_a_bucket`].
    pub fn of(folder: &Path) -> Self {
        locked(&BUCKETS).get(folder).cloned().expect("the server was configured with a bucket")
    }

    /// Makes it the object store of these settings; where new documents go is another setting.
    pub fn configure(&self, config: &mut Config) {
        config.archive.s3 = Some(S3 {
            bucket: self.name.clone(),
            endpoint: Some(format!("http://{}", self.wire.address)),
            region: "us-east-1".to_owned(),
            prefix: "of/ours".to_owned(),
            access_key: Some(("test".to_owned(), "test".into())),
            request: Duration::from_secs(3),
        });
    }

    /// The same as flags of the command line.
    pub fn flags(&self) -> Vec<String> {
        let settings = [
            "store=s3".to_owned(),
            format!("s3_bucket={}", self.name),
            format!("s3_endpoint=http://{}", self.wire.address),
            "s3_region=us-east-1".to_owned(),
            "s3_prefix=of/ours".to_owned(),
            "s3_access_key_id=test".to_owned(),
            "s3_secret_access_key=test".to_owned(),
        ];
        settings.into_iter().flat_map(|setting| ["--set".to_owned(), format!("archive.{setting}")]).collect()
    }

    /// The names of all objects, in order.
    pub fn objects(&self) -> Vec<String> {
        let (status, list) = self.asked("GET", "?list-type=2", b"");
        assert_eq!(status, 200);
        let list = String::from_utf8(list).expect("the list is text");
        list.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().expect("its end").to_owned()).collect()
    }

    /// The only object.
    pub fn object(&self) -> String {
        let objects = self.objects();
        assert_eq!(objects.len(), 1, "{objects:?}");
        objects[0].clone()
    }

    pub fn read(&self, object: &str) -> Vec<u8> {
        let (status, bytes) = self.asked("GET", &format!("/{object}"), b"");
        assert_eq!(status, 200, "{object}");
        bytes
    }

    pub fn write(&self, object: &str, bytes: &[u8]) {
        assert_eq!(self.asked("PUT", &format!("/{object}"), bytes).0, 200, "{object}");
    }

    pub fn remove(&self, object: &str) {
        assert_eq!(self.asked("DELETE", &format!("/{object}"), b"").0, 204, "{object}");
    }

    /// Status and body of the answer to a request, past the wire.
    fn asked(&self, method: &str, rest: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(server()).expect("the S3 server listens");
        let head = format!(
            "{method} /{}{rest} HTTP/1.1\r\nhost: s3\r\nauthorization: {AUTHORIZATION}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.name,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).expect("it is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it is answered");
        let end = find(&answer, b"\r\n\r\n").expect("the end of its head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer[end + 4..].to_vec())
    }
}

/// The S3 server of all tests of this process; it ends when the process does.
#[expect(clippy::zombie_processes, reason = "nobody is left to wait for it")]
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = env::var_os("SPAZIO_TEST_PYTHON").map_or_else(|| root.join("target/tools/venv/bin/python"), PathBuf::from);
        let child = Command::new(&python)
            .arg(root.join("tests/s3/serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `./run-tests` installs it", python.display()));
        let mut port = String::new();
        BufReader::new(child.stdout.expect("its output is piped")).read_line(&mut port).expect("it prints its port");
        // Its input is closed when this process ends, and not before.
        std::mem::forget(child.stdin);
        let port: u16 = port.trim().parse().unwrap_or_else(|_| panic!("moto does not start in {}", python.display()));
        SocketAddr::from(([127, 0, 0, 1], port))
    })
}

/// Whoever asks must have a name; that he proves it is not asked of him.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=test/20260316/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

impl StoreWire {
    fn to(server: SocketAddr) -> Arc<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can be listened on");
        let listener = net::TcpListener::from_std(listener).expect("a test runs in a runtime");
        let address = listener.local_addr().expect("its address");
        let wire = Arc::new(Self { address, mishaps: Mutex::default(), down: Mutex::default(), seen: Mutex::default() });
        let of_the_wire = wire.clone();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let wire = of_the_wire.clone();
                // A mishap ends a connection as an error does.
                tokio::spawn(async move { wire.carried(caller, server).await.unwrap_or_default() });
            }
        });
        wire
    }

    /// The next request of a method, of those that nothing is planned for yet, comes to this.
    pub fn plans(&self, method: &'static str, mishap: Mishap) {
        locked(&self.mishaps).push((method, mishap));
    }

    /// The next request of a method waits before it is done.
    pub fn holds_before(&self, method: &'static str) -> Arc<Gate> {
        let gate = Gate::closed();
        self.plans(method, Mishap::HeldBefore(gate.clone()));
        gate
    }

    /// The answer to the next request of a method waits.
    pub fn holds_after(&self, method: &'static str) -> Arc<Gate> {
        let gate = Gate::closed();
        self.plans(method, Mishap::HeldAfter(gate.clone()));
        gate
    }

    /// From now on every request is answered with 503, or none any more.
    pub fn is_down(&self, down: bool) {
        *locked(&self.down) = down;
    }

    /// How many requests of this method came.
    pub fn requests(&self, method: &str) -> usize {
        locked(&self.seen).iter().filter(|seen| *seen == method).count()
    }

    fn mishap(&self, method: &str) -> Option<Mishap> {
        locked(&self.seen).push(method.to_owned());
        if *locked(&self.down) {
            return Some(Mishap::Busy);
        }
        let mut mishaps = locked(&self.mishaps);
        let next = mishaps.iter().position(|(planned, _)| *planned == method)?;
        Some(mishaps.remove(next).1)
    }

    /// One request, and the end of its connection.
    async fn carried(&self, mut caller: net::TcpStream, server: SocketAddr) -> std::io::Result<()> {
        let Some((head, body)) = request(&mut caller).await? else { return Ok(()) };
        let method = head.split(' ').next().unwrap_or_default().to_owned();
        let mishap = self.mishap(&method);
        match &mishap {
            Some(Mishap::Busy) => {
                let answer = b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                return caller.write_all(answer).await;
            }
            Some(Mishap::CutOnTheWay) => return Ok(()),
            Some(Mishap::HeldBefore(gate)) => gate.pass().await,
            Some(Mishap::CutOnTheWayBack | Mishap::HeldAfter(_)) | None => {}
        }
        let mut there = net::TcpStream::connect(server).await?;
        there.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await?;
        there.write_all(&body).await?;
        let mut answer = Vec::new();
        there.read_to_end(&mut answer).await?;
        match mishap {
            Some(Mishap::CutOnTheWayBack) => answer.truncate(answer.len() / 2),
            Some(Mishap::HeldAfter(gate)) => gate.pass().await,
            Some(Mishap::Busy | Mishap::CutOnTheWay | Mishap::HeldBefore(_)) | None => {}
        }
        caller.write_all(&answer).await
    }
}

/// A request, head with its blank line, and body; None if the caller went away.
async fn request(caller: &mut net::TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = find(&read, b"\r\n\r\n") {
            break end + 4;
        }
        if caller.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = read.split_off(end);
    while body.len() < length.unwrap_or(0) {
        if caller.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some((head, body)))
}
