//! The bytes of the sound of a source.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crowd_streaming::icecast::SourceRequest;

use super::recording::Recording;

/// The time after which a source that sends nothing is disconnected.
const SILENT: Duration = Duration::from_secs(10);
/// The time after which a source is disconnected whose bytes are no sound.
const NO_SOUND: Duration = Duration::from_secs(20);
/// The most bytes that are kept until it is known how they are recorded. An MP3 may begin with a tag that has a picture.
const BEFORE_RECORDING: usize = 8 << 20;

/// Where the bytes are copied to.
#[derive(Debug)]
pub(super) enum Copy {
    /// The format is not known yet. These are the bytes up to now.
    Waiting(Vec<u8>),
    /// A recording.
    Recording(Recording),
    /// Nowhere.
    Off,
}

/// What the reader of the bytes and the decoder share.
#[derive(Debug)]
pub(super) struct SourceState {
    pub copy: Mutex<Copy>,
    latest_sound: Mutex<Instant>,
}

impl SourceState {
    pub fn new(is_recorded: bool) -> Self {
        let copy = if is_recorded { Copy::Waiting(Vec::new()) } else { Copy::Off };
        Self { copy: Mutex::new(copy), latest_sound: Mutex::new(Instant::now()) }
    }

    /// Sound was decoded.
    pub fn sound(&self) {
        *self.latest_sound.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn without_sound(&self) -> Duration {
        self.latest_sound.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn record(&self, bytes: &[u8]) {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *copy {
            Copy::Waiting(waiting) if waiting.len() + bytes.len() <= BEFORE_RECORDING => waiting.extend(bytes),
            Copy::Recording(recording) if recording.write(bytes) => {}
            Copy::Waiting(_) => {
                tracing::error!("a source is not recorded, because it begins with more than 8 MiB that are no sound");
                *copy = Copy::Off;
            }
            // Its thread has noted the reason.
            Copy::Recording(_) => *copy = Copy::Off,
            Copy::Off => {}
        }
    }
}

/// Where the sound ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// With the connection.
    Connection,
    /// After this number of bytes.
    Length(u64),
    /// It is sent in chunks with their lengths.
    Chunks,
}

impl From<SourceRequest> for Body {
    fn from(request: SourceRequest) -> Self {
        match request {
            SourceRequest { chunked: true, .. } => Self::Chunks,
            SourceRequest { length: Some(length), .. } => Self::Length(length),
            _ => Self::Connection,
        }
    }
}

/// Reads the sound of a source, and copies it to the recording.
pub(super) struct SourceBytes {
    wire: Wire,
    /// The number of bytes until the next chunk, or until the end.
    left: u64,
    body: Body,
    state: Arc<SourceState>,
}

/// Reads from the socket, after the bytes that came with the head.
struct Wire {
    rest: io::Cursor<Vec<u8>>,
    socket: TcpStream,
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.rest.read(out)? {
            // Some programs end with a reset, because they leave the reply unread.
            0 => match self.socket.read(out) {
                Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
                result => result,
            },
            count => Ok(count),
        }
    }
}

impl SourceBytes {
    /// Reads the sound of a source after `rest`, the bytes that came with the head.
    pub fn new(socket: TcpStream, rest: Vec<u8>, body: Body, state: Arc<SourceState>) -> io::Result<Self> {
        socket.set_read_timeout(Some(SILENT))?;
        let left = match body {
            Body::Connection => u64::MAX,
            Body::Length(length) => length,
            Body::Chunks => 0,
        };
        Ok(Self { wire: Wire { rest: io::Cursor::new(rest), socket }, left, body, state })
    }

    /// Reads the length of the next chunk (RFC 9112, section 7.1).
    fn chunk(&mut self) -> io::Result<u64> {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            self.wire.read_exact(&mut byte)?;
            match byte {
                // The line end after the chunk before is an empty line.
                [b'\n'] if line.is_empty() => {}
                [b'\n'] => break,
                [b'\r'] => {}
                [byte] if line.len() < 64 => line.push(byte),
                _ => return Err(io::Error::new(ErrorKind::InvalidData, "the length of a chunk is not valid")),
            }
        }
        let text = String::from_utf8_lossy(&line);
        let length = text.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(length, 16)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, "the length of a chunk is not valid"))
    }

    fn next(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.body, Body::Chunks) && self.left == 0 {
            self.left = self.chunk()?;
            if self.left == 0 {
                self.body = Body::Length(0);
            }
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let count = self.wire.read(out.get_mut(..most).unwrap_or_default())?;
        if !matches!(self.body, Body::Connection) {
            self.left -= count as u64;
        }
        Ok(count)
    }
}

impl Read for SourceBytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.state.without_sound() > NO_SOUND {
            return Err(io::Error::new(ErrorKind::TimedOut, "its bytes have been no sound for 20 s"));
        }
        match self.next(out) {
            Ok(count) => {
                self.state.record(out.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(io::Error::new(ErrorKind::TimedOut, "it has sent nothing for 10 s"))
            }
            Err(error) => Err(error),
        }
    }
}
