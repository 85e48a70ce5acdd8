//! A stream with its feeder.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::desk::{Desk, News};
use super::feeder::{self, reach};
use super::input::{Input, Shape};
use crate::buffer::{Adaptive, Levels, Thresholds, Underruns};
use crate::rt::Stream;
use crate::types::error::{Error, Result};
use crate::types::units::Frames;

/// Places that are kept ready beside those of playheads.
const ANNOUNCED: usize = 2;
/// Seconds between two reports of underruns, at least.
const TELL_EVERY: u64 = 2;

/// Tells of underruns. Not the feeder's work: that may hang in a read, which is just when there is something to tell.
#[derive(Debug)]
struct Teller {
    policy: Mutex<Adaptive>,
    began: Instant,
    sample_rate: u64,
}

impl Teller {
    fn new(sample_rate: u64) -> Result<Self> {
        let tell_every = Frames(TELL_EVERY * sample_rate);
        let policy = Adaptive::new(Thresholds { tell_every, ..Thresholds::default() })?;
        Ok(Self { policy: Mutex::new(policy), began: Instant::now(), sample_rate })
    }

    fn report(&self, levels: Levels, underruns: u64) -> Option<Underruns> {
        let now = Frames((self.began.elapsed().as_secs_f64() * self.sample_rate as f64) as u64);
        self.policy.lock().unwrap_or_else(PoisonError::into_inner).observe(now, levels, underruns).report
    }
}

/// A stream with its feeder, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fed {
    pub stream: Arc<Stream>,
    desk: Arc<Desk>,
    teller: Teller,
    feeder: thread::Thread,
    /// Frames around a playhead that are needed.
    reach: i64,
}

impl Fed {
    /// Starts the feeder.
    pub fn new(input: Box<dyn Input>, shape: Shape) -> Result<Self> {
        let stream = Arc::new(Stream::new(shape.frames.0, feeder::slots(shape.sample_rate.get())));
        let desk = Arc::<Desk>::default();
        let teller = Teller::new(u64::from(shape.sample_rate.get()))?;
        let feeder = feeder::Feeder::new(stream.clone(), desk.clone(), input, shape.sample_rate.get());
        let handle = thread::Builder::new()
            .name("feed".to_owned())
            .spawn(move || feeder.run())
            .map_err(|source| Error::Thread { purpose: "to read the track with", source })?;
        Ok(Self { stream, desk, teller, feeder: handle.thread().clone(), reach: reach(shape.sample_rate.get()) })
    }

    /// Has the surroundings of a frame made ready.
    pub fn announce(&self, frame: i64) {
        let mut announced = self.desk.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|place| *place != frame);
        if announced.len() == ANNOUNCED {
            announced.remove(0);
        }
        announced.push(frame);
        drop(announced);
        self.feeder.unpark();
    }

    /// Whether a playhead that starts at a frame sounds at once, with any method.
    pub fn is_ready(&self, frame: i64) -> bool {
        self.stream.holds(frame - self.reach, frame + self.reach + AT_LEAST)
    }

    /// Waits until frames are there; false when the file cannot be read.
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

    pub fn news(&self) -> Option<News> {
        let news = self.desk.news.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        news.or_else(|| {
            let levels = *self.desk.levels.lock().unwrap_or_else(PoisonError::into_inner);
            let underruns = self.stream.underruns.load(std::sync::atomic::Ordering::Relaxed);
            self.teller.report(levels, underruns).map(News::Underruns)
        })
    }
}

/// Frames that must be ready beyond the reach of a stretcher.
const AT_LEAST: i64 = 4_096;

impl Drop for Fed {
    fn drop(&mut self) {
        self.stream.closed.store(true, std::sync::atomic::Ordering::Relaxed);
        self.feeder.unpark();
    }
}
