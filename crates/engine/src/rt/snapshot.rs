//! A consistent set of numbers from one writer to any number of readers, without a lock.
//!
//! No other crate is used. `triple_buffer` allows only one reader. Crates with sequence locks for values of any type copy
//! them without atomics, which Miri and loom reject.

use super::atomic::{AtomicU64, Ordering, fence};

/// A sequence lock for words. The writer never waits. A reader tries again when a write took place while it read.
///
/// After Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012). The words are relaxed
/// atomics, so a read during a write is not undefined behaviour, and is repeated.
pub(crate) struct Snapshot {
    sequence: AtomicU64,
    words: Box<[AtomicU64]>,
}

impl Snapshot {
    /// A snapshot of `words` words, all zero.
    pub fn new(words: usize) -> Self {
        Self { sequence: AtomicU64::new(0), words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Publishes `values`. There must be only one writer at a time. Surplus values are ignored.
    pub fn publish(&self, values: impl IntoIterator<Item = u64>) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, value) in self.words.iter().zip(values) {
            word.store(value, Ordering::Relaxed);
        }
        self.sequence.store(sequence.wrapping_add(2), Ordering::Release);
    }

    /// Copies the latest complete set into `into`. Returns false when a write took place at the same time.
    pub fn try_read(&self, into: &mut [u64]) -> bool {
        let before = self.sequence.load(Ordering::Acquire);
        if before & 1 == 1 {
            return false;
        }
        for (value, word) in into.iter_mut().zip(&self.words) {
            *value = word.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        self.sequence.load(Ordering::Relaxed) == before
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Copies the latest complete set into `into`. It spins while a write takes place, so it is not for the audio
    /// thread.
    pub fn read(&self, into: &mut [u64]) {
        while !self.try_read(into) {
            #[cfg(loom)]
            loom::thread::yield_now();
            #[cfg(not(loom))]
            std::thread::yield_now();
        }
    }
}

#[cfg(all(test, loom))]
mod proof {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn a_reader_never_gets_half_a_write() {
        loom::model(|| {
            let snapshot = Arc::new(Snapshot::new(2));
            let writer = {
                let snapshot = snapshot.clone();
                loom::thread::spawn(move || {
                    snapshot.publish([1, 1]);
                    snapshot.publish([2, 2]);
                })
            };
            let mut values = [0; 2];
            if snapshot.try_read(&mut values) {
                assert_eq!(values[0], values[1]);
            }
            assert!(writer.join().is_ok());
            assert!(snapshot.try_read(&mut values));
            assert_eq!(values, [2, 2]);
        });
    }
}
