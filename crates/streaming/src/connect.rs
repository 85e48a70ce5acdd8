//! Connections over TCP that end in time.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use socket2::SockRef;

/// The time that connecting may take, not counting the name service.
const CONNECTING: Duration = Duration::from_secs(5);

/// Connects to the first address of the server that accepts. The system's buffer for data that the server has not received has
/// `send_buffer` bytes, which Linux doubles.
///
/// # Errors
/// A text for the user.
pub(crate) fn connect_tcp(host: &str, port: u16, send_buffer: usize) -> Result<TcpStream, String> {
    let addresses: Vec<_> =
        (host, port).to_socket_addrs().map_err(|error| format!("the name {host} is not found: {error}"))?.collect();
    let mut problem = format!("the name {host} has no address");
    let each = CONNECTING / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    for address in addresses {
        let connected = TcpStream::connect_timeout(&address, each.max(Duration::from_millis(1))).and_then(|stream| {
            SockRef::from(&stream).set_send_buffer_size(send_buffer)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => problem = format!("no connection to {address}: {error}"),
        }
    }
    Err(problem)
}
