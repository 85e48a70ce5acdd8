//! The error type of this crate.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::formats::supported_formats;

/// The error of reading, converting, measuring, drawing or writing audio.
///
/// - [`kind`](Self::kind) says what has happened, what effect it has on the file, and what to do.
/// - [`path`](Self::path) is the name of the file, as the caller gave it.
/// - [`source`](StdError::source) is the underlying cause: an [`io::Error`], a [`Damage`], or the error of a library.
/// - The message is one line for a user. It names the subject, its value, the cause and a remedy, so the source need not be printed
///   too.
pub struct Error(Box<Failure>);

#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    subject: Subject,
    detail: Detail,
    source: Option<Source>,
}

/// A cause of any type.
pub(crate) type Source = Box<dyn StdError + Send + Sync>;

/// The file or stream that an [`Error`] is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Nothing,
    File(PathBuf),
    /// Bytes that have no path: "the WAV stream".
    #[cfg(feature = "encode")]
    Stream(&'static str),
}

/// The details of an error that its kind does not give.
#[derive(Debug)]
enum Detail {
    Nothing,
    /// The operation on a file that failed, as a verb: "open", "write".
    Doing(&'static str),
    /// The advice to the user, or the content of the file.
    #[cfg(feature = "reader")]
    Advice(&'static str),
    /// The name of the refused value, the value, and the advice.
    #[cfg(any(feature = "atomic-file", feature = "loudness", feature = "resample"))]
    Refusal {
        what: &'static str,
        value: String,
        advice: &'static str,
    },
}

/// The kind of an error, and its effect on the file.
///
/// Reading never changes a file, so after an error of a reader the file is unchanged.
///
/// After an error of a writer, the state of the file is the same for all kinds. [`write`](crate::write()) and `commit` write an
/// [`AtomicFile`](crate::atomic::AtomicFile): it is removed, and an older file of its name stays unchanged. A `CrashSafeWriter`
/// restores the file to its state before the append, as far as the system allows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file does not exist, or the folder for a new file does not exist. Check the path.
    NotFound,
    /// The system does not permit this program to read or write there. Check the owner and the permissions, or choose another folder.
    PermissionDenied,
    /// A file of that name exists and must not be replaced. It stays unchanged. Choose another name, for example with
    /// [`numbered_path`](crate::numbered_path).
    AlreadyExists,
    /// The disk or the user's quota is full. Free some space and try again.
    DiskFull,
    /// The file system does not support files this large. Continue in another file.
    FileTooLarge,
    /// Another error of the system, which is the source. Try again, or check the disk.
    Io,
    /// The path has no file name, or names a folder, a pipe or a device. Only regular files are read and written. Give the path of a
    /// regular file.
    NotAFile,
    /// The file is not a sound file of a known kind. Convert it to one of the [supported formats](crate::supported_formats).
    NotAudio,
    /// The codec of the sound file is not supported. Convert the file as the message says.
    UnsupportedCodec {
        /// The name of the codec. If it has no name, its number.
        codec: String,
    },
    /// This crate reads the sound file only with a feature that is not enabled. Enable the feature, or convert the file.
    MissingFeature {
        /// The feature of crowd-media.
        feature: &'static str,
    },
    /// The file is damaged so early or so badly that no sound could be decoded. The source is a [`Damage`]. Get the file again.
    Damaged {
        /// The byte near which reading stopped. Reading is buffered, so the number is accurate to a few KiB. `None` when the damage is not
        /// at one byte.
        offset: Option<u64>,
    },
    /// The file that is read, or the FLAC or Opus stream that is to be written, has no frames.
    Empty,
    /// The decoded sound would take more bytes than [`DecodeOptions::max_bytes`](crate::DecodeOptions). Raise this limit, or read the file
    /// in blocks with a [`Reader`](crate::Reader).
    TooLarge {
        /// The smallest possible size of the decoded sound, in bytes.
        at_least: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The system has no memory left for the samples. Read the file in blocks with a [`Reader`](crate::Reader).
    OutOfMemory {
        /// The size of the refused allocation, in bytes.
        bytes: usize,
    },
    /// A sample rate outside [`MIN_RATE`](crate::MIN_RATE)..=[`MAX_RATE`](crate::MAX_RATE).
    SampleRate {
        /// The refused rate, in Hz.
        rate: u32,
    },
    /// The number of channels is 0 or more than [`MAX_CHANNELS`](crate::MAX_CHANNELS), or the number of samples is not a multiple of the
    /// number of channels.
    FrameShape {
        /// The number of samples of all channels together.
        samples: usize,
        /// The number of channels.
        channels: u16,
    },
    /// A text that is not the name of a sample format or container. The message lists the valid names.
    UnknownName,
    /// The container or codec does not support the request. Examples are floats in FLAC, a stream longer than its header can count, and a
    /// bit rate that Opus does not have. Nothing was written. The message says what to choose instead.
    FormatLimit,
    /// The call is not allowed at this point, or not with these arguments. Examples are tags after the first sample, and spans that do
    /// not begin at a block. Nothing was changed.
    InvalidCall,
    /// A chart of this size, span or range cannot be drawn. Nothing was written.
    InvalidChart,
    /// A library (encoder, resampler or meter) refused input that it should accept. The source says why. This is a defect of this crate.
    Library,
}

/// The damage of a file, for [`ErrorKind::Damaged`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file ends before all needed data has been read.
    #[error("the file ends too early")]
    EndsEarly,
    /// An MP4 file without the box that says where its samples are.
    #[error("its index is missing, although it belongs at the end: the file was cut off, or never finished")]
    NoIndex,
    /// A WAV or AIFF file without a chunk of samples.
    #[error("it has no chunk of sound")]
    NoSound,
    /// The header states an impossible number of channels.
    #[error("it claims {channels} channels, and 1..=64 are possible")]
    ChannelCount {
        /// The number of channels in the header.
        channels: usize,
    },
    /// Most packets are damaged.
    #[error("{damaged} of {packets} packets cannot be decoded ({first})")]
    Undecodable {
        /// The number of packets that cannot be decoded.
        damaged: u64,
        /// The number of all packets.
        packets: u64,
        /// The decoder's error for the first damaged packet.
        first: String,
    },
    /// Any other damage, in the words of the demuxer or decoder.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// An error of the system. `doing` is the operation on the file `path` that failed, as a verb ("open", "write", "rename").
    pub fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        Self::of_system(Subject::File(path.into()), doing, source)
    }

