//! What was cut off and fades out behind a jump.

use crate::dsp::{QUANTUM, Ramp};

/// Sound that fades out. It is made as a whole when it is cut off, so that nothing but itself has to be kept.
pub(crate) struct Tail {
    sound: [Box<[f32]>; 2],
    /// What has not been heard yet.
    from: usize,
    until: usize,
}

impl Tail {
    /// Room for fades of so many frames.
    pub fn new(frames: usize) -> Self {
        let side = || vec![0.0; frames].into_boxed_slice();
        Self { sound: [side(), side()], from: 0, until: 0 }
    }

    pub fn is_silent(&self) -> bool {
        self.from == self.until
    }

    /// Adds a sound that begins at `gain` and has faded out after `frames`, on top of what still fades. `make` writes it,
    /// at most a quantum at a time.
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
            let mut fresh = [[0.0; QUANTUM]; 2];
            let [left, right] = &mut fresh;
            let count = QUANTUM.min(frames - from);
            make([&mut left[..count], &mut right[..count]]);
            for i in 0..count {
                let gain = ramp.next();
                self.sound[0][from + i] += gain * left[i];
                self.sound[1][from + i] += gain * right[i];
            }
        }
    }

    /// The next frames of it, as many as are asked for or left.
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
    fn it_is_over_after_its_frames() {
        let mut tail = Tail::new(200);
        tail.add(0.5, 100, ones);
        let [left, right] = tail.take(64);
        assert!((left[0] - 0.495).abs() < 1e-6 && (left[63] - 0.18).abs() < 1e-6, "{left:?}");
        assert!(left.iter().zip(right).all(|(l, r)| *l == -*r));
        assert_eq!(tail.take(64)[0].len(), 36);
        assert!(tail.is_silent());
        assert!(tail.take(64)[0].is_empty());
    }

    #[test]
    fn a_second_one_adds_to_what_is_left_of_the_first() {
        let mut tail = Tail::new(100);
        tail.add(1.0, 100, ones);
        assert_eq!(tail.take(90)[0].len(), 90);
        tail.add(0.2, 50, ones);
        let [left, _] = tail.take(100);
        assert_eq!(left.len(), 50);
        assert!((left[0] - (0.09 + 0.196)).abs() < 1e-6, "{}", left[0]);
        assert!((left[20] - 0.2 * 29.0 / 50.0).abs() < 1e-6, "{}", left[20]);
    }
}
