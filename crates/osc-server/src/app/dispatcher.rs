//! What each message does.

use super::action::Action;
use super::buffers::Buffer;
use super::clients::Clients;
use super::clock::Beats;
use super::decks::Decks;
use super::loader::{Loaded, Loader};
use super::loads::{self, Loads, loads_of};
use super::mix;
use super::opening::Opening;
use super::origin::{Asked, Origin};
use super::outgoing::Outgoing;
use super::part::Part;
use super::plans::Group;
use super::playback::Playback;
use super::settings::Settings;
use super::status::Look;
use super::tempo::Tempo;
use super::timeline::{Moment, Timeline};
use super::vitals::Vitals;
use crate::ids::BufferId;
use crate::message::Message;
use crate::refusal::{Kind, Refusal};
use crate::units::{Fraction, Time};
use crowd_cli::log::Clock;
use crowd_engine::{Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Frames, Gain, Status, Stems as Which};
use std::net::SocketAddr;
use std::time::Duration;

/// Gives each message to what it concerns, and the commands that come of it to the engine.
#[derive(Debug)]
pub struct Dispatcher {
    /// Whether equaliser messages are obeyed.
    filters: bool,
    /// After how long `/set_tempo` lets movement back in.
    tempo_hold: Option<Duration>,
    /// Who hears what.
    pub clients: Clients,
    /// What goes to the engine.
    pub out: Outgoing,
    /// What plays, and will.
    pub playback: Playback,
    /// What is read.
    pub loads: Loads,
    tempo: Tempo,
    beats: Beats,
    /// The engine, when last looked at.
    pub engine: Status,
    /// The machine, when last looked at.
    pub vitals: Vitals,
    /// Statuses sent.
    told: u64,
}

impl Dispatcher {
    /// For an engine that has not rendered yet.
    pub fn new(settings: &Settings, loader: Loader) -> Self {
        let rate = settings.sample_rate;
        let decks = Decks::new(settings.movement.base, rate, settings.stretch);
        Self {
            filters: settings.filters,
            tempo_hold: settings.tempo_hold,
            clients: Clients::default(),
            out: Outgoing::new(Timeline::new(rate), decks),
            playback: Playback::default(),
            loads: Loads::new(loader),
            tempo: Tempo::new(settings.movement, rate),
            beats: Beats::default(),
            engine: Status::default(),
            vitals: Vitals::default(),
            told: 0,
        }
    }

