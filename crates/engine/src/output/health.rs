//! The health of an output: counters that the audio thread writes and the control half reads.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::types::units::SampleRate;

/// Whether an output plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OutputState {
    /// The output takes blocks.
    Playing,
    /// The device is lost. The engine continues without an output, so that the music is at the right position when the
    /// device is back. Every 400 ms there is another attempt to open the device.
    Lost {
        /// The time at which the loss was detected. It is not serialised, because another process cannot use it.
        #[cfg_attr(feature = "serde", serde(skip))]
        since: Instant,
    },
    /// The output has ended and will not be opened again. [`Health::problem`] is the reason. The engine continues without an
    /// output.
    Ended,
}

/// Whether the audio thread runs with realtime priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Realtime {
    /// Not decided yet. Realtime priority is requested half a second after the start, once the device has requested blocks in
    /// real time.
    Pending,
    /// The system granted it.
    Granted,
    /// The system refused it, but gave the thread a higher priority than that of other programs. On Linux this is a nice level,
    /// allowed by a `nice` limit or by RealtimeKit. For realtime priority set the limit that [`Self::Refused`] names.
    Raised {
        /// The nice level, -1 to -20.
        nice: i32,
    },
    /// The system refused it. To allow it on Linux, set an `rtprio` limit of 10 or more in `/etc/security/limits.d`.
    Refused {
        /// The system's error number.
        errno: i32,
    },
    /// Not requested, because the device requests blocks faster than in real time. A thread with realtime priority would leave
    /// no time for other threads.
    Unpaced,
    /// Not requested, because this output does not need it, or because the system's sound service sets the priority.
    NotRequested,
}

/// Whether sound reaches the file of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RecordingState {
    /// The file grows.
    Writing,
    /// The disk has not answered for two seconds. Up to 20 seconds of sound are kept in memory. After that, frames are lost until
    /// the disk answers. The file gets silence of the same length in their place.
    Stalled,
    /// The file cannot be written, because the disk is full or for another reason ([`RecordingHealth::problem`]). The frames that
    /// were written are a complete file. Every five seconds another file is tried. It begins with the sound that was kept in
    /// memory, up to 20 seconds.
    Waiting,
}

/// The state of a recording. The file is written ten times a second. After every write it is complete, even if the program is
/// killed then. A power failure may cost the last two seconds or a little more.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RecordingHealth {
    /// The file that is being written. If none is, the file that was written last.
    pub path: PathBuf,
    /// The number of that file. File 1 has the chosen name, file 2 has `-2` before the extension, and so on. A number is skipped
    /// when a file of that name exists.
    pub number: u32,
    /// Whether sound reaches the file.
    pub state: RecordingState,
    /// Why sound does not reach the file.
    pub problem: Option<String>,
    /// The number of frames in all files of the recording, including silence in place of lost frames.
    pub frames: u64,
    /// The number of frames that were played and are in no file.
    pub lost_frames: u64,
}

/// The time in which sound is made, divided by the duration of the sound. At 1 or more, blocks are late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Load {
    /// The mean over all blocks.
    pub mean: f64,
    /// The load of the worst block.
    pub max: f64,
}

/// The state of an output; see [`Engine::health`](crate::Engine::health).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Health {
    /// The output that plays or played last, in the notation of [`Output`](crate::Output). A default device has its real name.
    pub output: String,
    /// Whether it plays.
    pub state: OutputState,
    /// The reason why the output does not play, or how it differs from the request.
    pub problem: Option<String>,
    /// The sample rate of the output. If the engine has another one, the sound is converted.
    pub sample_rate: SampleRate,
    /// The smallest and the largest block so far, in frames. `None` before the first block.
    pub callback_frames: Option<RangeInclusive<u32>>,
    /// The number of blocks so far.
    pub blocks: u64,
    /// The number of blocks that were not ready in time, or were silent because another thread used the renderer.
    pub missed_deadlines: u64,
    /// The number of gaps that the device reported.
    pub xruns: u64,
    /// How often the device was opened again after a loss.
    pub reopens: u64,
    /// The number of frames per callback that was requested from the device. `None` when the device chose it, or when there is
    /// no device.
    pub buffer_frames: Option<u32>,
    /// How often the device was opened again with a larger buffer (see
    /// [`DeviceConfig::adaptive`](crate::DeviceConfig::adaptive)).
    pub buffer_raises: u64,
    /// The recordings. That of an [`Output::File`](crate::Output::File) is the first, followed by that of
    /// [`Builder::record`](crate::Builder::record).
    pub recordings: Vec<RecordingHealth>,
    /// The load since the start.
    pub load: Load,
    /// The load since the last call of [`Engine::health`](crate::Engine::health).
    pub recent: Load,
    /// The longest time in which a block was made, in microseconds.
    pub peak_block_us: f64,
    /// Whether the audio thread runs with realtime priority.
    pub realtime: Realtime,
}