    /// The kind of the error.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file that the error is about, as the caller named it. `None` when there is no file, or only a stream without a path.
    pub fn path(&self) -> Option<&Path> {
        match &self.0.subject {
            Subject::File(path) => Some(path),
            _ => None,
        }
    }

    /// The same error with another path, for example that of the file that a temporary file was to replace.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.subject = Subject::File(path.into());
        self
    }

    /// The system's error, if this is an error of the system.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_ref().filter(|_| matches!(self.0.detail, Detail::Doing(_)))?.downcast_ref()
    }

    pub(crate) fn of_system(subject: Subject, doing: &'static str, source: io::Error) -> Self {
        use io::ErrorKind as System;
        let kind = match source.kind() {
            System::NotFound => ErrorKind::NotFound,
            System::PermissionDenied | System::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
            System::AlreadyExists => ErrorKind::AlreadyExists,
            System::StorageFull | System::QuotaExceeded => ErrorKind::DiskFull,
            System::FileTooLarge => ErrorKind::FileTooLarge,
            _ => ErrorKind::Io,
        };
        Self(Box::new(Failure { kind, subject, detail: Detail::Doing(doing), source: Some(source.into()) }))
    }

    /// An error of a kind that needs no details.
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Failure { kind, subject: Subject::Nothing, detail: Detail::Nothing, source: None }))
    }

    #[cfg(feature = "encode")]
    pub(crate) fn about(mut self, subject: Subject) -> Self {
        self.0.subject = subject;
        self
    }

    /// The refusal of `value` for `what`. `advice` says what to do instead.
    #[cfg(any(feature = "atomic-file", feature = "loudness", feature = "resample"))]
    pub(crate) fn refusal(kind: ErrorKind, what: &'static str, value: impl Into<String>, advice: &'static str) -> Self {
        let detail = Detail::Refusal { what, value: value.into(), advice };
        Self(Box::new(Failure { kind, subject: Subject::Nothing, detail, source: None }))
    }

    /// The error `source` of a library. The message is "`what` is `source`; `advice`".
    #[cfg(any(feature = "encode", feature = "loudness", feature = "picture", feature = "resample"))]
    pub(crate) fn library(what: &'static str, advice: &'static str, source: impl Into<Source>) -> Self {
        let source = source.into();
        let mut error = Self::refusal(ErrorKind::Library, what, source.to_string(), advice);
        error.0.source = Some(source);
        error
    }
}

