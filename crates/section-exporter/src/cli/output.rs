//! The options for the output files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The output files and their folders.
#[derive(Debug, Clone, Args)]
pub struct OutputOptions {
    /// Folder for the excerpts; the untouched originals go to its folder "orig"
    #[arg(long, value_name = "DIR", default_value = "parts", help_heading = "Output")]
    pub parts_dir: PathBuf,
    /// Table of the excerpts. If not given, it is sections.csv in the folder of the excerpts
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub csv_out: Option<PathBuf>,
    /// One JSON object with the structure files of the selected tracks, each under its file's name
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Path of each selected track that is printed to standard output
    #[arg(long, value_name = "WHAT", value_enum, default_value_t, help_heading = "Output")]
    pub print: PrintedPath,
    /// Report of everything that was exported and skipped, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Folder for a picture of each excerpt: waveforms, beat grids, cues
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub pictures: Option<PathBuf>,
    /// Copy of the collection with the cues in it, for Rekordbox
    #[arg(long, value_name = "FILE", requires = "rekordbox_xml", help_heading = "Output")]
    pub write_xml: Option<PathBuf>,
    /// Collection of the excerpts themselves, with beat grids and cues, for Rekordbox
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub parts_xml: Option<PathBuf>,
    /// Put the cues of --write-xml and --parts-xml on free hot cue pads instead of among the memory cues
    #[arg(long, help_heading = "Output")]
    pub hot_cues: bool,
    /// Playlist of the excerpts (.m3u8), for any player
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub write_playlist: Option<PathBuf>,
}

/// The path of a track that is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PrintedPath {
    /// Its path as written in the structure file and in the table
    #[default]
    Path,
    /// The path of the audio that was found
    Audio,
}

impl OutputOptions {
    /// Checks options that depend on each other.
    ///
    /// # Errors
    /// A sentence that names the flags.
    pub fn check(&self) -> Result<(), String> {
        if self.hot_cues && self.write_xml.is_none() && self.parts_xml.is_none() {
            return Err("--hot-cues: give --write-xml or --parts-xml, whose cues these are".to_owned());
        }
        Ok(())
    }

    /// The file of the table of the excerpts.
    pub fn table(&self) -> PathBuf {
        self.csv_out.clone().unwrap_or_else(|| self.parts_dir.join("sections.csv"))
    }
}
