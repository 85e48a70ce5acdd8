//! The dispatcher, which performs messages and scheduled actions.

use super::bar_log::BarLog;
use super::buffers::Buffer;
use super::clients::Clients;
use super::deck_tempo_and_keylock::Decks;
use super::file_loads::{self, FileLoads, unfinished_loads_of};
use super::generators::Generators;
use super::loader::{FinishedLoad, Loader};
use super::master_tempo::TempoControl;
use super::mixer_commands;
use super::outgoing_commands::OutgoingCommands;
use super::output_status::OutputStatus;
use super::planner::StartGroup;
use super::playback::Playback;
use super::request_source::{Origin, RequestSource};
use super::scheduled_action::ScheduledAction;
use super::settings::Settings;
use super::startup::Startup;
use super::status::StatusSources;
use super::stem_start::StemStart;
use super::timeline::{ActionTime, Timeline};
use crate::ids::{BufferId, DECKS};
use crate::message::Message;
use crate::refusal::{Refusal, RefusalKind};
use crate::reply;
use crate::units::{FileFraction, TimeAfterZero};
use crowd_cli::log::ClockTime;
use crowd_engine::{Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Frames, Gain, Status, Stems};
use music_generator::prompt::blend::WeightedPrompt;
use music_generator::session::ClockReference;
use std::net::SocketAddr;
use std::time::Duration;

/// Passes each message to the object that handles it, and the resulting commands to the engine.
#[derive(Debug)]
pub struct Dispatcher {
    /// Whether equaliser messages are accepted.
    equaliser: bool,
    /// The time after a `/set_tempo` until movement sets the tempo again.
    tempo_hold: Option<Duration>,
    /// Replies and subscriptions.
    pub clients: Clients,
    /// Commands to the engine.
    pub outgoing: OutgoingCommands,
    /// Stems that play or will play.
    pub playback: Playback,
    /// Files that are being loaded.
    pub file_loads: FileLoads,
    generators: Generators,
    tempo: TempoControl,
    bar_log: BarLog,
    /// The status of the engine at the last tick.
    pub engine: Status,
    /// The status of the output at the last tick.
    pub output_status: OutputStatus,
    /// The number of statuses sent.
    statuses_sent: u64,
}

impl Dispatcher {
    /// A dispatcher for an engine that has not rendered yet.
    pub fn new(settings: &Settings, loader: Loader) -> Self {
        let rate = settings.sample_rate;
        let decks = Decks::new(settings.movement.base, rate, settings.stretch);
        Self {
            equaliser: settings.equaliser,
            tempo_hold: settings.tempo_hold,
            clients: Clients::default(),
            outgoing: OutgoingCommands::new(Timeline::new(rate), decks),
            playback: Playback::default(),
            generators: loader.generators().clone(),
            file_loads: FileLoads::new(loader),
            tempo: TempoControl::new(settings.movement, rate),
            bar_log: BarLog::default(),
            engine: Status::default(),
            output_status: OutputStatus::default(),
            statuses_sent: 0,
        }
    }

