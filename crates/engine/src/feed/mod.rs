//! Tracks that are too long for the memory: read from disk while they play.
//!
//! A feeder thread keeps a window of decoded frames around each playhead, a little behind it and some two seconds
//! ahead, in a fixed number of pages. [`buffer`](crate::buffer) decides how much it reads before it looks again. The audio
//! thread reads the pages without a lock and says in atomics where it is; it wakes nobody.
//!
//! When frames are missing (a disk that stalls, a jump to somewhere far away) the deck fades out while there are still
//! frames to do so, goes on counting in silence, and fades in again in phase. Other decks do not notice.
//!
//! `Track::stream` plays a file this way; [`Track::from_input`](crate::Track::from_input) anything that
//! can be read from any frame on.

mod cursor;
mod feeder;
#[cfg(feature = "decode")]
mod file;
mod plan;
mod stream;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::buffer::{Adaptive, Levels, Thresholds, Underruns};
use crate::error::{Error, Result};
use crate::units::{Frames, SampleRate};
pub(crate) use feeder::reach;
#[cfg(feature = "decode")]
pub use file::FileInput;
pub(crate) use stream::{Stream, Wish};

/// Why an [`Input`] could not be read.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the frames of a streamed track come from. It is read on a thread of its own and may take its time.
///
/// A frame is always the same, whether it was read up to or sought.
pub trait Input: Send {
    /// Goes to a frame: the next that is read.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later.
    fn seek(&mut self, frame: u64) -> std::result::Result<(), Fault>;

    /// Appends the next frames, left and right, full scale 1, finite; false when there are no more.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later, from a [`seek`](Self::seek) on.
    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, Fault>;

    /// What is wrong with what was read so far, in words: frames that are damaged and silent, say.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Another one of the same, so that two places can be read in turns without seeking. `None`: one must do.
    fn another(&self) -> Option<Box<dyn Input>> {
        None
    }
}

/// What an [`Input`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Frames in all. What is missing at the end is silent.
    pub frames: Frames,
    /// Frames per second.
    pub sample_rate: SampleRate,
    /// Channels of the original, 1 or 2; what is read is always two.
    pub channels: usize,
}

/// What a feeder has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// The sound had to fade out because frames were missing, or did not begin within a quarter of a second of a start or jump
    /// for want of them. At most once every two seconds.
    Underruns(Underruns),
    /// The file cannot be read; what is asked for and not there yet is silent. It is tried again and again.
    Unreadable(String),
    /// It can be read again.
    Readable,
    /// Some of it is damaged, which was met while it was read. Told once.
    Damaged(String),
}

/// News that wait to be heard, at most.
const NEWS: usize = 16;
/// Places that are kept ready beside those of playheads.
const ANNOUNCED: usize = 2;

/// Seconds between two reports of underruns, at least.
const TELL_EVERY: u64 = 2;

/// What the control half and the feeder share. The audio thread never touches it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    news: Mutex<VecDeque<News>>,
    announced: Mutex<Vec<i64>>,
    /// What lay ready for the playhead in the greatest need when the feeder looked last.
    levels: Mutex<Levels>,
}

impl Desk {
    fn tell(&self, news: News) {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == NEWS {
            waiting.pop_front();
        }
        waiting.push_back(news);
    }

    fn note(&self, levels: Levels) {
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner) = levels;
    }
}

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
            .map_err(|error| Error::BadTrack { cause: format!("no thread to read it with: {error}") })?;
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
