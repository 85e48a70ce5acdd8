//! The thread of a session: connects, passes requests and events on, and changes from one connection to the next.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use rustix::event::{PollFd, PollFlags};

use super::capabilities::capabilities;
use super::connection::{Connection, Heard};
use super::opening::Opening;
use super::output::Output;
use super::settings::LyriaSettings;
use super::socket::Target;
use super::used_time::UsedTime;
use crate::provider::event::{CloseReason, ProviderEvent, Warning};
use crate::provider::fault::Fault;
use crate::provider::mailbox::{End, Mailbox, Request, Wanted};
use crate::provider::message_reader::Told;
use crate::provider::queue::Events;
use crate::provider::restart::restart_after;
use crate::provider::session::Control;
use crate::provider::wake::{Alarm, wait_for};

/// How often times are checked while there is a connection, and while there is none.
const CHECK: Duration = Duration::from_millis(50);
const SLOW_CHECK: Duration = Duration::from_millis(500);
/// The most audio of a connection and the most events that wait. Then nothing more is read.
const MOST_WAITING: Duration = Duration::from_secs(8);
const MOST_EVENTS: usize = 64;
/// The greatest random part of the time before a restart.
const RANDOM: f64 = 0.2;

/// What the thread of a session has.
pub(super) struct Worker {
    pub settings: Arc<LyriaSettings>,
    pub target: Arc<Target>,
    pub mailbox: Arc<Mailbox>,
    pub events: Arc<Events>,
    pub used: Arc<Mutex<UsedTime>>,
    pub alarm: Alarm,
    pub waker: Waker,
    pub state: State,
}

/// What changes.
pub(super) struct State {
    wanted: Wanted,
    told: Told,
    /// The connections, the one that is heard first: two during a crossfade and just before it.
    connections: Vec<Connection>,
    opening: Option<Opening>,
    output: Output,
    /// Events that wait for room in the queue.
    pending: VecDeque<ProviderEvent>,
    next_id: u64,
    /// Restarts since it last worked well.
    attempts: u32,
    /// When it is to be tried again.
    retry_at: Option<Instant>,
    /// Since when there has been no music.
    idle_since: Option<Instant>,
    /// Whether the time of the day is used up.
    is_limited: bool,
    counted: Instant,
}

impl State {
    /// Nothing is connected.
    pub fn new(settings: &LyriaSettings) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is limited before")]
        let fade = (settings.crossfade.min(MOST_WAITING).as_secs_f64() * 48_000.0) as usize;
        Self {
            wanted: Wanted::default(),
            told: Told::default(),
            connections: Vec::new(),
            opening: None,
            output: Output::new(fade),
            pending: VecDeque::new(),
            next_id: 0,
            attempts: 0,
            retry_at: None,
            idle_since: None,
            is_limited: false,
            counted: Instant::now(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It is closed already, unless the thread has panicked.
        self.events.close(CloseReason::Failed);
    }
}

impl Worker {
    /// Runs until the session is to end, or the service failed too often.
    pub fn run(mut self) {
        let reason = loop {
            self.alarm.reset();
            if self.mailbox.ending() != End::No {
                break CloseReason::Asked;
            }
            let now = Instant::now();
            self.take_requests();
            self.count_time(now);
            if let Err(reason) = self.connect(now).and_then(|()| self.receive(now)) {
                break reason;
            }
            self.pump();
            self.wait();
        };
        self.close_connections();
        self.write_used_time();
        self.events.close(reason);
    }

