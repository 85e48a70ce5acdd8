//! What the command line asks for before the first message.

use super::stems::Part;
use super::{App, Asked, Origin};
use crate::ids::{BufferId, DECKS};
use crate::message::Message;
use crate::refusal::Refusal;
use crate::units::{Fraction, Time};
use crowd_engine::{Command, DeckId, Frames, Gain, Rate};

/// What is loaded, set and started at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Files to load, each for the first buffer of a deck.
    pub files: Vec<(DeckId, String)>,
    /// Whether deck C waits for `c_at`, or for a message.
    pub hold_c: bool,
    /// When deck C starts.
    pub c_at: Option<Time>,
    /// Speed of the files.
    pub rate: Rate,
    /// Gain of the files.
    pub volume: Gain,
    /// Gains of the decks; `None` leaves 1.
    pub levels: [Option<Gain>; 4],
    /// Beats in a bar.
    pub meter: u8,
}

impl App {
    /// Does what the command line asks for: the files repeat, and start in the same sample when all are loaded.
    pub fn open_with(&mut self, opening: &Opening) {
        if let Err(refusal) = self.try_open_with(opening) {
            self.refuse(Origin::CommandLine, &refusal);
        }
    }

    fn try_open_with(&mut self, opening: &Opening) -> Result<(), Refusal> {
        const ORIGIN: Origin = Origin::CommandLine;
        let now = self.now();
        self.obey(ORIGIN, Message::SetMeter(opening.meter), now)?;
        // Nothing sounds yet: the faders need no ramp.
        let levels = DECKS.into_iter().zip(opening.levels);
        let level =
            |(deck, gain): (DeckId, Option<Gain>)| Some(Command::Level { deck, gain: gain?, over: Frames::ZERO });
        self.send(levels.filter_map(level).collect(), now);
        let asked = Asked { origin: ORIGIN, by: "command line" };
        let part = |deck: DeckId| Part {
            rate: opening.rate,
            volume: opening.volume,
            start: Some(Fraction::START),
            region: Some((Fraction::START, Fraction::END)),
            ..Part::plain(BufferId::first_of(deck))
        };
        let mut parts = Vec::new();
        for (deck, path) in &opening.files {
            self.load(asked, BufferId::first_of(*deck), path, None);
            if *deck != DeckId::C || !opening.hold_c {
                parts.push(part(*deck));
            }
        }
        if !parts.is_empty() {
            self.start_when_loaded(asked, parts, now);
        }
        if let Some(at) = opening.c_at {
            self.start(asked, at, vec![part(DeckId::C)], now)?;
        }
        Ok(())
    }
}
