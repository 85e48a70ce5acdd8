use proptest::prelude::*;

use super::vocabulary;
use crate::prompt::blend::{PromptError, WeightedPrompt, blend};
use crate::prompt::explain::explain;
use crate::prompt::reader::read;
use crate::prompt::reading::{Filtered, Warning};
use crate::types::config::Config;

fn one(text: &str, weight: f64) -> [WeightedPrompt; 1] {
    [WeightedPrompt { text: text.to_owned(), weight }]
}

#[test]
fn only_the_first_500_characters_are_read() {
    let long = "sad ".repeat(2_500);
    let reading = read(vocabulary(), &long).unwrap();
    assert_eq!(reading.warnings, [Warning::Shortened { read: 500, length: 10_000 }]);
    assert_eq!(reading.warnings[0].to_string(), "only the first 500 of 10000 characters are read");
    assert_eq!(reading.parts.len(), 125);
    assert!(read(vocabulary(), &"あ".repeat(10_000)).is_err());
    assert!(read(vocabulary(), &"x".repeat(10_000)).is_err());
}

#[test]
fn texts_without_words_are_filtered() {
    for text in [
        "",
        " ",
        "\0",
        "\0\0\u{1}",
        "🎹🎵",
        "\u{202e}\u{200f}\u{2066}",
        "!?.,;:-()[]{}/\\|",
        "\u{301}\u{301}",
        "''''",
        "---",
        "###",
    ] {
        assert!(read(vocabulary(), text).is_err(), "{text:?}");
    }
    assert_eq!(read(vocabulary(), "🎹").unwrap_err(), Filtered::Empty);
    assert_eq!(
        read(vocabulary(), "the of and").unwrap_err().to_string(),
        "the words \"the of and\" say nothing about the music"
    );
    let filtered = read(vocabulary(), "zzgrmpf").unwrap_err();
    let Filtered::NothingUnderstood { words } = filtered else { panic!("{filtered}") };
    assert_eq!(words[0].1.len(), 2);
    // Every unknown word is listed; the first eight have suggestions.
    let many = read(vocabulary(), &format!("rain {}", "zzgrmpf ".repeat(20))).unwrap();
    let Warning::NotUnderstood { words } = &many.warnings[0] else { panic!("{:?}", many.warnings) };
    assert_eq!((words.len(), words.iter().filter(|(_, nearest)| nearest.len() == 2).count()), (20, 8));
}

#[test]
fn marks_and_signs_between_words_change_nothing() {
    let plain = read(vocabulary(), "sad rain").unwrap();
    for text in ["\u{202e}sad\u{200f} 🎹 rain\0", "SAD\u{200b} rain!!!", "\u{feff}sad\train", "ｓａｄ ｒａｉｎ"]
    {
        assert_eq!(read(vocabulary(), text).unwrap().meanings(), plain.meanings(), "{text:?}");
    }
}

#[test]
fn weights_must_be_finite_and_above_zero() {
    for weight in [f64::NAN, 0.0, -0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        let error = blend(vocabulary(), &one("sad", weight), &Config::default(), None).unwrap_err();
        assert!(matches!(error, PromptError::Weight { number: 1, .. }), "{weight}: {error}");
    }
    let error = blend(vocabulary(), &one("sad rain", -2.0), &Config::default(), None).unwrap_err();
    assert_eq!(error.to_string(), "prompt 1 (\"sad rain\"): the weight is -2; allowed: a finite number above 0");
    for weight in [f64::MIN_POSITIVE, 5e-324, f64::MAX] {
        let two = [one("sad", weight), one("techno", f64::MAX)].concat();
        let target = blend(vocabulary(), &two, &Config::default(), None).unwrap().target;
        assert!(target.valence.is_finite() && target.styles.iter().sum::<f32>() > 0.99, "{target:?}");
    }
}

#[test]
fn too_many_prompts_are_an_error() {
    let many = vec![one("sad", 1.0)[0].clone(); 10_000];
    let error = blend(vocabulary(), &many, &Config::default(), None).unwrap_err();
    assert_eq!(error.to_string(), "10000 prompts; allowed: at most 20");
    assert!(blend(vocabulary(), &many[..20], &Config::default(), None).is_ok());
}

#[test]
fn settings_out_of_range_are_errors() {
    let plain = Config::default();
    for config in [
        Config { bpm: Some(f64::NAN), ..plain.clone() },
        Config { bpm: Some(39.0), ..plain.clone() },
        Config { density: Some(1.1), ..plain.clone() },
        Config { brightness: Some(f32::NAN), ..plain.clone() },
        Config { temperature: f32::INFINITY, ..plain.clone() },
    ] {
        let error = blend(vocabulary(), &one("sad", 1.0), &config, None).unwrap_err();
        assert!(error.to_string().contains("allowed: "), "{error}");
    }
}

/// Texts of characters that are likely to meet a special rule.
fn tricky() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "no",
        "not",
        "-",
        " ",
        ", ",
        "very",
        "drums",
        "なし",
        "雨",
        "ハ長調",
        "78",
        "bpm",
        "/",
        "4",
        "C",
        "#",
        "m",
        "minor",
        "ke bina",
        "\0",
        "🎹",
        "\u{202e}",
        "'",
        ".",
        "F#",
        "solo",
        "less",
        "と",
        "and",
        "क्",
        "80-90",
        "1e999",
        "inf",
        "sín",
        "ß",
        "İ",
        "ﬁ",
        "変",
        "嬰ト短調",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_read_without_a_panic(text in prop_oneof![any::<String>(), tricky()], weight in any::<f64>()) {
        let _ = read(vocabulary(), &text);
        let prompts = one(&text, weight);
        if let Ok(blended) = blend(vocabulary(), &prompts, &Config::default(), None) {
            let target = &blended.target;
            prop_assert!((-1.0..=1.0).contains(&target.valence) && (-1.0..=1.0).contains(&target.arousal));
            prop_assert!((0.0..=1.0).contains(&target.density) && (0.0..=1.0).contains(&target.brightness));
            prop_assert!((target.styles.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            let explanation = explain(vocabulary(), &prompts, &blended);
            prop_assert!(!explanation.to_string().is_empty());
            prop_assert!(serde_json::to_string(&explanation).is_ok());
        }
    }
}

#[test]
#[ignore = "prints times: cargo test --release -p music-generator --lib prompt -- --ignored --nocapture"]
fn times_of_the_longest_prompts() {
    let start = std::time::Instant::now();
    let vocabulary = crate::prompt::vocabulary::Vocabulary::built_in().unwrap();
    println!("vocabulary: {:?}", start.elapsed());
    let words = "abcdefgh ijklmnop qrstuvwx ".repeat(400);
    for (name, text) in [
        ("unknown words", words.as_str()),
        ("one letter", &"a".repeat(10_000)),
        ("letters", &"a ".repeat(5_000)),
        ("negations", &"no drums ".repeat(1_200)),
        ("only no", &"no ".repeat(3_400)),
        ("nashi", &"nashi ".repeat(2_000)),
        ("Japanese", &"静かな雨の夜ぬぬ".repeat(1_250)),
        ("marks", &"\u{301}".repeat(10_000)),
    ] {
        let start = std::time::Instant::now();
        let found = read(&vocabulary, text).is_ok();
        println!("{name}: {:?}, understood: {found}", start.elapsed());
    }
}
