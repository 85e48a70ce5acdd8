//! Messages over a connection that does not wait.

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use rustls::ClientConfig;

use super::address::Address;
use super::api_key::ApiKey;
use super::frames::{self, FrameReader, Received};
use super::handshake::shake_hands;
use super::stream::Stream;
use crate::provider::fault::Fault;

/// Where and how to connect.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub address: Address,
    pub key: ApiKey,
    pub tls: Arc<ClientConfig>,
    /// The most bytes of a message.
    pub longest_message: usize,
}

/// A WebSocket.
pub(super) struct Socket {
    stream: Stream,
    reader: FrameReader,
    random: SystemRandom,
    /// Bytes to be written, and since when none of them could be.
    outgoing: Vec<u8>,
    outgoing_since: Instant,
    /// Whether TLS has kept nothing back.
    is_flushed: bool,
    buffer: Vec<u8>,
}

impl Socket {
    /// Connects, and opens the WebSocket.
    pub fn connect(target: &Target, until: Instant) -> Result<Self, Fault> {
        let mut stream = Stream::connect(&target.address, &target.tls, until)?;
        let random = SystemRandom::new();
        let rest = shake_hands(&mut stream, &target.address, &target.key, bytes(&random))?;
        stream.stop_waiting().map_err(|error| Fault::Io(error.kind().to_string()))?;
        Ok(Self {
            stream,
            reader: FrameReader::new(rest, target.longest_message),
            random,
            outgoing: Vec::new(),
            outgoing_since: Instant::now(),
            is_flushed: true,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Sends a message, as soon as it can be written.
    pub fn send(&mut self, message: &str) {
        let frame = frames::text(message, bytes(&self.random));
        self.put(frame);
    }

    fn put(&mut self, frame: Vec<u8>) {
        if self.is_idle() {
            self.outgoing_since = Instant::now();
        }
        self.outgoing.extend(frame);
    }

    /// Whether all was written.
    pub fn is_idle(&self) -> bool {
        self.outgoing.is_empty() && self.is_flushed
    }

    /// Writes what can be written. It is a fault when nothing can be for a time.
    pub fn flush(&mut self, most: Duration) -> Result<(), Fault> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(0) => return Err(Fault::InputClosed),
                Ok(count) => {
                    self.outgoing.drain(..count);
                    self.outgoing_since = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(ended(&error)),
            }
        }
        match self.stream.flush() {
            Ok(()) => self.is_flushed = true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if std::mem::replace(&mut self.is_flushed, false) {
                    self.outgoing_since = Instant::now();
                }
            }
            Err(error) => return Err(ended(&error)),
        }
        if !self.is_idle() && self.outgoing_since.elapsed() >= most {
            return Err(Fault::InputBlocked(most));
        }
        Ok(())
    }

    /// What was received next; none when nothing more has arrived. Pings are answered.
    pub fn receive(&mut self) -> Result<Option<Received>, Fault> {
        loop {
            if let Some(received) = self.reader.next()? {
                if let Received::Ping(content) = &received {
                    let frame = frames::pong(content, bytes(&self.random));
                    self.put(frame);
                }
                return Ok(Some(received));
            }
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(self.end()),
                Ok(count) => self.reader.push(self.buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(self.end()),
                Err(error) => return Err(ended(&error)),
            }
        }
    }

    fn end(&self) -> Fault {
        self.reader.unfinished().map_or(Fault::OutputClosed, |bytes| Fault::CutOff { bytes })
    }

    /// Sends the end, as far as it can be written at once.
    pub fn close(mut self) {
        let frame = frames::close(bytes(&self.random));
        self.put(frame);
        let _sent = self.flush(Duration::MAX);
        self.stream.finish();
    }

    /// The file descriptor, to wait for.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.stream.fd()
    }
}

fn ended(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Fault::OutputClosed
        }
        kind => Fault::Io(kind.to_string()),
    }
}

/// Random bytes. A mask of zeros is allowed, so an error of the system is no fault.
fn bytes<const N: usize>(random: &SystemRandom) -> [u8; N] {
    let mut bytes = [0; N];
    let _filled = random.fill(&mut bytes);
    bytes
}
