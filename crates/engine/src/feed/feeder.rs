//! The feeder: polls the playheads of a streamed track, decides how much to read, and reads it.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::cursor::Cursor;
use super::input::{Input, InputError, catch_panic};
use super::read_plan::ReadPlan;
use super::shared::FeederShared;
use super::stream_event::StreamEvent;
use crate::buffer::{Levels, PrefetchPolicy, Thresholds, Urgency};
use crate::rt::{MAX_PLAYHEADS, PAGE, Pages, PlayheadState, Stream};
use crate::types::units::Frames;

/// The number of pages that are kept, at sample rates up to 48 kHz. They take 4 MiB. The number doubles each time the
/// sample rate doubles.
const SLOTS: usize = 128;
/// The largest number of pages for one playhead.
const MAX_SHARE: usize = 56;
/// The number of slots that are not divided among playheads, so that pages around an earlier position stay loaded.
const SPARE: usize = 24;
/// The number of inputs that are open at the same time: for the playheads of two decks, and the start of a loop.
const CURSORS: usize = 3;
/// When a page is at most this many pages later than a cursor, the pages in between are read. Otherwise a cursor seeks.
const READ_THROUGH: u64 = 3;
/// The interval at which playheads are polled while there is nothing to read.
const POLL_WITH_PLAYHEADS: Duration = Duration::from_millis(3);
/// The same interval while no playhead is registered.
const POLL_IDLE: Duration = Duration::from_millis(20);
/// The time after which a file that could not be read is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// A page may be evicted when it was not needed in this number of passes.
const KEEP_PASSES: u64 = 16;
/// The number of frames that the stretcher with the longest reach reads before a playhead, and after it, at sample rates
/// up to 48 kHz.
const REACH: i64 = 25_600;
/// How many seconds of sound are loaded at a cue or a prepared position.
const CUE_SECONDS: f64 = 0.5;

/// The factor by which the sample rate exceeds 48 kHz, rounded up to a power of two.
const fn rate_factor(sample_rate: u32) -> usize {
    sample_rate.div_ceil(48_000).next_power_of_two() as usize
}

/// The number of pages that are kept of a track.
pub(super) const fn slots(sample_rate: u32) -> usize {
    SLOTS * rate_factor(sample_rate)
}

/// The number of frames that the stretcher with the longest reach reads before a playhead, and after it.
pub(crate) const fn reach(sample_rate: u32) -> i64 {
    REACH * rate_factor(sample_rate) as i64
}

/// A playhead with its prefetch policy.
struct TrackedPlayhead {
    playhead: PlayheadState,
    policy: PrefetchPolicy,
}

/// Pages to read, with their urgency.
struct ReadJob {
    urgency: Urgency,
    playing: bool,
    pages: Vec<u64>,
}

impl ReadJob {
    fn rank(&self) -> (bool, Urgency) {
        (!self.playing, self.urgency)
    }
}

pub(super) struct Feeder {
    stream: Arc<Stream>,
    pages: Arc<Pages>,
    shared: Arc<FeederShared>,
    cursors: Vec<Cursor>,
    /// Whether the input cannot be opened a second time.
    single_input: bool,
    playheads: HashMap<usize, TrackedPlayhead>,
    thresholds: Thresholds,
    sample_rate: u32,
    /// The number of the present pass. In each pass the playheads are polled.
    pass: u64,
    /// The pass in which each slot's page was last needed.
    last_needed: Vec<u64>,
    /// The number of the input's warnings that were known at the start or have been reported.
    warnings_reported: usize,
}

impl Feeder {
    /// The feeder of a track of `frames` frames, which are read from `input`.
    pub fn new(frames: u64, shared: Arc<FeederShared>, input: Box<dyn Input>, sample_rate: u32) -> Self {
        let pages = Arc::new(Pages::new(slots(sample_rate)));
        let stream = Arc::new(Stream::new(frames, pages.clone()));
        let last_needed = vec![0; pages.slots()];
        let warnings_reported = input.warnings().len();
        let cursors = vec![Cursor::new(input, sample_rate)];
        let thresholds = Thresholds::default();
        Self {
            stream,
            pages,
            shared,
            cursors,
            single_input: false,
            playheads: HashMap::new(),
            thresholds,
            sample_rate,
            pass: 1 << 8,
            last_needed,
            warnings_reported,
        }
    }

    /// The track that it feeds.
    pub fn stream(&self) -> Arc<Stream> {
        self.stream.clone()
    }

