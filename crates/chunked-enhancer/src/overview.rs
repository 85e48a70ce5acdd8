//! Waveforms small enough to be sent and drawn: the same number of columns for a track of any length.

use crowd_media::SampleFormat;
use crowd_media::pcm;
use crowd_store::Store;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::rendition::Rendition;
use crate::turns::Turn;

/// Columns of every overview.
pub const COLUMNS: usize = 1_600;

/// The extremes of both channels, a column for each part of the track. Where nothing is known yet there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Smallest sample, full scale 1.
    min: Vec<Option<f32>>,
    /// Largest sample.
    max: Vec<Option<f32>>,
    /// Frames of the track.
    frames: u64,
}

impl Overview {
    /// Of a track of so many frames, of which nothing is known yet.
    pub fn new(frames: u64) -> Self {
        Self { min: vec![None; COLUMNS], max: vec![None; COLUMNS], frames: frames.max(1) }
    }

    /// Of what a store has of a rendition.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Store`] when a chunk cannot be read, [`Error::Cancelled`] when it is not wanted any more.
    pub fn of_pieces(store: &dyn Store, rendition: &Rendition, turn: &Turn) -> Result<Self, Error> {
        let mut overview = Self::new(rendition.layout.frames());
        for index in 0..rendition.layout.count() {
            let Some(id) = rendition.chunk(index) else { break };
            let Some(stored) = store.get(&id)? else { continue };
            let span = rendition.layout.span(index);
            let frame = rendition.layout.frame_bytes();
            let mut bytes = vec![0; 4_096 * frame as usize];
            let (mut at, mut first) = (0, span.start);
            while at < stored.len() {
                if !turn.go_on() {
                    return Err(Error::Cancelled);
                }
                let n = stored.read_at(at, &mut bytes).map_err(|e| Error::io("a chunk", "read", e))?;
                overview.add_packed(first, &bytes[..n], rendition.depth);
                at += n as u64;
                first += n as u64 / frame;
            }
        }
        Ok(overview)
    }

    /// Adds interleaved stereo from a frame on.
    pub fn add(&mut self, first: u64, samples: &[f32]) {
        for (frame, [left, right]) in (first..self.frames).zip(samples.as_chunks().0) {
            // Both factors are small enough: no track has 2^53 frames.
            let column = (frame * COLUMNS as u64 / self.frames) as usize;
            let (low, high) = (left.min(*right), left.max(*right));
            if let (Some(min), Some(max)) = (self.min.get_mut(column), self.max.get_mut(column)) {
                *min = Some(min.map_or(low, |min| min.min(low)));
                *max = Some(max.map_or(high, |max| max.max(high)));
            }
        }
    }

    /// Adds packed stereo from a frame on.
    pub fn add_packed(&mut self, first: u64, bytes: &[u8], depth: SampleFormat) {
        let mut samples = Vec::with_capacity(bytes.len() / usize::from(depth.bytes()));
        pcm::unpack(bytes, depth, &mut samples);
        self.add(first, &samples);
    }

    /// Rounded to what can be seen, for sending.
    pub fn rounded(mut self) -> Self {
        for value in self.min.iter_mut().chain(&mut self.max).flatten() {
            *value = (*value * 1_000.0).round() / 1_000.0;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_in_one_column_and_what_is_unknown_stays_so() {
        let frames = 100_003;
        let mut overview = Overview::new(frames);
        overview.add(0, &[-0.5, 0.25].repeat(frames as usize / 2));
        let known = overview.max.iter().filter(|column| **column == Some(0.25)).count();
        assert_eq!((known, overview.min[0], overview.max[COLUMNS - 1]), (COLUMNS / 2, Some(-0.5), None));
        overview.add(frames - 1, &[0.0, 1.0, 9.0, 9.0]);
        assert_eq!(overview.max[COLUMNS - 1], Some(1.0));
    }

    #[test]
    fn a_track_shorter_than_a_picture_is_drawn_too() {
        let mut overview = Overview::new(3);
        overview.add(0, &[0.1, 0.1, 0.2, 0.2, 0.3, 0.3]);
        assert_eq!(overview.max.iter().flatten().count(), 3);
    }
}
