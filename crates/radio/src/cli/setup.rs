//! `crowd-radio setup`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use crowd_cli::ExitReason;

use super::values::{PROGRAM, seconds};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::setup;

/// Prepares music and jingles.
#[derive(Debug, Args)]
pub struct Setup {
    /// Folder of music
    #[arg(long, value_name = "DIR")]
    music: PathBuf,
    /// Folder of jingles, which play in turn
    #[arg(long, value_name = "DIR")]
    jingles: Option<PathBuf>,
    /// Number of tracks between two jingles
    #[arg(long, value_name = "N", default_value = "2")]
    cycle: NonZeroUsize,
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
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Do not show progress
    #[arg(long)]
    quiet: bool,
}

impl Setup {
    /// Prepares the files.
    ///
    /// # Errors
    /// Those of [`setup::prepare`].
    pub fn run(self) -> Result<ExitReason, Error> {
        if !(-30.0..=-9.0).contains(&self.loudness) {
            return Err(Error::Invalid(format!("--loudness {}: give -30 to -9 LUFS", self.loudness)));
        }
        if !(32_000..=320_000).contains(&self.bit_rate) {
            return Err(Error::Invalid(format!("--bit-rate {}: give 32000 to 320000", self.bit_rate)));
        }
        let manifest = Manifest {
            sample_rate: self.sample_rate,
            bit_rate: self.bit_rate,
            segment_seconds: self.segment_seconds,
            cycle: self.cycle,
            crossfade_seconds: self.crossfade,
            pause_seconds: self.pause,
            items: Vec::new(),
        };
        let Self { music, jingles, out, loudness: target_lufs, .. } = self;
        let settings = setup::Settings { music, jingles, out, target_lufs, manifest };
        let bar = crowd_cli::progress_bar(0, "{wide_bar} {pos} of {len} files {eta}", self.quiet);
        let left_out = setup::prepare(&settings, |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        left_out.iter().for_each(|reason| eprintln!("{PROGRAM}: left out: {reason}"));
        Ok(if left_out.is_empty() { ExitReason::Done } else { ExitReason::Failed })
    }
}
