//! Divides a range of AAC frames into pieces.

use std::ops::Range;

use crowd_engine::Frames;
use crowd_streaming::aac::AacFrame;

/// An encoder that begins in the middle of a sound has adapted to it after this number of AAC frames.
pub const PRE_ROLL: u64 = 8;
/// An AAC frame depends on the sound until the end of the second frame after it: one for the overlap of the windows, one for their choice.
pub const LOOKAHEAD: u64 = 2;
/// The number of AAC frames in which the change to the next piece is searched: 0.7 s at 48 kHz.
pub const SEARCH: u64 = 32;
/// The audio frames after the end of an AAC frame that may be needed to make it: at most two changes, of pieces or of timelines, are searched.
pub const NEEDED_AFTER: u64 = (2 * SEARCH + LOOKAHEAD + 1) * AacFrame::LENGTH;
/// The number of AAC frames in a piece: 30 s at 48 kHz. The last piece of a range is up to twice as long.
pub const PIECE: u64 = 1_406;

/// A range of AAC frames, divided into pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    frames: Range<u64>,
}

impl Pieces {
    /// The pieces of a range.
    pub fn of_range(frames: Range<u64>) -> Self {
        Self { frames }
    }

    /// The pieces of an item of this length in which nothing else can be heard. AAC frame 0 has the first audio frame of the item, which is
    /// at `phase` in it. Neighbours overlap the item by at most `overlap`. The pieces depend on nothing else, so they are the same each time
    /// the item plays. `None` when the item is too short.
    pub fn of_item(length: Frames, phase: u64, overlap: Frames) -> Option<Self> {
        let alone_from = (phase + overlap.0).div_ceil(AacFrame::LENGTH);
        let alone_until = (phase + length.0).checked_sub(overlap.0)? / AacFrame::LENGTH;
        let first = alone_from + PRE_ROLL;
        // The piece after the last one of these begins there. The encoder of the last one still has only this item until it has ended.
        let end = alone_until.checked_sub(SEARCH + LOOKAHEAD)?;
        (first + SEARCH < end).then_some(Self { frames: first..end })
    }

    /// The AAC frames of all pieces.
    pub fn frames(&self) -> Range<u64> {
        self.frames.clone()
    }

    /// The number of pieces, at least 1.
    pub fn count(&self) -> u64 {
        ((self.frames.end - self.frames.start) / PIECE).max(1)
    }

    /// The AAC frames of a piece.
    pub fn piece(&self, index: u64) -> Range<u64> {
        let start = self.frames.start + index * PIECE;
        start..if index + 1 >= self.count() { self.frames.end } else { start + PIECE }
    }

    /// The piece with an AAC frame, or the one that is nearest to it.
    pub fn piece_at(&self, frame: u64) -> Range<u64> {
        self.piece((frame.saturating_sub(self.frames.start) / PIECE).min(self.count() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_and_stay_inside_the_item() {
        for length in [100_000, 1_000_000, 3_000_000, 12_345_678] {
            for (phase, overlap) in [(0, 0), (1_023, 0), (0, 192_000), (500, 192_000)] {
                let Some(pieces) = Pieces::of_item(Frames(length), phase, Frames(overlap)) else {
                    assert!(length < 2 * overlap + 150_000);
                    continue;
                };
                let mut at = pieces.frames().start;
                assert!((at - PRE_ROLL) * 1_024 >= phase + overlap);
                for index in 0..pieces.count() {
                    let piece = pieces.piece(index);
                    assert_eq!(piece.start, at);
                    assert_eq!(
                        [piece.start, piece.end - 1].map(|frame| pieces.piece_at(frame)),
                        [&piece; 2].map(Clone::clone)
                    );
                    at = piece.end;
                }
                assert_eq!(at, pieces.frames().end);
                assert!((at + SEARCH + LOOKAHEAD) * 1_024 <= phase + length - overlap);
            }
        }
    }

    #[test]
    fn an_item_that_is_too_short_has_none() {
        assert_eq!(Pieces::of_item(Frames(70_000), 0, Frames(0)), None);
        assert_eq!(Pieces::of_item(Frames(0), 0, Frames(1)), None);
        assert!(Pieces::of_item(Frames(80_000), 0, Frames(0)).is_some());
    }
}
