//! The music of a game: three stems of one deck that start in the same frame and come and go with the danger. The renderer is
//! called with blocks of any size, as by the game's audio callback. Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example game_stems`

use std::{error::Error, f64::consts::TAU, time::Duration};

use crowd_engine::{DeckId, Engine, Event, Frames, Gain, SampleRate, StemId, Track};

/// Tones in place of drums, bass and melody, in hertz.
const TONES: [f64; 3] = [100.0, 300.0, 800.0];

/// A second of a tone; a whole number of periods, so that it repeats without a seam.
fn tone(hertz: f64) -> Result<Track, crowd_engine::Error> {
    let sample = |i: i32| (0.25 * (TAU * hertz * f64::from(i) / 44_100.0).sin()) as f32;
    Track::from_interleaved((0..44_100).map(sample).collect::<Vec<_>>(), SampleRate::CD, 1)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut engine, mut renderer) = Engine::builder().split()?;
    for (stem, hertz) in (0..).map(StemId).zip(TONES) {
        let track = tone(hertz)?;
        let gain = if stem == StemId::FIRST { Gain::UNITY } else { Gain::SILENCE };
        let deck = engine.deck(DeckId::A).stem(stem);
        deck.load_looped(&track, Frames::ZERO, track.whole_loop()?)?.stem_gain(gain)?;
    }
    // One command starts all stems, in the same frame.
    engine.deck(DeckId::A).play()?;

    for danger in [0, 1, 2, 1] {
        for stem in [StemId(1), StemId(2)] {
            let gain = if danger >= stem.index() { Gain::UNITY } else { Gain::SILENCE };
            engine.deck(DeckId::A).stem(stem).over(Duration::from_secs(1)).stem_gain(gain)?;
        }
        // Two seconds, on the audio thread of the game.
        let (mut loudest, end) = (0.0f32, engine.status().frames + Frames(88_200));
        for frames in [137, 511, 1, 735, 1_023].into_iter().cycle() {
            let mut block = vec![0.0; 2 * frames];
            let report = renderer.render(&mut block);
            loudest = block.iter().fold(loudest, |most, x| most.max(x.abs()));
            if report.start >= end {
                break;
            }
        }
        println!("danger {danger}: {} stems play, loudest sample {loudest:.2}", engine.status().decks[0].playing);
    }
    for event in engine.events() {
        if let Event::Started { stem, at, .. } = event {
            println!("stem {} started in frame {at}", stem.index());
        }
    }
    Ok(())
}
