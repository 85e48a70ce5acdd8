//! A streamed track as the audio thread sees it: frames to read, and entries in which playheads publish their state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use super::live_ring::{LiveExtent, LiveRing};
use super::pages::{PAGE, Pages};
use super::snapshot::Snapshot;
use crate::types::cast::index;
use crate::types::loop_region::LoopRegion;
use crate::types::onset::Onset;

/// The number of playheads that can read one streamed track at the same time.
pub(crate) const MAX_PLAYHEADS: usize = 64;
/// The number of words of a [`PlayheadState`].
const WORDS: usize = 8;

/// The position of a playhead and how it moves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PlayheadState {
    /// The number of frames of output since the playhead was registered.
    pub clock: u64,
    /// The position in frames of the track.
    pub position: i64,
    /// The speed in frames of the track per frame of output.
    pub speed: f64,
    pub playing: bool,
    pub region: Option<LoopRegion>,
    pub cue: i64,
    /// The number of frames that are read before the position, and after it. Of a live input: the frames after the position that are
    /// to be ready.
    pub reach: i64,
}

impl PlayheadState {
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
const REGISTERED: u8 = 1;
/// The playhead is registered, and its state has been published.
const PUBLISHED: u8 = 2;

struct PlayheadEntry {
    use_state: AtomicU8,
    playhead: Snapshot,
}

/// One stem of a live input, as the audio thread reads it.
pub(crate) struct LiveStem {
    /// The frames of all stems of the input.
    pub ring: Arc<LiveRing>,
    /// The number of the stem in the ring.
    pub stem: usize,
    /// Whether a stem that is late continues with the newest frames. Otherwise its position waits.
    pub skips: bool,
    /// Frames that are kept ready after those that are read.
    pub window: u64,
    /// The most frames that are to be ready before a stem sounds again after underruns; more when the input is read in longer parts.
    pub most_ready: u64,
}

impl LiveStem {
    /// Frames at the old end of the ring that are not read: the writer may be about to overwrite them.
    const BEING_WRITTEN: u64 = 4_096;

    /// The oldest frame that may be read when `written` frames have been written.
    pub fn oldest(&self, written: u64) -> u64 {
        (written + Self::BEING_WRITTEN).saturating_sub(self.ring.capacity() as u64)
    }

    /// Whether frames `from..until` may be read when there is so much of the input. Frames before the start and after the end may
    /// always be read: they are silent.
    pub fn holds(&self, from: i64, until: i64, extent: LiveExtent) -> bool {
        let from = u64::try_from(from).unwrap_or(0);
        let until = u64::try_from(until).unwrap_or(0).min(extent.end);
        from >= until || (from >= self.oldest(extent.written) && until <= extent.written)
    }

    /// The most frames that can be kept ready, when so many others around the position are read: while the writer writes the next
    /// frames, none of these may be overwritten.
    pub fn most_kept(&self, read: i64) -> i64 {
        let kept = self.ring.capacity() - self.ring.most_at_once();
        (kept as i64 - Self::BEING_WRITTEN as i64 - read).max(0)
    }
}

enum Storage {
    Pages(Arc<Pages>),
    Live(LiveStem),
}

/// One streamed track, shared by its feeder and its playheads.
pub(crate) struct Stream {
    storage: Storage,
    /// Frames in all; the most that a track can have when its end is not known.
    pub frames: u64,
    entries: Box<[PlayheadEntry]>,
    /// The number of times that the sound faded out because frames were missing.
    pub underruns: AtomicU64,
    /// The number of frames of output for which a playhead had no frames of the track.
    pub missed: AtomicU64,
    /// Whether the last clone of the track was dropped.
    pub closed: AtomicBool,
    /// Whether the latest read of the file failed.
    pub failing: AtomicBool,
}

impl Stream {
    /// A track of `frames` frames in pages, which its feeder writes.
    pub fn new(frames: u64, pages: Arc<Pages>) -> Self {
        Self::with_storage(frames, Storage::Pages(pages))
    }

    /// A stem of a live input, at most `most` frames long.
    pub fn new_live(stem: LiveStem, most: u64) -> Self {
        Self::with_storage(most, Storage::Live(stem))
    }

    fn with_storage(frames: u64, storage: Storage) -> Self {
        let entry = || PlayheadEntry { use_state: AtomicU8::new(FREE), playhead: Snapshot::new(WORDS) };
        Self {
            storage,
            frames,
            entries: (0..MAX_PLAYHEADS).map(|_| entry()).collect(),
            underruns: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }
    }

    /// Bytes of the frames in memory. Of a live input this stem has its share.
    pub fn bytes(&self) -> usize {
        match &self.storage {
            Storage::Pages(pages) => pages.bytes(),
            Storage::Live(live) => live.ring.bytes() / live.ring.stems().max(1),
        }
    }

    /// The live input that it is a stem of.
    pub fn live(&self) -> Option<&LiveStem> {
        match &self.storage {
            Storage::Pages(_) => None,
            Storage::Live(live) => Some(live),
        }
    }

