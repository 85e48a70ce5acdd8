//! A queue without an end: one track after the other on two decks, with crossfades of 3 s. Each track is loaded when the track
//! before it has 5 s left. Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example endless_queue`

use std::{error::Error, f64::consts::TAU, time::Duration};

use crowd_engine::{CrossfadeLaw, DeckId, Engine, Event, Frames, SampleRate, Track, When};

const RATE: SampleRate = SampleRate::CD;
const FADE: Duration = Duration::from_secs(3);

/// A tone of 10 s in place of a file.
fn load(number: i32) -> Result<Track, crowd_engine::Error> {
    let hertz = 200.0 + 50.0 * f64::from(number);
    let sample = |i: i32| (0.3 * (TAU * hertz * f64::from(i) / 44_100.0).sin()) as f32;
    Track::from_interleaved((0..441_000).map(sample).collect::<Vec<_>>(), RATE, 1)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut offline = Engine::builder().sample_rate(RATE).offline()?;
    let (mut now, mut next) = (DeckId::A, DeckId::B);
    let (mut number, mut ended, mut next_is_loaded) = (0, 0, false);
    offline.engine().deck(now).load(&load(number)?)?.play()?;
    while ended < 5 {
        offline.render_frames(4_410);
        let engine = offline.engine();
        for event in engine.events().collect::<Vec<_>>() {
            match event {
                Event::Started { deck, at, .. } => println!("{:5.2} s: deck {deck} starts", at.seconds(RATE)),
                Event::Ended { deck, at, .. } => {
                    println!("{:5.2} s: deck {deck} has ended", at.seconds(RATE));
                    engine.deck(deck).unload()?;
                    (now, next) = (next, now);
                    (ended, next_is_loaded) = (ended + 1, false);
                }
                _ => {}
            }
        }
        // Position and length are those at the horizon; the tracks have the sample rate of the engine.
        let status = engine.status();
        let deck = &status.decks[now.index()];
        let left = Frames(((deck.length.unwrap_or_default().0 as f64 - deck.position) / deck.rate) as u64);
        if deck.playing > 0 && !next_is_loaded && left.seconds(RATE) < 5.0 {
            number += 1;
            engine.deck(next).load(&load(number)?)?;
            // The fade ends at the end of the track.
            let begin = status.horizon + left - Frames::from_seconds(FADE.as_secs_f64(), RATE);
            engine.mix().at(When::At(begin)).crossfade(now, next, FADE, CrossfadeLaw::EqualPower)?;
            next_is_loaded = true;
        }
    }
    Ok(())
}
