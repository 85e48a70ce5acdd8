//! The offset between Rekordbox's positions in an MP3 and the decoder's.
//!
//! An encoder puts some silence before the music, and writes the length of the silence into the LAME tag. Decoders remove
//! this silence. Rekordbox, since version 1.5.4, does not remove it from files with a valid tag. Its positions are then
//! later than the decoder's: by 26 ms according to its release notes. Mixxx, too, subtracts 26 ms. In files without a
//! valid tag the positions are the same.

mod measurement;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crowd_media::mp3_tag::{self, TagClass};
use serde_json::{Value, json};

use crate::grid::{Grid, TempoSource};
use crate::structure::Structure;

pub use measurement::{MeasuredOffset, OffsetEvidence};

/// The time by which Rekordbox's positions are later in an MP3 with a valid LAME tag, in seconds.
const LAME_OFFSET: f64 = 0.026;
/// The largest difference between a measured offset and the one that the tag gives, in seconds, at which they agree.
const TOLERANCE: f64 = 0.005;
/// The largest offset of `--mp3-offset`, in milliseconds.
const MAX_MILLISECONDS: f64 = 200.0;

/// The value of `--mp3-offset`: which offset is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mp3OffsetMode {
    /// The offset that follows from the tag, unless the beats contradict it.
    #[default]
    Auto,
    /// No offset.
    None,
    /// This many seconds for every MP3.
    Seconds(f64),
}

impl FromStr for Mp3OffsetMode {
    type Err = String;

    /// Parses "auto", "none", or milliseconds from -200 to 200.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            text => {
                let milliseconds = text.parse().ok().filter(|ms: &f64| ms.abs() <= MAX_MILLISECONDS);
                milliseconds.map(|ms| Self::Seconds(ms / 1e3)).ok_or_else(|| {
                    format!(
                        "give auto, none, or the milliseconds by which Rekordbox is later: -{MAX_MILLISECONDS} to {MAX_MILLISECONDS}, usually 26"
                    )
                })
            }
        }
    }
}

impl fmt::Display for Mp3OffsetMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Seconds(seconds) => write!(f, "{}", seconds * 1e3),
        }
    }
}

/// The reason for which an offset was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mp3OffsetReason {
    /// It was given on the command line.
    Requested,
    /// The tag gives it, and the measurement agrees.
    TagAndEvidence,
    /// The tag gives it, and nothing could be measured.
    TagAlone,
    /// The measurement contradicts the tag, so no offset is taken.
    EvidenceAgainstTag,
}

impl Mp3OffsetReason {
    /// The word that reports show, for scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "asked",
            Self::TagAndEvidence => "tag_and_evidence",
            Self::TagAlone => "tag_alone",
            Self::EvidenceAgainstTag => "evidence_against_tag",
        }
    }
}

/// The offset of Rekordbox's positions in an MP3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mp3Offset {
    /// The time by which Rekordbox's positions are later, in seconds.
    pub seconds: f64,
    /// The kind of tag of the file.
    pub tag: TagClass,
    /// The reason for which the offset was taken.
    pub reason: Mp3OffsetReason,
    /// The offset that was measured.
    pub measured: Option<MeasuredOffset>,
}

impl Mp3Offset {
    /// The offset for a track of the collection. `None` for a file that is no MP3. `grid` has Rekordbox's positions. Onsets
    /// are searched from `from` seconds on, because the beats of the track are clear there.
    pub fn of(mode: Mp3OffsetMode, audio: &Path, structure: &Structure, grid: &Grid, from: f64) -> Option<Self> {
        // The error of a file that cannot be read is reported when the file is cut.
        let tag = mp3_tag::read(audio).ok()??.class;
        let fixed = |offset| Some(Self { seconds: offset, tag, reason: Mp3OffsetReason::Requested, measured: None });
        match mode {
            Mp3OffsetMode::None => return fixed(0.0),
            Mp3OffsetMode::Seconds(offset) => return fixed(offset),
            Mp3OffsetMode::Auto => {}
        }
        let expected = if tag == TagClass::Lame { LAME_OFFSET } else { 0.0 };
        let agrees =
            |measured: &MeasuredOffset| (measured.seconds - expected).abs() <= TOLERANCE + measured.rounding_error;
        // Grids from other sources have the beats of the structure file, so comparing them would measure nothing.
        let marks = grid.source() == TempoSource::TempoMarks;
        let beats = if marks { measurement::by_beats(grid, &structure.beats) } else { None };
        // Finding onsets takes long, because the audio is decoded. So they are used only where the beats do not confirm the
        // tag.
        let measured = match beats {
            Some(beats) if agrees(&beats) => Some(beats),
            beats if marks => measurement::by_onsets(grid, audio, from).or(beats),
            beats => beats,
        };
        let (offset, reason) = match &measured {
            None => (expected, Mp3OffsetReason::TagAlone),
            Some(measured) if agrees(measured) => (expected, Mp3OffsetReason::TagAndEvidence),
            Some(_) => (0.0, Mp3OffsetReason::EvidenceAgainstTag),
        };
        Some(Self { seconds: offset, tag, reason, measured })
    }

    /// Moves a grid with Rekordbox's positions to the decoder's.
    #[must_use]
    pub fn to_decoder(&self, grid: Grid) -> Grid {
        if grid.source() == TempoSource::TempoMarks && self.seconds != 0.0 { grid.earlier(self.seconds) } else { grid }
    }

    /// Converts a position of the decoder to Rekordbox's, in seconds. The result is never before the start of the track.
    pub fn to_rekordbox(&self, seconds: f64) -> f64 {
        (seconds + self.seconds).max(0.0)
    }

    /// The offset, its reason and the measurement, for reports.
    pub fn json(&self) -> Value {
        let tag = match self.tag {
            TagClass::Absent => "absent",
            TagClass::Info => "info",
            TagClass::LameBadCrc => "lame_bad_crc",
            TagClass::Lame => "lame",
        };
        json!({
            "ms": milliseconds(self.seconds),
            "tag": tag,
            "reason": self.reason.name(),
            "measured_ms": self.measured.map(|measured| milliseconds(measured.seconds)),
            "measured_by": self.measured.map(|measured| measured.by.name()),
            "text": self.to_string(),
        })
    }
}

impl fmt::Display for Mp3Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = milliseconds(self.seconds);
        if offset == 0.0 {
            f.write_str("MP3 offset: Rekordbox's positions are taken as they are")?;
        } else {
            let (by, way) = (offset.abs(), if offset > 0.0 { "earlier" } else { "later" });
            write!(f, "MP3 offset: Rekordbox's positions are taken {by} ms {way}")?;
        }
        if self.reason == Mp3OffsetReason::Requested {
            return write!(f, ", as given by --mp3-offset ({})", self.tag);
        }
        write!(f, ": it has {}", self.tag)?;
        match (&self.measured, self.reason) {
            (None, _) => f.write_str(", and no clear beats to check that by"),
            (Some(measured), Mp3OffsetReason::EvidenceAgainstTag) => {
                let expected = if self.tag == TagClass::Lame { milliseconds(LAME_OFFSET) } else { 0.0 };
                write!(f, ", from which {expected} ms follow, but {measured}; --mp3-offset sets another offset")
            }
            (Some(measured), _) => write!(f, ", and {measured}"),
        }
    }
}

fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e4).round() / 10.0
}

#[cfg(test)]
mod tests;
