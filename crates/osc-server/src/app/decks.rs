//! How each deck keeps time and pitch: its music's tempo, its place on the clock's beat, its method.

use crate::ids::DECKS;
use crate::refusal::{Kind, Refusal};
use crate::units::FirstBeat;
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{Bpm, Command, DeckCommand, DeckId, Rate, SampleRate, Stems as Which, StretchMethod};

/// What was said of the music on a deck. It holds until something else is said, whatever is loaded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Music {
    /// Its own tempo, unless that is the base tempo.
    tempo: Option<Bpm>,
    /// Where its beats are, if that was said.
    pulse: Option<Pulse>,
    /// What is kept in step with the clock; only with a pulse.
    sync: Option<Phase>,
}

impl Music {
    /// Its own tempo in BPM, 0 for the base tempo.
    pub fn tempo(&self) -> f64 {
        self.tempo.map_or(0.0, Bpm::get)
    }

    /// What is kept in step, in a word.
    pub const fn sync_name(&self) -> &'static str {
        match self.sync {
            None => "off",
            Some(Phase::Beat) => "beat",
            Some(Phase::Bar) => "bar",
        }
    }

    fn align(&self, deck: DeckId, stems: Which) -> Option<Command> {
        Some(Command::Deck(deck, DeckCommand::Align { stems, pulse: self.pulse?, phase: self.sync? }))
    }
}

/// The music of all decks.
#[derive(Debug)]
pub struct Decks {
    music: [Music; DECKS.len()],
    /// The tempo of music of which nothing else is said.
    base: Bpm,
    rate: SampleRate,
    /// How decks change speed with key-lock.
    keylock: StretchMethod,
}

impl Decks {
    /// Nothing is said yet. `stretch` is how decks change speed with key-lock, if that keeps the pitch.
    pub fn new(base: Bpm, rate: SampleRate, stretch: StretchMethod) -> Self {
        let keylock = if stretch.keeps_pitch() { stretch } else { StretchMethod::Wsola };
        Self { music: Default::default(), base, rate, keylock }
    }

    /// What was said of a deck's music.
    pub const fn music(&self, deck: DeckId) -> &Music {
        &self.music[deck.index()]
    }

    /// Takes the tempo of a deck's music, `None` for the base tempo, and where its beats lie.
    ///
    /// # Errors
    /// [`Kind::BadArgument`] when the deck would have to play faster or slower than it can, [`Kind::State`] when it is
    /// in sync and would not know its beats any more.
    pub fn set_tempo(
        &mut self,
        deck: DeckId,
        tempo: Option<Bpm>,
        first_beat: Option<FirstBeat>,
    ) -> Result<Vec<Command>, Refusal> {
        let base = self.base;
        let rate = Rate::new(base.get() / tempo.unwrap_or(base).get()).map_err(|error| {
            let text = format!("the base tempo is {base}, so deck {deck} would play at an impossible rate: {error}");
            Refusal::new(Kind::BadArgument, "", text)
        })?;
        let music = &mut self.music[deck.index()];
        let place = tempo.zip(first_beat);
        if music.sync.is_some() && place.is_none() {
            let text = format!("deck {deck} is in sync: say where its first beat is, or /deck/sync {deck} 0 first");
            return Err(Refusal::new(Kind::State, "", text));
        }
        let pulse = place.map(|(bpm, first_beat)| Pulse::new(bpm, first_beat.get(), self.rate));
        *music = Music { tempo, pulse, ..*music };
        match tempo {
            Some(bpm) => tracing::info!("deck {deck}: its music has {bpm}"),
            None => tracing::info!("deck {deck}: its music has the base tempo, {base}"),
        }
        Ok([Command::Deck(deck, DeckCommand::Rate { rate })].into_iter().chain(music.align(deck, Which::All)).collect())
    }

    /// Puts a deck's beats, or bars, on the clock's, where they stay: the deck's tempo follows the master's anyway.
    ///
    /// # Errors
    /// [`Kind::State`] when it was not said where the deck's beats are.
    pub fn set_sync(&mut self, deck: DeckId, phase: Option<Phase>) -> Result<Option<Command>, Refusal> {
        let music = &mut self.music[deck.index()];
        if phase.is_some() && music.pulse.is_none() {
            let text = format!(
                "deck {deck} has no beat grid: say its tempo and where in the file a bar begins, as in \
                 /deck/tempo {deck} {:.2} 0.1",
                music.tempo.unwrap_or(self.base).get()
            );
            return Err(Refusal::new(Kind::State, "", text));
        }
        music.sync = phase;
        tracing::info!("deck {deck}: sync {}", music.sync_name());
        Ok(music.align(deck, Which::All))
    }

