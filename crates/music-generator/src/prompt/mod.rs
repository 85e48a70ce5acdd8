//! Words in free text to a [`Target`](crate::types::target::Target).
//!
//! | module | what it does |
//! |---|---|
//! | [`vocabulary`] | the words with their meanings, from TOML files |
//! | [`reader`] | a prompt to its meanings |
//! | [`reading`] | what was read: words, numbers, keys, warnings |
//! | [`mapping`] | valence and arousal to the properties of music |

pub mod mapping;
mod near;
mod numbers;
mod phrases;
pub mod reader;
pub mod reading;
mod token;
pub mod vocabulary;
mod word_forms;
