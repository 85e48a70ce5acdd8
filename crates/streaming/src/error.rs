//! The error type of this crate.

/// The reason why a playlist or segment cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The header of a FLAC stream is not valid.
    #[error("the header of the FLAC stream is not valid: {0}")]
    FlacHeader(&'static str),
    /// The sum of the sample sizes is not the number of bytes of data.
    #[error("the samples have {samples} bytes according to their sizes, but the data has {data} bytes")]
    SampleBytes {
        /// The sum of the sizes.
        samples: u64,
        /// The bytes of the data.
        data: u64,
    },
    /// A media segment is larger than its boxes can state.
    #[error("a media segment of {bytes} bytes is too large: the limit is 4 GiB")]
    TooLarge {
        /// The bytes of its samples.
        bytes: u64,
    },
    /// A URI has characters that a playlist cannot contain.
    #[error("the URI \"{}\": quotation marks and control characters are not allowed in a playlist", .0.escape_debug())]
    Uri(String),
    /// A playlist without segments, which no player accepts.
    #[error("a playlist needs at least one segment")]
    NoSegments,
}
