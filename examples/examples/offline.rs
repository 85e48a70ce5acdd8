//! Faster than time: a mix of two tracks into a WAV file, the same every time.
//!
//! `cargo run --release -p crowd-engine-examples --example offline -- out/offline.wav`

use std::path::PathBuf;

use crowd_engine::{Bpm, DeckId, Engine, Frames, SampleRate, Track, When};
use crowd_engine_examples::music;
use crowd_media::{Audio, SampleFormat, Samples, wav};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| "out/offline.wav".into(), PathBuf::from);
    let [drums, bass, ..] = music::tracks().map(|(_, samples)| samples);

    let mut offline = Engine::builder().offline()?;
    let (drums, bass) = (track(drums)?, track(bass)?);
    offline.engine().mix().tempo(Bpm::new(126.0)?)?;
    offline.engine().deck(DeckId::A).load(&drums)?.play()?;
    offline.engine().deck(DeckId::B).load(&bass)?.at(When::At(Frames(441_000))).play()?;
    let sound = offline.render_frames(30 * 44_100);

    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    wav::write(&path, &Audio::new(Samples::F32(sound), 44_100, 2)?, SampleFormat::F32)?;
    println!("{}: 30 s, deck B from exactly 10 s on", path.display());
    Ok(())
}

fn track(samples: Vec<f32>) -> Result<Track, crowd_engine::Error> {
    Track::from_interleaved(samples, SampleRate::CD, 2)
}
