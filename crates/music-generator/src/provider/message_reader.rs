//! Messages of a provider to events, with all checks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::capabilities::Capabilities;
use super::error::LONGEST_TEXT;
use super::event::{AudioChunk, PcmFormat, ProviderEvent, SourceMetadata, Warning};
use super::fault::Fault;
use super::wire::{ServerMessage, WireChunk, WireSource, decode, mime_type, read_mime_type};
use crate::prompt::blend::{MOST_PROMPTS, WeightedPrompt};
use crate::types::config::Config;

/// The most characters of a provider's words.
const LONGEST_WORDS: usize = 500;
/// The most characters of a line in a fault.
const SHOWN: usize = 80;
/// The most marks of a chunk.
const MOST_MARKS: usize = 1_000;

/// What the provider was told last: what its audio was made with, unless it says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub prompts: Arc<[WeightedPrompt]>,
    pub config: Arc<Config>,
}

/// What was found in the bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Event(ProviderEvent),
    Ready(Capabilities),
    /// A message without an event.
    Nothing,
}

/// Reads the messages of one connection.
pub(super) struct MessageReader {
    format: PcmFormat,
    longest_chunk: usize,
    longest: Duration,
    /// The next frame of the session.
    pub frame: u64,
    starts_anew: bool,
    /// Messages without audio since an instant.
    messages: usize,
    since: Instant,
    most_messages: usize,
}

impl MessageReader {
    /// For a connection that begins in a frame of the session, with the longest chunk and the most messages without audio in a second.
    pub fn new(longest: Duration, most_messages: usize, frame: u64, now: Instant) -> Self {
        let mut reader = Self {
            format: PcmFormat { sample_rate: 0, channels: 0 },
            longest_chunk: 0,
            longest,
            frame,
            starts_anew: true,
            messages: 0,
            since: now,
            most_messages,
        };
        reader.set_format(&Capabilities::default());
        reader
    }

    /// Expects the format that a provider reports.
    pub fn set_format(&mut self, capabilities: &Capabilities) {
        self.format = PcmFormat { sample_rate: capabilities.sample_rate, channels: capabilities.channels };
        let frames = self.longest.as_secs_f64() * f64::from(capabilities.sample_rate);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a limit of some megabytes")]
        let frames = frames as usize;
        self.longest_chunk = frames.saturating_mul(self.format.frame_bytes());
    }

    /// The next audio does not continue what was played.
    pub fn start_anew(&mut self) {
        self.starts_anew = true;
    }

