//! Values on the command line, in lines and in messages.

use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Mode;
use crate::types::stem::Stem;

/// A tempo, 40 to 200 quarter notes a minute.
pub(super) fn tempo(text: &str) -> Result<f64, String> {
    number(text, 40.0, 200.0)
}

/// A number from 0 to 1.
pub(super) fn density(text: &str) -> Result<f32, String> {
    number(text, 0.0, 1.0).map(|number| number as f32)
}

/// A number from 0 to 3.
pub(super) fn temperature(text: &str) -> Result<f32, String> {
    number(text, 0.0, 3.0).map(|number| number as f32)
}

/// A length in seconds, more than 0 and at most a day.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    number(text, 1e-3, 86_400.0)
}

fn number(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let number: f64 = text.trim().parse().map_err(|_| format!("{:?} is no number", crowd_cli::path::quote(text)))?;
    // Not a number is in no range.
    if (low..=high).contains(&number) { Ok(number) } else { Err(format!("{number} is outside {low} to {high}")) }
}

pub(super) fn stem(text: &str) -> Result<Stem, String> {
    let known = Stem::ALL.into_iter().find(|stem| stem.name() == text);
    known.ok_or_else(|| {
        format!("{:?} is no stem: give drums, bass, harmony, lead or texture", crowd_cli::path::quote(text))
    })
}

/// Reads `rainy night:0.7`. The weight is 1 without a number right after the last colon.
pub(super) fn prompt(text: &str) -> Result<WeightedPrompt, String> {
    let (words, weight) = match text.rsplit_once(':') {
        Some((words, weight)) if !weight.starts_with(char::is_whitespace) => match weight.parse::<f64>() {
            Ok(weight) => (words, weight),
            Err(_) => (text, 1.0),
        },
        _ => (text, 1.0),
    };
    if words.trim().is_empty() {
        return Err("the prompt has no words".to_owned());
    }
    if !(weight.is_finite() && weight > 0.0) {
        return Err(format!("the weight is {weight}: give a number above 0"));
    }
    Ok(WeightedPrompt { text: words.trim().to_owned(), weight })
}

/// Reads `rainy night:0.7 lofi:.4`: the words up to a weight are a prompt.
pub(super) fn prompts(text: &str) -> Result<Vec<WeightedPrompt>, String> {
    let mut prompts = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        words.push(word);
        if word.rsplit_once(':').is_some_and(|(_, weight)| weight.parse::<f64>().is_ok()) {
            prompts.push(prompt(&words.join(" "))?);
            words.clear();
        }
    }
    if !words.is_empty() {
        prompts.push(prompt(&words.join(" "))?);
    }
    if prompts.is_empty() { Err("give a prompt, as in: prompt rainy night:0.7 lofi:1".to_owned()) } else { Ok(prompts) }
}

/// Reads `D dorian`, `Bb minor` or `C`.
pub(super) fn key(text: &str) -> Result<(u8, Mode), String> {
    let lower = text.trim().to_lowercase();
    let (tonic, mode) = lower.split_once(char::is_whitespace).unwrap_or((&lower, "major"));
    let letters = tonic.as_bytes();
    let class = match letters.first() {
        Some(b'c') => 0,
        Some(b'd') => 2,
        Some(b'e') => 4,
        Some(b'f') => 5,
        Some(b'g') => 7,
        Some(b'a') => 9,
        Some(b'b') => 11,
        _ => {
            let shown = crowd_cli::path::quote(text);
            return Err(format!("{shown:?} has no tonic: give \"D dorian\" or \"Bb minor\""));
        }
    };
    let shift = match tonic.get(1..) {
        Some("") => 0,
        Some("b") => 11,
        Some("#") => 1,
        _ => return Err(format!("{:?} is no tonic: give a letter with b or #", crowd_cli::path::quote(tonic))),
    };
    let mode = match mode.trim() {
        "major" | "ionian" => Mode::Ionian,
        "minor" | "aeolian" => Mode::Aeolian,
        "dorian" => Mode::Dorian,
        "phrygian" => Mode::Phrygian,
        "lydian" => Mode::Lydian,
        "mixolydian" => Mode::Mixolydian,
        other => {
            let shown = crowd_cli::path::quote(other);
            return Err(format!("{shown:?} is no mode: give major, minor, dorian, phrygian, lydian or mixolydian"));
        }
    };
    Ok(((class + shift) % 12, mode))
}

/// The whole frames in this time.
pub fn frames_in(seconds: f64, rate: u32) -> u64 {
    (seconds * f64::from(rate)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_have_a_weight_after_a_colon() {
        let read = |text| prompt(text).map(|prompt| (prompt.text, prompt.weight));
        assert_eq!(read("lofi:0.5"), Ok(("lofi".to_owned(), 0.5)));
        assert_eq!(read("rainy night"), Ok(("rainy night".to_owned(), 1.0)));
        assert_eq!(read("tempo: 90"), Ok(("tempo: 90".to_owned(), 1.0)));
        assert_eq!(read("a: b:.4"), Ok(("a: b".to_owned(), 0.4)));
        for wrong in ["", ":1", "rain:0", "rain:-1", "rain:nan", "rain:inf"] {
            assert!(prompt(wrong).is_err(), "{wrong}");
        }
        let several = prompts("rainy night:1.0 lofi:.4 and piano").unwrap();
        let texts: Vec<_> = several.iter().map(|prompt| (prompt.text.as_str(), prompt.weight)).collect();
        assert_eq!(texts, [("rainy night", 1.0), ("lofi", 0.4), ("and piano", 1.0)]);
        assert!(prompts("  ").is_err());
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(key(" Bb minor"), Ok((10, Mode::Aeolian)));
        for wrong in ["H", "C blues", "", "é minor", "c\u{301}"] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
        assert!(tempo("20").is_err() && tempo("nan").is_err() && tempo("x").is_err() && tempo("78") == Ok(78.0));
        assert!(density("1.01").is_err() && density("-0.1").is_err() && density(".7") == Ok(0.7));
        assert!(seconds("0").is_err() && seconds("inf").is_err());
        assert!(stem("kick").is_err() && stem("lead") == Ok(Stem::Lead));
    }
}
