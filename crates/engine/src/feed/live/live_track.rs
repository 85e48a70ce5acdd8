//! A live input as the control half holds it: one source, and a track of each of its stems.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::input::{LiveInfo, LiveInput, REACH_AT_REST, Starvation};
use super::live_feeder::LiveFeeder;
use super::live_source::LiveSource;
use crate::feed::StreamEvent;
use crate::rt::{LiveRing, LiveStem, Stream};
use crate::types::error::{Error, Result};
use crate::types::loop_region::LoopRegion;

/// The least number of seconds that are kept of a live input, those before the playheads included.
const KEPT_SECONDS: f64 = 2.0;
/// An input that is late again and again gets at most this many seconds, or a window.
const MOST_READY_SECONDS: f64 = 0.5;
/// The least number of frames that are kept: enough for what every stretch method reads around a position, also when the sample rate
/// of the engine is much higher than that of the input.
const KEPT_FRAMES: usize = 1 << 17;

/// Ends the feeder when the last stem is dropped. The feeder has the source but not this.
struct CloseOnDrop(Arc<LiveSource>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A stem of a live input. The thread that reads the input ends when all of them are dropped.
pub(crate) struct LiveTrack {
    pub stream: Arc<Stream>,
    source: Arc<CloseOnDrop>,
}

impl LiveTrack {
    /// Starts to read an input; one track for each of its stems.
    pub fn start(input: Box<dyn LiveInput>, info: &LiveInfo) -> Result<Vec<Self>> {
        info.check()?;
        let window = info.sample_rate.frames_in(info.window.as_secs_f64());
        let kept = info.sample_rate.frames_in(KEPT_SECONDS).max(4 * window).max(KEPT_FRAMES);
        let ring = Arc::new(LiveRing::new(info.stems, kept.next_power_of_two()));
        let most_ready = info.sample_rate.frames_in(MOST_READY_SECONDS).max(window);
        let stem = |stem| LiveStem {
            ring: ring.clone(),
            stem,
            skips: info.starvation == Starvation::Skip,
            window: window as u64,
            most_ready: most_ready as u64,
        };
        let streams: Vec<_> =
            (0..info.stems).map(|index| Arc::new(Stream::new_live(stem(index), LoopRegion::LAST_FRAME.0))).collect();
        let source = Arc::new(LiveSource::new(streams.clone(), info.timeout));
        let feeder = LiveFeeder::new(input, ring, source.clone(), info);
        let handle = thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || feeder.run())
            .map_err(|source| Error::Thread { purpose: "to read the live input with", source })?;
        source.set_thread(handle.thread().clone());
        let source = Arc::new(CloseOnDrop(source));
        Ok(streams.into_iter().map(|stream| Self { stream, source: source.clone() }).collect())
    }

    /// The oldest event of the input that was not returned yet.
    pub fn event(&self) -> Option<StreamEvent> {
        self.source.0.event()
    }

    /// Whether a start sounds at once.
    pub fn is_ready(&self) -> bool {
        let is_filled = |live: &LiveStem| live.ring.written() >= live.window + REACH_AT_REST;
        self.stream.live().is_some_and(|live| is_filled(live) || live.ring.end().is_some())
    }

    /// Blocks until frames are there; false when the input cannot be read or has no frames within its time-out.
    pub fn wait(&self, from: i64, until: i64) -> bool {
        loop {
            if self.stream.holds(from, until) {
                return true;
            }
            let source = &self.source.0;
            if source.is_failing() || source.is_stalled() || self.is_lost(from) {
                return false;
            }
            source.wake();
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Whether a frame was overwritten, so that it will not be there again.
    fn is_lost(&self, from: i64) -> bool {
        let Some(live) = self.stream.live() else { return false };
        from.max(0).unsigned_abs() < live.oldest(live.ring.written())
    }
}

impl std::fmt::Debug for LiveTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveTrack").field("stream", &self.stream).finish_non_exhaustive()
    }
}
