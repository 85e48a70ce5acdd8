//! The driver, which a device's callback calls. It takes the renderer, converts the sample rate and measures the load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::convert::Converter;
use crate::audio::Renderer;
use crate::output::cause::Cause;
use crate::output::health::{HealthCounters, Realtime};
use crate::output::stream_link::StreamLink;
use crate::rt::Slot;
use crate::types::units::SampleRate;

/// The length of each of the two phases before a thread requests realtime priority. In the first phase a device may fill its
/// buffers as fast as it can. In the second phase it must request blocks in real time.
const PACING_TEST: Duration = Duration::from_millis(250);

/// The sound of one block.
pub(crate) struct RenderedBlock<'a> {
    renderer: &'a mut Renderer,
    converter: Option<&'a mut Converter>,
}

impl RenderedBlock<'_> {
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

/// Fills the blocks of a device's callback from the renderer.
pub(crate) struct Driver {
    slot: Arc<Slot<Renderer>>,
    meter: Arc<HealthCounters>,
    link: Arc<StreamLink>,
    rate: SampleRate,
    converter: Option<Converter>,
    pacing_test: Option<PacingTest>,
}

/// Measures whether the device requests blocks in real time.
struct PacingTest {
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
        meter: Arc<HealthCounters>,
        rate: SampleRate,
        engine_rate: SampleRate,
    ) -> Result<Self, Cause> {
        let converter = if rate == engine_rate { None } else { Some(Converter::new(engine_rate, rate)?) };
        let pacing_test = Some(PacingTest { began: None, frames: 0 });
        Ok(Self { slot, meter, link: Arc::new(StreamLink::new()), rate, converter, pacing_test })
    }

    pub fn link(&self) -> Arc<StreamLink> {
        self.link.clone()
    }

    /// Calls `write` with the sound of the next `frames` frames. Returns false when another thread has the renderer, or when the
    /// stream is retired. Then the block must be silent.
    pub fn block(&mut self, frames: usize, write: impl FnOnce(&mut RenderedBlock)) -> bool {
        let began = Instant::now();
        self.link.called(began - self.meter.epoch);
        if self.link.is_retired() {
            return false;
        }
        self.observe(began, frames);
        let Some(mut renderer) = self.slot.take() else {
            self.meter.missed();
            return false;
        };
        write(&mut RenderedBlock { renderer: &mut renderer, converter: self.converter.as_mut() });
        // The slot is empty, because there is only one renderer.
        let _nothing = self.slot.put(renderer);
        let busy = began.elapsed();
        self.meter.block(frames, self.rate, busy);
        if busy.as_secs_f64() * f64::from(self.rate.get()) > frames as f64 {
            self.meter.missed();
        }
        true
    }

    /// Requests realtime priority, once, when the device has requested blocks in real time.
    fn observe(&mut self, now: Instant, frames: usize) {
        let Some(pacing_test) = &mut self.pacing_test else { return };
        let since = now - *pacing_test.began.get_or_insert(now);
        if since < PACING_TEST {
            return;
        }
        if since < 2 * PACING_TEST {
            pacing_test.frames += frames as u64;
            return;
        }
        let in_time = PACING_TEST.as_secs_f64() * f64::from(self.rate.get());
        let paced = (pacing_test.frames as f64) < (2.0 * in_time).max(4.0 * frames as f64);
        self.pacing_test = None;
        let realtime = if paced { promote() } else { Realtime::Unpaced };
        #[cfg(target_os = "linux")]
        if let Realtime::Refused { .. } = realtime {
            self.link.set_unraised(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
        }
        self.meter.set_realtime(realtime);
    }
}

/// The nice level of an audio thread without realtime priority. Sound servers and their clients use the same level.
pub(crate) const NICE: i32 = -11;

/// Requests round-robin realtime scheduling of this thread, at a priority below that of sound servers. If that is refused, requests
/// the nice level [`NICE`].
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
        // This changes only the calling thread, because on Linux every thread has its own nice level.
        Err(Error::OS(errno)) => match rustix::process::setpriority_process(None, NICE) {
            Ok(()) => Realtime::Raised { nice: NICE },
            Err(_) => Realtime::Refused { errno },
        },
        Err(_) => Realtime::NotRequested,
    }
}

