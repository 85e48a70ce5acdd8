//! Words as they are compared with others.

use super::token::is_japanese;

/// A single word of the vocabulary with what is needed to compare it quickly.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    pub(super) word: String,
    pub(super) length: usize,
    pub(super) letters: u64,
    pub(super) script: Script,
    pub(super) passed_over: bool,
    pub(super) english: bool,
}

/// A set of letters as bits, to leave out words that cannot be near without measuring their distance.
pub(super) fn letters(word: &str) -> u64 {
    word.chars().fold(0, |set, c| set | 1 << (u32::from(c) % 64))
}

/// The script of a word, told by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin letters and digits.
    Latin,
    /// Devanagari.
    Devanagari,
    /// Kana and Chinese characters.
    Japanese,
    /// Any other, for which the vocabulary has no words.
    Other,
}

/// The script of a word.
pub(super) fn script(word: &str) -> Script {
    match word.chars().next() {
        Some(c) if c.is_ascii_alphanumeric() || ('\u{c0}'..='\u{24f}').contains(&c) => Script::Latin,
        Some('\u{0900}'..='\u{097f}') => Script::Devanagari,
        Some(c) if is_japanese(c) => Script::Japanese,
        _ => Script::Other,
    }
}
