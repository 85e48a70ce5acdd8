//! The way of the sound from the thread that plays to the one that records.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rtrb::{Consumer, Producer, RingBuffer};

/// Gaps that may wait to be read. A further one begins only when an earlier one was read.
const GAPS: usize = 64;

/// Frames that found no room: `frames` of them are missing behind the first `after` frames that did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    after: u64,
    frames: u64,
}

/// The player's end of a recording. When it is dropped, the recording is over.
pub(crate) struct Tape {
    ring: Producer<f32>,
    gaps: Producer<Gap>,
    /// Frames that found room.
    taken: u64,
    /// Frames missing since the last that found room.
    missing: u64,
    /// Samples that have to be free before a gap ends, half of all: few long gaps are better than many short ones.
    resume: usize,
    /// All frames that found no room.
    lost: Arc<AtomicU64>,
}

/// The recorder's end.
pub(crate) struct TapeReader {
    ring: Consumer<f32>,
    gaps: Consumer<Gap>,
    read: u64,
}

/// What comes next on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// So many frames of sound were put into the buffer.
    Sound(usize),
    /// So many frames are missing here.
    Gap(u64),
    /// Nothing yet.
    Nothing,
}

impl Tape {
    /// A tape of `frames` stereo frames between the two threads, and its reading end. Frames that find no room are
    /// counted in `lost`.
    pub fn new(frames: usize, lost: Arc<AtomicU64>) -> (Self, TapeReader) {
        let (mut ring, mut reader) = RingBuffer::new(2 * frames);
        // Touched here, so that no page of it is the audio thread's to fetch.
        let mut piece = [0.0; 1_024];
        while !ring.push_partial_slice(&piece).0.is_empty() {}
        while !reader.pop_partial_slice(&mut piece).0.is_empty() {}
        let (gaps, gaps_reader) = RingBuffer::new(GAPS);
        let tape = Self { ring, gaps, taken: 0, missing: 0, resume: frames, lost };
        (tape, TapeReader { ring: reader, gaps: gaps_reader, read: 0 })
    }

    /// Takes interleaved stereo without waiting; what finds no room is counted as lost, and where it is missing is told to
    /// the reader.
    pub fn offer(&mut self, block: &[f32]) {
        let free = self.ring.slots();
        if self.missing > 0 && !(free >= self.resume.max(block.len()) && self.end_gap()) {
            self.lose(block.len());
            return;
        }
        let whole = free.min(block.len()) & !1;
        let pushed = self.ring.push_partial_slice(block.get(..whole).unwrap_or_default()).0.len();
        self.taken += pushed as u64 / 2;
        if pushed < block.len() {
            self.lose(block.len() - pushed);
        }
    }

    fn lose(&mut self, samples: usize) {
        self.missing += samples as u64 / 2;
        self.lost.fetch_add(samples as u64 / 2, Relaxed);
    }

    /// Tells the reader of the gap, before anything behind it can be read; false when there is no room for that.
    fn end_gap(&mut self) -> bool {
        let told = self.gaps.push(Gap { after: self.taken, frames: self.missing }).is_ok();
        if told {
            self.missing = 0;
        }
        told
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        if self.missing > 0 {
            // When not even that finds room, the end of the recording is what is missing.
            self.end_gap();
        }
    }
}

