//! Tempi, time signatures and keys in a prompt.

use super::reading::Warning;
use super::token::{Token, TokenKind};
use crate::types::config::Mode;

/// The tempi that are possible, in quarter notes a minute.
const TEMPI: (f64, f64) = (40.0, 200.0);

/// A number or a key that was read, and the number of tokens that it takes.
pub(super) struct Special {
    pub(super) tokens: usize,
    pub(super) kind: SpecialKind,
    pub(super) warning: Option<Warning>,
}

/// What a [`Special`] is.
pub(super) enum SpecialKind {
    Bpm(f64),
    Meter(u8),
    Key {
        tonic: u8,
        mode: Option<Mode>,
    },
    /// It has the form of a number with a unit, but cannot be used.
    Nothing,
}

/// Words that say that a number is a tempo.
const UNITS: &[&str] = &["bpm", "min", "minute", "minuto", "ppm", "拍"];

/// Reads a tempo, a time signature or a key at the start of `tokens`.
pub(super) fn special(tokens: &[Token], before: Option<&Token>) -> Option<Special> {
    meter(tokens).or_else(|| tempo(tokens, before)).or_else(|| musical_key(tokens, before))
}

fn word(tokens: &[Token], index: usize) -> &str {
    tokens.get(index).filter(|token| token.kind == TokenKind::Word).map_or("", |token| token.word.as_str())
}

