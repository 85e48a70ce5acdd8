use std::collections::BTreeMap;

use super::{target, vocabulary};
use crate::prompt::blend::{WeightedPrompt, blend};
use crate::prompt::reader::read;
use crate::prompt::vocabulary::{Group, Sense, Vocabulary, VocabularyError};
use crate::types::config::Config;
use crate::types::target::Target;

/// The number of words of each language.
fn counts() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, word) in vocabulary().words().filter(|(_, word)| !matches!(word.sense, Sense::PassedOver)) {
        *counts.entry(word.language.clone()).or_insert(0) += 1;
    }
    counts
}

#[test]
fn the_vocabulary_has_the_promised_size() {
    let counts = counts();
    assert!(counts["english"] >= 150, "{counts:?}");
    for language in ["spanish", "hindi", "japanese"] {
        assert!(counts[language] >= 40, "{counts:?}");
    }
    // Entries that each language has a word for.
    for language in ["spanish", "hindi", "japanese"] {
        let entries: std::collections::BTreeSet<usize> = vocabulary()
            .words()
            .filter(|(_, word)| word.language == language)
            .filter_map(|(_, word)| if let Sense::Entry(index) = word.sense { Some(index) } else { None })
            .collect();
        assert!(entries.len() >= 40, "{language}: {}", entries.len());
    }
    assert_eq!(vocabulary().ragas().len(), 21);
    assert!(vocabulary().entries().len() >= 250, "{}", vocabulary().entries().len());
}

