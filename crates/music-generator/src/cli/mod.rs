//! The command line of `music-generator`.

mod midi;
mod notes;
mod render;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use crowd_cli::UsageError;

pub use render::render;

use crate::prompt::blend::{WeightedPrompt, blend};
use crate::prompt::explain::explain;
use crate::prompt::vocabulary::Vocabulary;
use crate::types::config::{Config, Mode};
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};

const EXAMPLES: &str = "\
Examples:
  music-generator render --seconds 60 --bpm 78 --seed 7 --density 0.5 out.wav
  music-generator render --style house --seconds 180 --stems stems --midi out.mid
  music-generator render --prompt \"a rainy night, sad piano\" --prompt vinyl@0.3 rain.flac
  music-generator render --key \"D dorian\" --seconds 600 --json notes.json

Exit status: 0 when all files are written, 1 when one is not, 2 for a wrong command line.";

/// Endless music that needs no model: seeded, steered by prompts, in stems
#[derive(Debug, Parser)]
#[command(name = "music-generator", version, after_help = EXAMPLES, infer_long_args = true, args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make music and write it to files
    Render(Box<RenderOptions>),
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

/// The options of a rendering.
#[derive(Clone, Debug, Args)]
pub struct RenderOptions {
    /// The mix, as WAV or FLAC by its extension
    pub out: Option<PathBuf>,
    /// How long the music is
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub seconds: f64,
    /// The seed: the same seed makes the same music
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What the music is like, in words, with a weight after "@": "rainy night, sad piano" or "tabla@0.5"; may be repeated
    #[arg(long, value_name = "WORDS", value_parser = prompt)]
    pub prompt: Vec<WeightedPrompt>,
    /// The style; without one the prompts choose it
    #[arg(long, value_enum)]
    pub style: Option<StyleName>,
    /// The tempo in quarter notes a minute, 40 to 200; the style chooses it without
    #[arg(long, value_parser = tempo)]
    pub bpm: Option<f64>,
    /// Tonic and mode, as in "D dorian" or "Bb"; the seed chooses them without
    #[arg(long, value_parser = key)]
    pub key: Option<(u8, Mode)>,
    /// How much happens, 0 to 1
    #[arg(long)]
    pub density: Option<f32>,
    /// How bright the sound is, 0 to 1
    #[arg(long)]
    pub brightness: Option<f32>,
    /// How much the music varies, 0 to 3
    #[arg(long, default_value_t = 1.1)]
    pub temperature: f32,
    /// Stems that are silent: drums, bass, harmony, lead, texture
    #[arg(long, value_delimiter = ',', value_parser = stem)]
    pub mute: Vec<Stem>,
    /// Frames a second of the files
    #[arg(long, value_name = "HERTZ", default_value_t = 48_000)]
    pub sample_rate: u32,
    /// A folder for the stems, as WAV of 32-bit floats
    #[arg(long, value_name = "DIR")]
    pub stems: Option<PathBuf>,
    /// The notes as a MIDI file, a track for each stem
    #[arg(long, value_name = "FILE")]
    pub midi: Option<PathBuf>,
    /// Notes, chords, scales and sections as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// The names of the styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names of styles")]
pub enum StyleName {
    Lofi,
    IndianLofi,
    Ambient,
    Cinematic,
    House,
    Piano,
}

impl From<StyleName> for Style {
    fn from(name: StyleName) -> Self {
        match name {
            StyleName::Lofi => Self::Lofi,
            StyleName::IndianLofi => Self::IndianLofi,
            StyleName::Ambient => Self::Ambient,
            StyleName::Cinematic => Self::Cinematic,
            StyleName::House => Self::House,
            StyleName::Piano => Self::Piano,
        }
    }
}

impl RenderOptions {
    /// The target that the options describe, with what was not understood of the prompts.
    ///
    /// # Errors
    /// A [`UsageError`] for settings out of range.
    pub fn target(&self) -> Result<(Target, Vec<String>), Box<dyn Error>> {
        let mut muted = [false; Stem::COUNT];
        self.mute.iter().for_each(|stem| muted[stem.index()] = true);
        let config = Config {
            bpm: self.bpm,
            scale: self.key,
            density: self.density,
            brightness: self.brightness,
            muted,
            temperature: self.temperature,
        };
        let vocabulary = Vocabulary::built_in()?;
        let blended = blend(&vocabulary, &self.prompt, &config, None).map_err(UsageError::from_error)?;
        let explanation = explain(&vocabulary, &self.prompt, &blended);
        let mut target = blended.target;
        if let Some(style) = self.style {
            target.styles = [0.0; Style::ALL.len()];
            target.styles[Style::from(style).index()] = 1.0;
        }
        let text = explanation.to_string();
        let lines = if self.prompt.is_empty() { Vec::new() } else { text.lines().map(str::to_owned).collect() };
        Ok((target, lines))
    }
}

/// Reads a prompt, with a weight after the last `@`.
fn prompt(text: &str) -> Result<WeightedPrompt, String> {
    if let Some((words, weight)) = text.rsplit_once('@')
        && let Ok(weight) = weight.trim().parse()
    {
        return Ok(WeightedPrompt { text: words.trim().to_owned(), weight });
    }
    Ok(WeightedPrompt { text: text.to_owned(), weight: 1.0 })
}

fn tempo(text: &str) -> Result<f64, String> {
    let bpm: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (40.0..=200.0).contains(&bpm) { Ok(bpm) } else { Err("give a tempo from 40 to 200".to_owned()) }
}

fn stem(text: &str) -> Result<Stem, String> {
    let known = Stem::ALL.into_iter().find(|stem| stem.name() == text);
    known.ok_or_else(|| "give drums, bass, harmony, lead or texture".to_owned())
}

/// Reads `D dorian`, `Bb minor` or `C`.
fn key(text: &str) -> Result<(u8, Mode), String> {
    let lower = text.trim().to_lowercase();
    let (tonic, mode) = lower.split_once(char::is_whitespace).unwrap_or((&lower, "major"));
    let letters = tonic.as_bytes();
    let class = match letters.first() {
        Some(b'c') => 0,
        Some(b'd') => 2,
        Some(b'e') => 4,
        Some(b'f') => 5,
        Some(b'g') => 7,
        Some(b'a') => 9,
        Some(b'b') => 11,
        _ => return Err(format!("{text:?} has no tonic: give \"D dorian\" or \"Bb minor\"")),
    };
    let shift = match tonic.get(1..) {
        Some("") => 0,
        Some("b") => 11,
        Some("#") => 1,
        _ => return Err(format!("{tonic:?} is no tonic: give a letter with b or #")),
    };
    let mode = match mode.trim() {
        "major" | "ionian" => Mode::Ionian,
        "minor" | "aeolian" => Mode::Aeolian,
        "dorian" => Mode::Dorian,
        "phrygian" => Mode::Phrygian,
        "lydian" => Mode::Lydian,
        "mixolydian" => Mode::Mixolydian,
        other => {
            return Err(format!("{other:?} is no mode: give major, minor, dorian, phrygian, lydian or mixolydian"));
        }
    };
    Ok(((class + shift) % 12, mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_read() {
        Cli::command().debug_assert();
        let cli = Cli::parse_from([
            "music-generator",
            "render",
            "--bpm",
            "78",
            "--key",
            "Bb minor",
            "--mute",
            "bass,lead",
            "x.wav",
        ]);
        let Command::Render(options) = cli.command else { panic!("another command") };
        let (target, _) = options.target().unwrap();
        assert_eq!((target.bpm, target.tonic, target.mode), (Some(78.0), Some(10), Some(Mode::Aeolian)));
        assert_eq!(target.muted, [false, true, false, true, false]);
        assert_eq!(prompt("tabla@0.5"), Ok(WeightedPrompt { text: "tabla".to_owned(), weight: 0.5 }));
        assert!(key("H").is_err() && key("C blues").is_err() && tempo("20").is_err());
    }
}
