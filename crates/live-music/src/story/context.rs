//! Stories as their writers give them.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The longest free text, in characters.
const LONGEST_TEXT: usize = 500;
/// The longest dialogue of a panel, in characters.
const LONGEST_DIALOGUE: usize = 20_000;
/// The most panels of a story.
pub const MOST_PANELS: usize = 200;

/// Who the story is about. All of it may be left out. Names are written in camelCase, and read in snake_case too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoryContext {
    /// The mood: happy, stressed, neutral, frustrated, sad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mood: Option<String>,
    /// The genre: slice-of-life, shonen, isekai, fantasy, calm, adventure, musical, motivational.
    #[serde(alias = "anime_genre", skip_serializing_if = "Option::is_none")]
    pub anime_genre: Option<String>,
    /// The kind of the main figure: mentor, hero, companion, comedian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archetype: Option<String>,
    /// What supports the figure: mentor, friend, rival, inner-circle, self-reflection.
    #[serde(alias = "support_system", skip_serializing_if = "Option::is_none")]
    pub support_system: Option<String>,
    /// What the figure lives for: kindness, freedom, strength, purpose, growth, connection, passion, peace.
    #[serde(alias = "core_value", skip_serializing_if = "Option::is_none")]
    pub core_value: Option<String>,
    /// What the figure has come through, in free text of at most 500 characters.
    #[serde(alias = "past_resilience", skip_serializing_if = "Option::is_none")]
    pub past_resilience: Option<String>,
    /// What the figure fights with, in free text of at most 500 characters.
    #[serde(alias = "inner_demon", skip_serializing_if = "Option::is_none")]
    pub inner_demon: Option<String>,
    /// The age, which has no effect on the music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<serde_json::Value>,
    /// The gender, which has no effect on the music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
}

/// A panel of a story.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panel {
    /// Its number, from 1 on. It names the file of its music.
    #[serde(alias = "panelNumber")]
    pub panel_number: u32,
    /// What is said in it. Its length decides how long the panel lasts.
    #[serde(alias = "dialogueText")]
    pub dialogue_text: String,
    /// Its tone: hopeful, tense, determined, contemplative, uplifting, neutral and others. Without one, that of its part of the story.
    #[serde(alias = "emotionalTone", skip_serializing_if = "Option::is_none")]
    pub emotional_tone: Option<String>,
    /// How long it lasts in seconds, instead of the time that the dialogue takes: 1 to 3,600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The description of the figures, for pictures. It has no effect on the music.
    #[serde(alias = "characterSheet", skip_serializing_if = "Option::is_none")]
    pub character_sheet: Option<serde_json::Value>,
    /// The description of things, for pictures. It has no effect on the music.
    #[serde(alias = "propSheet", skip_serializing_if = "Option::is_none")]
    pub prop_sheet: Option<serde_json::Value>,
    /// The style of the pictures. It has no effect on the music.
    #[serde(alias = "styleGuide", skip_serializing_if = "Option::is_none")]
    pub style_guide: Option<serde_json::Value>,
}

/// A whole story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Its name: 1 to 64 letters, digits, `-` and `_`, because files and folders are named after it.
    #[serde(alias = "storyId", alias = "id")]
    pub story_id: String,
    /// Who it is about.
    #[serde(default, alias = "storyContext", alias = "story_context")]
    pub context: StoryContext,
    /// Its panels, in their order.
    pub panels: Vec<Panel>,
}

impl Story {
    /// Reads a story from JSON.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong, its value and what is right.
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let story: Self = serde_json::from_slice(text)
            .map_err(|error| Error::Invalid(format!("the story cannot be read: {error}")))?;
        story.check()?;
        Ok(story)
    }

    fn check(&self) -> Result<(), Error> {
        check_id(&self.story_id)?;
        if self.panels.is_empty() || self.panels.len() > MOST_PANELS {
            return Err(Error::Invalid(format!("panels: there are {}; give 1 to {MOST_PANELS}", self.panels.len())));
        }
        self.context.check()?;
        for (index, panel) in self.panels.iter().enumerate() {
            panel.check()?;
            let number = panel.panel_number;
            if self.panels.iter().take(index).any(|other| other.panel_number == number) {
                return Err(Error::Invalid(format!("panel_number {number} is there twice")));
            }
        }
        Ok(())
    }
}

/// Checks the name of a story.
///
/// # Errors
/// [`Error::Invalid`] when files could not be named after it.
pub fn check_id(id: &str) -> Result<(), Error> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if id.is_empty() || id.len() > 64 || !id.bytes().all(is_fine) {
        let id: String = id.chars().take(64).collect();
        return Err(Error::Invalid(format!(
            "story_id \"{}\": give 1 to 64 letters, digits, - and _, because files are named after it",
            id.escape_debug()
        )));
    }
    Ok(())
}

impl StoryContext {
    /// Checks the lengths of free texts. Words are checked by [`StoryWords`](super::StoryWords).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is too long.
    pub fn check(&self) -> Result<(), Error> {
        let texts = [("pastResilience", &self.past_resilience), ("innerDemon", &self.inner_demon)];
        for (name, text) in texts {
            let length = text.as_deref().map_or(0, |text| text.chars().count());
            if length > LONGEST_TEXT {
                return Err(Error::Invalid(format!("{name} has {length} characters; give at most {LONGEST_TEXT}")));
            }
        }
        Ok(())
    }
}

impl Panel {
    /// Checks number, length and dialogue.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let number = self.panel_number;
        if !(1..=9_999).contains(&number) {
            return Err(Error::Invalid(format!("panel_number {number}: give 1 to 9999")));
        }
        let length = self.dialogue_text.chars().count();
        if length > LONGEST_DIALOGUE {
            let most = LONGEST_DIALOGUE;
            return Err(Error::Invalid(format!(
                "dialogue_text of panel {number} has {length} characters; give at most {most}"
            )));
        }
        match self.seconds {
            Some(seconds) if !(1.0..=3_600.0).contains(&seconds) => {
                Err(Error::Invalid(format!("seconds of panel {number} is {seconds}; give 1 to 3600")))
            }
            _ => Ok(()),
        }
    }
}