#[test]
fn every_word_of_every_language_moves_what_its_entry_promises() {
    let neutral = Target::default();
    let mut failures = Vec::new();
    for (word, meaning) in vocabulary().words() {
        let Sense::Entry(index) = meaning.sense else { continue };
        let entry = &vocabulary().entries()[index];
        let target = target(word);
        assert!(!entry.moves.is_empty());
        for wanted in &entry.moves {
            if !wanted.is_made(&neutral, &target) {
                failures.push(format!("{word} ({}): {}", entry.name, wanted.text()));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures: {failures:#?}", failures.len());
}

#[test]
fn every_word_is_read_as_its_entry() {
    let mut failures = Vec::new();
    for (word, meaning) in vocabulary().words() {
        let Sense::Entry(index) = meaning.sense else { continue };
        let name = &vocabulary().entries()[index].name;
        let (own, entry) = (read(vocabulary(), word), read(vocabulary(), name));
        if own.as_ref().map(|reading| reading.meanings()) != entry.as_ref().map(|reading| reading.meanings()) {
            failures.push(format!("{word} is not {name}: {own:?}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_intensifier_and_negation_changes_its_neighbour() {
    let plain = target("sad").valence;
    for (word, meaning) in vocabulary().words() {
        match meaning.sense {
            Sense::Intensifier(factor) => {
                let changed = target(&format!("{word} sad")).valence;
                assert!((changed - (plain * factor).clamp(-1.0, 1.0)).abs() < 1e-3, "{word}: {changed}");
            }
            Sense::NegatesNext => assert!(target(&format!("calm, {word} drums")).muted[0], "{word}"),
            Sense::NegatesPrevious => assert!(target(&format!("calm, drums {word}")).muted[0], "{word}"),
            _ => {}
        }
    }
}

#[test]
fn only_known_words_have_two_meanings_in_two_files() {
    let shadowed: Vec<String> = vocabulary().shadowed().iter().map(|(word, file)| format!("{word} ({file})")).collect();
    assert_eq!(shadowed.join(", "), "");
}

#[test]
fn every_raga_is_one_of_the_indian_style() {
    for raga in vocabulary().ragas() {
        assert!(raga.degrees().contains(&0), "{}", raga.key);
        assert!(raga.progression.len() >= 2 && raga.phrases.len() >= 2, "{}", raga.key);
        assert_eq!(target(&raga.key).raga.as_deref(), Some(raga.key.as_str()));
        assert_eq!(vocabulary().entry(&raga.key).unwrap().group, Group::Raga);
    }
    assert_eq!(vocabulary().raga("megh").unwrap().degrees(), [0, 2, 5, 7, 10]);
    assert_eq!(vocabulary().nearest_raga(0.8, 0.2).unwrap().key, "hamsadhwani");
}

fn error(text: &str) -> String {
    let mut vocabulary = vocabulary().clone();
    vocabulary.add("my.toml", text).unwrap_err().to_string()
}

#[test]
fn errors_name_file_entry_field_value_and_what_is_allowed() {
    assert_eq!(
        error("[mood]\nblorp = { valence = 3, moves = { valence = 1 } }"),
        "my.toml, entry \"mood.blorp\": valence is 3, allowed: a number from -1 to 1"
    );
    assert_eq!(
        error("[mood]\nblorp = { valence = 1 }"),
        "my.toml, entry \"mood.blorp\": the field \"moves\" is missing"
    );
    assert!(
        error("[mood]\nblorp = { volume = 1 }")
            .starts_with("my.toml, entry \"mood.blorp\": unknown field \"volume\", allowed: valence,")
    );
    assert!(
        error("[genre]\nblorp = { style = \"polka\", moves = { style = \"polka\" } }")
            .contains("style is \"polka\", allowed: lofi,")
    );
    assert!(error("[mood]\nblorp = { valence = nan, moves = { valence = 1 } }").contains("valence is NaN"));
    assert!(error("[mood]\nblorp = { moves = { colour = 1 } }").contains("unknown field \"colour\""));
    assert!(error("[mood]\nblorp = 3").contains("the entry is 3, allowed: a table"));
    assert!(error("[animals]\ncat = 1").contains("unknown field \"animals\""));
    assert!(error("[words]\nrian = [\"x\"]").contains("no entry has the name \"rian\"; the nearest names are rain"));
    assert!(
        error("[words]\nrain = [\"zug\"]\nsad = [\"zug\"]").contains("the word \"zug\" already stands for \"rain\"")
    );
    assert!(error("[intensifiers]\nmega = 90").contains("mega is 90, allowed: a number from -1 to 3"));
    assert!(error("language = \"x\"\n[mood\n").starts_with("my.toml, line 2: "));
    let chord = "[raga.x]\nname = \"X\"\nmood = \"m\"\ntime = \"t\"\nup = [0, 2, 4, 7, 9]\ndown = [12, 0]\nvadi = 4\nsamvadi = 9\n\
                 phrases = [[0, 2]]\nchords = [\"I m\"]\nloop = [\"I 5\"]\nmoves = { raga = \"x\" }";
    assert!(
        error(chord)
            .contains("chords is [\"I m\"], allowed: chords whose tones are degrees of the raga: [0, 2, 4, 7, 9]")
    );
}

#[test]
fn a_file_of_the_user_adds_words_and_replaces_entries() -> Result<(), VocabularyError> {
    let mut changed: Vocabulary = vocabulary().clone();
    changed.add(
        "my.toml",
        "[mood]\nsad = { valence = -0.2, moves = { valence = -0.1 } }\n[words]\nrain = [\"regen\"]\n",
    )?;
    assert_eq!(changed.entry("sad").unwrap().valence, -0.2);
    assert_eq!(read(&changed, "regen").unwrap().meanings(), read(&changed, "rain").unwrap().meanings());
    // A file with an error changes nothing.
    let before = changed.words().count();
    assert!(changed.add("bad.toml", "[words]\nrain = [\"pluie\"]\nnothing = [\"x\"]").is_err());
    assert_eq!(changed.words().count(), before);
    Ok(())
}

#[test]
fn a_move_that_is_not_made_is_seen() {
    let mut changed: Vocabulary = vocabulary().clone();
    let text = "[mood]\nblorp = { arousal = 0.2, moves = { valence = 0.1, arousal = 0.3, density = -0.01, mode = \"lydian\" } }";
    changed.add("my.toml", text).unwrap();
    let prompts = [WeightedPrompt { text: "blorp".to_owned(), weight: 1.0 }];
    let target = blend(&changed, &prompts, &Config::default(), None).unwrap().target;
    let moves = &changed.entry("blorp").unwrap().moves;
    assert_eq!(moves.len(), 4);
    assert!(moves.iter().all(|wanted| !wanted.is_made(&Target::default(), &target)));
}
