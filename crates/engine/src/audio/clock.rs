//! The master clock: tempo and beat phase, counted in frames. `tempo_glide.rs` has the change of the tempo.

use super::tempo_glide::TempoGlide;
use crate::types::cast::{count, whole};
use crate::types::units::{Bpm, SampleRate};

/// The tempo and the beat phase of the engine.
///
/// The tempo changes only at two places: between quanta, which begin on multiples of 64 frames of the time line, and at
/// scheduled commands. So every frame has the same tempo, whatever the size of the callback.
pub(crate) struct Clock {
    sample_rate: f64,
    base: f64,
    tempo: TempoGlide,
    beat: f64,
    /// The number of the next beat: the first whose frame is still to come.
    next: i64,
    beats_per_bar: u8,
}

/// The largest rounding error of the phase, in beats, after hours of playing.
const ROUNDING: f64 = 1e-8;

impl Clock {
    pub fn new(sample_rate: SampleRate, base: Bpm) -> Self {
        Self {
            sample_rate: f64::from(sample_rate.get()),
            base: base.get(),
            tempo: TempoGlide::new(base),
            beat: 0.0,
            next: 0,
            beats_per_bar: 4,
        }
    }

    /// The speed at which a deck plays material recorded at the base tempo.
    pub fn rate(&self) -> f64 {
        self.tempo.bpm() / self.base
    }

    pub fn tempo(&self) -> f64 {
        self.tempo.bpm()
    }

    pub fn target(&self) -> f64 {
        self.tempo.target()
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
        self.tempo = TempoGlide::new(bpm);
    }

    /// Starts a glide to `bpm`: 99 % of the change is done after `frames` frames.
    pub fn glide(&mut self, bpm: Bpm, frames: u64) {
        self.tempo.approach(bpm, frames);
    }

    /// Advances the glide by one quantum. Called at the first frame of each quantum.
    pub fn begin_quantum(&mut self) {
        self.tempo.begin_quantum();
    }

    fn beats_per_frame(&self) -> f64 {
        self.tempo.bpm() / (60.0 * self.sample_rate)
    }

    /// Advances the phase. A beat between two frames is in the second of them, also when that frame begins the next span.
    pub fn advance(&mut self, frames: usize) {
        while self.next_beat(frames).is_some() {
            self.next += 1;
        }
        self.beat += frames as f64 * self.beats_per_frame();
    }

    /// Sets the phase such that beat 0 was `frames_ago` frames ago at the present tempo. A negative number puts beat 0
    /// into the future.
    pub fn reset(&mut self, frames_ago: i64) {
        self.beat = frames_ago as f64 * self.beats_per_frame();
        self.next = whole((self.beat - ROUNDING).ceil());
    }

    /// Frames until the next beat, if there is a beat within the next `frames` frames. 0 when a beat is now.
    pub fn next_beat(&self, frames: usize) -> Option<usize> {
        let beats = self.next as f64 - self.beat;
        let frame = (beats / self.beats_per_frame() - 0.001).ceil().max(0.0);
        (frame < frames as f64).then_some(count(frame))
    }

    /// The number of the beat that [`Self::next_beat`] finds.
    pub fn next_beat_number(&self) -> i64 {
        self.next
    }

    /// Whether a bar begins with the beat of this number.
    pub fn begins_bar(&self, beat: i64) -> bool {
        beat.rem_euclid(i64::from(self.beats_per_bar)) == 0
    }

    /// How many frames ago a beat was, at the present tempo. `None` when it is now or still to come.
    pub fn frames_since(&self, beat: i64) -> Option<u64> {
        (beat < self.next).then(|| count((self.beat - ROUNDING - beat as f64) / self.beats_per_frame()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(SampleRate::CD, Bpm::new(120.0).unwrap())
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
    fn beats_have_their_numbers_and_begin_bars() {
        let mut clock = clock();
        assert_eq!((clock.next_beat_number(), clock.frames_since(0), clock.begins_bar(0)), (0, None, true));
        clock.advance(22_000);
        assert_eq!((clock.next_beat_number(), clock.frames_since(0)), (1, Some(21_999)));
        assert!(!clock.begins_bar(3) && clock.begins_bar(-4));
        clock.set_beats_per_bar(3);
        assert!(clock.begins_bar(3) && clock.begins_bar(-3));
        clock.reset(-20);
        assert_eq!((clock.next_beat(64), clock.next_beat_number()), (Some(20), 0));
    }

    #[test]
    fn a_beat_that_rounding_has_just_passed_is_still_the_next() {
        let mut clock = clock();
        for off in [ROUNDING / 2.0, -ROUNDING / 2.0] {
            (clock.beat, clock.next) = (3.0 + off, 3);
            assert_eq!((clock.next_beat(64), clock.frames_since(3)), (Some(0), None));
        }
    }

    #[test]
    fn a_beat_between_two_spans_is_in_the_first_frame_of_the_second() {
        let mut clock = Clock::new(SampleRate::CD, Bpm::new(123.456).unwrap());
        let mut found = 0;
        for quantum in 0..100_000 {
            if let Some(distance) = clock.next_beat(64) {
                let beat = 60.0 * 44_100.0 / 123.456 * f64::from(found);
                let frame = f64::from(64 * quantum) + distance as f64;
                assert_eq!(clock.next_beat_number(), i64::from(found));
                assert!((-0.01..1.01).contains(&(frame - beat)), "beat {found} at {beat} is in frame {frame}");
                found += 1;
            }
            clock.advance(64);
        }
        assert_eq!(found, 299);
    }

    #[test]
    fn beat_zero_may_be_in_the_past() {
        let mut clock = clock();
        clock.reset(22_050);
        assert!((clock.beat() - 1.0).abs() < 1e-12);
    }
}
