//! Reads a prompt: words, numbers and keys with their meanings.
//!
//! At each place the longest phrase of the vocabulary is taken; then forms of a word, then misspellings. The time is proportional to the
//! number of characters, of which at most [`LONGEST_PROMPT`] are read.

use super::near;
use super::numbers::{SpecialKind, japanese_key, special};
use super::phrases::{self, Draft};
use super::reading::{Filtered, Found, Meaning, Part, Reading, Warning};
use super::token::{Token, TokenKind, tokens};
use super::vocabulary::{LONGEST_PHRASE, Sense, Vocabulary};
use super::word_forms::forms;

/// The number of characters of a prompt that are read.
pub const LONGEST_PROMPT: usize = 500;
/// The number of unknown words for which the nearest words are looked up.
const MOST_SUGGESTIONS: usize = 8;
/// The number of characters of an unknown word that is shown.
const SHOWN: usize = 24;

/// Reads a prompt.
///
/// # Errors
///
/// No word of the prompt says anything about the music.
pub fn read(vocabulary: &Vocabulary, text: &str) -> Result<Reading, Filtered> {
    let mut warnings = Vec::new();
    let read: String = text.chars().take(LONGEST_PROMPT).collect();
    if read.len() < text.len() {
        warnings.push(Warning::Shortened { read: LONGEST_PROMPT, length: text.chars().count() });
    }
    let tokens = tokens(&read);
    let mut drafts = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += match token.kind {
            TokenKind::Break => take(&mut drafts, Draft::pause()),
            TokenKind::Minus => take(&mut drafts, Draft::minus()),
            TokenKind::Japanese => {
                japanese(vocabulary, token, &mut drafts);
                1
            }
            TokenKind::Word => word(vocabulary, &tokens, at, &mut drafts, &mut warnings),
        };
    }
    let parts = phrases::resolve(drafts);
    conclude(vocabulary, parts, warnings)
}

fn take(drafts: &mut Vec<Draft>, draft: Draft) -> usize {
    drafts.push(draft);
    1
}

/// Reads a word or a phrase at `at`, and returns the number of its tokens.
fn word(
    vocabulary: &Vocabulary,
    tokens: &[Token],
    at: usize,
    drafts: &mut Vec<Draft>,
    warnings: &mut Vec<Warning>,
) -> usize {
    let rest = tokens.get(at..).unwrap_or_default();
    let before = at.checked_sub(1).and_then(|index| tokens.get(index));
    if let Some(special) = special(rest, before) {
        let meaning = match special.kind {
            SpecialKind::Bpm(bpm) => Meaning::Bpm(bpm),
            SpecialKind::Meter(beats) => Meaning::Meter(beats),
            SpecialKind::Key { tonic, mode } => Meaning::Key { tonic, mode },
            SpecialKind::Nothing => Meaning::PassedOver,
        };
        warnings.extend(special.warning);
        drafts.push(Draft::plain(written(rest, special.tokens), meaning));
        return special.tokens.max(1);
    }
    for count in (1..=LONGEST_PHRASE.min(rest.len())).rev() {
        let Some(phrase) = rest.get(..count) else { continue };
        if phrase.iter().any(|token| token.kind != TokenKind::Word) {
            continue;
        }
        if let Some((key, sense, found)) = find(vocabulary, phrase) {
            drafts.push(Draft::of(vocabulary, written(rest, count), &key, sense, found));
            return count;
        }
    }
    let Some(token) = rest.first() else { return 1 };
    let spelled = vocabulary.same_but_vowels(&token.word).map(|word| (word, Found::Form));
    let spelled = spelled.or_else(|| {
        near::correction(vocabulary.spellings(), &token.word).map(|(word, edits)| (word, Found::Corrected(edits)))
    });
    let sense = spelled.and_then(|(word, found)| vocabulary.sense(word).map(|sense| (word, sense, found)));
    drafts.push(match sense {
        Some((key, sense, found)) => Draft::of(vocabulary, token.written.clone(), key, sense, found),
        None => Draft::plain(token.written.clone(), Meaning::Unknown { nearest: Vec::new() }),
    });
    1
}

