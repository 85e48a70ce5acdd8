//! The real feeder against any disk: what a clairvoyant would have kept ready is never missing.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::Noise;
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{DeckId, Engine, Frames, Renderer, SampleRate, Track};
use proptest::prelude::*;

/// Frames of a page, and by which the feeder reads beyond one.
const PAGE: u64 = 4_096;
const LATE: u64 = 2_048;
/// What is ready when nothing more is read, at least: 86 chunks of 1,024 frames, less than what [`Track::is_ready`] looks at
/// beyond a place.
const TARGET: u64 = 50_000;
/// What is read ahead of the playhead, and what a page that is not whole yet cannot give.
const SLACK: u64 = PAGE + LATE + 2_048;

/// A disk that gives frames up to a limit; who reads on waits for it to move.
#[derive(Default)]
struct Tap {
    state: Mutex<State>,
    moves: Condvar,
}

#[derive(Default)]
struct State {
    limit: u64,
    /// Where the reader waits.
    waits_at: Option<u64>,
}

impl Tap {
    fn open_to(&self, limit: u64) {
        self.state.lock().unwrap().limit = limit;
        self.moves.notify_all();
    }

    fn is_dry(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.waits_at == Some(state.limit)
    }
}

struct FromTap {
    tap: Arc<Tap>,
    frames: Arc<Vec<[f32; 2]>>,
    at: u64,
}

impl Input for FromTap {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.at = frame;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let mut state = self.tap.state.lock().unwrap();
        while state.limit <= self.at {
            state.waits_at = Some(self.at);
            state = self.tap.moves.wait(state).unwrap();
        }
        state.waits_at = None;
        let piece = self.frames.get(self.at as usize..self.at as usize + 512).unwrap_or_default();
        out.extend_from_slice(piece);
        self.at += 512;
        Ok(!piece.is_empty())
    }
}

/// Ends the reader, which would wait for ever after a failed assertion.
impl Drop for Rig {
    fn drop(&mut self) {
        self.tap.open_to(u64::MAX);
    }
}

/// The same music for all cases, on the disk and in memory.
static MUSIC: LazyLock<(Arc<Vec<[f32; 2]>>, Track)> = LazyLock::new(|| {
    let mut noise = Noise(5);
    let frames: Vec<[f32; 2]> = (0..1 << 19).map(|_| [0.4 * noise.sample(), 0.4 * noise.sample()]).collect();
    let whole = Track::from_interleaved(frames.concat(), SampleRate::CD, 2).unwrap();
    (Arc::new(frames), whole)
});

struct Rig {
    tap: Arc<Tap>,
    track: Track,
    engine: Engine,
    renderer: Renderer,
    sound: Vec<f32>,
}

impl Rig {
    fn new() -> Self {
        let frames = MUSIC.0.clone();
        let info = InputInfo { frames: Frames(frames.len() as u64), sample_rate: SampleRate::CD, channels: 2 };
        let tap = Arc::<Tap>::default();
        let track = Track::from_input(FromTap { tap: tap.clone(), frames, at: 0 }, info).unwrap();
        let (engine, renderer) = Engine::builder().split().unwrap();
        Self { tap, track, engine, renderer, sound: Vec::new() }
    }

    fn played(&self) -> u64 {
        self.sound.len() as u64 / 2
    }

    /// Lets the disk give frames up to `limit`, and waits until they are read, or as much as is wanted.
    fn give(&self, limit: u64) {
        self.tap.open_to(limit);
        let began = Instant::now();
        while !self.tap.is_dry() && !self.track.is_ready(Frames(self.played() + TARGET)) {
            assert!(began.elapsed() < Duration::from_secs(20), "the disk has {limit} frames, and nothing reads them");
            sleep(Duration::from_micros(300));
        }
    }

    fn play(&mut self, frames: u64) {
        let mut block = vec![0.0; 2 * frames as usize];
        self.renderer.render(&mut block);
        self.sound.extend(block);
    }

    fn start(&mut self, track: &Track) {
        self.engine.deck(DeckId::A).load(track).unwrap().play().unwrap();
    }

    /// What the track sounds like in memory.
    fn expected(&self) -> Vec<f32> {
        let mut loaded = Self::new();
        loaded.start(&MUSIC.1);
        while loaded.sound.len() < self.sound.len() {
            loaded.play((self.sound.len() as u64 / 2 - loaded.played()).min(512));
        }
        std::mem::take(&mut loaded.sound)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_feeder_has_no_underrun_that_could_have_been_prevented(
        // Pages the disk gives, and blocks of 512 frames that are played.
        weather in prop::collection::vec((prop_oneof![3 => 0_u64..=3, 2 => Just(0), 1 => 4_u64..=20], 0_u64..=24), 1..40),
    ) {
        let mut rig = Rig::new();
        let mut limit = 6 * PAGE + LATE;
        rig.give(limit);
        let track = rig.track.clone();
        rig.start(&track);
        // The deck has the track from the first block on.
        rig.play(512);
        for (pages, blocks) in weather {
            limit += pages * PAGE;
            rig.give(limit);
            // What the disk has given, or the target, less what cannot be played without what follows.
            let ready = limit.min(rig.played() + TARGET).saturating_sub(rig.played() + SLACK);
            for _ in 0..blocks.min(ready / 512) {
                rig.play(512);
            }
            prop_assert_eq!((rig.track.underruns(), rig.track.missed()), (0, Frames(0)));
        }
        prop_assert!(rig.sound == rig.expected(), "it sounds like the track in memory");
    }
}

#[test]
fn after_an_underrun_a_stem_sounds_again_only_when_enough_frames_are_ready() {
    let mut rig = Rig::new();
    let page = |n: u64| n * PAGE + LATE;
    rig.give(page(4));
    let track = rig.track.clone();
    rig.start(&track);
    // Frames up to 16,384 are there: it falls silent before.
    while rig.played() < 19_456 {
        rig.play(512);
    }
    assert_eq!(rig.track.underruns(), 1);
    // Page 4 alone, up to 20,480: enough for the next block, and for no more than that.
    rig.give(page(5));
    while rig.played() < 22_528 {
        rig.play(64);
        assert!(rig.sound.iter().rev().take(128).all(|x| *x == 0.0), "heard at {}", rig.played());
    }
    assert_eq!(rig.track.underruns(), 1);
    rig.give(page(8));
    rig.play(1_024);
    assert!(rig.sound.iter().rev().take(128).all(|x| *x != 0.0), "it is back");
    assert_eq!(rig.track.underruns(), 1);
}
