//! How one item follows another.

use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_streaming::aac::AacFrame;

/// How one item follows another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transition {
    /// The first frame of an item follows the last frame of the one before it.
    #[default]
    Gapless,
    /// The items overlap for about this time, with an equal-power crossfade.
    Crossfade(Duration),
    /// There is silence of about this time between the items.
    Pause(Duration),
}

impl Transition {
    /// The start of an item of `next` frames after one of `frames` frames that ends at `end`. They overlap by at most `overlap`.
    ///
    /// After a crossfade or a pause an item starts at a multiple of [`AacFrame::LENGTH`], so that its encoded frames are the same each time
    /// it plays. For this the crossfade is shortened and the pause is lengthened by less than an AAC frame, which is 21 ms at 48 kHz.
    /// A crossfade takes at most half of either item.
    pub fn start_after(self, end: Frames, frames: Frames, next: Frames, overlap: Frames, rate: SampleRate) -> Frames {
        let end = end.0;
        let start = match self {
            Self::Gapless => end,
            Self::Crossfade(_) => {
                let overlap = overlap.0.min(frames.0 / 2).min(next.0 / 2);
                (end - overlap).next_multiple_of(AacFrame::LENGTH).min(end)
            }
            Self::Pause(time) => (end + Frames::within(time, rate).0).next_multiple_of(AacFrame::LENGTH),
        };
        Frames(start)
    }

    /// The time between two items.
    pub fn pause(self, rate: SampleRate) -> Frames {
        match self {
            Self::Pause(time) => Frames::within(time, rate),
            Self::Gapless | Self::Crossfade(_) => Frames(0),
        }
    }

    /// The longest time for which two items overlap.
    pub fn longest_overlap(self, rate: SampleRate) -> Frames {
        match self {
            Self::Crossfade(time) => Frames::within(time, rate),
            Self::Gapless | Self::Pause(_) => Frames(0),
        }
    }
}
