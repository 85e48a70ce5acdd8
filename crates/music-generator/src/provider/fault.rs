//! What goes wrong with an external provider.

use std::time::Duration;

/// Why the connection to an external provider ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The command could not be started.
    #[error("it cannot be started: {0}")]
    NotStarted(String),
    /// The network address could not be reached.
    #[error("it cannot be reached: {0}")]
    NotReached(String),
    /// The process ended.
    #[error("it ended with {0}")]
    Exited(String),
    /// It closed its output, or its end of the connection.
    #[error("it closed its output")]
    OutputClosed,
    /// It closed its input while there was something to tell it.
    #[error("it closed its input")]
    InputClosed,
    /// It does not read its input.
    #[error("it has not read its input for {0:?}")]
    InputBlocked(Duration),
    /// Its output ended within a message.
    #[error("its output ended within a message, after {bytes} bytes of it")]
    CutOff {
        /// The bytes of the message that arrived.
        bytes: usize,
    },
    /// It did not send `setupComplete` in time.
    #[error("it was not ready after {0:?}")]
    StartTimeout(Duration),
    /// It plays and sent no audio in time.
    #[error("it sent no audio for {0:?}")]
    ChunkTimeout(Duration),
    /// A line is too long.
    #[error("it sent a line of more than {most} bytes")]
    LongLine {
        /// The most bytes of a line.
        most: usize,
    },
    /// A line is not a message.
    #[error("it sent a line that is no message: {reason}, in {line:?}")]
    BadMessage {
        /// What is wrong.
        reason: String,
        /// The line, shortened.
        line: String,
    },
    /// The capabilities that it reports cannot be.
    #[error("it reports capabilities that cannot be: {0}")]
    BadCapabilities(String),
    /// Audio is not in the format that it reported.
    #[error("it sent audio as {found}, and had reported {expected}")]
    WrongFormat {
        /// The format of the audio.
        found: String,
        /// The format that was reported.
        expected: String,
    },
    /// Audio is not a whole number of frames.
    #[error("it sent {bytes} bytes of audio, which is no whole number of frames of {frame} bytes")]
    HalfFrame {
        /// The bytes of the audio.
        bytes: usize,
        /// The bytes of a frame.
        frame: usize,
    },
    /// A chunk is too long.
    #[error("it sent {bytes} bytes of audio at once; allowed: at most {most}")]
    LongChunk {
        /// The bytes of the audio.
        bytes: usize,
        /// The most bytes of a chunk.
        most: usize,
    },
    /// It sent too many messages without audio.
    #[error("it sent more than {0} messages without audio in a second")]
    Flood(usize),
    /// It answered the request for a connection with an HTTP status.
    #[error("it refused the connection with the HTTP status {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// It closed the connection. The reason in words is not kept, because it may quote a key.
    #[error("it closed the connection with the code {}", .0.map_or("none".to_owned(), |code| code.to_string()))]
    Closed(Option<u16>),
    /// A message is too long.
    #[error("it sent a message of more than {most} bytes")]
    LongMessage {
        /// The most bytes of a message.
        most: usize,
    },
    /// It broke the WebSocket protocol.
    #[error("it broke the WebSocket protocol: {0}")]
    BadFrame(&'static str),
    /// Reading or writing failed.
    #[error("reading or writing failed: {0}")]
    Io(String),
}

impl Fault {
    /// A name that does not change, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "not_started",
            Self::NotReached(_) => "not_reached",
            Self::Exited(_) => "exited",
            Self::OutputClosed => "output_closed",
            Self::InputClosed => "input_closed",
            Self::InputBlocked(_) => "input_blocked",
            Self::CutOff { .. } => "cut_off",
            Self::StartTimeout(_) => "start_timeout",
            Self::ChunkTimeout(_) => "chunk_timeout",
            Self::LongLine { .. } => "long_line",
            Self::BadMessage { .. } => "bad_message",
            Self::BadCapabilities(_) => "bad_capabilities",
            Self::WrongFormat { .. } => "wrong_format",
            Self::HalfFrame { .. } => "half_frame",
            Self::LongChunk { .. } => "long_chunk",
            Self::Flood(_) => "flood",
            Self::Refused { .. } => "refused",
            Self::Closed(_) => "closed",
            Self::LongMessage { .. } => "long_message",
            Self::BadFrame(_) => "bad_frame",
            Self::Io(_) => "io",
        }
    }
}
