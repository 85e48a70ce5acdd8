//! The UDP socket, and the loop of the receiving thread.

use crate::allowed_senders::AllowedSenders;
use crate::datagram::MAX_DATAGRAM;
use crossbeam_channel::{Sender, TrySendError};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The size of the system's receive buffer, in bytes. It holds a burst of some thousands of messages while the
/// receiving thread waits for a processor.
const SYSTEM_BUFFER: usize = 4 << 20;

/// The largest number of datagrams that wait for the control thread. It is two seconds of the heaviest expected traffic.
pub const INBOX_CAPACITY: usize = 16_384;

/// The interval at which the receiving thread checks whether it is to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A datagram and its sender.
#[derive(Debug)]
pub struct Datagram {
    /// The sender; replies are sent to it.
    pub from: SocketAddr,
    /// The bytes. Of a larger datagram only [`MAX_DATAGRAM`] bytes and one more are kept, so that it is refused as too large.
    pub bytes: Vec<u8>,
}

/// Counters of the receiving thread.
#[derive(Debug, Default)]
pub struct ReceiveCounters {
    /// Accepted datagrams.
    pub datagrams: AtomicU64,
    /// Datagrams from senders that are not allowed.
    pub not_allowed: AtomicU64,
    /// Datagrams that were dropped because [`INBOX_CAPACITY`] others were waiting.
    pub overrun: AtomicU64,
}

/// The reason why the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Another program uses the port.
    #[error("port {} of {} is in use: end the program that listens there, or choose another --port", .0.port(), .0.ip())]
    InUse(SocketAddr),
    /// The machine does not have this address.
    #[error("{0} is no address of this machine: give --bind one that is, or 0.0.0.0 for all of them")]
    NoSuchAddress(std::net::IpAddr),
    /// Any other error of the system.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address that was to be opened.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
}

/// Opens the port, with as large a receive buffer as the system grants.
///
/// # Errors
/// When the port is in use, or the address is not one of this machine.
pub fn open(address: SocketAddr) -> Result<UdpSocket, NetError> {
    let socket = || -> io::Result<UdpSocket> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        grow_buffer(&socket);
        socket.bind(&address.into())?;
        socket.set_read_timeout(Some(STOP_POLL_INTERVAL))?;
        Ok(socket.into())
    };
    socket().map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => NetError::InUse(address),
        io::ErrorKind::AddrNotAvailable => NetError::NoSuchAddress(address.ip()),
        _ => NetError::Other { address, source },
    })
}

/// Requests a receive buffer of [`SYSTEM_BUFFER`] bytes. With the needed privilege, the request may exceed the system's
/// limit. A smaller buffer is no error.
fn grow_buffer(socket: &Socket) {
    #[cfg(target_os = "linux")]
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, SYSTEM_BUFFER).is_ok() {
        return;
    }
    let _smaller = socket.set_recv_buffer_size(SYSTEM_BUFFER);
}

/// Moves datagrams from the socket to `inbox` until `stop` is set or the other end of `inbox` is gone.
///
/// It does nothing else, so that the system's buffer does not fill. The control thread reads the messages.
pub fn receive(
    socket: &UdpSocket,
    allowed: &AllowedSenders,
    inbox: &Sender<Datagram>,
    counters: &ReceiveCounters,
    stop: &AtomicBool,
) {
    let mut buffer = vec![0; MAX_DATAGRAM + 1];
    while !stop.load(Ordering::Relaxed) {
        // Errors are ignored. An error is a time-out, or an ICMP error because a client did not receive a reply.
        let Ok((size, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        if !allowed.permits(from.ip()) {
            counters.not_allowed.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        counters.datagrams.fetch_add(1, Ordering::Relaxed);
        let bytes = buffer.get(..size).unwrap_or_default().to_vec();
        match inbox.try_send(Datagram { from, bytes }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                counters.overrun.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Disconnected(_)) => return,
        }
    }
}

/// The number of datagrams that the system dropped on `port` because its buffer was full; `None` where the system does
/// not report it.
#[must_use]
pub fn dropped_by_system(port: u16) -> Option<u64> {
    ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .iter()
        .filter_map(|file| drops_in(&std::fs::read_to_string(file).ok()?, port))
        .reduce(|a, b| a + b)
}

/// Reads the number of dropped datagrams: the last column of the line whose local address ends in `port`, see proc(5).
fn drops_in(table: &str, port: u16) -> Option<u64> {
    let local = format!(":{port:04X}");
    let line = table.lines().find(|line| line.split_whitespace().nth(1).is_some_and(|a| a.ends_with(&local)))?;
    line.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let first = open(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let taken = first.local_addr().unwrap();
        let error = open(taken).unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {} of 127.0.0.1 is in use", taken.port())), "{error}");
    }

    #[test]
    fn a_foreign_address_is_named() {
        let error = open(SocketAddr::from(([192, 0, 2, 1], 0))).unwrap_err().to_string();
        assert!(error.starts_with("192.0.2.1 is no address of this machine"), "{error}");
    }

    #[test]
    fn dropped_datagrams_are_read_from_the_table_of_the_system() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            74: 0100007F:DF20 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 10101 2 0000000000000000 42\n";
        assert_eq!(drops_in(table, 57_120), Some(42));
        assert_eq!(drops_in(table, 57_121), None);
        assert_eq!(drops_in("", 57_120), None);
    }
}
