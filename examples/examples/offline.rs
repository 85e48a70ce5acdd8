//! Renders a mix of two tracks into a WAV file, faster than real time. The file is the same every time. Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example offline -- out/offline.wav`

use std::path::PathBuf;
use std::time::Duration;

use crowd_engine::{Band, Bpm, CrossfadeLaw, DeckId, Engine, Frames, Gain, SampleRate, StretchMethod, Track, When};
use crowd_engine_examples::music;
use crowd_media::{Audio, SampleFormat, Samples, wav};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| "out/offline.wav".into(), PathBuf::from);
    let [drums, bass, ..] = music::tracks().map(|(_, samples)| samples);
    let (drums, bass) = (track(drums)?, track(bass)?);

    let mut offline = Engine::builder().stretch(StretchMethod::Wsola).offline()?;
    let engine = offline.engine();
    engine.mix().tempo(Bpm::new(126.0)?)?;
    engine.deck(DeckId::A).load(&drums)?.play()?;
    engine.deck(DeckId::B).load(&bass)?.eq(Band::Low, Gain::SILENCE)?;

    // From exactly 10 s on, deck B fades in and deck A fades out, in 8 s. The bass of deck B is heard from 14 s on.
    let crossfade_at = When::At(Frames::from_seconds(10.0, engine.sample_rate()));
    let length = Duration::from_secs(8);
    engine.mix().at(crossfade_at).crossfade(DeckId::A, DeckId::B, length, CrossfadeLaw::EqualPower)?;
    let bass_at = When::At(Frames::from_seconds(14.0, engine.sample_rate()));
    engine.deck(DeckId::B).at(bass_at).eq(Band::Low, Gain::UNITY)?;
    let sound = offline.render_frames(30 * 44_100);

    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    wav::write(&path, &Audio::new(Samples::F32(sound), 44_100, 2)?, SampleFormat::F32)?;
    println!("{}: 30 s, from deck A to deck B between 10 and 18 s", path.display());
    Ok(())
}

fn track(samples: Vec<f32>) -> Result<Track, crowd_engine::Error> {
    Track::from_interleaved(samples, SampleRate::CD, 2)
}
