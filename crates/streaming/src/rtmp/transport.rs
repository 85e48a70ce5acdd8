//! Bytes to and from a server over TCP or TLS, in limited time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::BuilderVerifierExt;

use super::target::RtmpTarget;
use crate::connect::connect_tcp;

/// A connection over which nothing could be sent for this long is lost.
const WRITING: Duration = Duration::from_secs(5);
/// The longest time of one call that sends.
const WRITING_ALL: Duration = Duration::from_secs(10);
/// The longest time of one call of the system.
const CALL: Duration = Duration::from_millis(250);
/// The size of the system's buffer for data that the server has not received, in bytes: about a second of video.
const SEND_BUFFER: usize = 256 << 10;

/// A connection to a server.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Transport {
    /// Connects. TLS begins with the first bytes that are sent.
    ///
    /// # Errors
    /// A text for the user.
    pub fn open(target: &RtmpTarget) -> Result<Self, String> {
        let stream = connect_tcp(&target.host, target.port, SEND_BUFFER)?;
        stream.set_write_timeout(Some(CALL)).map_err(|error| lost(&error))?;
        if !target.tls {
            return Ok(Self::Plain(stream));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| format!("TLS: {error}"))?
            .with_no_client_auth();
        let name = ServerName::try_from(target.host.clone()).map_err(|error| format!("TLS: {error}"))?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| format!("TLS: {error}"))?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost, or the server takes nothing for 5 s or not all in 10 s.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        let began = Instant::now();
        let mut last = began;
        loop {
            let written = match (bytes.is_empty(), &mut *self) {
                // All bytes are in the buffers of TLS, which may not have been sent.
                (true, Self::Tls(stream)) => match stream.flush() {
                    Ok(()) => return Ok(()),
                    Err(error) => Err(error),
                },
                (true, Self::Plain(_)) => return Ok(()),
                (false, Self::Plain(stream)) => stream.write(bytes),
                (false, Self::Tls(stream)) => stream.write(bytes),
            };
            match written {
                Ok(0) => return Err(CLOSED.to_owned()),
                Ok(written) => {
                    bytes = bytes.get(written..).unwrap_or_default();
                    last = Instant::now();
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(lost(&error)),
            }
            if last.elapsed() >= WRITING || began.elapsed() >= WRITING_ALL {
                return Err(format!("the server took no data for {} s, or too little", WRITING.as_secs()));
            }
        }
    }

    /// Receives bytes, at most until `timeout`. Returns their number; 0 for none.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    pub fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, String> {
        let timeout = timeout.max(Duration::from_millis(1));
        self.socket().set_read_timeout(Some(timeout)).map_err(|error| lost(&error))?;
        let received = match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        };
        match received {
            Ok(0) => Err(CLOSED.to_owned()),
            Ok(received) => Ok(received),
            Err(error) if is_timeout(&error) => Ok(0),
            Err(error) => Err(lost(&error)),
        }
    }
}

const CLOSED: &str = "the server closed the connection";

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn lost(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::UnexpectedEof => CLOSED.to_owned(),
        ErrorKind::InvalidData => format!("TLS: {error}"),
        _ => format!("the connection is lost: {error}"),
    }
}