    /// Passes on what was asked for, one request after the other: newer requests replace those that wait.
    fn take_requests(&mut self) {
        while self.state.connections.iter().all(Connection::is_idle)
            && let Some(request) = self.mailbox.take()
        {
            match &request {
                Request::Prompts(prompts) => {
                    self.state.told.prompts = prompts.clone();
                    self.state.wanted.prompts = Some(prompts.clone());
                }
                Request::Config(config) => {
                    let without_effect = capabilities().without_effect(config);
                    // While events are not read, they are not to grow without end.
                    if !without_effect.is_empty() && self.state.pending.len() < MOST_EVENTS {
                        self.warn(Warning::WithoutEffect(without_effect));
                    }
                    self.state.told.config = config.clone();
                    self.state.wanted.config = Some(config.clone());
                }
                Request::Control(Control::Play) => self.state.wanted.plays = true,
                Request::Control(Control::Pause) => self.state.wanted.plays = false,
                Request::Control(Control::Stop) => {
                    self.state.wanted.plays = false;
                    self.keep_one();
                }
                Request::Control(Control::ResetContext) => {}
            }
            let is_play = request == Request::Control(Control::Play);
            // While the time of the day is used up there is nothing that could play.
            if !(is_play && self.state.is_limited) {
                self.state.connections.iter_mut().for_each(|connection| connection.request(&request));
            }
        }
    }

    fn warn(&mut self, warning: Warning) {
        tracing::warn!("Lyria RealTime: {warning}");
        self.state.pending.push_back(ProviderEvent::Warning(warning));
    }

    /// Ends a change from one connection to the next at once.
    fn keep_one(&mut self) {
        let state = &mut self.state;
        if !state.connections.is_empty() {
            state.opening = None;
        }
        if state.connections.len() > 1 {
            let at = usize::from(!state.output.is_fading());
            let connection = state.connections.remove(at);
            state.output.end(connection.id);
            connection.close();
        }
    }