    /// The same commands, with which no deck that is in sync gets out of step: whatever moves its music is followed by
    /// the small move back onto the clock's beat. A start is preceded by it, so that nothing of the place beside it is
    /// heard.
    pub fn in_step(&self, commands: Vec<Command>) -> Vec<Command> {
        if self.music.iter().all(|music| music.sync.is_none()) {
            return commands;
        }
        let align = |deck: DeckId, stems| self.music(deck).align(deck, stems);
        let mut kept = Vec::with_capacity(2 * commands.len());
        for command in commands {
            use DeckCommand as D;
            let (before, after) = match command {
                Command::Deck(deck, D::Play { stems }) => (align(deck, stems), None),
                Command::Deck(deck, D::Join { stem, .. }) => (None, align(deck, stem.into())),
                Command::Deck(deck, D::Seek { stems, .. } | D::Loop { stems, .. }) => (None, align(deck, stems)),
                _ => (None, None),
            };
            // The clock itself moves, or where its bars begin.
            let all = matches!(command, Command::ResetClock { .. } | Command::BeatsPerBar { .. });
            kept.extend(before);
            kept.push(command);
            kept.extend(after);
            if all {
                kept.extend(DECKS.into_iter().filter_map(|deck| align(deck, Which::All)));
            }
        }
        kept
    }

    /// Forgets what was said of the decks' music; returns what brings them back to the base tempo.
    pub fn forget(&mut self) -> Vec<Command> {
        let told = DECKS.into_iter().zip(&self.music).filter(|(_, music)| music.tempo.is_some());
        let back = told.map(|(deck, _)| Command::Deck(deck, DeckCommand::Rate { rate: Rate::UNITY })).collect();
        self.music = Default::default();
        back
    }

    /// Keeps a deck's pitch, or lets it follow the speed.
    pub fn set_keylock(&self, deck: DeckId, on: bool) -> Command {
        self.set_stretch(deck, if on { self.keylock } else { StretchMethod::PlaybackRate })
    }

    /// Changes how a deck changes speed.
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
    fn a_deck_without_beats_is_not_put_in_sync_and_one_in_sync_keeps_its_beats() {
        let (mut decks, bpm, beat) = (decks(), Bpm::checked(60.0), FirstBeat::checked(0.1));
        assert_eq!(decks.set_sync(DeckId::B, Some(Phase::Beat)).unwrap_err().kind, Kind::State);
        assert_eq!(decks.set_tempo(DeckId::B, bpm, beat).unwrap().len(), 1);
        assert!(align(&decks.set_sync(DeckId::B, Some(Phase::Beat)).unwrap().unwrap()));
        assert_eq!(decks.set_tempo(DeckId::B, bpm, None).unwrap_err().kind, Kind::State);
        assert_eq!((decks.music(DeckId::B).tempo(), decks.music(DeckId::B).sync_name()), (60.0, "beat"));
        assert_eq!(decks.forget().len(), 1);
        assert_eq!((decks.music(DeckId::B).tempo(), decks.music(DeckId::B).sync_name()), (0.0, "off"));
    }

    #[test]
    fn a_tempo_that_no_rate_reaches_is_refused_and_changes_nothing() {
        let mut decks = decks();
        let refusal = decks.set_tempo(DeckId::A, Bpm::checked(20.0), None).unwrap_err();
        assert!(refusal.kind == Kind::BadArgument && refusal.text.contains("impossible rate"), "{refusal}");
        assert_eq!(decks.music(DeckId::A).tempo(), 0.0);
    }

    #[test]
    fn a_start_is_preceded_and_a_jump_followed_by_the_move_onto_the_beat() {
        let mut decks = decks();
        decks.set_tempo(DeckId::B, Bpm::checked(60.0), FirstBeat::checked(0.0)).unwrap();
        let play = |deck| Command::Deck(deck, DeckCommand::Play { stems: Which::All });
        let seek = Command::Deck(DeckId::B, DeckCommand::Seek { stems: Which::All, to: crowd_engine::Frames(7) });
        assert_eq!(decks.in_step(vec![play(DeckId::B), seek.clone()]).len(), 2);
        decks.set_sync(DeckId::B, Some(Phase::Bar)).unwrap();
        let kept = decks.in_step(vec![play(DeckId::B), play(DeckId::A), seek, Command::BeatsPerBar { beats: 3 }]);
        assert_eq!(kept.iter().map(align).collect::<Vec<_>>(), [true, false, false, false, true, false, true]);
    }
}
