//! What each message does.

use super::stems::Part;
use super::{Action, App, Asked, Moment, Origin};
use crate::ids::{BANDS, BufferId, DECKS};
use crate::message::Message;
use crate::recordings::{Recording, State};
use crate::refusal::{Kind, Refusal};
use crate::reply::{self, DeckStatus};
use crate::subscribers;
use crate::units::{Fraction, Position, Time, Tone};
use crowd_cli::log::Clock;
use crowd_engine::{Command, DeckId, Frames, Gain, LoopRegion, Stems as Which};
use std::net::SocketAddr;
use std::time::Instant;

/// Length of a fader move.
const RAMP_SECONDS: f64 = 0.05;
/// Gain of the test tone.
const TONE_GAIN: f32 = 0.25;
/// Length of the test tone.
const TONE_SECONDS: f64 = 1.0;

impl App {
    /// Does what a message asks for.
    pub(super) fn obey(&mut self, origin: Origin, message: Message, moment: Moment) -> Result<(), Refusal> {
        use Message as M;
        let asked = |by| Asked { origin, by };
        if !self.outbox.has_room() {
            return Err(Refusal::new(Kind::Busy, "", "the engine takes no commands: is the sound device away?"));
        }
        match message {
            M::LoadBuffer { id, path, name } => self.load(asked("/load_buffer"), id, &path, name.as_deref()),
            M::PlayStem { id, rate, volume, looped, start, end } => {
                let section = end < Fraction::END;
                let region = looped.then_some(if section { (start, end) } else { (Fraction::START, Fraction::END) });
                let part = Part { id, rate, volume, start: Some(start), end, region };
                self.play_when_loaded(asked("/play_stem"), part, moment)?;
            }
            M::StopStem(id) => self.stop(id, moment)?,
            M::StemVolume(id, volume) => self.set_volume(id, volume, moment)?,
            M::Levels(levels) => self.set_levels(levels, moment),
            M::Eq(deck, gains) => self.set_eq(deck, gains, moment)?,
            M::Status => {
                if let Origin::Sender(address) = origin {
                    self.tell_status(address);
                }
            }
            M::Subscribe(interval) => {
                if let Origin::Sender(address) = origin {
                    self.subscribers.add(address, interval, Instant::now())?;
                    self.reply(origin, || reply::subscribed(interval, subscribers::LASTS));
                }
            }
            M::Unsubscribe => {
                if let Origin::Sender(address) = origin {
                    self.subscribers.remove(address);
                }
            }
            M::TestTone(tone) => self.sound_tone(tone, moment),
            M::Cleanup => self.clean_up(moment),
            M::MemoryCleanup => self.clean_memory(moment),
            M::Reset => self.reset(moment),
            M::SetTempo(bpm) => self.set_tempo(bpm, moment)?,
            M::SetMeter(beats) => self.send(vec![Command::Meter { beats }], moment),
            M::PrintClock(on) => self.beats.set(on),
            M::Movement(movement) => self.move_crowd(movement, moment)?,
            M::MovementBpm(on) => self.set_movement(on, moment),
            M::Play { deck, path, start_at } => {
                let id = BufferId::first_of(deck);
                self.load(asked("/play"), id, &path, None);
                self.start(asked("/play"), start_at, vec![Part::plain(id)], moment)?;
            }
            M::Cue { deck, path, start } => {
                let id = BufferId::first_of(deck);
                self.load(asked("/cue"), id, &path, None);
                if let Some(buffer) = self.stems.get_mut(id) {
                    (buffer.cue, buffer.armed) = (start, true);
                }
            }
            M::StartGroup { at, decks } => self.start_decks(asked("/start_group"), at, &decks, moment)?,
            M::Fade { deck, at, duration } => {
                let (over, frame) = (self.frames(duration.get()), self.frame_at(at));
                if frame > moment.frame {
                    self.plan(frame, Action::Fade { deck, over })?;
                } else {
                    self.fade(deck, over, moment);
                }
            }
            M::ScheduleC(at) => self.start_decks(asked("/schedule_c_at"), at, &[DeckId::C], moment)?,
            M::Note(words) => tracing::info!("note from {origin}: {}", crate::refusal::quote(&words)),
            M::Sync(n) => {
                if let Origin::Sender(address) = origin {
                    self.syncs.add(address, n, self.loads_of(origin));
                }
            }
            M::DeckTempo { deck, bpm, first_beat } => {
                self.set_deck_tempo(deck, bpm, first_beat, moment)?;
            }
            M::DeckSync(deck, phase) => self.set_sync(deck, phase, moment)?,
            M::DeckKeylock(deck, on) => self.set_keylock(deck, on, moment),
            M::DeckStretch(deck, method) => self.set_stretch(deck, method, moment),
            M::DeckSeek(deck, seconds) => self.seek(deck, seconds, moment)?,
            M::DeckLoop(deck, region) => self.set_loop(deck, region, moment)?,
            M::Ignored => {}
        }
        Ok(())
    }

