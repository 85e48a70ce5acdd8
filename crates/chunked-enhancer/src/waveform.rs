//! Waveforms for the page: the same number of columns for a track of any length.

use crowd_media::SampleFormat;
use crowd_media::pcm;
use crowd_store::Store;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::permits::Permit;
use crate::rendition::Rendition;

/// The number of columns of every waveform.
pub const COLUMNS: usize = 1_600;

/// The peaks of both channels together. The track is divided into [`COLUMNS`] spans, one for each column. A column that is not known yet is
/// `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waveform {
    /// The smallest sample of each column, full scale 1.
    min: Vec<Option<f32>>,
    /// The largest sample of each column, full scale 1.
    max: Vec<Option<f32>>,
    /// Frames of the track.
    frames: u64,
}

impl Waveform {
    /// The waveform of a track of `frames` frames, without any known column.
    pub fn new(frames: u64) -> Self {
        Self { min: vec![None; COLUMNS], max: vec![None; COLUMNS], frames: frames.max(1) }
    }

    /// The waveform of the chunks of a rendition that a store has.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Store`] when a chunk cannot be read, [`Error::Cancelled`] when it is not needed any more.
    pub fn of_chunks(store: &dyn Store, rendition: &Rendition, permit: &Permit) -> Result<Self, Error> {
        let mut waveform = Self::new(rendition.layout.frames());
        for index in 0..rendition.layout.chunk_count() {
            let Some(id) = rendition.chunk_id(index) else { break };
            let Some(stored) = store.get(&id)? else { continue };
            let span = rendition.layout.span(index);
            let frame = rendition.layout.frame_bytes();
            let mut bytes = vec![0; 4_096 * frame as usize];
            let (mut at, mut first) = (0, span.start);
            while at < stored.len() {
                if !permit.may_continue() {
                    return Err(Error::Cancelled);
                }
                let n = stored.read_at(at, &mut bytes).map_err(|e| Error::io("a chunk", "read", e))?;
                waveform.add_packed(first, &bytes[..n], rendition.sample_format);
                at += n as u64;
                first += n as u64 / frame;
            }
        }
        Ok(waveform)
    }

    /// Adds interleaved stereo frames from the frame `first` on.
    pub fn add(&mut self, first: u64, samples: &[f32]) {
        for (frame, [left, right]) in (first..self.frames).zip(samples.as_chunks().0) {
            // It does not overflow: no track has 2^53 frames.
            let column = (frame * COLUMNS as u64 / self.frames) as usize;
            let (low, high) = (left.min(*right), left.max(*right));
            if let (Some(min), Some(max)) = (self.min.get_mut(column), self.max.get_mut(column)) {
                *min = Some(min.map_or(low, |min| min.min(low)));
                *max = Some(max.map_or(high, |max| max.max(high)));
            }
        }
    }

    /// Adds packed stereo frames from the frame `first` on.
    pub fn add_packed(&mut self, first: u64, bytes: &[u8], sample_format: SampleFormat) {
        let mut samples = Vec::with_capacity(bytes.len() / usize::from(sample_format.bytes()));
        pcm::unpack(bytes, sample_format, &mut samples);
        self.add(first, &samples);
    }

    /// The waveform with its peaks rounded to thousandths, which is exact enough for drawing.
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
        let mut waveform = Waveform::new(frames);
        waveform.add(0, &[-0.5, 0.25].repeat(frames as usize / 2));
        let known = waveform.max.iter().filter(|column| **column == Some(0.25)).count();
        assert_eq!((known, waveform.min[0], waveform.max[COLUMNS - 1]), (COLUMNS / 2, Some(-0.5), None));
        waveform.add(frames - 1, &[0.0, 1.0, 9.0, 9.0]);
        assert_eq!(waveform.max[COLUMNS - 1], Some(1.0));
    }

    #[test]
    fn a_track_with_fewer_frames_than_columns_has_a_waveform() {
        let mut waveform = Waveform::new(3);
        waveform.add(0, &[0.1, 0.1, 0.2, 0.2, 0.3, 0.3]);
        assert_eq!(waveform.max.iter().flatten().count(), 3);
    }
}
