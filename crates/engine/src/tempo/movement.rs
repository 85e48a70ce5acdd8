//! A tempo that follows how much a crowd moves.

use std::time::Duration;

use crate::types::error::{Error, Result};
use crate::types::units::Bpm;

/// The table from movement to tempo. Movement is a number from 0 (nobody moves) to 1, measured by a camera or another sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovementConfig {
    /// The movement at which the tempo is highest.
    pub max_value: f64,
    /// The upper limits of the four lower steps, in rising order.
    pub thresholds: [f64; 4],
    /// The tempos of the four lower steps. From the last threshold on, the tempo rises linearly from the fourth of these tempos to
    /// [`Self::high_max`].
    pub targets: [Bpm; 4],
    /// The tempo at [`Self::max_value`].
    pub high_max: Bpm,
    /// The tempo when there is no measurement.
    pub base: Bpm,
    /// The time after which a change of tempo is 99 % complete.
    pub transition: Duration,
    /// After this time without a measurement the tempo returns to [`Self::base`]. With `None` it stays.
    pub stale_after: Option<Duration>,
    /// The step changes only when the movement has passed a threshold by this much.
    pub hysteresis: f64,
}

impl Default for MovementConfig {
    /// The lower steps are 105, 110, 115 and 118 BPM, below movements of 0.02, 0.05, 0.10 and 0.15. From there the tempo rises to
    /// 130 BPM at 0.6. A change takes 30 s. The base tempo is 120 BPM.
    fn default() -> Self {
        let bpm = |value| Bpm::clamped(value, Bpm::MIN);
        Self {
            max_value: 0.6,
            thresholds: [0.02, 0.05, 0.10, 0.15],
            targets: [bpm(105.0), bpm(110.0), bpm(115.0), bpm(118.0)],
            high_max: bpm(130.0),
            base: bpm(120.0),
            transition: Duration::from_secs(30),
            stale_after: None,
            hysteresis: 0.0,
        }
    }
}

/// Computes target tempos from measurements of movement. It has no clock, so the caller states how much time has passed.
#[derive(Clone, Debug)]
pub struct Movement {
    config: MovementConfig,
    step: Option<usize>,
    target: Bpm,
    silence: Duration,
}

impl Movement {
    /// A state at the base tempo, without a measurement.
    pub fn new(config: MovementConfig) -> Self {
        Self { config, step: None, target: config.base, silence: Duration::ZERO }
    }

    /// The table from movement to tempo.
    pub fn config(&self) -> &MovementConfig {
        &self.config
    }

    /// The present target tempo.
    pub fn target(&self) -> Bpm {
        self.target
    }

    /// Takes a measurement, and returns the tempo to [glide](crate::MixHandle::glide_tempo) to. A movement greater than 1 counts as 1.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the movement is negative or not finite. Nothing changes then.
    pub fn observe(&mut self, movement: f64) -> Result<Bpm> {
        if !movement.is_finite() || movement < 0.0 {
            return Err(Error::OutOfRange { what: "movement", unit: "", value: movement, low: 0.0, high: 1.0 });
        }
        self.silence = Duration::ZERO;
        let movement = movement.min(1.0);
        let step = self.step_of(movement);
        self.step = Some(step);
        self.target = match self.config.targets.get(step) {
            Some(target) => *target,
            None => self.slope(movement),
        };
        Ok(self.target)
    }

    /// Adds the time that has passed. When there has been no measurement for [`MovementConfig::stale_after`], returns the base tempo,
    /// once.
    #[must_use]
    pub fn pass(&mut self, time: Duration) -> Option<Bpm> {
        let limit = self.config.stale_after?;
        let was_stale = self.silence >= limit;
        self.silence = self.silence.saturating_add(time);
        if was_stale || self.silence < limit || self.step.is_none() {
            return None;
        }
        self.step = None;
        self.target = self.config.base;
        Some(self.target)
    }

