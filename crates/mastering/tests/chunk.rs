//! Chunks give the same sound in any order, frame for frame.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::{Noise, sounds};
use crowd_engine::chunk::{ChunkGrid, ChunkProcessor, ChunkReport, ChunkStart, Chunked};
use crowd_engine::feed::{Input, InputError};
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{Mastering, MasteringSettings};
use proptest::prelude::*;

/// A track in memory that counts its reads.
#[derive(Clone, Default)]
struct CountingInput {
    frames: Arc<Vec<[f32; 2]>>,
    at: usize,
    read: Arc<AtomicUsize>,
    seeks: Arc<AtomicUsize>,
    /// Reads until one fails.
    failing: Arc<AtomicUsize>,
}

impl CountingInput {
    fn new(frames: &[[f32; 2]]) -> Self {
        Self { frames: Arc::new(frames.to_vec()), ..Self::default() }
    }
}

impl Input for CountingInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.seeks.fetch_add(1, Relaxed);
        self.at = frame as usize;
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        if self.failing.load(Relaxed) > 0 && self.failing.fetch_sub(1, Relaxed) == 1 {
            return Err("the disk was removed".into());
        }
        let rest = self.frames.get(self.at..).unwrap_or_default();
        let now = &rest[..rest.len().min(1_152)];
        frames.extend_from_slice(now);
        self.at += now.len();
        self.read.fetch_add(now.len(), Relaxed);
        Ok(rest.len() > now.len())
    }
}

fn make<P: ChunkProcessor>(chunked: &mut Chunked<P, CountingInput>, index: usize) -> (Vec<[f32; 2]>, ChunkReport) {
    let mut frames = Vec::new();
    let made = chunked
        .make(index, |block| {
            frames.extend_from_slice(block);
            ControlFlow::Continue(())
        })
        .unwrap();
    let span = chunked.grid().span(index).unwrap();
    assert_eq!(frames.len() as u64, span.end - span.start, "chunk {index}");
    assert!(made.complete);
    (frames, made)
}

/// All chunks rendered in an order, joined, and their reports.
fn in_order<P: ChunkProcessor>(
    chunked: &mut Chunked<P, CountingInput>,
    order: &[usize],
) -> (Vec<[f32; 2]>, Vec<ChunkReport>) {
    let mut chunks: Vec<_> = order.iter().map(|index| (*index, make(chunked, *index))).collect();
    chunks.sort_by_key(|(index, _)| *index);
    let made = chunks.iter().map(|(_, (_, made))| *made).collect();
    (chunks.into_iter().flat_map(|(_, (frames, _))| frames).collect(), made)
}

fn shuffled(count: usize, noise: &mut Noise) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for n in (1..count).rev() {
        order.swap(n, noise.below(n as u64 + 1) as usize);
    }
    order
}

fn exact(settings: &MasteringSettings, hertz: u32) -> Mastering {
    Mastering::new(settings, SampleRate::new(hertz).unwrap()).unwrap()
}

/// The mastering chain as a processor without an exact memory.
fn chain(settings: &MasteringSettings, hertz: u32) -> InexactChain {
    InexactChain(exact(settings, hertz))
}

#[derive(Clone)]
struct InexactChain(Mastering);

impl ChunkProcessor for InexactChain {
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        self.0.process(first, block);
    }

    fn latency(&self) -> Frames {
        self.0.latency()
    }

    /// Long enough that the remaining difference is inaudible.
    fn memory(&self) -> Frames {
        Frames(self.0.memory().0 / 3)
    }

    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        self.0.finish(first, block);
    }
}

/// Chunks of a second and a half at 8 kHz, the first of them split, with an overlap of a second.
fn at_8_khz<P: ChunkProcessor>(processor: P, sound: &[[f32; 2]]) -> Chunked<P, CountingInput> {
    let grid =
        ChunkGrid::new(Frames(sound.len() as u64), Frames(3 * 4_096)).unwrap().split_first(Frames(4_096)).unwrap();
    Chunked::new(processor, CountingInput::new(sound), grid, Frames(8_000))
}

