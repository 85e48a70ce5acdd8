//! What was read in a prompt.

use crate::types::config::Mode;

/// How a word was found in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// As it is written.
    Exact,
    /// As a form of the word: "happily" is "happy".
    Form,
    /// As a misspelling, with the number of edits.
    Corrected(usize),
}

/// What a part of a prompt was taken for.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// An entry of the vocabulary.
    Entry {
        /// Its place in [`Vocabulary::entries`](super::vocabulary::Vocabulary::entries).
        index: usize,
        /// Its name.
        name: String,
        /// How much of it: 1 as it is, 1.5 with "very"; negative turns its meaning round.
        strength: f32,
        /// Whether it is negated.
        negated: bool,
        /// Whether it silences the other instruments of its stem.
        alone: bool,
    },
    /// A tempo in quarter notes a minute, 40 to 200.
    Bpm(f64),
    /// Quarter notes in a bar.
    Meter(u8),
    /// A key.
    Key {
        /// The tonic as a pitch class.
        tonic: u8,
        /// The mode, when it was named.
        mode: Option<Mode>,
    },
    /// It multiplies the strength of the next word.
    Intensifier(f32),
    /// It negates.
    Negation,
    /// It is known, and changes nothing by itself.
    PassedOver,
    /// It was not understood.
    Unknown {
        /// The two words of the vocabulary that look most like it; fewer when there are none in its script.
        nearest: Vec<String>,
    },
}

/// A word or a phrase of a prompt with what it was taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The text as it is written, after Unicode normalisation.
    pub written: String,
    /// The word of the vocabulary; empty when it is none.
    pub word: String,
    /// How the word was found.
    pub found: Found,
    /// What it was taken for.
    pub meaning: Meaning,
}

/// What a user should know about a prompt that was read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Warning {
    /// The prompt is too long.
    #[error("only the first {read} of {length} characters are read")]
    Shortened {
        /// The number of characters that are read.
        read: usize,
        /// The number of characters of the prompt.
        length: usize,
    },
    /// Words were not understood.
    #[error("not understood: {}", list(words))]
    NotUnderstood {
        /// The words with their nearest words.
        words: Vec<(String, Vec<String>)>,
    },
    /// A tempo was outside the limits.
    #[error("{asked} beats per minute are outside 40 to 200; {used} are used")]
    Tempo {
        /// The tempo of the prompt.
        asked: f64,
        /// The tempo that is used.
        used: f64,
    },
    /// A time signature is not available.
    #[error("the time signature {written} is not available; 2/4 to 7/4, 6/8, 10/8 and 12/8 are")]
    Meter {
        /// The time signature of the prompt.
        written: String,
    },
}

/// Why a prompt has no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Filtered {
    /// The prompt has no words.
    #[error("the prompt has no words")]
    Empty,
    /// No word of the prompt was understood.
    #[error("no word was understood: {}", list(words))]
    NothingUnderstood {
        /// The words with their nearest words.
        words: Vec<(String, Vec<String>)>,
    },
    /// The words are known, but say nothing about music.
    #[error("the words \"{words}\" say nothing about the music")]
    NoMeaning {
        /// The words.
        words: String,
    },
}

/// Unknown words with their nearest words, as in `"rian" (rain, train)`.
fn list(words: &[(String, Vec<String>)]) -> String {
    let shown: Vec<String> = words
        .iter()
        .map(|(word, nearest)| match nearest.as_slice() {
            [] => format!("\"{word}\""),
            nearest => format!("\"{word}\" (nearest: {})", nearest.join(", ")),
        })
        .collect();
    shown.join(", ")
}

/// What was read in a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The words in their order.
    pub parts: Vec<Part>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

impl Reading {
    /// What the prompt means without how it is written: two prompts with equal meanings have the same effect.
    pub fn meanings(&self) -> Vec<&Meaning> {
        let without_effect = |meaning: &&Meaning| {
            !matches!(
                meaning,
                Meaning::PassedOver | Meaning::Negation | Meaning::Intensifier(_) | Meaning::Unknown { .. }
            )
        };
        self.parts.iter().map(|part| &part.meaning).filter(without_effect).collect()
    }

    /// The words that were corrected, with the words that they were taken for.
    pub fn corrections(&self) -> Vec<(&str, &str)> {
        let corrected = |part: &&Part| matches!(part.found, Found::Corrected(_));
        self.parts.iter().filter(corrected).map(|part| (part.written.as_str(), part.word.as_str())).collect()
    }
}