    /// Feeds until the last clone of the track is dropped. When the input panics, the rest of the track cannot be read.
    pub fn run(mut self) {
        let (stream, shared) = (self.stream.clone(), self.shared.clone());
        if let Err(error) = catch_panic(move || {
            self.feed();
            Ok(())
        }) {
            stream.failing.store(true, Relaxed);
            shared.push_event(StreamEvent::Unreadable(error.to_string()));
        }
    }

    fn feed(&mut self) {
        while !self.stream.closed.load(Relaxed) {
            self.poll_playheads();
            let done = match self.next_job() {
                Some(job) => self.run_job(&job),
                None => Ok(false),
            };
            match done {
                Ok(true) => {}
                Ok(false) => thread::park_timeout(self.poll_interval()),
                Err(error) => self.report_failure(&error),
            }
        }
    }

    /// How long to wait when there is nothing to read.
    fn poll_interval(&self) -> Duration {
        if self.playheads.is_empty() { POLL_IDLE } else { POLL_WITH_PLAYHEADS }
    }

    /// Reads the states of all playheads.
    fn poll_playheads(&mut self) {
        self.pass += 1;
        for entry in 0..MAX_PLAYHEADS {
            let previous = self.playheads.get(&entry).map(|tracked| tracked.playhead);
            let Some(playhead) = self.stream.playhead(entry, previous) else {
                self.playheads.remove(&entry);
                continue;
            };
            if let Some(tracked) = self.playheads.get_mut(&entry) {
                tracked.playhead = playhead;
            } else if let Ok(policy) = PrefetchPolicy::new(self.thresholds) {
                self.playheads.insert(entry, TrackedPlayhead { playhead, policy });
            }
        }
    }

    /// The largest prefetch of one playhead, in frames of the track.
    fn share(&self) -> i64 {
        let slots = (self.pages.slots() - SPARE) / self.playheads.len().max(1);
        let most = MAX_SHARE * rate_factor(self.sample_rate);
        ((slots.min(most) * PAGE) as i64 - 2 * reach(self.sample_rate)).max(PAGE as i64)
    }

    /// The most urgent job. Also marks all pages that are needed, so that they are not evicted.
    fn next_job(&mut self) -> Option<ReadJob> {
        let (stream, pages, pass) = (self.stream.clone(), self.pages.clone(), self.pass);
        let has = |page: u64| pages.has(page);
        let mut best: Option<ReadJob> = None;
        let mut consider = |job: ReadJob| {
            if !job.pages.is_empty() && best.as_ref().is_none_or(|best| job.rank() < best.rank()) {
                best = Some(job);
            }
        };
        let share = self.share();
        let mut marked = Vec::new();
        let cue_frames = (CUE_SECONDS * f64::from(self.sample_rate)) as i64;
        let mut lowest = None;
        let input = self.cursors.iter().map(Cursor::buffered).max().unwrap_or(0) as u64;
        for tracked in self.playheads.values_mut() {
            let TrackedPlayhead { playhead, policy } = tracked;
            let speed = playhead.speed.max(1.0 / 16.0);
            let most = (self.thresholds.most().0 as f64 * speed) as i64;
            let plan = ReadPlan::new(playhead, most.min(share), stream.frames);
            let prefetched = (plan.prefetched(has) as f64 / speed) as u64;
            let levels = Levels { input: Frames(input), output: Frames(prefetched) };
            if playhead.playing && lowest.is_none_or(|lowest: Levels| levels.output < lowest.output) {
                lowest = Some(levels);
            }
            // Underruns are reported by `FedStream`.
            let decision = policy.observe(Frames(playhead.clock), levels, 0);
            let count = (decision.chunks * self.thresholds.chunk) as f64 * speed / PAGE as f64;
            let missing = plan.pages().filter(|page| !has(*page)).take(count.ceil() as usize);
            consider(ReadJob { urgency: decision.urgency, playing: playhead.playing, pages: missing.collect() });
            marked.extend(plan.pages());
            let cue = PlayheadState { position: playhead.cue, region: None, ..*playhead };
            marked.extend(consider_position(&cue, cue_frames.min(share), &stream, &pages, &mut consider));
        }
        self.shared.set_levels(lowest.unwrap_or_default());
        let prepared = self.shared.prepared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for position in prepared {
            let playhead = PlayheadState { position, reach: reach(self.sample_rate), ..PlayheadState::default() };
            marked.extend(consider_position(&playhead, cue_frames, &stream, &pages, &mut consider));
        }
        for page in marked {
            if let Some(slot) = pages.probe(page).find(|slot| pages.at(*slot) == Some(page)) {
                self.last_needed[slot] = pass;
            }
        }
        best
    }

