//! The pitch of a sounding note over time.

use super::kernels::math::{decay, exp2};
use crate::types::note::Glide;

/// The time constant with which a note that continues another leaves the other's pitch, in seconds.
const SLUR_SECONDS: f32 = 0.012;

/// The pitch of a note: its own, the glide into it, and what is left of the note that it continues.
#[derive(Clone, Copy, Debug, Default)]
pub struct PitchTrack {
    pitch: f32,
    from: f32,
    /// The beginning and the length of the glide, in frames.
    after: f32,
    over: f32,
    slur: f32,
    age: f32,
    rate: f32,
}

impl PitchTrack {
    /// The pitch of a new note, a MIDI number with a fraction.
    pub fn new(pitch: f32, glide: Option<Glide>, rate: f32) -> Self {
        let mut track = Self { pitch, rate, ..Self::default() };
        track.set_glide(glide);
        track
    }

    fn set_glide(&mut self, glide: Option<Glide>) {
        self.age = 0.0;
        let glide = glide.unwrap_or(Glide { from: 0.0, after_ms: 0.0, over_ms: 0.0 });
        self.from = glide.from.clamp(-48.0, 48.0);
        self.after = glide.after_ms.clamp(0.0, 60_000.0) * 1e-3 * self.rate;
        self.over = (glide.over_ms.clamp(0.0, 60_000.0) * 1e-3 * self.rate).max(1.0);
    }

    /// Continues with another note. The pitch is continuous.
    pub fn continue_with(&mut self, pitch: f32, glide: Option<Glide>) {
        let now = self.now();
        self.pitch = pitch;
        self.set_glide(glide);
        self.slur = 0.0;
        self.slur = now - self.now();
    }

    /// The pitch now, a MIDI number with a fraction. The glide is an S-curve in semitones: 3x² - 2x³.
    pub fn now(&self) -> f32 {
        let x = ((self.age - self.after) / self.over).clamp(0.0, 1.0);
        self.pitch + self.slur + self.from * (1.0 - x * x * (3.0 - 2.0 * x))
    }

    /// Whether the pitch will not change any more.
    pub fn is_steady(&self) -> bool {
        self.slur == 0.0 && (self.from == 0.0 || self.age >= self.after + self.over)
    }

    /// Moves on by some frames.
    pub fn advance(&mut self, frames: f32) {
        self.age += frames;
        if self.slur != 0.0 {
            self.slur *= decay(SLUR_SECONDS, self.rate, frames);
            if self.slur.abs() < 1e-4 {
                self.slur = 0.0;
            }
        }
    }

    /// A pitch as turns a frame.
    pub fn step(pitch: f32, rate: f32) -> f32 {
        440.0 / rate * exp2((pitch - 69.0) * (1.0 / 12.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glide_is_an_s_curve_between_its_pitches() {
        let glide = Glide { from: -2.0, after_ms: 10.0, over_ms: 100.0 };
        let mut track = PitchTrack::new(60.0, Some(glide), 1_000.0);
        let pitches: Vec<f32> = (0..130)
            .map(|_| {
                let now = track.now();
                track.advance(1.0);
                now
            })
            .collect();
        assert_eq!((pitches[0], pitches[10], pitches[120]), (58.0, 58.0, 60.0));
        assert!((pitches[60] - 59.0).abs() < 1e-5 && track.is_steady());
        assert!((pitches[35] - (58.0 + 2.0 * 0.15625)).abs() < 1e-4);
    }

    #[test]
    fn a_note_that_continues_another_begins_at_its_pitch() {
        let mut track = PitchTrack::new(60.0, None, 48_000.0);
        track.continue_with(64.0, None);
        assert_eq!(track.now(), 60.0);
        for _ in 0..200 {
            track.advance(64.0);
        }
        assert_eq!(track.now(), 64.0);
        assert!((PitchTrack::step(69.0, 48_000.0) * 48_000.0 - 440.0).abs() < 1e-3);
    }
}
