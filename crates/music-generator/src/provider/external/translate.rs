//! Messages of a provider to events, with all checks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inbox::Inbox;
use super::line_log::plain;
use super::settings::ExternalSettings;
use crate::prompt::blend::{MOST_PROMPTS, WeightedPrompt};
use crate::provider::capabilities::Capabilities;
use crate::provider::error::LONGEST_TEXT;
use crate::provider::event::{AudioChunk, PcmFormat, ProviderEvent, SourceMetadata, Warning};
use crate::provider::fault::Fault;
use crate::provider::wire::{ServerMessage, WireChunk, WireSource, decode, mime_type, read_mime_type};
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
pub(super) struct Translator {
    inbox: Inbox,
    /// Pieces of audio of the latest message.
    chunks: VecDeque<WireChunk>,
    found: VecDeque<Found>,
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

impl Translator {
    /// For a connection that begins in a frame of the session.
    pub fn new(settings: &ExternalSettings, frame: u64, now: Instant) -> Self {
        let mut translator = Self {
            inbox: Inbox::new(settings.longest_line),
            chunks: VecDeque::new(),
            found: VecDeque::new(),
            format: PcmFormat { sample_rate: 0, channels: 0 },
            longest_chunk: 0,
            longest: settings.longest_chunk,
            frame,
            starts_anew: true,
            messages: 0,
            since: now,
            most_messages: settings.most_messages,
        };
        translator.set_format(&Capabilities::default());
        translator
    }

    fn set_format(&mut self, capabilities: &Capabilities) {
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

    pub fn push(&mut self, bytes: &[u8]) {
        self.inbox.push(bytes);
    }

    /// The bytes of a message that has not ended; none between messages.
    pub fn unfinished(&self) -> Option<usize> {
        let bytes = self.inbox.len();
        (bytes > 0 || !self.chunks.is_empty()).then_some(bytes)
    }

    /// What comes next; none when more bytes are needed.
    pub fn next(&mut self, told: &Told, now: Instant) -> Result<Option<Found>, Fault> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Ok(Some(found));
            }
            if let Some(chunk) = self.chunks.pop_front() {
                let Some(event) = self.audio(&chunk, told)? else {
                    self.chunks.push_front(chunk);
                    return Ok(None);
                };
                if event == Found::Nothing {
                    self.count(now)?;
                }
                return Ok(Some(event));
            }
            let Some(line) = self.inbox.line()? else { return Ok(None) };
            let line = line.to_vec();
            if self.message(&line)? == 0 {
                self.count(now)?;
            }
        }
    }

    /// Counts a message without audio.
    fn count(&mut self, now: Instant) -> Result<(), Fault> {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.messages) = (now, 0);
        }
        self.messages += 1;
        if self.messages > self.most_messages { Err(Fault::Flood(self.most_messages)) } else { Ok(()) }
    }

    /// Reads a line; returns its pieces of audio.
    fn message(&mut self, line: &[u8]) -> Result<usize, Fault> {
        if line.trim_ascii().is_empty() {
            return Ok(0);
        }
        let message: ServerMessage =
            serde_json::from_slice(line).map_err(|error| bad_message(&error.to_string(), line))?;
        let ServerMessage { setup_complete, server_content, filtered_prompt, warning } = message;
        let is_unknown =
            setup_complete.is_none() && server_content.is_none() && filtered_prompt.is_none() && warning.is_none();
        if is_unknown {
            let warning = Warning::UnknownMessage(shown(line));
            self.found.push_back(Found::Event(ProviderEvent::Warning(warning)));
        }
        if let Some(setup) = setup_complete {
            let capabilities = setup.capabilities.unwrap_or_default();
            capabilities.check().map_err(Fault::BadCapabilities)?;
            self.set_format(&capabilities);
            self.found.push_back(Found::Ready(capabilities));
        }
        if let Some(words) = warning {
            let warning = Warning::Said(plain(&words, LONGEST_WORDS));
            self.found.push_back(Found::Event(ProviderEvent::Warning(warning)));
        }
        if let Some(filtered) = filtered_prompt {
            let text = plain(&filtered.text, LONGEST_TEXT);
            let reason = plain(&filtered.filtered_reason, LONGEST_WORDS);
            self.found.push_back(Found::Event(ProviderEvent::Filtered { text, reason }));
        }
        self.chunks.extend(server_content.unwrap_or_default().audio_chunks);
        Ok(self.chunks.len())
    }

    /// A piece of audio; none when its bytes have not arrived.
    fn audio(&mut self, chunk: &WireChunk, told: &Told) -> Result<Option<Found>, Fault> {
        let found = chunk.mime_type.as_deref().map_or(Ok(self.format), |text| read_mime_type(text, self.format));
        let expected = || mime_type(self.format);
        match found {
            Ok(found) if found == self.format => {}
            Ok(found) => return Err(Fault::WrongFormat { found: mime_type(found), expected: expected() }),
            Err(reason) => return Err(Fault::WrongFormat { found: plain(&reason, SHOWN), expected: expected() }),
        }
        let bytes = match (&chunk.data, chunk.bytes) {
            (Some(data), None) => decode(data).map_err(|reason| bad_message(&reason, data.as_bytes()))?,
            (None, Some(count)) => {
                self.check_length(count)?;
                let Some(bytes) = self.inbox.take(count) else { return Ok(None) };
                bytes
            }
            _ => return Err(bad_message("audio has either data or bytes", b"audioChunks")),
        };
        self.check_length(bytes.len())?;
        if bytes.is_empty() {
            return Ok(Some(Found::Nothing));
        }
        let pcm: Vec<i16> = bytes.as_chunks::<2>().0.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
        let source = source(chunk.source_metadata.clone(), told, self.frame);
        let starts_anew = std::mem::take(&mut self.starts_anew);
        let audio = AudioChunk { pcm, format: self.format, frame: self.frame, starts_anew, source };
        self.frame += audio.frames() as u64;
        Ok(Some(Found::Event(ProviderEvent::Audio(audio))))
    }

    fn check_length(&self, bytes: usize) -> Result<(), Fault> {
        let frame = self.format.frame_bytes();
        if bytes > self.longest_chunk {
            return Err(Fault::LongChunk { bytes, most: self.longest_chunk });
        }
        if bytes.is_multiple_of(frame) { Ok(()) } else { Err(Fault::HalfFrame { bytes, frame }) }
    }
}

/// What audio was made with.
fn source(wire: Option<WireSource>, told: &Told, frame: u64) -> SourceMetadata {
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

fn bad_message(reason: &str, line: &[u8]) -> Fault {
    Fault::BadMessage { reason: plain(reason, 2 * SHOWN), line: shown(line) }
}

fn shown(line: &[u8]) -> String {
    plain(&String::from_utf8_lossy(line.get(..4 * SHOWN).unwrap_or(line)), SHOWN)
}