/// Sound with events that are difficult for chunks: a silent start, a loud entry, silence in the middle, a quiet section, a loud one.
fn eventful(hertz: u32) -> Vec<[f32; 2]> {
    let second = hertz as usize;
    let mut sound = sounds::music(24 * second + 1_234, hertz, 11);
    sound[..3 * second].fill([0.0; 2]);
    sound[10 * second..14 * second].fill([0.0; 2]);
    sound[17 * second..20 * second].iter_mut().for_each(|frame| *frame = frame.map(|v| v * 0.01));
    sound
}

#[test]
fn chunks_in_order_are_one_run_bit_for_bit_and_read_each_frame_once() {
    let sound = eventful(8_000);
    let chain = chain(&MasteringSettings { dither_bits: Some(16), ..sounds::punchy() }, 8_000);
    let whole = sounds::whole_run(&chain, &sound);
    let input = CountingInput::new(&sound);
    let grid =
        ChunkGrid::new(Frames(sound.len() as u64), Frames(3 * 4_096)).unwrap().split_first(Frames(4_096)).unwrap();
    let mut chunked = Chunked::new(chain, input.clone(), grid, Frames(8_000));
    let order: Vec<usize> = (0..grid.chunks()).collect();
    let (joined, made) = in_order(&mut chunked, &order);
    assert!(joined == whole);
    assert_eq!(made[0].start, ChunkStart::FirstFrame);
    assert!(made[1..].iter().all(|made| made.start == ChunkStart::Snapshot));
    assert_eq!((input.read.load(Relaxed), input.seeks.load(Relaxed)), (sound.len(), 1));
}

#[test]
fn chunks_in_two_hundred_random_orders_are_within_90_db_of_one_run() {
    let sound = eventful(8_000);
    let chain = chain(&sounds::punchy(), 8_000);
    let whole = sounds::whole_run(&chain, &sound);
    let mut noise = Noise(2);
    let mut pre_rolls = 0;
    for run in 0..200 {
        let mut chunked = at_8_khz(chain.clone(), &sound);
        let order = shuffled(chunked.grid().chunks(), &mut noise);
        let (joined, made) = in_order(&mut chunked, &order);
        pre_rolls += made.iter().filter(|made| made.start == ChunkStart::PreRoll).count();
        let apart = sounds::apart_db(&joined, &whole);
        assert!(apart <= -90.0, "order {run}, {order:?}: {apart} dB");
        let (again, _) = in_order(&mut chunked, &shuffled(order.len(), &mut noise));
        assert!(again == joined, "made again, order {run} differs");
    }
    assert!(pre_rolls > 1_000, "{pre_rolls} chunks from a pre-roll");
}

#[test]
fn chunks_of_a_chain_with_an_exact_memory_are_one_run_bit_for_bit_in_any_order() {
    let sound = eventful(8_000);
    let mut noise = Noise(6);
    for settings in [
        MasteringSettings { dither_bits: Some(16), ..sounds::punchy() },
        MasteringSettings { make_up_db: 12.0, limiter_release_ms: 120.0, mix: 0.6, ..sounds::punchy() },
    ] {
        let chain = exact(&settings, 8_000);
        let whole = sounds::whole_run(&chain, &sound);
        let mut pre_rolls = 0;
        for run in 0..40 {
            let mut chunked = at_8_khz(chain.clone(), &sound);
            let order = shuffled(chunked.grid().chunks(), &mut noise);
            let (joined, made) = in_order(&mut chunked, &order);
            pre_rolls += made.iter().filter(|made| made.start == ChunkStart::PreRoll).count();
            assert!(joined == whole, "order {run}, {order:?}");
        }
        assert!(pre_rolls > 200, "{pre_rolls} chunks from a pre-roll");
    }
}

