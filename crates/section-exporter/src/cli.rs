//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use crowd_engine::{Bpm, StretchMethod};
use crowd_media::{AudioFormat, Container, Depth};

use crate::cues::Snap;
use crate::key::Key;
use crate::select::{KeyMatch, Selection, TempoRange};

const EXAMPLES: &str = "\
Examples:
  section-export --bpm 122.5 --delta 2 --key \"Gm,Cm\" --rekordbox-xml collection.xml \\
      --csv-out selected.csv --parts-dir parts --audio-dir music music/struct
                                  cut what is near 122.5 BPM and in Gm or Cm, and bring it to 122.5
  section-export --bpm 174 --half-double --key 8A --key-match compatible --dry-run music/struct
                                  only say what would be cut, and why the rest would not
  section-export --bpm 122 --snap downbeat --format flac --loudness -14 --pictures pictures music/struct
  section-export --bpm 122 --rekordbox-xml collection.xml --write-xml with-cues.xml music/struct
                                  cues back for Rekordbox (File > Import Collection)
  section-export inspect collection.xml
  section-export inspect \"Harbour Lights\" --structure-dir music/struct --audio-dir music --bpm 122
                                  what is known of a track, and whether it would be selected

Paths of the selected tracks go to standard output, everything else to standard error. What is unchanged since an earlier run
is not cut again.
Exit status: 0 when a part was exported (or is there already), 1 when none was, 2 for a wrong command line.";

/// Cut mix-ready, tempo-aligned sections out of a library of tracks
#[derive(Debug, Parser)]
#[command(name = "section-export", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do other than export.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to export.
    #[command(flatten)]
    pub export: Export,
}

/// What the program does besides exporting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what was read of tracks or a collection: tempo marks, keys, cues, and how they were matched
    Inspect(Inspect),
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

/// Where the library is.
#[derive(Debug, Clone, Args)]
pub struct Sources {
    /// Folder of the audio, sub-folders included
    #[arg(long, value_name = "DIR", default_value = "../stems/dj", help_heading = "Library")]
    pub audio_dir: PathBuf,
    /// Collection exported from Rekordbox: its tempos override those of the structure files
    #[arg(long, value_name = "FILE", help_heading = "Library")]
    pub rekordbox_xml: Option<PathBuf>,
}

/// Which tracks, and what of them.
#[derive(Debug, Clone, Args)]
pub struct Choice {
    /// Tempo to look for, in BPM
    #[arg(long, value_name = "BPM", value_parser = tempo, help_heading = "Selection", conflicts_with_all = ["bpm_min", "bpm_max"])]
    pub bpm: Option<f64>,
    /// How far from --bpm a track may be, in BPM; the ends count
    #[arg(long, value_name = "BPM", default_value_t = 2.0, value_parser = not_negative, allow_negative_numbers = true, help_heading = "Selection")]
    pub delta: f64,
    /// Lowest tempo, in BPM
    #[arg(long, value_name = "BPM", value_parser = tempo, help_heading = "Selection")]
    pub bpm_min: Option<f64>,
    /// Highest tempo, in BPM
    #[arg(long, value_name = "BPM", value_parser = tempo, help_heading = "Selection")]
    pub bpm_max: Option<f64>,
    /// Take tracks of half and double the tempo too
    #[arg(long, help_heading = "Selection")]
    pub half_double: bool,
    /// Keys, any of which will do: "Gm,Cm", Camelot (6A) or Open Key (11m)
    #[arg(long, value_name = "KEYS", value_parser = Keys::parse, help_heading = "Selection")]
    pub key: Option<Keys>,
    /// Whether keys that mix with those will do too: the neighbours on the Camelot wheel
    #[arg(long, value_name = "HOW", value_enum, default_value_t, help_heading = "Selection")]
    pub key_match: KeyMatch,
    /// Sections of a part, from the end of the last intro on
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u16).range(1..), help_heading = "Selection")]
    pub n_sections: u16,
    /// Move the cues to the nearest beat, or first beat of a bar
    #[arg(long, value_name = "TO", value_enum, default_value_t, help_heading = "Selection")]
    pub snap: Snap,
}