    /// Performs a message.
    ///
    /// # Errors
    /// The refusal of the message, which then has had no effect.
    pub fn dispatch(&mut self, origin: Origin, message: Message, when: ActionTime) -> Result<(), Refusal> {
        use Message as M;
        self.outgoing.check_room()?;
        let source = |address| RequestSource { origin, address };
        let rate = self.outgoing.time.rate();
        let Self { outgoing, clients, playback, .. } = self;
        match message {
            M::LoadBuffer { id, path, name } => {
                self.load(source("/load_buffer"), id, &path, name.as_deref());
            }
            M::PlayStem { id, rate, gain, looped, start, end } => {
                let region =
                    if end < FileFraction::END { (start, end) } else { (FileFraction::START, FileFraction::END) };
                let region = looped.then_some(region);
                let start = StemStart { id, rate, gain, from: Some(start), until: end, region };
                playback.play(source("/play_stem"), start, when, outgoing, clients)?;
            }
            M::StopStem(id) => playback.stop(id, when, outgoing)?,
            M::StemGain(id, gain) => outgoing.send(playback.set_gain(id, gain, mixer_commands::ramp(rate))?, when),
            M::Faders(faders) => {
                tracing::debug!("faders {:?}", faders.map(|gain| gain.map(Gain::get)));
                outgoing.send(mixer_commands::faders(faders, mixer_commands::ramp(rate)), when);
            }
            M::Eq(deck, gains) => {
                if !self.equaliser {
                    let text = "the equaliser is off: start without --disable-filters";
                    return Err(Refusal::new(RefusalKind::State, "", text));
                }
                tracing::debug!("deck {deck}: equaliser {:?}", gains.map(|gain| gain.map(Gain::get)));
                outgoing.send(mixer_commands::equaliser(deck, gains), when);
            }
            M::Status => {
                if let Origin::Client(address) = origin {
                    self.send_status(address);
                }
            }
            M::Subscribe(interval) => {
                if let Origin::Client(address) = origin {
                    clients.subscribe(address, interval)?;
                }
            }
            M::Unsubscribe => {
                if let Origin::Client(address) = origin {
                    clients.unsubscribe(address);
                }
            }
            M::TestTone(tone) => outgoing.send([mixer_commands::test_tone(tone, rate)], when),
            M::Cleanup => self.clean_up(when),
            M::MemoryCleanup => self.unload_idle(when),
            M::Reset => self.reset(when),
            M::SetTempo(bpm) => self.set_tempo(bpm, when)?,
            M::SetMeter(beats) => outgoing.send([Command::BeatsPerBar { beats }], when),
            M::PrintClock(on) => self.bar_log.set(on),
            M::Movement(movement) => {
                self.generators.follow_movement(movement);
                outgoing.send(self.tempo.take_movement(movement)?, when);
            }
            M::MovementBpm(on) => self.set_movement(on, when),
            M::Play { deck, path, start_at } => {
                let (id, source) = (BufferId::first_of(deck), source("/play"));
                self.load(source, id, &path, None);
                self.start(source, start_at, vec![StemStart::from_cue(id)], when)?;
            }
            M::Cue { deck, path, start } => {
                let buffer = self.load(source("/cue"), BufferId::first_of(deck), &path, None);
                if let Some(buffer) = buffer {
                    (buffer.cue, buffer.armed) = (start, true);
                }
            }
            M::StartGroup { at, decks } => self.start_decks(source("/start_group"), at, &decks, when)?,
            M::Fade { deck, at, duration } => {
                let (length, frame) = (outgoing.time.frames(duration.get()), outgoing.time.frame_at(at));
                if frame > when.frame() {
                    playback.planner.add(frame, ScheduledAction::Fade { deck, length })?;
                } else {
                    self.fade(deck, length, when);
                }
            }
            M::ScheduleC(at) => self.start_decks(source("/schedule_c_at"), at, &[DeckId::C], when)?,
            M::Note(words) => tracing::info!("note from {origin}: {}", crate::refusal::quote(&words)),
            M::Sync(n) => {
                if let Origin::Client(address) = origin {
                    clients.sync(address, n, unfinished_loads_of(origin, &playback.stems.buffers));
                }
            }
            M::DeckTempo { deck, bpm, first_beat } => {
                let commands = outgoing.decks.set_tempo(deck, bpm, first_beat)?;
                outgoing.send(commands, when);
            }
            M::DeckSync(deck, phase) => {
                let command = outgoing.decks.set_sync(deck, phase)?;
                outgoing.send(command, when);
            }
            M::DeckKeylock(deck, on) => outgoing.send([outgoing.decks.set_keylock(deck, on)], when),
            M::DeckStretch(deck, method) => outgoing.send([outgoing.decks.set_stretch(deck, method)], when),
            M::DeckSeek(deck, to) => outgoing.send([playback.seek(deck, to, outgoing)?], when),
            M::DeckLoop(deck, region) => outgoing.send([playback.set_loop(deck, region, outgoing)?], when),
            M::GenPrompt(id, prompts) => self.set_prompts(origin, id, prompts)?,
            M::GenConfig(id, setting) => self.generators.set(playback.stems.buffers.track(id), setting)?,
            M::GenMovement(id, share) => self.generators.set_share(playback.stems.buffers.track(id), share)?,
            M::Ignored => {}
        }
        Ok(())
    }

