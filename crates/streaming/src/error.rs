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
    /// The AAC encoder does not support the bit rate.
    #[error("AAC of {0} bit/s is not supported: choose 32000 to 320000 bit/s")]
    AacBitRate(u32),
    /// The AAC encoder was given another number of audio frames than an AAC frame has.
    #[error("an AAC frame needs 1024 audio frames and not {0}")]
    AacSamples(usize),
    /// The library that encodes AAC failed.
    #[error("the AAC encoder failed at the step \"{step}\" with the code {code} of fdk-aac")]
    AacEncoder {
        /// What the encoder was asked to do.
        step: &'static str,
        /// The error code of fdk-aac.
        code: u32,
    },
    /// Bytes that are not an ADTS stream of stereo AAC-LC.
    #[error("byte {position} is not the beginning of a complete ADTS frame of stereo AAC-LC")]
    Adts {
        /// The position in the stream.
        position: usize,
    },
    /// Bytes that are not a clip of H.264 as a stream needs it.
    #[error("the video is no clip of H.264 that can be repeated: {0}")]
    H264(String),
    /// A clip of H.264 that is too short to be repeated.
    #[error("the video has fewer than the {group} pictures of a group")]
    ShortClip {
        /// The pictures of a group.
        group: usize,
    },
    /// A segment without frames.
    #[error("a segment needs at least one frame")]
    NoFrames,
    /// A segment is longer than a live playlist allows.
    #[error("a segment of {duration:?} is longer than the target duration of {target} s")]
    TargetDuration {
        /// The duration of the segment.
        duration: std::time::Duration,
        /// The target duration in seconds.
        target: u64,
    },
    /// The writer of MPEG transport streams failed.
    #[error("the transport stream cannot be written: {0}")]
    TransportStream(String),
}

impl From<mpeg2ts::Error> for Error {
    fn from(error: mpeg2ts::Error) -> Self {
        Self::TransportStream(error.to_string())
    }
}
