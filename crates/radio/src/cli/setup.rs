//! `crowd-radio setup`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use crowd_cli::ExitReason;

use super::values::{PROGRAM, seconds};
use crate::config::{PlaylistConfig, ScheduleConfig, StationConfig, StreamSettings};
use crate::error::Error;
use crate::item::ItemKind;
use crate::program::{Every, Order};
use crate::setup::Preparer;

/// Prepares music and jingles.
#[derive(Debug, Args)]
pub struct Setup {
    /// Configuration of the station (station.toml), instead of the flags from --music to --sample-rate
    #[arg(long, value_name = "FILE", conflicts_with_all = ["music", "jingles"], required_unless_present = "music")]
    config: Option<PathBuf>,
    #[command(flatten)]
    simple: SimpleStation,
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Do not show progress
    #[arg(long)]
    quiet: bool,
}

/// A station without a configuration file.
#[derive(Debug, Args)]
struct SimpleStation {
    /// Folder of music
    #[arg(long, value_name = "DIR")]
    music: Option<PathBuf>,
    /// Folder of jingles, which play in turn
    #[arg(long, value_name = "DIR")]
    jingles: Option<PathBuf>,
    /// Name of the station, which players show
    #[arg(long, value_name = "NAME", default_value = PROGRAM)]
    name: String,
    /// Number of tracks between two jingles
    #[arg(long, value_name = "N", default_value = "2")]
    cycle: NonZeroU32,
    /// Play the music in another order each time
    #[arg(long)]
    shuffle: bool,
    /// File that plays when nothing else can; without it, music is generated
    #[arg(long, value_name = "FILE")]
    filler: Option<PathBuf>,
    /// Length of a segment of the stream, 1 to 60 s
    #[arg(long, value_name = "S", default_value_t = 6.0, value_parser = |text: &str| seconds(text, 1.0, 60.0))]
    segment_seconds: f64,
    /// Time for which each item fades into the next one, 0 to 30 s; 0 joins them without a gap
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = |text: &str| seconds(text, 0.0, 30.0))]
    crossfade: f64,
    /// Silence between items, 0 to 60 s
    #[arg(long, value_name = "S", default_value_t = 0.0, conflicts_with = "crossfade", value_parser = |text: &str| seconds(text, 0.0, 60.0))]
    pause: f64,
    /// Loudness of all items, -30 to -9 LUFS
    #[arg(long, value_name = "LUFS", default_value_t = -16.0, allow_negative_numbers = true)]
    loudness: f64,
    /// Bits per second of the stream, 32000 to 320000
    #[arg(long, value_name = "BIT/S", default_value_t = 128_000)]
    bit_rate: u32,
    /// Frames per second of the stream: 32000, 44100 or 48000
    #[arg(long, value_name = "HZ", default_value_t = 48_000)]
    sample_rate: u32,
}

impl SimpleStation {
    fn config(&self) -> StationConfig {
        let folder = |folder: &PathBuf| std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        let playlist = |name: &str, from: &PathBuf, kind, order| PlaylistConfig {
            name: name.to_owned(),
            folder: folder(from),
            sections: None,
            tracks: Vec::new(),
            subfolders: true,
            kind,
            order,
        };
        let order = if self.shuffle { Order::Shuffle } else { Order::Path };
        let music = self.music.iter().map(|music| playlist("music", music, ItemKind::Track, order));
        let jingles = self.jingles.iter().map(|jingles| playlist("jingles", jingles, ItemKind::Jingle, Order::Path));
        let every = |_| Every { playlist: "jingles".to_owned(), tracks: Some(self.cycle), minutes: None };
        StationConfig {
            name: self.name.clone(),
            stream: StreamSettings {
                sample_rate: self.sample_rate,
                bit_rate: self.bit_rate,
                segment_seconds: self.segment_seconds,
                loudness_lufs: self.loudness,
            },
            playlist: music.chain(jingles).collect(),
            schedule: ScheduleConfig {
                crossfade_seconds: self.crossfade,
                pause_seconds: self.pause,
                every: self.jingles.iter().map(every).collect(),
                ..ScheduleConfig::default()
            },
            buffer: None,
            live: None,
            filler: self.filler.as_ref().map(folder),
        }
    }
}

impl Setup {
    /// Prepares the files.
    ///
    /// # Errors
    /// Those of [`Preparer`].
    pub fn run(self) -> Result<ExitReason, Error> {
        let config = match &self.config {
            Some(file) => StationConfig::read(file)?,
            None => self.simple.config(),
        };
        let mut preparer = Preparer::new(config, &self.out)?;
        let bar = crowd_cli::progress_bar(0, "{wide_bar} {pos} of {len} files {eta}", self.quiet);
        let left_out = preparer.prepare(|done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        left_out.iter().for_each(|reason| eprintln!("{PROGRAM}: left out: {reason}"));
        Ok(if left_out.is_empty() { ExitReason::Done } else { ExitReason::Failed })
    }
}
