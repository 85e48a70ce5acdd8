//! The options for the tempo, the sound and the format of excerpts.

use clap::{Args, ValueEnum};
use crowd_engine::{Bpm, StretchMethod};
use crowd_media::{AudioFormat, Container, SampleFormat};

use super::values::{loudness, sample_format, tempo};

/// How excerpts are made.
#[derive(Debug, Clone, Args)]
pub struct ExcerptOptions {
    /// Tempo of the stretched files, in BPM. If not given, it is --bpm; without --bpm, it is each track's own tempo. With
    /// several tempos (120,122.5), each track gets an excerpt for each tempo
    #[arg(long, value_name = "BPM", value_parser = tempo, value_delimiter = ',', help_heading = "Excerpts")]
    pub target_bpm: Vec<Bpm>,
    /// How to change the tempo
    #[arg(long, value_name = "METHOD", value_enum, default_value_t, help_heading = "Excerpts")]
    pub stretch_method: Method,
    /// Loudness of the stretched files, in LUFS, as far as a true peak of -1 dBTP allows
    #[arg(long, value_name = "LUFS", value_parser = loudness, allow_negative_numbers = true, help_heading = "Excerpts")]
    pub loudness: Option<f64>,
    /// File format
    #[arg(long, value_name = "KIND", value_enum, default_value_t, help_heading = "Excerpts")]
    pub format: FileFormat,
    /// Sample format: 16 or 24 bits (dithered), or 32f (float, WAV only). If not given, it is the track's own
    #[arg(long, value_name = "BITS", value_parser = sample_format, help_heading = "Excerpts")]
    pub bit_depth: Option<SampleFormat>,
}

impl ExcerptOptions {
    /// Checks options that depend on each other.
    ///
    /// # Errors
    /// A sentence that names the flag.
    pub fn check(&self) -> Result<(), String> {
        if let Some(format) = self.bit_depth {
            AudioFormat::new(self.format.into(), format).map_err(|error| format!("--bit-depth {format}: {error}"))?;
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

/// The format of the written files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// WAV
    #[default]
    Wav,
    /// FLAC: smaller, and the same samples
    Flac,
}

impl From<FileFormat> for Container {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Wav => Self::Wav,
            FileFormat::Flac => Self::Flac,
        }
    }
}
