//! The chunk grid: the frames at which a track is divided into chunks.

use std::ops::Range;

use crate::types::error::Result;
use crate::types::error_reasons::{SettingError, SettingReason};
use crate::types::units::{Frames, SampleRate};

/// The approximate length of a chunk of the [standard](ChunkGrid::standard) grid, in seconds.
const CHUNK_SECONDS: f64 = 30.0;
/// The approximate length of the first chunk of this grid, in seconds. It is short, because it has to be rendered before the first
/// byte can be sent.
const FIRST_SECONDS: f64 = 1.0;

/// The chunks of a track. Every chunk begins on a multiple of [`ChunkGrid::ALIGN`] frames. Every chunk but the last ends on one, too.
/// The last chunk may be shorter. No chunk is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkGrid {
    frames: u64,
    chunk: u64,
    /// The number of frames that are split off the first chunk and form a chunk of their own. 0 when it is not split.
    first: u64,
}

impl ChunkGrid {
    /// Chunks begin on multiples of this number of frames, which is the block length of a FLAC file.
    pub const ALIGN: Frames = Frames(4_096);

    /// A grid of chunks of `chunk` frames, for a track of `frames` frames. A track without frames has no chunks.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when `chunk` is 0 or not a multiple of [`ChunkGrid::ALIGN`].
    pub fn new(frames: Frames, chunk: Frames) -> Result<Self> {
        let chunk = aligned("chunk length", chunk)?;
        Ok(Self { frames: frames.0, chunk, first: 0 })
    }

    /// A grid of chunks of about 30 s (4,096 x 323 frames at 44.1 kHz). The first chunk is split after about 1 s.
    pub fn standard(frames: Frames, rate: SampleRate) -> Self {
        let near = |seconds: f64| {
            let blocks = seconds * f64::from(rate.get()) / Self::ALIGN.0 as f64;
            (blocks.round() as u64).max(1) * Self::ALIGN.0
        };
        Self { frames: frames.0, chunk: near(CHUNK_SECONDS), first: near(FIRST_SECONDS) }
    }

    /// The same grid with its first chunk split after `first` frames, so that the start is rendered sooner.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when `first` is not a multiple of [`ChunkGrid::ALIGN`], 0, or not shorter than a chunk.
    pub fn split_first(self, first: Frames) -> Result<Self> {
        let what = "first chunk's length";
        let first = aligned(what, first)?;
        if first >= self.chunk {
            let reason = SettingReason::NotBelow { frames: Frames(first), limit: Frames(self.chunk) };
            return Err(SettingError::new(what, reason).into());
        }
        Ok(Self { first, ..self })
    }

    /// The number of frames of the track.
    pub const fn frames(&self) -> Frames {
        Frames(self.frames)
    }

    /// The number of chunks.
    pub fn chunks(&self) -> usize {
        self.frames.checked_sub(1).and_then(|last| self.index_at(Frames(last))).map_or(0, |last| last + 1)
    }

    /// The index of the chunk that contains a frame. `None` from the end of the track on.
    pub fn index_at(&self, frame: Frames) -> Option<usize> {
        let split_offset = u64::from(self.first > 0 && frame.0 >= self.first);
        (frame.0 < self.frames).then(|| usize::try_from(frame.0 / self.chunk + split_offset).unwrap_or(usize::MAX))
    }

    /// The frames of a chunk. `None` for a chunk that does not exist.
    pub fn span(&self, index: usize) -> Option<Range<u64>> {
        let split = self.first > 0;
        let (start, end) = match (split, index) {
            (true, 0) => (0, self.first),
            (true, 1) => (self.first, self.chunk),
            _ => {
                let start = (index as u64 - u64::from(split)).checked_mul(self.chunk)?;
                (start, start.saturating_add(self.chunk))
            }
        };
        (start < self.frames).then(|| start..end.min(self.frames))
    }
}

fn aligned(what: &'static str, frames: Frames) -> Result<u64> {
    if frames.0 > 0 && frames.0.is_multiple_of(ChunkGrid::ALIGN.0) {
        return Ok(frames.0);
    }
    Err(SettingError::new(what, SettingReason::NotMultiple { frames, of: ChunkGrid::ALIGN }).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_a_minute_at_44_1_khz_is_323_blocks_and_the_first_second_is_11() {
        let grid = ChunkGrid::standard(Frames(44_100 * 100), SampleRate::CD);
        assert_eq!(grid.span(0), Some(0..11 * 4_096));
        assert_eq!(grid.span(1), Some(11 * 4_096..323 * 4_096));
        assert_eq!(grid.span(2), Some(323 * 4_096..646 * 4_096));
    }

    #[test]
    fn an_invalid_grid_is_refused_with_its_name_its_value_and_what_is_possible() {
        let text = |grid: Result<ChunkGrid>| grid.unwrap_err().to_string();
        assert_eq!(
            text(ChunkGrid::new(Frames(9), Frames(5_000))),
            "the setting chunk length is not possible: 5000 frames: give a multiple of 4096, at least that"
        );
        assert!(text(ChunkGrid::new(Frames(9), Frames(0))).contains("0 frames"));
        let grid = ChunkGrid::new(Frames(9), Frames(8_192)).unwrap();
        assert!(text(grid.split_first(Frames(8_192))).contains("give less than 8192 frames"));
    }

    #[test]
    fn a_track_without_frames_has_no_chunks() {
        let grid = ChunkGrid::standard(Frames(0), SampleRate::CD);
        assert_eq!((grid.chunks(), grid.span(0), grid.index_at(Frames(0))), (0, None, None));
    }

    proptest! {
        #[test]
        fn chunks_follow_each_other_cover_the_track_and_are_never_empty(
            frames in 1u64..200_000, blocks in 1u64..6, first in 0u64..5,
        ) {
            let mut grid = ChunkGrid::new(Frames(frames), Frames(blocks * 4_096)).unwrap();
            if (1..blocks).contains(&first) {
                grid = grid.split_first(Frames(first * 4_096)).unwrap();
            }
            let mut at = 0;
            for index in 0..grid.chunks() {
                let span = grid.span(index).unwrap();
                prop_assert_eq!(span.start, at);
                prop_assert!(!span.is_empty());
                prop_assert!(span.start.is_multiple_of(4_096));
                prop_assert_eq!(grid.index_at(Frames(span.start)), Some(index));
                prop_assert_eq!(grid.index_at(Frames(span.end - 1)), Some(index));
                at = span.end;
            }
            prop_assert_eq!(at, frames);
            prop_assert_eq!(grid.span(grid.chunks()), None);
        }
    }
}
