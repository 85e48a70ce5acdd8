//! The region of a track that repeats.

use super::error::{Error, Result};
use super::units::Frames;

/// A region of a track that repeats. The frame before `end` is followed by the frame `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopRegion {
    /// The first frame of the region.
    pub(crate) start: u64,
    /// The frame after the last one.
    pub(crate) end: u64,
}

impl LoopRegion {
    /// The length of the shortest possible loop.
    pub const MIN_FRAMES: Frames = Frames(64);
    /// The number of frames over which the end of a loop blends into the frames before its start, so that the jump back is seamless.
    /// If there are fewer frames before the start, the end fades out under the start instead.
    pub(crate) const BLEND: i64 = 256;
    /// The last frame at which a loop may end. At 44.1 kHz it is most of a year after the start of the track.
    pub const LAST_FRAME: Frames = Frames(1 << 40);

    /// A region from frame `start` to the frame before `end`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when it is shorter than [`Self::MIN_FRAMES`], or ends after [`Self::LAST_FRAME`].
    pub fn new(start: Frames, end: Frames) -> Result<Self> {
        if end - start >= Self::MIN_FRAMES && end <= Self::LAST_FRAME {
            Ok(Self { start: start.0, end: end.0 })
        } else {
            Err(Error::OutOfRange {
                what: "loop length",
                unit: " frames",
                value: end.0 as f64 - start.0 as f64,
                low: Self::MIN_FRAMES.0 as f64,
                high: Self::LAST_FRAME.0 as f64,
            })
        }
    }

    /// The first frame of the region.
    pub const fn start(self) -> Frames {
        Frames(self.start)
    }

    /// The frame after the last one of the region.
    pub const fn end(self) -> Frames {
        Frames(self.end)
    }

    pub(crate) fn frames(self) -> i64 {
        (self.end - self.start) as i64
    }
}
