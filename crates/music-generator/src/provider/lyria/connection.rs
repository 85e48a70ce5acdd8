//! One connection to the service: messages in both directions, and the times.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

use super::api_key::ApiKey;
use super::capabilities::capabilities;
use super::frames::Received;
use super::messages;
use super::settings::LyriaSettings;
use super::socket::Socket;
use crate::provider::event::{AudioChunk, ProviderEvent, Warning};
use crate::provider::fault::Fault;
use crate::provider::mailbox::{Request, Wanted};
use crate::provider::message_reader::{Found, MessageReader, Told, bad_message};
use crate::provider::session::Control;

/// What was received.
pub(super) enum Heard {
    /// The service is ready.
    Ready,
    Audio(AudioChunk),
    Event(ProviderEvent),
}

/// One connection.
pub(super) struct Connection {
    /// Its number.
    pub id: u64,
    pub opened: Instant,
    /// Since when the service has been ready.
    pub ready_since: Option<Instant>,
    pub plays: bool,
    socket: Socket,
    settings: Arc<LyriaSettings>,
    key: ApiKey,
    reader: MessageReader,
    heard: VecDeque<Heard>,
    stopped: bool,
    /// Since when audio has been waited for.
    waits_since: Instant,
}

impl Connection {
    /// Sends the first message.
    pub fn new(id: u64, mut socket: Socket, settings: Arc<LyriaSettings>, key: ApiKey, now: Instant) -> Self {
        socket.send(&messages::setup(&settings.model));
        let reader = MessageReader::new(settings.longest_chunk, settings.most_messages, 0, now);
        Self {
            id,
            opened: now,
            ready_since: None,
            plays: false,
            socket,
            settings,
            key,
            reader,
            heard: VecDeque::new(),
            stopped: false,
            waits_since: now,
        }
    }

    /// Whether the service has taken everything.
    pub fn is_idle(&self) -> bool {
        self.socket.is_idle()
    }

    /// The file descriptor, to wait for.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.fd()
    }

    /// Passes on a request. Before the service is ready nothing is sent: [`Connection::tell`] follows.
    pub fn request(&mut self, request: &Request) {
        if self.ready_since.is_none() {
            return;
        }
        match request {
            Request::Prompts(prompts) => self.socket.send(&messages::prompts(prompts)),
            Request::Config(config) => self.socket.send(&messages::config(config)),
            Request::Control(control) => self.control(*control),
        }
    }

    /// Tells the service everything that was asked for.
    pub fn tell(&mut self, wanted: &Wanted) {
        if let Some(prompts) = &wanted.prompts {
            self.socket.send(&messages::prompts(prompts));
        }
        if let Some(config) = &wanted.config {
            self.socket.send(&messages::config(config));
        }
        if wanted.plays {
            self.control(Control::Play);
        }
    }

    fn control(&mut self, control: Control) {
        self.socket.send(&messages::control(control));
        match control {
            Control::Play => {
                // Not at the stop: audio from before it may still arrive.
                if std::mem::take(&mut self.stopped) {
                    self.reader.start_anew();
                }
                if !std::mem::replace(&mut self.plays, true) {
                    self.waits_since = Instant::now();
                }
            }
            Control::Pause => self.plays = false,
            Control::Stop => (self.plays, self.stopped) = (false, true),
            Control::ResetContext => self.reader.start_anew(),
        }
    }

    /// Writes what can be written, and checks the times. `reads` is false when there is no room for more audio: then none is missed.
    pub fn attend(&mut self, reads: bool, now: Instant) -> Result<(), Fault> {
        self.socket.flush(self.settings.write_timeout)?;
        let settings = &self.settings;
        if self.ready_since.is_none() && now.saturating_duration_since(self.opened) >= settings.start_timeout {
            return Err(Fault::StartTimeout(settings.start_timeout));
        }
        if !reads || !self.plays {
            self.waits_since = now;
        }
        if now.saturating_duration_since(self.waits_since) >= settings.chunk_timeout {
            return Err(Fault::ChunkTimeout(settings.chunk_timeout));
        }
        Ok(())
    }

    /// What was received next; none when nothing more has arrived.
    pub fn receive(&mut self, told: &Told, now: Instant) -> Result<Option<Heard>, Fault> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(Some(heard));
            }
            match self.socket.receive()? {
                None => return Ok(None),
                Some(Received::Close(code)) => return Err(Fault::Closed(code)),
                Some(Received::Ping(_) | Received::Pong) => self.reader.count(now)?,
                Some(Received::Message(message)) => {
                    // A copy is made only of a message that quotes the key.
                    let text = std::str::from_utf8(&message).map(|text| self.key.hide_in(text));
                    let message = text.as_ref().map_or(&*message, |text| text.as_bytes());
                    let result = read(&mut self.reader, message, told, &mut self.heard, now);
                    result.map_err(|fault| hide_in_fault(&self.key, fault))?;
                    self.heard.iter_mut().for_each(|heard| hide(&self.key, heard));
                    if self.heard.iter().any(|heard| matches!(heard, Heard::Audio(_))) {
                        self.waits_since = now;
                    }
                    if self.heard.iter().any(|heard| matches!(heard, Heard::Ready)) {
                        self.ready_since.get_or_insert(now);
                    }
                }
            }
        }
    }

    /// Ends it, as far as it can be told at once.
    pub fn close(mut self) {
        if self.ready_since.is_some() {
            self.socket.send(&messages::control(Control::Stop));
        }
        self.socket.close();
    }
}

/// Reads a message.
fn read(
    reader: &mut MessageReader,
    message: &[u8],
    told: &Told,
    heard: &mut VecDeque<Heard>,
    now: Instant,
) -> Result<(), Fault> {
    let mut found = VecDeque::new();
    let chunks = reader.message(message, &mut found)?;
    if chunks.is_empty() {
        reader.count(now)?;
    }
    if found.iter().any(|found| matches!(found, Found::Ready(_))) {
        // Whatever is reported, the audio of the session keeps its format.
        reader.set_format(&capabilities());
    }
    for chunk in chunks {
        reader.check_format(&chunk)?;
        let Some(data) = &chunk.data else { return Err(bad_message("audio has no data", b"audioChunks")) };
        let audio = reader.audio(&MessageReader::decode(data)?, chunk.source_metadata.clone(), told)?;
        if audio == Found::Nothing {
            reader.count(now)?;
        }
        found.push_back(audio);
    }
    heard.extend(found.into_iter().filter_map(|found| match found {
        Found::Event(ProviderEvent::Audio(audio)) => Some(Heard::Audio(audio)),
        Found::Event(event) => Some(Heard::Event(event)),
        Found::Ready(_) => Some(Heard::Ready),
        Found::Nothing => None,
    }));
    Ok(())
}

/// Removes a key that was written with escapes, so that it was not found in the message.
fn hide(key: &ApiKey, heard: &mut Heard) {
    let clean = |text: &mut String| *text = key.hide_in(text).into_owned();
    match heard {
        Heard::Event(ProviderEvent::Filtered { text, reason }) => {
            clean(text);
            clean(reason);
        }
        Heard::Event(ProviderEvent::Warning(Warning::Said(words) | Warning::UnknownMessage(words))) => clean(words),
        _ => {}
    }
}

fn hide_in_fault(key: &ApiKey, fault: Fault) -> Fault {
    let clean = |text: String| key.hide_in(&text).into_owned();
    match fault {
        Fault::BadMessage { reason, line } => Fault::BadMessage { reason: clean(reason), line: clean(line) },
        Fault::WrongFormat { found, expected } => Fault::WrongFormat { found: clean(found), expected },
        other => other,
    }
}