#[test]
fn the_chunks_after_a_seek_continue_without_a_seam() {
    let sound = eventful(8_000);
    let chain = chain(&sounds::punchy(), 8_000);
    let mut chunked = at_8_khz(chain.clone(), &sound);
    let last = chunked.grid().chunks() - 1;
    let from = 9;
    let first = chunked.grid().span(from).unwrap().start as usize;
    let (joined, made) = in_order(&mut chunked, &(from..=last).collect::<Vec<_>>());
    assert_eq!(made[0].start, ChunkStart::PreRoll);
    assert!(made[1..].iter().all(|made| made.start == ChunkStart::Snapshot));
    assert!(sounds::apart_db(&joined, &sounds::whole_run(&chain, &sound)[first..]) <= -90.0);
}

#[test]
fn chunks_in_reverse_order_are_one_run_at_any_sample_rate() {
    for (hertz, seconds, blocks) in [(8_000, 30, 3), (44_100, 70, 0), (192_000, 12, 90)] {
        let sound = sounds::music(seconds * hertz as usize, hertz, 1);
        let frames = Frames(sound.len() as u64);
        let mut settings = sounds::punchy();
        settings.compressor.release_ms = 250.0;
        let chain = chain(&settings, hertz);
        let grid = match blocks {
            0 => ChunkGrid::standard(frames, SampleRate::new(hertz).unwrap()),
            blocks => ChunkGrid::new(frames, Frames(blocks * 4_096)).unwrap(),
        };
        let mut chunked = Chunked::new(chain.clone(), CountingInput::new(&sound), grid, Frames(u64::from(hertz)));
        let (joined, made) = in_order(&mut chunked, &(0..grid.chunks()).rev().collect::<Vec<_>>());
        assert!(made.iter().any(|made| made.start == ChunkStart::PreRoll));
        let apart = sounds::apart_db(&joined, &sounds::whole_run(&chain, &sound));
        assert!(apart <= -90.0, "{hertz} Hz: {apart} dB");
    }
}

#[test]
fn dithered_samples_stay_whole_steps_across_an_overlap_and_differ_by_a_step_at_most() {
    let sound = eventful(8_000);
    let chain = chain(&MasteringSettings { dither_bits: Some(16), ..sounds::punchy() }, 8_000);
    let whole = sounds::whole_run(&chain, &sound);
    let mut chunked = at_8_khz(chain, &sound);
    let order = shuffled(chunked.grid().chunks(), &mut Noise(3));
    let (joined, _) = in_order(&mut chunked, &order);
    for (a, b) in joined.as_flattened().iter().zip(whole.as_flattened()) {
        assert!((a * 32_768.0).fract() == 0.0 && (a - b).abs() * 32_768.0 <= 1.0, "{a} and {b}");
    }
}

/// Adds a value that depends on where the processor was started: the worst case, so that an overlap is visible.
#[derive(Clone)]
struct StartDependent {
    started: Option<u64>,
}

impl ChunkProcessor for StartDependent {
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        let started = *self.started.get_or_insert(first.0);
        assert!(started.is_multiple_of(4_096), "started at {started}");
        let mark = if started == 0 { 0.0 } else { 0.5 };
        block.iter_mut().for_each(|frame| *frame = frame.map(|v| v + mark));
    }

    fn latency(&self) -> Frames {
        Frames(0)
    }

    fn memory(&self) -> Frames {
        Frames(4_000)
    }
}

#[test]
fn chunks_from_different_states_join_in_an_overlap_of_a_second_with_no_step_and_no_dip() {
    let sound = vec![[0.25; 2]; 8 * 3 * 4_096];
    let mut chunked = at_8_khz(StartDependent { started: None }, &sound);
    let (_, made) = make(&mut chunked, 5);
    assert_eq!(made.start, ChunkStart::PreRoll);
    let start = chunked.grid().span(5).unwrap().start as usize;
    let (joined, _) = in_order(&mut chunked, &[0, 1, 2, 3, 4, 5, 6]);
    // A dip would be below 0.25, a sum of both above 0.75; a half cosine is never steeper than this.
    let steepest = 0.5 * std::f32::consts::FRAC_PI_2 / 8_000.0 + 1e-6;
    assert!(joined.windows(2).all(|pair| (0.0..=steepest).contains(&(pair[1][0] - pair[0][0]))));
    assert_eq!(joined[start - 8_001], [0.25; 2]);
    assert!((joined[start - 4_000][0] - 0.5).abs() < 1e-4);
    assert_eq!(joined[start], [0.75; 2]);
}

