//! A stretcher at work on a source, without a deck around it.

use crowd_engine::StretchMethod;
use crowd_engine::dsp::{Position, QUANTUM, Step};
use crowd_engine::stretch::{Hq, PlaybackRate, Source, Stretch, Wsola};

pub fn stretcher(method: StretchMethod) -> Box<dyn Stretch> {
    match method {
        StretchMethod::PlaybackRate => Box::new(PlaybackRate::new()),
        StretchMethod::Wsola => Box::new(Wsola::new(44_100)),
        StretchMethod::Hq => Box::new(Hq::new(44_100)),
        other => panic!("{other} is not tested here"),
    }
}

pub fn keeping_pitch() -> impl Iterator<Item = StretchMethod> {
    StretchMethod::ALL.iter().copied().filter(|method| method.keeps_pitch())
}

/// A stretcher at work on a track.
pub struct Player<'a> {
    source: &'a dyn Source,
    pub stretch: Box<dyn Stretch>,
    pub position: Position,
    pub out: Vec<[f32; 2]>,
}

impl<'a> Player<'a> {
    pub fn new(source: &'a dyn Source, method: StretchMethod, at: i64) -> Self {
        Self { source, stretch: stretcher(method), position: Position::from_frames(at), out: Vec::new() }
    }

    /// Plays `frames` frames at `speed`, at most `most` of them in a call.
    pub fn play(&mut self, speed: f64, frames: usize, most: usize) {
        let step = Step::from_rate(speed);
        let mut left = frames;
        while left > 0 {
            let count = left.min(most).min(QUANTUM);
            let mut out = [[0.0; QUANTUM]; 2];
            let [l, r] = &mut out;
            self.stretch.process(self.source, self.position, step, [&mut l[..count], &mut r[..count]]);
            self.position = self.position.advance(step, count);
            self.out.extend((0..count).map(|i| [out[0][i], out[1][i]]));
            left -= count;
        }
    }

    pub fn left(&self) -> Vec<f32> {
        self.out.iter().map(|frame| frame[0]).collect()
    }
}
