//! One master of the tempo at a time: `/set_tempo`, or the crowd.

use crate::refusal::Refusal;
use crate::units::Motion;
use crowd_engine::tempo::{Movement, MovementConfig};
use crowd_engine::{Bpm, Command, Frames, SampleRate};
use std::time::Duration;

/// What sets the tempo, and what movement would make of it.
#[derive(Debug)]
pub struct Tempo {
    movement: Movement,
    rate: SampleRate,
    /// Whether movement sets the tempo.
    on: bool,
    /// Whether there was a measurement yet.
    measured: bool,
    /// Up to where movement has been told of the time.
    told: Frames,
}

impl Tempo {
    /// Movement sets the tempo, once there is a measurement.
    pub fn new(config: MovementConfig, rate: SampleRate) -> Self {
        Self { movement: Movement::new(config), rate, on: true, measured: false, told: Frames::ZERO }
    }

    /// Whether movement sets the tempo.
    pub const fn follows_movement(&self) -> bool {
        self.on
    }

    /// Sets the tempo at once, and holds movement off.
    pub fn set(&mut self, bpm: Bpm) -> Command {
        tracing::info!("tempo {:.2} BPM", bpm.get());
        self.on = false;
        Command::Tempo { bpm }
    }

    /// Lets movement set the tempo, or holds the tempo where it is: at `now`, in BPM.
    pub fn set_movement(&mut self, on: bool, now: f64) -> Option<Command> {
        if std::mem::replace(&mut self.on, on) == on {
            return None;
        }
        if !on {
            let bpm = Bpm::clamped(now, self.movement.config().base);
            tracing::info!("movement is held off; tempo {:.2} BPM", bpm.get());
            return Some(Command::Tempo { bpm });
        }
        if !self.measured {
            tracing::info!("movement will set the tempo");
            return None;
        }
        tracing::info!("movement sets the tempo again");
        Some(self.glide(self.movement.target()))
    }

    /// Takes a measurement of movement.
    ///
    /// # Errors
    /// Where the engine's table has no tempo for it.
    pub fn measure(&mut self, movement: Motion) -> Result<Option<Command>, Refusal> {
        let before = self.movement.target();
        let target = self.movement.observe(movement.get())?;
        let first = !std::mem::replace(&mut self.measured, true);
        if !self.on || (!first && target == before) {
            return Ok(None);
        }
        tracing::info!("movement {:.2}: tempo goes to {:.2} BPM", movement.get(), target.get());
        Ok(Some(self.glide(target)))
    }

    /// Lets time pass, up to `now`: back to the base tempo when there was no measurement for too long.
    pub fn pass(&mut self, now: Frames) -> Option<Command> {
        let passed = (now - std::mem::replace(&mut self.told, now)).seconds(self.rate);
        let base = self.movement.pass(Duration::from_secs_f64(passed)).filter(|_| self.on)?;
        tracing::info!("no movement was heard of: tempo goes back to {:.2} BPM", base.get());
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
    fn only_a_change_of_the_target_moves_the_tempo() {
        let mut tempo = Tempo::new(MovementConfig::default(), SampleRate::CD);
        let mut measure = |movement| glides_to(tempo.measure(Motion::nearest(movement)).unwrap());
        assert_eq!([0.0, 0.01, 0.03, 0.03].map(&mut measure), [Some(105.0), None, Some(110.0), None]);
        tempo.set(Bpm::MIN);
        assert_eq!(glides_to(tempo.measure(Motion::nearest(1.0)).unwrap()), None);
        assert_eq!(glides_to(tempo.set_movement(true, 20.0)), Some(130.0));
        assert!(matches!(tempo.set_movement(false, 112.0), Some(Command::Tempo { bpm }) if bpm.get() == 112.0));
        assert!(tempo.set_movement(false, 112.0).is_none());
    }
}