impl TapeReader {
    /// Whether the player's end is gone. Asked before reading, all that came is surely seen.
    pub fn is_over(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// Frames that wait.
    pub fn waiting(&self) -> u64 {
        self.ring.slots() as u64 / 2
    }

    /// Takes what comes next, at most `buffer` of it.
    pub fn next(&mut self, buffer: &mut [f32]) -> Next {
        // Asked first: a gap is told before the sound behind it, so what is counted here has its gaps in sight.
        let waiting = self.ring.slots();
        let before_gap = match self.gaps.peek() {
            Ok(gap) if gap.after == self.read => {
                let frames = gap.frames;
                let _read = self.gaps.pop();
                return Next::Gap(frames);
            }
            Ok(gap) => usize::try_from(gap.after - self.read).map_or(usize::MAX, |frames| frames.saturating_mul(2)),
            Err(_) => usize::MAX,
        };
        let samples = waiting.min(before_gap).min(buffer.len()) & !1;
        let samples = self.ring.pop_partial_slice(buffer.get_mut(..samples).unwrap_or_default()).0.len();
        self.read += samples as u64 / 2;
        if samples == 0 { Next::Nothing } else { Next::Sound(samples / 2) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// All that can be read, with a frame of -1 for each that is missing.
    fn read(reader: &mut TapeReader) -> Vec<f32> {
        let (mut heard, mut buffer) = (Vec::new(), [0.0; 6]);
        loop {
            match reader.next(&mut buffer) {
                Next::Sound(frames) => heard.extend(buffer[..2 * frames].iter().step_by(2)),
                Next::Gap(frames) => heard.extend((0..frames).map(|_| -1.0)),
                Next::Nothing => return heard,
            }
        }
    }

    fn frames(range: std::ops::Range<u32>) -> Vec<f32> {
        range.flat_map(|n| [n as f32; 2]).collect()
    }

    #[test]
    fn a_full_tape_counts_what_it_misses_in_whole_frames_and_says_where() {
        let lost = Arc::new(AtomicU64::new(0));
        let (mut tape, mut reader) = Tape::new(8, lost.clone());
        tape.offer(&frames(0..6));
        tape.offer(&frames(6..9));
        tape.offer(&frames(9..12));
        assert_eq!(lost.load(Relaxed), 4);
        assert_eq!(read(&mut reader), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        tape.offer(&frames(12..14));
        assert_eq!(read(&mut reader), [-1.0, -1.0, -1.0, -1.0, 12.0, 13.0]);
        assert_eq!(lost.load(Relaxed), 4);
    }

    #[test]
    fn a_gap_ends_when_half_the_tape_is_free_and_time_is_kept() {
        let (mut tape, mut reader) = Tape::new(8, Arc::default());
        tape.offer(&frames(0..10));
        let mut buffer = [0.0; 6];
        assert_eq!(reader.next(&mut buffer), Next::Sound(3));
        tape.offer(&frames(10..12));
        assert_eq!(reader.next(&mut buffer[..2]), Next::Sound(1));
        tape.offer(&frames(12..14));
        let heard = read(&mut reader);
        assert_eq!(heard, [4.0, 5.0, 6.0, 7.0, -1.0, -1.0, -1.0, -1.0, 12.0, 13.0]);
    }

    #[test]
    fn a_gap_at_the_end_is_told_too() {
        let (mut tape, mut reader) = Tape::new(4, Arc::default());
        tape.offer(&frames(0..6));
        assert!(!reader.is_over());
        drop(tape);
        assert!(reader.is_over());
        assert_eq!(read(&mut reader), [0.0, 1.0, 2.0, 3.0, -1.0, -1.0]);
    }

    /// Whatever the two threads do when, every frame is heard or missing at its place.
    #[test]
    fn between_two_threads_nothing_moves() {
        let lost = Arc::new(AtomicU64::new(0));
        let (mut tape, mut reader) = Tape::new(64, lost.clone());
        let player = std::thread::spawn(move || {
            for n in 0..20_000 {
                tape.offer(&frames(10 * n..10 * (n + 1)));
                if n % 7 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut heard = Vec::new();
        loop {
            let over = reader.is_over();
            heard.extend(read(&mut reader));
            if over {
                break;
            }
        }
        player.join().unwrap();
        let missing = heard.iter().filter(|x| **x == -1.0).count() as u64;
        assert_eq!((heard.len(), missing), (200_000, lost.load(Relaxed)));
        assert!(heard.iter().enumerate().all(|(n, x)| *x == -1.0 || *x == n as f32));
    }
}
