//! What stands between a device's callback and the renderer: claiming, converting, measuring.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use super::convert::Converter;
use super::health::{Meter, Realtime};
use crate::render::Renderer;
use crate::rt::Slot;
use crate::units::SampleRate;

/// How long a device has to show that it keeps time before its thread asks for realtime priority.
const TRIAL: Duration = Duration::from_millis(250);

/// What a stream and its supervisor share. Every stream has its own, so a dead one cannot speak for its successor.
pub(crate) struct Link {
    retired: AtomicBool,
    /// Callbacks so far.
    calls: AtomicU64,
    /// When the latest one began, in nanoseconds since the meter's epoch.
    latest: AtomicU64,
    /// Errors that are no xrun.
    errors: AtomicU64,
    fatal: AtomicBool,
    reason: Mutex<Option<String>>,
}

impl Link {
    pub fn new() -> Self {
        Self {
            retired: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            fatal: AtomicBool::new(false),
            reason: Mutex::new(None),
        }
    }

    /// From now on the stream's callback writes silence and leaves the renderer alone.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// When the latest callback began, if there was one.
    pub fn latest_call(&self, epoch: Instant) -> Option<Instant> {
        (self.calls() > 0).then(|| epoch + Duration::from_nanos(self.latest.load(Ordering::Relaxed)))
    }

    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    pub fn is_fatal(&self) -> bool {
        self.fatal.load(Ordering::Relaxed)
    }

    /// What the device said first when it failed.
    pub fn reason(&self) -> Option<String> {
        match self.reason.try_lock() {
            Ok(reason) => reason.clone(),
            Err(TryLockError::Poisoned(reason)) => reason.into_inner().clone(),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Counts an error of the stream. Its text is kept when it is the first, or the first fatal one: a dead device
    /// may report a hundred thousand a second.
    pub fn error(&self, fatal: bool, text: &dyn std::fmt::Display) {
        let first = self.errors.fetch_add(1, Ordering::Relaxed) == 0;
        let first_fatal = fatal && !self.is_fatal();
        if (first || first_fatal)
            && let Ok(mut reason) = self.reason.try_lock()
        {
            *reason = Some(text.to_string());
        }
        if fatal {
            self.fatal.store(true, Ordering::Relaxed);
        }
    }
}

/// The sound of one block.
pub(crate) struct Sound<'a> {
    renderer: &'a mut Renderer,
    converter: Option<&'a mut Converter>,
}

impl Sound<'_> {
    /// The next frames, interleaved stereo, at the device's rate.
    pub fn fill(&mut self, out: &mut [f32]) {
        match &mut self.converter {
            None => {
                self.renderer.render(out);
            }
            Some(converter) => converter.fill(self.renderer, out),
        }
    }
}

/// Lives in a device's callback.
pub(crate) struct Driver {
    slot: Arc<Slot<Renderer>>,
    meter: Arc<Meter>,
    link: Arc<Link>,
    rate: SampleRate,
    converter: Option<Converter>,
    trial: Option<Trial>,
}

/// Whether the device keeps time.
struct Trial {
    began: Option<Instant>,
    frames: u64,
}

impl Driver {
    /// A driver for a device at `rate`, fed by a renderer at `engine_rate`.
    ///
    /// # Errors
    /// When there is no conversion between the two rates.
    pub fn new(
        slot: Arc<Slot<Renderer>>,
        meter: Arc<Meter>,
        rate: SampleRate,
        engine_rate: SampleRate,
    ) -> Result<Self, String> {
        let converter = if rate == engine_rate { None } else { Some(Converter::new(engine_rate, rate)?) };
        let trial = Some(Trial { began: None, frames: 0 });
        Ok(Self { slot, meter, link: Arc::new(Link::new()), rate, converter, trial })
    }

    pub fn link(&self) -> Arc<Link> {
        self.link.clone()
    }

    /// Runs `write` with the sound of the next `frames` frames. False when the renderer is elsewhere, or no longer
    /// this driver's business: the block has to be silent then.
    pub fn block(&mut self, frames: usize, write: impl FnOnce(&mut Sound)) -> bool {
        let began = Instant::now();
        self.link.latest.store((began - self.meter.epoch).as_nanos() as u64, Ordering::Relaxed);
        self.link.calls.fetch_add(1, Ordering::Relaxed);
        if self.link.is_retired() {
            return false;
        }
        self.observe(began, frames);
        let Some(mut renderer) = self.slot.take() else {
            self.meter.missed();
            return false;
        };
        write(&mut Sound { renderer: &mut renderer, converter: self.converter.as_mut() });
        // The slot is empty: the only renderer there is was here.
        let _nothing = self.slot.put(renderer);
        let busy = began.elapsed();
        self.meter.block(frames, self.rate, busy);
        if busy.as_secs_f64() * f64::from(self.rate.get()) > frames as f64 {
            self.meter.missed();
        }
        true
    }

    /// Asks for realtime priority, once, when the device has shown that it waits between blocks.
    fn observe(&mut self, now: Instant, frames: usize) {
        let Some(trial) = &mut self.trial else { return };
        let took = now - *trial.began.get_or_insert(now);
        if took < TRIAL {
            trial.frames += frames as u64;
            return;
        }
        let in_time = 2.0 * took.as_secs_f64() * f64::from(self.rate.get());
        let paced = (trial.frames as f64) < in_time.max(4.0 * frames as f64);
        self.trial = None;
        self.meter.set_realtime(if paced { promote() } else { Realtime::Unpaced });
    }
}

/// Asks for round-robin realtime scheduling of this thread, at a priority under the sound servers' own.
#[cfg(target_os = "linux")]
fn promote() -> Realtime {
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
    use thread_priority::{
        Error, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    };
    let priority = ThreadPriority::Crossplatform(ThreadPriorityValue::try_from(10).unwrap_or_default());
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    match set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        Ok(()) => Realtime::Granted,
        Err(Error::OS(errno)) => Realtime::Refused { errno },
        Err(_) => Realtime::NotAsked,
    }
}

/// Elsewhere the sound service gives its threads the priority they need.
#[cfg(not(target_os = "linux"))]
fn promote() -> Realtime {
    Realtime::NotAsked
}
