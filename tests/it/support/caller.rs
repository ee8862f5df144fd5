//! Calling the server, in any role.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use prost::bytes::{Buf, BufMut};
use spazio::call::ActsAs;
use spazio::clock::Clock;
use spazio::edge::token::DevelopmentKey;
use spazio::ids::AccountId;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::pb::account_service_client::AccountServiceClient;
use super::pb::cart_service_client::CartServiceClient;
use super::pb::invoices_service_client::InvoicesServiceClient;
use super::pb::order_service_client::OrderServiceClient;
use super::pb::quota_service_client::QuotaServiceClient;

/// The front door of a running server: its address, and what it takes to be let in.
#[derive(Clone)]
pub struct Front {
    channel: Channel,
    key: Arc<DevelopmentKey>,
    clock: Clock,
    drawn: Arc<AtomicU64>,
}

/// What is shown as proof of who calls.
#[derive(Clone)]
pub enum Bearer {
    /// Nothing.
    Nobody,
    /// This token, whatever it is.
    Token(String),
    /// A token that is minted for each call, so that it is good whatever the clock shows.
    Minted { key: Arc<DevelopmentKey>, clock: Clock, acts_as: ActsAs },
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller {
    channel: Channel,
    credentials: Credentials,
}

/// What goes into the metadata of each call.
#[derive(Clone)]
pub struct Credentials {
    bearer: Bearer,
    account: Option<String>,
}

/// A channel on which each call carries its credentials.
pub type Wire = InterceptedService<Channel, Credentials>;

impl Front {
    /// The server at `address` whose development key is in `data`.
    pub fn of(address: SocketAddr, data: &Path, clock: Clock) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI");
        Self::over(endpoint.connect_lazy(), data, clock)
    }

    /// The server at the other end of a channel.
    pub fn over(channel: Channel, data: &Path, clock: Clock) -> Self {
        let key = DevelopmentKey::load_or_create(data).unwrap_or_else(|error| panic!("{error}"));
        Self { channel, key: Arc::new(key), clock, drawn: Arc::default() }
    }

    /// The channel, without credentials.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Somebody in this role.
    pub fn caller(&self, acts_as: ActsAs) -> Caller {
        self.bearing(Bearer::Minted { key: self.key.clone(), clock: self.clock.clone(), acts_as })
    }

    /// Somebody who shows this.
    pub fn bearing(&self, bearer: Bearer) -> Caller {
        Caller { channel: self.channel.clone(), credentials: Credentials { bearer, account: None } }
    }

    /// Another service of the provider.
    pub fn service(&self) -> Caller {
        self.caller(ActsAs::Service)
    }

    /// One of the provider's staff.
    pub fn operator(&self) -> Caller {
        self.caller(ActsAs::Operator)
    }

    /// A token that was good for an hour from this moment on, for an audience.
    pub fn token(&self, acts_as: ActsAs, from: chrono::DateTime<chrono::Utc>, audience: &str) -> String {
        self.key.mint(acts_as, "test", from, TimeDelta::hours(1), "spazio", audience)
    }

    /// A number that this front gave nobody before.
    pub fn draw(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::Relaxed)
    }

    /// What the server's clock shows.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }
}

impl Caller {
    /// The same one, naming an account in the metadata.
    pub fn about(mut self, account: AccountId) -> Self {
        self.credentials.account = Some(account.to_string());
        self
    }

    fn wire(&self) -> Wire {
        InterceptedService::new(self.channel.clone(), self.credentials.clone())
    }

    pub fn accounts(&self) -> AccountServiceClient<Wire> {
        AccountServiceClient::new(self.wire())
    }

    pub fn quota(&self) -> QuotaServiceClient<Wire> {
        QuotaServiceClient::new(self.wire())
    }

    pub fn invoices(&self) -> InvoicesServiceClient<Wire> {
        InvoicesServiceClient::new(self.wire())
    }

    pub fn carts(&self) -> CartServiceClient<Wire> {
        CartServiceClient::new(self.wire())
    }

    pub fn orders(&self) -> OrderServiceClient<Wire> {
        OrderServiceClient::new(self.wire())
    }

    /// Calls any method by its path with any bytes: the answer's metadata and its messages.
    pub async fn raw(&self, path: &str, message: Vec<u8>) -> Result<(MetadataMap, Vec<Vec<u8>>), Status> {
        let mut grpc = Grpc::new(self.wire());
        grpc.ready().await.expect("a lazy channel is always ready");
        let path = path.parse().expect("a path");
        // A unary call is a stream of one.
        let answer = grpc.server_streaming(Request::new(message), path, Bytes).await?;
        let metadata = answer.metadata().clone();
        let mut stream = answer.into_inner();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            messages.push(message);
        }
        Ok((metadata, messages))
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = match &self.bearer {
            Bearer::Nobody => None,
            Bearer::Token(token) => Some(token.clone()),
            Bearer::Minted { key, clock, acts_as } => {
                Some(key.mint(*acts_as, "test", clock.now(), TimeDelta::hours(1), "spazio", "spazio"))
            }
        };
        let metadata = request.metadata_mut();
        if let Some(token) = token {
            metadata.insert("authorization", format!("Bearer {token}").parse().expect("a token is ASCII"));
        }
        if let Some(account) = &self.account {
            metadata.insert("account-id", account.parse().expect("an id is ASCII"));
        }
        Ok(request)
    }
}

/// Messages as the bytes they are.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}
