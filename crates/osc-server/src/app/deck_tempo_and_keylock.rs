//! The tempo, sync and stretch method of each deck.

use crate::ids::DECKS;
use crate::refusal::{Refusal, RefusalKind};
use crate::units::FirstBeat;
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{Bpm, Command, DeckCommand, DeckId, Rate, SampleRate, Stems, StretchMethod};

/// The tempo and sync of a deck as clients set it. It does not change when another file is loaded.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeckTiming {
    /// The tempo of the deck's music; `None` is the base tempo.
    tempo: Option<Bpm>,
    /// The times of the beats in the file, if they were set.
    pulse: Option<Pulse>,
    /// Whether beats or bars are kept in sync with the clock. `None` is neither. Without a pulse it is always `None`.
    sync: Option<Phase>,
}

impl DeckTiming {
    /// The tempo of the deck's music in BPM, 0 for the base tempo.
    pub fn tempo(&self) -> f64 {
        self.tempo.map_or(0.0, Bpm::get)
    }

    /// The value in `/status/deck`: `beat`, `bar` or `off`.
    pub const fn sync_name(&self) -> &'static str {
        match self.sync {
            None => "off",
            Some(Phase::Beat) => "beat",
            Some(Phase::Bar) => "bar",
        }
    }

    fn align(&self, deck: DeckId, stems: Stems) -> Option<Command> {
        Some(Command::Deck(deck, DeckCommand::Align { stems, pulse: self.pulse?, phase: self.sync? }))
    }
}

/// The tempo, sync and keylock of all decks.
#[derive(Debug)]
pub struct Decks {
    timing: [DeckTiming; DECKS.len()],
    /// The tempo of music whose tempo was not set.
    base_tempo: Bpm,
    rate: SampleRate,
    /// The stretch method of a deck with keylock.
    keylock: StretchMethod,
}

impl Decks {
    /// Decks without any settings. With keylock they use the method `stretch` if it keeps the pitch, else WSOLA.
    pub fn new(base_tempo: Bpm, rate: SampleRate, stretch: StretchMethod) -> Self {
        let keylock = if stretch.keeps_pitch() { stretch } else { StretchMethod::Wsola };
        Self { timing: Default::default(), base_tempo, rate, keylock }
    }

    /// The tempo and sync of a deck.
    pub const fn timing(&self, deck: DeckId) -> &DeckTiming {
        &self.timing[deck.index()]
    }

    /// Sets the tempo of a deck's music, and the position of a beat that begins a bar. The tempo `None` is the base tempo.
    ///
    /// # Errors
    /// [`RefusalKind::BadArgument`] when the deck cannot play at the resulting rate. [`RefusalKind::State`] when the deck
    /// is in sync, and the tempo or the beat is not given.
    pub fn set_tempo(
        &mut self,
        deck: DeckId,
        tempo: Option<Bpm>,
        first_beat: Option<FirstBeat>,
    ) -> Result<Vec<Command>, Refusal> {
        let base_tempo = self.base_tempo;
        let rate = Rate::new(base_tempo.get() / tempo.unwrap_or(base_tempo).get()).map_err(|error| {
            let text =
                format!("the base tempo is {base_tempo}, so deck {deck} would play at an impossible rate: {error}");
            Refusal::new(RefusalKind::BadArgument, "", text)
        })?;
        let timing = &mut self.timing[deck.index()];
        let beat = tempo.zip(first_beat);
        if timing.sync.is_some() && beat.is_none() {
            let text = format!(
                "deck {deck} is in sync: add the position of its first beat, or send /deck/sync {deck} 0 first"
            );
            return Err(Refusal::new(RefusalKind::State, "", text));
        }
        let pulse = beat.map(|(bpm, first_beat)| Pulse::new(bpm, first_beat.get(), self.rate));
        *timing = DeckTiming { tempo, pulse, ..*timing };
        match tempo {
            Some(bpm) => tracing::info!("deck {deck}: tempo of its music {bpm}"),
            None => tracing::info!("deck {deck}: tempo of its music is the base tempo, {base_tempo}"),
        }
        Ok([Command::Deck(deck, DeckCommand::Rate { rate })]
            .into_iter()
            .chain(timing.align(deck, Stems::All))
            .collect())
    }

    /// Syncs a deck's beats, or bars, to the clock. The deck's tempo follows the master tempo even without sync.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when the deck's beats were not set.
    pub fn set_sync(&mut self, deck: DeckId, phase: Option<Phase>) -> Result<Option<Command>, Refusal> {
        let timing = &mut self.timing[deck.index()];
        if phase.is_some() && timing.pulse.is_none() {
            let text = format!(
                "deck {deck} has no beat grid: set its tempo and where a bar begins in its file, as in \
                 /deck/tempo {deck} {:.2} 0.1",
                timing.tempo.unwrap_or(self.base_tempo).get()
            );
            return Err(Refusal::new(RefusalKind::State, "", text));
        }
        timing.sync = phase;
        tracing::info!("deck {deck}: sync {}", timing.sync_name());
        Ok(timing.align(deck, Stems::All))
    }

