//! One connection to an external provider: passes messages in both directions, and watches the times.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::line_log::LineLog;
use super::link::{Link, Read};
use super::session_state::Supervisor;
use super::translate::Translator;
use crate::prompt::blend::WeightedPrompt;
use crate::provider::capabilities::Capabilities;
use crate::provider::check::{check_config, check_prompts};
use crate::provider::event::{ProviderEvent, Warning};
use crate::provider::fault::Fault;
use crate::provider::mailbox::{End, Request};
use crate::provider::message_reader::{Found, Told};
use crate::provider::session::Control;
use crate::provider::wake::wait_for;
use crate::provider::wire::{ClientMessage, Setup, WireConfig};
use crate::types::config::Config;

/// How often times, and whether the process has ended, are checked.
const CHECK: Duration = Duration::from_millis(50);
/// How long a process that closed a pipe gets to end, so that its end is reported and not the pipe's.
const LAST_TIME: Duration = Duration::from_millis(500);

/// Which ends are ready.
#[derive(Clone, Copy, Debug, Default)]
struct Ready {
    input: bool,
    output: bool,
    errors: bool,
}

/// One connection.
pub(super) struct Connection<'a> {
    owner: &'a mut Supervisor,
    link: Link,
    translator: Translator,
    log: LineLog,
    /// Bytes to be written, and since when none of them could be.
    outgoing: Vec<u8>,
    outgoing_since: Instant,
    /// Events that wait for room in the queue. While there are any, nothing is read.
    pending: VecDeque<ProviderEvent>,
    capabilities: Option<Capabilities>,
    told: Told,
    plays: bool,
    stopped: bool,
    began: Instant,
    /// Since when audio has been waited for.
    waits_since: Option<Instant>,
    /// When a pipe was closed, and what that means unless the process ends.
    closed: Option<(Instant, Fault)>,
    buffer: Vec<u8>,
}

impl<'a> Connection<'a> {
    pub fn new(owner: &'a mut Supervisor, link: Link) -> Self {
        let now = Instant::now();
        let setup = ClientMessage::Setup(Setup { model: owner.settings.model.clone() });
        Self {
            link,
            translator: Translator::new(&owner.settings, owner.frame, now),
            log: LineLog::new(now),
            outgoing: setup.to_line(),
            outgoing_since: now,
            pending: VecDeque::new(),
            capabilities: None,
            told: Told::default(),
            plays: false,
            stopped: false,
            began: now,
            waits_since: None,
            closed: None,
            buffer: vec![0; 1 << 16],
            owner,
        }
    }

    /// Serves until the session is to end.
    pub fn serve(mut self) -> Result<(), Fault> {
        let result = self.run();
        self.link.end();
        let name = self.owner.name.clone();
        self.log.finish(Instant::now(), |line| log(&name, line));
        result
    }

    fn run(&mut self) -> Result<(), Fault> {
        loop {
            self.owner.alarm.reset();
            match self.owner.mailbox.ending() {
                End::No => {}
                End::Soon => {
                    self.finish();
                    return Ok(());
                }
                End::Now => return Ok(()),
            }
            self.take_requests();
            self.pump()?;
            self.check_times()?;
            let reads = self.pending.is_empty();
            // Whether it has ended is asked before what it wrote is read, so that nothing of it is missed.
            let has_ended = self.link.has_ended();
            let ready = self.wait(reads);
            self.write(ready);
            self.read_errors(ready);
            if ready.output && !self.read()? && !self.link.is_process() {
                return Err(self.last_fault());
            }
            if has_ended && reads && !ready.output {
                return Err(self.last_fault());
            }
        }
    }

    /// Tells the provider what was asked for, one request after the other: newer requests replace those that it has not read.
    fn take_requests(&mut self) {
        while self.outgoing.is_empty()
            && let Some(request) = self.owner.mailbox.take()
        {
            // What is asked for before the provider is ready is sent when it is.
            if self.capabilities.is_none() {
                continue;
            }
            match request {
                Request::Prompts(prompts) => self.send_prompts(prompts),
                Request::Config(config) => self.send_config(config),
                Request::Control(control) => self.send_control(control),
            }
        }
    }

