//! One master of the tempo at a time: `/set_tempo`, or the crowd.

use super::{Action, App, Moment};
use crate::refusal::Refusal;
use crate::units::Motion;
use crowd_engine::{Bpm, Command, Frames};
use std::time::Duration;

impl App {
    /// Sets the tempo at once, and holds movement off.
    ///
    /// # Errors
    /// [`Kind::Busy`](crate::refusal::Kind::Busy) when too much is planned.
    pub(super) fn set_tempo(&mut self, bpm: Bpm, moment: Moment) -> Result<(), Refusal> {
        self.send(vec![Command::Tempo { bpm }], moment);
        tracing::info!("tempo {:.2} BPM", bpm.get());
        self.movement_on = false;
        if let Some(hold) = self.settings.tempo_hold {
            self.agenda.retain(|action| !matches!(action, Action::MovementOn));
            let until = moment.frame + self.frames(hold.as_secs_f64()).0;
            self.plan(until, Action::MovementOn)?;
        }
        Ok(())
    }

    /// Lets movement set the tempo, or holds the tempo where it is.
    pub(super) fn set_movement(&mut self, on: bool, moment: Moment) {
        if std::mem::replace(&mut self.movement_on, on) == on {
            return;
        }
        if !on {
            let bpm = Bpm::clamped(self.status.tempo, self.settings.movement.base);
            self.send(vec![Command::Tempo { bpm }], moment);
            tracing::info!("movement is held off; tempo {:.2} BPM", bpm.get());
        } else if self.crowd_heard {
            tracing::info!("movement sets the tempo again");
            self.follow_crowd(self.movement.target(), moment);
        } else {
            tracing::info!("movement will set the tempo");
        }
    }

    /// Takes a measurement of movement.
    pub(super) fn move_crowd(&mut self, movement: Motion, moment: Moment) -> Result<(), Refusal> {
        let before = self.movement.target();
        let movement = movement.get();
        let target = self.movement.observe(movement)?;
        let first = !std::mem::replace(&mut self.crowd_heard, true);
        if self.movement_on && (first || target != before) {
            tracing::info!("movement {movement:.2}: tempo goes to {:.2} BPM", target.get());
            self.follow_crowd(target, moment);
        }
        Ok(())
    }

    /// Goes back to the base tempo when the crowd was not heard of for too long.
    pub(super) fn let_movement_age(&mut self) {
        let now = self.status.horizon;
        let passed = Frames(now.0.saturating_sub(self.movement_told)).seconds(self.settings.sample_rate);
        self.movement_told = now.0;
        if let Some(base) = self.movement.pass(Duration::from_secs_f64(passed))
            && self.movement_on
        {
            tracing::info!("no movement was heard of: tempo goes back to {:.2} BPM", base.get());
            self.follow_crowd(base, self.now());
        }
    }

    fn follow_crowd(&mut self, bpm: Bpm, moment: Moment) {
        let over = self.frames(self.settings.movement.transition.as_secs_f64());
        self.send(vec![Command::GlideTempo { bpm, over }], moment);
    }
}
