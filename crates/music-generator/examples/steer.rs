//! Writes 20 s of music whose prompt changes in the middle. Needs no sound card.
//!
//! `cargo run --release -p music-generator --example steer -- steer.wav`

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use crowd_engine::feed::LiveInfo;
use crowd_engine::{DeckId, Engine, SampleRate, StemId, Track};
use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};
use music_generator::live_session::{LiveSession, Steering};
use music_generator::prompt::blend::WeightedPrompt;
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::steering::change::Start;
use music_generator::steering::steered_session::SteeredSession;

fn prompt(text: &str, weight: f64) -> WeightedPrompt {
    WeightedPrompt { text: text.to_owned(), weight }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("steer.wav"), PathBuf::from);
    let rate = SampleRate::new(48_000)?;

    // The same seed and the same changes in the same frames make the same music.
    let start = Start { prompts: vec![prompt("calm lofi", 1.0)], ..Start::default() };
    let music = SteeredSession::new(rate.get(), 7, Arc::new(Vocabulary::built_in()?), &start)?;
    let (live, steering) = LiveSession::new(music);

    // Each stem is a track of a deck, so a program can mix them as it likes.
    let tracks = Track::from_live(live, LiveInfo::new(rate).stems(Steering::STEMS))?;
    let mut offline = Engine::builder().sample_rate(rate).offline()?;
    for (stem, track) in (0..).zip(&tracks) {
        offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track)?;
    }
    offline.engine().deck(DeckId::A).follow_tempo(false)?.play()?;

    let mut samples = offline.render_frames(10 * 48_000);
    let understood = steering.set_prompts(vec![prompt("fast house", 1.0), prompt("rain", 0.4)])?;
    samples.extend(offline.render_frames(10 * 48_000));

    let status = steering.status();
    println!("{}", understood.target);
    println!("{:.1} bpm, bar {}, {}, chord {}", status.bpm, status.bar + 1, status.scale, status.chord);
    let audio = Audio::new(Samples::F32(samples), rate.get(), 2)?;
    let format = AudioFormat::new(Container::Wav, SampleFormat::I24)?;
    crowd_media::write(&path, &audio, format, &Tags::default())?;
    println!("{}", path.display());
    Ok(())
}
