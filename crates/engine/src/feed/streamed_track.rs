//! A streamed track together with its feeder thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::feeder::{self, reach};
use super::input::{Input, InputInfo};
use super::shared::FeederShared;
use super::stream_event::StreamEvent;
use crate::buffer::{Levels, PrefetchPolicy, Thresholds, Underruns};
use crate::rt::Stream;
use crate::types::error::{Error, Result};
use crate::types::units::Frames;

/// The number of prepared positions that are kept loaded. Playheads are not counted.
const MAX_PREPARED: usize = 2;
/// The shortest time between two reports of underruns, in seconds.
const REPORT_EVERY: u64 = 2;

/// Reports underruns. The feeder cannot report them itself: when underruns occur, it may hang in a read.
#[derive(Debug)]
struct UnderrunReporter {
    policy: Mutex<PrefetchPolicy>,
    began: Instant,
    sample_rate: u64,
}

impl UnderrunReporter {
    fn new(sample_rate: u64) -> Result<Self> {
        let report_every = Frames(REPORT_EVERY * sample_rate);
        let policy = PrefetchPolicy::new(Thresholds { report_every, ..Thresholds::default() })?;
        Ok(Self { policy: Mutex::new(policy), began: Instant::now(), sample_rate })
    }

    fn report(&self, levels: Levels, underruns: u64) -> Option<Underruns> {
        let now = Frames((self.began.elapsed().as_secs_f64() * self.sample_rate as f64) as u64);
        self.policy.lock().unwrap_or_else(PoisonError::into_inner).observe(now, levels, underruns).report
    }
}

/// A streamed track with its feeder thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct FedStream {
    pub stream: Arc<Stream>,
    shared: Arc<FeederShared>,
    underruns: UnderrunReporter,
    feeder: thread::Thread,
    /// The number of frames that the stretcher with the longest reach reads before a playhead, and after it.
    reach: i64,
}

impl FedStream {
    /// Starts the feeder.
    pub fn new(input: Box<dyn Input>, info: InputInfo) -> Result<Self> {
        let shared = Arc::<FeederShared>::default();
        let underruns = UnderrunReporter::new(u64::from(info.sample_rate.get()))?;
        let feeder = feeder::Feeder::new(info.frames.0, shared.clone(), input, info.sample_rate.get());
        let stream = feeder.stream();
        let handle = thread::Builder::new()
            .name("feed".to_owned())
            .spawn(move || feeder.run())
            .map_err(|source| Error::Thread { purpose: "to read the track with", source })?;
        Ok(Self { stream, shared, underruns, feeder: handle.thread().clone(), reach: reach(info.sample_rate.get()) })
    }

    /// Requests the feeder to load the frames around a position and to keep them.
    pub fn prepare(&self, frame: i64) {
        let mut prepared = self.shared.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared.retain(|position| *position != frame);
        if prepared.len() == MAX_PREPARED {
            prepared.remove(0);
        }
        prepared.push(frame);
        drop(prepared);
        self.feeder.unpark();
    }

    /// Whether a stem that starts at a frame sounds at once, with any stretch method.
    pub fn is_ready(&self, frame: i64) -> bool {
        self.stream.holds(frame - self.reach, frame + self.reach + READY_BEYOND_REACH)
    }

    /// Blocks until frames `from..until` are loaded. Returns false when the input cannot be read.
    pub fn wait(&self, from: i64, until: i64) -> bool {
        loop {
            if self.stream.holds(from, until) {
                return true;
            }
            if self.stream.failing.load(std::sync::atomic::Ordering::Relaxed) {
                return false;
            }
            self.feeder.unpark();
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// The oldest event that was not returned yet.
    pub fn event(&self) -> Option<StreamEvent> {
        let event = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        event.or_else(|| {
            let levels = *self.shared.levels.lock().unwrap_or_else(PoisonError::into_inner);
            let underruns = self.stream.underruns.load(std::sync::atomic::Ordering::Relaxed);
            self.underruns.report(levels, underruns).map(StreamEvent::Underruns)
        })
    }
}

/// A position is ready when this many frames after the reach of a stretcher are loaded, too.
const READY_BEYOND_REACH: i64 = 4_096;

impl Drop for FedStream {
    fn drop(&mut self) {
        self.stream.closed.store(true, std::sync::atomic::Ordering::Relaxed);
        self.feeder.unpark();
    }
}
