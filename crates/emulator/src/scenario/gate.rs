//! The listener of a scenario that meets connections in a way of its own.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;

use super::case::Meeting;
use crate::connection::{Connection, Door, Wire};

pub(super) struct Gate {
    door: Door,
    meetings: Vec<Meeting>,
    count: usize,
    /// Connections that nobody reads from.
    silent: Vec<Connection>,
}

impl Gate {
    pub(super) fn new(listener: TcpListener, meetings: Vec<Meeting>) -> Self {
        Self { door: Door(listener), meetings, count: 0, silent: Vec::new() }
    }
}

impl Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (connection, peer) = self.door.accept().await;
            let meeting = self.meetings.get(self.count).or(self.meetings.last()).copied().unwrap_or_default();
            self.count += 1;
            match meeting {
                Meeting::Accept => return (connection, peer),
                Meeting::Reset => connection.wire().reset(),
                Meeting::Close | Meeting::Goaway => {}
                Meeting::Silence => self.silent.push(connection),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.door.local_addr()
    }
}

impl Connected<IncomingStream<'_, Gate>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.io().wire()
    }
}

pub(super) async fn serve(gate: Gate, app: Router) -> Result<Infallible, io::Error> {
    axum::serve(gate, app.into_make_service_with_connect_info::<Wire>()).await?;
    Err(io::ErrorKind::Interrupted.into())
}
