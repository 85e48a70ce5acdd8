use std::path::{Path, PathBuf};

/// What [`crate::open`] reads, in the words error messages use.
#[cfg(feature = "opus")]
pub const SUPPORTED: &str = "WAV, RF64, AIFF, FLAC, MP3, MP2, Ogg Vorbis, Opus (Ogg/WebM), AAC-LC and ALAC (M4A/CAF)";
/// What [`crate::open`] reads, in the words error messages use; with the feature `opus` also Opus.
#[cfg(not(feature = "opus"))]
pub const SUPPORTED: &str = "WAV, RF64, AIFF, FLAC, MP3, MP2, Ogg Vorbis, AAC-LC and ALAC (M4A/CAF)";

/// How the names of such files end.
pub const EXTENSIONS: &[&str] = &[
    "wav",
    "wave",
    "rf64",
    "bw64",
    "aif",
    "aiff",
    "aifc",
    "flac",
    "mp3",
    "mp2",
    "mpa",
    "mp1",
    "ogg",
    "oga",
    "m4a",
    "mp4",
    "aac",
    "alac",
    "caf",
    #[cfg(feature = "opus")]
    "opus",
    #[cfg(feature = "opus")]
    "webm",
    #[cfg(feature = "opus")]
    "mka",
    #[cfg(feature = "opus")]
    "mkv",
];

/// How the names of other sound files end: those that [`crate::open`] refuses, mostly by name. A program that looks through a
/// folder can tell that they are there.
pub const REFUSED_EXTENSIONS: &[&str] = &[
    "wv",
    "wma",
    "asf",
    "w64",
    "ape",
    "mpc",
    "mpp",
    "tta",
    "tak",
    "ofr",
    "shn",
    "dsf",
    "dff",
    "au",
    "snd",
    "ra",
    "rm",
    "amr",
    "ac3",
    "eac3",
    "dts",
    "spx",
    #[cfg(not(feature = "opus"))]
    "opus",
    #[cfg(not(feature = "opus"))]
    "webm",
    #[cfg(not(feature = "opus"))]
    "mka",
];

/// Everything that can go wrong between a file and its samples.
///
/// Every message names the thing, its value and a way out; `path` is always the path the caller gave.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read, write, rename or sync the file.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// What was being done, as a verb ("open", "read", "write", "rename").
        doing: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No known container was recognised in the file.
    #[error("{} is not an audio file this build can read; convert it to one of: {SUPPORTED}", path.display())]
    NotAudio {
        /// The file in question.
        path: PathBuf,
    },
    /// The container is known but its codec is not.
    #[error("{} holds {codec} audio, which is not supported; {way_out}", path.display())]
    UnsupportedCodec {
        /// The file in question.
        path: PathBuf,
        /// The codec's name, or its number where it has no name.
        codec: String,
        /// What to do instead.
        way_out: &'static str,
    },
    /// The file is damaged so early or so badly that no audio could be decoded.
    #[error("{} is damaged{}: {cause}; re-export the file or fetch it again", path.display(), near(*offset))]
    Malformed {
        /// The file in question.
        path: PathBuf,
        /// Byte offset near which reading stopped (exact to a few KiB, because reading is buffered).
        offset: Option<u64>,
        /// What was wrong there.
        cause: String,
    },
    /// The file is readable and holds no audio frames.
    #[error("{} holds no audio (0 frames); check that its recording or export finished", path.display())]
    Empty {
        /// The file in question.
        path: PathBuf,
    },
    /// The decoded audio would exceed [`crate::DecodeOptions::max_bytes`].
    #[error("{} decodes to {at_least} bytes or more, over the limit of {limit}; raise max_bytes or stream it", path.display())]
    TooLarge {
        /// The file in question.
        path: PathBuf,
        /// A lower bound of the decoded size, bytes.
        at_least: u64,
        /// The limit in force, bytes.
        limit: u64,
    },
    /// The system has no memory left for the decoded samples.
    #[error("no memory for {bytes} more bytes of samples; close something or stream the file")]
    OutOfMemory {
        /// The size of the refused allocation, bytes.
        bytes: usize,
    },
    /// A sample rate outside [`crate::MIN_RATE`]..=[`crate::MAX_RATE`].
    #[error("a sample rate of {rate} Hz is not usable; choose one in 1000..=768000 Hz")]
    Rate {
        /// The refused rate, Hz.
        rate: u32,
    },
    /// A channel count or sample count that does not describe interleaved audio.
    #[error("{samples} samples do not make whole frames of {channels} channels; pass a multiple, with 1..=64 channels")]
    Shape {
        /// Number of samples given.
        samples: usize,
        /// Number of channels given.
        channels: u16,
    },
    /// A sample or frame that cannot be written, a picture that cannot be drawn: the caller's request is at fault.
    #[error("{what} is {value}; {way_out}")]
    Invalid {
        /// The thing refused.
        what: &'static str,
        /// Its value.
        value: String,
        /// What to do instead.
        way_out: &'static str,
    },
}

fn near(offset: Option<u64>) -> String {
    offset.map(|at| format!(" near byte {at}")).unwrap_or_default()
}

impl Error {
    pub(crate) fn io(path: &Path, doing: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), doing, source }
    }
}