#[cfg(feature = "reader")]
impl Error {
    pub(crate) fn unsupported_codec(path: &Path, codec: impl Into<String>, advice: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::UnsupportedCodec { codec: codec.into() }).with_path(path);
        error.0.detail = Detail::Advice(advice);
        error
    }

    /// `what` is the kind of sound: "Ogg Vorbis".
    pub(crate) fn missing_feature(path: &Path, what: &'static str, feature: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::MissingFeature { feature }).with_path(path);
        error.0.detail = Detail::Advice(what);
        error
    }

    pub(crate) fn damaged(path: &Path, offset: Option<u64>, damage: Damage) -> Self {
        let mut error = Self::new(ErrorKind::Damaged { offset }).with_path(path);
        error.0.source = Some(damage.into());
        error
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("it"),
            Self::File(path) => path.display().fmt(f),
            #[cfg(feature = "encode")]
            Self::Stream(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { kind, subject, detail, source } = &*self.0;
        let cause = || source.as_ref().map(ToString::to_string).unwrap_or_default();
        match (kind, detail) {
            (_, Detail::Doing(doing)) => write!(f, "cannot {doing} {subject}: {}", cause()),
            #[cfg(any(feature = "atomic-file", feature = "loudness", feature = "resample"))]
            (_, Detail::Refusal { what, value, advice }) => write!(f, "{what} is {value}; {advice}"),
            #[cfg(feature = "reader")]
            (ErrorKind::UnsupportedCodec { codec }, Detail::Advice(advice)) => {
                write!(f, "{subject} holds {codec} audio, which is not supported; {advice}")
            }
            #[cfg(feature = "reader")]
            (ErrorKind::MissingFeature { feature }, Detail::Advice(what)) => write!(
                f,
                "{subject} holds {what} audio, which this build does not read; build crowd-media with its feature \
                 `{feature}`, or convert it to one of: {}",
                supported_formats()
            ),
            (ErrorKind::NotAudio, _) => write!(
                f,
                "{subject} is not an audio file this build can read; convert it to one of: {}",
                supported_formats()
            ),
            (ErrorKind::Damaged { offset }, _) => {
                let near = offset.map(|at| format!(" near byte {at}")).unwrap_or_default();
                write!(f, "{subject} is damaged{near}: {}; re-export the file or fetch it again", cause())
            }
            (ErrorKind::Empty, _) => {
                write!(f, "{subject} holds no audio (0 frames); check that its recording or export finished")
            }
            (ErrorKind::TooLarge { at_least, limit }, _) => write!(
                f,
                "{subject} decodes to {at_least} bytes or more, over the limit of {limit}; raise max_bytes or stream it"
            ),
            (ErrorKind::OutOfMemory { bytes }, _) => {
                write!(f, "no memory for {bytes} more bytes of samples; close other programs or stream the file")
            }
            (ErrorKind::SampleRate { rate }, _) => {
                write!(f, "a sample rate of {rate} Hz is not usable; choose one in 1000..=768000 Hz")
            }
            (ErrorKind::FrameShape { samples, channels }, _) => write!(
                f,
                "{samples} samples do not make whole frames of {channels} channels; pass a multiple, with 1..=64 channels"
            ),
            (kind, _) => write!(f, "{subject}: {kind:?}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Error> for io::Error {
    /// The system's error, if this is one. Otherwise an error of the kind [`io::ErrorKind::Other`] with the same message.
    fn from(error: Error) -> Self {
        if error.io_error().is_none() {
            return Self::other(error);
        }
        let source = error.0.source.map(|source| source.downcast::<Self>());
        match source {
            Some(Ok(system)) => *system,
            Some(Err(other)) => Self::other(other),
            None => io::ErrorKind::Other.into(),
        }
    }
}