impl Health {
    /// The number of known gaps in the sound. It is the larger of [`missed_deadlines`](Self::missed_deadlines) and
    /// [`xruns`](Self::xruns), because a late block is usually counted in both.
    pub fn underruns(&self) -> u64 {
        self.missed_deadlines.max(self.xruns)
    }
}

/// The times from which a load is computed, in nanoseconds.
#[derive(Default)]
struct BusyTime {
    /// The time in which the sound was made.
    busy: AtomicU64,
    /// The duration of the sound.
    covered: AtomicU64,
    /// The largest ratio of the two in one block, in millionths.
    worst: AtomicU64,
}

impl BusyTime {
    fn add(&self, busy: u64, covered: u64) {
        self.busy.fetch_add(busy, Relaxed);
        self.covered.fetch_add(covered, Relaxed);
        self.worst.fetch_max(busy.saturating_mul(1_000_000) / covered.max(1), Relaxed);
    }

    fn load(&self, read: impl Fn(&AtomicU64) -> u64) -> Load {
        let covered = read(&self.covered).max(1) as f64;
        Load { mean: read(&self.busy) as f64 / covered, max: read(&self.worst) as f64 / 1e6 }
    }
}

/// The part of the health that changes only when a device is opened or lost. No audio thread reads or writes it.
#[derive(Clone, Debug)]
pub(crate) struct OutputCondition {
    pub output: String,
    pub state: OutputState,
    pub problem: Option<String>,
    pub sample_rate: SampleRate,
    pub buffer_frames: Option<u32>,
    pub buffer_raises: u64,
}

/// The counters from which [`Health`] is made. Audio threads write them without waiting.
pub(crate) struct HealthCounters {
    /// The origin of the times that a driver writes.
    #[cfg(feature = "device")]
    pub epoch: Instant,
    blocks: AtomicU64,
    missed: AtomicU64,
    xruns: AtomicU64,
    reopens: AtomicU64,
    smallest: AtomicU32,
    largest: AtomicU32,
    total: BusyTime,
    recent: BusyTime,
    peak: AtomicU64,
    realtime: AtomicU32,
    condition: Mutex<OutputCondition>,
}

const PENDING: u32 = 0;
const GRANTED: u32 = 1;
const UNPACED: u32 = 2;
const NOT_REQUESTED: u32 = 3;
/// Added to an error number.
const REFUSED: u32 = 1 << 16;
/// Added to the negated nice level.
const RAISED: u32 = 1 << 17;

impl HealthCounters {
    pub fn new(output: String, sample_rate: SampleRate) -> Self {
        Self {
            #[cfg(feature = "device")]
            epoch: Instant::now(),
            blocks: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            xruns: AtomicU64::new(0),
            reopens: AtomicU64::new(0),
            smallest: AtomicU32::new(u32::MAX),
            largest: AtomicU32::new(0),
            total: BusyTime::default(),
            recent: BusyTime::default(),
            peak: AtomicU64::new(0),
            realtime: AtomicU32::new(NOT_REQUESTED),
            condition: Mutex::new(OutputCondition {
                output,
                state: OutputState::Playing,
                problem: None,
                sample_rate,
                buffer_frames: None,
                buffer_raises: 0,
            }),
        }
    }

    /// Counts a block of `frames` that took `busy` to fill.
    pub fn block(&self, frames: usize, rate: SampleRate, busy: Duration) {
        let covered = frames as u64 * 1_000_000_000 / u64::from(rate.get());
        let busy = busy.as_nanos() as u64;
        let frames = frames as u32;
        self.blocks.fetch_add(1, Relaxed);
        self.smallest.fetch_min(frames, Relaxed);
        self.largest.fetch_max(frames, Relaxed);
        self.total.add(busy, covered);
        self.recent.add(busy, covered);
        self.peak.fetch_max(busy, Relaxed);
    }

