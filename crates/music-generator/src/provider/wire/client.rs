//! Messages to a provider.

use serde::{Deserialize, Serialize};

use super::config::WireConfig;
use crate::prompt::blend::WeightedPrompt;
use crate::provider::session::Control;

/// A prompt with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WirePrompt {
    /// The text.
    pub text: String,
    /// The weight.
    pub weight: f64,
}

impl From<&WeightedPrompt> for WirePrompt {
    fn from(prompt: &WeightedPrompt) -> Self {
        Self { text: prompt.text.clone(), weight: prompt.weight }
    }
}

impl From<WirePrompt> for WeightedPrompt {
    fn from(prompt: WirePrompt) -> Self {
        Self { text: prompt.text, weight: prompt.weight }
    }
}

/// The first message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The name of the model; empty when the provider chooses it.
    #[serde(default)]
    pub model: String,
}

/// Prompts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientContent {
    /// All prompts: they replace those before.
    #[serde(default, alias = "weighted_prompts")]
    pub weighted_prompts: Vec<WirePrompt>,
}

/// A message to a provider, one of its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// The first message.
    #[serde(rename = "setup")]
    Setup(Setup),
    /// Prompts.
    #[serde(rename = "clientContent", alias = "client_content")]
    Content(ClientContent),
    /// All settings: they replace those before.
    #[serde(rename = "musicGenerationConfig", alias = "music_generation_config")]
    Config(Box<WireConfig>),
    /// `PLAY`, `PAUSE`, `STOP` or `RESET_CONTEXT`.
    #[serde(rename = "playbackControl", alias = "playback_control")]
    Control(String),
}

impl ClientMessage {
    /// Prompts as a message.
    pub fn prompts(prompts: &[WeightedPrompt]) -> Self {
        Self::Content(ClientContent { weighted_prompts: prompts.iter().map(WirePrompt::from).collect() })
    }

    /// A control as a message.
    pub fn control(control: Control) -> Self {
        let name = CONTROLS.iter().find(|(known, _)| *known == control).map_or("", |(_, name)| name);
        Self::Control(name.to_owned())
    }

    /// The control of a message; none when it is another message, or when the control is not known.
    pub fn as_control(&self) -> Option<Control> {
        let Self::Control(name) = self else { return None };
        CONTROLS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(control, _)| *control)
    }

    /// The message as a line, with its end.
    pub fn to_line(&self) -> Vec<u8> {
        // Strings and numbers in vectors cannot fail to be written.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

const CONTROLS: [(Control, &str); 4] = [
    (Control::Play, "PLAY"),
    (Control::Pause, "PAUSE"),
    (Control::Stop, "STOP"),
    (Control::ResetContext, "RESET_CONTEXT"),
];
