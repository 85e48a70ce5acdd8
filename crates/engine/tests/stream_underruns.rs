//! The real feeder with random timings of the disk: it has no underrun that could have been prevented.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::Noise;
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{DeckId, Engine, Frames, Renderer, SampleRate, Track};
use proptest::prelude::*;

/// Frames of a page.
const PAGE: u64 = 4_096;
/// Frames that the feeder reads beyond a page.
const LATE: u64 = 2_048;
/// The fewest frames that are ready when prefetch is complete: 86 chunks of 1,024 frames, without the frames that
/// [`Track::is_ready`] checks after a position.
const TARGET: u64 = 50_000;
/// The frames that a stretcher reads after the playhead, and those of an incomplete page.
const SLACK: u64 = PAGE + LATE + 2_048;

/// A disk that has frames up to a limit. A read at the limit blocks until the limit rises.
#[derive(Default)]
struct LimitedDisk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    limit: u64,
    /// The frame at which a read blocks.
    blocked_at: Option<u64>,
}

impl LimitedDisk {
    fn set_limit(&self, limit: u64) {
        self.state.lock().unwrap().limit = limit;
        self.changed.notify_all();
    }

    fn is_exhausted(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.blocked_at == Some(state.limit)
    }
}

struct LimitedInput {
    disk: Arc<LimitedDisk>,
    frames: Arc<Vec<[f32; 2]>>,
    at: u64,
}

impl Input for LimitedInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.at = frame;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let mut state = self.disk.state.lock().unwrap();
        while state.limit <= self.at {
            state.blocked_at = Some(self.at);
            state = self.disk.changed.wait(state).unwrap();
        }
        state.blocked_at = None;
        let samples = self.frames.get(self.at as usize..self.at as usize + 512).unwrap_or_default();
        out.extend_from_slice(samples);
        self.at += 512;
        Ok(!samples.is_empty())
    }
}

/// Unblocks the read, which would block for ever after a failed assertion.
impl Drop for Rig {
    fn drop(&mut self) {
        self.disk.set_limit(u64::MAX);
    }
}

/// The music of all cases, as frames and as a loaded track.
static MUSIC: LazyLock<(Arc<Vec<[f32; 2]>>, Track)> = LazyLock::new(|| {
    let mut noise = Noise(5);
    let frames: Vec<[f32; 2]> = (0..1 << 19).map(|_| [0.4 * noise.sample(), 0.4 * noise.sample()]).collect();
    let whole = Track::from_interleaved(frames.concat(), SampleRate::CD, 2).unwrap();
    (Arc::new(frames), whole)
});

struct Rig {
    disk: Arc<LimitedDisk>,
    track: Track,
    engine: Engine,
    renderer: Renderer,
    sound: Vec<f32>,
}

impl Rig {
    fn new() -> Self {
        let frames = MUSIC.0.clone();
        let info = InputInfo { frames: Frames(frames.len() as u64), sample_rate: SampleRate::CD, channels: 2 };
        let disk = Arc::<LimitedDisk>::default();
        let track = Track::from_input(LimitedInput { disk: disk.clone(), frames, at: 0 }, info).unwrap();
        let (engine, renderer) = Engine::builder().split().unwrap();
        Self { disk, track, engine, renderer, sound: Vec::new() }
    }

    fn played(&self) -> u64 {
        self.sound.len() as u64 / 2
    }

    /// Raises the limit of the disk, and waits until all its frames are read or the prefetch is complete.
    fn give(&self, limit: u64) {
        self.disk.set_limit(limit);
        let began = Instant::now();
        while !self.disk.is_exhausted() && !self.track.is_ready(Frames(self.played() + TARGET)) {
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

    /// The sound of the loaded track.
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
        // Pages that the disk gives, and blocks of 512 frames that are played, in each step.
        steps in prop::collection::vec((prop_oneof![3 => 0_u64..=3, 2 => Just(0), 1 => 4_u64..=20], 0_u64..=24), 1..40),
    ) {
        let mut rig = Rig::new();
        let mut limit = 6 * PAGE + LATE;
        rig.give(limit);
        let track = rig.track.clone();
        rig.start(&track);
        // The deck plays the track from the first block on.
        rig.play(512);
        for (pages, blocks) in steps {
            limit += pages * PAGE;
            rig.give(limit);
            // The frames of the disk, up to the target, without those that cannot be played before later ones are read.
            let ready = limit.min(rig.played() + TARGET).saturating_sub(rig.played() + SLACK);
            for _ in 0..blocks.min(ready / 512) {
                rig.play(512);
            }
            prop_assert_eq!((rig.track.underruns(), rig.track.missed()), (0, Frames(0)));
        }
        prop_assert!(rig.sound == rig.expected(), "the samples are those of the loaded track");
    }
}

#[test]
fn after_an_underrun_a_stem_sounds_again_only_when_enough_frames_are_ready() {
    let mut rig = Rig::new();
    let page = |n: u64| n * PAGE + LATE;
    rig.give(page(4));
    let track = rig.track.clone();
    rig.start(&track);
    // Frames up to 16,384 are ready: the stem becomes silent before them.
    while rig.played() < 19_456 {
        rig.play(512);
    }
    assert_eq!(rig.track.underruns(), 1);
    // Page 4, up to 20,480, is enough for the next block only.
    rig.give(page(5));
    while rig.played() < 22_528 {
        rig.play(64);
        assert!(rig.sound.iter().rev().take(128).all(|x| *x == 0.0), "sound at {}", rig.played());
    }
    assert_eq!(rig.track.underruns(), 1);
    rig.give(page(8));
    rig.play(1_024);
    assert!(rig.sound.iter().rev().take(128).all(|x| *x != 0.0), "the stem sounds again");
    assert_eq!(rig.track.underruns(), 1);
}
