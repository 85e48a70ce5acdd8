//! The bytes of an external provider to events.

use std::collections::VecDeque;
use std::time::Instant;

use super::inbox::Inbox;
use super::settings::ExternalSettings;
use crate::provider::fault::Fault;
use crate::provider::message_reader::{Found, MessageReader, Told, bad_message};
use crate::provider::wire::WireChunk;

/// Reads the bytes of one connection.
pub(super) struct Translator {
    inbox: Inbox,
    /// Pieces of audio of the latest message.
    chunks: VecDeque<WireChunk>,
    found: VecDeque<Found>,
    reader: MessageReader,
}

impl Translator {
    /// For a connection that begins in a frame of the session.
    pub fn new(settings: &ExternalSettings, frame: u64, now: Instant) -> Self {
        Self {
            inbox: Inbox::new(settings.longest_line),
            chunks: VecDeque::new(),
            found: VecDeque::new(),
            reader: MessageReader::new(settings.longest_chunk, settings.most_messages, frame, now),
        }
    }

    /// The next audio does not continue what was played.
    pub fn start_anew(&mut self) {
        self.reader.start_anew();
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
                    self.reader.count(now)?;
                }
                return Ok(Some(event));
            }
            let Some(line) = self.inbox.line()? else { return Ok(None) };
            let line = line.to_vec();
            self.chunks.extend(self.reader.message(&line, &mut self.found)?);
            if self.chunks.is_empty() {
                self.reader.count(now)?;
            }
        }
    }

    /// A piece of audio; none when its bytes have not arrived.
    fn audio(&mut self, chunk: &WireChunk, told: &Told) -> Result<Option<Found>, Fault> {
        self.reader.check_format(chunk)?;
        let bytes = match (&chunk.data, chunk.bytes) {
            (Some(data), None) => MessageReader::decode(data)?,
            (None, Some(count)) => {
                self.reader.check_length(count)?;
                let Some(bytes) = self.inbox.take(count) else { return Ok(None) };
                bytes
            }
            _ => return Err(bad_message("audio has either data or bytes", b"audioChunks")),
        };
        self.reader.audio(&bytes, chunk.source_metadata.clone(), told).map(Some)
    }
}