/// The options of an export.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "command line switches")]
pub struct Export {
    /// Folder of the structure files (one JSON a track)
    #[arg(value_name = "STRUCTURE_DIR", default_value = "../stems/dj/struct")]
    pub structure_dir: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sources: Sources,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub choice: Choice,

    /// Tempo to bring the parts to, in BPM; --bpm unless given
    #[arg(long, value_name = "BPM", value_parser = tempo, help_heading = "Parts")]
    pub target_bpm: Option<f64>,
    /// How to change the tempo
    #[arg(long, value_name = "METHOD", value_enum, default_value_t, help_heading = "Parts")]
    pub stretch_method: Method,
    /// Loudness to bring the stretched parts to, in LUFS; their true peak stays at -1 dBTP or under
    #[arg(long, value_name = "LUFS", value_parser = loudness, allow_negative_numbers = true, help_heading = "Parts")]
    pub loudness: Option<f64>,
    /// Kind of file
    #[arg(long, value_name = "KIND", value_enum, default_value_t, help_heading = "Parts")]
    pub format: Format,
    /// Bits of a sample, the track's own unless given: 16, 24 or 32f (float, WAV only); integers are dithered
    #[arg(long, value_name = "BITS", value_parser = depth, help_heading = "Parts")]
    pub bit_depth: Option<Depth>,

    /// Folder for the parts; the untouched originals go to its folder "orig"
    #[arg(long, value_name = "DIR", default_value = "parts", help_heading = "Output")]
    pub parts_dir: PathBuf,
    /// Table of the parts; sections.csv in the folder of the parts unless given
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub csv_out: Option<PathBuf>,
    /// Report of everything that was exported and skipped, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Folder for a picture of each part: waveforms, beat grids, cues
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub pictures: Option<PathBuf>,
    /// Copy of the collection with the cues in it, for Rekordbox
    #[arg(long, value_name = "FILE", requires = "rekordbox_xml", help_heading = "Output")]
    pub write_xml: Option<PathBuf>,
    /// Put the cues of --write-xml on free hot cue pads instead of among the memory cues
    #[arg(long, requires = "write_xml", help_heading = "Output")]
    pub hot_cues: bool,

    /// Parts made at the same time; as many as there are processors unless given
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256), help_heading = "Run")]
    pub jobs: Option<u16>,
    /// Only say what would be done
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,
    /// Cut again what an earlier run has cut
    #[arg(long, help_heading = "Run")]
    pub force: bool,
    /// No progress, and no line for each track that is skipped
    #[arg(long, short, help_heading = "Run")]
    pub quiet: bool,
}

/// The options of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct Inspect {
    /// A collection (.xml), a structure file (.json), or a piece of a track's path
    #[arg(value_name = "TRACK|XML")]
    pub what: String,
    /// Folder of the structure files
    #[arg(long, value_name = "DIR", default_value = "../stems/dj/struct", help_heading = "Library")]
    pub structure_dir: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sources: Sources,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub choice: Choice,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// A list of keys.
#[derive(Debug, Clone)]
pub struct Keys(pub Vec<Key>);

impl Keys {
    fn parse(text: &str) -> Result<Self, String> {
        Key::list(text).map(Self).map_err(|error| error.to_string())
    }
}

/// How the tempo is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Method {
    /// Pitch follows the tempo, as on a turntable
    PlaybackRate,
    /// Pitch stays; quick
    Wsola,
    /// Pitch stays; best sound
    #[default]
    #[value(alias = "high_quality")]
    Hq,
}

impl From<Method> for StretchMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::PlaybackRate => Self::PlaybackRate,
            Method::Wsola => Self::Wsola,
            Method::Hq => Self::Hq,
        }
    }
}

/// The kind of file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// WAV
    #[default]
    Wav,
    /// FLAC: smaller, and the same samples
    Flac,
}

impl From<Format> for Container {
    fn from(format: Format) -> Self {
        match format {
            Format::Wav => Self::Wav,
            Format::Flac => Self::Flac,
        }
    }
}