    /// Does what a message asks for.
    ///
    /// # Errors
    /// Why it is not done; it has had no effect then.
    pub fn dispatch(&mut self, origin: Origin, message: Message, moment: Moment) -> Result<(), Refusal> {
        use Message as M;
        self.out.room()?;
        let asked = |by| Asked { origin, by };
        let rate = self.out.time.rate();
        let Self { out, clients, playback, .. } = self;
        match message {
            M::LoadBuffer { id, path, name } => {
                self.load(asked("/load_buffer"), id, &path, name.as_deref());
            }
            M::PlayStem { id, rate, volume, looped, start, end } => {
                let repeated = if end < Fraction::END { (start, end) } else { (Fraction::START, Fraction::END) };
                let region = looped.then_some(repeated);
                let part = Part { id, rate, volume, start: Some(start), end, region };
                playback.play(asked("/play_stem"), part, moment, out, clients)?;
            }
            M::StopStem(id) => playback.stop(id, moment, out)?,
            M::StemVolume(id, volume) => out.send(playback.set_volume(id, volume, mix::ramp(rate))?, moment),
            M::Levels(levels) => {
                tracing::debug!("levels {:?}", levels.map(|gain| gain.map(Gain::get)));
                out.send(mix::levels(levels, mix::ramp(rate)), moment);
            }
            M::Eq(deck, gains) => {
                if !self.filters {
                    let text = "the equaliser is off: start without --disable-filters";
                    return Err(Refusal::new(Kind::State, "", text));
                }
                tracing::debug!("deck {deck}: equaliser {:?}", gains.map(|gain| gain.map(Gain::get)));
                out.send(mix::equaliser(deck, gains), moment);
            }
            M::Status => {
                if let Origin::Sender(address) = origin {
                    self.tell_status(address);
                }
            }
            M::Subscribe(interval) => {
                if let Origin::Sender(address) = origin {
                    clients.subscribe(address, interval)?;
                }
            }
            M::Unsubscribe => {
                if let Origin::Sender(address) = origin {
                    clients.unsubscribe(address);
                }
            }
            M::TestTone(tone) => out.send([mix::test_tone(tone, rate)], moment),
            M::Cleanup => self.clean_up(moment),
            M::MemoryCleanup => self.clean_memory(moment),
            M::Reset => self.reset(moment),
            M::SetTempo(bpm) => self.set_tempo(bpm, moment)?,
            M::SetMeter(beats) => out.send([Command::BeatsPerBar { beats }], moment),
            M::PrintClock(on) => self.beats.set(on),
            M::Movement(movement) => out.send(self.tempo.measure(movement)?, moment),
            M::MovementBpm(on) => self.set_movement(on, moment),
            M::Play { deck, path, start_at } => {
                let (id, asked) = (BufferId::first_of(deck), asked("/play"));
                self.load(asked, id, &path, None);
                self.start(asked, start_at, vec![Part::plain(id)], moment)?;
            }
            M::Cue { deck, path, start } => {
                let buffer = self.load(asked("/cue"), BufferId::first_of(deck), &path, None);
                if let Some(buffer) = buffer {
                    (buffer.cue, buffer.armed) = (start, true);
                }
            }
            M::StartGroup { at, decks } => self.start_decks(asked("/start_group"), at, &decks, moment)?,
            M::Fade { deck, at, duration } => {
                let (over, frame) = (out.time.frames(duration.get()), out.time.frame_at(at));
                if frame > moment.frame() {
                    playback.plans.plan(frame, Action::Fade { deck, over })?;
                } else {
                    self.fade(deck, over, moment);
                }
            }
            M::ScheduleC(at) => self.start_decks(asked("/schedule_c_at"), at, &[DeckId::C], moment)?,
            M::Note(words) => tracing::info!("note from {origin}: {}", crate::refusal::quote(&words)),
            M::Sync(n) => {
                if let Origin::Sender(address) = origin {
                    clients.sync(address, n, loads_of(origin, &playback.stems.buffers));
                }
            }
            M::DeckTempo { deck, bpm, first_beat } => {
                let commands = out.decks.set_tempo(deck, bpm, first_beat)?;
                out.send(commands, moment);
            }
            M::DeckSync(deck, phase) => {
                let command = out.decks.set_sync(deck, phase)?;
                out.send(command, moment);
            }
            M::DeckKeylock(deck, on) => out.send([out.decks.set_keylock(deck, on)], moment),
            M::DeckStretch(deck, method) => out.send([out.decks.set_stretch(deck, method)], moment),
            M::DeckSeek(deck, to) => out.send([playback.seek(deck, to, out)?], moment),
            M::DeckLoop(deck, region) => out.send([playback.set_loop(deck, region, out)?], moment),
            M::Ignored => {}
        }
        Ok(())
    }

    /// Does what was planned for `due`, a message excepted.
    pub fn act(&mut self, action: Action, due: u64) {
        match action {
            Action::Start { asked, at, parts } => {
                self.playback.start_at(asked, at, parts, &mut self.out, &mut self.clients);
            }
            Action::Fade { deck, over } => self.fade(deck, over, Moment::at(due)),
            Action::MovementOn => self.set_movement(true, Moment::at(due)),
            Action::Deliver { .. } => {}
        }
    }

    /// Does what the command line asks for: the files repeat, and start in the same sample when all are loaded.
    ///
    /// # Errors
    /// Why it is not done.
    pub fn open_with(&mut self, opening: &Opening) -> Result<(), Refusal> {
        let asked = Asked { origin: Origin::CommandLine, by: "command line" };
        let now = self.out.time.now();
        self.dispatch(asked.origin, Message::SetMeter(opening.meter), now)?;
        // Nothing sounds yet: the faders need no ramp.
        self.out.send(mix::levels(opening.levels, Frames::ZERO), now);
        for wanted in &opening.files {
            let (playback, id) = (&mut self.playback, BufferId::first_of(wanted.deck));
            let buffer = loads::expected(wanted.ticket, asked, &wanted.path, None);
            loads::expect(id, buffer, playback, &mut self.out, &mut self.clients);
        }
        let parts = opening.parts();
        if !parts.is_empty() {
            let group = Group::new(asked, parts, now);
            self.playback.start_when_loaded(group, &mut self.out, &mut self.clients);
        }
        match opening.c_at {
            Some(at) => self.start(asked, at, vec![opening.part(DeckId::C)], now),
            None => Ok(()),
        }
    }

    fn load(&mut self, asked: Asked, id: BufferId, path: &str, name: Option<&str>) -> Option<&mut Buffer> {
        self.loads.request(asked, id, (path, name), &mut self.playback, &mut self.out, &mut self.clients);
        self.playback.stems.buffers.get_mut(id)
    }

    /// Takes a load that has ended.
    pub fn loaded(&mut self, loaded: Loaded) {
        self.loads.take(loaded, &mut self.playback, &mut self.out, &mut self.clients);
    }

