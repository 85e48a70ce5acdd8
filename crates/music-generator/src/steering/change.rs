//! What can be changed while the music sounds.

use serde::{Deserialize, Serialize};

use crate::prompt::blend::{self, PromptError, WeightedPrompt};
use crate::prompt::vocabulary::Vocabulary;
use crate::types::config::Config;
use crate::types::target::{Style, Target};

/// A change of the music. It is heard from the next beat on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// These prompts replace those before. Without prompts the music stays as it is.
    Prompts(Vec<WeightedPrompt>),
    /// These settings replace those before.
    Config(Config),
    /// This target replaces the prompts; settings still go before it.
    Target(Box<Target>),
}

/// With what a session begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// The style at the start, whatever the prompts name; they choose it when it is none. Prompts that come later may change it.
    pub style: Option<Style>,
    /// The prompts.
    pub prompts: Vec<WeightedPrompt>,
    /// The settings.
    pub config: Config,
}

/// A change that is not possible. It has no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SteeringError {
    /// Prompts or settings cannot be used.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A number of a target is out of range.
    #[error("the {name} of the target is {value}; allowed: {low} to {high}")]
    Target {
        /// The name of the number.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The lowest value.
        low: f64,
        /// The highest value.
        high: f64,
    },
    /// Too many changes wait for the next frames.
    #[error("{0} changes wait to be heard already: send fewer")]
    Full(usize),
    /// Nothing renders the music any more.
    #[error("the music has ended")]
    Ended,
}

impl Change {
    /// Checks the numbers.
    ///
    /// # Errors
    /// A weight, a setting or a number of a target is out of range, or there are too many prompts.
    pub fn check(&self) -> Result<(), SteeringError> {
        match self {
            // Without a vocabulary no word is looked up: only numbers are checked.
            Self::Prompts(prompts) => {
                blend::blend(&Vocabulary::default(), prompts, &Config::default(), None)?;
                Ok(())
            }
            Self::Config(config) => Ok(blend::check(config)?),
            Self::Target(target) => check_target(target),
        }
    }
}

impl Start {
    /// Checks the numbers.
    ///
    /// # Errors
    /// As [`Change::check`].
    pub fn check(&self) -> Result<(), SteeringError> {
        blend::blend(&Vocabulary::default(), &self.prompts, &self.config, None)?;
        Ok(())
    }
}

/// Checks that all numbers of a target are in their ranges.
fn check_target(target: &Target) -> Result<(), SteeringError> {
    let mut numbers: Vec<(&'static str, f64, f64, f64)> = vec![
        ("valence", target.valence.into(), -1.0, 1.0),
        ("arousal", target.arousal.into(), -1.0, 1.0),
        ("density", target.density.into(), 0.0, 1.0),
        ("brightness", target.brightness.into(), 0.0, 1.0),
        ("tempo", target.bpm.unwrap_or(40.0), 40.0, 200.0),
        ("factor of the tempo", target.tempo_factor, 0.25, 4.0),
        ("swing", target.swing.unwrap_or(0.5).into(), 0.5, 0.75),
        ("number of beats in a bar", target.beats_per_bar.unwrap_or(4).into(), 2.0, 12.0),
        ("tonic", target.tonic.unwrap_or(0).into(), 0.0, 11.0),
        ("temperature", target.temperature.into(), 0.0, 3.0),
        ("wow", target.medium.wow.into(), 0.0, 10.0),
        ("low cut", target.medium.low_cut.into(), 0.0, 20_000.0),
        ("high cut", target.medium.high_cut.into(), 20.0, 20_000.0),
        ("number of bits", target.medium.bits.into(), 4.0, 24.0),
        ("level of the reverb", target.reverb_db.into(), -12.0, 12.0),
        ("sum of its styles", target.styles.iter().map(|share| f64::from(*share)).sum(), 0.99, 1.01),
    ];
    numbers.extend(target.styles.iter().map(|share| ("share of a style", (*share).into(), 0.0, 1.0)));
    numbers.extend(target.stem_gains_db.iter().map(|gain| ("gain of a stem", (*gain).into(), -12.0, 12.0)));
    numbers.extend(target.instruments.values().map(|gain| ("gain of an instrument", (*gain).into(), -12.0, 12.0)));
    numbers.extend(target.noises.values().map(|level| ("level of a noise", (*level).into(), 0.0, 1.0)));
    // Not a number is in no range.
    match numbers.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
        Some((name, value, low, high)) => Err(SteeringError::Target { name, value, low, high }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::instrument::Instrument;

    #[test]
    fn numbers_out_of_range_are_refused_with_the_range() {
        assert_eq!(Change::Target(Box::default()).check(), Ok(()));
        for wrong in [f32::NAN, f32::INFINITY, 1.5, -0.1] {
            let target = Target { density: wrong, ..Target::default() };
            let error = Change::Target(Box::new(target)).check().unwrap_err().to_string();
            assert!(error.starts_with("the density of the target is"), "{error}");
        }
        let target = Target { instruments: [(Instrument::Flute, 40.0)].into(), ..Target::default() };
        assert!(Change::Target(Box::new(target)).check().is_err());
        let config = Config { bpm: Some(f64::NAN), ..Config::default() };
        assert!(Change::Config(config).check().is_err());
        let prompt = |weight| Change::Prompts(vec![WeightedPrompt { text: "rain".to_owned(), weight }]);
        assert!(prompt(0.5).check().is_ok() && prompt(-1.0).check().is_err());
    }

    #[test]
    fn a_change_is_the_same_after_json() {
        let mut target = Target { bpm: Some(0.1 + 71.2), raga: Some("yaman".to_owned()), ..Target::default() };
        target.instruments.insert(Instrument::FeltPiano, 1.0 / 3.0);
        let config = Config { scale: Some((2, crate::types::config::Mode::Dorian)), ..Config::default() };
        let weight = 0.1 + 0.2;
        for change in [
            Change::Prompts(vec![WeightedPrompt { text: "lluvia \"y\"\nnoche".to_owned(), weight }]),
            Change::Config(config),
            Change::Target(Box::new(target)),
        ] {
            let text = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change, "{text}");
        }
    }
}
