//! Frames that are made elsewhere in the meantime.

use super::frame::{Maker, Order};

/// Somebody who makes frames in the meantime, so that the audio thread need not. When a frame is not there in time it is
/// made here after all: the samples are the same.
pub(crate) trait Help {
    /// Takes an order for a frame that follows `maker`'s latest; false when nobody is free.
    fn take(&mut self, order: &Order, maker: &Maker) -> bool;

    /// Gives the frame that was ordered last to `maker`; false when it is not finished.
    fn give(&mut self, maker: &mut Maker) -> bool;
}

/// Nobody helps.
impl Help for () {
    fn take(&mut self, _: &Order, _: &Maker) -> bool {
        false
    }

    fn give(&mut self, _: &mut Maker) -> bool {
        false
    }
}
