//! Helpers of the output tests: a scripted mix, its rendering by `Offline`, and child processes.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

use std::path::Path;
use std::process::{Child, Command as Program};
use std::time::{Duration, Instant};

use crowd_engine::{
    Band, Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Frames, Gain, Rate, SampleRate, Stems, When,
};

/// A timeout that is long enough for any machine.
pub const TIMEOUT: Duration = Duration::from_secs(60);

#[track_caller]
pub fn until(what: &str, mut met: impl FnMut() -> bool) {
    let began = Instant::now();
    while !met() {
        assert!(began.elapsed() < TIMEOUT, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Schedules ten seconds of a mix on three decks, beginning at frame `zero`: starts, fades, equaliser moves, jumps,
/// a loop and tempo changes, each at its frame. There is no sound before `zero`.
pub fn schedule_mix(engine: &mut Engine, zero: u64) {
    let rate = engine.sample_rate();
    let at = |seconds: f64| When::At(Frames(zero + Frames::from_seconds(seconds, rate).0));
    let gain = |gain: f32| Gain::new(gain).unwrap();
    let seconds = |seconds: f64| Frames::from_seconds(seconds, rate);
    let noise = super::common::noise_track(100_000, 1);
    let tone = super::common::sine_track(440.0, 0.4, 70_000);
    let high = super::common::sine_track(5_000.0, 0.3, 300_000);
    let (a, b, c) = (DeckId::A, DeckId::B, DeckId::C);
    engine.deck(a).at(at(0.0)).load(&noise).unwrap().play().unwrap();
    engine.deck(b).at(at(0.5)).load(&tone).unwrap().loop_(Some(tone.whole_loop().unwrap())).unwrap();
    engine.deck(b).at(at(0.63)).play().unwrap();
    engine.deck(c).at(at(2.0)).load_cued(&high, Frames(1_000)).unwrap().rate(Rate::new(0.875).unwrap()).unwrap();
    engine.deck(c).at(at(2.5)).play().unwrap();
    engine.deck(a).at(at(1.2)).eq(Band::Low, Gain::SILENCE).unwrap().fader(gain(0.5)).unwrap();
    engine.deck(a).at(at(1.9)).seek(Frames(5_000)).unwrap().eq(Band::Low, Gain::UNITY).unwrap();
    engine
        .send(
            Command::Deck(b, DeckCommand::Fade { gain: Gain::SILENCE, over: seconds(1.5), law: CrossfadeLaw::Linear }),
            at(6.0),
        )
        .unwrap();
    engine.send(Command::Tempo { bpm: Bpm::new(118.0).unwrap() }, at(3.0)).unwrap();
    engine.send(Command::GlideTempo { bpm: Bpm::new(128.0).unwrap(), over: seconds(4.0) }, at(4.0)).unwrap();
    engine
        .send(Command::MasterGain { gain: gain(1.6), over: seconds(0.2), law: CrossfadeLaw::Linear }, at(5.0))
        .unwrap();
    engine.send(Command::Deck(c, DeckCommand::Pause { stems: Stems::All }), at(7.7)).unwrap();
    engine.deck(a).at(at(8.0)).seek(Frames::ZERO).unwrap().play().unwrap();
    engine.deck(b).at(at(8.1)).play().unwrap();
    engine.send(Command::Tone { hertz: 997.0, gain: gain(0.1), length: seconds(1.0) }, at(8.5)).unwrap();
}

/// The mix as `Offline` renders it: `zero` frames of silence, then ten seconds.
pub fn offline_mix(rate: SampleRate, zero: u64) -> Vec<f32> {
    let mut offline = Engine::builder().sample_rate(rate).offline().unwrap();
    schedule_mix(offline.engine(), zero);
    let sound = offline.render_frames(zero as usize + 10 * rate.get() as usize);
    assert!(sound[..2 * zero as usize].iter().all(|x| *x == 0.0));
    assert!(sound[2 * zero as usize] != 0.0, "it begins on its frame");
    assert_eq!(offline.engine().status().late_commands, 0);
    sound
}

#[track_caller]
pub fn assert_same_bits(got: &[f32], wanted: &[f32]) {
    assert_eq!(got.len(), wanted.len());
    let differs = got.iter().zip(wanted).position(|(got, wanted)| got.to_bits() != wanted.to_bits());
    if let Some(at) = differs {
        panic!("frame {} of {}: {} instead of {}", at / 2, got.len() / 2, got[at], wanted[at]);
    }
}

pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Threads of this process.
pub fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Runs one ignored test of this program in another process, in which sound systems read their settings anew.
#[track_caller]
pub fn run_apart(test: &str, settings: &[(&str, &Path)]) {
    let mut program = Program::new(std::env::current_exe().unwrap());
    program.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    program.envs(settings.iter().copied()).env("RUN_APART", test);
    let output = program.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{test} in its own process:\n{text}");
    print!("{text}");
}

/// Whether [`run_apart`] started this process. Prints a message when it did not.
pub fn is_apart() -> bool {
    let apart = std::env::var_os("RUN_APART").is_some();
    if !apart {
        eprintln!("not run: another test runs this one in a process of its own");
    }
    apart
}

/// A process that is killed when this value is dropped.
pub struct ChildProcess(pub Child);

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}
