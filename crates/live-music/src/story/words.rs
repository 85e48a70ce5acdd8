//! What a story sounds like: a table that a writer can edit.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table};

use crate::error::Error;

/// The table without a file of the user.
const BUILT_IN: &str = include_str!("words.toml");

/// A prompt, and what it changes besides.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sound {
    /// The prompt for the music.
    pub prompt: String,
    /// By how much more happens, -1 to 1.
    #[serde(default)]
    pub density: f32,
    /// By how much the sound is brighter, -1 to 1.
    #[serde(default)]
    pub brightness: f32,
    /// The tempo of a story, in quarter notes a minute.
    #[serde(default)]
    pub bpm: Option<f64>,
}

/// A part of a story.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArcPart {
    /// Its name.
    pub name: String,
    /// The tone of panels that have none.
    pub tone: String,
    /// The prompt for the music.
    pub prompt: String,
    /// How much happens, 0 to 1.
    pub density: f32,
    /// How bright the sound is, 0 to 1.
    pub brightness: f32,
}

/// How much each part of a story counts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names of the parts")]
pub struct Weights {
    pub tone: f64,
    pub arc: f64,
    pub genre: f64,
    pub core_value: f64,
    pub archetype: f64,
    pub mood: f64,
    pub inner_demon: f64,
    pub past_resilience: f64,
    pub support_system: f64,
}

/// How long a panel lasts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lengths {
    /// How fast the dialogue is read.
    pub words_per_minute: f64,
    /// The time without dialogue.
    pub pause_seconds: f64,
    /// The shortest panel.
    pub shortest_seconds: f64,
    /// The longest panel.
    pub longest_seconds: f64,
}

/// The change from one panel to the next.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// How long it takes.
    pub seconds: f64,
}

/// Words that are looked for in a free text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeText {
    /// The sound of a text in which nothing is found.
    pub otherwise: Sound,
    /// What is looked for, the first one first.
    #[serde(default)]
    pub found: Vec<FoundWords>,
}

/// Words and their sound.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundWords {
    /// The words, in lower case.
    pub words: Vec<String>,
    /// The sound of a text that has one of them.
    pub sound: Sound,
}

impl FreeText {
    /// The sound of a text.
    pub fn sound(&self, text: &str) -> &Sound {
        let words: Vec<String> = text.split(|one: char| !one.is_alphanumeric()).map(str::to_lowercase).collect();
        let is_in = |found: &&FoundWords| found.words.iter().any(|word| words.contains(word));
        self.found.iter().find(is_in).map_or(&self.otherwise, |found| &found.sound)
    }
}

/// What a story sounds like.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names of the tables")]
pub struct StoryWords {
    pub weights: Weights,
    pub lengths: Lengths,
    pub ramp: Ramp,
    /// The parts of a story, in their order.
    pub arc: Vec<ArcPart>,
    pub tone: BTreeMap<String, Sound>,
    pub mood: BTreeMap<String, Sound>,
    pub genre: BTreeMap<String, Sound>,
    pub archetype: BTreeMap<String, Sound>,
    pub support_system: BTreeMap<String, Sound>,
    pub core_value: BTreeMap<String, Sound>,
    pub inner_demon: FreeText,
    pub past_resilience: FreeText,
}

impl StoryWords {
    /// The built-in table.
    ///
    /// # Errors
    /// None that users can cause.
    pub fn built_in() -> Result<Self, Error> {
        Self::read("")
    }

    /// The built-in table with the entries of another one, which is a text in TOML. Lists are replaced as a whole.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the place and what is wrong.
    pub fn read(text: &str) -> Result<Self, Error> {
        let invalid = |error: &dyn std::fmt::Display| Error::Invalid(error.to_string().trim_end().to_owned());
        let parse = |text: &str| text.parse::<DocumentMut>().map_err(|error| invalid(&error));
        let (mut table, added) = (parse(BUILT_IN)?, parse(text)?);
        merge(table.as_table_mut(), added.as_table());
        let words: Self = toml_edit::de::from_document(table).map_err(|error| invalid(&error))?;
        words.check()?;
        Ok(words)
    }

