//! Live inputs for tests.

use std::time::{Duration, Instant};

use crowd_engine::feed::{InputError, LiveInfo, LiveInput};
use crowd_engine::{DeckId, Engine, Renderer, SampleRate, StemId, Track};

pub const CD: SampleRate = SampleRate::CD;

struct Calls<F>(F);

impl<F: FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send> LiveInput for Calls<F> {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        Ok((self.0)(stems))
    }
}

pub fn tracks(info: LiveInfo, read: impl FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send + 'static) -> Vec<Track> {
    Track::from_live(Calls(read), info).unwrap()
}

/// A quiet sine at 200 Hz on each stem, so many frames a read.
pub fn sine(rate: SampleRate, block: u64) -> impl FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send {
    let mut next = 0u64;
    let turn = std::f64::consts::TAU * 200.0 / f64::from(rate.get());
    move |stems| {
        for stem in stems {
            stem.extend((next..next + block).map(|n| [(0.25 * (turn * n as f64).sin()) as f32; 2]));
        }
        next += block;
        true
    }
}

/// The largest step of [`sine`] at 44.1 kHz.
pub const OWN: f32 = 0.25 * std::f32::consts::TAU * 200.0 / 44_100.0;

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn rms(sound: &[f32]) -> f32 {
    (sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32).sqrt()
}

pub fn largest(sound: &[f32]) -> f32 {
    sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

pub fn render(renderer: &mut Renderer, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    renderer.render(&mut out);
    assert!(out.iter().all(|x| x.is_finite()));
    out.chunks(2).map(|frame| frame[0]).collect()
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: it does not happen");
        std::thread::sleep(ms(1));
    }
}

pub fn load(engine: &mut Engine, deck: DeckId, tracks: &[Track]) {
    for (stem, track) in (0..).zip(tracks) {
        engine.deck(deck).stem(StemId(stem)).load(track).unwrap();
    }
    engine.deck(deck).play().unwrap();
}