    pub fn missed(&self) {
        self.missed.fetch_add(1, Relaxed);
    }

    fn realtime(&self) -> Realtime {
        match self.realtime.load(Relaxed) {
            PENDING => Realtime::Pending,
            GRANTED => Realtime::Granted,
            UNPACED => Realtime::Unpaced,
            NOT_REQUESTED => Realtime::NotRequested,
            raised if raised >= RAISED => Realtime::Raised { nice: -((raised - RAISED) as i32) },
            refused => Realtime::Refused { errno: (refused - REFUSED) as i32 },
        }
    }

    /// Locks the part that control threads change.
    pub fn condition(&self) -> MutexGuard<'_, OutputCondition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn health(&self) -> Health {
        let OutputCondition { output, state, problem, sample_rate, buffer_frames, buffer_raises } =
            self.condition().clone();
        let (smallest, largest) = (self.smallest.load(Relaxed), self.largest.load(Relaxed));
        Health {
            output,
            state,
            problem,
            sample_rate,
            callback_frames: (smallest <= largest).then_some(smallest..=largest),
            blocks: self.blocks.load(Relaxed),
            missed_deadlines: self.missed.load(Relaxed),
            xruns: self.xruns.load(Relaxed),
            reopens: self.reopens.load(Relaxed),
            buffer_frames,
            buffer_raises,
            recordings: Vec::new(),
            load: self.total.load(|value| value.load(Relaxed)),
            recent: self.recent.load(|value| value.swap(0, Relaxed)),
            peak_block_us: self.peak.load(Relaxed) as f64 / 1e3,
            realtime: self.realtime(),
        }
    }
}

/// Counters that only devices have.
#[cfg(feature = "device")]
impl HealthCounters {
    pub fn xrun(&self) {
        self.xruns.fetch_add(1, Relaxed);
    }

    /// The duration of the sound that was output so far.
    pub fn sound(&self) -> Duration {
        Duration::from_nanos(self.total.covered.load(Relaxed))
    }

    /// The number of late blocks so far, counted as in [`Health::underruns`].
    pub fn late(&self) -> u64 {
        self.missed.load(Relaxed).max(self.xruns.load(Relaxed))
    }

    pub fn reopened(&self) {
        self.reopens.fetch_add(1, Relaxed);
    }

    pub fn set_realtime(&self, realtime: Realtime) {
        let code = match realtime {
            Realtime::Pending => PENDING,
            Realtime::Granted => GRANTED,
            Realtime::Unpaced => UNPACED,
            Realtime::NotRequested => NOT_REQUESTED,
            Realtime::Raised { nice } => RAISED + (nice.unsigned_abs() & 0xFF),
            Realtime::Refused { errno } => REFUSED + (errno as u32 & 0xFFFF),
        };
        self.realtime.store(code, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_time_spent_by_time_covered_and_recent_load_starts_anew_with_each_reading() {
        let meter = HealthCounters::new("null".into(), SampleRate::DAT);
        assert_eq!(meter.health().callback_frames, None);
        meter.block(480, SampleRate::DAT, Duration::from_millis(1));
        meter.block(960, SampleRate::DAT, Duration::from_millis(8));
        let health = meter.health();
        assert_eq!(health.load, Load { mean: 0.3, max: 0.4 });
        assert_eq!(health.recent, health.load);
        assert_eq!((health.blocks, health.peak_block_us), (2, 8_000.0));
        assert_eq!(health.callback_frames, Some(480..=960));
        let health = meter.health();
        assert_eq!(health.recent, Load::default());
        assert_eq!(health.load, Load { mean: 0.3, max: 0.4 });
    }

    #[cfg(feature = "device")]
    #[test]
    fn a_refusal_keeps_its_error_number_and_a_priority_its_level() {
        let meter = HealthCounters::new("null".into(), SampleRate::DAT);
        for realtime in [
            Realtime::Refused { errno: 1 },
            Realtime::Raised { nice: -11 },
            Realtime::Granted,
            Realtime::Unpaced,
            Realtime::Pending,
        ] {
            meter.set_realtime(realtime);
            assert_eq!(meter.health().realtime, realtime);
        }
    }
}
