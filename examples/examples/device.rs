//! Plays four bars on a sound device. If the device is lost, a supervisor opens it again. Without a sound card, use `null`, which
//! plays nothing audible, or `file:PATH`, which plays into a file.
//!
//! `cargo run --release -p crowd-engine-examples --example device [-- null]`

use std::process::ExitCode;
use std::time::Duration;

use crowd_engine::{DeckId, Engine, Track};
use crowd_engine_examples::{music, synth};

fn main() -> ExitCode {
    let output = std::env::args().nth(1).unwrap_or_else(|| "device".into());
    match play(&output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("device: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(output: &str) -> Result<(), crowd_engine::Error> {
    let mut engine = Engine::builder().open(output.parse()?)?;
    let [drums, ..] = music::tracks().map(|(_, samples)| samples);
    let track = Track::from_interleaved(drums, crowd_engine::SampleRate::new(synth::RATE)?, 2)?;
    engine.deck(DeckId::A).load(&track)?.play()?;
    std::thread::sleep(Duration::from_secs(8));

    if let Some(health) = engine.health() {
        println!("{}: {} blocks, {} underruns", health.output, health.blocks, health.underruns());
    }
    engine.close()
}
