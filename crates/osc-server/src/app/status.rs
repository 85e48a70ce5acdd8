//! The status, as a reply and as a line of the log.

use super::clients::Clients;
use super::file_loads::FileLoads;
use super::loaded_stems::LoadedStems;
use super::master_tempo::TempoControl;
use super::outgoing_commands::OutgoingCommands;
use super::output_status::OutputStatus;
use crate::broadcast::BroadcastState;
use crate::broadcast_status::BroadcastStatus;
use crate::ids::DECKS;
use crate::recording_status::{RecordingActivity, RecordingStatus};
use crate::reply::{self, DeckStatusReply};
use crowd_cli::log::ClockTime;
use crowd_engine::{DeckId, Status};

/// A deck with this linear gain or less is not heard.
const INAUDIBLE: f32 = 0.01;

/// The sources of the values of the status.
pub struct StatusSources<'a> {
    /// The status of the engine.
    pub engine: &'a Status,
    /// The status of the output.
    pub output_status: &'a OutputStatus,
    /// The time line, and the tempo and sync of the decks.
    pub outgoing: &'a OutgoingCommands,
    /// The loaded files.
    pub stems: &'a LoadedStems,
    /// The tempo, and whether movement sets it.
    pub tempo: &'a TempoControl,
    /// The loads of files.
    pub file_loads: &'a FileLoads,
    /// The counters of messages.
    pub clients: &'a Clients,
}

impl StatusSources<'_> {
    /// The reply `/status`, with this number.
    pub fn reply(&self, number: u64) -> Vec<u8> {
        let engine = self.engine;
        let memory = self.file_loads.loader().memory();
        let (used, streamed) = memory.used();
        let mix = reply::StatusReply {
            seconds: self.outgoing.time.seconds_at(engine.frames.0),
            tempo: engine.tempo as f32,
            beat: engine.beat,
            movement: self.tempo.follows_movement(),
            peak: decibels(engine.peak),
            rms: decibels(engine.rms),
            loudness: engine.momentary,
            limiter: decibels(engine.limiter_gain),
            load: self.output_status.load,
            blocks: engine.blocks,
            underruns: self.output_status.underruns,
            received: self.clients.received(),
            refused: self.clients.refusals().total(),
            buffer: self.output_status.buffer,
            stream_underruns: self.file_loads.stream_underruns(),
            damaged: self.file_loads.damaged(),
            number,
            memory: used >> 20,
            memory_total: memory.total() >> 20,
            streamed,
            stalled: self.file_loads.loader().stalled(),
            recording: self.output_status.recording,
            broadcast: self.output_status.broadcast,
        };
        let decks: Vec<_> = DECKS
            .into_iter()
            .zip(&engine.decks)
            .map(|(deck, deck_status)| self.deck(deck, deck_status, number))
            .collect();
        reply::status(&mix, &decks)
    }

    fn deck(&self, deck: DeckId, deck_status: &crowd_engine::DeckStatus, number: u64) -> DeckStatusReply {
        let (buffers, timing) = (&self.stems.buffers, self.outgoing.decks.timing(deck));
        let state = match deck_status {
            deck_status if deck_status.playing > 0 => "playing",
            _ if buffers.deck_is_loading(deck) => "loading",
            _ if buffers.deck_is_armed(deck) => "cued",
            deck_status if deck_status.loaded > 0 => "stopped",
            _ => "empty",
        };
        DeckStatusReply {
            deck,
            state,
            position: self.seconds(deck_status.position),
            gain: deck_status.fader * deck_status.fade,
            rate: deck_status.rate as f32,
            peak: decibels(deck_status.peak),
            stretch: deck_status.stretch.name(),
            tempo: timing.tempo() as f32,
            sync: timing.sync_name(),
            lowered: buffers.lowered(deck),
            number,
        }
    }

    /// The name of what is heard most: of the first stem of the deck with the highest gain.
    /// `None` when nothing is heard.
    pub fn playing_name(&self) -> Option<String> {
        let gain = |status: &crowd_engine::DeckStatus| status.fader * status.fade;
        let decks = DECKS.into_iter().zip(&self.engine.decks).filter(|(_, status)| status.playing > 0);
        let heard = decks.filter(|(_, status)| gain(status) > INAUDIBLE);
        // Of equal ones the first counts.
        let (deck, _) = heard.rev().max_by(|(_, a), (_, b)| gain(a).total_cmp(&gain(b)))?;
        Some(self.stems.buffers.name(self.stems.slots.played_by(deck).next()?))
    }

    /// One line for the log.
    pub fn line(&self) -> String {
        let engine = self.engine;
        let deck = |(deck, deck_status): (DeckId, &crowd_engine::DeckStatus)| match deck_status.playing {
            0 => format!("{deck} -"),
            _ => format!("{deck} {} x{:.2}", ClockTime(self.seconds(deck_status.position)), deck_status.fader),
        };
        let decks: Vec<_> = DECKS.into_iter().zip(&engine.decks).map(deck).collect();
        let recording = match self.output_status.recording {
            RecordingStatus { state: RecordingActivity::Off, .. } => String::new(),
            RecordingStatus { state, number, lost } => {
                format!("; recording {} (file {number}, {lost:.1} s lost)", state.name())
            }
        };
        let broadcast = match self.output_status.broadcast {
            BroadcastStatus { state: BroadcastState::Off, .. } => String::new(),
            BroadcastStatus { state, lost, .. } => format!("; broadcast {} ({lost:.1} s not sent)", state.name()),
        };
        format!(
            "{} {:.2} BPM, {:.1} dBFS, {:.1} LUFS, load {:.1} %, {} underruns; {}; {} received, {} refused{}{}",
            self.outgoing.time.clock_at(engine.frames.0),
            engine.tempo,
            decibels(engine.peak),
            engine.momentary,
            100.0 * self.output_status.load,
            self.output_status.underruns,
            decks.join(", "),
            self.clients.received(),
            self.clients.refusals().total(),
            recording,
            broadcast,
        )
    }

    fn seconds(&self, frames: f64) -> f64 {
        frames / f64::from(self.outgoing.time.rate().get())
    }
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}
