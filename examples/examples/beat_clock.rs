//! A metronome: a click on each beat of the engine's clock and a higher one on each bar, while the tempo glides from 120 to 128 BPM.
//! Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example beat_clock -- clicks.wav`

use std::{error::Error, f64::consts::TAU, path::PathBuf, time::Duration};

use crowd_engine::{Bpm, DeckId, Engine, Event, Frames, SampleRate, Track, When};
use crowd_media::{Audio, SampleFormat, Samples, wav};

const BEAT: DeckId = DeckId::A;
const BAR: DeckId = DeckId::B;

/// A tone that dies away in 50 ms.
fn click(hertz: f64) -> Result<Track, crowd_engine::Error> {
    let sample = |i: i32| (0.4 * (1.0 - f64::from(i) / 2_205.0) * (TAU * hertz * f64::from(i) / 44_100.0).sin()) as f32;
    Track::from_interleaved((0..2_205).map(sample).collect::<Vec<_>>(), SampleRate::CD, 1)
}

/// Lets a deck play its click on the next beat or bar.
fn arm(engine: &mut Engine, deck: DeckId) -> Result<(), crowd_engine::Error> {
    engine.deck(deck).at(if deck == BAR { When::OnBar } else { When::OnBeat }).play()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("beat_clock.wav"), PathBuf::from);
    let rate = SampleRate::CD;
    let mut offline = Engine::builder().sample_rate(rate).base_tempo(Bpm::new(120.0)?).offline()?;
    let engine = offline.engine();
    for (deck, hertz) in [(BEAT, 1_000.0), (BAR, 2_000.0)] {
        engine.deck(deck).load(&click(hertz)?)?;
        arm(engine, deck)?;
    }
    let glide_at = When::At(Frames::from_seconds(4.0, rate));
    engine.mix().at(glide_at).glide_tempo(Bpm::new(128.0)?, Duration::from_secs(10))?;

    let mut sound = Vec::new();
    while offline.status().frames < Frames::from_seconds(18.0, rate) {
        sound.extend(offline.render_frames(441));
        let engine = offline.engine();
        let status = engine.status();
        for event in engine.events().collect::<Vec<_>>() {
            // A click that has ended is at its start again, so it can be played again.
            let Event::Started { deck, at, .. } = event else { continue };
            if deck == BAR {
                println!("bar {} begins in frame {at}, at {:.1} BPM", status.bar() + 1, status.tempo);
            }
            arm(engine, deck)?;
        }
    }
    wav::write(&path, &Audio::new(Samples::F32(sound), rate.get(), 2)?, SampleFormat::F32)?;
    println!("{}: 18 s of clicks", path.display());
    Ok(())
}
