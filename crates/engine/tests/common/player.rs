//! A stretcher that plays a track without a deck.

use crowd_engine::export::Stretcher;
use crowd_engine::{Rate, StretchMethod, Track};

/// The frames of a call in tests in which the number does not matter.
pub const QUANTUM: usize = 64;

pub fn keeping_pitch() -> impl Iterator<Item = StretchMethod> {
    StretchMethod::ALL.iter().copied().filter(|method| method.keeps_pitch())
}

/// A stretcher, and what it has played.
pub struct Player {
    stretcher: Stretcher,
    pub out: Vec<[f32; 2]>,
}

impl Player {
    pub fn new(track: &Track, method: StretchMethod, at: i64) -> Self {
        let mut stretcher = Stretcher::new(track, method);
        stretcher.seek(at as f64);
        Self { stretcher, out: Vec::new() }
    }

    /// Plays `frames` frames at `speed`, at most `most` of them in a call.
    pub fn play(&mut self, speed: f64, frames: usize, most: usize) {
        let speed = Rate::new(speed).unwrap();
        let mut left = frames;
        while left > 0 {
            let count = left.min(most).min(QUANTUM);
            let mut out = [[0.0; QUANTUM]; 2];
            let [l, r] = &mut out;
            self.stretcher.fill(speed, [&mut l[..count], &mut r[..count]]);
            self.out.extend((0..count).map(|i| [out[0][i], out[1][i]]));
            left -= count;
        }
    }

    /// The frame of the track at or before the present position.
    pub fn frame(&self) -> i64 {
        self.stretcher.position().floor() as i64
    }

    pub fn left(&self) -> Vec<f32> {
        self.out.iter().map(|frame| frame[0]).collect()
    }
}
