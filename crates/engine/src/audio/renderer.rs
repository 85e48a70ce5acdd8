//! The audio half of the engine. Devices, offline rendering and tests use the same one.

use std::marker::PhantomData;
use std::sync::Arc;

use super::clock::Clock;
use super::deck::{Deck, EventSink, FrameJobQueue, ramp_frames};
use super::mixer::{Mixer, QuantumReport};
use super::restart_limit::RestartLimit;
use super::schedule::{Schedule, ScheduledCommand};
use super::status_words::{Counters, StatusValues};
use crate::command::{Command, DeckCommand, Envelope, When};
use crate::dsp::QUANTUM;
use crate::event::{BlockReport, Event};
use crate::rt::{OutputRing, ReturnQueue, Snapshot};
use crate::track::Track;
use crate::types::cast::index;
use crate::types::config::EngineConfig;
use crate::types::pulse::Phase;
use crate::types::units::{DeckId, Frames};

/// The audio half of an engine.
///
/// Move it to the thread that needs the sound, and call [`Renderer::render`] there. It may move between threads, but
/// threads cannot share it. It takes no lock, makes no system call, neither allocates nor frees memory, and cannot fail.
///
/// ```
/// fn may_move<T: Send>() {}
/// may_move::<crowd_engine::Renderer>();
/// ```
///
/// ```compile_fail,E0277
/// fn may_be_shared<T: Sync>() {}
/// may_be_shared::<crowd_engine::Renderer>();
/// ```
///
/// Sound is made in quanta of 64 frames, which begin on multiples of 64 of the time line. They are made earlier than they
/// are output, by the limiter's lookahead. A callback of any size takes as many frames as it needs, so the samples do not
/// depend on the size of the callbacks.
pub struct Renderer {
    inbox: rtrb::Consumer<Envelope>,
    events: rtrb::Producer<Event>,
    returned: ReturnQueue<Track>,
    snapshot: Arc<Snapshot>,
    schedule: Schedule,
    restarts: RestartLimit,
    decks: Box<[Deck]>,
    /// STFT frames that the worker thread may synthesise.
    frame_jobs: Option<FrameJobQueue>,
    mixer: Mixer,
    clock: Clock,
    counters: Counters,
    /// Whether beats are reported.
    beat_events: bool,
    /// The latest finished quantum.
    ready: [[f32; 2]; QUANTUM],
    /// The number of its frames that were output.
    taken: usize,
    /// The number of frames made so far, which is also the first frame at which a command can act. Between calls it is a
    /// multiple of the quantum.
    made: u64,
    /// The number of frames output so far.
    played: u64,
    /// The largest number of tracks that one command can remove. The return queue must have room for them before a command
    /// may act.
    most_retired: usize,
    /// The rings to which everything that is played is written: that of a recording and that of a tap.
    #[cfg(feature = "decode")]
    recording: Option<OutputRing>,
    tap: Option<OutputRing>,
    /// Makes the renderer not `Sync`: a `&Renderer` cannot cross threads.
    _not_sync: PhantomData<std::cell::Cell<()>>,
}

crate::types::opaque::opaque_debug!(Renderer);

impl Renderer {
    pub(crate) fn new(
        config: &EngineConfig,
        inbox: rtrb::Consumer<Envelope>,
        events: rtrb::Producer<Event>,
        return_ring: rtrb::Producer<Track>,
        snapshot: Arc<Snapshot>,
        frame_jobs: Option<FrameJobQueue>,
    ) -> Self {
        let decks: Box<[Deck]> =
            (0..config.decks).filter_map(|index| DeckId::new(index).ok()).map(|id| Deck::new(id, config)).collect();
        let most_retired = config.stems * config.decks;
        let renderer = Self {
            inbox,
            events,
            // There is room for twice that number, because `Clear` also discards the tracks of waiting commands.
            returned: ReturnQueue::new(return_ring, 2 * most_retired),
            snapshot,
            schedule: Schedule::new(2 * config.queue),
            restarts: RestartLimit::new(config.decks),
            decks,
            frame_jobs,
            mixer: Mixer::new(config.decks, config.sample_rate),
            clock: Clock::new(config.sample_rate, config.base_tempo),
            counters: Counters::default(),
            beat_events: config.beat_events,
            ready: [[0.0; 2]; QUANTUM],
            taken: QUANTUM,
            made: 0,
            played: 0,
            most_retired,
            #[cfg(feature = "decode")]
            recording: None,
            tap: None,
            _not_sync: PhantomData,
        };
        renderer.publish(&BlockReport { limiter_gain: 1.0, ..BlockReport::default() }, 0.0);
        renderer
    }