    /// Reads the pages of a job, until another job is more urgent. Returns false when there was no free slot.
    fn run_job(&mut self, job: &ReadJob) -> Result<bool, InputError> {
        for page in &job.pages {
            if self.stream.closed.load(Relaxed) || !self.load_page(*page)? {
                return Ok(false);
            }
            self.report_recovery();
            self.poll_playheads();
            let is_same =
                |next: ReadJob| next.rank() >= job.rank() && next.pages.iter().any(|page| job.pages.contains(page));
            if !self.next_job().is_some_and(is_same) {
                break;
            }
        }
        Ok(true)
    }

    /// Reads one page. Returns false when there is no free slot for it.
    fn load_page(&mut self, number: u64) -> Result<bool, InputError> {
        let Some(slot) = self.slot_for(number) else { return Ok(false) };
        let cursor = self.cursor_for(number)?;
        let (pages, pass) = (self.pages.clone(), self.pass);
        let Some(cursor) = self.cursors.get_mut(cursor) else { return Ok(false) };
        cursor.used = pass;
        cursor.read_page(number, |frames, onsets| pages.put(slot, number, frames, onsets))?;
        let warnings = cursor.warnings();
        if let Some(new) = warnings.get(self.warnings_reported..).and_then(<[String]>::last) {
            self.shared.push_event(StreamEvent::Damaged(new.clone()));
            self.warnings_reported = warnings.len();
        }
        self.last_needed[slot] = pass;
        Ok(true)
    }

    /// A slot for page `number`: the first possible slot whose page has not been needed for [`KEEP_PASSES`]. If there is
    /// none, the slot whose page has not been needed for the longest time.
    fn slot_for(&self, number: u64) -> Option<usize> {
        let pages = &self.pages;
        let idle = |slot: &usize| self.pass - self.last_needed[*slot] > KEEP_PASSES;
        let oldest = || {
            (0..pages.slots())
                .filter(|slot| self.last_needed[*slot] < self.pass)
                .min_by_key(|slot| self.last_needed[*slot])
        };
        pages.probe(number).find(idle).or_else(oldest)
    }

    /// A cursor for page `number`: one that is at the page or shortly before it. If there is none, the cursor that has not
    /// been used for the longest time seeks to the page.
    fn cursor_for(&mut self, number: u64) -> Result<usize, InputError> {
        let near =
            self.cursors.iter().enumerate().filter_map(|(index, cursor)| Some((cursor.distance(number)?, index)));
        if let Some((_, index)) = near.min().filter(|(distance, _)| *distance <= READ_THROUGH) {
            return Ok(index);
        }
        if self.cursors.len() < CURSORS && !self.single_input {
            match self.cursors.first().and_then(Cursor::another) {
                Some(input) => self.cursors.push(Cursor::new(input, self.sample_rate)),
                None => self.single_input = true,
            }
        }
        let oldest =
            self.cursors.iter().enumerate().min_by_key(|(_, cursor)| cursor.used).map_or(0, |(index, _)| index);
        if let Some(cursor) = self.cursors.get_mut(oldest) {
            cursor.jump(number)?;
        }
        Ok(oldest)
    }

    /// Reports that the file cannot be read, and waits until it is tried again.
    fn report_failure(&mut self, error: &InputError) {
        if !self.stream.failing.swap(true, Relaxed) {
            self.shared.push_event(StreamEvent::Unreadable(error.to_string()));
        }
        thread::park_timeout(RETRY);
        // Inputs are opened again where that is possible, because an open file on an unplugged disk stays unreadable.
        let reopened = self.cursors.first().and_then(Cursor::another);
        if let Some(input) = reopened {
            self.cursors = vec![Cursor::new(input, self.sample_rate)];
        } else {
            self.cursors.truncate(1);
        }
        self.cursors.iter_mut().for_each(Cursor::invalidate);
    }

    fn report_recovery(&self) {
        if self.stream.failing.swap(false, Relaxed) {
            self.shared.push_event(StreamEvent::Readable);
        }
    }
}

/// Considers a job that loads the frames around a position at which nothing plays yet. Returns the pages.
fn consider_position(
    playhead: &PlayheadState,
    frames: i64,
    stream: &Stream,
    loaded: &Pages,
    consider: &mut impl FnMut(ReadJob),
) -> Vec<u64> {
    let plan = ReadPlan::new(playhead, frames, stream.frames);
    let pages: Vec<u64> = plan.pages().collect();
    let missing = pages.iter().copied().filter(|page| !loaded.has(*page)).collect();
    consider(ReadJob { urgency: Urgency::Urgent, playing: false, pages: missing });
    pages
}

#[cfg(test)]
mod tests;
