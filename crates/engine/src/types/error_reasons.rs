//! The reasons of errors: why samples cannot be a track, marks a beat grid, a span a time map, or a number a setting.

use std::fmt;

use super::frames::Frames;

/// The reason why samples cannot be a track.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrackError {
    /// There are no frames.
    #[error("it has no frames")]
    NoFrames,
    /// The samples do not make whole frames.
    #[error("{samples} samples are not a whole number of {channels}-channel frames")]
    PartialFrame {
        /// The number of samples.
        samples: usize,
        /// The number of channels.
        channels: usize,
    },
    /// The samples are neither mono nor stereo.
    #[error("{channels} channels: mix it down to mono or stereo first")]
    Channels {
        /// The number of channels.
        channels: usize,
    },
    /// A sample is infinite or not a number.
    #[error("the sample of frame {} is not a finite number", .frame.0)]
    NotFinite {
        /// The first such frame.
        frame: Frames,
    },
    /// There are more frames than a position can count.
    #[error("{} frames: 1 to {} are possible", .frames.0, .most.0)]
    TooLong {
        /// The number of frames.
        frames: Frames,
        /// The largest possible number of frames.
        most: Frames,
    },
}

/// The reason why marks cannot be a beat grid. In the fields marks are counted from 0, and in messages from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BeatGridError {
    /// There is no mark.
    #[error("it has no mark: give at least one")]
    NoMarks,
    /// A mark is too far from the start of the track, or its position is not a number.
    #[error("mark {} lies at {seconds} s: give at most {most} s", .mark + 1)]
    TooFar {
        /// The index of the mark.
        mark: usize,
        /// Where it lies, in seconds.
        seconds: f64,
        /// How far from the start of its track a mark may lie, in seconds.
        most: f64,
    },
    /// The number of a mark is not that of a beat of the bar.
    #[error("mark {} is beat {number} of a bar of {beats_per_bar}: count from 1", .mark + 1)]
    NotInBar {
        /// The index of the mark.
        mark: usize,
        /// The number of the beat in its bar.
        number: u8,
        /// The number of beats in a bar.
        beats_per_bar: u8,
    },
    /// A mark is earlier than the mark before it in the list, or less than half a beat after it.
    #[error("mark {} lies at {seconds} s, not half a beat after the one before", .mark + 1)]
    TooClose {
        /// The index of the mark.
        mark: usize,
        /// Where it lies, in seconds.
        seconds: f64,
    },
}

/// The reason why a span of a track cannot be brought to a tempo. All times are seconds of the track.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeMapError {
    /// The span ends at or before its start, or is further from the start of the track than a beat grid may be.
    #[error("nothing lies from {from:.3} to {until:.3} s: give an end after the start")]
    Empty {
        /// Where it begins.
        from: f64,
        /// Where it ends.
        until: f64,
    },
    /// Somewhere the track would have to run faster or slower than is possible.
    #[error(
        "from {from:.3} to {until:.3} s it would have to run at {speed:.3}x to last as long as at {target} BPM: {low}x to {high}x \
         are possible"
    )]
    Speed {
        /// The start of the part of the track where this is so.
        from: f64,
        /// The end of that part.
        until: f64,
        /// The speed that would be necessary. 1 is the recorded speed.
        speed: f64,
        /// The requested tempo, in BPM.
        target: f64,
        /// The lowest speed that is possible.
        low: f64,
        /// The highest speed that is possible.
        high: f64,
    },
    /// The span would last less than a frame.
    #[error("{from:.3} to {until:.3} s is less than a frame at {target} BPM")]
    TooShort {
        /// Where it begins.
        from: f64,
        /// Where it ends.
        until: f64,
        /// The requested tempo, in BPM.
        target: f64,
    },
}

/// A setting that is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is not possible: {reason}")]
#[non_exhaustive]
pub struct SettingError {
    /// The name of the setting.
    pub setting: &'static str,
    /// The reason.
    pub reason: SettingReason,
}

/// The reason why a setting is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingReason {
    /// The number lies outside its range.
    NotWithin {
        /// The number.
        value: usize,
        /// The smallest that is possible.
        low: usize,
        /// The largest that is possible.
        high: usize,
    },
    /// The length is 0, or not a multiple of the required number of frames.
    NotMultiple {
        /// The length.
        frames: Frames,
        /// The required number of frames.
        of: Frames,
    },
    /// The length is not below its limit.
    NotBelow {
        /// The length.
        frames: Frames,
        /// The limit.
        limit: Frames,
    },
    /// Files of a recording cannot have this length.
    FileLength,
    /// The setting is for recordings, and nothing is recorded.
    NothingRecorded,
    /// The engine has no output that could be recorded.
    NoOutput,
    /// A chunk or a batch has no frames.
    ZeroBatch {
        /// The number of frames in a chunk.
        chunk: usize,
        /// The number of chunks in each batch.
        batches: [usize; 4],
    },
    /// Levels do not rise.
    NotRising {
        /// The levels, in chunks.
        levels: [usize; 4],
    },
}

impl fmt::Display for SettingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWithin { value, low, high } => write!(f, "{value} is not within {low} to {high}"),
            Self::NotMultiple { frames, of } => {
                write!(f, "{} frames: give a multiple of {}, at least that", frames.0, of.0)
            }
            Self::NotBelow { frames, limit } => write!(f, "{} frames: give less than {} frames", frames.0, limit.0),
            Self::FileLength => f.write_str("a file can have 1 second to 24 hours"),
            Self::NothingRecorded => f.write_str("nothing is recorded"),
            Self::NoOutput => f.write_str(
                "there is no output to record: write the rendered samples with crowd_media::write, or open an Output::File",
            ),
            Self::ZeroBatch { chunk, batches } => {
                write!(f, "a chunk of {chunk} frames, batches of {batches:?} chunks: none may be 0")
            }
            Self::NotRising { levels } => write!(f, "the levels {levels:?} must rise, from 1 on"),
        }
    }
}

impl SettingError {
    pub(crate) const fn new(setting: &'static str, reason: SettingReason) -> Self {
        Self { setting, reason }
    }
}
