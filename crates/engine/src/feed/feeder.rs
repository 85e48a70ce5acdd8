//! The feeder: looks at where the playheads are, decides how much to read, and reads it.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::cursor::Cursor;
use super::desk::{Desk, News};
use super::input::{Fault, Input};
use super::plan::Plan;
use crate::buffer::{Adaptive, Levels, Thresholds, Urgency};
use crate::rt::{PAGE, SEATS, Stream, Wish};
use crate::types::units::Frames;

/// Pages that are kept, 4 MiB of them up to 48 kHz, and twice as many for each doubling of that.
const SLOTS: usize = 128;
/// Of those, for one playhead at most.
const SHARE: usize = 56;
/// Slots that no playhead may count on: what was just left may be jumped back to.
const SPARE: usize = 24;
/// Inputs open at the same time: the playheads of two decks, and the start of a loop.
const CURSORS: usize = 3;
/// Pages that are rather read through than jumped over.
const NEAR: u64 = 3;
/// How long to rest when there is nothing to do: with a playhead that may move at any moment, and without.
const NAP: Duration = Duration::from_millis(3);
const SLEEP: Duration = Duration::from_millis(20);
/// How long to wait before a file that could not be read is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// Turns after which a page that nobody wants may go.
const LINGER: u64 = 16;
/// Frames that are read behind and before a playhead by the most curious stretcher, up to 48 kHz.
const REACH: i64 = 25_600;
/// Seconds that are made ready at a cue or a place that was announced.
const AT_CUE: f64 = 0.5;

/// How many times finer time is than at 48 kHz, as a power of two.
const fn fineness(sample_rate: u32) -> usize {
    sample_rate.div_ceil(48_000).next_power_of_two() as usize
}

/// Pages that are kept of a track.
pub(super) const fn slots(sample_rate: u32) -> usize {
    SLOTS * fineness(sample_rate)
}

/// Frames behind and before a playhead that any stretcher reads.
pub(crate) const fn reach(sample_rate: u32) -> i64 {
    REACH * fineness(sample_rate) as i64
}

/// A playhead as the feeder knows it.
struct Head {
    wish: Wish,
    policy: Adaptive,
}

/// What is to be done next.
struct Job {
    urgency: Urgency,
    playing: bool,
    pages: Vec<u64>,
}

impl Job {
    fn rank(&self) -> (bool, Urgency) {
        (!self.playing, self.urgency)
    }
}

pub(super) struct Feeder {
    stream: Arc<Stream>,
    desk: Arc<Desk>,
    cursors: Vec<Cursor>,
    /// The input may not be opened a second time.
    alone: bool,
    heads: HashMap<usize, Head>,
    thresholds: Thresholds,
    sample_rate: u32,
    turn: u64,
    /// The turn in which each slot's page was last wanted.
    wanted: Vec<u64>,
    /// Warnings of the input that are known or told.
    told: usize,
}

impl Feeder {
    pub fn new(stream: Arc<Stream>, desk: Arc<Desk>, input: Box<dyn Input>, sample_rate: u32) -> Self {
        let wanted = vec![0; stream.pages.slots()];
        let told = input.warnings().len();
        let cursors = vec![Cursor::new(input, sample_rate)];
        let thresholds = Thresholds::default();
        Self {
            stream,
            desk,
            cursors,
            alone: false,
            heads: HashMap::new(),
            thresholds,
            sample_rate,
            turn: 1 << 8,
            wanted,
            told,
        }
    }

    /// Feeds until nobody has the track any more.
    pub fn run(mut self) {
        while !self.stream.closed.load(Relaxed) {
            self.look();
            let done = match self.job() {
                Some(job) => self.work(&job),
                None => Ok(false),
            };
            match done {
                Ok(true) => {}
                Ok(false) => thread::park_timeout(self.rest()),
                Err(fault) => self.fail(&fault),
            }
        }
    }

    /// How long to rest when there is nothing to do.
    fn rest(&self) -> Duration {
        if self.heads.is_empty() { SLEEP } else { NAP }
    }

    /// Looks where the playheads are.
    fn look(&mut self) {
        self.turn += 1;
        for seat in 0..SEATS {
            let before = self.heads.get(&seat).map(|head| head.wish);
            let Some(wish) = self.stream.wish_of(seat, before) else {
                self.heads.remove(&seat);
                continue;
            };
            if let Some(head) = self.heads.get_mut(&seat) {
                head.wish = wish;
            } else if let Ok(policy) = Adaptive::new(self.thresholds) {
                self.heads.insert(seat, Head { wish, policy });
            }
        }
    }

    /// Frames of the track that are made ready before one playhead at most.
    fn share(&self) -> i64 {
        let slots = (self.stream.pages.slots() - SPARE) / self.heads.len().max(1);
        let most = SHARE * fineness(self.sample_rate);
        ((slots.min(most) * PAGE) as i64 - 2 * reach(self.sample_rate)).max(PAGE as i64)
    }