#[test]
fn a_burst_of_frames_that_are_not_finite_is_counted_once_and_affects_nothing_else() {
    let clean = eventful(8_000);
    let chain = chain(&sounds::punchy(), 8_000);
    let mut noise = Noise(4);
    // Across an overlap, and the first and the last frame of the track.
    let mut broken = clean.clone();
    let seam = 5 * 3 * 4_096;
    let count = broken.len();
    for n in (seam - 300..seam + 200).chain([0, count - 1]) {
        broken[n] = if n % 2 == 0 { [f32::NAN, 0.5] } else { [0.5, f32::NEG_INFINITY] };
    }
    let mut silenced = broken.clone();
    silenced.iter_mut().filter(|frame| !frame.iter().all(|v| v.is_finite())).for_each(|frame| *frame = [0.0; 2]);
    let whole = sounds::whole_run(&chain, &silenced);
    for _ in 0..20 {
        let mut chunked = at_8_khz(chain.clone(), &broken);
        let order = shuffled(chunked.grid().chunks(), &mut noise);
        let (joined, made) = in_order(&mut chunked, &order);
        assert_eq!(made.iter().map(|made| made.not_finite).sum::<u64>(), 502);
        assert!(sounds::apart_db(&joined, &whole) <= -90.0);
    }
}

#[test]
fn a_track_shorter_than_a_chunk_a_pre_roll_or_the_latency_is_complete() {
    for frames in [1, 2, 100, 4_095, 4_096, 4_097, 12_288, 12_289, 30_000] {
        let sound = sounds::music(frames, 8_000, 5);
        let chain = exact(&sounds::punchy(), 8_000);
        let mut chunked = at_8_khz(chain.clone(), &sound);
        let backwards: Vec<usize> = (0..chunked.grid().chunks()).rev().collect();
        let (joined, made) = in_order(&mut chunked, &backwards);
        // Every pre-roll starts at frame 0, and so is the whole run.
        assert!(made.iter().all(|made| made.start != ChunkStart::PreRoll));
        assert!(joined == sounds::whole_run(&chain, &sound), "{frames} frames");
    }
}

#[test]
fn an_input_that_ends_early_is_silent_to_the_end() {
    let sound = sounds::music(20_000, 8_000, 5);
    let mut longer = sound.clone();
    longer.resize(40_000, [0.0; 2]);
    let chain = chain(&sounds::punchy(), 8_000);
    let grid = ChunkGrid::new(Frames(40_000), Frames(12_288)).unwrap();
    let mut chunked = Chunked::new(chain.clone(), CountingInput::new(&sound), grid, Frames(8_000));
    assert!(in_order(&mut chunked, &[3, 1, 0, 2]).0 == sounds::whole_run(&chain, &longer));
}

