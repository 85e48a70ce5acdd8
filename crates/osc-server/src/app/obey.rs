//! What each message does.

use super::stems::{Part, engine_deck};
use super::{Action, App, Asked, Moment, Origin};
use crate::ids::{BufferId, Deck};
use crate::message::Message;
use crate::recordings::{Recording, State};
use crate::refusal::{Kind, Refusal};
use crate::reply::{self, DeckStatus};
use crate::subscribers;
use crowd_cli::log::Clock;
use crowd_engine::{Band, Bpm, Command, Frames, Gain, LoopRegion, Rate, Stems as Which};
use std::net::SocketAddr;
use std::time::Instant;

/// Length of a fader move.
const RAMP_SECONDS: f64 = 0.05;
/// Gain and length of the test tone.
const TONE: (f32, f64) = (0.25, 1.0);

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
                let section = end < 1.0;
                let region = looped.then_some(if section { (start, end) } else { (0.0, 1.0) });
                let part = Part { id, rate: self::rate(rate)?, volume: gain(volume)?, start: Some(start), end, region };
                self.play_when_loaded(asked("/play_stem"), part, moment)?;
            }
            M::StopStem(id) => self.stop(id, moment)?,
            M::StemVolume(id, volume) => self.set_volume(id, gain(volume)?, moment)?,
            M::Levels(levels) => self.set_levels(levels, moment)?,
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
            M::TestTone(hertz) => self.sound_tone(hertz, moment)?,
            M::Cleanup => self.clean_up(moment),
            M::MemoryCleanup => self.clean_memory(moment),
            M::Reset => self.reset(moment),
            M::SetTempo(bpm) => self.set_tempo(self::bpm(bpm)?, moment)?,
            M::SetMeter(beats) => self.send(vec![Command::Meter { beats }], moment),
            M::PrintClock(on) => self.beats.set(on),
            M::Movement(movement) => self.move_crowd(movement, moment)?,
            M::MovementBpm(on) => self.set_movement(on, moment),
            M::Play { deck, path, start_at } => {
                let id = deck.first_buffer();
                self.load(asked("/play"), id, &path, None);
                self.start(asked("/play"), start_at, vec![Part::plain(id)], moment)?;
            }
            M::Cue { deck, path, start } => {
                let id = deck.first_buffer();
                self.load(asked("/cue"), id, &path, None);
                if let Some(buffer) = self.stems.get_mut(id) {
                    (buffer.cue, buffer.armed) = (start, true);
                }
            }
            M::StartGroup { at, decks } => self.start_decks(asked("/start_group"), at, &decks, moment)?,
            M::Fade { deck, at, duration } => {
                let (deck, over, frame) = (engine_deck(deck), self.frames(duration), self.frame_at(at));
                if frame > moment.frame {
                    self.plan(frame, Action::Fade { deck, over })?;
                } else {
                    self.fade(deck, over, moment);
                }
            }
            M::ScheduleC(at) => self.start_decks(asked("/schedule_c_at"), at, &[Deck::C], moment)?,
            M::Note(words) => tracing::info!("note from {origin}: {}", crate::refusal::quote(&words)),
            M::Sync(n) => {
                if let Origin::Sender(address) = origin {
                    self.syncs.add(address, n, self.loads_of(origin));
                }
            }
            M::DeckTempo { deck, bpm, first_beat } => {
                let bpm = bpm.map(self::bpm).transpose()?;
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
    fn start_decks(&mut self, asked: Asked, at: f64, decks: &[Deck], moment: Moment) -> Result<(), Refusal> {
        let mut parts = Vec::with_capacity(decks.len());
        for id in decks.iter().map(|deck| deck.first_buffer()) {
            if self.stems.get(id).is_some() {
                parts.push(Part::plain(id));
            } else {
                self.refuse_asked(asked, super::stems::missing(id));
            }
        }
        if parts.is_empty() { Ok(()) } else { self.start(asked, at, parts, moment) }
    }

    fn set_levels(&mut self, levels: [Option<f32>; 4], moment: Moment) -> Result<(), Refusal> {
        let over = self.ramp();
        let mut commands = Vec::with_capacity(4);
        for (deck, level) in Deck::ALL.into_iter().zip(levels) {
            if let Some(level) = level {
                commands.push(Command::Level { deck: engine_deck(deck), gain: gain(level)?, over });
            }
        }
        tracing::debug!("levels {levels:?}");
        self.send(commands, moment);
        Ok(())
    }

    fn set_eq(&mut self, deck: Deck, gains: [Option<f32>; 3], moment: Moment) -> Result<(), Refusal> {
        if !self.settings.filters {
            return Err(Refusal::new(Kind::State, "", "the equaliser is off: start without --disable-filters"));
        }
        let mut commands = Vec::with_capacity(3);
        for (band, level) in [Band::Low, Band::Mid, Band::High].into_iter().zip(gains) {
            if let Some(level) = level {
                commands.push(Command::Eq { deck: engine_deck(deck), band, gain: gain(level)? });
            }
        }
        tracing::debug!("deck {deck}: equaliser {gains:?}");
        self.send(commands, moment);
        Ok(())
    }

    fn sound_tone(&mut self, hertz: Option<f64>, moment: Moment) -> Result<(), Refusal> {
        let (level, seconds) = if hertz.is_some() { TONE } else { (0.0, 0.0) };
        match hertz {
            Some(hertz) => tracing::info!("test tone of {hertz} Hz"),
            None => tracing::info!("test tone ended"),
        }
        let hertz = hertz.unwrap_or(440.0) as f32;
        self.send(vec![Command::Tone { hertz, gain: gain(level)?, over: self.frames(seconds) }], moment);
        Ok(())
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

    fn seek(&mut self, deck: Deck, seconds: f64, moment: Moment) -> Result<(), Refusal> {
        let to = self.frames(seconds);
        let longest = self.stems.longest_playing(deck).ok_or_else(|| nothing_plays(deck))?;
        if to >= longest {
            let end = Clock(longest.seconds(self.settings.sample_rate));
            let text = format!("{} is behind the end of what deck {deck} plays ({end})", Clock(seconds));
            return Err(Refusal::new(Kind::BadArgument, "", text));
        }
        self.send(vec![Command::Seek { deck: engine_deck(deck), stems: Which::All, to }], moment);
        Ok(())
    }

    fn set_loop(&mut self, deck: Deck, region: Option<(f64, f64)>, moment: Moment) -> Result<(), Refusal> {
        let longest = self.stems.longest_playing(deck).ok_or_else(|| nothing_plays(deck))?;
        let region = match region {
            Some((from, to)) => {
                let region = LoopRegion::new(self.frames(from), self.frames(to).min(longest));
                Some(region.map_err(|error| Refusal::new(Kind::BadArgument, "", error.to_string()))?)
            }
            None => None,
        };
        self.stems.set_looped(deck, region.is_some());
        self.send(vec![Command::Loop { deck: engine_deck(deck), stems: Which::All, region }], moment);
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
        let mut decks = Vec::with_capacity(Deck::ALL.len());
        for ((deck, d), music) in Deck::ALL.into_iter().zip(&s.decks).zip(&self.music) {
            let state = match d {
                d if d.playing > 0 => "playing",
                _ if self.stems.deck_is_loading(deck) => "loading",
                _ if self.stems.deck_is_armed(deck) => "cued",
                d if d.loaded > 0 => "stopped",
                _ => "empty",
            };
            decks.push(DeckStatus {
                deck: deck.letter(),
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
        let decks: Vec<_> = Deck::ALL
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

fn nothing_plays(deck: Deck) -> Refusal {
    Refusal::new(Kind::State, "", format!("deck {deck} does not play: start it first"))
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}

/// The ranges of messages lie inside the engine's, so these refuse nothing; they are here in case they ever do not.
fn gain(value: f32) -> Result<Gain, Refusal> {
    Gain::new(value).map_err(|error| Refusal::new(Kind::BadArgument, "", error.to_string()))
}

fn rate(value: f64) -> Result<Rate, Refusal> {
    Rate::new(value).map_err(|error| Refusal::new(Kind::BadArgument, "", error.to_string()))
}

fn bpm(value: f64) -> Result<Bpm, Refusal> {
    Bpm::new(value).map_err(|error| Refusal::new(Kind::BadArgument, "", error.to_string()))
}
