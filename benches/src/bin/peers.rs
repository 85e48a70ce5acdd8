//! Compares the cost of a mix of four decks in this engine with that in scsynth, and with the cost of only reading and adding the
//! tracks.
//!
//! A cost is the processor time (user and system) for 1,024 frames in microseconds, the least of several alternating runs.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use crowd_engine_benches::scsynth::{self, Mix};
use crowd_engine_benches::{Case, RATE, processor_seconds};

const RUNS: usize = 5;
/// Seconds of sound rendered in each run.
const SECONDS: f64 = 300.0;
const FRAMES: usize = 1_024;

fn blocks() -> usize {
    (SECONDS * f64::from(RATE)) as usize / FRAMES
}

/// Processor time of `work` in microseconds for each of `blocks` blocks.
fn timed(blocks: usize, work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let (own, children) = processor_seconds()?;
    work()?;
    let (own_after, children_after) = processor_seconds()?;
    Ok((own_after - own + children_after - children) / blocks as f64 * 1e6)
}

fn ours(case: &Case) -> Result<f64, Box<dyn Error>> {
    let mut mix = case.mix()?;
    // The cost of the limiter depends on the music, which repeats after ten seconds.
    timed(blocks(), || {
        (0..blocks()).for_each(|_| mix.render_block());
        Ok(())
    })
}

/// Only reads four stereo tracks and adds them up.
fn read_and_add() -> Result<f64, Box<dyn Error>> {
    let tracks: Vec<Vec<f32>> = (0..4).map(|n| vec![0.1 * n as f32; 2 * FRAMES * 64]).collect();
    let mut out = vec![0.0f32; 2 * FRAMES];
    let repeats = 50;
    timed(blocks() * repeats, || {
        for n in 0..blocks() * repeats {
            let from = n % 64 * 2 * FRAMES;
            out.fill(0.0);
            for track in &tracks {
                for (sum, x) in out.iter_mut().zip(black_box(&track[from..from + 2 * FRAMES])) {
                    *sum += x;
                }
            }
            black_box(&out);
        }
        Ok(())
    })
}

/// A 16-bit stereo WAV of ten seconds of noise, for scsynth to read.
fn write_noise(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut state = 1u32;
    let data: Vec<u8> = (0..2 * 10 * RATE)
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (((state >> 16) as u16).cast_signed() / 4).to_le_bytes()
        })
        .collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((4 * RATE).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    Ok(fs::write(path, wav)?)
}

/// The lowest costs of scsynth's mixes, without the cost of starting it, reading files and writing silence.
struct ScsynthCosts {
    decks: f64,
    full: f64,
}

fn scsynth_costs(folder: &Path) -> Result<ScsynthCosts, Box<dyn Error>> {
    let (track, out) = (folder.join("noise.wav"), folder.join("out.wav"));
    write_noise(&track)?;
    let rate = 118.0 / 120.0;
    let mut least = [f64::INFINITY; 4];
    for _ in 0..RUNS {
        for (least, (mix, seconds)) in least.iter_mut().zip([
            (Mix::Empty, SECONDS),
            (Mix::Decks, SECONDS),
            (Mix::Full, SECONDS),
            (Mix::Decks, 0.1),
        ]) {
            *least = least.min(timed(blocks(), || scsynth::render(mix, rate, seconds, &track, &out))?);
        }
    }
    let [empty, decks, full, loading] = least;
    Ok(ScsynthCosts { decks: decks - empty - loading, full: full - empty - loading })
}

fn main() -> Result<(), Box<dyn Error>> {
    let unstretched = Case { tempo: 120.0, eq: false, ..Case::FULL };
    let flat = Case { eq: false, ..Case::FULL };
    let mut least = [f64::INFINITY; 4];
    for _ in 0..RUNS {
        let now = [read_and_add()?, ours(&unstretched)?, ours(&flat)?, ours(&Case::FULL)?];
        least.iter_mut().zip(now).for_each(|(least, now)| *least = least.min(now));
    }
    let [read_and_add, unstretched, flat, full] = least;
    let mut rows = vec![
        ("floor: read four stereo tracks and add them", read_and_add),
        ("crowd-engine, 4 decks at 120/120, limiter", unstretched),
        ("crowd-engine, 4 decks at 118/120, limiter", flat),
        ("crowd-engine, 4 decks at 118/120, EQ, limiter", full),
    ];
    let folder = std::env::temp_dir().join(format!("crowd-engine-peers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let scsynth = scsynth_costs(&folder);
    fs::remove_dir_all(&folder)?;
    let note = match scsynth {
        Ok(scsynth) => {
            rows.push(("scsynth, 4 decks at 118/120 (cubic)", scsynth.decks));
            rows.push(("scsynth, 4 decks at 118/120 (cubic), EQ, tanh", scsynth.full));
            None
        }
        Err(error) => Some(format!("scsynth SKIPPED: {error} (apt-get install supercollider-server)")),
    };
    println!("{:<50} {:>16} {:>9}", "processor time for 1,024 frames at 44.1 kHz", "us", "of ours");
    for (what, cost) in rows {
        println!("{what:<50} {cost:>16.2} {:>8.2}x", cost / full);
    }
    if let Some(note) = note {
        println!("{note}");
    }
    println!("{:<50} {:>16.0}", "1,024 frames last", FRAMES as f64 / f64::from(RATE) * 1e6);
    Ok(())
}