    /// Counts the time that connections play, and pauses when that of the day is used up.
    fn count_time(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.state.counted, now));
        let playing = self.state.connections.iter().filter(|connection| connection.plays).count();
        let time = SystemTime::now();
        let exceeded = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.add(passed * u32::try_from(playing).unwrap_or(u32::MAX), time);
            used.exceeded(time)
        };
        match exceeded {
            Some((most, goes_on_in)) if !self.state.is_limited && self.state.wanted.plays => {
                self.state.is_limited = true;
                self.close_connections();
                self.warn(Warning::DailyLimit { most, goes_on_in });
            }
            None => self.state.is_limited = false,
            Some(_) => {}
        }
    }

    /// Opens connections when they are needed, and closes them when they are not.
    fn connect(&mut self, now: Instant) -> Result<(), CloseReason> {
        if let Some(result) = self.state.opening.as_ref().and_then(|opening| opening.result(now)) {
            self.state.opening = None;
            match result {
                Ok(socket) => {
                    self.state.next_id += 1;
                    let id = self.state.next_id;
                    self.state.output.add(id);
                    let key = self.target.key.clone();
                    self.state.connections.push(Connection::new(id, socket, self.settings.clone(), key, now));
                }
                Err(fault) => self.restart(fault)?,
            }
        }
        let age = self.state.connections.first().map(|first| now.saturating_duration_since(first.opened));
        if !self.state.wanted.plays || self.state.is_limited {
            let since = *self.state.idle_since.get_or_insert(now);
            let is_idle = now.saturating_duration_since(since) >= self.settings.idle_after;
            if is_idle || age.is_some_and(|age| age >= self.settings.rollover_after) {
                self.close_connections();
                self.write_used_time();
            }
            return Ok(());
        }
        self.state.idle_since = None;
        let is_needed = match (self.state.connections.len(), age) {
            (0, _) => true,
            (1, Some(age)) => age >= self.settings.rollover_after,
            _ => false,
        };
        let has_room = self.state.pending.len() < MOST_EVENTS;
        if is_needed && has_room && self.state.opening.is_none() && self.state.retry_at.is_none_or(|at| now >= at) {
            match Opening::start(&self.target, self.settings.connect_timeout, self.waker.clone()) {
                Ok(opening) => (self.state.opening, self.state.retry_at) = (Some(opening), None),
                Err(fault) => self.restart(fault)?,
            }
        }
        Ok(())
    }

    /// Reads from all connections, as far as there is room.
    fn receive(&mut self, now: Instant) -> Result<(), CloseReason> {
        let mut at = 0;
        while at < self.state.connections.len() {
            match self.receive_from(at, now) {
                Ok(()) => at += 1,
                Err(fault) => self.fail(at, fault)?,
            }
        }
        Ok(())
    }

    fn receive_from(&mut self, at: usize, now: Instant) -> Result<(), Fault> {
        let state = &mut self.state;
        let Some(connection) = state.connections.get_mut(at) else { return Ok(()) };
        let mut reads = true;
        loop {
            reads = reads && state.output.has_room(connection.id, MOST_WAITING) && state.pending.len() < MOST_EVENTS;
            let heard = if reads { connection.receive(&state.told, now)? } else { None };
            match heard {
                None => return connection.attend(reads, now),
                Some(Heard::Audio(audio)) => state.output.push(connection.id, audio),
                Some(Heard::Event(event)) => state.pending.push_back(event),
                Some(Heard::Ready) => {
                    let plays = state.wanted.plays && !state.is_limited;
                    connection.tell(&Wanted { plays, ..state.wanted.clone() });
                }
            }
        }
    }

    /// A connection has ended by a fault.
    fn fail(&mut self, at: usize, fault: Fault) -> Result<(), CloseReason> {
        let connection = self.state.connections.remove(at);
        self.state.output.end(connection.id);
        // What has arrived before the fault is reported before it.
        while let Some(audio) = self.state.output.take() {
            self.state.pending.push_back(ProviderEvent::Audio(audio));
        }
        if connection.ready_since.is_some_and(|since| since.elapsed() >= self.settings.healthy_after) {
            self.state.attempts = 0;
        }
        connection.close();
        self.restart(fault)
    }

    /// Reports a fault, and decides when it is tried again.
    fn restart(&mut self, fault: Fault) -> Result<(), CloseReason> {
        tracing::warn!(fault = fault.name(), "Lyria RealTime: {fault}");
        let attempts = self.state.attempts;
        if self.settings.most_restarts.is_some_and(|most| attempts >= most) {
            return Err(CloseReason::GivenUp { fault, attempts });
        }
        self.state.attempts += 1;
        let attempt = self.state.attempts;
        let after = restart_after(self.settings.first_restart, self.settings.longest_restart, attempt);
        let random = f64::from(RandomState::new().hash_one(0) as u32) / f64::from(u32::MAX);
        let after = after.mul_f64(1.0 + RANDOM * random).min(self.settings.longest_restart);
        self.state.retry_at = Some(Instant::now() + after);
        self.state.pending.push_back(ProviderEvent::Warning(Warning::Restarts { fault, attempt, after }));
        Ok(())
    }

    /// Passes on events and audio, until the queue is full or more has to arrive.
    fn pump(&mut self) {
        let state = &mut self.state;
        loop {
            let event = state.pending.pop_front().or_else(|| state.output.take().map(ProviderEvent::Audio));
            let Some(event) = event else { break };
            if let Err(event) = self.events.try_push(event) {
                state.pending.push_front(event);
                break;
            }
        }
        // After a crossfade, the first connection is not heard any more.
        while state.connections.first().is_some_and(|first| !state.output.has(first.id)) {
            state.connections.remove(0).close();
        }
    }

    fn close_connections(&mut self) {
        self.state.opening = None;
        for connection in self.state.connections.drain(..) {
            self.state.output.end(connection.id);
            connection.close();
        }
    }

    fn write_used_time(&self) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).write();
    }

    fn wait(&self) {
        let state = &self.state;
        let mut ends = vec![PollFd::from_borrowed_fd(self.alarm.fd(), PollFlags::IN)];
        for connection in &state.connections {
            let reads = state.output.has_room(connection.id, MOST_WAITING) && state.pending.len() < MOST_EVENTS;
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::OUT, !connection.is_idle());
            flags.set(PollFlags::IN, reads);
            // A connection that is not read would end the wait again and again, if it has ended.
            if !flags.is_empty() {
                ends.push(PollFd::from_borrowed_fd(connection.fd(), flags));
            }
        }
        let is_quiet = state.connections.is_empty() && state.opening.is_none() && state.retry_at.is_none();
        wait_for(&mut ends, if is_quiet { SLOW_CHECK } else { CHECK });
    }
}
