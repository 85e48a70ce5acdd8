//! The status: as a reply, and as a line of the log.

use super::clients::Clients;
use super::loads::Loads;
use super::outgoing::Outgoing;
use super::stems::Stems;
use super::tempo::Tempo;
use super::vitals::Vitals;
use crate::ids::DECKS;
use crate::recordings::{Recording, State};
use crate::reply::{self, DeckStatus};
use crowd_cli::log::Clock;
use crowd_engine::{DeckId, Status};

/// Everything of which the status tells.
pub struct Look<'a> {
    /// The engine.
    pub engine: &'a Status,
    /// Its machine.
    pub vitals: &'a Vitals,
    /// The time, and the decks' music.
    pub out: &'a Outgoing,
    /// What is loaded.
    pub stems: &'a Stems,
    /// What sets the tempo.
    pub tempo: &'a Tempo,
    /// What files take.
    pub loads: &'a Loads,
    /// What was received.
    pub clients: &'a Clients,
}

impl Look<'_> {
    /// The reply, as the status of that number.
    pub fn reply(&self, count: u64) -> Vec<u8> {
        let s = self.engine;
        let memory = self.loads.loader().memory();
        let (held, streamed) = memory.held();
        let mix = reply::Status {
            seconds: self.out.time.seconds_at(s.frames.0),
            tempo: s.tempo as f32,
            beat: s.beat,
            movement: self.tempo.follows_movement(),
            peak: decibels(s.peak),
            rms: decibels(s.rms),
            loudness: s.momentary,
            limiter: decibels(s.limiter_gain),
            load: self.vitals.load,
            blocks: s.blocks,
            underruns: self.vitals.underruns,
            received: self.clients.received(),
            refused: self.clients.tally().total(),
            buffer: self.vitals.buffer,
            starved: self.loads.starved(),
            damaged: self.loads.damaged(),
            count,
            memory: held >> 20,
            memory_total: memory.total() >> 20,
            streamed,
            stalled: self.loads.loader().stalled(),
            recording: self.vitals.recording,
        };
        let decks: Vec<_> = DECKS.into_iter().zip(&s.decks).map(|(deck, d)| self.deck(deck, d, count)).collect();
        reply::status(&mix, &decks)
    }

    fn deck(&self, deck: DeckId, d: &crowd_engine::DeckStatus, count: u64) -> DeckStatus {
        let (buffers, music) = (&self.stems.buffers, self.out.decks.music(deck));
        let state = match d {
            d if d.playing > 0 => "playing",
            _ if buffers.deck_is_loading(deck) => "loading",
            _ if buffers.deck_is_armed(deck) => "cued",
            d if d.loaded > 0 => "stopped",
            _ => "empty",
        };
        DeckStatus {
            deck,
            state,
            position: self.seconds(d.position),
            level: d.fader * d.fade,
            rate: d.rate as f32,
            peak: decibels(d.peak),
            stretch: d.stretch.name(),
            tempo: music.tempo() as f32,
            sync: music.sync_name(),
            lowered: buffers.lowered(deck),
            count,
        }
    }

    /// One line, for the log.
    pub fn line(&self) -> String {
        let s = self.engine;
        let deck = |(deck, d): (DeckId, &crowd_engine::DeckStatus)| match d.playing {
            0 => format!("{deck} -"),
            _ => format!("{deck} {} x{:.2}", Clock(self.seconds(d.position)), d.fader),
        };
        let decks: Vec<_> = DECKS.into_iter().zip(&s.decks).map(deck).collect();
        let recording = match self.vitals.recording {
            Recording { state: State::Off, .. } => String::new(),
            Recording { state, number, lost } => {
                format!("; recording {} (file {number}, {lost:.1} s lost)", state.name())
            }
        };
        format!(
            "{} {:.2} BPM, {:.1} dBFS, {:.1} LUFS, load {:.1} %, {} underruns; {}; {} received, {} refused{}",
            self.out.time.clock_at(s.frames.0),
            s.tempo,
            decibels(s.peak),
            s.momentary,
            100.0 * self.vitals.load,
            self.vitals.underruns,
            decks.join(", "),
            self.clients.received(),
            self.clients.tally().total(),
            recording,
        )
    }

    fn seconds(&self, frames: f64) -> f64 {
        frames / f64::from(self.out.time.rate().get())
    }
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}
