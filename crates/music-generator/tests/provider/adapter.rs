//! The adapter of MusicGen with a stand-in for its model.

use std::sync::Arc;
use std::time::Duration;

use music_generator::provider::{Control, ExternalProvider, Mutes, Provider, ProviderSession};
use music_generator::types::config::Config;

use crate::harness::{LONG, close, next_audio, prompt, python, quick};

#[test]
fn the_adapter_of_musicgen_continues_without_a_step_and_follows_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("model");
    let root = env!("CARGO_MANIFEST_DIR");
    // The command sets the environment of the adapter.
    let words = [
        "env",
        &format!("PYTHONPATH={root}/tests/fake_model"),
        "PYTHONDONTWRITEBYTECODE=1",
        &format!("FAKE_MODEL_LOG={}", log.display()),
        &python(),
        &format!("{root}/examples/musicgen_adapter.py"),
        "--step=2",
        "--overlap=1",
        "--chunk-ms=500",
    ];
    let provider = ExternalProvider::command(words.map(str::to_owned).to_vec()).unwrap().with(quick());
    let session: Arc<dyn ProviderSession> = Arc::from(provider.open().unwrap());
    session.set_prompts(&[prompt("piano", 0.5), prompt("rain", 1.0), prompt("drums", 0.01)]).unwrap();
    session.set_config(&Config { bpm: Some(80.0), density: Some(0.1), ..Config::default() }).unwrap();
    session.control(Control::Play).unwrap();
    let chunks: Vec<_> = (0..12).map(|_| next_audio(&*session)).collect();
    let capabilities = session.capabilities();
    assert_eq!((capabilities.sample_rate, capabilities.mutes), (32_000, Mutes::DrumsAndBass));
    assert!(chunks.iter().all(|chunk| chunk.frames() == 16_000 && chunk.source.prompts[1].text == "rain"));
    let samples: Vec<i16> = chunks.iter().flat_map(|chunk| chunk.pcm.clone()).collect();
    // A tone of at most 400 Hz and a quarter of full scale: its steps are at most 644.
    let step = samples.windows(2).map(|pair| i32::from(pair[1]) - i32::from(pair[0])).map(i32::abs).max();
    assert!(step.is_some_and(|step| step < 660) && samples.iter().any(|sample| *sample > 8_000), "{step:?}");
    session.set_prompts(&[prompt("snow", 1.0)]).unwrap();
    let follows = (0..60).any(|_| &*next_audio(&*session).source.prompts == [prompt("snow", 1.0)].as_slice());
    assert!(follows);
    session.control(Control::Stop).unwrap();
    while session.next_event(Duration::from_secs(2)).is_ok() {}
    session.control(Control::Play).unwrap();
    assert!(next_audio(&*session).starts_anew);
    assert!(close(&*session) < LONG);
    let log = std::fs::read_to_string(log).unwrap();
    // A start of 2 s, then steps of 2 s at their place in the music.
    assert!(log.starts_with("0 64000 rain, piano, 80 bpm, sparse\n64000 64000 rain, piano, 80 bpm, sparse\n"), "{log}");
    assert!(log.contains("64000 snow, 80 bpm, sparse\n") && log.matches("\n0 64000").count() == 1, "{log}");
}
