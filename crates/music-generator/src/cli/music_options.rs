//! The options that describe the music.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use crowd_cli::UsageError;

use super::values::{density, key, prompt, stem, temperature, tempo};
use crate::prompt::blend::WeightedPrompt;
use crate::prompt::vocabulary::Vocabulary;
use crate::steering::change::Start;
use crate::types::config::{Config, Mode};
use crate::types::stem::Stem;
use crate::types::target::Style;

/// The options that describe the music.
#[derive(Clone, Debug, Default, Args)]
pub struct MusicOptions {
    /// What the music is like, in words, with a weight after a colon: "rainy night:0.7". May be given up to 20 times
    #[arg(long, short, value_name = "TEXT[:WEIGHT]", value_parser = prompt)]
    pub prompt: Vec<WeightedPrompt>,
    /// The style at the start; prompts choose it without
    #[arg(long, value_enum)]
    pub style: Option<StyleName>,
    /// The tempo in quarter notes a minute, 40 to 200; prompts and style choose it without
    #[arg(long, value_parser = tempo, allow_negative_numbers = true)]
    pub bpm: Option<f64>,
    /// Tonic and mode, as in "D dorian" or "Bb"; prompts and seed choose them without
    #[arg(long, visible_alias = "key", value_name = "KEY", value_parser = key)]
    pub scale: Option<(u8, Mode)>,
    /// How much happens, 0 to 1
    #[arg(long, value_parser = density, allow_negative_numbers = true)]
    pub density: Option<f32>,
    /// How bright the sound is, 0 to 1
    #[arg(long, value_parser = density, allow_negative_numbers = true)]
    pub brightness: Option<f32>,
    /// How much the music varies, 0 to 3; 1.1 without
    #[arg(long, value_parser = temperature, allow_negative_numbers = true)]
    pub temperature: Option<f32>,
    /// Stems that are silent: drums, bass, harmony, lead, texture
    #[arg(long, value_name = "STEM", value_delimiter = ',', value_parser = stem)]
    pub mute: Vec<Stem>,
    /// A TOML file with more words for prompts, see docs/music-generator.md. May be given several times
    #[arg(long, value_name = "FILE")]
    pub vocabulary: Vec<PathBuf>,
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

/// The words of prompts, and the texts of the files that were added to them.
#[derive(Clone, Debug)]
pub struct Words {
    /// The words.
    pub vocabulary: Arc<Vocabulary>,
    /// The texts of the user's files.
    pub added: Vec<String>,
}

impl Words {
    /// The words that are built in, and those of the texts.
    ///
    /// # Errors
    /// A text is no vocabulary; the error names it as `name` does.
    pub fn with(added: Vec<String>, name: impl Fn(usize) -> String) -> Result<Self, Box<dyn Error>> {
        let mut vocabulary = Vocabulary::built_in()?;
        for (index, text) in added.iter().enumerate() {
            vocabulary.add(&name(index), text)?;
        }
        Ok(Self { vocabulary: Arc::new(vocabulary), added })
    }
}

impl MusicOptions {
    /// With what the session begins.
    ///
    /// # Errors
    /// There are too many prompts.
    pub fn start(&self) -> Result<Start, UsageError> {
        let style = self.style.map(Style::from);
        let start = Start { style, prompts: self.prompt.clone(), config: self.config() };
        start.check().map_err(UsageError::from_error)?;
        Ok(start)
    }

    /// The settings.
    pub fn config(&self) -> Config {
        let mut config = Config {
            bpm: self.bpm,
            scale: self.scale,
            density: self.density,
            brightness: self.brightness,
            ..Config::default()
        };
        config.temperature = self.temperature.unwrap_or(config.temperature);
        for stem in &self.mute {
            config.muted[stem.index()] = true;
        }
        config
    }

    /// The words of prompts.
    ///
    /// # Errors
    /// A file cannot be read, or is no vocabulary.
    pub fn words(&self) -> Result<Words, Box<dyn Error>> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", crowd_cli::path::display_text(path)))
        };
        let texts = self.vocabulary.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Words::with(texts, |index| {
            self.vocabulary.get(index).map(|path| path.display().to_string()).unwrap_or_default()
        })
    }
}
