//! The supervisor of a device. It detects that the device is lost or that its buffer is too small. Then it closes the stream and
//! opens another one. In between it renders without an output, so that the engine's time continues.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::audio::NICE;
use super::backend::{Backend, DeviceStream, OpenedDevice, StreamSetup, open_on_thread};
use super::buffer_growth::BufferGrowth;
use super::cause::Cause;
use super::health::{HealthCounters, OutputState, Realtime};
use super::loss_detector::LossDetector;
use crate::audio::Renderer;
use crate::rt::Slot;
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// The time between two attempts to open the device.
const RETRY: Duration = Duration::from_millis(400);
/// An attempt may hang. After this time another attempt begins in addition.
const STUCK: Duration = Duration::from_secs(3);
/// The largest number of unfinished attempts. While there are so many, no other attempt begins.
const MAX_ATTEMPTS: usize = 4;
/// The interval at which the stream is checked while the device plays.
const POLL_PLAYING: Duration = Duration::from_millis(50);
/// The interval at which attempts are checked while the device is lost.
const POLL_LOST: Duration = Duration::from_millis(10);
/// How long the shutdown waits for a stream to close.
const CLOSING: Duration = Duration::from_millis(500);
/// When the engine's time is late by more than this, it does not catch up.
const CATCH_UP: Duration = Duration::from_secs(5);

/// An attempt to open the device, which runs on a thread of its own.
struct OpenAttempt {
    result: Receiver<Result<OpenedDevice, Cause>>,
    began: Instant,
}

/// Supervises `opened`, which plays already, until the worker is stopped. Stopping takes no longer than a second, even when the device
/// hangs.
///
/// # Errors
/// The system's error, when no thread can be started.
pub(crate) fn start(
    backend: Arc<dyn Backend>,
    setup: StreamSetup,
    engine_rate: SampleRate,
    adaptive: Option<BufferGrowth>,
    opened: OpenedDevice,
) -> std::io::Result<Worker> {
    let supervisor = Supervisor { backend, setup, engine_rate, adaptive, closing: Vec::new(), attempts: Vec::new() };
    Worker::start("crowd-supervisor", move |stop| supervisor.run(opened, stop))
}

/// The reason why a stream is closed.
enum StopReason {
    /// The engine is closed.
    Stopped,
    /// The device is lost, for this reason.
    Lost(String),
    /// The device needs a buffer of this many frames.
    TooSmall(u32),
}

/// A supervisor, which runs on its own thread.
struct Supervisor {
    backend: Arc<dyn Backend>,
    setup: StreamSetup,
    engine_rate: SampleRate,
    /// The rule by which the buffer grows. `None` when its size is fixed.
    adaptive: Option<BufferGrowth>,
    /// Threads that close streams. In some sound systems closing never returns.
    closing: Vec<JoinHandle<()>>,
    /// Attempts to open the device that have not returned yet.
    attempts: Vec<OpenAttempt>,
}

impl Supervisor {
    fn run(mut self, opened: OpenedDevice, stop: &AtomicBool) {
        let mut playing = opened;
        loop {
            let over = self.wait_for_end(&playing, stop);
            let OpenedDevice { stream, link, .. } = playing;
            let heard_until = link.latest_call(self.setup.meter.epoch);
            link.retire();
            self.close_on_thread(stream);
            let mut time = GapRenderer::new(heard_until.unwrap_or_else(Instant::now), self.engine_rate);
            match over {
                StopReason::Stopped => return self.close(),
                StopReason::Lost(why) => self.report_problem(why),
                StopReason::TooSmall(frames) => {
                    self.setup.buffer_frames = Some(frames);
                    {
                        let mut condition = self.setup.meter.condition();
                        condition.buffer_frames = Some(frames);
                        condition.buffer_raises += 1;
                    }
                    self.wait_for_closing(&mut time);
                }
            }
            let Some(opened) = self.reopen(&mut time, stop) else { return self.close() };
            if matches!(self.setup.meter.condition().state, OutputState::Lost { .. }) {
                self.setup.meter.reopened();
            }
            report_playing(&self.setup, &opened, self.engine_rate);
            playing = opened;
        }
    }

    /// Returns when the stream has to be closed, with the reason.
    fn wait_for_end(&mut self, playing: &OpenedDevice, stop: &AtomicBool) -> StopReason {
        let mut detector = LossDetector::new(Instant::now());
        while !stop.load(Ordering::Relaxed) {
            thread::park_timeout(POLL_PLAYING);
            if let Some(why) = detector.check(&playing.link, Instant::now()) {
                return StopReason::Lost(why);
            }
            #[cfg(target_os = "linux")]
            if let Some(thread) = playing.link.take_unraised() {
                raise(thread, self.setup.meter.clone());
            }
            let meter = &self.setup.meter;
            if let Some(frames) = self.adaptive.as_mut().and_then(|rule| rule.observe(meter.sound(), meter.late())) {
                return StopReason::TooSmall(frames);
            }
            self.closing.retain(|thread| !thread.is_finished());
        }
        StopReason::Stopped
    }

