//! The latest frames of a live input, which one thread writes and others read, without a lock.
//!
//! Written here for the reason given in [`snapshot`](super::snapshot): frames that are overwritten while they are read have to be
//! detected, which a queue cannot do.

use super::atomic::{AtomicU64, Ordering, fence};
use crate::types::cast::{float_of, index};

/// One pair of channels: the samples of a frame are one word, so that a reader never sees half of a frame.
type Pair = Box<[AtomicU64]>;

/// How much of a live input there is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveExtent {
    /// The number of frames that were written.
    pub written: u64,
    /// The number of frames in all; `u64::MAX` while the input has not ended.
    pub end: u64,
}

/// The latest frames of a live input, for each of its stems. One thread writes, any number of threads read without waiting.
///
/// All stems are written together: a frame is there for every stem or for none. A reader that was overtaken by the writer notices
/// it: the writer announces which frames it is about to overwrite before it does so (Boehm, "Can seqlocks get along with programming
/// language memory models?", MSPC 2012).
pub(crate) struct LiveRing {
    pairs: Box<[Pair]>,
    /// Frames up to this one are written, or are being written.
    announced: AtomicU64,
    /// Frames up to this one are complete.
    written: AtomicU64,
    /// The number of frames in all; `u64::MAX` while the input has not ended.
    end: AtomicU64,
    /// The number of frames of the latest read of the input.
    read_length: AtomicU64,
}

impl LiveRing {
    /// A ring that keeps the latest `capacity` frames, a power of two, of each stem.
    pub fn new(stems: usize, capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        let pair = || (0..capacity).map(|_| AtomicU64::new(0)).collect();
        Self {
            pairs: (0..stems).map(|_| pair()).collect(),
            announced: AtomicU64::new(0),
            written: AtomicU64::new(0),
            end: AtomicU64::new(u64::MAX),
            read_length: AtomicU64::new(0),
        }
    }

    pub fn stems(&self) -> usize {
        self.pairs.len()
    }

    /// Frames that are kept.
    pub fn capacity(&self) -> usize {
        self.pairs.first().map_or(0, |pair| pair.len())
    }

    /// The most frames that are written at once, so that readers can tell what may be overwritten next.
    pub fn most_at_once(&self) -> usize {
        self.capacity() / 4
    }

    pub fn bytes(&self) -> usize {
        self.stems() * self.capacity() * size_of::<u64>()
    }

    /// The number of frames that were written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// The number of frames in all, once the input has ended.
    pub fn end(&self) -> Option<u64> {
        Some(self.end.load(Ordering::Acquire)).filter(|end| *end != u64::MAX)
    }

    /// How much there is now. All that was written before the end counts.
    pub fn extent(&self) -> LiveExtent {
        let end = self.end.load(Ordering::Acquire);
        LiveExtent { written: self.written(), end }
    }

    /// The number of frames of the latest read of the input.
    pub fn read_length(&self) -> u64 {
        self.read_length.load(Ordering::Relaxed)
    }

    pub fn set_read_length(&self, frames: usize) {
        self.read_length.store(frames as u64, Ordering::Relaxed);
    }

    /// Writes the next frames: as many of each stem, and at most [`most_at_once`](Self::most_at_once). For the writing thread only.
    pub fn write<'a>(&self, frames: usize, stems: impl Iterator<Item = &'a [[f32; 2]]>) {
        let first = self.written.load(Ordering::Relaxed);
        let until = first + frames as u64;
        self.announced.store(until, Ordering::Relaxed);
        fence(Ordering::Release);
        for (pair, sound) in self.pairs.iter().zip(stems) {
            let mask = pair.len() as u64 - 1;
            for (at, [left, right]) in (first..until).zip(sound) {
                let word = u64::from(left.to_bits()) | u64::from(right.to_bits()) << 32;
                pair[index(at & mask)].store(word, Ordering::Relaxed);
            }
        }
        self.written.store(until, Ordering::Release);
    }

    /// Ends the input after the frames that were written. For the writing thread only.
    pub fn finish(&self) {
        self.end.store(self.written.load(Ordering::Relaxed), Ordering::Release);
    }

    /// Copies frames of a stem, from `first` on, that were written; false when some of them were overwritten.
    pub fn read(&self, stem: usize, first: u64, left: &mut [f32], right: &mut [f32]) -> bool {
        let Some(pair) = self.pairs.get(stem) else { return false };
        let mask = pair.len() as u64 - 1;
        for ((at, left), right) in (first..).zip(left).zip(right) {
            let word = pair[index(at & mask)].load(Ordering::Relaxed);
            (*left, *right) = (float_of(word), float_of(word >> 32));
        }
        fence(Ordering::Acquire);
        self.announced.load(Ordering::Relaxed) <= first + pair.len() as u64
    }
}

