//! The thread that reads a live input.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::input::{LiveInfo, LiveInput, REACH_AT_REST, Starvation};
use super::live_source::LiveSource;
use crate::feed::input::{InputPanic, catch_panic};
use crate::rt::{LiveRing, MAX_PLAYHEADS, PlayheadState};

/// How often the playheads are polled while enough is ready.
const POLL: Duration = Duration::from_millis(3);
/// The pause between two parts of a read that is longer than a part of the ring, in which stems that skip move on.
const PACE: Duration = Duration::from_millis(25);
/// The time after which an input that had no frames is read again.
const NO_FRAMES: Duration = Duration::from_millis(1);
/// The time after which an input that could not be read is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// Reads the input, and writes what it appends into the ring: as much as the window asks for, or all of it.
pub(super) struct LiveFeeder {
    input: Box<dyn LiveInput>,
    ring: Arc<LiveRing>,
    source: Arc<LiveSource>,
    /// Frames that the input has appended and that are not in the ring yet.
    pending: Vec<Vec<[f32; 2]>>,
    /// Frames of `pending` that are in the ring already.
    taken: usize,
    /// Samples that were not finite since the last report, and the frame of that report.
    bad_samples: usize,
    reported_at: Option<u64>,
    /// The frame at which different lengths of the stems were reported last.
    lengths_reported_at: Option<u64>,
    /// Frames between two such reports, at least.
    report_every: u64,
    window: u64,
    /// The frame up to which a generator is to have written, when that was found last.
    wanted: u64,
    skips: bool,
    /// The pause before the next read.
    pause: Option<Duration>,
    ended: bool,
}

impl LiveFeeder {
    pub fn new(input: Box<dyn LiveInput>, ring: Arc<LiveRing>, source: Arc<LiveSource>, info: &LiveInfo) -> Self {
        Self {
            input,
            pending: vec![Vec::new(); ring.stems()],
            taken: 0,
            bad_samples: 0,
            reported_at: None,
            lengths_reported_at: None,
            report_every: 2 * u64::from(info.sample_rate.get()),
            ring,
            source,
            window: info.sample_rate.frames_in(info.window.as_secs_f64()) as u64,
            wanted: 0,
            skips: info.starvation == Starvation::Skip,
            pause: None,
            ended: false,
        }
    }

    /// Feeds until the input ends, or the last track of it is dropped.
    pub fn run(mut self) {
        while !self.source.is_closed() {
            if self.ended && self.pending_frames() == 0 {
                return self.ring.finish();
            }
            let room = self.room();
            let pause = if room == 0 {
                Some(POLL)
            } else if self.pending_frames() > 0 {
                self.write(room);
                (self.skips && self.pending_frames() > 0).then_some(PACE)
            } else {
                let pause = self.pause.take();
                if pause.is_none() {
                    self.read();
                }
                pause
            };
            if let Some(pause) = pause {
                thread::park_timeout(pause);
            }
        }
    }

    /// How many frames may be written now.
    fn room(&mut self) -> usize {
        let most = self.ring.most_at_once();
        if self.skips {
            return most;
        }
        let written = self.ring.written();
        if self.wanted <= written {
            self.wanted = self.find_wanted();
        }
        usize::try_from(self.wanted.saturating_sub(written)).unwrap_or(most).min(most)
    }

    /// The frame up to which a generator is to have written: as far as the furthest playhead asks for.
    fn find_wanted(&self) -> u64 {
        let mut furthest = REACH_AT_REST + self.window;
        for stream in self.source.streams() {
            let playheads = (0..MAX_PLAYHEADS).filter_map(|entry| stream.playhead(entry, None));
            let read = |playhead: PlayheadState| (playhead.position + playhead.reach).max(0).unsigned_abs();
            furthest = playheads.map(read).fold(furthest, u64::max);
        }
        furthest
    }

    fn pending_frames(&self) -> usize {
        self.pending.first().map_or(0, Vec::len) - self.taken
    }

    /// Reads the input once.
    fn read(&mut self) {
        let Self { input, pending, .. } = self;
        for stem in pending.iter_mut() {
            // The memory of an unusually large read is freed again.
            if stem.capacity() > self.ring.capacity() {
                *stem = Vec::new();
            }
            stem.clear();
        }
        self.taken = 0;
        self.source.begin_read();
        let more = catch_panic(|| input.read(pending));
        self.check_pending();
        self.pause = match more {
            Ok(more) => {
                self.ended = !more;
                self.source.report_recovery();
                (more && self.pending_frames() == 0).then_some(NO_FRAMES)
            }
            Err(error) if error.is::<InputPanic>() => {
                self.ended = true;
                self.source.report_panic(&error);
                None
            }
            Err(error) => {
                self.source.report_failure(&error);
                Some(RETRY)
            }
        };
        if self.pause != Some(NO_FRAMES) {
            self.source.end_read();
        }
        if self.pending_frames() > 0 {
            self.ring.set_read_length(self.pending_frames());
        }
    }

    /// Makes what the input has appended fit for the ring, and reports what did not fit.
    fn check_pending(&mut self) {
        let frames = self.pending.iter().map(Vec::len).min().unwrap_or(0);
        if self.pending.iter().any(|stem| stem.len() != frames) {
            let written = self.ring.written();
            if self.lengths_reported_at.is_none_or(|at| written - at >= self.report_every) {
                let lengths: Vec<usize> = self.pending.iter().map(Vec::len).collect();
                self.source
                    .report_damage(format!("the stems got different numbers of frames, {lengths:?}: {frames} count"));
                self.lengths_reported_at = Some(written);
            }
            self.pending.iter_mut().for_each(|stem| stem.truncate(frames));
        }
        let bad = self.pending.iter_mut().flatten().flatten().filter(|sample| !sample.is_finite());
        self.bad_samples += bad.map(|sample| *sample = 0.0).count();
        let written = self.ring.written();
        if self.bad_samples > 0 && self.reported_at.is_none_or(|at| written - at >= self.report_every) {
            let count = std::mem::take(&mut self.bad_samples);
            self.source.report_damage(format!("{count} samples were infinite or no numbers: they are silent"));
            self.reported_at = Some(written);
        }
    }

    fn write(&mut self, room: usize) {
        let frames = self.pending_frames().min(room);
        let span = self.taken..self.taken + frames;
        self.ring.write(frames, self.pending.iter().map(|stem| stem.get(span.clone()).unwrap_or_default()));
        self.taken += frames;
    }
}
