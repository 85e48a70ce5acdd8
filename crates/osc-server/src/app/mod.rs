//! From messages to the engine's commands.
//!
//! The same [`App`] serves the network and plays scores: it is given messages with the [`Moment`] they act in, and from
//! time to time a look at the engine. It has no clock and no socket of its own. What it decides goes out three ways:
//! commands to the engine, replies to the senders, and lines to the log.
//!
//! Starts that lie in the future stay here, on the agenda, until shortly before their time: so `/reset` can take them
//! back, and a file that loads in time starts as if it had been there all along.

mod agenda;
mod clock;
mod decks;
mod loader;
mod obey;
mod opening;
mod outbox;
mod starts;
mod stems;
mod streams;
mod sync;
mod tempo;

pub use loader::{Decode, Files, Loader, Memory, Resolve, Watch, Watched, decoder};
pub use opening::Opening;

use crate::args::Arg;
use crate::guard::{self, Packed};
use crate::recordings::Recording;
use crate::refusal::{Kind, Refusal};
use crate::subscribers::Subscribers;
use crate::tally::{Tally, Verdict};
use crate::units::Time;
use crate::{methods, reply};
use agenda::Agenda;
use clock::{Beats, Wall};
use crowd_cli::log::Clock;
use crowd_engine::tempo::{Movement, MovementConfig};
use crowd_engine::{Command, DeckId, Engine, Event, Frames, SampleRate, Status, StretchMethod, When};
use decks::Music;
use outbox::Outbox;
use starts::Group;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
pub use stems::STEMS;
use stems::{Part, Stems};
use sync::Syncs;

/// Who asked for something, and so hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A client: gets replies.
    Sender(SocketAddr),
    /// A line of a score.
    Score(usize),
    /// The command line.
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sender(address) => address.fmt(f),
            Self::Score(line) => write!(f, "line {line}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// Who asked for something that takes its time, and with which message: what a refusal later on is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    origin: Origin,
    by: &'static str,
}

/// The moment a message acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    when: When,
    /// The frame this will be, as near as can be known.
    frame: u64,
}

impl Moment {
    /// Exactly this frame.
    #[must_use]
    pub const fn at(frame: u64) -> Self {
        Self { when: When::At(Frames(frame)), frame }
    }
}

/// What an [`App`] is made with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The engine's sample rate.
    pub sample_rate: SampleRate,
    /// Whether equaliser messages are obeyed.
    pub filters: bool,
    /// How decks change speed at the start, and with key-lock if that keeps the pitch.
    pub stretch: StretchMethod,
    /// How movement becomes tempo; its base is the tempo of music of which nothing else is said.
    pub movement: MovementConfig,
    /// After how long `/set_tempo` lets movement back in; `None`: only `/movement_bpm 1` does.
    pub tempo_hold: Option<Duration>,
}

impl Settings {
    /// The defaults for an engine at `sample_rate`.
    #[must_use]
    pub const fn new(sample_rate: SampleRate, movement: MovementConfig) -> Self {
        Self { sample_rate, filters: true, stretch: StretchMethod::PlaybackRate, movement, tempo_hold: None }
    }
}

/// What the machine has to do with the sound, for the status.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Vitals {
    /// Share of a block's time that rendering it takes, 0..1.
    pub load: f32,
    /// Blocks that came too late.
    pub underruns: u64,
    /// The largest block the output asks for, in frames.
    pub block: u32,
    /// The block it is meant to ask for, in frames.
    pub buffer: u32,
    /// What is recorded.
    pub recording: Recording,
}

/// How long before its time, beside two blocks, a start is handed to the engine, in seconds: longer than this thread is
/// ever kept waiting for a processor.
const LEAD_SECONDS: f64 = 0.25;
/// How long before its time, beside two blocks, a start goes ahead without a file that is not here yet, in seconds.
const LAST_CALL_SECONDS: f64 = 0.03;

/// Something on the agenda.
#[derive(Debug)]
enum Action {
    /// Start these in the same sample, at the frame `at`.
    Start { asked: Asked, at: u64, parts: Vec<Part> },
    /// Fade a deck out.
    Fade { deck: DeckId, over: Frames },
    /// A message from a bundle with a time.
    Deliver { origin: Origin, at: u64, address: String, args: Vec<Arg> },
    /// Movement may set the tempo again.
    MovementOn,
}

/// The mixer as its clients know it.
#[derive(Debug)]
pub struct App {
    settings: Settings,
    loader: Loader,
    stems: Stems,
    /// What was said of each deck's music.
    music: [Music; 4],
    /// Starts that wait for files.
    groups: Vec<Group>,
    agenda: Agenda<Action>,
    outbox: Outbox,
    replies: Vec<(SocketAddr, Vec<u8>)>,
    /// The engine, when last looked at.
    status: Status,
    vitals: Vitals,
    /// The frame of time zero.
    zero: u64,
    movement: Movement,
    movement_on: bool,
    /// Whether there was a measurement yet.
    crowd_heard: bool,
    /// Up to where movement has been told of the time.
    movement_told: u64,
    beats: Beats,
    wall: Wall,
    syncs: Syncs,
    subscribers: Subscribers,
    tally: Tally,
    received: u64,
    /// How often a file that is streamed from disk ran dry.
    starved: u64,
    /// Files that were damaged.
    damaged: u64,
    /// Statuses sent.
    told: u64,
}

