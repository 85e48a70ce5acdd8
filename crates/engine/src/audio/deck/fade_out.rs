//! The fade-out of a sound that a jump or a stop has cut off.

use crate::dsp::{QUANTUM, Ramp};

/// A buffer with sounds that fade out. Each one is rendered to its end at the moment at which it is cut off, so its track and its
/// stretcher are free for the next sound.
pub(crate) struct FadeOutBuffer {
    sound: [Box<[f32]>; 2],
    /// The span that has not been played yet.
    from: usize,
    until: usize,
}

impl FadeOutBuffer {
    /// A buffer for fades of up to `frames` frames.
    pub fn new(frames: usize) -> Self {
        let side = || vec![0.0; frames].into_boxed_slice();
        Self { sound: [side(), side()], from: 0, until: 0 }
    }

    pub fn is_silent(&self) -> bool {
        self.from == self.until
    }

    /// Adds a sound that begins at `gain` and fades out within `frames` frames. Earlier sounds continue to fade out.
    /// `make` renders the sound, at most a quantum at a time.
    pub fn add(&mut self, gain: f32, frames: usize, mut make: impl FnMut([&mut [f32]; 2])) {
        let frames = frames.min(self.sound[0].len());
        let old = self.until - self.from;
        for side in &mut self.sound {
            side.copy_within(self.from..self.until, 0);
            side[old..].fill(0.0);
        }
        (self.from, self.until) = (0, old.max(frames));
        let mut ramp = Ramp::new(gain);
        ramp.set(0.0, frames);
        for from in (0..frames).step_by(QUANTUM) {
            let mut sound = [[0.0; QUANTUM]; 2];
            let [left, right] = &mut sound;
            let count = QUANTUM.min(frames - from);
            make([&mut left[..count], &mut right[..count]]);
            for i in 0..count {
                let gain = ramp.next();
                self.sound[0][from + i] += gain * left[i];
                self.sound[1][from + i] += gain * right[i];
            }
        }
    }

    /// The next `frames` frames, or as many as are left.
    pub fn take(&mut self, frames: usize) -> [&[f32]; 2] {
        let from = self.from;
        self.from = (from + frames).min(self.until);
        let [left, right] = &self.sound;
        [&left[from..self.from], &right[from..self.from]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ones([left, right]: [&mut [f32]; 2]) {
        left.fill(1.0);
        right.fill(-1.0);
    }

    #[test]
    fn a_fade_ends_after_its_frames() {
        let mut fading = FadeOutBuffer::new(200);
        fading.add(0.5, 100, ones);
        let [left, right] = fading.take(64);
        assert!((left[0] - 0.495).abs() < 1e-6 && (left[63] - 0.18).abs() < 1e-6, "{left:?}");
        assert!(left.iter().zip(right).all(|(l, r)| *l == -*r));
        assert_eq!(fading.take(64)[0].len(), 36);
        assert!(fading.is_silent());
        assert!(fading.take(64)[0].is_empty());
    }

    #[test]
    fn a_second_fade_is_added_to_the_rest_of_the_first() {
        let mut fading = FadeOutBuffer::new(100);
        fading.add(1.0, 100, ones);
        assert_eq!(fading.take(90)[0].len(), 90);
        fading.add(0.2, 50, ones);
        let [left, _] = fading.take(100);
        assert_eq!(left.len(), 50);
        assert!((left[0] - (0.09 + 0.196)).abs() < 1e-6, "{}", left[0]);
        assert!((left[20] - 0.2 * 29.0 / 50.0).abs() < 1e-6, "{}", left[20]);
    }
}