/// The text of the first `count` tokens as it is written.
fn written(tokens: &[Token], count: usize) -> String {
    let mut text = String::new();
    for token in tokens.iter().take(count) {
        if !text.is_empty() {
            text.push(token.joint.unwrap_or(' '));
        }
        text.push_str(&token.written);
    }
    text
}

/// Finds a phrase as it is, joined when it is written with hyphens, or with its last word in another form.
fn find(vocabulary: &Vocabulary, phrase: &[Token]) -> Option<(String, Sense, Found)> {
    let (last, start) = phrase.split_last()?;
    let words: Vec<&str> = start.iter().map(|token| token.word.as_str()).collect();
    let key = |last: &str| words.iter().copied().chain([last]).collect::<Vec<_>>().join(" ");
    let exact = key(&last.word);
    if let Some(sense) = vocabulary.sense(&exact) {
        return Some((exact, sense, Found::Exact));
    }
    if !start.is_empty() && phrase.iter().skip(1).all(|token| token.joint.is_some()) {
        let joined = exact.replace(' ', "");
        if let Some(sense) = vocabulary.sense(&joined) {
            return Some((joined, sense, Found::Exact));
        }
    }
    forms(&last.word).into_iter().find_map(|form| {
        let form = key(&form);
        let sense = vocabulary.sense(&form)?;
        // Only words with a meaning have forms: "as" is no form of "a".
        (matches!(sense, Sense::Entry(_)) || form.len() > 3).then_some((form, sense, Found::Form))
    })
}

/// Reads a run of Japanese characters: the longest word at each place.
fn japanese(vocabulary: &Vocabulary, token: &Token, drafts: &mut Vec<Draft>) {
    let run: Vec<char> = token.word.chars().collect();
    let mut unknown = String::new();
    let flush = |unknown: &mut String, drafts: &mut Vec<Draft>| {
        if !unknown.is_empty() {
            drafts.push(Draft::plain(std::mem::take(unknown), Meaning::Unknown { nearest: Vec::new() }));
        }
    };
    let mut at = 0;
    while let Some(rest) = run.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((tonic, mode, length)) = japanese_key(rest) {
            flush(&mut unknown, drafts);
            let text = rest.iter().take(length).collect();
            drafts.push(Draft::plain(text, Meaning::Key { tonic, mode: Some(mode) }));
            at += length;
            continue;
        }
        let longest = vocabulary.longest_japanese().min(rest.len());
        let found = (1..=longest).rev().find_map(|length| {
            let word: String = rest.iter().take(length).collect();
            vocabulary.sense(&word).map(|sense| (word, sense, length))
        });
        match found {
            Some((word, sense, length)) => {
                flush(&mut unknown, drafts);
                drafts.push(Draft::of(vocabulary, word.clone(), &word, sense, Found::Exact));
                at += length;
            }
            None => {
                unknown.extend(rest.first());
                at += 1;
            }
        }
    }
    flush(&mut unknown, drafts);
}

/// Adds the nearest words to unknown words, and decides whether the prompt has an effect.
fn conclude(vocabulary: &Vocabulary, mut parts: Vec<Part>, mut warnings: Vec<Warning>) -> Result<Reading, Filtered> {
    let mut unknown = Vec::new();
    for part in &mut parts {
        if let Meaning::Unknown { nearest } = &mut part.meaning {
            let shown: String = part.written.chars().take(SHOWN).collect();
            if unknown.len() < MOST_SUGGESTIONS {
                *nearest = near::nearest(vocabulary.spellings(), &shown.to_lowercase());
            }
            unknown.push((shown, nearest.clone()));
        }
    }
    let has_effect = parts.iter().any(|part| {
        matches!(part.meaning, Meaning::Entry { .. } | Meaning::Bpm(_) | Meaning::Meter(_) | Meaning::Key { .. })
    });
    if !has_effect {
        return Err(if parts.is_empty() {
            Filtered::Empty
        } else if unknown.is_empty() {
            let words: Vec<&str> = parts.iter().map(|part| part.written.as_str()).collect();
            Filtered::NoMeaning { words: words.join(" ").chars().take(80).collect() }
        } else {
            Filtered::NothingUnderstood { words: unknown }
        });
    }
    if !unknown.is_empty() {
        warnings.push(Warning::NotUnderstood { words: unknown });
    }
    Ok(Reading { parts, warnings })
}
