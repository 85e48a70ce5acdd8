//! The way of the sound from the thread that plays to the one that records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use ringbuf::traits::{Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// The player's end of a recording. When it is dropped, the recording is over.
pub(crate) struct Tape {
    ring: HeapProd<f32>,
    gone: Arc<AtomicBool>,
    /// Counts frames that were not taken.
    lost: Arc<AtomicU64>,
}

impl Tape {
    /// A tape of `frames` stereo frames between the two threads, and its reading end. Once nobody reads any more
    /// (`gone`), what is given to it is not missed.
    pub fn new(frames: usize, gone: Arc<AtomicBool>, lost: Arc<AtomicU64>) -> (Self, HeapCons<f32>) {
        let (ring, reader) = HeapRb::new(2 * frames).split();
        (Self { ring, gone, lost }, reader)
    }

    pub fn is_gone(&self) -> bool {
        self.gone.load(Relaxed)
    }

    /// Takes as much interleaved stereo as there is room for, without waiting; returns how many samples.
    pub fn push(&mut self, block: &[f32]) -> usize {
        let whole = self.ring.vacant_len().min(block.len()) & !1;
        self.ring.push_slice(block.get(..whole).unwrap_or_default())
    }

    /// As [`Tape::push`]; what finds no room is counted as lost.
    pub fn offer(&mut self, block: &[f32]) {
        let missed = block.len() - self.push(block);
        if missed > 0 && !self.is_gone() {
            self.lost.fetch_add(missed as u64 / 2, Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use ringbuf::traits::Consumer;

    #[test]
    fn a_full_tape_counts_what_it_misses_in_whole_frames_and_waits_for_nobody() {
        let lost = Arc::new(AtomicU64::new(0));
        let (mut tape, mut reader) = Tape::new(4, Arc::default(), lost.clone());
        tape.offer(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        tape.offer(&[7.0, 8.0, 9.0, 10.0]);
        assert_eq!(lost.load(Relaxed), 1);
        let mut heard = [0.0; 10];
        assert_eq!(reader.pop_slice(&mut heard), 8);
        assert_eq!(heard[..8], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    }
}
