//! Your own callback: the renderer moves into the audio callback, and the engine stays with your code.
//!
//! `cargo run -p crowd-engine-examples --example own_callback`

use crowd_engine::{DeckId, Engine, Gain, SampleRate, Track};

fn main() -> Result<(), crowd_engine::Error> {
    let (mut engine, mut renderer) = Engine::builder().split()?;
    let audio_thread = std::thread::spawn(move || {
        // The callback of a plug-in or of JACK looks like this. Blocks may have any size, and the size may change.
        let mut loudest = 0.0f32;
        for frames in [64, 480, 1_024, 1].into_iter().cycle().take(400) {
            let mut block = vec![0.0; 2 * frames];
            renderer.render(&mut block);
            loudest = block.iter().fold(loudest, |most, x| most.max(x.abs()));
            std::thread::yield_now();
        }
        loudest
    });
    let tone: Vec<f32> = (0..88_200u32).map(|n| (f64::from(n) * 0.05).sin() as f32 * 0.5).collect();
    let track = Track::from_interleaved(tone, SampleRate::CD, 1)?;
    engine.deck(DeckId::A).load(&track)?.fader(Gain::new(0.8)?)?.play()?;

    let loudest = audio_thread.join().unwrap_or_default();
    println!("rendered {} frames, loudest sample {loudest:.2}", engine.status().frames.0);
    Ok(())
}
