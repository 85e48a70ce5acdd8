//! Measures whether sounds that fade to silence cost more processor time than steady noise: `cargo bench -p
//! crowd-engine-benches --bench denormals`.
//!
//! Processors compute many times slower with subnormal numbers. Each sound alternates with plain noise in the same run,
//! so that other load of the machine affects both. The exit status is 1 when a sound costs more than [`LIMIT`] times
//! the cost of the noise.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use criterion::Criterion;
use crowd_engine::{Error, StretchMethod, Track};
use crowd_engine_benches::{Case, Mix, RATE, noise};

/// The largest permitted cost of a sound, as a multiple of the cost of the noise.
const LIMIT: f64 = 1.2;
/// The number of turns, and the blocks of each: ten seconds in all.
const TURNS: usize = 54;
const BLOCKS: usize = 8;

type Sound = (&'static str, fn(u32) -> Result<Track, Error>);

/// A level far under the ceiling, so that the limiter does not act.
const NOISE: fn(u32) -> Result<Track, Error> = |seed| noise(seed, |_| 0.05);

/// A level that is 1 at the beginning of each half second and falls by this many decibels until its end.
fn tail(frame: u32, decibels: f64) -> f64 {
    let share = f64::from(frame % (RATE / 2)) / f64::from(RATE / 2);
    0.05 * 10f64.powf(-decibels * share / 20.0)
}

const SOUNDS: [Sound; 8] = [
    ("under the least normal float", |seed| noise(seed, |_| 1e-38)),
    ("at 1e-30", |seed| noise(seed, |_| 1e-30)),
    ("at 2e-20", |seed| noise(seed, |_| 2e-20)),
    ("at 1e-15", |seed| noise(seed, |_| 1e-15)),
    ("at 1e-11", |seed| noise(seed, |_| 1e-11)),
    ("tails down to 1e-45", |seed| noise(seed, |frame| tail(frame, 900.0))),
    ("tails down to 1e-20", |seed| noise(seed, |frame| tail(frame, 374.0))),
    ("bursts and silence", |seed| noise(seed, |frame| if frame % RATE < RATE / 20 { 0.05 } else { 0.0 })),
];

/// The mean time of a block of each mix, in seconds. The slowest tenth is left out, because other programs interrupted it.
fn mean_times(mixes: &mut [Mix]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(TURNS * BLOCKS); mixes.len()];
    for _ in 0..TURNS {
        for (mix, times) in mixes.iter_mut().zip(&mut times) {
            for _ in 0..BLOCKS {
                let begun = Instant::now();
                mix.render_block();
                times.push(begun.elapsed().as_secs_f64());
            }
        }
    }
    let mean = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 9 / 10);
        times.iter().sum::<f64>() / times.len() as f64
    };
    times.iter_mut().map(mean).collect()
}

fn run() -> Result<bool, Error> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut within = true;
    for &method in StretchMethod::ALL {
        let case = Case { method, ..Case::FULL };
        let mut mixes = vec![case.mix_of(NOISE)?];
        for (_, track) in SOUNDS {
            mixes.push(case.mix_of(track)?);
        }
        let mut group = criterion.benchmark_group(format!("denormals/{}", case.name()));
        group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500)).sample_size(10);
        for (mix, (name, _)) in mixes.iter_mut().zip([("noise", NOISE)].into_iter().chain(SOUNDS)) {
            group.bench_function(name, |bencher| bencher.iter(|| mix.render_block()));
        }
        group.finish();
        let times = mean_times(&mut mixes);
        let [noise, others @ ..] = times.as_slice() else { continue };
        for (time, (name, _)) in others.iter().zip(SOUNDS) {
            let ratio = time / noise;
            let verdict = if ratio <= LIMIT { "" } else { "  TOO MUCH" };
            println!("{}: {name}: {ratio:.2} times the noise{verdict}", case.name());
            within &= ratio <= LIMIT;
        }
    }
    Ok(within)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
