//! Connections: how many at once, and how long one may say nothing before its first call. tonic bounds neither.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

use crate::meters::Meters;

/// What every HTTP/2 client says first (RFC 9113, 3.4); a TLS greeting is longer.
const PREFACE_BYTES: usize = 24;
/// A peer that has not said it by then wants nothing from us.
const PATIENCE: Duration = Duration::from_secs(10);
/// After the system refused a connection, usually for want of file descriptors: trying again at once would only turn in circles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections may be open, and for how long each.
#[derive(Clone)]
pub struct Places {
    free: Arc<Semaphore>,
    longest: Duration,
    meters: Meters,
}

impl Places {
    /// At most `limit` connections at once. One that is still open after `longest` is cut: by then it was asked to go, and what it served
    /// had time to end.
    #[must_use]
    pub fn new(limit: usize, longest: Duration, meters: Meters) -> Self {
        Self { free: Arc::new(Semaphore::new(limit)), longest, meters }
    }

    /// The connection with a place; without one it is closed. More are closed at once instead of queued: their clients find another replica
    /// sooner.
    pub fn take(&self, stream: TcpStream) -> Option<Connection> {
        let place = self.free.clone().try_acquire_owned();
        if place.is_err() {
            self.meters.connection_refused();
            tracing::debug!("a connection was closed: as many are open as may be");
        }
        Some(Connection::new(stream, place.ok()?, self.longest))
    }
}

/// The connections that come in and find a place.
pub fn connections(incoming: TcpIncoming, places: Places) -> impl Stream<Item = io::Result<Connection>> {
    stream::unfold((incoming, places), async |(mut incoming, places)| {
        let connection = next(&mut incoming, &places).await?;
        Some((Ok(connection), (incoming, places)))
    })
}

async fn next(incoming: &mut TcpIncoming, places: &Places) -> Option<Connection> {
    loop {
        match incoming.next().await? {
            Ok(stream) => {
                if let Some(connection) = places.take(stream) {
                    return Some(connection);
                }
            }
            Err(error) => {
                tracing::error!("a connection cannot be accepted: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection with its place among those that are open.
pub struct Connection {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    /// While the peer has not said enough to be a client.
    greeting: Option<Greeting>,
    /// When it is cut, whatever is still open on it.
    end: Pin<Box<Sleep>>,
}

struct Greeting {
    missing: usize,
    patience: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, longest: Duration) -> Self {
        let greeting = Greeting { missing: PREFACE_BYTES, patience: Box::pin(sleep(PATIENCE)) };
        Self { stream, _place: place, greeting: Some(greeting), end: Box::pin(sleep(longest)) }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let Some(greeting) = &mut self.greeting else { return read };
        greeting.missing = greeting.missing.saturating_sub(buffer.filled().len() - before);
        if greeting.missing == 0 {
            self.greeting = None;
        } else if read.is_pending() && greeting.patience.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn incoming() -> (TcpIncoming, std::net::SocketAddr) {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        (incoming, address)
    }

    fn places(limit: usize) -> Places {
        Places::new(limit, Duration::from_secs(100), Meters::default())
    }

    #[tokio::test]
    async fn a_connection_too_many_is_closed_and_a_place_that_is_given_back_is_given_again() {
        let (incoming, address) = incoming();
        let mut open = Box::pin(connections(incoming, places(1)));
        let _first_peer = TcpStream::connect(address).await.unwrap();
        let first = open.next().await.unwrap().unwrap();
        let mut second_peer = TcpStream::connect(address).await.unwrap();
        let mut byte = [0];
        let closed = tokio::select! {
            _ = open.next() => panic!("there was no place"),
            read = second_peer.read(&mut byte) => read,
        };
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
        drop(first);
        let _third_peer = TcpStream::connect(address).await.unwrap();
        open.next().await.unwrap().unwrap();
    }

    /// Paused time runs on by itself as soon as nothing else is to be done.
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_too_little_is_given_up_and_one_that_greets_may_be_silent_afterwards() {
        let (incoming, address) = incoming();
        let mut open = Box::pin(connections(incoming, places(2)));
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..PREFACE_BYTES - 1]).await.unwrap();
        let mut connection = open.next().await.unwrap().unwrap();
        let mut heard = Vec::new();
        let error = connection.read_to_end(&mut heard).await.unwrap_err();
        assert_eq!((error.kind(), heard.len()), (io::ErrorKind::TimedOut, PREFACE_BYTES - 1));

        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(&[0; PREFACE_BYTES]).await.unwrap();
        let mut connection = open.next().await.unwrap().unwrap();
        connection.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        let silent = tokio::time::timeout(PATIENCE * 2, connection.read(&mut [0])).await;
        assert!(silent.is_err(), "{silent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_cut_at_the_end_of_its_time() {
        let (incoming, address) = incoming();
        let mut open = Box::pin(connections(incoming, places(1)));
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(&[0; PREFACE_BYTES]).await.unwrap();
        let mut connection = open.next().await.unwrap().unwrap();
        connection.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        let cut = tokio::time::timeout(Duration::from_secs(101), connection.read(&mut [0])).await.unwrap();
        assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
