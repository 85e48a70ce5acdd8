//! Words that look like other words: corrections and suggestions.

use super::spelling::{Spelling, letters, script};

/// The greatest number of edits for a word with so many characters: none below 5, one below 8, then two.
const fn allowed_edits(length: usize) -> usize {
    match length {
        0..=4 => 0,
        5..=7 => 1,
        _ => 2,
    }
}

/// The word of the vocabulary that `word` is a misspelling of, with the number of edits. An edit adds, drops or replaces a letter, or
/// swaps two neighbours. Words of 5 to 7 letters must begin with the same letter, or with the first two swapped: "light" is no
/// misspelling of "night".
pub(super) fn correction<'v>(spellings: &'v [Spelling], word: &str) -> Option<(&'v str, usize)> {
    let length = word.chars().count();
    let most = allowed_edits(length);
    if most == 0 || word.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let set = letters(word);
    let mut best: Option<(&str, (usize, bool, bool))> = None;
    for candidate in spellings {
        if candidate.length.abs_diff(length) > most
            || (candidate.letters & !set).count_ones() as usize > most
            || (set & !candidate.letters).count_ones() as usize > most
            || candidate.length < 4
        {
            continue;
        }
        let edits = strsim::osa_distance(word, &candidate.word);
        let other_start = !starts_alike(word, &candidate.word);
        if edits > most || (other_start && length < 8) {
            continue;
        }
        let rank = (edits, other_start, candidate.passed_over);
        if best.is_none_or(|(_, known)| rank < known) {
            best = Some((&candidate.word, rank));
        }
    }
    best.map(|(found, (edits, ..))| (found, edits))
}

/// Whether two words begin with the same letter, or with the first two letters swapped.
fn starts_alike(a: &str, b: &str) -> bool {
    let (mut first, mut second) = (a.chars(), b.chars());
    let (a0, a1) = (first.next(), first.next());
    let (b0, b1) = (second.next(), second.next());
    a0 == b0 || (a0 == b1 && a1 == b0)
}

/// The two words of the vocabulary that look most like `word`, the nearest first; of equally near words the English ones. They may be far
/// away.
pub(super) fn nearest(spellings: &[Spelling], word: &str) -> Vec<String> {
    let shortened: String = word.chars().take(24).collect();
    let length = shortened.chars().count();
    let set = letters(&shortened);
    let script = script(&shortened);
    let mut best: Vec<((usize, bool), &str)> = Vec::new();
    for candidate in spellings {
        // The distance is at least the difference in length, and at least the number of letters that one word lacks.
        let lacking = (set & !candidate.letters).count_ones().max((candidate.letters & !set).count_ones());
        let least = candidate.length.abs_diff(length).max(lacking as usize);
        let limit = if best.len() < 2 { (usize::MAX, true) } else { best[1].0 };
        if candidate.passed_over || candidate.script != script || least > limit.0 {
            continue;
        }
        let rank = (strsim::osa_distance(&shortened, &candidate.word), !candidate.english);
        if rank < limit {
            best.push((rank, &candidate.word));
            best.sort_by_key(|(rank, _)| *rank);
            best.truncate(2);
        }
    }
    best.into_iter().map(|(_, word)| word.to_owned()).collect()
}
