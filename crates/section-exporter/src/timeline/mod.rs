//! Rekordbox's time line of an MP3 against the decoder's.
//!
//! An encoder puts some silence in front of the music, and LAME's tag says how much. Decoders take it away; Rekordbox, since
//! its version 1.5.4, does not where the tag is sound. So its places then lie later than the decoder's: by 26 ms as it tells
//! itself and as Mixxx subtracts. Where nothing tells the delay, or the tag is not sound, both begin alike.

mod evidence;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crowd_media::mp3_tag::{self, TagClass};
use serde_json::{Value, json};

use crate::grid::{Grid, Source};
use crate::structure::Structure;

pub use evidence::{Evidence, Measured};

/// How much later Rekordbox's places lie in an MP3 whose LAME tag is sound, in seconds.
const LATER: f64 = 0.026;
/// Evidence within this of what the tag says agrees with it, in seconds.
const AGREES: f64 = 0.005;
/// The largest offset that may be asked for, in milliseconds.
const MOST: f64 = 200.0;

/// What to do about the two time lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mp3Offset {
    /// As the tag says, unless the beats speak against it.
    #[default]
    Auto,
    /// Nothing: both are taken for the same.
    None,
    /// Rekordbox's places of every MP3 are taken to lie so many seconds later.
    Seconds(f64),
}

impl FromStr for Mp3Offset {
    type Err = String;

    /// Reads "auto", "none", or milliseconds from -200 to 200.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            text => {
                let milliseconds = text.parse().ok().filter(|ms: &f64| ms.abs() <= MOST);
                milliseconds.map(|ms| Self::Seconds(ms / 1e3)).ok_or_else(|| {
                    format!(
                        "give auto, none, or by how many milliseconds Rekordbox is later: -{MOST} to {MOST}, usually 26"
                    )
                })
            }
        }
    }
}

impl fmt::Display for Mp3Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Seconds(seconds) => write!(f, "{}", seconds * 1e3),
        }
    }
}

/// Why an offset is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// The tag says so, and what was measured agrees.
    TagAndEvidence,
    /// The tag says so, and there is nothing to check it by.
    TagAlone,
    /// What was measured speaks against the tag, so nothing is shifted.
    EvidenceAgainstTag,
}

impl Reason {
    /// A word for it, for scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::TagAndEvidence => "tag_and_evidence",
            Self::TagAlone => "tag_alone",
            Self::EvidenceAgainstTag => "evidence_against_tag",
        }
    }
}

/// How Rekordbox's time line of an MP3 lies to the decoder's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeLine {
    /// How much later Rekordbox's places lie, in seconds.
    pub offset: f64,
    /// The kind of tag that the file has.
    pub class: TagClass,
    /// Why the offset is that.
    pub reason: Reason,
    /// How much later Rekordbox's beats were measured to lie.
    pub measured: Option<Measured>,
}

impl TimeLine {
    /// That of a track of the collection; absent for what is no MP3. `grid` is that of the track on Rekordbox's time line,
    /// `from` a place in seconds behind which its beats are clear.
    pub fn of(asked: Mp3Offset, audio: &Path, structure: &Structure, grid: &Grid, from: f64) -> Option<Self> {
        // What cannot be read is told when it is to be cut.
        let class = mp3_tag::read(audio).ok()??.class;
        let fixed = |offset| Some(Self { offset, class, reason: Reason::Asked, measured: None });
        match asked {
            Mp3Offset::None => return fixed(0.0),
            Mp3Offset::Seconds(offset) => return fixed(offset),
            Mp3Offset::Auto => {}
        }
        let expected = if class == TagClass::Lame { LATER } else { 0.0 };
        let agrees = |measured: &Measured| (measured.seconds - expected).abs() <= AGREES + measured.room;
        // Other tempos of the collection take the place of their beats from the structure file.
        let marks = grid.source() == Source::TempoMarks;
        let beats = if marks { evidence::by_beats(grid, &structure.beats) } else { None };
        // Onsets have to be decoded, so they are asked where the beats do not agree.
        let measured = match beats {
            Some(beats) if agrees(&beats) => Some(beats),
            beats if marks => evidence::by_onsets(grid, audio, from).or(beats),
            beats => beats,
        };
        let (offset, reason) = match &measured {
            None => (expected, Reason::TagAlone),
            Some(measured) if agrees(measured) => (expected, Reason::TagAndEvidence),
            Some(_) => (0.0, Reason::EvidenceAgainstTag),
        };
        Some(Self { offset, class, reason, measured })
    }

    /// A grid of Rekordbox's, as the decoder sees it.
    #[must_use]
    pub fn to_decoder(&self, grid: Grid) -> Grid {
        if grid.source() == Source::TempoMarks && self.offset != 0.0 { grid.earlier(self.offset) } else { grid }
    }

    /// A place in seconds of the decoder's, as Rekordbox sees it; not before the track's start.
    pub fn to_rekordbox(&self, seconds: f64) -> f64 {
        (seconds + self.offset).max(0.0)
    }

    /// All of it, for scripts.
    pub fn json(&self) -> Value {
        let tag = match self.class {
            TagClass::Absent => "absent",
            TagClass::Info => "info",
            TagClass::LameBadCrc => "lame_bad_crc",
            TagClass::Lame => "lame",
        };
        json!({
            "ms": milliseconds(self.offset),
            "tag": tag,
            "reason": self.reason.name(),
            "measured_ms": self.measured.map(|measured| milliseconds(measured.seconds)),
            "measured_by": self.measured.map(|measured| measured.by.name()),
            "text": self.to_string(),
        })
    }
}

impl fmt::Display for TimeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = milliseconds(self.offset);
        if offset == 0.0 {
            f.write_str("MP3 time line: Rekordbox's places are taken as they are")?;
        } else {
            let (by, way) = (offset.abs(), if offset > 0.0 { "earlier" } else { "later" });
            write!(f, "MP3 time line: Rekordbox's places are taken {by} ms {way}")?;
        }
        if self.reason == Reason::Asked {
            return write!(f, ", as --mp3-offset says ({})", self.class);
        }
        write!(f, ": it has {}", self.class)?;
        match (&self.measured, self.reason) {
            (None, _) => f.write_str(", and no clear beats to check that by"),
            (Some(measured), Reason::EvidenceAgainstTag) => {
                let expected = if self.class == TagClass::Lame { milliseconds(LATER) } else { 0.0 };
                write!(f, ", which makes {expected} ms, but {measured}; --mp3-offset takes another")
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