/// A finite number in decimal notation. Words such as "inf" and "nan" are none.
fn number(word: &str) -> Option<f64> {
    let decimal = word.chars().all(|c| c.is_ascii_digit() || c == '.') && word.len() <= 9;
    if decimal { word.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

fn tempo(tokens: &[Token], before: Option<&Token>) -> Option<Special> {
    let first = word(tokens, 0);
    let named = before.is_some_and(|token| matches!(token.word.as_str(), "bpm" | "tempo"));
    let (asked, taken) = if let Some(value) = first.strip_suffix("bpm").and_then(number) {
        (value, 1)
    } else {
        let value = number(first)?;
        match (tokens.get(1), number(word(tokens, 1))) {
            _ if UNITS.contains(&word(tokens, 1)) => (value, 2),
            _ if matches!(word(tokens, 1), "beats" | "beat" | "pulsos")
                && matches!(word(tokens, 2), "per" | "a" | "por") =>
            {
                (value, 4)
            }
            // "80-90 bpm": the middle.
            (Some(second), Some(upper)) if second.joint == Some('-') && UNITS.contains(&word(tokens, 2)) => {
                (f64::midpoint(value, upper), 3)
            }
            (Some(second), None) if second.joint == Some('-') => {
                let upper = word(tokens, 1).strip_suffix("bpm").and_then(number)?;
                (f64::midpoint(value, upper), 2)
            }
            _ if named && value >= TEMPI.0 => (value, 1),
            _ => return None,
        }
    };
    let used = asked.clamp(TEMPI.0, TEMPI.1);
    let warning = ((used - asked).abs() > 0.0).then_some(Warning::Tempo { asked, used });
    Some(Special { tokens: taken.min(tokens.len()), kind: SpecialKind::Bpm(used), warning })
}

fn meter(tokens: &[Token]) -> Option<Special> {
    let (upper, lower) = (word(tokens, 0), word(tokens, 1));
    if tokens.get(1)?.joint != Some('/') {
        return None;
    }
    let (beats, unit): (u8, u8) = (upper.parse().ok()?, lower.parse().ok()?);
    let quarters = match (beats, unit) {
        (2..=7, 4) => Some(beats),
        (6, 8) => Some(3),
        (12, 8) => Some(6),
        (8 | 10, 8) => Some(beats / 2),
        _ => None,
    };
    let warning = quarters.is_none().then(|| Warning::Meter { written: format!("{beats}/{unit}") });
    Some(Special { tokens: 2, kind: quarters.map_or(SpecialKind::Nothing, SpecialKind::Meter), warning })
}

/// Names of modes in keys, after the tonic.
fn mode(word: &str) -> Option<Mode> {
    Some(match word {
        "major" | "maj" | "mayor" | "ionian" => Mode::Ionian,
        "minor" | "min" | "m" | "menor" | "aeolian" => Mode::Aeolian,
        "dorian" | "dorico" => Mode::Dorian,
        "phrygian" | "frigio" => Mode::Phrygian,
        "lydian" | "lidio" => Mode::Lydian,
        "mixolydian" | "mixolidio" => Mode::Mixolydian,
        _ => return None,
    })
}

/// The pitch class of a letter, an Italian syllable, or a Japanese name of a note.
fn tonic(name: &str) -> Option<u8> {
    Some(match name {
        "c" | "do" | "ハ" => 0,
        "d" | "re" | "ニ" => 2,
        "e" | "mi" | "ホ" => 4,
        "f" | "fa" | "ヘ" => 5,
        "g" | "sol" | "ト" => 7,
        "a" | "la" | "イ" => 9,
        "b" | "si" | "ロ" => 11,
        _ => return None,
    })
}

fn accidental(word: &str) -> Option<u8> {
    match word {
        "#" | "sharp" | "sostenido" => Some(1),
        "b" | "flat" | "bemol" => Some(11),
        _ => None,
    }
}

fn musical_key(tokens: &[Token], before: Option<&Token>) -> Option<Special> {
    let first = word(tokens, 0);
    // The letter with its sign in one word ("f#", "bb"), or the sign in the next word ("f sharp").
    let (mut class, mut taken) = (tonic(first), 1);
    let mut attached = None;
    if class.is_none() && first.is_ascii() && (2..=6).contains(&first.len()) {
        let (letter, rest) = first.split_at(1);
        let (sign, suffix) = match rest.chars().next() {
            Some('#') => (1, &rest[1..]),
            Some('b') => (11, &rest[1..]),
            _ => (0, rest),
        };
        // "Am", "F#m", "Cmaj": only with a capital letter, because "am" is a word too.
        let capital = tokens.first().is_some_and(|token| token.written.starts_with(|c: char| c.is_ascii_uppercase()));
        attached = mode(suffix);
        if suffix.is_empty() || (attached.is_some() && (capital || sign == 1)) {
            class = tonic(letter).map(|class| (class + sign) % 12);
        }
    } else if let Some(sign) = accidental(word(tokens, 1)) {
        class = class.map(|class| (class + sign) % 12);
        taken = 2;
    }
    let class = class?;
    if attached.is_some() {
        return Some(Special { tokens: 1, kind: SpecialKind::Key { tonic: class, mode: attached }, warning: None });
    }
    if let Some(mode) = mode(word(tokens, taken)).filter(|_| word(tokens, taken) != "m") {
        return Some(Special {
            tokens: taken + 1,
            kind: SpecialKind::Key { tonic: class, mode: Some(mode) },
            warning: None,
        });
    }
    // "in F#", "key of C": without a mode, a capital letter and one of these words in front.
    let capital = tokens.first().is_some_and(|token| token.written.starts_with(|c: char| ('A'..='G').contains(&c)));
    let announced = before.is_some_and(|token| matches!(token.word.as_str(), "in" | "of" | "key"));
    (capital && announced && first.len() <= 2).then_some(Special {
        tokens: taken,
        kind: SpecialKind::Key { tonic: class, mode: None },
        warning: None,
    })
}

/// A key in Japanese at the start of `run`, as in `ハ長調`, with the number of its characters.
pub(super) fn japanese_key(run: &[char]) -> Option<(u8, Mode, usize)> {
    let (sign, rest, signs) = match run {
        ['嬰', rest @ ..] => (1, rest, 1),
        ['変', rest @ ..] => (11, rest, 1),
        _ => (0, run, 0),
    };
    let [letter, kind, '調', ..] = rest else { return None };
    let mode = match kind {
        '長' => Mode::Ionian,
        '短' => Mode::Aeolian,
        _ => return None,
    };
    tonic(&letter.to_string()).map(|class| ((class + sign) % 12, mode, signs + 3))
}
