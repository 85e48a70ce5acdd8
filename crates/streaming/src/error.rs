//! Errors.

/// Why a playlist or segment cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The header of a FLAC stream is not one.
    #[error("the header of the FLAC stream: {0}")]
    FlacHeader(&'static str),
    /// The sizes of the samples do not add up to the bytes that are there.
    #[error("{samples} bytes of samples are described, {data} are there")]
    SampleBytes {
        /// The sum of the sizes.
        samples: u64,
        /// The bytes that are there.
        data: u64,
    },
    /// A media segment is larger than its boxes can say.
    #[error("a media segment of {bytes} bytes: 4 GiB are the limit")]
    TooLarge {
        /// The bytes of its samples.
        bytes: u64,
    },
    /// A URI holds what a playlist cannot quote.
    #[error("the URI \"{}\": quotation marks and control characters cannot stand in a playlist", .0.escape_debug())]
    Uri(String),
    /// A playlist without segments, which no player takes.
    #[error("a playlist needs one segment at least")]
    NoSegments,
}