    /// Performs an action that was scheduled for `due`. Messages are handled by the app.
    pub fn perform(&mut self, action: ScheduledAction, due: u64) {
        match action {
            ScheduledAction::Start { source, at, starts } => {
                self.playback.start_at(source, at, starts, &mut self.outgoing, &mut self.clients);
            }
            ScheduledAction::Fade { deck, length } => self.fade(deck, length, ActionTime::at(due)),
            ScheduledAction::MovementOn => self.set_movement(true, ActionTime::at(due)),
            ScheduledAction::Deliver { .. } => {}
        }
    }

    /// Performs the flags of the command line that load files, set the mixer and start decks. The files loop, and start
    /// in the same sample when all are loaded.
    ///
    /// # Errors
    /// The refusal of a flag.
    pub fn start_up(&mut self, startup: &Startup) -> Result<(), Refusal> {
        let source = RequestSource { origin: Origin::CommandLine, address: "command line" };
        let now = self.outgoing.time.now();
        self.dispatch(source.origin, Message::SetMeter(startup.beats_per_bar), now)?;
        // Nothing plays yet, so the faders need no ramp.
        self.outgoing.send(mixer_commands::faders(startup.faders, Frames::ZERO), now);
        for file in &startup.files {
            let (playback, id) = (&mut self.playback, BufferId::first_of(file.deck));
            let buffer = file_loads::loading_buffer(file.load, source, &file.path, None);
            file_loads::insert_loading(id, buffer, playback, &mut self.outgoing, &mut self.clients);
        }
        let starts = startup.initial_starts();
        if !starts.is_empty() {
            let group = StartGroup::new(source, starts, now);
            self.playback.start_when_loaded(group, &mut self.outgoing, &mut self.clients);
        }
        match startup.c_at {
            Some(at) => self.start(source, at, vec![startup.start_of(DeckId::C)], now),
            None => Ok(()),
        }
    }

    fn load(&mut self, source: RequestSource, id: BufferId, path: &str, name: Option<&str>) -> Option<&mut Buffer> {
        self.file_loads.request(source, id, (path, name), &mut self.playback, &mut self.outgoing, &mut self.clients);
        self.playback.stems.buffers.get_mut(id)
    }

    /// Handles a load that has ended.
    pub fn finish_load(&mut self, load: FinishedLoad) {
        self.file_loads.take_finished(load, &mut self.playback, &mut self.outgoing, &mut self.clients);
    }

    /// Starts the waiting stems whose files are ready.
    pub fn start_waiting(&mut self) {
        self.playback.start_waiting(&mut self.outgoing, &mut self.clients);
    }

    fn start(
        &mut self,
        source: RequestSource,
        at: TimeAfterZero,
        starts: Vec<StemStart>,
        when: ActionTime,
    ) -> Result<(), Refusal> {
        self.playback.start(StartGroup::new(source, starts, when), at, &mut self.outgoing, &mut self.clients)
    }

    /// Starts the decks that have a file. Each of the others is refused.
    fn start_decks(
        &mut self,
        source: RequestSource,
        at: TimeAfterZero,
        decks: &[DeckId],
        when: ActionTime,
    ) -> Result<(), Refusal> {
        let starts = self.playback.starts_of(decks, source, &mut self.clients);
        if starts.is_empty() { Ok(()) } else { self.start(source, at, starts, when) }
    }

    /// Fades a deck to silence.
    fn fade(&mut self, deck: DeckId, length: Frames, when: ActionTime) {
        tracing::info!("deck {deck}: fades out over {}", ClockTime(length.seconds(self.outgoing.time.rate())));
        let fade = DeckCommand::Fade { gain: Gain::SILENCE, over: length, law: CrossfadeLaw::Linear };
        self.outgoing.send([Command::Deck(deck, fade)], when);
    }

    fn set_tempo(&mut self, bpm: Bpm, when: ActionTime) -> Result<(), Refusal> {
        self.outgoing.send([self.tempo.set(bpm)], when);
        match self.tempo_hold {
            Some(hold) => {
                let until = when.frame() + self.outgoing.time.frames(hold.as_secs_f64()).0;
                self.playback.planner.hold_movement_until(until)
            }
            None => Ok(()),
        }
    }

    fn set_movement(&mut self, on: bool, when: ActionTime) {
        self.outgoing.send(self.tempo.set_movement(on, self.engine.tempo), when);
    }

