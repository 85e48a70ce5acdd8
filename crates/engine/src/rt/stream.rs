//! What the audio thread sees of a streamed track: pages to read, and a seat from which to say what is wanted.
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use super::pages::{PAGE, Pages};
use super::snapshot::Snapshot;
use crate::types::cast::index;
use crate::types::loop_region::LoopRegion;
use crate::types::onset::Onset;

/// Stems that can hold one streamed track at the same time.
pub(crate) const SEATS: usize = 64;
/// Words of a wish.
const WORDS: usize = 8;

/// Where a playhead is and what it is going to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Wish {
    /// Frames of output since it sits there.
    pub clock: u64,
    /// Frames of the track.
    pub position: i64,
    /// Frames of the track per frame of output.
    pub speed: f64,
    pub playing: bool,
    pub region: Option<LoopRegion>,
    pub cue: i64,
    /// Frames that are read before and behind the position.
    pub reach: i64,
}

impl Wish {
    fn words(&self) -> [u64; WORDS] {
        let region = self.region.unwrap_or(LoopRegion { start: 0, end: 0 });
        let flags = u64::from(self.playing) | u64::from(self.region.is_some()) << 1;
        let speed = self.speed.to_bits();
        let (position, cue, reach) = (self.position as u64, self.cue as u64, self.reach as u64);
        [self.clock, position, speed, flags, region.start, region.end, cue, reach]
    }

    fn from_words(words: [u64; WORDS]) -> Self {
        let [clock, position, speed, flags, start, end, cue, reach] = words;
        let region = (flags & 2 != 0).then_some(LoopRegion { start, end });
        let (position, cue, reach) = (position as i64, cue as i64, reach as i64);
        Self { clock, position, speed: f64::from_bits(speed), playing: flags & 1 != 0, region, cue, reach }
    }
}

const FREE: u8 = 0;
const TAKEN: u8 = 1;
/// Taken, and its wish is known.
const SPEAKS: u8 = 2;

struct Seat {
    state: AtomicU8,
    wish: Snapshot,
}

/// One streamed track, between the feeder and the playheads.
pub(crate) struct Stream {
    pub pages: Pages,
    /// Frames in all.
    pub frames: u64,
    seats: Box<[Seat]>,
    /// How often the sound had to fade out because frames were missing.
    pub underruns: AtomicU64,
    /// Frames of output for which a playhead had no music.
    pub missed: AtomicU64,
    /// Nobody has the track any more.
    pub closed: AtomicBool,
    /// The file cannot be read just now.
    pub failing: AtomicBool,
}

impl Stream {
    pub fn new(frames: u64, slots: usize) -> Self {
        let seat = || Seat { state: AtomicU8::new(FREE), wish: Snapshot::new(WORDS) };
        Self {
            pages: Pages::new(slots),
            frames,
            seats: (0..SEATS).map(|_| seat()).collect(),
            underruns: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }
    }

    pub fn bytes(&self) -> usize {
        self.pages.bytes()
    }

    /// Takes a seat; none when all are taken, and then nothing is brought for this playhead.
    pub fn sit(&self) -> Option<usize> {
        self.seats.iter().position(|seat| seat.state.compare_exchange(FREE, TAKEN, Acquire, Relaxed).is_ok())
    }

    pub fn leave(&self, seat: usize) {
        self.seats[seat].state.store(FREE, Release);
    }

    /// Says what is wanted from a seat.
    pub fn wish(&self, seat: usize, wish: &Wish) {
        self.seats[seat].wish.publish(wish.words());
        self.seats[seat].state.store(SPEAKS, Release);
    }

    /// What is wanted from a seat; none when it is free. When a wish is just being said, `before` it is.
    pub fn wish_of(&self, seat: usize, before: Option<Wish>) -> Option<Wish> {
        let seat = &self.seats[seat];
        if seat.state.load(Acquire) != SPEAKS {
            return None;
        }
        let mut words = [0; WORDS];
        if seat.wish.try_read(&mut words) { Some(Wish::from_words(words)) } else { before }
    }

    /// Whether frames `from..until` are all there; outside the track there is nothing to be missed.
    pub fn holds(&self, from: i64, until: i64) -> bool {
        let from = u64::try_from(from).unwrap_or(0);
        let until = u64::try_from(until).unwrap_or(0).min(self.frames);
        from >= until || (from / PAGE as u64..=(until - 1) / PAGE as u64).all(|page| self.pages.has(page))
    }

    /// Copies frames from `first` on, all inside the track. What is not there is silent, and counted.
    pub fn copy(&self, first: u64, left: &mut [f32], right: &mut [f32]) {
        let mut done = 0;
        while done < left.len() {
            let at = first + done as u64;
            let (page, from) = (at / PAGE as u64, index(at % PAGE as u64));
            let end = left.len().min(done + PAGE - from);
            let (left, right) = (&mut left[done..end], &mut right[done..end]);
            if !self.pages.read(page, from, left, right) {
                left.fill(0.0);
                right.fill(0.0);
                self.underruns.fetch_add(1, Relaxed);
            }
            done = end;
        }
    }

    /// The first known onset in frames `from..until`.
    pub fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        let first = u64::try_from(from).unwrap_or(0);
        let last = u64::try_from(until).unwrap_or(0).min(self.frames);
        if first >= last {
            return None;
        }
        (first / PAGE as u64..=(last - 1) / PAGE as u64).find_map(|page| self.pages.onset(page, from, until))
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("frames", &self.frames).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_arrives_as_it_was_said_and_a_free_seat_wants_nothing() {
        let region = Some(LoopRegion { start: 5, end: 90 });
        let wish = Wish { clock: 1, position: -2, speed: 1.5, playing: true, region, cue: 7, reach: 9 };
        let wishes = [wish, Wish { region: None, ..wish }];
        let stream = Stream::new(10, 1);
        for wish in wishes {
            let seat = stream.sit().unwrap();
            assert_eq!(stream.wish_of(seat, None), None);
            stream.wish(seat, &wish);
            assert_eq!(stream.wish_of(seat, None), Some(wish));
            stream.leave(seat);
            assert_eq!(stream.wish_of(seat, Some(wish)), None);
        }
        let seats: Vec<_> = std::iter::from_fn(|| stream.sit()).collect();
        assert_eq!(seats.len(), SEATS);
    }
}
