//! The ring that carries the played sound from the audio thread to another thread, such as the recorder's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rtrb::{Consumer, Producer, RingBuffer};

/// The number of gaps for which the ring has room. A further gap ends only after an earlier one was read.
const GAPS: usize = 64;

/// A span of lost frames. `frames` frames are missing after the first `after` frames that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    after: u64,
    frames: u64,
}

/// The writing end, on the audio thread. When it is dropped, the sound ends for the reader.
pub(crate) struct OutputRing {
    ring: Producer<f32>,
    gaps: Producer<Gap>,
    /// The number of frames that were written.
    written: u64,
    /// The number of frames that were lost since the last one that was written.
    missing: u64,
    /// A gap ends when there is room for this many samples, half of the ring. So there are few long gaps and not many short
    /// ones.
    resume: usize,
    /// The number of all frames that were lost.
    lost: Arc<AtomicU64>,
}

/// The reading end, on the other thread.
pub(crate) struct OutputRingReader {
    ring: Consumer<f32>,
    gaps: Consumer<Gap>,
    read: u64,
}

/// The result of one read of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingRead {
    /// This number of frames was copied into the buffer.
    Sound(usize),
    /// This number of frames is missing at this point.
    Gap(u64),
    /// The ring is empty.
    Empty,
}

impl OutputRing {
    /// A ring of `frames` stereo frames, and its reading end. Frames that do not fit are counted in `lost`.
    pub fn new(frames: usize, lost: Arc<AtomicU64>) -> (Self, OutputRingReader) {
        let (mut ring, mut reader) = RingBuffer::new(2 * frames);
        // Every memory page of the ring is written here, so that the audio thread causes no page fault.
        let mut piece = [0.0; 1_024];
        while !ring.push_partial_slice(&piece).0.is_empty() {}
        while !reader.pop_partial_slice(&mut piece).0.is_empty() {}
        let (gaps, gaps_reader) = RingBuffer::new(GAPS);
        let ring = Self { ring, gaps, written: 0, missing: 0, resume: frames, lost };
        (ring, OutputRingReader { ring: reader, gaps: gaps_reader, read: 0 })
    }

    /// Writes interleaved stereo without waiting. Frames that do not fit are counted as lost, and the reader gets a gap
    /// of their length in their place.
    pub fn push(&mut self, block: &[f32]) {
        let free = self.ring.slots();
        if self.missing > 0 && !(free >= self.resume.max(block.len()) && self.end_gap()) {
            self.count_lost(block.len());
            return;
        }
        let whole = free.min(block.len()) & !1;
        let pushed = self.ring.push_partial_slice(block.get(..whole).unwrap_or_default()).0.len();
        self.written += pushed as u64 / 2;
        if pushed < block.len() {
            self.count_lost(block.len() - pushed);
        }
    }

    fn count_lost(&mut self, samples: usize) {
        self.missing += samples as u64 / 2;
        self.lost.fetch_add(samples as u64 / 2, Relaxed);
    }

    /// Writes the gap. This must be done before any later sound is written. Returns false when there is no room for another
    /// gap.
    fn end_gap(&mut self) -> bool {
        let ended = self.gaps.push(Gap { after: self.written, frames: self.missing }).is_ok();
        if ended {
            self.missing = 0;
        }
        ended
    }
}

impl Drop for OutputRing {
    fn drop(&mut self) {
        if self.missing > 0 {
            // If there is no room for the gap, the frames at the end of the sound are missing without a gap.
            self.end_gap();
        }
    }
}