/// On other systems the sound service sets the priority of its threads.
#[cfg(not(target_os = "linux"))]
fn promote() -> Realtime {
    Realtime::NotRequested
}

#[cfg(test)]
mod tests {
    use assert_no_alloc::{AllocDisabler, assert_no_alloc};

    use super::*;
    use crate::output::health::OutputState;
    use crate::{Command, Engine, Frames, Gain, When};

    #[global_allocator]
    static GUARD: AllocDisabler = AllocDisabler;

    /// A driver for a device at 48 kHz and an engine at `engine_rate` that plays a tone.
    fn bench(engine_rate: SampleRate) -> (Engine, Arc<Slot<Renderer>>, Arc<HealthCounters>, Driver) {
        let (mut engine, renderer) = Engine::builder().sample_rate(engine_rate).split().unwrap();
        let gain = Gain::new(0.5).unwrap();
        engine.send(Command::Tone { hertz: 440.0, gain, length: Frames(1 << 20) }, When::NextBlock).unwrap();
        let slot = Arc::new(Slot::empty());
        assert!(slot.put(Box::new(renderer)).is_none());
        let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::DAT));
        meter.set_realtime(Realtime::Pending);
        let driver = Driver::new(slot.clone(), meter.clone(), SampleRate::DAT, engine_rate).unwrap();
        (engine, slot, meter, driver)
    }

    #[test]
    fn a_callback_allocates_and_frees_nothing_converted_or_not() {
        for engine_rate in [SampleRate::DAT, SampleRate::CD] {
            let (_engine, _slot, meter, mut driver) = bench(engine_rate);
            let mut out = vec![0.0; 2 * 5_000];
            for frames in [1, 64, 441, 5_000, 1_024, 5_000] {
                assert!(assert_no_alloc(|| driver.block(frames, |sound| sound.fill(&mut out[..2 * frames]))));
            }
            assert!(out.iter().any(|x| *x > 0.4));
            let start = Instant::now();
            assert_no_alloc(|| {
                driver.observe(start, 64);
                driver.observe(start + 2 * PACING_TEST, 64);
            });
            assert_ne!(
                meter.health().realtime,
                Realtime::Pending,
                "the decision was made while allocation was forbidden"
            );
            assert_eq!((meter.health().blocks, meter.health().callback_frames), (6, Some(1..=5_000)));
        }
    }

    #[test]
    fn a_callback_without_its_renderer_is_silent_and_counted() {
        let (engine, slot, meter, mut driver) = bench(SampleRate::DAT);
        let renderer = slot.take().unwrap();
        assert!(!driver.block(64, |_| panic!("there is no sound")));
        assert_eq!((meter.health().missed_deadlines, meter.health().blocks), (1, 0));
        assert!(slot.put(renderer).is_none());
        assert!(driver.block(64, |sound| sound.fill(&mut [0.0; 128])));
        driver.link().retire();
        assert!(!driver.block(64, |_| panic!("a retired stream gets no sound")));
        assert_eq!((meter.health().missed_deadlines, engine.status().frames), (1, Frames(64)));
        assert_eq!((driver.link().calls(), meter.health().state), (3, OutputState::Playing));
    }

    #[test]
    fn only_a_device_that_requests_blocks_in_real_time_gets_realtime_priority() {
        // (milliseconds from block to block, frames of a block, whether that is in time at 48 kHz)
        for (step, frames, paced) in
            [(10, 480, true), (1, 64, true), (10, 4_800, false), (1, 480, false), (900, 43_200, true)]
        {
            let (_engine, _slot, meter, mut driver) = bench(SampleRate::DAT);
            let start = Instant::now();
            // Filling the buffers does not count.
            (0..8).for_each(|_| driver.observe(start, 48_000));
            (1..=1_000).for_each(|nth| driver.observe(start + Duration::from_millis(nth * step), frames));
            let realtime = meter.health().realtime;
            assert_eq!(realtime != Realtime::Unpaced, paced, "{frames} frames each {step} ms: {realtime:?}");
            assert_ne!(realtime, Realtime::Pending);
        }
    }
}
