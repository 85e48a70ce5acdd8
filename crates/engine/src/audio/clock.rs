//! The master clock: tempo, glide and beat phase, counted in frames.

use crate::dsp::QUANTUM;
use crate::types::cast::count;
use crate::types::units::{Bpm, SampleRate};

/// Keeps the tempo and where in the beat the music is.
///
/// The tempo changes only between quanta (which lie on absolute multiples of 64 frames) and at scheduled
/// commands, so that every split of the callback sees the same tempo in every frame.
pub(crate) struct Clock {
    sample_rate: f64,
    base: f64,
    tempo: f64,
    target: f64,
    /// What remains of the distance to the target after a quantum.
    remain: f64,
    beat: f64,
    beats_per_bar: u8,
}

/// How far (in beats) the phase may be off after hours of adding.
const ROUNDING: f64 = 1e-8;
/// A glide this near to its target (in BPM) has arrived.
const ARRIVED: f64 = 1e-6;

impl Clock {
    pub fn new(sample_rate: SampleRate, base: Bpm) -> Self {
        Self {
            sample_rate: f64::from(sample_rate.get()),
            base: base.get(),
            tempo: base.get(),
            target: base.get(),
            remain: 0.0,
            beat: 0.0,
            beats_per_bar: 4,
        }
    }

    /// The speed at which a deck plays material recorded at the base tempo.
    pub fn rate(&self) -> f64 {
        self.tempo / self.base
    }

    pub fn tempo(&self) -> f64 {
        self.tempo
    }

    pub fn target(&self) -> f64 {
        self.target
    }

    pub fn beat(&self) -> f64 {
        self.beat
    }

    pub fn beats_per_bar(&self) -> u8 {
        self.beats_per_bar
    }

    pub fn set_beats_per_bar(&mut self, beats: u8) {
        self.beats_per_bar = beats.max(1);
    }

    pub fn set_tempo(&mut self, bpm: Bpm) {
        self.tempo = bpm.get();
        self.target = bpm.get();
    }

    /// Approaches `bpm` as 1 - e^(-t/tau) with tau = `frames` / ln 100: 99 % after `frames`.
    pub fn glide(&mut self, bpm: Bpm, frames: u64) {
        self.target = bpm.get();
        self.remain = (-(QUANTUM as f64) * 100f64.ln() / (frames.max(1) as f64)).exp();
    }

    /// Moves the glide on by one quantum; to be called at each quantum's first frame.
    pub fn begin_quantum(&mut self) {
        let distance = self.tempo - self.target;
        self.tempo = if distance.abs() < ARRIVED { self.target } else { self.target + distance * self.remain };
    }

    fn beats_per_frame(&self) -> f64 {
        self.tempo / (60.0 * self.sample_rate)
    }

    /// Moves the phase on.
    pub fn advance(&mut self, frames: usize) {
        self.beat += frames as f64 * self.beats_per_frame();
    }

    /// Beat 0 lay (or lies, when negative) this many frames ago at the present tempo.
    pub fn reset(&mut self, frames_ago: i64) {
        self.beat = frames_ago as f64 * self.beats_per_frame();
    }

    /// Frames from now to the next beat if it falls within `frames`; 0 when a beat is now.
    pub fn next_beat(&self, frames: usize) -> Option<usize> {
        // A beat missed by a rounding error of the sum is still that beat.
        let ahead = (self.beat - ROUNDING).ceil() - self.beat;
        let frame = (ahead / self.beats_per_frame() - 0.001).ceil().max(0.0);
        (frame < frames as f64).then_some(count(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(SampleRate::CD, Bpm::new(120.0).unwrap())
    }

    #[test]
    fn a_glide_reaches_99_percent_of_its_step_in_its_time() {
        for (rate, target) in [(44_100, 105.0), (48_000, 130.0)] {
            let rate = SampleRate::new(rate).unwrap();
            let mut clock = Clock::new(rate, Bpm::new(120.0).unwrap());
            let frames = u64::from(rate.get()) * 30;
            clock.glide(Bpm::new(target).unwrap(), frames);
            let mut passed = 0;
            while (clock.tempo() - 120.0).abs() < 0.99 * (target - 120.0f64).abs() {
                clock.begin_quantum();
                passed += QUANTUM as u64;
            }
            assert!(passed.abs_diff(frames) <= 128, "{passed} of {frames}");
        }
    }

    #[test]
    fn the_phase_does_not_jump_when_the_tempo_does() {
        let mut clock = clock();
        clock.advance(10_000);
        let before = clock.beat();
        clock.set_tempo(Bpm::new(180.0).unwrap());
        assert_eq!(clock.beat(), before);
        clock.advance(44_100);
        assert!((clock.beat() - before - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_next_beat_is_found_in_its_frame() {
        let mut clock = clock();
        assert_eq!(clock.next_beat(64), Some(0));
        clock.advance(22_000);
        assert_eq!(clock.next_beat(50), None);
        assert_eq!(clock.next_beat(64), Some(50));
        clock.advance(20);
        assert_eq!(clock.next_beat(64), Some(30));
    }

    #[test]
    fn a_glide_that_is_all_but_there_arrives() {
        let (mut clock, target) = (clock(), 130.0);
        clock.glide(Bpm::new(target).unwrap(), 44_100);
        assert_eq!(clock.target(), target);
        while (clock.tempo() - target).abs() >= ARRIVED {
            assert_ne!(clock.tempo(), target);
            clock.begin_quantum();
        }
        clock.begin_quantum();
        assert_eq!(clock.tempo(), target);
    }

    #[test]
    fn a_beat_that_rounding_has_just_missed_is_still_that_beat() {
        let mut clock = clock();
        clock.beat = 3.0 + ROUNDING / 2.0;
        assert_eq!(clock.next_beat(64), Some(0));
        clock.beat = 3.0 - ROUNDING / 2.0;
        assert_eq!(clock.next_beat(64), Some(0));
    }

    #[test]
    fn zero_may_lie_in_the_past() {
        let mut clock = clock();
        clock.reset(22_050);
        assert!((clock.beat() - 1.0).abs() < 1e-12);
    }
}