    /// Fills `out` with `out.len()` / 2 frames of interleaved stereo. Any number of frames is allowed. When the number of samples
    /// is odd, the last sample is set to zero.
    ///
    /// This function never blocks, allocates, logs or panics. Problems are counted in [`Status`](crate::Status) and reported
    /// as [`Event`]s.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn render(&mut self, out: &mut [f32]) -> BlockReport {
        let start = Frames(self.played);
        let commands_before = self.counters.commands;
        let mut report = BlockReport { frames: out.len() / 2, start, commands: 0, limiter_gain: 1.0 };
        let mut peak = 0.0f32;
        self.receive();
        let (mut frames, odd) = out.as_chunks_mut::<2>();
        odd.fill(0.0);
        while !frames.is_empty() {
            if self.taken == QUANTUM {
                let made = self.next_quantum();
                report.limiter_gain = report.limiter_gain.min(made.limiter_gain);
                peak = peak.max(made.peak);
            }
            let ready = self.ready.get(self.taken..).unwrap_or_default();
            let count = ready.len().min(frames.len());
            let (now, later) = frames.split_at_mut(count);
            now.copy_from_slice(&ready[..count]);
            frames = later;
            self.taken += count;
            self.played += count as u64;
        }
        #[cfg(feature = "decode")]
        if let Some(ring) = &mut self.recording {
            ring.push(out);
        }
        if let Some(ring) = &mut self.tap {
            ring.push(out);
        }
        self.counters.blocks += 1;
        self.returned.flush();
        report.commands = u32::try_from(self.counters.commands - commands_before).unwrap_or(u32::MAX);
        self.publish(&report, peak);
        report
    }

    /// Writes everything that is played from now on to `ring`.
    #[cfg(feature = "decode")]
    pub(crate) fn record(&mut self, ring: OutputRing) {
        self.recording = Some(ring);
    }

    /// Writes everything that is played from now on to `ring` too.
    pub(crate) fn tap(&mut self, ring: OutputRing) {
        self.tap = Some(ring);
    }

    /// From now on rendering blocks while frames of streamed tracks are missing, instead of making silence. Not for an audio
    /// thread.
    pub(crate) fn wait_for_frames(&mut self) {
        self.decks.iter_mut().for_each(Deck::wait_for_frames);
    }

    /// The number of frames that can be output before a command for `frame` would be late. Sound is made earlier than it is
    /// output, so this number is smaller than the distance to `frame`.
    pub(crate) fn frames_before(&self, frame: Frames) -> usize {
        let quantum = QUANTUM as u64;
        let made_from = Frames(frame.0 / quantum * quantum) - Frames(self.mixer.lookahead() as u64);
        index((made_from - Frames(self.played)).0)
    }

    fn publish(&self, report: &BlockReport, peak: f32) {
        let Self { played, made, counters, clock, mixer, decks, frame_jobs, .. } = self;
        let frame_jobs = frame_jobs.as_ref();
        let values = StatusValues { played: *played, made: *made, counters, clock, mixer, decks, frame_jobs };
        values.publish(&self.snapshot, report, peak);
    }

    /// Moves commands into the schedule as long as it has room. The control half limits the number of commands that wait
    /// there.
    fn receive(&mut self) {
        while self.schedule.has_room() {
            let Ok(Envelope { when, command }) = self.inbox.pop() else { return };
            match when {
                When::NextBlock => self.schedule.push(self.made, false, command),
                When::At(frame) => {
                    if frame.0 < self.made {
                        self.report_late(frame.0, self.made);
                    }
                    self.schedule.push(frame.0.max(self.made), true, command);
                }
                When::OnBeat => self.schedule.push_on_beat(command),
                When::OnBar => self.schedule.push_on_bar(command),
                When::AtBeat(beat) => match self.clock.frames_since(beat) {
                    Some(ago) => {
                        self.report_late(self.made.saturating_sub(ago), self.made);
                        self.schedule.push(self.made, true, command);
                    }
                    None => self.schedule.push_at_beat(beat, command),
                },
            }
        }
    }

    /// Makes one quantum. The first call makes those of the limiter's lookahead too, and returns the report of the last one.
    fn next_quantum(&mut self) -> QuantumReport {
        let mut made = self.make_quantum();
        while self.made <= self.mixer.lookahead() as u64 {
            made = self.make_quantum();
        }
        made
    }

    fn make_quantum(&mut self) -> QuantumReport {
        self.clock.begin_quantum();
        self.restarts.begin_quantum();
        let mut quantum = [[0.0; 2]; QUANTUM];
        let mut from = 0;
        while from < QUANTUM {
            self.apply_now();
            let until = self.span_length(QUANTUM - from);
            self.report_beat(until);
            let span = quantum.get_mut(from..from + until).unwrap_or_default();
            self.make_span(span);
            self.clock.advance(until);
            self.made += until as u64;
            from += until;
        }
        let made = self.mixer.finish(&mut quantum);
        if made.not_finite > 0 {
            self.counters.not_finite += u64::from(made.not_finite);
            self.report(Event::NotFinite { at: Frames(self.made - QUANTUM as u64) });
        }
        self.ready = quantum;
        self.taken = 0;
        made
    }

    /// Makes a span of a quantum within which no command acts.
    fn make_span(&mut self, mix: &mut [[f32; 2]]) {
        let frames = mix.len();
        let rate = self.clock.rate();
        let now = Frames(self.made);
        for (index, deck) in self.decks.iter_mut().enumerate() {
            let mut sound = [[0.0; QUANTUM]; 2];
            let [left, right] = &mut sound;
            let (left, right) = (&mut left[..frames], &mut right[..frames]);
            let (events, counters) = (&mut self.events, &mut self.counters);
            let mut send = |event| send_event(events, counters, event);
            let mut sink = EventSink { now, events: &mut send };
            let sounds = deck.render(rate, [&mut *left, &mut *right], self.frame_jobs.as_mut(), &mut sink);
            self.mixer.take(index, deck, [left, right], sounds);
        }
        self.mixer.mix(mix);
    }

    /// Carries out the commands for this frame, and those that wait for a beat in it. A command may move the clock to another beat.
    fn apply_now(&mut self) {
        loop {
            if self.awaited_beat(1).is_some() {
                let beat = self.clock.next_beat_number();
                self.schedule.beat_at(self.made, beat, self.clock.begins_bar(beat));
            }
            if !self.apply_due() {
                return;
            }
        }
    }

    /// The length of the span from here on in which no command acts, at most `frames`.
    fn span_length(&self, frames: usize) -> usize {
        let span = match self.schedule.next_frame() {
            Some(frame) if frame > self.made => frames.min(index(frame - self.made)),
            _ => frames,
        };
        // A beat ends the span. Its commands are not scheduled before, because a change of the tempo moves it.
        self.awaited_beat(span).filter(|distance| *distance > 0).unwrap_or(span)
    }

    /// Frames until the next beat, if it is within the next `frames` frames and commands wait for it.
    fn awaited_beat(&self, frames: usize) -> Option<usize> {
        if !self.schedule.waits_for_beats() {
            return None;
        }
        let distance = self.clock.next_beat(frames)?;
        let beat = self.clock.next_beat_number();
        self.schedule.waits_for_beat(beat, self.clock.begins_bar(beat)).then_some(distance)
    }

    /// Reports the beat that falls within the next `frames` frames, in which no command acts.
    fn report_beat(&mut self, frames: usize) {
        if self.beat_events
            && let Some(distance) = self.clock.next_beat(frames)
        {
            let beat = self.clock.next_beat_number();
            let (begins_bar, at) = (self.clock.begins_bar(beat), Frames(self.made + distance as u64));
            self.report(Event::Beat { beat, begins_bar, at });
        }
    }

    /// Carries out the commands that are due now, and returns whether there was one. While the return queue is full they wait,
    /// because a track without room in the queue would have to be freed on this thread.
    fn apply_due(&mut self) -> bool {
        let before = self.counters.commands;
        while self.returned.has_room_for(self.most_retired)
            && let Some(due) = self.schedule.pop_due(self.made)
        {
            if self.restarts.admit(&due.command, self.made) {
                self.apply(due);
            } else {
                self.postpone(due);
            }
        }
        self.counters.commands != before
    }

    /// Postpones a command to the next quantum.
    fn postpone(&mut self, due: ScheduledCommand) {
        let at = self.made.next_multiple_of(QUANTUM as u64);
        if due.timed {
            self.report_late(due.frame, at);
        }
        self.schedule.postpone(due, at);
    }

    fn apply(&mut self, due: ScheduledCommand) {
        self.counters.commands += 1;
        self.counters.timed += u64::from(due.timed);
        use Command as C;
        match due.command {
            C::Deck(deck, command) => self.apply_to_deck(deck, command),
            C::Tempo { bpm } => self.clock.set_tempo(bpm),
            C::GlideTempo { bpm, over } => self.clock.glide(bpm, over.0),
            C::ResetClock { zero } => self.reset_clock(zero),
            C::BeatsPerBar { beats } => self.clock.set_beats_per_bar(beats),
            C::Tone { hertz, gain, length } => self.mixer.start_tone(hertz, gain, length),
            C::MasterGain { gain, over, law } => self.mixer.set_master(gain, ramp_frames(over), law),
            C::Clear => self.clear(due.sequence),
        }
    }

    /// Resets the clock. Commands that wait for a beat that has passed then act now, and are late.
    fn reset_clock(&mut self, zero: Frames) {
        let made = self.made;
        self.clock.reset((made as i64).saturating_sub(i64::try_from(zero.0).unwrap_or(i64::MAX)));
        let (clock, events, counters) = (&self.clock, &mut self.events, &mut self.counters);
        self.schedule.pass_beats(made, clock.next_beat_number(), |beat| {
            counters.late += 1;
            let wanted = Frames(made.saturating_sub(clock.frames_since(beat).unwrap_or(0)));
            send_event(events, counters, Event::Late { wanted, at: Frames(made) });
        });
    }

    fn apply_to_deck(&mut self, id: DeckId, command: DeckCommand) {
        let Some(deck) = self.decks.get_mut(id.index()) else { return };
        match command {
            DeckCommand::Eq { band, gain } => self.mixer.set_eq(id.index(), band, gain),
            DeckCommand::Align { stems, pulse, phase } => {
                let unit = match phase {
                    Phase::Beat => 1.0,
                    Phase::Bar => f64::from(self.clock.beats_per_bar()),
                };
                deck.align(stems, pulse, self.clock.beat(), unit);
            }
            command => {
                let (events, counters) = (&mut self.events, &mut self.counters);
                let mut send = |event| send_event(events, counters, event);
                let mut sink = EventSink { now: Frames(self.made), events: &mut send };
                deck.apply(command, &mut self.returned, &mut sink);
            }
        }
    }

    /// Discards the waiting commands that were sent before the command numbered `sequence`, and unloads every deck.
    fn clear(&mut self, sequence: u64) {
        let (returned, counters, room) = (&mut self.returned, &mut self.counters, self.most_retired + 1);
        self.schedule.discard_before(sequence, |due| {
            if !returned.has_room_for(room) {
                return Err(due);
            }
            counters.timed += u64::from(due.timed);
            if let Command::Deck(_, DeckCommand::Load { track, .. } | DeckCommand::Join { track, .. }) = due.command {
                let _full = returned.put(track);
            }
            Ok(())
        });
        for deck in &mut self.decks {
            deck.clear(&mut self.returned);
        }
    }

    /// Counts and reports a command that acts at `at`, later than at the frame `wanted` for which it was sent.
    fn report_late(&mut self, wanted: u64, at: u64) {
        self.counters.late += 1;
        self.report(Event::Late { wanted: Frames(wanted), at: Frames(at) });
    }

    fn report(&mut self, event: Event) {
        send_event(&mut self.events, &mut self.counters, event);
    }
}

fn send_event(events: &mut rtrb::Producer<Event>, counters: &mut Counters, event: Event) {
    if events.push(event).is_err() {
        counters.lost_events += 1;
    }
}
