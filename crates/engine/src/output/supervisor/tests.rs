//! Tests of the supervisor, with a sound system that fails on demand.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::output::audio::Driver;
use crate::output::open_device::open_with;
use crate::types::output_error::OutputErrorKind;
use crate::{DeviceConfig, Engine, Error, Health};

/// A timeout that is long enough for any machine.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct FakeDevice {
    plugged: AtomicBool,
    /// The stream's thread continues but reports errors only.
    only_errors: AtomicBool,
    /// The stream reports so many errors before each block, and continues.
    errors_per_block: AtomicUsize,
    /// The stream's thread continues and does nothing.
    mute: AtomicBool,
    /// Closing a stream never returns.
    close_hangs: AtomicBool,
    /// Opening never returns.
    open_hangs: AtomicBool,
    /// The time in milliseconds that a block takes, however large it is.
    block_ms: AtomicUsize,
    /// The only rate of the device.
    hertz: AtomicUsize,
    opens: AtomicUsize,
    streams: AtomicUsize,
}

struct FakeBackend(Arc<FakeDevice>);

struct FakeStream {
    device: Arc<FakeDevice>,
    driver: Option<Driver>,
    frames: usize,
    closed: Arc<AtomicBool>,
}

impl Backend for FakeBackend {
    fn open(&self, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
        self.0.opens.fetch_add(1, SeqCst);
        while self.0.open_hangs.load(SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        if !self.0.plugged.load(SeqCst) {
            return Err(Cause::new(OutputErrorKind::NotFound, "not plugged in"));
        }
        let own = SampleRate::new(self.0.hertz.load(SeqCst) as u32).map_err(Cause::unsupported)?;
        let driver = setup.driver(own, rate)?;
        let link = driver.link();
        self.0.streams.fetch_add(1, SeqCst);
        let frames = setup.buffer_frames.map_or(240, |frames| frames as usize);
        let stream = FakeStream { device: self.0.clone(), driver: Some(driver), frames, closed: Arc::default() };
        Ok(OpenedDevice { stream: Box::new(stream), link, name: "fake".into(), rate: own })
    }

    fn advice(&self) -> String {
        "Plug it in".into()
    }
}

impl DeviceStream for FakeStream {
    fn start(&mut self) -> Result<(), Cause> {
        let (device, closed) = (self.device.clone(), self.closed.clone());
        let mut driver = self.driver.take().ok_or_else(|| Cause::new(OutputErrorKind::Other, "started twice"))?;
        let link = driver.link();
        let frames = self.frames;
        thread::spawn(move || {
            let mut block = vec![0.0; 2 * frames];
            let mut due = Instant::now();
            while !closed.load(SeqCst) {
                // A late block is followed by the next one at once, and the device stays late.
                due = (due + Duration::from_micros(frames as u64 * 1_000_000 / 48_000)).max(Instant::now());
                thread::sleep(due - Instant::now());
                if device.only_errors.load(SeqCst) {
                    (0..100).for_each(|_| link.error(false, &"I/O error"));
                } else if !device.plugged.load(SeqCst) {
                    link.error(true, &"unplugged");
                } else if !device.mute.load(SeqCst) {
                    (0..device.errors_per_block.load(SeqCst)).for_each(|_| link.error(false, &"I/O error"));
                    driver.block(frames, |sound| {
                        sound.fill(&mut block);
                        thread::sleep(Duration::from_millis(device.block_ms.load(SeqCst) as u64));
                    });
                }
            }
            device.streams.fetch_sub(1, SeqCst);
        });
        Ok(())
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        while self.device.close_hangs.load(SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        self.closed.store(true, SeqCst);
    }
}

fn fake() -> Arc<FakeDevice> {
    let fake = FakeDevice::default();
    fake.plugged.store(true, SeqCst);
    fake.hertz.store(48_000, SeqCst);
    Arc::new(fake)
}

fn open(fake: &Arc<FakeDevice>) -> crate::types::error::Result<Engine> {
    play(Engine::builder(), Arc::new(FakeBackend(fake.clone())), wanted(None))
}

fn play(
    builder: crate::Builder,
    backend: Arc<dyn Backend>,
    wanted: DeviceConfig,
) -> crate::types::error::Result<Engine> {
    builder.play_through(|request, make| open_with(backend, request, wanted, make))
}

/// The device, with a buffer that may grow from that size.
fn wanted(adaptive: Option<u32>) -> DeviceConfig {
    DeviceConfig { name: Some("fake".into()), buffer_frames: adaptive, adaptive: adaptive.is_some() }
}

#[track_caller]
fn until(what: &str, mut met: impl FnMut() -> bool) {
    let began = Instant::now();
    while !met() {
        assert!(began.elapsed() < TIMEOUT, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn health(engine: &Engine) -> Health {
    engine.health().unwrap()
}

fn is_lost(engine: &Engine) -> bool {
    matches!(health(engine).state, OutputState::Lost { .. })
}

/// Waits until the device plays after it was opened again `reopens` times.
fn until_back(engine: &Engine, reopens: u64) {
    until("the device is back", || health(engine).state == OutputState::Playing && health(engine).reopens == reopens);
    let blocks = health(engine).blocks;
    until("it requests sound", || health(engine).blocks > blocks + 3);
}

#[test]
fn an_engine_takes_the_rate_of_its_device_unless_another_is_set() {
    let device = fake();
    let engine = open(&device).unwrap();
    assert_eq!(engine.sample_rate(), SampleRate::DAT);
    assert_eq!(health(&engine).output, "device:fake");
    let with_rate =
        play(Engine::builder().sample_rate(SampleRate::CD), Arc::new(FakeBackend(device)), wanted(None)).unwrap();
    assert_eq!((with_rate.sample_rate(), health(&with_rate).sample_rate), (SampleRate::CD, SampleRate::DAT));
    assert!(health(&with_rate).problem.unwrap().contains("converted"));
}

#[test]
fn no_device_at_start_is_an_error_with_advice() {
    let device = fake();
    device.plugged.store(false, SeqCst);
    let error = open(&device).err().unwrap();
    assert!(matches!(&error, Error::Output(error) if error.kind() == OutputErrorKind::NotFound), "{error:?}");
    assert_eq!(error.to_string(), "no sound from device:fake: not plugged in. Plug it in");
}

#[test]
fn an_unplugged_device_plays_again_when_it_is_back_and_nothing_is_left_behind() {
    let device = fake();
    let engine = open(&device).unwrap();
    for round in 1..=3 {
        until_back(&engine, round - 1);
        device.plugged.store(false, SeqCst);
        until("it is lost", || is_lost(&engine));
        let opens = device.opens.load(SeqCst);
        until("it is searched for", || device.opens.load(SeqCst) > opens + 1);
        let problem = health(&engine).problem.unwrap();
        assert!(problem == "not plugged in" || problem == "unplugged", "{problem}");
        device.plugged.store(true, SeqCst);
        until_back(&engine, round);
        assert_eq!(health(&engine).problem, None);
        until("the old stream is closed", || device.streams.load(SeqCst) == 1);
    }
    drop(engine);
    until("the last stream is closed", || device.streams.load(SeqCst) == 0);
}

#[test]
fn a_device_that_reports_only_errors_or_requests_nothing_is_lost_too() {
    let device = fake();
    let engine = open(&device).unwrap();
    device.only_errors.store(true, SeqCst);
    until("the errors are noticed", || is_lost(&engine));
    device.only_errors.store(false, SeqCst);
    until_back(&engine, 1);
    device.mute.store(true, SeqCst);
    until("the silence is noticed", || is_lost(&engine));
    device.mute.store(false, SeqCst);
    until_back(&engine, 2);
}

#[test]
fn a_device_that_reports_errors_and_plays_on_is_not_lost() {
    let device = fake();
    let engine = open(&device).unwrap();
    device.errors_per_block.store(40, SeqCst);
    let frames = engine.status().frames.0;
    until("two seconds are played", || engine.status().frames.0 > frames + 96_000);
    let health = health(&engine);
    assert_eq!((health.state, health.problem, health.reopens), (OutputState::Playing, None, 0));
    assert_eq!((device.opens.load(SeqCst), device.streams.load(SeqCst)), (1, 1));
}

#[test]
fn the_engines_time_advances_while_the_device_is_lost() {
    let device = fake();
    let mut engine = open(&device).unwrap();
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    let frames = engine.status().frames;
    until("a second passes", || engine.status().frames.0 > frames.0 + 48_000);
    // More commands than the queue holds get through, because the supervisor renders.
    for beats in 0..10_000u32 {
        let meter = crate::Command::BeatsPerBar { beats: (1 + beats % 7) as u8 };
        until("there is room", || engine.send(meter.clone(), crate::When::NextBlock).is_ok());
    }
}

#[test]
fn a_stream_that_never_closes_blocks_nothing() {
    let device = fake();
    let engine = open(&device).unwrap();
    device.close_hangs.store(true, SeqCst);
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    device.plugged.store(true, SeqCst);
    until_back(&engine, 1);
    // Its thread still runs and requests sound, but gets none: only the new stream advances the engine's time.
    assert_eq!(device.streams.load(SeqCst), 2);
    let dropped = thread::spawn(move || drop(engine));
    until("the engine is dropped", || dropped.is_finished());
    assert_eq!(device.streams.load(SeqCst), 2, "both streams hang");
    device.close_hangs.store(false, SeqCst);
    until("they close", || device.streams.load(SeqCst) == 0);
}

#[test]
fn a_sound_system_that_never_answers_is_tried_again() {
    let device = fake();
    let engine = open(&device).unwrap();
    device.open_hangs.store(true, SeqCst);
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    until("it is opened a second time", || device.opens.load(SeqCst) >= 3);
    device.plugged.store(true, SeqCst);
    device.open_hangs.store(false, SeqCst);
    until_back(&engine, 1);
    until("the surplus stream is closed", || device.streams.load(SeqCst) == 1);
    device.open_hangs.store(true, SeqCst);
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    let dropped = thread::spawn(move || drop(engine));
    until("the engine is dropped", || dropped.is_finished());
    device.open_hangs.store(false, SeqCst);
}

#[test]
fn the_sound_is_converted_for_a_device_that_comes_back_at_another_rate() {
    let device = fake();
    let engine = open(&device).unwrap();
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    device.hertz.store(44_101, SeqCst);
    device.plugged.store(true, SeqCst);
    until("the odd rate is refused", || health(&engine).problem.is_some_and(|why| why.contains("44101 Hz")));
    assert!(is_lost(&engine));
    device.hertz.store(44_100, SeqCst);
    until_back(&engine, 1);
    let health = health(&engine);
    assert_eq!((engine.sample_rate(), health.sample_rate), (SampleRate::DAT, SampleRate::CD));
    assert!(health.problem.unwrap().contains("converted"));
}

#[test]
fn a_buffer_that_is_too_small_grows_until_blocks_are_in_time_and_nothing_is_lost() {
    let device = fake();
    let backend = Arc::new(FakeBackend(device.clone()));
    let engine = play(Engine::builder(), backend, wanted(Some(128))).unwrap();
    until("it has settled", || engine.status().frames.0 > 72_000);
    assert_eq!((health(&engine).buffer_frames, health(&engine).buffer_raises), (Some(128), 0));
    // A block of 256 frames lasts 5.3 ms, one of 512 10.7 ms.
    device.block_ms.store(7, SeqCst);
    until("it is not enough", || health(&engine).buffer_frames == Some(256));
    let clock = Instant::now();
    let ahead = || engine.status().frames.0 as f64 / 48_000.0 - clock.elapsed().as_secs_f64();
    let mut before = 0.0;
    until("it is large enough", || {
        let now = ahead();
        let large = health(&engine).buffer_frames == Some(512);
        before = if large { before } else { now };
        large
    });
    assert_eq!(health(&engine).state, OutputState::Playing, "a device that is opened anew is not lost");
    let (late, frames) = (health(&engine).missed_deadlines, engine.status().frames.0);
    until("two more seconds are played", || engine.status().frames.0 > frames + 96_000);
    let after = ahead();
    let health = health(&engine);
    assert_eq!((health.buffer_frames, health.buffer_raises, health.reopens), (Some(512), 2, 0));
    assert_eq!((health.state, health.problem), (OutputState::Playing, None));
    assert!(health.missed_deadlines - late < 5, "{} and {late} late blocks", health.missed_deadlines);
    until("the old streams are closed", || device.streams.load(SeqCst) == 1);
    println!("the engine's time was {before:.3} s ahead of the clock, then {after:.3} s");
    assert!((after - before).abs() < 0.1, "the engine's time continues while the device is opened");
    drop(engine);
    until("the last stream is closed", || device.streams.load(SeqCst) == 0);
}

#[test]
fn a_sound_system_that_never_opens_the_larger_buffer_is_reported() {
    let device = fake();
    let engine = play(Engine::builder(), Arc::new(FakeBackend(device.clone())), wanted(Some(128))).unwrap();
    until("it has settled", || engine.status().frames.0 > 72_000);
    device.open_hangs.store(true, SeqCst);
    device.block_ms.store(7, SeqCst);
    until("it is lost", || is_lost(&engine));
    let health = health(&engine);
    assert_eq!((health.buffer_raises, health.problem.as_deref()), (1, Some("the sound system does not answer")));
    device.block_ms.store(0, SeqCst);
    device.open_hangs.store(false, SeqCst);
    until_back(&engine, 1);
}

#[test]
fn a_device_that_is_gone_when_its_buffer_grows_is_lost_and_plays_again() {
    let device = fake();
    let engine = play(Engine::builder(), Arc::new(FakeBackend(device.clone())), wanted(Some(128))).unwrap();
    until("it has settled", || engine.status().frames.0 > 72_000);
    device.close_hangs.store(true, SeqCst);
    device.block_ms.store(7, SeqCst);
    until("it is closed", || health(&engine).buffer_raises == 1);
    device.plugged.store(false, SeqCst);
    until("it is lost", || is_lost(&engine));
    assert_eq!(health(&engine).problem.unwrap(), "not plugged in");
    device.block_ms.store(0, SeqCst);
    device.close_hangs.store(false, SeqCst);
    device.plugged.store(true, SeqCst);
    until_back(&engine, 1);
    assert_eq!((health(&engine).buffer_frames, health(&engine).problem), (Some(256), None));
}

#[test]
fn the_time_advances_to_the_frame_and_a_frozen_program_does_not_catch_up() {
    let (engine, renderer) = Engine::builder().split().unwrap();
    let slot = Slot::empty();
    assert!(slot.put(Box::new(renderer)).is_none());
    let zero = Instant::now();
    let mut time = GapRenderer::new(zero, SampleRate::CD);
    for milliseconds in [0, 10, 10, 500, 2_000] {
        time.render_until(&slot, zero + Duration::from_millis(milliseconds));
        assert_eq!(engine.status().frames.0, milliseconds * 441 / 10);
    }
    time.render_until(&slot, zero + Duration::from_secs(3_600));
    assert_eq!(engine.status().frames.0, 88_200);
    time.render_until(&slot, zero + Duration::from_millis(3_600_100));
    assert_eq!(engine.status().frames.0, 88_200 + 4_410);
}