    /// The step of a movement: 0 to 3, or 4 for the linear part.
    fn step_of(&self, movement: f64) -> usize {
        let plain = self.config.thresholds.iter().take_while(|threshold| movement >= **threshold).count();
        let Some(now) = self.step else { return plain };
        let passed = |index: usize| {
            let threshold = self.config.thresholds.get(index).copied().unwrap_or(0.0);
            (movement - threshold).abs() >= self.config.hysteresis
        };
        match plain.cmp(&now) {
            std::cmp::Ordering::Greater if !passed(plain - 1) => plain - 1,
            std::cmp::Ordering::Less if !passed(plain) => plain + 1,
            _ => plain,
        }
    }

    fn slope(&self, movement: f64) -> Bpm {
        let [.., medium] = self.config.thresholds;
        let [.., low] = self.config.targets;
        let span = self.config.max_value - medium;
        let part = if span > 0.0 { ((movement - medium) / span).clamp(0.0, 1.0) } else { 1.0 };
        Bpm::clamped(low.get() + (self.config.high_max.get() - low.get()) * part, self.config.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(movement: f64) -> f64 {
        Movement::new(MovementConfig::default()).observe(movement).unwrap().get()
    }

    #[test]
    fn every_step_gives_its_tempo() {
        for (movement, bpm) in [
            (0.0, 105.0),
            (0.0199, 105.0),
            (0.02, 110.0),
            (0.05, 115.0),
            (0.10, 118.0),
            (0.15, 118.0),
            (0.375, 124.0),
            (0.6, 130.0),
            (7.0, 130.0),
        ] {
            assert!((target(movement) - bpm).abs() < 1e-9, "{movement}: {}", target(movement));
        }
    }

    #[test]
    fn an_invalid_movement_is_refused_and_changes_nothing() {
        let mut movement = Movement::new(MovementConfig::default());
        movement.observe(0.6).unwrap();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1] {
            assert!(movement.observe(bad).is_err());
        }
        assert_eq!(movement.target().get(), 130.0);
    }

    #[test]
    fn a_medium_threshold_of_ten_percent_is_used() {
        let config = MovementConfig { thresholds: [0.02, 0.05, 0.08, 0.10], ..MovementConfig::default() };
        let bpm = Movement::new(config).observe(0.35).unwrap().get();
        assert!((bpm - 124.0).abs() < 1e-9, "{bpm}");
    }

    #[test]
    fn hysteresis_keeps_a_step_until_its_edge_is_passed() {
        let mut movement = Movement::new(MovementConfig { hysteresis: 0.005, ..MovementConfig::default() });
        assert_eq!(movement.observe(0.03).unwrap().get(), 110.0);
        assert_eq!(movement.observe(0.052).unwrap().get(), 110.0);
        assert_eq!(movement.observe(0.056).unwrap().get(), 115.0);
        assert_eq!(movement.observe(0.048).unwrap().get(), 115.0);
        assert_eq!(movement.observe(0.044).unwrap().get(), 110.0);
    }

    #[test]
    fn without_new_movements_the_base_tempo_is_set_once() {
        let config = MovementConfig { stale_after: Some(Duration::from_secs(10)), ..MovementConfig::default() };
        let mut movement = Movement::new(config);
        assert_eq!(movement.pass(Duration::from_secs(60)), None, "there was no movement yet");
        movement.observe(0.0).unwrap();
        assert_eq!(movement.pass(Duration::from_secs(9)), None);
        assert_eq!(movement.pass(Duration::from_secs(1)).map(Bpm::get), Some(120.0));
        assert_eq!(movement.pass(Duration::from_secs(60)), None);
    }

    #[test]
    fn a_slope_of_no_width_is_at_its_top_and_the_settings_can_be_read() {
        let config =
            MovementConfig { max_value: 0.15, thresholds: [0.02, 0.05, 0.10, 0.15], ..MovementConfig::default() };
        let mut movement = Movement::new(config);
        assert_eq!(movement.observe(0.15).unwrap(), config.high_max);
        assert_eq!(movement.config(), &config);
    }
}