    /// Waits for at most [`CLOSING`] until streams are closed, because many devices can be open only once.
    fn wait_for_closing(&self, time: &mut GapRenderer) {
        let deadline = Instant::now() + CLOSING;
        while Instant::now() < deadline && !self.closing.iter().all(JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(2));
            time.render_until(&self.setup.slot, Instant::now());
        }
    }

    /// Tries to open the device until this succeeds. Returns `None` when the supervisor is stopped. Meanwhile the engine renders
    /// without an output.
    fn reopen(&mut self, time: &mut GapRenderer, stop: &AtomicBool) -> Option<OpenedDevice> {
        let mut next = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            if let Some(opened) = self.finished_attempt() {
                return Some(opened);
            }
            let trying = self.attempts.iter().any(|attempt| now - attempt.began < STUCK);
            if now >= next && !trying && self.attempts.len() < MAX_ATTEMPTS {
                next = now + RETRY;
                if !self.attempts.is_empty() {
                    self.report_problem("the sound system does not answer".into());
                }
                match open_on_thread(&self.backend, &self.setup, Some(self.engine_rate), |_| Ok(())) {
                    Ok(result) => self.attempts.push(OpenAttempt { result, began: now }),
                    Err(cause) => self.report_problem(format!("no thread to open the device: {cause}")),
                }
            }
            time.render_until(&self.setup.slot, now);
            thread::park_timeout(POLL_LOST);
        }
        None
    }

    /// The device that an attempt has opened, if one has succeeded. Failures are written to the health.
    fn finished_attempt(&mut self) -> Option<OpenedDevice> {
        let mut index = 0;
        while let Some(attempt) = self.attempts.get(index) {
            match attempt.result.try_recv() {
                Err(TryRecvError::Empty) => index += 1,
                Ok(Ok(opened)) => {
                    // Attempts that finish later close what they have opened.
                    self.attempts.clear();
                    return Some(opened);
                }
                Ok(Err(cause)) => {
                    self.attempts.remove(index);
                    self.report_problem(cause.message);
                }
                Err(TryRecvError::Disconnected) => {
                    self.attempts.remove(index);
                    self.report_problem("the sound system failed while it opened the device".into());
                }
            }
        }
        None
    }

    /// Reports why no device plays. The first report sets the state to lost.
    fn report_problem(&self, cause: String) {
        let mut condition = self.setup.meter.condition();
        condition.problem = Some(cause);
        if condition.state == OutputState::Playing {
            condition.state = OutputState::Lost { since: Instant::now() };
        }
    }

    /// Closes a stream on a thread of its own, because closing may never return.
    fn close_on_thread(&mut self, stream: Box<dyn DeviceStream>) {
        let thread = thread::Builder::new().name("crowd-close".into()).spawn(move || drop(stream));
        self.closing.extend(thread);
    }

    /// Waits for at most [`CLOSING`] until streams are closed.
    fn close(self) {
        let deadline = Instant::now() + CLOSING;
        while Instant::now() < deadline && !self.closing.iter().all(JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Requests a higher priority for a thread from RealtimeKit, without waiting for the reply.
#[cfg(target_os = "linux")]
fn raise(thread: u32, meter: Arc<HealthCounters>) {
    let request = move || {
        if super::rtkit::raise(thread, NICE).is_ok() {
            meter.set_realtime(Realtime::Raised { nice: NICE });
        }
    };
    // Without a thread for the request the priority stays refused, which the health shows.
    let _requesting = thread::Builder::new().name("crowd-rtkit".into()).spawn(request);
}

/// Reports that a device plays.
pub(crate) fn report_playing(setup: &StreamSetup, opened: &OpenedDevice, engine_rate: SampleRate) {
    setup.meter.set_realtime(Realtime::Pending);
    let mut condition = setup.meter.condition();
    condition.buffer_frames = setup.buffer_frames;
    condition.output = format!("device:{}", opened.name);
    condition.state = OutputState::Playing;
    condition.sample_rate = opened.rate;
    condition.problem = (opened.rate != engine_rate)
        .then(|| format!("the device runs at {}: converted from the engine's {engine_rate}", opened.rate));
}

/// Renders while no device requests sound, so that the engine's time continues.
struct GapRenderer {
    zero: Instant,
    rate: SampleRate,
    made: u64,
    scratch: Box<[f32]>,
}

impl GapRenderer {
    fn new(zero: Instant, rate: SampleRate) -> Self {
        Self { zero, rate, made: 0, scratch: vec![0.0; 2 * 1_024].into() }
    }

    /// Renders the frames that would have been played until `now`. Does nothing while another thread has the renderer.
    fn render_until(&mut self, slot: &Slot<Renderer>, now: Instant) {
        let passed = now.saturating_duration_since(self.zero);
        let mut due = (passed.as_secs_f64() * f64::from(self.rate.get())) as u64;
        let most = (CATCH_UP.as_secs_f64() * f64::from(self.rate.get())) as u64;
        if due - self.made > most {
            // The whole program must have been stopped, so the engine's time does not catch up.
            self.zero = now;
            (self.made, due) = (0, 0);
        }
        while self.made < due {
            let Some(mut renderer) = slot.take() else { return };
            let frames = (due - self.made).min(self.scratch.len() as u64 / 2);
            renderer.render(self.scratch.get_mut(..2 * frames as usize).unwrap_or_default());
            let _nothing = slot.put(renderer);
            self.made += frames;
        }
    }
}

#[cfg(test)]
mod tests;
