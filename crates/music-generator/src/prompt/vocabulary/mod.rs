//! The words that prompts may have, and what they mean. They are in TOML files that a writer can edit and extend.
//!
//! | file | what it has |
//! |---|---|
//! | `english-moods.toml`, `english-qualities.toml` | moods, qualities of the music and of the sound |
//! | `english-genres.toml`, `english-tempi.toml` | genres, tempi, scales |
//! | `english-scenes.toml`, `english-instruments.toml` | places, weather, times, eras, instruments |
//! | `english-grammar.toml` | intensifiers, negations, words without a meaning |
//! | `ragas.toml` | ragas |
//! | `spanish.toml`, `hindi.toml`, `japanese.toml` | words for the entries, and entries of their own |

mod entry;
mod error;
mod fields;
mod load;
mod measure;
mod names;
mod raga;

use std::collections::BTreeMap;

pub use entry::{Colour, Entry, Group};
pub use error::VocabularyError;
pub use measure::{MEASURES, Measure, Move, measure_name};
pub use names::{INSTRUMENTS, MODES, NOISES, STEMS, STYLES, instrument_name, instrument_stem, noise_name, style_name};
pub use raga::{Raga, RagaChord};

use super::spelling::{Spelling, letters, script};
use super::token::is_japanese;

/// The files that are built in, in the order in which they are read. When two files give a word different meanings, the first wins.
const FILES: &[(&str, &str)] = &[
    ("english-moods.toml", include_str!("english-moods.toml")),
    ("english-qualities.toml", include_str!("english-qualities.toml")),
    ("english-genres.toml", include_str!("english-genres.toml")),
    ("english-tempi.toml", include_str!("english-tempi.toml")),
    ("english-scenes.toml", include_str!("english-scenes.toml")),
    ("english-instruments.toml", include_str!("english-instruments.toml")),
    ("ragas.toml", include_str!("ragas.toml")),
    ("english-grammar.toml", include_str!("english-grammar.toml")),
    ("spanish.toml", include_str!("spanish.toml")),
    ("hindi.toml", include_str!("hindi.toml")),
    ("japanese.toml", include_str!("japanese.toml")),
];

/// The greatest number of words of a phrase.
pub(super) const LONGEST_PHRASE: usize = 4;

/// What a word of the vocabulary does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sense {
    /// It has the meaning of this entry: an index of [`Vocabulary::entries`].
    Entry(usize),
    /// It multiplies the strength of the next word.
    Intensifier(f32),
    /// It negates the noun phrase after it.
    NegatesNext,
    /// It negates the noun phrase before it.
    NegatesPrevious,
    /// It looks like a negation and is none: "not only".
    Cancel,
    /// It continues a noun phrase: "and".
    Join,
    /// It ends a noun phrase: "with".
    End,
    /// It silences the other instruments of the same stem: "solo".
    Alone,
    /// It is known and has no effect.
    PassedOver,
}

/// A word of a language with its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What it does.
    pub sense: Sense,
    /// The language of the file that it comes from.
    pub language: String,
}

/// The words that prompts may have.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    entries: Vec<Entry>,
    ragas: Vec<Raga>,
    words: BTreeMap<String, Word>,
    /// Words in Latin letters of languages whose long vowels are written once or twice, with short vowels.
    folded: BTreeMap<String, String>,
    spellings: Vec<Spelling>,
    longest_japanese: usize,
    shadowed: Vec<(String, String)>,
}

impl Vocabulary {
    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// All ragas.
    pub fn ragas(&self) -> &[Raga] {
        &self.ragas
    }

    /// The raga with this key, as in `ahir bhairav`.
    pub fn raga(&self, key: &str) -> Option<&Raga> {
        self.ragas.iter().find(|raga| raga.key == key)
    }

    /// The raga whose mood is nearest to a valence and an arousal.
    pub fn nearest_raga(&self, valence: f32, arousal: f32) -> Option<&Raga> {
        let distance = |raga: &Raga| {
            let (v, a) = (raga.valence - valence, raga.arousal - arousal);
            v * v + a * a
        };
        self.ragas.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// All words in alphabetical order, with what they do.
    pub fn words(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.words.iter().map(|(word, meaning)| (word.as_str(), meaning))
    }

    /// What a word or a phrase does. It must have the spelling of the vocabulary.
    pub(super) fn sense(&self, key: &str) -> Option<Sense> {
        self.words.get(key).map(|word| word.sense)
    }

    /// The language of a word or a phrase. It must have the spelling of the vocabulary.
    pub(super) fn language(&self, key: &str) -> Option<&str> {
        self.words.get(key).map(|word| word.language.as_str())
    }

    /// The word that differs from `word` in the length of vowels only.
    pub(super) fn same_but_vowels(&self, word: &str) -> Option<&str> {
        self.folded.get(&fold_vowels(word)).map(String::as_str)
    }

    /// The single words, for corrections.
    pub(super) fn spellings(&self) -> &[Spelling] {
        &self.spellings
    }

    /// The number of characters of the longest word in Japanese script.
    pub(super) const fn longest_japanese(&self) -> usize {
        self.longest_japanese
    }

    /// Words that files gave a second meaning, which was not taken: the word and the file.
    pub fn shadowed(&self) -> &[(String, String)] {
        &self.shadowed
    }

    /// Builds what follows from the words.
    fn index(&mut self) {
        let phrases: Vec<(String, Word)> = self
            .words
            .iter()
            .filter(|(key, _)| key.contains(' ') && key.is_ascii())
            .map(|(key, word)| (key.replace(' ', ""), word.clone()))
            .collect();
        for (joined, word) in phrases {
            // "musicbox" is "music box". Grammar is not joined: "sobit" is not a word.
            if matches!(word.sense, Sense::Entry(_)) && joined.len() >= 4 {
                self.words.entry(joined).or_insert(word);
            }
        }
        self.folded = self
            .words
            .iter()
            .filter(|(key, word)| key.is_ascii() && matches!(word.language.as_str(), "hindi" | "japanese" | "raga"))
            .filter(|(key, _)| key.len() >= 4)
            .map(|(key, _)| (fold_vowels(key), key.clone()))
            .collect();
        self.spellings = self
            .words
            .iter()
            .filter(|(key, _)| !key.contains(' '))
            .map(|(key, word)| Spelling {
                word: key.clone(),
                length: key.chars().count(),
                letters: letters(key),
                script: script(key),
                passed_over: word.sense == Sense::PassedOver,
                english: word.language == "english",
            })
            .collect();
        self.longest_japanese = self
            .words
            .keys()
            .filter(|key| key.chars().all(is_japanese))
            .map(|key| key.chars().count())
            .max()
            .unwrap_or(0);
    }
}

/// A word with short vowels only: "baarish" and "barish" become the same.
fn fold_vowels(word: &str) -> String {
    let short = word.replace("ou", "o").replace("aa", "a").replace("ee", "i").replace("ii", "i");
    short.replace("oo", "u").replace("uu", "u")
}