    /// Adds the commands that keep decks in sync. After a command that moves a deck's music, a command is added that makes
    /// the deck jump onto the clock's beat. At a start it is added before the command, so that no frame is played at the
    /// position before the jump.
    pub fn with_sync(&self, commands: Vec<Command>) -> Vec<Command> {
        if self.timing.iter().all(|timing| timing.sync.is_none()) {
            return commands;
        }
        let align = |deck: DeckId, stems| self.timing(deck).align(deck, stems);
        let mut synced = Vec::with_capacity(2 * commands.len());
        for command in commands {
            use DeckCommand as D;
            let (before, after) = match command {
                Command::Deck(deck, D::Play { stems }) => (align(deck, stems), None),
                Command::Deck(deck, D::Join { stem, .. }) => (None, align(deck, stem.into())),
                Command::Deck(deck, D::Seek { stems, .. } | D::Loop { stems, .. }) => (None, align(deck, stems)),
                _ => (None, None),
            };
            // After these commands all decks have to jump, because the clock or the start of its bars moves.
            let all = matches!(command, Command::ResetClock { .. } | Command::BeatsPerBar { .. });
            synced.extend(before);
            synced.push(command);
            synced.extend(after);
            if all {
                synced.extend(DECKS.into_iter().filter_map(|deck| align(deck, Stems::All)));
            }
        }
        synced
    }

    /// Resets the tempo and sync of all decks. Returns the commands that set them back to the base tempo.
    pub fn reset(&mut self) -> Vec<Command> {
        let changed = DECKS.into_iter().zip(&self.timing).filter(|(_, timing)| timing.tempo.is_some());
        let commands = changed.map(|(deck, _)| Command::Deck(deck, DeckCommand::Rate { rate: Rate::UNITY })).collect();
        self.timing = Default::default();
        commands
    }

    /// Switches the keylock of a deck.
    pub fn set_keylock(&self, deck: DeckId, on: bool) -> Command {
        self.set_stretch(deck, if on { self.keylock } else { StretchMethod::PlaybackRate })
    }

    /// Changes the stretch method of a deck.
    pub fn set_stretch(&self, deck: DeckId, method: StretchMethod) -> Command {
        tracing::info!("deck {deck}: {method}");
        Command::Deck(deck, DeckCommand::Stretch { method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Quantity;

    fn decks() -> Decks {
        Decks::new(Bpm::checked(120.0).unwrap(), SampleRate::CD, StretchMethod::PlaybackRate)
    }

    fn align(command: &Command) -> bool {
        matches!(command, Command::Deck(DeckId::B, DeckCommand::Align { .. }))
    }

    #[test]
    fn a_deck_without_beats_cannot_be_synced_and_one_in_sync_keeps_its_beats() {
        let (mut decks, bpm, beat) = (decks(), Bpm::checked(60.0), FirstBeat::checked(0.1));
        assert_eq!(decks.set_sync(DeckId::B, Some(Phase::Beat)).unwrap_err().kind, RefusalKind::State);
        assert_eq!(decks.set_tempo(DeckId::B, bpm, beat).unwrap().len(), 1);
        assert!(align(&decks.set_sync(DeckId::B, Some(Phase::Beat)).unwrap().unwrap()));
        assert_eq!(decks.set_tempo(DeckId::B, bpm, None).unwrap_err().kind, RefusalKind::State);
        assert_eq!((decks.timing(DeckId::B).tempo(), decks.timing(DeckId::B).sync_name()), (60.0, "beat"));
        assert_eq!(decks.reset().len(), 1);
        assert_eq!((decks.timing(DeckId::B).tempo(), decks.timing(DeckId::B).sync_name()), (0.0, "off"));
    }

    #[test]
    fn a_tempo_that_needs_an_impossible_rate_is_refused_and_changes_nothing() {
        let mut decks = decks();
        let refusal = decks.set_tempo(DeckId::A, Bpm::checked(20.0), None).unwrap_err();
        assert!(refusal.kind == RefusalKind::BadArgument && refusal.text.contains("impossible rate"), "{refusal}");
        assert_eq!(decks.timing(DeckId::A).tempo(), 0.0);
    }

    #[test]
    fn a_start_is_preceded_and_a_jump_followed_by_the_jump_onto_the_beat() {
        let mut decks = decks();
        decks.set_tempo(DeckId::B, Bpm::checked(60.0), FirstBeat::checked(0.0)).unwrap();
        let play = |deck| Command::Deck(deck, DeckCommand::Play { stems: Stems::All });
        let seek = Command::Deck(DeckId::B, DeckCommand::Seek { stems: Stems::All, to: crowd_engine::Frames(7) });
        assert_eq!(decks.with_sync(vec![play(DeckId::B), seek.clone()]).len(), 2);
        decks.set_sync(DeckId::B, Some(Phase::Bar)).unwrap();
        let synced = decks.with_sync(vec![play(DeckId::B), play(DeckId::A), seek, Command::BeatsPerBar { beats: 3 }]);
        assert_eq!(synced.iter().map(align).collect::<Vec<_>>(), [true, false, false, false, true, false, true]);
    }
}