    fn reset(&mut self, when: ActionTime) {
        self.outgoing.time.reset(when);
        let cancelled = self.playback.planner.cancel();
        self.outgoing.send([Command::ResetClock { zero: Frames(when.frame()) }], when);
        match cancelled {
            0 => tracing::info!("reset: time zero is now"),
            n => tracing::info!("reset: time zero is now; {n} scheduled actions cancelled"),
        }
    }

    fn clean_up(&mut self, when: ActionTime) {
        self.playback.planner.cancel();
        self.file_loads.cancel_all(&self.playback.stems.buffers, &mut self.clients);
        self.playback.stems.clear();
        let resets = self.outgoing.decks.reset();
        self.outgoing.send([Command::Clear].into_iter().chain(resets), when);
        tracing::info!("all sound stopped, all files unloaded");
    }

    fn unload_idle(&mut self, when: ActionTime) {
        let Playback { stems, planner } = &mut self.playback;
        let (idle, buffers, bytes) = stems.unload_idle(|id| planner.needs(id));
        let unload = |(deck, stem)| Command::Deck(deck, DeckCommand::Unload { stems: Stems::One(stem) });
        self.outgoing.send(idle.into_iter().map(unload), when);
        tracing::info!("{buffers} files unloaded, {} MB freed", bytes / 1_000_000);
    }

    /// Reads the events and the status of the engine.
    pub fn observe(&mut self, engine: &mut Engine) {
        for event in engine.events() {
            self.playback.handle_event(&event, &self.outgoing);
        }
        self.engine = engine.status();
        self.outgoing.time.observe(self.engine.horizon);
        let now = self.outgoing.time.now();
        self.outgoing.send(self.tempo.advance(self.engine.horizon), now);
        self.follow_clock();
        self.bar_log.log_new_bar(&self.engine, self.outgoing.time.rate(), self.outgoing.time.zero());
    }

    fn set_prompts(&mut self, origin: Origin, id: BufferId, prompts: Vec<(String, f64)>) -> Result<(), Refusal> {
        let prompts = prompts.into_iter().map(|(text, weight)| WeightedPrompt { text, weight }).collect();
        for words in self.generators.set_prompts(self.playback.stems.buffers.track(id), prompts)? {
            tracing::warn!("buffer {id}: {words}");
            self.clients.reply(origin, || reply::not_understood(id.get(), &words));
        }
        Ok(())
    }

    /// Lets the generator that is heard in each deck follow the beats of the clock.
    fn follow_clock(&self) {
        if self.generators.is_empty() {
            return;
        }
        for (deck, status) in DECKS.into_iter().zip(&self.engine.decks) {
            let Some(track) = self.playback.stems.first_playing(deck) else { continue };
            if status.playing > 0 && track.is_live() && status.position >= 0.0 {
                let frame = status.position as u64;
                let reference = ClockReference { frame, beat: self.engine.beat, bpm: self.engine.tempo };
                self.generators.follow_clock(track, reference);
            }
        }
    }

    /// Handles the loads that have ended, and the events of streamed files.
    pub fn take_finished_loads(&mut self) {
        while let Some(load) = self.file_loads.poll() {
            self.finish_load(load);
        }
        self.file_loads.log_stream_events(&self.playback.stems.buffers, self.outgoing.time.rate(), &mut self.clients);
        self.start_waiting();
    }

    /// Sends commands to the engine, and answers each `/sync` that is done.
    pub fn flush(&mut self, engine: &mut Engine) {
        let all_sent = self.outgoing.flush(engine);
        self.clients.answer_syncs(self.engine.blocks, all_sent);
    }

    /// Sends the status to the subscribers to whom it is due.
    pub fn push_status(&mut self) {
        for address in self.clients.due_for_status() {
            self.send_status(address);
        }
    }

    fn send_status(&mut self, address: SocketAddr) {
        self.statuses_sent += 1;
        let status = self.status_sources().reply(self.statuses_sent);
        self.clients.send(address, status);
    }

    /// The sources of the values of the status.
    pub const fn status_sources(&self) -> StatusSources<'_> {
        StatusSources {
            engine: &self.engine,
            output_status: &self.output_status,
            outgoing: &self.outgoing,
            stems: &self.playback.stems,
            tempo: &self.tempo,
            file_loads: &self.file_loads,
            clients: &self.clients,
        }
    }
}
