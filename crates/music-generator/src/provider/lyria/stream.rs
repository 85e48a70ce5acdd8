//! A connection over TCP, encrypted or not.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::address::Address;
use crate::provider::fault::Fault;

/// A TCP connection that waits until an instant, or never.
pub(super) struct Timed {
    tcp: TcpStream,
    until: Option<Instant>,
}

impl Timed {
    /// The time that is left; none when nothing is waited for.
    fn set_times(&self) -> io::Result<()> {
        let Some(until) = self.until else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.tcp.set_read_timeout(Some(left))?;
        self.tcp.set_write_timeout(Some(left))
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.set_times()?;
        self.tcp.read(bytes)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_times()?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// A connection.
pub(super) enum Stream {
    Plain(Timed),
    Secure(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Stream {
    /// Connects. Only looking up the name of the host may take longer.
    pub fn connect(address: &Address, tls: &Arc<ClientConfig>, until: Instant) -> Result<Self, Fault> {
        let not_reached = |error: &dyn std::fmt::Display| Fault::NotReached(error.to_string());
        let found = (&*address.host, address.port).to_socket_addrs().map_err(|error| not_reached(&error))?;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for place in found {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                last = io::ErrorKind::TimedOut.into();
                break;
            }
            match TcpStream::connect_timeout(&place, left) {
                Ok(tcp) => {
                    // Messages are small and are not to wait for each other.
                    tcp.set_nodelay(true).map_err(|error| not_reached(&error))?;
                    return Self::secure(Timed { tcp, until: Some(until) }, address, tls);
                }
                Err(error) => last = error,
            }
        }
        Err(not_reached(&last))
    }

    fn secure(timed: Timed, address: &Address, tls: &Arc<ClientConfig>) -> Result<Self, Fault> {
        if !address.is_secure {
            return Ok(Self::Plain(timed));
        }
        let not_reached = |reason: String| Fault::NotReached(reason);
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| not_reached("the name of the host cannot be in a certificate".to_owned()))?;
        let session = ClientConnection::new(tls.clone(), name).map_err(|error| not_reached(error.to_string()))?;
        let mut stream = Box::new(StreamOwned::new(session, timed));
        while stream.conn.is_handshaking() {
            let StreamOwned { conn, sock } = &mut *stream;
            conn.complete_io(sock).map_err(|error| not_reached(format!("TLS: {error}")))?;
        }
        Ok(Self::Secure(stream))
    }

    fn timed(&mut self) -> &mut Timed {
        match self {
            Self::Plain(timed) => timed,
            Self::Secure(stream) => &mut stream.sock,
        }
    }

    /// From now on, reading and writing do not wait.
    pub fn stop_waiting(&mut self) -> io::Result<()> {
        let timed = self.timed();
        timed.until = None;
        timed.tcp.set_nonblocking(true)
    }

    /// The file descriptor, to wait for.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Plain(timed) => timed.tcp.as_fd(),
            Self::Secure(stream) => stream.sock.tcp.as_fd(),
        }
    }

    /// Tells the other end that nothing more is sent.
    pub fn finish(&mut self) {
        if let Self::Secure(stream) = self {
            stream.conn.send_close_notify();
            let _sent = stream.flush();
        }
        let _ended = self.timed().tcp.shutdown(std::net::Shutdown::Write);
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.read(bytes),
            Self::Secure(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(timed) => timed.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}
