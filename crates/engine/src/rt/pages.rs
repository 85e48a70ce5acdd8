//! Pages of a streamed track that one thread writes and others read, without a lock.
//!
//! No other crate is used, for the reason given in [`snapshot`](super::snapshot). Each page is a sequence lock, too. Its
//! sequence number is the number of the page.

use std::sync::OnceLock;

use super::atomic::{AtomicU64, Ordering, fence};
use crate::types::cast::{float_of, index};
use crate::types::onset::Onset;

/// Frames of a page.
#[cfg(not(loom))]
pub(crate) const PAGE: usize = 4_096;
#[cfg(loom)]
pub(crate) const PAGE: usize = 2;
/// The number of onsets that are kept of a page. It is enough, because the onset finder reports no two onsets that are closer
/// together than 768 frames.
const ONSETS: usize = 8;

/// The samples of frames. Left and right are in one word, so that a reader never gets half of a frame.
type Words = Box<[AtomicU64]>;

/// Called by the writing thread only.
fn new_words() -> Words {
    (0..PAGE).map(|_| AtomicU64::new(0)).collect()
}

/// The frames and onsets in a slot.
struct Page {
    /// The frames. They are allocated when the slot is written for the first time, because a track that has not been played
    /// needs few slots.
    frames: OnceLock<Words>,
    /// The onsets: for each, its frame in the page and its strength.
    onsets: [AtomicU64; ONSETS],
    onset_count: AtomicU64,
}

/// A fixed number of pages. One thread writes, any number of threads read without waiting.
///
/// Each slot has a sequence lock whose tag is the number of the page in it. The content of a page never changes. So if a
/// reader finds the same tag before and after it has read the frames, they are those of that page. After Boehm, "Can
/// seqlocks get along with programming language memory models?" (MSPC 2012).
pub(crate) struct Pages {
    /// For each slot, the number of its page plus 1. 0 while the slot is empty or being written.
    tags: Box<[AtomicU64]>,
    slots: Box<[Page]>,
}

impl Pages {
    pub fn new(slots: usize) -> Self {
        let word = || AtomicU64::new(0);
        let page = || Page { frames: OnceLock::new(), onsets: std::array::from_fn(|_| word()), onset_count: word() };
        Self { tags: (0..slots).map(|_| word()).collect(), slots: (0..slots).map(|_| page()).collect() }
    }

    /// The number of bytes of all allocated frames.
    pub fn bytes(&self) -> usize {
        let held = self.slots.iter().filter(|page| page.frames.get().is_some()).count();
        held * PAGE * size_of::<[f32; 2]>()
    }

    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The slots in which page `number` may be, in the order in which they are searched. The writer uses the first free one.
    pub fn probe(&self, number: u64) -> impl Iterator<Item = usize> {
        let first = index(number % self.slots.len() as u64);
        (first..self.slots.len()).chain(0..first)
    }

    fn find(&self, number: u64) -> Option<(&AtomicU64, &Page)> {
        let slot = self.probe(number).find(|slot| self.tags[*slot].load(Ordering::Acquire) == number + 1)?;
        Some((&self.tags[slot], &self.slots[slot]))
    }

