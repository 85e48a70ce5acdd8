//! How excerpts are made.

use clap::{Args, ValueEnum};
use crowd_engine::{Bpm, StretchMethod};
use crowd_media::{AudioFormat, Container, SampleFormat};

use super::values::{depth, loudness, tempo};

/// How excerpts are made.
#[derive(Debug, Clone, Args)]
pub struct Excerpt {
    /// Tempo to bring the parts to, in BPM: --bpm unless given, each track's own when that is not given either. Several
    /// (120,122.5) make an excerpt of each track for each
    #[arg(long, value_name = "BPM", value_parser = tempo, value_delimiter = ',', help_heading = "Parts")]
    pub target_bpm: Vec<Bpm>,
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
    pub bit_depth: Option<SampleFormat>,
}

impl Excerpt {
    /// Checks what belongs together.
    ///
    /// # Errors
    /// A sentence that names the flag.
    pub fn check(&self) -> Result<(), String> {
        if let Some(depth) = self.bit_depth {
            AudioFormat::new(self.format.into(), depth).map_err(|error| format!("--bit-depth {depth}: {error}"))?;
        }
        Ok(())
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
