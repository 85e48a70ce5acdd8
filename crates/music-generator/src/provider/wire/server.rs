//! Messages from a provider.

use serde::{Deserialize, Serialize};

use super::client::ClientContent;
use super::config::WireConfig;
use crate::provider::capabilities::Capabilities;
use crate::provider::mark::{Mark, MarkKind};

/// The answer to the setup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetupComplete {
    /// What the provider can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// A place in a chunk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireMark {
    /// The frame of the chunk, from 0.
    pub frame: u64,
    /// The number of the bar that begins; none when only a chord does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<u64>,
    /// The tempo in quarter notes a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpm: Option<f64>,
    /// The name of the section.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// The name of the scale.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scale: String,
    /// The name of the chord that begins.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chord: String,
}

impl WireMark {
    /// A mark of a chunk that begins in frame `start` of the session.
    pub fn new(mark: &Mark, start: u64) -> Self {
        let frame = mark.frame.saturating_sub(start);
        match &mark.kind {
            MarkKind::Bar { number, bpm, section, scale } => Self {
                frame,
                bar: Some(*number),
                bpm: Some(*bpm),
                section: section.clone(),
                scale: scale.clone(),
                ..Self::default()
            },
            MarkKind::Chord(chord) => Self { frame, chord: chord.clone(), ..Self::default() },
        }
    }

    /// The marks of a chunk that begins in frame `start` of the session.
    pub fn read(self, start: u64) -> impl Iterator<Item = Mark> {
        let frame = start.saturating_add(self.frame);
        let (section, scale, bpm) = (self.section, self.scale, self.bpm.unwrap_or(0.0));
        let bar = self.bar.map(|number| MarkKind::Bar { number, bpm, section, scale });
        let chord = (!self.chord.is_empty()).then_some(MarkKind::Chord(self.chord));
        bar.into_iter().chain(chord).map(move |kind| Mark { frame, kind })
    }
}

/// What audio was made with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireSource {
    /// The prompts.
    #[serde(alias = "client_content", skip_serializing_if = "Option::is_none")]
    pub client_content: Option<ClientContent>,
    /// The settings.
    #[serde(alias = "music_generation_config", skip_serializing_if = "Option::is_none")]
    pub music_generation_config: Option<WireConfig>,
    /// Bars and chords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<WireMark>,
}

/// A piece of audio.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireChunk {
    /// 16-bit little-endian samples as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// In place of `data`: so many bytes of samples follow the line. Those of the first chunk come first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// The format, as in `audio/l16;rate=48000;channels=2`; the one that was reported when it is left out.
    #[serde(alias = "mime_type", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// What it was made with; what was sent last when it is left out.
    #[serde(alias = "source_metadata", skip_serializing_if = "Option::is_none")]
    pub source_metadata: Option<WireSource>,
}

/// Audio.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerContent {
    /// The pieces, in their order.
    #[serde(alias = "audio_chunks")]
    pub audio_chunks: Vec<WireChunk>,
}

/// A prompt that has no effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilteredPrompt {
    /// Its text.
    pub text: String,
    /// Why.
    #[serde(alias = "filtered_reason")]
    pub filtered_reason: String,
}

/// A message from a provider. All fields that are there count; unknown ones are passed over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerMessage {
    /// The answer to the setup: the provider is ready.
    #[serde(alias = "setup_complete", skip_serializing_if = "Option::is_none")]
    pub setup_complete: Option<SetupComplete>,
    /// Audio.
    #[serde(alias = "server_content", skip_serializing_if = "Option::is_none")]
    pub server_content: Option<ServerContent>,
    /// A prompt that has no effect.
    #[serde(alias = "filtered_prompt", skip_serializing_if = "Option::is_none")]
    pub filtered_prompt: Option<FilteredPrompt>,
    /// What a user should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}