    /// The number of frames, as far as it is known: less than [`Self::frames`] when a live input has ended.
    pub fn end(&self) -> u64 {
        self.live().and_then(|live| live.ring.end()).map_or(self.frames, |end| end.min(self.frames))
    }

    /// Registers a playhead and returns its entry. `None` when all entries are in use. Then no frames are read for the
    /// playhead.
    pub fn register_playhead(&self) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.use_state.compare_exchange(FREE, REGISTERED, Acquire, Relaxed).is_ok())
    }

    /// Frees the entry of a playhead.
    pub fn remove_playhead(&self, entry: usize) {
        self.entries[entry].use_state.store(FREE, Release);
    }

    /// Publishes the state of the playhead of an entry.
    pub fn publish_playhead(&self, entry: usize, playhead: &PlayheadState) {
        self.entries[entry].playhead.publish(playhead.words());
        self.entries[entry].use_state.store(PUBLISHED, Release);
    }

    /// The latest state that was published in an entry. `None` when the entry is free or nothing was published yet. If the
    /// state is being written at this moment, `previous` is returned.
    pub fn playhead(&self, entry: usize, previous: Option<PlayheadState>) -> Option<PlayheadState> {
        let entry = &self.entries[entry];
        if entry.use_state.load(Acquire) != PUBLISHED {
            return None;
        }
        let mut words = [0; WORDS];
        if entry.playhead.try_read(&mut words) { Some(PlayheadState::from_words(words)) } else { previous }
    }

    /// Whether frames `from..until` are all loaded. Frames outside the track count as loaded.
    pub fn holds(&self, from: i64, until: i64) -> bool {
        let pages = match &self.storage {
            Storage::Pages(pages) => pages,
            Storage::Live(live) => return live.holds(from, until, live.ring.extent()),
        };
        let from = u64::try_from(from).unwrap_or(0);
        let until = u64::try_from(until).unwrap_or(0).min(self.frames);
        from >= until || (from / PAGE as u64..=(until - 1) / PAGE as u64).all(|page| pages.has(page))
    }

    /// Copies frames from `first` on, all inside the track. Frames that are not loaded become silence, and each page of
    /// them is counted as an underrun.
    pub fn copy(&self, first: u64, left: &mut [f32], right: &mut [f32]) {
        match &self.storage {
            Storage::Pages(pages) => self.copy_pages(pages, first, left, right),
            Storage::Live(live) => self.copy_live(live, first, left, right),
        }
    }

    fn copy_live(&self, live: &LiveStem, first: u64, left: &mut [f32], right: &mut [f32]) {
        let written = index(live.ring.written().saturating_sub(first)).min(left.len());
        let (left, missing_left) = left.split_at_mut(written);
        let (right, missing_right) = right.split_at_mut(written);
        missing_left.fill(0.0);
        missing_right.fill(0.0);
        let overwritten = !live.ring.read(live.stem, first, left, right);
        if overwritten {
            left.fill(0.0);
            right.fill(0.0);
        }
        if overwritten || !missing_left.is_empty() {
            self.underruns.fetch_add(1, Relaxed);
        }
    }

    fn copy_pages(&self, pages: &Pages, first: u64, left: &mut [f32], right: &mut [f32]) {
        let mut done = 0;
        while done < left.len() {
            let at = first + done as u64;
            let (page, from) = (at / PAGE as u64, index(at % PAGE as u64));
            let end = left.len().min(done + PAGE - from);
            let (left, right) = (&mut left[done..end], &mut right[done..end]);
            if !pages.read(page, from, left, right) {
                left.fill(0.0);
                right.fill(0.0);
                self.underruns.fetch_add(1, Relaxed);
            }
            done = end;
        }
    }

    /// The first known onset in frames `from..until`.
    ///
    /// No onsets are known of a live input: they would be found after the frames were played.
    pub fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        let Storage::Pages(pages) = &self.storage else { return None };
        let first = u64::try_from(from).unwrap_or(0);
        let last = u64::try_from(until).unwrap_or(0).min(self.frames);
        if first >= last {
            return None;
        }
        (first / PAGE as u64..=(last - 1) / PAGE as u64).find_map(|page| pages.onset(page, from, until))
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
    fn a_playhead_is_read_as_it_was_published_and_a_free_entry_has_none() {
        let region = Some(LoopRegion { start: 5, end: 90 });
        let first = PlayheadState { clock: 1, position: -2, speed: 1.5, playing: true, region, cue: 7, reach: 9 };
        let playheads = [first, PlayheadState { region: None, ..first }];
        let stream = Stream::new(10, Arc::new(Pages::new(1)));
        for playhead in playheads {
            let entry = stream.register_playhead().unwrap();
            assert_eq!(stream.playhead(entry, None), None);
            stream.publish_playhead(entry, &playhead);
            assert_eq!(stream.playhead(entry, None), Some(playhead));
            stream.remove_playhead(entry);
            assert_eq!(stream.playhead(entry, Some(playhead)), None);
        }
        let entries: Vec<_> = std::iter::from_fn(|| stream.register_playhead()).collect();
        assert_eq!(entries.len(), MAX_PLAYHEADS);
    }
}