    /// Starts what has nothing more to wait for.
    pub fn start_waiting(&mut self) {
        self.playback.start_waiting(&mut self.out, &mut self.clients);
    }

    fn start(&mut self, asked: Asked, at: Time, parts: Vec<Part>, moment: Moment) -> Result<(), Refusal> {
        self.playback.start(Group::new(asked, parts, moment), at, &mut self.out, &mut self.clients)
    }

    /// Starts the decks that have something to start; the others are refused one by one.
    fn start_decks(&mut self, asked: Asked, at: Time, decks: &[DeckId], moment: Moment) -> Result<(), Refusal> {
        let parts = self.playback.parts_of(decks, asked, &mut self.clients);
        if parts.is_empty() { Ok(()) } else { self.start(asked, at, parts, moment) }
    }

    /// Ramps a deck to silence.
    fn fade(&mut self, deck: DeckId, over: Frames, moment: Moment) {
        tracing::info!("deck {deck}: fades out over {}", Clock(over.seconds(self.out.time.rate())));
        let fade = DeckCommand::Fade { gain: Gain::SILENCE, over, law: CrossfadeLaw::Linear };
        self.out.send([Command::Deck(deck, fade)], moment);
    }

    fn set_tempo(&mut self, bpm: Bpm, moment: Moment) -> Result<(), Refusal> {
        self.out.send([self.tempo.set(bpm)], moment);
        match self.tempo_hold {
            Some(hold) => {
                let until = moment.frame() + self.out.time.frames(hold.as_secs_f64()).0;
                self.playback.plans.hold_movement_until(until)
            }
            None => Ok(()),
        }
    }

    fn set_movement(&mut self, on: bool, moment: Moment) {
        self.out.send(self.tempo.set_movement(on, self.engine.tempo), moment);
    }

    fn reset(&mut self, moment: Moment) {
        self.out.time.reset(moment);
        let forgotten = self.playback.plans.forget();
        self.out.send([Command::ResetClock { zero: Frames(moment.frame()) }], moment);
        match forgotten {
            0 => tracing::info!("reset: time zero is now"),
            n => tracing::info!("reset: time zero is now; planned before and forgotten: {n}"),
        }
    }

    fn clean_up(&mut self, moment: Moment) {
        self.playback.plans.forget();
        self.loads.forget(&self.playback.stems.buffers, &mut self.clients);
        self.playback.stems.clear();
        let forget = self.out.decks.forget();
        self.out.send([Command::Clear].into_iter().chain(forget), moment);
        tracing::info!("everything stopped and forgotten");
    }

    fn clean_memory(&mut self, moment: Moment) {
        let Playback { stems, plans } = &mut self.playback;
        let (idle, buffers, bytes) = stems.clean(|id| plans.need(id));
        let unload = |(deck, stem)| Command::Deck(deck, DeckCommand::Unload { stems: Which::One(stem) });
        self.out.send(idle.into_iter().map(unload), moment);
        tracing::info!("{buffers} files forgotten, {} MB freed", bytes / 1_000_000);
    }

    /// Looks at the engine: what happened there, and where it is.
    pub fn observe(&mut self, engine: &mut Engine) {
        for event in engine.events() {
            self.playback.hear(&event, &self.out);
        }
        self.engine = engine.status();
        self.out.time.observe(self.engine.horizon);
        let now = self.out.time.now();
        self.out.send(self.tempo.pass(self.engine.horizon), now);
        self.beats.print(&self.engine, self.out.time.rate(), self.out.time.zero());
    }

    /// Takes what has become of files since.
    pub fn hear_loads(&mut self) {
        while let Some(loaded) = self.loads.poll() {
            self.loaded(loaded);
        }
        self.loads.hear_streams(&self.playback.stems.buffers, self.out.time.rate(), &mut self.clients);
        self.start_waiting();
    }

    /// Hands commands to the engine, and answers those who wait for that.
    pub fn flush(&mut self, engine: &mut Engine) {
        let handed_over = self.out.flush(engine);
        self.clients.answer_syncs(self.engine.blocks, handed_over);
    }

    /// Sends the status to those who are due for it.
    pub fn push_status(&mut self) {
        for address in self.clients.due_for_status() {
            self.tell_status(address);
        }
    }

    fn tell_status(&mut self, address: SocketAddr) {
        self.told += 1;
        let status = self.look().reply(self.told);
        self.clients.send(address, status);
    }

    /// Everything of which the status tells.
    pub const fn look(&self) -> Look<'_> {
        Look {
            engine: &self.engine,
            vitals: &self.vitals,
            out: &self.out,
            stems: &self.playback.stems,
            tempo: &self.tempo,
            loads: &self.loads,
            clients: &self.clients,
        }
    }
}
