//! A track at other speeds, block by block.

use crate::dsp::{Position, QUANTUM, Step};
use crate::stretch::{Hq, PlaybackRate, Stretch, Wsola};
use crate::track::Track;
use crate::types::opaque::opaque_debug;
use crate::types::stretch_method::StretchMethod;
use crate::types::units::Rate;

/// Plays one track at a speed that may change at any time. It needs no deck and no engine.
///
/// ```
/// use crowd_engine::export::Stretcher;
/// use crowd_engine::{Rate, SampleRate, StretchMethod, Track};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// let mut stretcher = Stretcher::new(&track, StretchMethod::Wsola);
/// let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
/// stretcher.fill(Rate::new(1.05)?, [&mut left, &mut right]);
/// assert!((stretcher.position() - 512.0 * 1.05).abs() < 1e-6);
/// # Ok(())
/// # }
/// ```
pub struct Stretcher {
    track: Track,
    stretch: Box<dyn Stretch>,
    position: Position,
}

opaque_debug!(Stretcher);

impl Stretcher {
    /// A stretcher at the start of `track`. Allocates memory, so it is not for an audio thread.
    pub fn new(track: &Track, method: StretchMethod) -> Self {
        let rate = track.sample_rate().get();
        let stretch: Box<dyn Stretch> = match method {
            StretchMethod::PlaybackRate => Box::new(PlaybackRate::new()),
            StretchMethod::Wsola => Box::new(Wsola::new(rate)),
            StretchMethod::Hq => Box::new(Hq::new(rate)),
        };
        Self { track: track.clone(), stretch, position: Position::ZERO }
    }

    /// Fills two channels of the same length with the sound from the present position on. The sound has the track's own
    /// sample rate and is `speed` times as fast. The samples do not depend on the split into calls.
    ///
    /// This may be called on an audio thread, because it neither waits nor allocates. Frames of a
    /// [streamed](crate::feed) track that are not loaded are silent.
    pub fn fill(&mut self, speed: Rate, [left, right]: [&mut [f32]; 2]) {
        let step = Step::from_rate(speed.get());
        for (left, right) in left.chunks_mut(QUANTUM).zip(right.chunks_mut(QUANTUM)) {
            let frames = left.len().min(right.len());
            self.stretch.process(&self.track, self.position, step, [&mut left[..frames], &mut right[..frames]]);
            self.position = self.position.advance(step, frames);
        }
    }

    /// The position in the track, in frames with their fraction.
    pub fn position(&self) -> f64 {
        self.position.to_f64()
    }

    /// Moves to a position in the track, in frames. Before frame 0 and after the last frame there is silence. The first
    /// frame of sound is the frame of the track at that position, unchanged.
    pub fn seek(&mut self, position: f64) {
        self.position = Position::from_f64(position);
        self.stretch.reset();
    }
}
