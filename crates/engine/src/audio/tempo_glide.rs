//! A tempo that approaches another one, as when the master tempo follows the crowd's movement for 30 seconds.

use crate::dsp::QUANTUM;
use crate::types::units::Bpm;

/// A glide ends when the tempo is closer to the target than this, in BPM.
const ARRIVED: f64 = 1e-6;

/// A tempo that stays, or that approaches its target exponentially. It changes once in each quantum.
pub(crate) struct TempoGlide {
    bpm: f64,
    target: f64,
    /// The factor by which the distance to the target shrinks in a quantum.
    remain: f64,
}

impl TempoGlide {
    /// A tempo that stays.
    pub fn new(bpm: Bpm) -> Self {
        Self { bpm: bpm.get(), target: bpm.get(), remain: 0.0 }
    }

    /// The present tempo.
    pub fn bpm(&self) -> f64 {
        self.bpm
    }

    /// The tempo at which the glide ends.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Starts a glide to `bpm` that follows 1 - e^(-t/tau). With tau = `frames` / ln 100, 99 % of the change is done after
    /// `frames` frames.
    pub fn approach(&mut self, bpm: Bpm, frames: u64) {
        self.target = bpm.get();
        self.remain = (-(QUANTUM as f64) * 100f64.ln() / (frames.max(1) as f64)).exp();
    }

    /// Advances the glide by one quantum.
    pub fn begin_quantum(&mut self) {
        let distance = self.bpm - self.target;
        self.bpm = if distance.abs() < ARRIVED { self.target } else { self.target + distance * self.remain };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bpm(tempo: f64) -> Bpm {
        Bpm::new(tempo).unwrap()
    }

    #[test]
    fn a_glide_reaches_99_percent_of_its_step_in_its_time() {
        for (rate, target) in [(44_100, 105.0), (48_000, 130.0)] {
            let frames = rate * 30;
            let mut glide = TempoGlide::new(bpm(120.0));
            glide.approach(bpm(target), frames);
            let mut passed = 0;
            while (glide.bpm() - 120.0).abs() < 0.99 * (target - 120.0f64).abs() {
                glide.begin_quantum();
                passed += QUANTUM as u64;
            }
            assert!(passed.abs_diff(frames) <= 128, "{passed} of {frames}");
        }
    }

    #[test]
    fn a_glide_close_to_its_target_ends_there() {
        let mut glide = TempoGlide::new(bpm(120.0));
        glide.approach(bpm(130.0), 44_100);
        assert_eq!(glide.target(), 130.0);
        while (glide.bpm() - 130.0).abs() >= ARRIVED {
            assert_ne!(glide.bpm(), 130.0);
            glide.begin_quantum();
        }
        glide.begin_quantum();
        assert_eq!(glide.bpm(), 130.0);
    }
}