impl Choice {
    /// What is selected.
    ///
    /// # Errors
    /// A sentence, when the tempos make no range.
    pub fn selection(&self) -> Result<Selection, String> {
        let range = match (self.bpm, self.bpm_min, self.bpm_max) {
            (Some(bpm), ..) => Some(TempoRange::around(bpm, self.delta)),
            (None, None, None) => None,
            (None, low, high) => Some(TempoRange::new(low.unwrap_or(Bpm::MIN.get()), high.unwrap_or(Bpm::MAX.get()))),
        };
        Ok(Selection {
            tempo: range.transpose().map_err(|error| error.to_string())?,
            half_double: self.half_double,
            keys: self.key.as_ref().map(|keys| keys.0.clone()).unwrap_or_default(),
            key_match: self.key_match,
        })
    }
}

impl Export {
    /// The tempo that parts are brought to.
    ///
    /// # Errors
    /// A sentence, when none was given.
    pub fn target(&self) -> Result<f64, String> {
        self.target_bpm
            .or(self.choice.bpm)
            .ok_or_else(|| "no tempo to bring the parts to: give --target-bpm, or --bpm, which also selects".to_owned())
    }

    /// Checks what belongs together.
    ///
    /// # Errors
    /// A sentence that names the flags.
    pub fn check(&self) -> Result<(), String> {
        self.target()?;
        self.choice.selection()?;
        if let Some(depth) = self.bit_depth {
            AudioFormat::new(self.format.into(), depth).map_err(|error| format!("--bit-depth {depth}: {error}"))?;
        }
        Ok(())
    }

    /// The table of the parts.
    pub fn csv(&self) -> PathBuf {
        self.csv_out.clone().unwrap_or_else(|| self.parts_dir.join("sections.csv"))
    }
}

fn tempo(text: &str) -> Result<f64, String> {
    let bpm: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Bpm::new(bpm).map(|_| bpm).map_err(|error| error.to_string())
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "give a number of 0 or more".to_owned())
}

fn loudness(text: &str) -> Result<f64, String> {
    let lufs = text.parse().ok().filter(|lufs| (-60.0..=0.0).contains(lufs));
    lufs.ok_or_else(|| "give -60 to 0 LUFS; clubs play near -9, broadcasters -23, streaming services -14".to_owned())
}

fn depth(text: &str) -> Result<Depth, String> {
    text.parse().map_err(|error: crowd_media::Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, String> {
        let words = std::iter::once("section-export").chain(line.split(' ').filter(|word| !word.is_empty()));
        Cli::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_old_command_line_works_as_written() {
        let cli = parse(
            "--bpm 122.5 --delta 2 --key Gm,Cm --rekordbox-xml ./track_data_rekordbox.xml --csv-out selected.csv \
             --parts-dir parts_temp --audio-dir ../stems/dj",
        )
        .unwrap();
        let export = cli.export;
        assert_eq!((export.target(), export.check()), (Ok(122.5), Ok(())));
        let selection = export.choice.selection().unwrap();
        assert_eq!(selection.keys, Key::list("Gm,Cm").unwrap());
        assert!(selection.tempo.is_some_and(|range| range.contains(124.5) && !range.contains(124.6)));
        assert_eq!(export.structure_dir, PathBuf::from("../stems/dj/struct"));
        assert_eq!(export.csv(), PathBuf::from("selected.csv"));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_way_out() {
        for (line, named) in [
            ("--bpm fast", "not a number"),
            ("--bpm 0", "--bpm"),
            ("--bpm 122 --delta -1", "0 or more"),
            ("--bpm 122 --key H", "H"),
            ("--bpm 122 --bpm-min 100", "--bpm-min"),
            ("--bpm 122 --loudness 3", "-14"),
            ("--bpm 122 --bit-depth 8", "24"),
            ("--bpm 122 --n-sections 0", "n-sections"),
            ("--bpm 122 --write-xml x.xml", "--rekordbox-xml"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
        for (line, named) in [
            ("", "--target-bpm"),
            ("--bpm-min 100", "--target-bpm"),
            ("--bpm-min 130 --bpm-max 120 --target-bpm 120", "130"),
            ("--bpm 122 --format flac --bit-depth 32f", "--bit-depth 32f"),
        ] {
            let error = parse(line).unwrap().export.check().unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
