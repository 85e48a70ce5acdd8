//! Musical time against frames: constant tempos and linear ramps, integrated exactly.

/// Another clock that a session follows: the beat of that clock at which a frame of the session sounds, and its tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockReference {
    /// A frame of the session.
    pub frame: u64,
    /// The beat of the other clock when that frame sounds, in quarter notes.
    pub beat: f64,
    /// The tempo of the other clock in quarter notes a minute.
    pub bpm: f64,
}

/// The share of a difference between the beats that is made up for in one quarter note.
const CORRECTION: f64 = 0.25;
/// The largest change of the tempo that makes up for a difference.
const MOST_CORRECTION: f64 = 0.04;

/// The position in quarter notes as a function of the frame. A ramp is linear in quarter notes a minute over time, so that the
/// position is a polynomial of the second degree and no error adds up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    frames_per_minute: f64,
    /// Where the segment begins.
    frame: u64,
    beat: f64,
    bpm: f64,
    /// The change of the tempo in a frame, and the length of the ramp in frames.
    slope: f64,
    ramp: f64,
}

impl Clock {
    /// A clock at beat 0 in frame 0.
    pub fn new(sample_rate: u32, bpm: f64) -> Self {
        Self { frames_per_minute: 60.0 * f64::from(sample_rate), frame: 0, beat: 0.0, bpm, slope: 0.0, ramp: 0.0 }
    }

    /// The position in quarter notes at a frame.
    pub fn beat_at(&self, frame: u64) -> f64 {
        let frames = frame.saturating_sub(self.frame) as f64;
        let ramped = frames.min(self.ramp);
        let in_ramp = (self.bpm + 0.5 * self.slope * ramped) * ramped;
        self.beat + (in_ramp + (self.bpm + self.slope * self.ramp) * (frames - ramped)) / self.frames_per_minute
    }

    /// The tempo at a frame, in quarter notes a minute.
    pub fn bpm_at(&self, frame: u64) -> f64 {
        let frames = frame.saturating_sub(self.frame) as f64;
        self.bpm + self.slope * frames.min(self.ramp)
    }

    /// The tempo at the end of the ramp.
    pub fn target(&self) -> f64 {
        self.bpm + self.slope * self.ramp
    }

    /// Follows another clock from `frame` on, until the next call: its tempo, a little faster or slower while the beats of both are
    /// not together. A difference of whole beats counts as none.
    pub fn follow(&mut self, frame: u64, reference: &ClockReference) {
        let passed = frame as f64 - reference.frame as f64;
        let beat = self.beat_at(frame);
        let difference = reference.beat + passed * reference.bpm / self.frames_per_minute - beat;
        let difference = difference - libm::round(difference);
        let correction = (CORRECTION * difference).clamp(-MOST_CORRECTION, MOST_CORRECTION);
        *self = Self { frame, beat, bpm: reference.bpm * (1.0 + correction), slope: 0.0, ramp: 0.0, ..*self };
    }

    /// Goes to another tempo within `beats` quarter notes from `frame` on.
    pub fn ramp_to(&mut self, frame: u64, bpm: f64, beats: f64) {
        let (beat, from) = (self.beat_at(frame), self.bpm_at(frame));
        let ramp = beats * self.frames_per_minute * 2.0 / (from + bpm);
        *self = Self { frame, beat, bpm: from, slope: (bpm - from) / ramp.max(1.0), ramp: ramp.max(1.0), ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_tempo_does_not_drift_in_ten_hours() {
        let clock = Clock::new(48_000, 90.0);
        // A beat lasts 32,000 frames.
        assert_eq!(clock.beat_at(32_000 * 54_000), 54_000.0);
    }

    #[test]
    fn a_clock_that_follows_another_has_its_beats_within_a_few_bars_and_keeps_them() {
        // The other clock is at beat 100.4 when frame 0 sounds.
        let mut clock = Clock::new(48_000, 90.0);
        let reference = ClockReference { frame: 0, beat: 100.4, bpm: 124.0 };
        let difference = |clock: &Clock, frame: u64| {
            let difference = 100.4 + frame as f64 * 124.0 / (60.0 * 48_000.0) - clock.beat_at(frame);
            difference - libm::round(difference)
        };
        for frame in (0..48_000 * 30).step_by(64) {
            clock.follow(frame, &reference);
            assert!((clock.bpm_at(frame) / 124.0 - 1.0).abs() <= MOST_CORRECTION + 1e-9);
        }
        assert!(difference(&clock, 48_000 * 30).abs() < 1e-3, "{}", difference(&clock, 48_000 * 30));
    }

    #[test]
    fn a_ramp_takes_its_beats_and_ends_at_its_tempo() {
        let mut clock = Clock::new(48_000, 120.0);
        clock.ramp_to(24_000, 60.0, 6.0);
        // Six beats at a mean of 90 last 4 s.
        let end = 24_000 + 4 * 48_000;
        assert!((clock.beat_at(end) - 7.0).abs() < 1e-9);
        assert!((clock.bpm_at(end) - 60.0).abs() < 1e-9 && clock.bpm_at(24_000) == 120.0);
        assert!((clock.beat_at(end + 48_000) - 8.0).abs() < 1e-9);
        assert_eq!(clock.target(), 60.0);
    }
}
