//! A mix of two tracks: B (126 BPM) is brought to the tempo of A (120 BPM), starts on a bar, and replaces A in 8 s. In the middle
//! of the crossfade the bass changes from A to B. Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example dj_set -- set.wav`

use std::{error::Error, f64::consts::TAU, path::PathBuf, time::Duration};

use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{Band, Bpm, CrossfadeLaw, DeckId, Engine, Frames, Gain, SampleRate, StretchMethod, Track, When};
use crowd_media::{Audio, SampleFormat, Samples, wav};

const RATE: f64 = 44_100.0;

/// 40 s of a bass tone with a short burst of `click` hertz on each beat; the first beat is at `downbeat` seconds.
fn music(bpm: f64, downbeat: f64, bass: f64, click: f64) -> Result<Track, crowd_engine::Error> {
    let sample = |i: usize| {
        let t = i as f64 / RATE;
        let since_beat = (t - downbeat).rem_euclid(60.0 / bpm);
        let burst = (0.3 - 10.0 * since_beat).max(0.0) * (TAU * click * since_beat).sin();
        (0.2 * (TAU * bass * t).sin() + burst) as f32
    };
    Track::from_interleaved((0..(40.0 * RATE) as usize).map(sample).collect::<Vec<_>>(), SampleRate::CD, 1)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("dj_set.wav"), PathBuf::from);
    let at = |seconds| Frames::from_seconds(seconds, SampleRate::CD);
    let (tempo_a, tempo_b) = (Bpm::new(120.0)?, Bpm::new(126.0)?);
    let (a, b) = (music(120.0, 0.0, 60.0, 1_500.0)?, music(126.0, 0.37, 90.0, 4_000.0)?);

    let mut offline = Engine::builder().base_tempo(tempo_a).stretch(StretchMethod::Hq).offline()?;
    let engine = offline.engine();
    engine.deck(DeckId::A).load(&a)?.match_tempo(tempo_a)?.play()?;
    // The cue is some bars after the start of the track, so that there is music before it.
    engine.deck(DeckId::B).load_cued(&b, at(4.2))?.match_tempo(tempo_b)?.eq(Band::Low, Gain::SILENCE)?;

    // The group acts at 8 s, where bar 5 of the clock begins. `align` moves B onto the clock in the frame in which B starts.
    let mut group = engine.group();
    group.deck(DeckId::B).align(Pulse::new(tempo_b, 0.37, SampleRate::CD), Phase::Bar)?;
    group.mix().crossfade(DeckId::A, DeckId::B, Duration::from_secs(8), CrossfadeLaw::EqualPower)?;
    group.send(When::At(at(8.0)))?;
    let mut group = engine.group();
    group.deck(DeckId::A).eq(Band::Low, Gain::SILENCE)?;
    group.deck(DeckId::B).eq(Band::Low, Gain::UNITY)?;
    group.send(When::At(at(12.0)))?;
    engine.deck(DeckId::A).at(When::At(at(16.0))).stop()?;

    let sound = offline.render_frames((24.0 * RATE) as usize);
    wav::write(&path, &Audio::new(Samples::F32(sound), 44_100, 2)?, SampleFormat::F32)?;
    println!("{}: 24 s, from deck A to deck B between 8 and 16 s", path.display());
    Ok(())
}