impl std::fmt::Debug for LiveRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveRing")
            .field("stems", &self.stems())
            .field("written", &self.written())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn frames(from: u64, count: u64) -> Vec<[f32; 2]> {
        (from..from + count).map(|n| [n as f32, -(n as f32)]).collect()
    }

    #[test]
    fn every_stem_has_the_latest_frames_and_older_ones_are_noticed() {
        let ring = LiveRing::new(2, 8);
        let (mut left, mut right) = ([0.0; 4], [0.0; 4]);
        for block in 0..5 {
            let first = frames(4 * block, 4);
            let second = frames(100 + 4 * block, 4);
            ring.write(4, [&first[..], &second[..]].into_iter());
        }
        assert_eq!((ring.written(), ring.end(), ring.capacity(), ring.stems()), (20, None, 8, 2));
        assert!(ring.read(1, 13, &mut left, &mut right));
        assert_eq!((left, right), ([113.0, 114.0, 115.0, 116.0], [-113.0, -114.0, -115.0, -116.0]));
        assert!(ring.read(0, 12, &mut left, &mut right) && left[0] == 12.0);
        assert!(!ring.read(0, 11, &mut left, &mut right), "frame 11 was overwritten by frame 19");
        assert_eq!(ring.extent(), LiveExtent { written: 20, end: u64::MAX });
        ring.finish();
        assert_eq!((ring.end(), ring.extent()), (Some(20), LiveExtent { written: 20, end: 20 }));
    }

    /// A test for Miri and the thread sanitizer; the loom test below covers every order of events.
    #[test]
    fn a_reader_beside_the_writer_notices_what_was_overwritten() {
        let ring = LiveRing::new(1, 64);
        let total = if cfg!(miri) { 200 } else { 50_000 };
        std::thread::scope(|scope| {
            scope.spawn(|| (0..total).for_each(|n| ring.write(1, std::iter::once(&frames(n, 1)[..]))));
            let (mut left, mut right) = ([0.0; 16], [0.0; 16]);
            while ring.written() < total {
                let first = ring.written().saturating_sub(40);
                if first + 16 <= ring.written() && ring.read(0, first, &mut left, &mut right) {
                    assert!(left.iter().zip(first..).all(|(left, n)| *left == n as f32), "{left:?} from {first}");
                }
            }
        });
    }
}

#[cfg(all(test, loom))]
mod proof {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn a_reader_never_gets_frames_that_were_overwritten() {
        loom::model(|| {
            let ring = Arc::new(LiveRing::new(1, 2));
            ring.write(2, std::iter::once(&[[1.0; 2], [2.0; 2]][..]));
            let writer = {
                let ring = ring.clone();
                loom::thread::spawn(move || ring.write(1, std::iter::once(&[[3.0; 2]][..])))
            };
            let (mut left, mut right) = ([0.0; 2], [0.0; 2]);
            if ring.read(0, 0, &mut left, &mut right) {
                assert_eq!((left, right), ([1.0, 2.0], [1.0, 2.0]));
            }
            let written = ring.written();
            if written == 3 && ring.read(0, 1, &mut left, &mut right) {
                assert_eq!(left, [2.0, 3.0]);
            }
            assert!(writer.join().is_ok());
        });
    }
}
