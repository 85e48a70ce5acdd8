//! How each deck keeps time and pitch: its music's tempo, its place on the clock's beat, its method.

use super::{App, Moment};
use crate::ids::DECKS;
use crate::refusal::{Kind, Refusal};
use crate::units::FirstBeat;
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{Bpm, Command, DeckId, Rate, Stems as Which, StretchMethod};

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
        Some(Command::Align { deck, stems, pulse: self.pulse?, phase: self.sync? })
    }
}

impl App {
    /// Takes the tempo of a deck's music, `None` for the base tempo, and where its beats lie.
    ///
    /// # Errors
    /// [`Kind::BadArgument`] when the deck would have to play faster or slower than it can, [`Kind::State`] when it is
    /// in sync and would not know its beats any more.
    pub(super) fn set_deck_tempo(
        &mut self,
        deck: DeckId,
        tempo: Option<Bpm>,
        first_beat: Option<FirstBeat>,
        moment: Moment,
    ) -> Result<(), Refusal> {
        let Some(music) = self.music.get_mut(deck.index()) else { return Ok(()) };
        let base = self.settings.movement.base;
        let rate = Rate::new(base.get() / tempo.unwrap_or(base).get()).map_err(|error| {
            let text = format!("the base tempo is {base}, so deck {deck} would play at an impossible rate: {error}");
            Refusal::new(Kind::BadArgument, "", text)
        })?;
        let place = tempo.zip(first_beat);
        if music.sync.is_some() && place.is_none() {
            let text = format!("deck {deck} is in sync: say where its first beat is, or /deck/sync {deck} 0 first");
            return Err(Refusal::new(Kind::State, "", text));
        }
        let pulse = place.map(|(bpm, first_beat)| Pulse::new(bpm, first_beat.get(), self.settings.sample_rate));
        *music = Music { tempo, pulse, ..*music };
        match tempo {
            Some(bpm) => tracing::info!("deck {deck}: its music has {bpm}"),
            None => tracing::info!("deck {deck}: its music has the base tempo, {base}"),
        }
        let commands = [Command::DeckRate { deck, rate }].into_iter().chain(music.align(deck, Which::All));
        let commands = commands.collect();
        self.send(commands, moment);
        Ok(())
    }

    /// Puts a deck's beats, or bars, on the clock's, where they stay: the deck's tempo follows the master's anyway.
    ///
    /// # Errors
    /// [`Kind::State`] when nobody said where the deck's beats are.
    pub(super) fn set_sync(&mut self, deck: DeckId, phase: Option<Phase>, moment: Moment) -> Result<(), Refusal> {
        let Some(music) = self.music.get_mut(deck.index()) else { return Ok(()) };
        if phase.is_some() && music.pulse.is_none() {
            let text = format!(
                "deck {deck} has no beat grid: say its tempo and where in the file a bar begins, as in \
                 /deck/tempo {deck} {:.2} 0.1",
                music.tempo.unwrap_or(self.settings.movement.base).get()
            );
            return Err(Refusal::new(Kind::State, "", text));
        }
        music.sync = phase;
        tracing::info!("deck {deck}: sync {}", music.sync_name());
        let align = music.align(deck, Which::All).into_iter().collect();
        self.send(align, moment);
        Ok(())
    }

    /// The same commands, with which no deck that is in sync gets out of step: whatever moves its music is followed by
    /// the small move back onto the clock's beat. A start is preceded by it, so that nothing of the place beside it is
    /// heard.
    pub(super) fn in_step(&self, commands: Vec<Command>) -> Vec<Command> {
        if self.music.iter().all(|music| music.sync.is_none()) {
            return commands;
        }
        let align = |deck: DeckId, stems| self.music.get(deck.index())?.align(deck, stems);
        let mut kept = Vec::with_capacity(2 * commands.len());
        for command in commands {
            use Command as C;
            let (before, after) = match command {
                C::Play { deck, stems } => (align(deck, stems), None),
                C::Join { deck, stem, .. } => (None, align(deck, stem.into())),
                C::Seek { deck, stems, .. } | C::Loop { deck, stems, .. } => (None, align(deck, stems)),
                _ => (None, None),
            };
            // The clock itself moves, or where its bars begin.
            let all = matches!(command, C::ResetClock { .. } | C::Meter { .. });
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
    pub(super) fn forget_music(&mut self) -> Vec<Command> {
        let told = DECKS.into_iter().zip(&self.music).filter(|(_, music)| music.tempo.is_some());
        let back = told.map(|(deck, _)| Command::DeckRate { deck, rate: Rate::UNITY }).collect();
        self.music = Default::default();
        back
    }

    /// Keeps a deck's pitch, with the method of `--stretch-method` if that does so, or lets it follow the speed.
    pub(super) fn set_keylock(&mut self, deck: DeckId, on: bool, moment: Moment) {
        let method = match self.settings.stretch {
            _ if !on => StretchMethod::PlaybackRate,
            method if method.keeps_pitch() => method,
            _ => StretchMethod::Wsola,
        };
        self.set_stretch(deck, method, moment);
    }

    /// Changes how a deck changes speed.
    pub(super) fn set_stretch(&mut self, deck: DeckId, method: StretchMethod, moment: Moment) {
        tracing::info!("deck {deck}: {method}");
        self.send(vec![Command::Stretch { deck, method }], moment);
    }
}