    fn play_when_loaded(&mut self, asked: Asked, part: Part, moment: Moment) -> Result<(), Refusal> {
        if self.stems.get(part.id).is_none() {
            return Err(super::stems::missing(part.id));
        }
        // A later play of the same stem takes the place of one that still waits.
        self.drop_waiting(part.id);
        self.start_when_loaded(asked, vec![part], moment);
        Ok(())
    }

    /// Starts the decks that have something to start; the others are refused one by one.
    fn start_decks(&mut self, asked: Asked, at: Time, decks: &[DeckId], moment: Moment) -> Result<(), Refusal> {
        let mut parts = Vec::with_capacity(decks.len());
        for id in decks.iter().map(|deck| BufferId::first_of(*deck)) {
            if self.stems.get(id).is_some() {
                parts.push(Part::plain(id));
            } else {
                self.refuse_asked(asked, super::stems::missing(id));
            }
        }
        if parts.is_empty() { Ok(()) } else { self.start(asked, at, parts, moment) }
    }

    fn set_levels(&mut self, levels: [Option<Gain>; 4], moment: Moment) {
        let over = self.ramp();
        let level = |(deck, gain)| Some(Command::Level { deck, gain: gain?, over });
        let commands = DECKS.into_iter().zip(levels).filter_map(level).collect();
        tracing::debug!("levels {:?}", levels.map(|gain| gain.map(Gain::get)));
        self.send(commands, moment);
    }

    fn set_eq(&mut self, deck: DeckId, gains: [Option<Gain>; 3], moment: Moment) -> Result<(), Refusal> {
        if !self.settings.filters {
            return Err(Refusal::new(Kind::State, "", "the equaliser is off: start without --disable-filters"));
        }
        let move_band = |(band, gain)| Some(Command::Eq { deck, band, gain: gain? });
        let commands = BANDS.into_iter().zip(gains).filter_map(move_band).collect();
        tracing::debug!("deck {deck}: equaliser {:?}", gains.map(|gain| gain.map(Gain::get)));
        self.send(commands, moment);
        Ok(())
    }

    fn sound_tone(&mut self, tone: Option<Tone>, moment: Moment) {
        let (gain, over) = match tone {
            Some(tone) => {
                tracing::info!("test tone of {} Hz", tone.get());
                (Gain::clamped(TONE_GAIN, Gain::SILENCE), self.frames(TONE_SECONDS))
            }
            None => {
                tracing::info!("test tone ended");
                (Gain::SILENCE, Frames::ZERO)
            }
        };
        let hertz = tone.unwrap_or(Tone::A4).get() as f32;
        self.send(vec![Command::Tone { hertz, gain, over }], moment);
    }

    fn reset(&mut self, moment: Moment) {
        self.zero = moment.frame;
        let forgotten = self.forget_plans();
        self.groups.clear();
        self.send(vec![Command::ResetClock { zero: Frames(moment.frame) }], moment);
        match forgotten {
            0 => tracing::info!("reset: time zero is now"),
            n => tracing::info!("reset: time zero is now; planned before and forgotten: {n}"),
        }
    }

    /// Forgets what clients planned relative to time zero.
    fn forget_plans(&mut self) -> usize {
        self.agenda.retain(|action| matches!(action, Action::Deliver { .. } | Action::MovementOn))
    }

    fn clean_up(&mut self, moment: Moment) {
        self.forget_plans();
        self.groups.clear();
        self.forget_loads();
        self.stems.clear();
        let forget = self.forget_music();
        self.send([vec![Command::Clear], forget].concat(), moment);
        tracing::info!("everything stopped and forgotten");
    }

    fn clean_memory(&mut self, moment: Moment) {
        let wanted: Vec<BufferId> = self.stems.ids().filter(|id| self.is_wanted(*id)).collect();
        let (idle, buffers, bytes) = self.stems.clean(&wanted);
        let unload = |(deck, stem)| Command::Unload { deck, stems: Which::One(stem) };
        self.send(idle.into_iter().map(unload).collect(), moment);
        tracing::info!("{buffers} files forgotten, {} MB freed", bytes / 1_000_000);
    }