    fn send(&mut self, message: &ClientMessage) {
        if self.outgoing.is_empty() {
            self.outgoing_since = Instant::now();
        }
        self.outgoing.extend(message.to_line());
    }

    fn send_prompts(&mut self, prompts: Arc<[WeightedPrompt]>) {
        self.send(&ClientMessage::prompts(&prompts));
        self.told.prompts = prompts;
    }

    fn send_config(&mut self, config: Arc<Config>) {
        let capabilities = self.capabilities.clone().unwrap_or_default();
        let without_effect = capabilities.without_effect(&config);
        if !without_effect.is_empty() {
            self.pending.push_back(ProviderEvent::Warning(Warning::WithoutEffect(without_effect)));
        }
        self.send(&ClientMessage::Config(Box::new(WireConfig::new(&config, capabilities.mutes))));
        self.told.config = config;
    }

    fn send_control(&mut self, control: Control) {
        self.send(&ClientMessage::control(control));
        match control {
            Control::Play => {
                // Not at the stop: audio from before it may still arrive.
                if std::mem::take(&mut self.stopped) {
                    self.translator.start_anew();
                }
                self.plays = true;
            }
            Control::Pause => self.plays = false,
            Control::Stop => (self.plays, self.stopped) = (false, true),
            Control::ResetContext => self.translator.start_anew(),
        }
    }

    /// The provider is ready: it is told everything that was asked for.
    fn begin(&mut self, capabilities: Capabilities) {
        self.owner.set_capabilities(capabilities.clone());
        self.owner.healthy_since.get_or_insert_with(Instant::now);
        self.capabilities = Some(capabilities.clone());
        let wanted = self.owner.mailbox.take_wanted();
        // What was asked for was checked for the capabilities that were known then.
        if let Some(prompts) = wanted.prompts {
            match check_prompts(&prompts, &capabilities) {
                Ok(()) => self.send_prompts(prompts),
                Err(error) => self.warn(error.to_string()),
            }
        }
        if let Some(config) = wanted.config {
            match check_config(&config, &capabilities) {
                Ok(()) => self.send_config(config),
                Err(error) => self.warn(error.to_string()),
            }
        }
        if wanted.plays {
            self.send_control(Control::Play);
        }
    }

    fn warn(&mut self, words: String) {
        self.pending.push_back(ProviderEvent::Warning(Warning::Said(words)));
    }

    /// Passes on what has arrived, until the queue is full or more bytes are needed.
    fn pump(&mut self) -> Result<(), Fault> {
        loop {
            while let Some(event) = self.pending.pop_front() {
                let audio_end = match &event {
                    ProviderEvent::Audio(audio) => Some(audio.frame + audio.frames() as u64),
                    _ => None,
                };
                if let Err(event) = self.owner.events.try_push(event) {
                    self.pending.push_front(event);
                    return Ok(());
                }
                self.owner.frame = audio_end.unwrap_or(self.owner.frame);
            }
            match self.translator.next(&self.told, Instant::now())? {
                None => return Ok(()),
                Some(Found::Nothing) => {}
                Some(Found::Ready(capabilities)) => self.begin(capabilities),
                Some(Found::Event(event)) => {
                    if matches!(event, ProviderEvent::Audio(_)) {
                        self.waits_since = None;
                    }
                    self.pending.push_back(event);
                }
            }
        }
    }

    fn check_times(&mut self) -> Result<(), Fault> {
        let settings = &self.owner.settings;
        let now = Instant::now();
        if self.capabilities.is_none() && now.duration_since(self.began) >= settings.start_timeout {
            return Err(Fault::StartTimeout(settings.start_timeout));
        }
        // The provider is not late while it has to wait for room.
        if self.plays && self.capabilities.is_some() && self.pending.is_empty() {
            let since = *self.waits_since.get_or_insert(now);
            if now.duration_since(since) >= settings.chunk_timeout {
                return Err(Fault::ChunkTimeout(settings.chunk_timeout));
            }
        } else {
            self.waits_since = None;
        }
        if !self.outgoing.is_empty() && now.duration_since(self.outgoing_since) >= settings.chunk_timeout {
            return Err(Fault::InputBlocked(settings.chunk_timeout));
        }
        if self.closed.as_ref().is_some_and(|(at, _)| now.duration_since(*at) >= LAST_TIME) {
            return Err(self.last_fault());
        }
        Ok(())
    }

