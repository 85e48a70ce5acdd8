//! Sets the tempo, from `/set_tempo` or from movement.

use crate::refusal::Refusal;
use crate::units::MovementLevel;
use crowd_engine::tempo::{Movement, MovementConfig};
use crowd_engine::{Bpm, Command, Frames, SampleRate};
use std::time::Duration;

/// Sets the tempo from `/set_tempo` or from movement.
#[derive(Debug)]
pub struct TempoControl {
    movement: Movement,
    rate: SampleRate,
    /// Whether movement sets the tempo.
    follows_movement: bool,
    /// Whether a measurement was received.
    measured: bool,
    /// The frame up to which `movement` was advanced.
    advanced_to: Frames,
}

impl TempoControl {
    /// A control in which movement sets the tempo from the first measurement on.
    pub fn new(config: MovementConfig, rate: SampleRate) -> Self {
        Self {
            movement: Movement::new(config),
            rate,
            follows_movement: true,
            measured: false,
            advanced_to: Frames::ZERO,
        }
    }

    /// Whether movement sets the tempo.
    pub const fn follows_movement(&self) -> bool {
        self.follows_movement
    }

    /// Sets the tempo at once. From then on movement does not set it.
    pub fn set(&mut self, bpm: Bpm) -> Command {
        tracing::info!("tempo {:.2} BPM", bpm.get());
        self.follows_movement = false;
        Command::Tempo { bpm }
    }

    /// Sets whether movement sets the tempo. If not, the tempo stays at `now`, which is in BPM.
    pub fn set_movement(&mut self, follows_movement: bool, now: f64) -> Option<Command> {
        if std::mem::replace(&mut self.follows_movement, follows_movement) == follows_movement {
            return None;
        }
        if !follows_movement {
            let bpm = Bpm::clamped(now, self.movement.config().base);
            tracing::info!("movement does not set the tempo any more; tempo {:.2} BPM", bpm.get());
            return Some(Command::Tempo { bpm });
        }
        if !self.measured {
            tracing::info!("movement sets the tempo from its next measurement on");
            return None;
        }
        tracing::info!("movement sets the tempo again");
        Some(self.glide(self.movement.target()))
    }

    /// Handles a measurement of movement.
    ///
    /// # Errors
    /// When the engine's table has no tempo for it.
    pub fn take_movement(&mut self, movement: MovementLevel) -> Result<Option<Command>, Refusal> {
        let before = self.movement.target();
        let target = self.movement.observe(movement.get())?;
        let first = !std::mem::replace(&mut self.measured, true);
        if !self.follows_movement || (!first && target == before) {
            return Ok(None);
        }
        tracing::info!("movement {:.2}: tempo goes to {:.2} BPM", movement.get(), target.get());
        Ok(Some(self.glide(target)))
    }

    /// Advances the time to `now`. If no measurement was received for too long, the tempo goes back to the base tempo.
    pub fn advance(&mut self, now: Frames) -> Option<Command> {
        let passed = (now - std::mem::replace(&mut self.advanced_to, now)).seconds(self.rate);
        let base = self.movement.pass(Duration::from_secs_f64(passed)).filter(|_| self.follows_movement)?;
        tracing::info!("no movement was measured for too long: tempo goes back to {:.2} BPM", base.get());
        Some(self.glide(base))
    }

    fn glide(&self, bpm: Bpm) -> Command {
        let transition = self.movement.config().transition;
        Command::GlideTempo { bpm, over: Frames::from_seconds(transition.as_secs_f64(), self.rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glides_to(command: Option<Command>) -> Option<f64> {
        match command? {
            Command::GlideTempo { bpm, .. } => Some(bpm.get()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_a_change_of_the_target_changes_the_tempo() {
        let mut tempo = TempoControl::new(MovementConfig::default(), SampleRate::CD);
        let mut take_movement = |movement| glides_to(tempo.take_movement(MovementLevel::clamped(movement)).unwrap());
        assert_eq!([0.0, 0.01, 0.03, 0.03].map(&mut take_movement), [Some(105.0), None, Some(110.0), None]);
        tempo.set(Bpm::MIN);
        assert_eq!(glides_to(tempo.take_movement(MovementLevel::clamped(1.0)).unwrap()), None);
        assert_eq!(glides_to(tempo.set_movement(true, 20.0)), Some(130.0));
        assert!(matches!(tempo.set_movement(false, 112.0), Some(Command::Tempo { bpm }) if bpm.get() == 112.0));
        assert!(tempo.set_movement(false, 112.0).is_none());
    }
}
