//! The gain of the program below a voice.

use crowd_engine::SampleRate;

/// The gain of the program below a voice, in decibels.
const BELOW_DB: f32 = -14.0;
/// A voice is louder than this, in decibels of full scale (RMS).
const VOICE_DB: f32 = -45.0;
/// The times in which the gain falls and rises by 63 %, in seconds.
const ATTACK: f32 = 0.05;
const RELEASE: f32 = 0.6;
/// The time after a voice until the gain rises, in seconds: shorter pauses between words do not change it.
const HOLD: f32 = 0.4;
/// The time over which the level is measured, in seconds.
const MEASURED: f32 = 0.02;

/// Lowers the program while there is a voice.
#[derive(Debug)]
pub struct Ducking {
    /// The mean square of the voice.
    power: f32,
    gain: f32,
    /// The frames until the gain rises.
    hold: u32,
    /// The mean square of a voice, and the gain below it.
    voice: f32,
    below: f32,
    measured: f32,
    attack: f32,
    release: f32,
    hold_frames: u32,
}

impl Ducking {
    /// Ducking at a sample rate.
    pub fn new(rate: SampleRate) -> Self {
        let hertz = rate.get() as f32;
        let step = |seconds: f32| 1.0 - (-1.0 / (seconds * hertz)).exp();
        Self {
            power: 0.0,
            gain: 1.0,
            hold: 0,
            voice: 10_f32.powf(VOICE_DB / 10.0),
            below: 10_f32.powf(BELOW_DB / 20.0),
            measured: step(MEASURED),
            attack: step(ATTACK),
            release: step(RELEASE),
            hold_frames: (HOLD * hertz) as u32,
        }
    }

    /// The gain of the program below this frame of the voice.
    pub fn gain(&mut self, [left, right]: [f32; 2]) -> f32 {
        let power = f32::midpoint(left * left, right * right);
        self.power += (power - self.power) * self.measured;
        if self.power > self.voice {
            self.hold = self.hold_frames;
        }
        let (goal, step) = if self.hold > 0 { (self.below, self.attack) } else { (1.0, self.release) };
        self.hold = self.hold.saturating_sub(1);
        self.gain += (goal - self.gain) * step;
        self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_lower_while_there_is_a_voice() {
        let mut ducking = Ducking::new(SampleRate::DAT);
        let mut run =
            |level: f32, seconds: f32| (0..(seconds * 48_000.0) as u32).map(|_| ducking.gain([level; 2])).last();
        assert_eq!(run(0.0, 1.0), Some(1.0));
        let lower = 10_f32.powf(BELOW_DB / 20.0);
        let within = |gain: Option<f32>, goal: f32| gain.is_some_and(|gain| (gain - goal).abs() < 0.02);
        assert!(within(run(0.1, 0.3), lower));
        // A pause between words.
        assert!(within(run(0.0, 0.3), lower));
        assert!(within(run(0.1, 1.0), lower));
        let risen = run(0.0, 1.1);
        assert!(risen.is_some_and(|gain| (0.6..0.9).contains(&gain)), "{risen:?}");
        assert!(within(run(0.0, 3.0), 1.0));
    }
}
