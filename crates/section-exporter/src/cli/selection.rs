//! The options for the library, for the selection of its tracks, and for the cues of their excerpts.

use std::path::PathBuf;

use clap::{Args, value_parser};
use crowd_engine::Bpm;

use super::values::{KeyList, not_negative, tempo};
use crate::cue_rules::{CueRules, ExcerptLength};
use crate::cues::Snap;
use crate::excerpt::OnJump;
use crate::mp3_offset::Mp3OffsetMode;
use crate::selection::{KeyMatch, Selection, TempoRange};

/// The folders and files of the library.
#[derive(Debug, Clone, Args)]
pub struct LibraryOptions {
    /// Folder of the audio, sub-folders included
    #[arg(long, value_name = "DIR", default_value = "../stems/dj", help_heading = "Library")]
    pub audio_dir: PathBuf,
    /// Collection exported from Rekordbox: its tempos override those of the structure files
    #[arg(long, value_name = "FILE", help_heading = "Library")]
    pub rekordbox_xml: Option<PathBuf>,
}

/// The selection of tracks, and the cues of their excerpts.
#[derive(Debug, Clone, Args)]
pub struct SelectionOptions {
    /// Select only the tracks of this playlist of the collection, in its order. Where several playlists have the name,
    /// give its folders too (Sets/Friday)
    #[arg(long, value_name = "NAME", requires = "rekordbox_xml", help_heading = "Selection")]
    pub playlist: Option<String>,
    /// Tempo to select, in BPM; all tempos unless this or a range is given
    #[arg(long, value_name = "BPM", value_parser = tempo, help_heading = "Selection")]
    pub bpm: Option<Bpm>,
    /// Largest difference between the tempo of a track and --bpm, in BPM
    #[arg(long, value_name = "BPM", default_value_t = 2.0, value_parser = not_negative, allow_negative_numbers = true, help_heading = "Selection")]
    pub delta: f64,
    /// Lowest tempo, in BPM. With a range, --bpm does not select: it is only the tempo of the excerpts
    #[arg(long, value_name = "BPM", value_parser = not_negative, help_heading = "Selection")]
    pub bpm_min: Option<f64>,
    /// Highest tempo, in BPM
    #[arg(long, value_name = "BPM", value_parser = not_negative, help_heading = "Selection")]
    pub bpm_max: Option<f64>,
    /// Take tracks of half and double the tempo too
    #[arg(long, help_heading = "Selection")]
    pub half_double: bool,
    /// Select only tracks in one of these keys: "Gm,Cm", Camelot (6A) or Open Key (11m)
    #[arg(long, value_name = "KEYS", value_parser = KeyList::parse, help_heading = "Selection")]
    pub key: Option<KeyList>,
    /// Which keys count as those of --key
    #[arg(long, value_name = "HOW", value_enum, default_value_t, help_heading = "Selection")]
    pub key_match: KeyMatch,
    /// Sections of an excerpt, from the end of the last intro on
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u16).range(1..), help_heading = "Selection")]
    pub n_sections: u16,
    /// Bars of an excerpt instead of sections, from the end of the last intro on
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000), conflicts_with = "n_sections", help_heading = "Selection")]
    pub bars: Option<u32>,
    /// If a track has no intro, begin with its first downbeat; if it is too short, take as many sections or bars as it has
    #[arg(long, help_heading = "Selection")]
    pub fallback: bool,
    /// Move the cues to the nearest beat, or to the nearest first beat of a bar
    #[arg(long, value_name = "TO", value_enum, default_value_t, help_heading = "Selection")]
    pub snap: Snap,
    /// What to do where the beat grid jumps by a fraction of a beat between the cues
    #[arg(long, value_name = "HOW", value_enum, default_value_t, help_heading = "Selection")]
    pub on_jump: OnJump,
    /// Milliseconds by which Rekordbox's positions in an MP3 are later than the decoder's: auto (from the tag of the file,
    /// checked with the beats), none, or a number for all MP3s
    #[arg(
        long,
        value_name = "auto|none|MS",
        default_value_t,
        allow_negative_numbers = true,
        help_heading = "Selection"
    )]
    pub mp3_offset: Mp3OffsetMode,
}

impl SelectionOptions {
    /// How the cues of an excerpt are found in a track.
    pub fn cue_rules(&self) -> CueRules {
        let length = self.bars.map_or(ExcerptLength::Sections(self.n_sections.into()), ExcerptLength::Bars);
        CueRules { length, snap: self.snap, fallback: self.fallback }
    }

    /// The rules by which tracks are selected.
    ///
    /// # Errors
    /// A sentence, when the tempos make no range.
    pub fn selection(&self) -> Result<Selection, String> {
        let range = match (self.bpm, self.bpm_min, self.bpm_max) {
            (None, None, None) => None,
            (Some(bpm), None, None) => Some(TempoRange::around(bpm.get(), self.delta)),
            (_, low, high) => Some(TempoRange::new(low.unwrap_or(0.0), high.unwrap_or(Bpm::MAX.get()))),
        };
        Ok(Selection {
            tempo: range.transpose().map_err(|error| error.to_string())?,
            half_double: self.half_double,
            keys: self.key.as_ref().map(|keys| keys.0.clone()).unwrap_or_default(),
            key_match: self.key_match,
        })
    }
}
