//! Connections that a handler can take over: to write bytes that no HTTP library would, or to break them as networks do.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections can be taken over.
pub(crate) struct Door(pub(crate) TcpListener);

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Answers are small and wanted at once. A connection that refuses this works all the same.
        _ = stream.set_nodelay(true);
        (Connection(Arc::new(Shared { stream, peer, cut: AtomicBool::new(false), requests: AtomicU64::new(0) })), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[derive(Debug)]
struct Shared {
    stream: TcpStream,
    peer: SocketAddr,
    /// The HTTP library shall have nothing more to do with it.
    cut: AtomicBool,
    requests: AtomicU64,
}

/// The end that the HTTP library reads and writes.
pub(crate) struct Connection(Arc<Shared>);

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Connection {
    pub(crate) fn wire(&self) -> Wire {
        Wire(Arc::clone(&self.0))
    }

    fn poll_with(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.0.cut.load(Ordering::Acquire) {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            ready!(self.0.stream.poll_write_ready(cx))?;
            match write(&self.0.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.0.cut.load(Ordering::Acquire) {
            shutdown(&self.as_mut().0, std::net::Shutdown::Write);
        }
        Poll::Ready(Ok(()))
    }
}

/// What is closed already needs no closing.
fn shutdown(shared: &Shared, how: std::net::Shutdown) {
    _ = socket2::SockRef::from(&shared.stream).shutdown(how);
}

/// A handler's power over the connection that its request came by.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<Shared>);

impl Connected<IncomingStream<'_, Door>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().wire()
    }
}

impl Wire {
    pub(crate) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Writes these bytes past the HTTP library, which after that must not write any more: see [`close`](Self::close),
    /// [`reset`](Self::reset) and [`stall`].
    ///
    /// # Errors
    /// When the other side is gone.
    pub(crate) async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.0.stream.writable().await?;
            match self.0.stream.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Closes the connection as soon as the handler returns, whatever it returns.
    pub(crate) fn close(&self) {
        self.0.cut.store(true, Ordering::Release);
    }

    /// The same, by a reset: what the other side has not read by then is lost.
    pub(crate) fn reset(&self) {
        // A socket that refuses this is closed all the same.
        _ = self.0.stream.set_zero_linger();
        self.close();
    }

    /// Notes a request, so that the connection counts as used.
    pub(crate) fn used(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Closes the connection if no request was noted on it for so long.
    pub(crate) fn close_when_idle(&self, after: Duration) {
        let (shared, before) = (Arc::downgrade(&self.0), self.0.requests.load(Ordering::Relaxed));
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(shared) = shared.upgrade()
                && shared.requests.load(Ordering::Relaxed) == before
            {
                shutdown(&shared, std::net::Shutdown::Both);
            }
        });
    }
}

/// Says nothing until the other side closes the connection, when the HTTP library drops the handler.
pub(crate) async fn stall() -> ! {
    std::future::pending().await
}
