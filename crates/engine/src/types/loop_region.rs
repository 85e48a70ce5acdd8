//! The region of a track that repeats.

use super::error::{Error, Result};
use super::units::Frames;

/// A region of a track that repeats: after the frame before `end` comes `start` again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopRegion {
    /// The first frame of the region.
    pub(crate) start: u64,
    /// The frame after the last one.
    pub(crate) end: u64,
}

impl LoopRegion {
    /// Shorter loops than this are refused.
    pub const MIN_FRAMES: Frames = Frames(64);
    /// Frames over which the end of a loop blends into what precedes its start, so that the jump back is seamless. Of a
    /// loop that has fewer before it the end fades out under the start, unless the start goes on from it.
    pub(crate) const BLEND: i64 = 256;
    /// The last frame at which a loop may end: most of a year into the track.
    pub const LAST_FRAME: Frames = Frames(1 << 40);

    /// A region of at least [`Self::MIN_FRAMES`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when it is shorter, or ends before it starts.
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
