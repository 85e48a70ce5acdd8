//! A connection of a source to an Icecast server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::source::{Reply, SourceRequest, SourceUrl};
use crate::connect::connect_tcp;

/// The time that the reply to the request may take.
const REPLY: Duration = Duration::from_secs(5);
/// The time for which the final reply is awaited after the server has said that it waits for the stream.
const FINAL_REPLY: Duration = Duration::from_millis(500);
/// A connection over which nothing could be sent for this long is lost.
const WRITING: Duration = Duration::from_secs(5);
/// The time for which the server is awaited at the end.
const CLOSING: Duration = Duration::from_secs(1);
/// The size of the system's buffer for data that the server has not received, in bytes. Linux doubles it, which is five seconds
/// of sound at 192 kbit/s. With a larger one, a server that takes no data would be noticed much later.
const SEND_BUFFER: usize = 64 << 10;
/// The number of bytes of replies that are kept.
const REPLY_BYTES: usize = 8_192;

/// A connection that the server has accepted. No call waits for longer than some seconds, apart from the name service.
#[derive(Debug)]
pub struct SourceConnection {
    stream: TcpStream,
    /// Bytes of a reply that is not complete.
    received: Vec<u8>,
    /// Whether the final reply has been received.
    is_accepted: bool,
}

impl SourceConnection {
    /// Connects and sends the request. It takes 15 s at most.
    ///
    /// # Errors
    /// A text for the user, when there is no connection or the server refuses the request.
    pub fn open(request: &SourceRequest) -> Result<Self, String> {
        let stream = connect(&request.url)?;
        let mut connection = Self { stream, received: Vec::new(), is_accepted: false };
        connection.send(request.head().as_bytes())?;
        let deadline = Instant::now() + REPLY;
        while !connection.poll(Duration::from_millis(100))? {
            if Instant::now() >= deadline {
                return Err(format!("the server did not reply within {} s", REPLY.as_secs()));
            }
        }
        // A server may say that it waits for the stream, and refuse it nevertheless.
        if !connection.is_accepted {
            connection.poll(FINAL_REPLY)?;
        }
        Ok(connection)
    }

    /// Sends bytes of the stream. A connection over which nothing can be sent for 5 s is lost.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            let began = Instant::now();
            match self.stream.write(bytes) {
                Ok(0) => return Err(CLOSED.to_owned()),
                // At the time limit, the system returns the number of bytes for which there was room before.
                Ok(written) if written < bytes.len() && began.elapsed() >= WRITING => return Err(no_data_taken()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Err(no_data_taken()),
                Err(error) => return Err(lost(&error)),
            }
        }
        Ok(())
    }

    /// Waits at most `timeout` for a message of the server. Returns whether the server has replied that the stream may begin.
    ///
    /// # Errors
    /// A text for the user, when the server has refused the stream or closed the connection.
    pub fn poll(&mut self, timeout: Duration) -> Result<bool, String> {
        self.stream.set_read_timeout(Some(timeout)).map_err(|error| lost(&error))?;
        let mut buffer = [0; 1_024];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(CLOSED.to_owned()),
            Ok(read) if !self.is_accepted && self.received.len() < REPLY_BYTES => {
                self.received.extend(buffer.get(..read).unwrap_or_default());
            }
            Err(error) if !is_timeout(&error) && error.kind() != ErrorKind::Interrupted => return Err(lost(&error)),
            _ => return Ok(false),
        }
        let mut may_begin = false;
        while let Some((reply, length)) = Reply::parse(&self.received).map_err(|error| error.to_string())? {
            self.received.drain(..length);
            match reply {
                Reply::Continue => may_begin = true,
                Reply::Accepted => {
                    self.is_accepted = true;
                    return Ok(true);
                }
                refusal => return Err(refusal.with_body(&self.received).to_string()),
            }
        }
        Ok(may_begin)
    }

    /// Ends the stream, and waits at most a second until the server has received it.
    pub fn finish(mut self) {
        let deadline = Instant::now() + CLOSING;
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            while Instant::now() < deadline && self.poll(Duration::from_millis(50)).is_ok() {}
        }
    }
}

const CLOSED: &str = "the server closed the connection";

/// Connects to the server.
///
/// # Errors
/// A text for the user.
pub(super) fn connect(url: &SourceUrl) -> Result<TcpStream, String> {
    let stream = connect_tcp(&url.host, url.port, SEND_BUFFER)?;
    stream.set_write_timeout(Some(WRITING)).map_err(|error| lost(&error))?;
    Ok(stream)
}

fn no_data_taken() -> String {
    format!("the server took no data for {} s", WRITING.as_secs())
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn lost(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => CLOSED.to_owned(),
        _ => format!("the connection is lost: {error}"),
    }
}
