//! The command line of `section-export`.

mod abbreviation;
mod excerpt;
mod output;
mod run;
mod selection;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::target_tempo::TargetTempo;

pub use abbreviation::command;
pub use excerpt::{ExcerptOptions, FileFormat, Method};
pub use output::{OutputOptions, PrintedPath};
pub use run::RunOptions;
pub use selection::{LibraryOptions, SelectionOptions};
pub use values::KeyList;

const EXAMPLES: &str = "\
Examples:
  section-export --bpm 122.5 --delta 2 --key \"Gm,Cm\" --rekordbox-xml collection.xml \\
      --csv-out selected.csv --parts-dir parts --audio-dir music music/struct
                                  cut tracks near 122.5 BPM and in Gm or Cm, and bring them to 122.5
  section-export --bpm 174 --half-double --key 8A --key-match compatible --dry-run music/struct
                                  only print the tracks that would be cut, and the reasons for the others
  section-export --bpm 122 --snap downbeat --format flac --loudness -14 --pictures pictures music/struct
  section-export --bpm 122 --rekordbox-xml collection.xml --write-xml with-cues.xml music/struct
                                  cues back for Rekordbox (see below)
  section-export --bpm 122 --playlist Friday --rekordbox-xml collection.xml --parts-xml excerpts.xml music/struct
                                  excerpts of a playlist that are ready to mix in Rekordbox (see below)
  section-export inspect collection.xml
  section-export inspect \"Harbour Lights\" --structure-dir music/struct --audio-dir music --bpm 122
                                  show the data of a track, and whether it would be selected

To import a collection that was written, choose the file in Rekordbox under Preferences > Advanced > Database > rekordbox xml. It
then shows in the tree on the left as \"rekordbox xml\": select its tracks or a playlist, right-click, Import To Collection.

Paths of the selected tracks, as in their structure files, go to standard output, everything else to standard error. An excerpt
that is unchanged since an earlier run is not cut again.
Exit status: 0 when all selected tracks are exported or were before, 1 when some failed, 2 for a wrong command line,
3 when nothing is selected.";

/// Cut mix-ready, tempo-aligned sections out of a library of tracks
#[derive(Debug, Parser)]
#[command(
    name = "section-export",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    infer_long_args = true,
    args_override_self = true
)]
pub struct Cli {
    /// The subcommand; without one the tracks are exported.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of an export.
    #[command(flatten)]
    pub export: ExportOptions,
}

/// The subcommands: what the program does besides exporting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what was read of tracks or a collection: tempo marks, keys, cues, and how they were matched
    Inspect(Box<InspectOptions>),
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

/// The options of an export.
#[derive(Debug, Clone, Args)]
pub struct ExportOptions {
    /// Folder of the structure files (one JSON a track)
    #[arg(value_name = "STRUCTURE_DIR", default_value = "../stems/dj/struct")]
    pub structure_dir: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub library: LibraryOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub selection: SelectionOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub excerpt: ExcerptOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
}

/// The options of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectOptions {
    /// A collection (.xml), a structure file (.json), or text that occurs in a track's path
    #[arg(value_name = "TRACK|XML")]
    pub what: String,
    /// Folder of the structure files
    #[arg(long, value_name = "DIR", default_value = "../stems/dj/struct", help_heading = "Library")]
    pub structure_dir: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub library: LibraryOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub selection: SelectionOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl ExportOptions {
    /// The tempos that excerpts are brought to, each once. There is at least one.
    pub fn targets(&self) -> Vec<TargetTempo> {
        let mut targets: Vec<TargetTempo> = Vec::new();
        let name = |target: TargetTempo| target.file_stem_with_tempo("");
        for target in self.excerpt.target_bpm.iter().map(|bpm| TargetTempo::Bpm(*bpm)) {
            // Two tempos that give the same file name count as one.
            if !targets.iter().any(|other| name(*other) == name(target)) {
                targets.push(target);
            }
        }
        if targets.is_empty() {
            targets.push(self.selection.bpm.map_or(TargetTempo::Own, TargetTempo::Bpm));
        }
        targets
    }

    /// Checks options that depend on each other.
    ///
    /// # Errors
    /// A sentence that names the flags.
    pub fn check(&self) -> Result<(), String> {
        self.selection.selection()?;
        self.excerpt.check()?;
        self.output.check()
    }
}

#[cfg(test)]
mod tests;