    /// The page in a slot.
    pub fn at(&self, slot: usize) -> Option<u64> {
        self.tags[slot].load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether a page is loaded.
    pub fn has(&self, number: u64) -> bool {
        self.find(number).is_some()
    }

    /// Copies frames of page `number` from `first` on. Returns false when the page is not loaded, or when it was replaced
    /// meanwhile.
    pub fn read(&self, number: u64, first: usize, left: &mut [f32], right: &mut [f32]) -> bool {
        let Some((tag, page)) = self.find(number) else { return false };
        let Some(frames) = page.frames.get().and_then(|frames| frames.get(first..)) else { return false };
        for ((word, left), right) in frames.iter().zip(left).zip(right) {
            let word = word.load(Ordering::Relaxed);
            (*left, *right) = (float_of(word), float_of(word >> 32));
        }
        fence(Ordering::Acquire);
        tag.load(Ordering::Relaxed) == number + 1
    }

    /// The first onset of page `number` in frames `from..until` of the track.
    pub fn onset(&self, number: u64, from: i64, until: i64) -> Option<Onset> {
        let (tag, page) = self.find(number)?;
        let onset_count = index(page.onset_count.load(Ordering::Relaxed).min(ONSETS as u64));
        let onset = page.onsets[..onset_count]
            .iter()
            .map(|word| word.load(Ordering::Relaxed))
            .map(|word| Onset { frame: (number * PAGE as u64 + (word >> 32)) as i64, strength: float_of(word) });
        let onset = onset.into_iter().find(|onset| (from..until).contains(&onset.frame));
        fence(Ordering::Acquire);
        onset.filter(|_| tag.load(Ordering::Relaxed) == number + 1)
    }

    /// Writes a page with its onsets into a slot, and replaces the page there. Only the writing thread calls this.
    pub fn put(&self, slot: usize, number: u64, frames: &[[f32; 2]], onsets: &[Onset]) {
        let (tag, page) = (&self.tags[slot], &self.slots[slot]);
        let words = page.frames.get_or_init(new_words);
        tag.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, [left, right]) in words.iter().zip(frames) {
            let (left, right) = (u64::from(left.to_bits()), u64::from(right.to_bits()));
            word.store(left | right << 32, Ordering::Relaxed);
        }
        for (word, onset) in page.onsets.iter().zip(onsets) {
            let frame = onset.frame as u64 % PAGE as u64;
            word.store(frame << 32 | u64::from(onset.strength.to_bits()), Ordering::Relaxed);
        }
        page.onset_count.store(onsets.len().min(ONSETS) as u64, Ordering::Relaxed);
        tag.store(number + 1, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn page(number: u64) -> Vec<[f32; 2]> {
        (0..PAGE).map(|n| [number as f32, n as f32]).collect()
    }

    #[test]
    fn a_page_is_found_in_any_slot_until_another_page_replaces_it() {
        let pages = Pages::new(4);
        let (mut left, mut right) = ([0.0; 3], [0.0; 3]);
        pages.put(0, 9, &page(9), &[]);
        assert!(pages.read(9, 100, &mut left, &mut right));
        assert_eq!((left, right), ([9.0; 3], [100.0, 101.0, 102.0]));
        pages.put(0, 4, &page(4), &[]);
        assert!(!pages.has(9) && pages.has(4) && !pages.read(9, 0, &mut left, &mut right));
        assert_eq!((pages.at(0), pages.at(1)), (Some(4), None));
    }

    #[test]
    fn onsets_are_stored_with_their_page_and_replaced_with_it() {
        let pages = Pages::new(2);
        let at = |n| 2 * PAGE as i64 + n;
        let onset = |frame| Onset { frame, strength: 3.5 };
        pages.put(0, 2, &page(2), &[onset(at(10)), onset(at(1_000))]);
        assert_eq!(pages.onset(2, 0, at(10)), None);
        assert_eq!(pages.onset(2, 0, at(11)), Some(onset(at(10))));
        assert_eq!(pages.onset(2, at(11), i64::MAX), Some(onset(at(1_000))));
        assert_eq!(pages.onset(2, at(1_001), i64::MAX), None);
        pages.put(0, 4, &page(4), &[]);
        assert_eq!((pages.onset(2, 0, i64::MAX), pages.onset(4, 0, i64::MAX)), (None, None));
    }

    #[test]
    fn onsets_far_into_a_track_have_their_frame_on_every_machine() {
        let pages = Pages::new(2);
        let number = (1 << 33) / PAGE as u64 + 1;
        let onset = Onset { frame: (number * PAGE as u64) as i64 + 77, strength: 0.5 };
        pages.put(0, number, &page(1), &[onset]);
        assert_eq!(pages.onset(number, 0, i64::MAX), Some(onset));
    }

    /// A test for Miri and the thread sanitizer; the loom test below covers every order of events.
    #[test]
    fn a_reader_beside_the_writer_reads_whole_pages() {
        let pages = Pages::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..if cfg!(miri) { 8 } else { 2_000 }).for_each(|n| pages.put(index(n % 2), n, &page(n), &[]))
            });
            let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
            for n in 0..if cfg!(miri) { 8 } else { 20_000 } {
                let number = n % 2_000;
                if pages.read(number, 50, &mut left, &mut right) {
                    assert_eq!(left, [number as f32; 64]);
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
    fn a_reader_never_gets_half_a_page() {
        loom::model(|| {
            let pages = Arc::new(Pages::new(1));
            pages.put(0, 1, &[[1.0; 2]; PAGE], &[]);
            let writer = {
                let pages = pages.clone();
                loom::thread::spawn(move || pages.put(0, 2, &[[2.0; 2]; PAGE], &[]))
            };
            for number in [1, 2] {
                let (mut left, mut right) = ([0.0; PAGE], [0.0; PAGE]);
                if pages.read(number, 0, &mut left, &mut right) {
                    assert_eq!((left, right), ([number as f32; PAGE], [number as f32; PAGE]));
                }
            }
            assert!(writer.join().is_ok());
            assert!(pages.has(2) && !pages.has(1));
        });
    }
}
