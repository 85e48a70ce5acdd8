//! The engine's methods, called as a deck calls them.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use crowd_engine::export::Stretcher;
use crowd_engine::{Pcm, Rate, SampleRate, StretchMethod, Track};
use crowd_engine_benches::RATE;
use rustix::param::page_size;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::signals::Sound;

/// The block sizes that are timed.
pub const BLOCKS: [usize; 3] = [64, 256, 1_024];
/// How often each block is timed.
const REPEATS: usize = 9;
/// The seconds of sound for which blocks are timed.
const TIMED: usize = 10;
/// The ranges of times from a change of speed to the next hit, in milliseconds.
pub const AFTER_CHANGE_MS: [(usize, usize); 3] = [(0, 50), (50, 100), (100, 200)];

/// The processor time of this thread in seconds.
pub fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Frames that are made in a call, as a deck makes them.
const QUANTUM: usize = 64;

/// A stretcher that plays a track.
struct Deck(Stretcher);

impl Deck {
    fn new(track: &Track, method: StretchMethod) -> Self {
        Self(Stretcher::new(track, method))
    }

    fn quantum(&mut self, speed: Rate) -> [[f32; QUANTUM]; 2] {
        let mut out = [[0.0; QUANTUM]; 2];
        let [left, right] = &mut out;
        self.0.fill(speed, [left, right]);
        out
    }
}

/// Converts a speed to a rate. The error is the reason why it is not possible.
fn rate(speed: f64) -> Result<Rate, String> {
    Rate::new(speed).map_err(|error| error.to_string())
}

fn interleave(out: &mut Sound, [left, right]: [[f32; QUANTUM]; 2]) {
    out.extend(left.into_iter().zip(right).map(|(left, right)| [left, right]));
}

/// The whole track at `speed`.
pub fn stretch(track: &Track, method: StretchMethod, speed: f64) -> Result<Sound, String> {
    let mut deck = Deck::new(track, method);
    let (mut out, speed_rate) = (Vec::new(), rate(speed)?);
    for _ in 0..quanta(track, speed) {
        interleave(&mut out, deck.quantum(speed_rate));
    }
    out.truncate((track.frames().0 as f64 / speed).round() as usize);
    Ok(out)
}

/// The processor time for stretching the whole track, in seconds.
pub fn seconds(track: &Track, method: StretchMethod, speed: f64) -> Result<f64, String> {
    let mut deck = Deck::new(track, method);
    let speed_rate = rate(speed)?;
    let before = thread_seconds();
    for _ in 0..quanta(track, speed) {
        black_box(deck.quantum(speed_rate));
    }
    Ok(thread_seconds() - before)
}

fn quanta(track: &Track, speed: f64) -> usize {
    (track.frames().0 as f64 / speed / QUANTUM as f64).ceil() as usize
}

/// The memory of one more stretcher of each method in KiB, measured as the growth of the process when 256 of them begin
/// to play. Shared tables are not included. This has to be called before other memory is used and freed.
pub fn kibibytes() -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    const MANY: usize = 256;
    let resident = || -> Result<usize, Box<dyn Error>> {
        let pages = std::fs::read_to_string("/proc/self/statm")?;
        Ok(pages.split(' ').nth(1).ok_or("no resident pages in /proc/self/statm")?.parse::<usize>()? * page_size()
            / 1_024)
    };
    let track = Track::new(Pcm::I16(vec![1; 2 * RATE as usize].into()), SampleRate::new(RATE)?, 2)?;
    let deck = |method| -> Result<Deck, String> {
        let mut deck = Deck::new(&track, method);
        for _ in 0..256 {
            black_box(deck.quantum(rate(1.083)?));
        }
        Ok(deck)
    };
    let mut decks = Vec::new();
    let mut all = Vec::new();
    for method in StretchMethod::ALL {
        decks.push(deck(*method)?);
        let before = resident()?;
        for _ in 0..MANY {
            decks.push(deck(*method)?);
        }
        all.push((method.to_string(), (resident()? - before) as f64 / MANY as f64));
    }
    Ok(all)
}

/// The evenness of the work: whether all blocks take about the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Evenness {
    /// Frames of a block.
    pub frames: usize,
    pub mean_us: f64,
    /// The time of the slowest block, as a multiple of the mean time.
    pub longest: f64,
    /// The 99th percentile of the times, as a multiple of the mean time.
    pub p99: f64,
}

/// Times each block of a deck that starts and plays. The same block is timed several times, and the shortest time counts, because
/// other programs may have interrupted the others.
pub fn evenness(track: &Track, method: StretchMethod, speed: f64, frames: usize) -> Result<Evenness, String> {
    let mut least = vec![f64::INFINITY; TIMED * RATE as usize / frames];
    let speed = rate(speed)?;
    for _ in 0..REPEATS {
        let mut deck = Deck::new(track, method);
        for least in &mut least {
            let start = Instant::now();
            for _ in 0..frames / QUANTUM {
                black_box(deck.quantum(speed));
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let mean = least.iter().sum::<f64>() / least.len() as f64;
    least.sort_by(f64::total_cmp);
    let at = |part: f64| least[((least.len() - 1) as f64 * part) as usize] / mean;
    Ok(Evenness { frames, mean_us: mean, longest: at(1.0), p99: at(0.99) })
}

/// The expected time of a hit in the output.
pub struct ExpectedHit {
    /// The time from the change of speed to the hit, in milliseconds.
    pub ms_after_change: usize,
    /// The frame of the output.
    pub frame: f64,
}

/// Plays at a speed that alternates between two values. It changes some milliseconds before each hit: 5 before the first, 10 before
/// the second, and so on up to 200.
pub fn change(
    track: &Track,
    method: StretchMethod,
    hits: &[usize],
    speeds: [f64; 2],
) -> Result<(Sound, Vec<ExpectedHit>), String> {
    let mut deck = Deck::new(track, method);
    let mut out = Vec::new();
    let mut due = Vec::new();
    for (n, hit) in hits.iter().enumerate() {
        let ms_after_change = 5 * (n % 40 + 1);
        let (before, after) = (speeds[n % 2], speeds[(n + 1) % 2]);
        let change = *hit as f64 - ms_after_change as f64 * 1e-3 * f64::from(RATE) * after;
        while deck.0.position() < change {
            interleave(&mut out, deck.quantum(rate(before)?));
        }
        due.push(ExpectedHit { ms_after_change, frame: out.len() as f64 + (*hit as f64 - deck.0.position()) / after });
    }
    for _ in 0..RATE as usize / QUANTUM {
        interleave(&mut out, deck.quantum(rate(speeds[hits.len() % 2])?));
    }
    Ok((out, due))
}