    /// The most urgent job; what is wanted at all is marked so on the way.
    fn job(&mut self) -> Option<Job> {
        let (stream, turn) = (self.stream.clone(), self.turn);
        let has = |page: u64| stream.pages.has(page);
        let mut best: Option<Job> = None;
        let mut consider = |job: Job| {
            if !job.pages.is_empty() && best.as_ref().is_none_or(|best| job.rank() < best.rank()) {
                best = Some(job);
            }
        };
        let share = self.share();
        let mut marked = Vec::new();
        let cue_ahead = (AT_CUE * f64::from(self.sample_rate)) as i64;
        let mut least = None;
        let input = self.cursors.iter().map(Cursor::waiting).max().unwrap_or(0) as u64;
        for head in self.heads.values_mut() {
            let Head { wish, policy } = head;
            let speed = wish.speed.max(1.0 / 16.0);
            let most = (self.thresholds.most().0 as f64 * speed) as i64;
            let plan = Plan::new(wish, most.min(share), stream.frames);
            let level = (plan.level(has) as f64 / speed) as u64;
            let levels = Levels { input: Frames(input), output: Frames(level) };
            if wish.playing && least.is_none_or(|least: Levels| levels.output < least.output) {
                least = Some(levels);
            }
            // Underruns are told elsewhere.
            let decision = policy.observe(Frames(wish.clock), levels, 0);
            let count = (decision.chunks * self.thresholds.chunk) as f64 * speed / PAGE as f64;
            let missing = plan.pages().filter(|page| !has(*page)).take(count.ceil() as usize);
            consider(Job { urgency: decision.urgency, playing: wish.playing, pages: missing.collect() });
            marked.extend(plan.pages());
            let cue = Wish { position: wish.cue, region: None, ..*wish };
            marked.extend(cued(&cue, cue_ahead.min(share), &stream, &mut consider));
        }
        self.desk.note(least.unwrap_or_default());
        let announced = self.desk.announced.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for place in announced {
            let wish = Wish { position: place, reach: reach(self.sample_rate), ..Wish::default() };
            marked.extend(cued(&wish, cue_ahead, &stream, &mut consider));
        }
        for page in marked {
            if let Some(slot) = stream.pages.probe(page).find(|slot| stream.pages.at(*slot) == Some(page)) {
                self.wanted[slot] = turn;
            }
        }
        best
    }

    /// Reads the pages of a job, unless something more urgent comes between; false when there was no room.
    fn work(&mut self, job: &Job) -> Result<bool, Fault> {
        for page in &job.pages {
            if self.stream.closed.load(Relaxed) || !self.bring(*page)? {
                return Ok(false);
            }
            self.recover();
            self.look();
            let goes_on =
                |next: Job| next.rank() >= job.rank() && next.pages.iter().any(|page| job.pages.contains(page));
            if !self.job().is_some_and(goes_on) {
                break;
            }
        }
        Ok(true)
    }

    /// Reads one page; false when there is no room for it.
    fn bring(&mut self, number: u64) -> Result<bool, Fault> {
        let Some(slot) = self.room(number) else { return Ok(false) };
        let cursor = self.cursor(number)?;
        let (stream, turn) = (self.stream.clone(), self.turn);
        let Some(cursor) = self.cursors.get_mut(cursor) else { return Ok(false) };
        cursor.used = turn;
        cursor.page(number, |frames, onsets| stream.pages.put(slot, number, frames, onsets))?;
        let warnings = cursor.warnings();
        if let Some(fresh) = warnings.get(self.told..).and_then(<[String]>::last) {
            self.desk.tell(News::Damaged(fresh.clone()));
            self.told = warnings.len();
        }
        self.wanted[slot] = turn;
        Ok(true)
    }

    /// A slot for page `number`: nobody has wanted what is there for a while.
    fn room(&self, number: u64) -> Option<usize> {
        let pages = &self.stream.pages;
        let idle = |slot: &usize| self.turn - self.wanted[*slot] > LINGER;
        let oldest =
            || (0..pages.slots()).filter(|slot| self.wanted[*slot] < self.turn).min_by_key(|slot| self.wanted[*slot]);
        pages.probe(number).find(idle).or_else(oldest)
    }

    /// The cursor that gets to page `number` soonest, there or before it.
    fn cursor(&mut self, number: u64) -> Result<usize, Fault> {
        let near =
            self.cursors.iter().enumerate().filter_map(|(index, cursor)| Some((cursor.distance(number)?, index)));
        if let Some((_, index)) = near.min().filter(|(distance, _)| *distance <= NEAR) {
            return Ok(index);
        }
        if self.cursors.len() < CURSORS && !self.alone {
            match self.cursors.first().and_then(Cursor::another) {
                Some(input) => self.cursors.push(Cursor::new(input, self.sample_rate)),
                None => self.alone = true,
            }
        }
        let oldest =
            self.cursors.iter().enumerate().min_by_key(|(_, cursor)| cursor.used).map_or(0, |(index, _)| index);
        if let Some(cursor) = self.cursors.get_mut(oldest) {
            cursor.jump(number)?;
        }
        Ok(oldest)
    }

    /// Tells that the file cannot be read, and tries again a little later.
    fn fail(&mut self, fault: &Fault) {
        if !self.stream.failing.swap(true, Relaxed) {
            self.desk.tell(News::Unreadable(fault.to_string()));
        }
        thread::park_timeout(RETRY);
        // Fresh inputs, where there can be some: a handle on what was unplugged stays broken.
        let fresh = self.cursors.first().and_then(Cursor::another);
        if let Some(input) = fresh {
            self.cursors = vec![Cursor::new(input, self.sample_rate)];
        } else {
            self.cursors.truncate(1);
        }
        self.cursors.iter_mut().for_each(Cursor::lose);
    }

    fn recover(&self) {
        if self.stream.failing.swap(false, Relaxed) {
            self.desk.tell(News::Readable);
        }
    }
}

/// Has the surroundings of a place that waits made ready; returns their pages.
fn cued(wish: &Wish, ahead: i64, stream: &Stream, consider: &mut impl FnMut(Job)) -> Vec<u64> {
    let plan = Plan::new(wish, ahead, stream.frames);
    let pages: Vec<u64> = plan.pages().collect();
    let missing = pages.iter().copied().filter(|page| !stream.pages.has(*page)).collect();
    consider(Job { urgency: Urgency::Urgent, playing: false, pages: missing });
    pages
}

#[cfg(test)]
mod tests;