#[test]
fn an_input_that_fails_is_an_error_with_its_position_and_the_chunk_can_be_rendered_again() {
    let sound = eventful(8_000);
    let chain = chain(&sounds::punchy(), 8_000);
    let whole = sounds::whole_run(&chain, &sound);
    for fail_at in [1, 2, 7, 12] {
        let input = CountingInput::new(&sound);
        input.failing.store(fail_at, Relaxed);
        let grid = ChunkGrid::new(Frames(sound.len() as u64), Frames(12_288)).unwrap();
        let mut chunked = Chunked::new(chain.clone(), input, grid, Frames(8_000));
        let error = chunked.make(1, |_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(
            error.starts_with("the input cannot be read at frame ") && error.ends_with(": the disk was removed"),
            "{error}"
        );
        let (joined, _) = in_order(&mut chunked, &(0..grid.chunks()).collect::<Vec<_>>());
        assert!(joined == whole, "failed at read {fail_at}");
    }
}

#[test]
fn a_chunk_that_was_stopped_can_be_rendered_again() {
    let sound = eventful(8_000);
    let mut chunked = at_8_khz(chain(&sounds::punchy(), 8_000), &sound);
    let mut broken_off_at = |last: usize| {
        let mut blocks = 0;
        let made = chunked.make(8, |_| {
            blocks += 1;
            if blocks == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (made.unwrap().complete, blocks)
    };
    // A chunk that is stopped at its last block counts as stopped, too.
    assert_eq!([3, 2].map(&mut broken_off_at), [(false, 3), (false, 2)]);
    // It left no state, so the next chunk starts from a pre-roll.
    assert_eq!(make(&mut chunked, 9).1.start, ChunkStart::PreRoll);
    let (again, made) = make(&mut chunked, 8);
    assert_eq!((made.start, again.len()), (ChunkStart::PreRoll, 3 * 4_096));
}

#[test]
fn a_chunk_that_does_not_exist_is_refused() {
    let mut chunked = at_8_khz(chain(&sounds::punchy(), 8_000), &[[0.0; 2]; 20_000]);
    let error = chunked.make(3, |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "chunk 3 is out of range: give 0 to 2");
}

/// `cargo test --release -p crowd-engine --no-default-features --test chunk -- --ignored --nocapture speed`
#[test]
#[ignore = "a measurement"]
fn speed_of_a_far_seek() {
    let sound = sounds::music(100 * 44_100, 44_100, 7);
    let mut settings = sounds::punchy();
    settings.compressor.release_ms = 250.0;
    let grid = ChunkGrid::standard(Frames(sound.len() as u64), SampleRate::CD);
    let mut chunked = Chunked::new(chain(&settings, 44_100), CountingInput::new(&sound), grid, Frames(44_100));
    for index in [3, 0] {
        let start = std::time::Instant::now();
        chunked.make(index, |_| ControlFlow::Break(())).unwrap();
        println!("first block of chunk {index}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    }
}

/// An echo, which has an exact memory.
#[derive(Clone)]
struct Echo {
    past: Vec<[f32; 2]>,
    at: usize,
    latency: usize,
}

impl ChunkProcessor for Echo {
    fn process(&mut self, _: Frames, block: &mut [[f32; 2]]) {
        for frame in block {
            let long_ago = std::mem::replace(&mut self.past[self.at], *frame);
            self.at = (self.at + 1) % self.past.len();
            let late = self.past[(self.at + self.past.len() - 1 - self.latency) % self.past.len()];
            *frame = [late[0] + 0.5 * long_ago[1], late[1] - 0.25 * long_ago[0]];
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.latency as u64)
    }

    fn memory(&self) -> Frames {
        Frames(self.past.len() as u64)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_grid_and_order_gives_the_frames_of_one_run_when_the_memory_is_exact(
        frames in 0usize..120_000, blocks in 1u64..5, first in 0u64..4, seed in any::<u64>(),
        echo in 1usize..9_000, latency in 0usize..5_000, join in 0u64..20_000,
    ) {
        let mut noise = Noise(seed);
        let sound: Vec<_> = (0..frames).map(|_| [noise.sample(), noise.sample()]).collect();
        let echo = Echo { past: vec![[0.0; 2]; echo.max(latency + 1)], at: 0, latency };
        let mut grid = ChunkGrid::new(Frames(frames as u64), Frames(blocks * 4_096)).unwrap();
        if (1..blocks).contains(&first) {
            grid = grid.split_first(Frames(first * 4_096)).unwrap();
        }
        let mut chunked = Chunked::new(echo.clone(), CountingInput::new(&sound), grid, Frames(join));
        let order = shuffled(grid.chunks(), &mut noise);
        prop_assert!(in_order(&mut chunked, &order).0 == sounds::whole_run(&echo, &sound));
    }
}
