//! An encoder whose frames are numbered by the samples to which they decode.

use super::fdk::Handle;
use super::frame::AacFrame;
use super::settings::AacSettings;
use crate::error::Error;

/// The delay of the library from a sample of its input to the same sample decoded: 1,600 audio frames (measured; it is the same at all rates
/// and bit rates here).
const DELAY: usize = 1_600;
/// The delay in AAC frames, rounded up. So many frames are discarded at the beginning.
const PRIMING_FRAMES: usize = DELAY.div_ceil(AacFrame::LENGTH as usize);
/// Audio frames of silence before the sound. With them the delay is a whole number of AAC frames, so that frame `n` belongs to the samples
/// from `1,024 n` on.
const PADDING: usize = PRIMING_FRAMES * AacFrame::LENGTH as usize - DELAY;

/// Encodes stereo sound to AAC-LC frames.
///
/// ```
/// use crowd_streaming::aac::{AacEncoder, AacFrame, AacRate, AacSettings};
///
/// # fn main() -> Result<(), crowd_streaming::Error> {
/// let mut encoder = AacEncoder::new(AacSettings { rate: AacRate::Hz48000, bit_rate: 128_000 })?;
/// let mut frames = Vec::new();
/// for _ in 0..10 {
///     frames.extend(encoder.encode(&[[0; 2]; AacFrame::LENGTH as usize])?);
/// }
/// frames.extend(encoder.finish()?);
/// assert_eq!(frames.len(), 10);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AacEncoder {
    handle: Handle,
    /// Samples that were not passed to the library yet. There are as many as of the padding.
    waiting: Vec<[i16; 2]>,
    /// The number of frames that are still to be discarded.
    priming: usize,
}

impl AacEncoder {
    /// An encoder with these settings.
    ///
    /// # Errors
    /// [`Error::AacBitRate`] for a bit rate out of range, [`Error::AacEncoder`] when the library refuses the settings.
    pub fn new(settings: AacSettings) -> Result<Self, Error> {
        if !(32_000..=320_000).contains(&settings.bit_rate) {
            return Err(Error::AacBitRate(settings.bit_rate));
        }
        Ok(Self { handle: Handle::open(settings)?, waiting: vec![[0; 2]; PADDING], priming: PRIMING_FRAMES })
    }

    /// Encodes the next [`AacFrame::LENGTH`] audio frames. The AAC frame that is returned belongs to an earlier call, and the first calls
    /// return none. Frame `n` decodes to the samples of call `n`, both counted from 0, if frame `n - 1` was decoded before it.
    ///
    /// # Errors
    /// [`Error::AacSamples`] for another number of audio frames, [`Error::AacEncoder`] when the library fails.
    pub fn encode(&mut self, samples: &[[i16; 2]]) -> Result<Option<AacFrame>, Error> {
        if samples.len() as u64 != AacFrame::LENGTH {
            return Err(Error::AacSamples(samples.len()));
        }
        self.waiting.extend_from_slice(samples);
        let now: Vec<[i16; 2]> = self.waiting.drain(..samples.len()).collect();
        let frame = AacFrame::new(self.handle.encode(&now)?);
        if frame.is_some() && self.priming > 0 {
            self.priming -= 1;
            return Ok(None);
        }
        Ok(frame)
    }

    /// The frames that belong to the last calls of [`encode`](Self::encode).
    ///
    /// # Errors
    /// [`Error::AacEncoder`] when the library fails.
    pub fn finish(mut self) -> Result<Vec<AacFrame>, Error> {
        let silence = [[0; 2]; AacFrame::LENGTH as usize];
        let mut frames = Vec::new();
        for _ in 0..PRIMING_FRAMES {
            frames.extend(self.encode(&silence)?);
        }
        Ok(frames)
    }
}
