//! The source that a streamed track is read from.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::types::loop_region::LoopRegion;
use crate::types::units::{Frames, SampleRate};

/// The error of an [`Input`] that could not be read.
pub type InputError = Box<dyn std::error::Error + Send + Sync>;

/// The source of the frames of a streamed track: a file, or samples that a program computes. It is read on a thread of
/// its own. It may block, as long as it is faster than the music on average.
///
/// A frame must have the same samples each time it is read, whether the input was read up to it or sought to it. This is
/// necessary because frames are read in advance, and because frames that were evicted are read again. A live input, like a
/// microphone or a network stream without a start, is a
/// [`LiveInput`](super::LiveInput) instead.
///
/// An example of a computed input without an end:
/// ```
/// use crowd_engine::feed::{Input, InputError, InputInfo};
/// use crowd_engine::{DeckId, Engine, SampleRate, Track};
///
/// struct Sawtooth {
///     next: u64,
/// }
///
/// impl Input for Sawtooth {
///     fn seek(&mut self, frame: u64) -> Result<(), InputError> {
///         self.next = frame;
///         Ok(())
///     }
///
///     fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
///         let next = self.next..self.next + 4_096;
///         self.next = next.end;
///         frames.extend(next.map(|frame| [(frame % 100) as f32 / 200.0; 2]));
///         Ok(true)
///     }
/// }
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let info = InputInfo { frames: InputInfo::ENDLESS, sample_rate: SampleRate::CD, channels: 2 };
/// let track = Track::from_input(Sawtooth { next: 0 }, info)?;
/// let mut offline = Engine::builder().offline()?;
/// offline.engine().deck(DeckId::A).load(&track)?.play()?;
/// assert_eq!(offline.render_frames(300)[2 * 250], 0.25);
/// # Ok(())
/// # }
/// ```
pub trait Input: Send {
    /// Seeks to a frame, so that it is the next one that is read.
    ///
    /// # Errors
    /// When the source cannot be read. Reading is tried again a little later.
    fn seek(&mut self, frame: u64) -> Result<(), InputError>;

    /// Appends the next frames to `frames`. A frame is the left and the right sample, each finite, with full scale 1.
    ///
    /// Before the end a call must append at least one frame. A few thousand frames are a good number. The function is called
    /// until there are enough frames, and surplus frames are kept. The frames that `frames` already has must not be changed.
    ///
    /// Returns true when there may be more frames, and false at the end. The call that returns false may append frames, too.
    /// After that the function is not called again before a [`seek`](Self::seek).
    ///
    /// # Errors
    /// When the source cannot be read. Reading is tried again a little later, from a [`seek`](Self::seek) on.
    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError>;

    /// Descriptions of the damage in the frames read so far. An example of damage is a span that is silent because it cannot
    /// be decoded.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The interval, in frames, at whose multiples a seek costs least. 1 when a seek costs the same everywhere.
    fn seek_step(&self) -> u64 {
        1
    }

    /// Opens the same source again, so that two positions can be read in turns without seeks. `None` when the source can be
    /// opened only once.
    fn another(&self) -> Option<Box<dyn Input>> {
        None
    }
}

/// The length, sample rate and channels of an [`Input`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputInfo {
    /// The number of frames, from 1 to [`InputInfo::ENDLESS`], which stands for an input without an end. When the input ends
    /// earlier, the rest is silent.
    pub frames: Frames,
    /// The sample rate.
    pub sample_rate: SampleRate,
    /// The number of channels of the original, 1 or 2. [`Input::read`] always returns two channels.
    pub channels: usize,
}

impl InputInfo {
    /// The largest number of frames of a track, for an input without an end: most of a year at 44.1 kHz.
    pub const ENDLESS: Frames = LoopRegion::LAST_FRAME;
}

/// Calls a function of an input, which may be a program's own. A panic becomes an error.
pub(super) fn catch_panic<T>(call: impl FnOnce() -> Result<T, InputError>) -> Result<T, InputError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(InputPanic(words).into())
    })
}

/// The error of an input that panicked. It is not read again.
#[derive(Debug, thiserror::Error)]
#[error("the input panicked: {0}")]
pub(super) struct InputPanic(String);