    fn check(&self) -> Result<(), Error> {
        let range = |name: &str, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::Invalid(format!("{name} = {value}: give {low} to {high}")))
        };
        let Weights { tone, arc, genre, core_value, archetype, mood, inner_demon, past_resilience, support_system } =
            self.weights;
        for (name, weight) in [
            ("tone", tone),
            ("arc", arc),
            ("genre", genre),
            ("core-value", core_value),
            ("archetype", archetype),
            ("mood", mood),
            ("inner-demon", inner_demon),
            ("past-resilience", past_resilience),
            ("support-system", support_system),
        ] {
            range(&format!("weights.{name}"), weight, 0.0, 100.0)?;
        }
        if tone + arc <= 0.0 {
            return Err(Error::Invalid("weights.tone and weights.arc are both 0: give one that is above 0".to_owned()));
        }
        let lengths = self.lengths;
        range("lengths.words-per-minute", lengths.words_per_minute, 20.0, 600.0)?;
        range("lengths.pause-seconds", lengths.pause_seconds, 0.0, 600.0)?;
        range("lengths.shortest-seconds", lengths.shortest_seconds, 1.0, 3_600.0)?;
        range("lengths.longest-seconds", lengths.longest_seconds, lengths.shortest_seconds, 3_600.0)?;
        range("ramp.seconds", self.ramp.seconds, 0.0, 60.0)?;
        if self.arc.is_empty() {
            return Err(Error::Invalid("arc: give at least one part".to_owned()));
        }
        for part in &self.arc {
            let name = format!("arc \"{}\"", part.name.escape_debug());
            range(&format!("density of {name}"), part.density.into(), 0.0, 1.0)?;
            range(&format!("brightness of {name}"), part.brightness.into(), 0.0, 1.0)?;
            check_prompt(&name, &part.prompt)?;
            find("tone", &self.tone, &part.tone)?;
        }
        let tables = [
            ("tone", &self.tone),
            ("mood", &self.mood),
            ("genre", &self.genre),
            ("archetype", &self.archetype),
            ("support-system", &self.support_system),
            ("core-value", &self.core_value),
        ];
        let named = tables.iter().flat_map(|(table, sounds)| {
            sounds.iter().map(move |(name, sound)| (format!("{table}.{}", name.escape_debug()), sound))
        });
        let free = [("inner-demon", &self.inner_demon), ("past-resilience", &self.past_resilience)];
        let free = free.iter().flat_map(|(table, text)| {
            let found = text.found.iter().map(|found| &found.sound);
            found.chain([&text.otherwise]).map(move |sound| ((*table).to_owned(), sound))
        });
        for (name, sound) in named.chain(free) {
            check_prompt(&name, &sound.prompt)?;
            range(&format!("{name}.density"), sound.density.into(), -1.0, 1.0)?;
            range(&format!("{name}.brightness"), sound.brightness.into(), -1.0, 1.0)?;
            sound.bpm.map_or(Ok(()), |bpm| range(&format!("{name}.bpm"), bpm, 60.0, 200.0))?;
        }
        Ok(())
    }
}

/// The sound of a word, or an error with those that there are.
///
/// # Errors
/// [`Error::Invalid`] for another word.
pub fn find<'a>(name: &str, table: &'a BTreeMap<String, Sound>, word: &str) -> Result<&'a Sound, Error> {
    table.get(&word.to_lowercase()).ok_or_else(|| {
        let known: Vec<&str> = table.keys().map(String::as_str).collect();
        let word: String = word.chars().take(60).collect();
        Error::Invalid(format!("{name} \"{}\" is not known: give {}", word.escape_debug(), known.join(", ")))
    })
}

fn check_prompt(name: &str, prompt: &str) -> Result<(), Error> {
    if prompt.trim().is_empty() || prompt.chars().count() > 500 {
        return Err(Error::Invalid(format!("the prompt of {name}: give 1 to 500 characters")));
    }
    Ok(())
}

/// Adds the entries of another table, and replaces those with the same name.
fn merge(table: &mut Table, added: &Table) {
    for (name, item) in added {
        match (table.get_mut(name).and_then(Item::as_table_mut), item) {
            (Some(table), Item::Table(added)) => merge(table, added),
            _ => _ = table.insert(name, item.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_the_user_adds_and_replaces_entries() {
        let built_in = StoryWords::built_in().unwrap();
        let words =
            StoryWords::read("[tone]\nneutral = { prompt = \"calm piano\" }\nwild = { prompt = \"wild\" }").unwrap();
        assert_eq!(words.tone.len(), built_in.tone.len() + 1);
        assert_eq!((words.tone["neutral"].prompt.as_str(), words.tone["wild"].density), ("calm piano", 0.0));
        for (text, part) in [
            ("[tone]\nneutral = { promt = \"calm\" }", "promt"),
            ("[tone]\nneutral = { prompt = \" \" }", "tone.neutral: give 1 to 500 characters"),
            ("[weights]\ntone = -1", "weights.tone = -1: give 0 to 100"),
            ("[weights]\ntone = nan", "weights.tone = NaN: give 0 to 100"),
            ("[lengths]\nwords-per-minute = 0", "lengths.words-per-minute = 0: give 20 to 600"),
            ("[mood]\nhappy = { prompt = \"a\", bpm = 900 }", "mood.happy.bpm = 900: give 60 to 200"),
            ("[moood]\n", "unknown field `moood`"),
            ("mood = 1", "mood"),
            ("[mood", "line 1"),
            ("arc = []", "arc: give at least one part"),
        ] {
            let error = StoryWords::read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn free_text_is_searched_for_whole_words() {
        let words = StoryWords::built_in().unwrap();
        let sound = |text: &str| words.inner_demon.sound(text).prompt.clone();
        assert_eq!(sound("My FEAR, of heights"), "uneasy, low strings");
        assert_eq!(sound("a fearless gloss"), "mysterious, drone");
        assert_eq!(sound(""), "mysterious, drone");
    }
}