    /// Counts a message without audio.
    pub fn count(&mut self, now: Instant) -> Result<(), Fault> {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.messages) = (now, 0);
        }
        self.messages += 1;
        if self.messages > self.most_messages { Err(Fault::Flood(self.most_messages)) } else { Ok(()) }
    }

    /// Reads a message: adds what was found, and returns its pieces of audio.
    pub fn message(&mut self, line: &[u8], found: &mut VecDeque<Found>) -> Result<Vec<WireChunk>, Fault> {
        if line.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let message: ServerMessage =
            serde_json::from_slice(line).map_err(|error| bad_message(&error.to_string(), line))?;
        let ServerMessage { setup_complete, server_content, filtered_prompt, warning } = message;
        let is_unknown =
            setup_complete.is_none() && server_content.is_none() && filtered_prompt.is_none() && warning.is_none();
        if is_unknown {
            let warning = Warning::UnknownMessage(shown(line));
            found.push_back(Found::Event(ProviderEvent::Warning(warning)));
        }
        if let Some(setup) = setup_complete {
            let capabilities = setup.capabilities.unwrap_or_default();
            capabilities.check().map_err(Fault::BadCapabilities)?;
            self.set_format(&capabilities);
            found.push_back(Found::Ready(capabilities));
        }
        if let Some(words) = warning {
            let warning = Warning::Said(plain(&words, LONGEST_WORDS));
            found.push_back(Found::Event(ProviderEvent::Warning(warning)));
        }
        if let Some(filtered) = filtered_prompt {
            let text = plain(&filtered.text, LONGEST_TEXT);
            let reason = plain(&filtered.filtered_reason, LONGEST_WORDS);
            found.push_back(Found::Event(ProviderEvent::Filtered { text, reason }));
        }
        Ok(server_content.unwrap_or_default().audio_chunks)
    }

    /// Checks the format of a piece of audio.
    pub fn check_format(&self, chunk: &WireChunk) -> Result<(), Fault> {
        let found = chunk.mime_type.as_deref().map_or(Ok(self.format), |text| read_mime_type(text, self.format));
        let expected = || mime_type(self.format);
        match found {
            Ok(found) if found == self.format => Ok(()),
            Ok(found) => Err(Fault::WrongFormat { found: mime_type(found), expected: expected() }),
            Err(reason) => Err(Fault::WrongFormat { found: plain(&reason, SHOWN), expected: expected() }),
        }
    }

    /// The bytes of a piece of audio that has them as base64.
    pub fn decode(data: &str) -> Result<Vec<u8>, Fault> {
        decode(data).map_err(|reason| bad_message(&reason, data.as_bytes()))
    }

    /// The samples of a piece of audio as an event.
    pub fn audio(&mut self, bytes: &[u8], source: Option<WireSource>, told: &Told) -> Result<Found, Fault> {
        self.check_length(bytes.len())?;
        if bytes.is_empty() {
            return Ok(Found::Nothing);
        }
        let pcm: Vec<i16> = bytes.as_chunks::<2>().0.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
        let source = metadata(source, told, self.frame);
        let starts_anew = std::mem::take(&mut self.starts_anew);
        let audio = AudioChunk { pcm, format: self.format, frame: self.frame, starts_anew, source };
        self.frame += audio.frames() as u64;
        Ok(Found::Event(ProviderEvent::Audio(audio)))
    }

    /// Checks the number of bytes of a piece of audio.
    pub fn check_length(&self, bytes: usize) -> Result<(), Fault> {
        let frame = self.format.frame_bytes();
        if bytes > self.longest_chunk {
            return Err(Fault::LongChunk { bytes, most: self.longest_chunk });
        }
        if bytes.is_multiple_of(frame) { Ok(()) } else { Err(Fault::HalfFrame { bytes, frame }) }
    }
}

/// What audio was made with.
fn metadata(wire: Option<WireSource>, told: &Told, frame: u64) -> SourceMetadata {
    let WireSource { client_content, music_generation_config, marks } = wire.unwrap_or_default();
    let prompts = client_content.map(|content| {
        let prompts = content.weighted_prompts.into_iter().take(MOST_PROMPTS);
        prompts
            .map(|prompt| WeightedPrompt { text: plain(&prompt.text, LONGEST_TEXT), weight: prompt.weight })
            .collect()
    });
    let config = music_generation_config.and_then(|config| config.read().ok()).map(Arc::new);
    SourceMetadata {
        prompts: prompts.unwrap_or_else(|| told.prompts.clone()),
        config: config.unwrap_or_else(|| told.config.clone()),
        marks: marks.into_iter().take(MOST_MARKS).flat_map(|mark| mark.read(frame)).collect(),
    }
}

/// A message that cannot be read.
pub(super) fn bad_message(reason: &str, line: &[u8]) -> Fault {
    Fault::BadMessage { reason: plain(reason, 2 * SHOWN), line: shown(line) }
}

fn shown(line: &[u8]) -> String {
    plain(&String::from_utf8_lossy(line.get(..4 * SHOWN).unwrap_or(line)), SHOWN)
}

/// At most so many characters of a text, without control characters.
pub(super) fn plain(text: &str, most: usize) -> String {
    text.chars().take(most).map(|character| if character.is_control() { ' ' } else { character }).collect()
}
