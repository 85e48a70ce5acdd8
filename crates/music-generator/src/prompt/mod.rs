//! Words in free text to a [`Target`](crate::types::target::Target).
//!
//! ```
//! use music_generator::prompt::blend::{WeightedPrompt, blend};
//! use music_generator::prompt::vocabulary::Vocabulary;
//! use music_generator::types::config::Config;
//! use music_generator::types::stem::Stem;
//!
//! let vocabulary = Vocabulary::built_in()?;
//! let prompts = [WeightedPrompt { text: "a rainy night in a small cafe, no drums, 72 bpm".to_owned(), weight: 1.0 }];
//! let blended = blend(&vocabulary, &prompts, &Config::default(), None)?;
//! assert_eq!(blended.target.bpm, Some(72.0));
//! assert!(blended.target.muted[Stem::Drums.index()]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`vocabulary`] | the words with their meanings, from TOML files |
//! | [`reader`] | a prompt to its meanings |
//! | [`reading`] | what was read: words, numbers, keys, warnings |
//! | [`blend`] | weighted prompts and settings to a target |
//! | [`mapping`] | valence and arousal to the properties of music |
//! | [`ramp`] | a target that moves to another |
//! | [`explain`] | what was understood, for people and as JSON |

pub mod blend;
mod effect;
pub mod explain;
pub mod mapping;
mod near;
mod numbers;
mod phrases;
pub mod ramp;
pub mod reader;
pub mod reading;
mod spelling;
pub(crate) mod stand_in;
#[cfg(test)]
mod tests;
mod token;
pub mod vocabulary;
mod word_forms;