    /// Waits until something can be done.
    fn wait(&self, reads: bool) -> Ready {
        let input = self.link.input().filter(|_| !self.outgoing.is_empty());
        let output = self.link.output().filter(|_| reads);
        let errors = self.link.errors();
        let mut ends = vec![PollFd::from_borrowed_fd(self.owner.alarm.fd(), PollFlags::IN)];
        let mut add = |end: Option<_>, flags| {
            let end = end?;
            ends.push(PollFd::from_borrowed_fd(end, flags));
            Some(ends.len() - 1)
        };
        let places = [add(input, PollFlags::OUT), add(output, PollFlags::IN), add(errors, PollFlags::IN)];
        wait_for(&mut ends, CHECK);
        let is_ready =
            |place: Option<usize>| place.and_then(|place| ends.get(place)).is_some_and(|end| !end.revents().is_empty());
        let [input, output, errors] = places.map(is_ready);
        Ready { input, output, errors }
    }

    fn write(&mut self, ready: Ready) {
        if !ready.input {
            return;
        }
        match self.link.write(&self.outgoing) {
            Ok(0) => {}
            Ok(count) => {
                self.outgoing.drain(..count);
                self.outgoing_since = Instant::now();
            }
            Err(fault) => {
                self.outgoing.clear();
                self.closed.get_or_insert((Instant::now(), fault));
            }
        }
    }

    /// Reads once; false at the end of the output.
    fn read(&mut self) -> Result<bool, Fault> {
        match self.link.read(&mut self.buffer)? {
            Read::Bytes(count) => self.translator.push(self.buffer.get(..count).unwrap_or_default()),
            Read::Nothing => {}
            Read::End => {
                self.closed = Some((Instant::now(), Fault::OutputClosed));
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read_errors(&mut self, ready: Ready) {
        if ready.errors
            && let Read::Bytes(count) = self.link.read_errors(&mut self.buffer)
        {
            let name = &self.owner.name;
            let bytes = self.buffer.get(..count).unwrap_or_default();
            self.log.push(bytes, Instant::now(), |line| log(name, line));
        }
    }

    /// Why the connection ended: by the process, within a message, or by a closed pipe.
    fn last_fault(&mut self) -> Fault {
        let has_ended = self.link.has_ended();
        let (status, by_signal) = self.link.end();
        match (self.translator.unfinished(), self.closed.take()) {
            _ if has_ended && by_signal => Fault::Exited(status),
            (Some(bytes), _) => Fault::CutOff { bytes },
            _ if has_ended => Fault::Exited(status),
            (None, Some((_, fault))) => fault,
            (None, None) => Fault::OutputClosed,
        }
    }

    /// Tells the provider that the session ends, and gives it time to end by itself. What it still sends is passed over.
    fn finish(&mut self) {
        self.send(&ClientMessage::control(Control::Stop));
        let until = Instant::now() + self.owner.settings.end_timeout;
        while Instant::now() < until && self.owner.mailbox.ending() == End::Soon {
            self.owner.alarm.reset();
            if self.link.has_ended() {
                return;
            }
            if self.outgoing.is_empty() {
                self.link.close_input();
            }
            let ready = self.wait(true);
            self.write(ready);
            self.read_errors(ready);
            if ready.output {
                let is_end = matches!(self.link.read(&mut self.buffer), Ok(Read::End) | Err(_));
                if is_end && !self.link.is_process() {
                    return;
                }
            }
        }
    }
}

fn log(name: &str, line: &str) {
    tracing::info!(provider = name, "{line}");
}
