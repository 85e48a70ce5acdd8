//! The plan of a story's music: prompts and settings for each panel, and when it begins.

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::types::config::Config;
use serde::Serialize;

use super::context::{Panel, Story, StoryContext};
use super::words::{ArcPart, Sound, StoryWords, find};
use crate::error::Error;

/// The tempo of a story whose words name none, in quarter notes a minute.
const USUAL_BPM: f64 = 84.0;

/// Why a prompt is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedPrompt {
    /// The part of the story that asks for it: tone, arc, genre and others.
    pub part: &'static str,
    /// What the story says: "hopeful", "Discovery". Of free text, what it is called in the story.
    pub because: String,
    /// The prompt.
    pub text: String,
    /// Its weight.
    pub weight: f64,
}

/// What a panel sounds like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedPanel {
    /// The number of the panel.
    pub panel_number: u32,
    /// The name of its part of the story.
    pub arc: String,
    /// Its tone.
    pub tone: String,
    /// How long it lasts, in seconds.
    pub seconds: f64,
    /// The prompts with their reasons, the heaviest first.
    pub prompts: Vec<PlannedPrompt>,
    /// How much happens, 0 to 1.
    pub density: f32,
    /// How bright the sound is, 0 to 1.
    pub brightness: f32,
}

/// What a story sounds like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryPlan {
    /// The tempo, in quarter notes a minute. It is the same in all panels, because some providers can change it only with a break.
    pub bpm: f64,
    /// How long a change from one panel to the next takes, in seconds.
    pub ramp_seconds: f64,
    /// The panels, in their order.
    pub panels: Vec<PlannedPanel>,
}

impl StoryPlan {
    /// The plan of a whole story.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a word that is not in the table.
    pub fn new(story: &Story, words: &StoryWords) -> Result<Self, Error> {
        let count = story.panels.len();
        let panels = story.panels.iter().enumerate();
        let panels = panels.map(|(index, panel)| PlannedPanel::new(&story.context, panel, (index, count), words));
        Ok(Self {
            bpm: bpm_of(&story.context, words)?,
            ramp_seconds: words.ramp.seconds,
            panels: panels.collect::<Result<_, _>>()?,
        })
    }
}

/// The tempo of a story, in quarter notes a minute.
///
/// # Errors
/// [`Error::Invalid`] for a word that is not in the table.
pub fn bpm_of(context: &StoryContext, words: &StoryWords) -> Result<f64, Error> {
    let sounds = sounds_of(context, words)?;
    Ok(sounds.iter().find_map(|found| found.sound.bpm).unwrap_or(USUAL_BPM))
}

impl PlannedPanel {
    /// The plan of the panel with an index among a number of panels.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a word that is not in the table.
    pub fn new(
        context: &StoryContext,
        panel: &Panel,
        (index, count): (usize, usize),
        words: &StoryWords,
    ) -> Result<Self, Error> {
        let arc = arc_of(index, count, words)?;
        let tone = panel.emotional_tone.as_deref().map(str::trim).filter(|tone| !tone.is_empty());
        let tone = tone.unwrap_or(&arc.tone).to_lowercase();
        let of_tone = find("emotional_tone", &words.tone, &tone)?;
        let mut density = arc.density + of_tone.density;
        let mut brightness = arc.brightness + of_tone.brightness;
        let prompt = |part, because: &str, text: &str, weight| PlannedPrompt {
            part,
            because: because.to_owned(),
            text: text.to_owned(),
            weight,
        };
        let mut prompts = vec![
            prompt("tone", &tone, &of_tone.prompt, words.weights.tone),
            prompt("arc", &arc.name, &arc.prompt, words.weights.arc),
        ];
        for Found { part, because, sound, weight } in sounds_of(context, words)? {
            density += sound.density;
            brightness += sound.brightness;
            prompts.push(prompt(part, because, &sound.prompt, weight));
        }
        prompts.retain(|prompt| prompt.weight > 0.0);
        prompts.sort_by(|one, other| other.weight.total_cmp(&one.weight));
        Ok(Self {
            panel_number: panel.panel_number,
            arc: arc.name.clone(),
            tone,
            seconds: seconds_of(panel, words),
            prompts,
            density: density.clamp(0.0, 1.0),
            brightness: brightness.clamp(0.0, 1.0),
        })
    }

    /// The prompts for a provider. Prompts with the same text are one, with the sum of their weights.
    pub fn weighted(&self) -> Vec<WeightedPrompt> {
        let mut weighted: Vec<WeightedPrompt> = Vec::new();
        for PlannedPrompt { text, weight, .. } in &self.prompts {
            match weighted.iter_mut().find(|prompt| prompt.text == *text) {
                Some(prompt) => prompt.weight += weight,
                None => weighted.push(WeightedPrompt { text: text.clone(), weight: *weight }),
            }
        }
        weighted
    }

    /// The settings for a provider.
    pub fn config(&self, bpm: f64) -> Config {
        Config { bpm: Some(bpm), density: Some(self.density), brightness: Some(self.brightness), ..Config::default() }
    }
}

/// What a part of the context sounds like.
struct Found<'a> {
    part: &'static str,
    because: &'a str,
    sound: &'a Sound,
    weight: f64,
}

/// The sounds of the context; those that may name the tempo first.
fn sounds_of<'a>(context: &'a StoryContext, words: &'a StoryWords) -> Result<Vec<Found<'a>>, Error> {
    let weights = &words.weights;
    let mut sounds = Vec::new();
    for (part, word, table, weight) in [
        ("animeGenre", &context.anime_genre, &words.genre, weights.genre),
        ("mood", &context.mood, &words.mood, weights.mood),
        ("coreValue", &context.core_value, &words.core_value, weights.core_value),
        ("archetype", &context.archetype, &words.archetype, weights.archetype),
        ("supportSystem", &context.support_system, &words.support_system, weights.support_system),
    ] {
        let Some(word) = word.as_deref().filter(|word| !word.is_empty()) else { continue };
        sounds.push(Found { part, because: word, sound: find(part, table, word)?, weight });
    }
    for (part, text, table, weight) in [
        ("innerDemon", &context.inner_demon, &words.inner_demon, weights.inner_demon),
        ("pastResilience", &context.past_resilience, &words.past_resilience, weights.past_resilience),
    ] {
        let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) else { continue };
        // The text itself stays with the story.
        sounds.push(Found { part, because: part, sound: table.sound(text), weight });
    }
    Ok(sounds)
}

/// The part of a story to which a panel belongs.
fn arc_of(index: usize, count: usize, words: &StoryWords) -> Result<&ArcPart, Error> {
    let part = index.min(count.saturating_sub(1)) * words.arc.len() / count.max(1);
    words.arc.get(part).ok_or_else(|| Error::Invalid("arc: give at least one part".to_owned()))
}

/// How long a panel lasts, in seconds: its dialogue read aloud, and a pause.
pub fn seconds_of(panel: &Panel, words: &StoryWords) -> f64 {
    if let Some(seconds) = panel.seconds {
        return seconds;
    }
    let lengths = &words.lengths;
    let spoken = panel.dialogue_text.split_whitespace().count() as f64 / lengths.words_per_minute * 60.0;
    (spoken + lengths.pause_seconds).clamp(lengths.shortest_seconds, lengths.longest_seconds)
}