    fn seek(&mut self, deck: DeckId, to: Position, moment: Moment) -> Result<(), Refusal> {
        let seconds = to.get();
        let to = self.frames(seconds);
        let longest = self.stems.longest_playing(deck).ok_or_else(|| nothing_plays(deck))?;
        if to >= longest {
            let end = Clock(longest.seconds(self.settings.sample_rate));
            let text = format!("{} is behind the end of what deck {deck} plays ({end})", Clock(seconds));
            return Err(Refusal::new(Kind::BadArgument, "", text));
        }
        self.send(vec![Command::Seek { deck, stems: Which::All, to }], moment);
        Ok(())
    }

    fn set_loop(&mut self, deck: DeckId, region: Option<(Position, Position)>, moment: Moment) -> Result<(), Refusal> {
        let longest = self.stems.longest_playing(deck).ok_or_else(|| nothing_plays(deck))?;
        let region = match region {
            Some((from, to)) => Some(LoopRegion::new(self.frames(from.get()), self.frames(to.get()).min(longest))?),
            None => None,
        };
        self.stems.set_looped(deck, region.is_some());
        self.send(vec![Command::Loop { deck, stems: Which::All, region }], moment);
        Ok(())
    }

    /// Sends the status to `address`.
    pub(super) fn tell_status(&mut self, address: SocketAddr) {
        self.told += 1;
        let s = &self.status;
        let memory = self.loader.memory();
        let (held, streamed) = memory.held();
        let mix = reply::Status {
            seconds: self.seconds_at(s.frames.0),
            tempo: s.tempo as f32,
            beat: s.beat,
            movement: self.movement_on,
            peak: decibels(s.peak),
            rms: decibels(s.rms),
            loudness: s.momentary,
            limiter: decibels(s.limiter_gain),
            load: self.vitals.load,
            blocks: s.blocks,
            underruns: self.vitals.underruns,
            received: self.received,
            refused: self.tally.total(),
            buffer: self.vitals.buffer,
            starved: self.starved,
            damaged: self.damaged,
            count: self.told,
            memory: held >> 20,
            memory_total: memory.total() >> 20,
            streamed,
            stalled: self.loader.stalled(),
            recording: self.vitals.recording,
        };
        let mut decks = Vec::with_capacity(DECKS.len());
        for ((deck, d), music) in DECKS.into_iter().zip(&s.decks).zip(&self.music) {
            let state = match d {
                d if d.playing > 0 => "playing",
                _ if self.stems.deck_is_loading(deck) => "loading",
                _ if self.stems.deck_is_armed(deck) => "cued",
                d if d.loaded > 0 => "stopped",
                _ => "empty",
            };
            decks.push(DeckStatus {
                deck,
                state,
                position: d.position / f64::from(self.settings.sample_rate.get()),
                level: d.level * d.fade,
                rate: d.rate as f32,
                peak: decibels(d.peak),
                stretch: d.stretch.name(),
                tempo: music.tempo() as f32,
                sync: music.sync_name(),
                lowered: self.stems.lowered(deck),
                count: self.told,
            });
        }
        self.replies.push((address, reply::status(&mix, &decks)));
    }

    /// One line of the status, for the log.
    #[must_use]
    pub fn status_line(&self) -> String {
        let s = &self.status;
        let decks: Vec<_> = DECKS
            .into_iter()
            .zip(&s.decks)
            .map(|(deck, d)| match d.playing {
                0 => format!("{deck} -"),
                _ => {
                    format!("{deck} {} x{:.2}", Clock(d.position / f64::from(self.settings.sample_rate.get())), d.level)
                }
            })
            .collect();
        let recording = match self.vitals.recording {
            Recording { state: State::Off, .. } => String::new(),
            Recording { state, number, lost } => {
                format!("; recording {} (file {number}, {lost:.1} s lost)", state.name())
            }
        };
        format!(
            "{} {:.2} BPM, {:.1} dBFS, {:.1} LUFS, load {:.1} %, {} underruns; {}; {} received, {} refused{}",
            self.clock_at(s.frames.0),
            s.tempo,
            decibels(s.peak),
            s.momentary,
            100.0 * self.vitals.load,
            self.vitals.underruns,
            decks.join(", "),
            self.received,
            self.tally.total(),
            recording,
        )
    }

    pub(super) fn frames(&self, seconds: f64) -> Frames {
        Frames::from_seconds(seconds, self.settings.sample_rate)
    }

    pub(super) fn ramp(&self) -> Frames {
        self.frames(RAMP_SECONDS)
    }
}

fn nothing_plays(deck: DeckId) -> Refusal {
    Refusal::new(Kind::State, "", format!("deck {deck} does not play: start it first"))
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}