impl App {
    /// An app for an engine that has not rendered yet.
    #[must_use]
    pub fn new(settings: Settings, loader: Loader) -> Self {
        Self {
            movement: Movement::new(settings.movement),
            wall: Wall::new(settings.sample_rate),
            settings,
            loader,
            stems: Stems::default(),
            music: [Music::default(); 4],
            groups: Vec::new(),
            agenda: Agenda::default(),
            outbox: Outbox::default(),
            replies: Vec::new(),
            status: Status::default(),
            vitals: Vitals::default(),
            zero: 0,
            movement_on: true,
            crowd_heard: false,
            movement_told: 0,
            beats: Beats::default(),
            syncs: Syncs::default(),
            subscribers: Subscribers::default(),
            tally: Tally::default(),
            received: 0,
            starved: 0,
            damaged: 0,
            told: 0,
        }
    }

    /// Obeys a datagram from the network.
    pub fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        let origin = Origin::Sender(from);
        match guard::unpack(bytes) {
            Ok(messages) => messages.into_iter().for_each(|packed| self.packed(origin, packed)),
            Err(refusal) => {
                self.received += 1;
                self.refuse(origin, &refusal);
            }
        }
    }

    fn packed(&mut self, origin: Origin, packed: Packed<'_>) {
        let message = match guard::decode(packed.bytes) {
            Ok(message) => message,
            Err(refusal) => {
                self.received += 1;
                return self.refuse(origin, &refusal);
            }
        };
        let args = Arg::from_osc(message.args);
        match packed.at.map_or(Ok(None), |tag| self.wall.frame_of(tag)) {
            Ok(Some(frame)) if frame > self.status.horizon.0 => {
                let action = Action::Deliver { origin, at: frame, address: message.addr.clone(), args };
                if let Err(refusal) = self.plan(self.last_call_for(frame), action) {
                    self.received += 1;
                    self.refuse(origin, &Refusal::new(refusal.kind, &message.addr, refusal.text));
                }
            }
            Ok(_) => self.deliver(origin, &message.addr, &args, self.now()),
            Err(text) => {
                self.received += 1;
                self.refuse(origin, &Refusal::new(Kind::BadArgument, &message.addr, text));
            }
        }
    }

    /// Obeys a message.
    pub fn deliver(&mut self, origin: Origin, address: &str, args: &[Arg], moment: Moment) {
        self.received += 1;
        for message in methods::read(address, args) {
            let result = message.and_then(|message| {
                tracing::trace!(%origin, ?message, "received");
                self.obey(origin, message, moment)
            });
            if let Err(mut refusal) = result {
                if refusal.address.is_empty() {
                    refusal.address = crate::refusal::quote(address);
                }
                self.refuse(origin, &refusal);
            }
        }
    }

    /// Counts a refusal, answers it, and logs it. Of what the network sends, only so many of a kind are logged.
    fn refuse(&mut self, origin: Origin, refusal: &Refusal) {
        let verdict = match (self.tally.count(refusal.kind, Instant::now()), origin) {
            (Verdict::Withhold, Origin::Score(_) | Origin::CommandLine) => Verdict::Log { withheld: 0 },
            (verdict, _) => verdict,
        };
        if let Verdict::Log { withheld } = verdict {
            let more = if withheld > 0 { format!(" (and {withheld} more like it)") } else { String::new() };
            let address = if refusal.address.is_empty() { "datagram" } else { &refusal.address };
            tracing::warn!(kind = refusal.kind.name(), "{address} from {origin} refused: {refusal}{more}");
        }
        self.reply(origin, || reply::error(refusal));
    }

    /// Refuses something that was asked for a while ago.
    fn refuse_asked(&mut self, asked: Asked, refusal: Refusal) {
        self.refuse(asked.origin, &Refusal { address: asked.by.into(), ..refusal });
    }

    /// Answers, if there is someone to answer to.
    fn reply(&mut self, origin: Origin, text: impl FnOnce() -> Vec<u8>) {
        if let Origin::Sender(address) = origin {
            self.replies.push((address, text()));
        }
    }

    /// Now, to a message that just came.
    const fn now(&self) -> Moment {
        Moment { when: When::NextBlock, frame: self.status.horizon.0 }
    }

    /// The frame of a time; the start of the time line if that is earlier.
    fn frame_at(&self, time: Time) -> u64 {
        let distance = (time.get() * f64::from(self.settings.sample_rate.get())).round();
        self.zero.saturating_add_signed(distance as i64)
    }

    /// The seconds from time zero to `frame`.
    fn seconds_at(&self, frame: u64) -> f64 {
        (i128::from(frame) - i128::from(self.zero)) as f64 / f64::from(self.settings.sample_rate.get())
    }

    fn clock_at(&self, frame: u64) -> Clock {
        Clock(self.seconds_at(frame))
    }

    /// Sends commands that act in the same sample. A moment that has passed means now.
    fn send(&mut self, commands: Vec<Command>, moment: Moment) {
        let passed = matches!(moment.when, When::At(frame) if frame < self.status.horizon);
        self.outbox.push(self.in_step(commands), if passed { When::NextBlock } else { moment.when });
    }

    /// Plans something.
    fn plan(&mut self, frame: u64, action: Action) -> Result<(), Refusal> {
        self.agenda.plan(frame, action).map_err(|_| {
            Refusal::new(Kind::Busy, "", format!("{} things are planned already: wait for some", agenda::CAPACITY))
        })
    }

    /// Two blocks and `seconds`, in frames.
    fn lead(&self, seconds: f64) -> u64 {
        2 * u64::from(self.vitals.block) + self.frames(seconds).0
    }

    /// Where on the agenda something stands that is to come up at the last call for `frame`, and not before.
    fn last_call_for(&self, frame: u64) -> u64 {
        frame + self.lead(LEAD_SECONDS) - self.lead(LAST_CALL_SECONDS)
    }

    /// The moment of the next thing on the agenda.
    #[must_use]
    pub fn next_planned(&self) -> Option<u64> {
        self.agenda.next()
    }

    /// Does what is planned up to `frame`.
    pub fn act_until(&mut self, frame: u64) {
        while let Some((due, action)) = self.agenda.take_until(frame) {
            match action {
                Action::Start { asked, at, parts } => self.start_at(asked, at, parts),
                Action::Fade { deck, over } => self.fade(deck, over, Moment::at(due)),
                Action::Deliver { origin, at, address, args } => {
                    self.deliver(origin, &address, &args, Moment::at(at));
                }
                Action::MovementOn => self.set_movement(true, Moment::at(due)),
            }
        }
    }

    /// Looks at the engine, and does what became due: to be called every few milliseconds.
    pub fn tick(&mut self, engine: &mut Engine, vitals: Vitals) {
        self.observe(engine);
        self.vitals = vitals;
        self.wall.observe(self.status.horizon.0);
        self.take_loads();
        self.hear_streams();
        self.start_waiting();
        self.act_until(self.status.horizon.0 + self.lead(LEAD_SECONDS));
        self.flush(engine);
        let now = Instant::now();
        for address in self.subscribers.due(now) {
            self.tell_status(address);
        }
    }

    /// Looks at the engine: what happened there, and where it is.
    pub fn observe(&mut self, engine: &mut Engine) {
        for event in engine.events() {
            self.hear(event);
        }
        self.status = engine.status();
        self.let_movement_age();
        self.beats.print(&self.status, self.settings.sample_rate, self.zero);
    }

    /// Hands commands to the engine, and answers those who wait for that.
    pub fn flush(&mut self, engine: &mut Engine) {
        self.outbox.flush(engine);
        let handed_over = self.outbox.is_empty();
        for (address, n) in self.syncs.done(self.status.blocks, handed_over) {
            self.replies.push((address, reply::synced(n)));
        }
    }

    /// Waits until every file that was asked for is here, or refused.
    pub fn finish_loads(&mut self) {
        while let Some(loaded) = self.loader.wait() {
            self.loaded(loaded);
        }
        while !self.groups.is_empty() {
            // Only streamed files are waited for now, and not for long.
            std::thread::sleep(Duration::from_millis(1));
            self.start_waiting();
        }
    }

    fn take_loads(&mut self) {
        while let Some(loaded) = self.loader.poll() {
            self.loaded(loaded);
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Ended { deck, stem, at } => {
                if let Some(id) = self.stems.ended(deck, stem, at.0) {
                    tracing::info!("deck {deck}: \"{}\" ended at {}", self.stems.name(id), self.clock_at(at.0));
                }
            }
            Event::Late { wanted, at } => {
                let late = Clock(self.seconds_at(at.0) - self.seconds_at(wanted.0));
                tracing::warn!("something meant for {} came {late} late", self.clock_at(wanted.0));
            }
            Event::NotFinite { at } => {
                tracing::error!("a sample that is no number was silenced at {}", self.clock_at(at.0));
            }
            event => tracing::debug!(?event, "engine"),
        }
    }

    /// The replies since the last call, to be sent.
    pub fn replies(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.replies)
    }

    /// The loader, to wait for it beside other things.
    #[must_use]
    pub const fn loader(&self) -> &Loader {
        &self.loader
    }

    /// Messages received.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Messages refused.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether something sounds, or will, that comes to an end by itself.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        self.stems.any_playing(false) || !self.groups.is_empty()
    }

    /// Whether something plays that never ends by itself.
    #[must_use]
    pub fn is_looping(&self) -> bool {
        self.stems.any_playing(true)
    }

    /// The engine, when last looked at.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// Files that were loaded and are damaged.
    #[must_use]
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }
}