impl OutputRingReader {
    /// Whether the writing end was dropped. If this was true before a read, the read gets everything that was written.
    pub fn is_closed(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// The number of frames that can be read.
    pub fn frames_waiting(&self) -> u64 {
        self.ring.slots() as u64 / 2
    }

    /// Reads the next sound, at most a full `buffer`, or the next gap.
    pub fn read(&mut self, buffer: &mut [f32]) -> RingRead {
        // The samples are counted before the gaps are read. A gap is written before the sound that follows it, so all gaps
        // before these samples are visible below.
        let waiting = self.ring.slots();
        let before_gap = match self.gaps.peek() {
            Ok(gap) if gap.after == self.read => {
                let frames = gap.frames;
                let _read = self.gaps.pop();
                return RingRead::Gap(frames);
            }
            Ok(gap) => usize::try_from(gap.after - self.read).map_or(usize::MAX, |frames| frames.saturating_mul(2)),
            Err(_) => usize::MAX,
        };
        let samples = waiting.min(before_gap).min(buffer.len()) & !1;
        let samples = self.ring.pop_partial_slice(buffer.get_mut(..samples).unwrap_or_default()).0.len();
        self.read += samples as u64 / 2;
        if samples == 0 { RingRead::Empty } else { RingRead::Sound(samples / 2) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The left channel of everything that can be read, with -1 for each missing frame.
    fn read_all(reader: &mut OutputRingReader) -> Vec<f32> {
        let (mut sound, mut buffer) = (Vec::new(), [0.0; 6]);
        loop {
            match reader.read(&mut buffer) {
                RingRead::Sound(frames) => sound.extend(buffer[..2 * frames].iter().step_by(2)),
                RingRead::Gap(frames) => sound.extend((0..frames).map(|_| -1.0)),
                RingRead::Empty => return sound,
            }
        }
    }

    fn frames(range: std::ops::Range<u32>) -> Vec<f32> {
        range.flat_map(|n| [n as f32; 2]).collect()
    }

    #[test]
    fn a_full_ring_counts_lost_frames_and_the_reader_gets_a_gap_in_their_place() {
        let lost = Arc::new(AtomicU64::new(0));
        let (mut ring, mut reader) = OutputRing::new(8, lost.clone());
        ring.push(&frames(0..6));
        ring.push(&frames(6..9));
        ring.push(&frames(9..12));
        assert_eq!(lost.load(Relaxed), 4);
        assert_eq!(read_all(&mut reader), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        ring.push(&frames(12..14));
        assert_eq!(read_all(&mut reader), [-1.0, -1.0, -1.0, -1.0, 12.0, 13.0]);
        assert_eq!(lost.load(Relaxed), 4);
    }

    #[test]
    fn a_gap_ends_when_half_the_ring_is_free_and_has_its_exact_length() {
        let (mut ring, mut reader) = OutputRing::new(8, Arc::default());
        ring.push(&frames(0..10));
        let mut buffer = [0.0; 6];
        assert_eq!(reader.read(&mut buffer), RingRead::Sound(3));
        ring.push(&frames(10..12));
        assert_eq!(reader.read(&mut buffer[..2]), RingRead::Sound(1));
        ring.push(&frames(12..14));
        let sound = read_all(&mut reader);
        assert_eq!(sound, [4.0, 5.0, 6.0, 7.0, -1.0, -1.0, -1.0, -1.0, 12.0, 13.0]);
    }

    #[test]
    fn a_gap_at_the_end_is_read_too() {
        let (mut ring, mut reader) = OutputRing::new(4, Arc::default());
        ring.push(&frames(0..6));
        assert!(!reader.is_closed());
        drop(ring);
        assert!(reader.is_closed());
        assert_eq!(read_all(&mut reader), [0.0, 1.0, 2.0, 3.0, -1.0, -1.0]);
    }

    /// With any timing of the two threads, every frame is either read or missing at its exact position.
    #[test]
    fn between_two_threads_every_frame_keeps_its_position() {
        let lost = Arc::new(AtomicU64::new(0));
        let (mut ring, mut reader) = OutputRing::new(64, lost.clone());
        let writer = std::thread::spawn(move || {
            for n in 0..20_000 {
                ring.push(&frames(10 * n..10 * (n + 1)));
                if n % 7 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut sound = Vec::new();
        loop {
            let closed = reader.is_closed();
            sound.extend(read_all(&mut reader));
            if closed {
                break;
            }
        }
        writer.join().unwrap();
        let missing = sound.iter().filter(|x| **x == -1.0).count() as u64;
        assert_eq!((sound.len(), missing), (200_000, lost.load(Relaxed)));
        assert!(sound.iter().enumerate().all(|(n, x)| *x == -1.0 || *x == n as f32));
    }
}
