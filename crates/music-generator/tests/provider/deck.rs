//! Sessions on a deck.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crowd_engine::feed::LiveInput;
use crowd_engine::{DeckId, Engine, Offline, SampleRate, StemId, Track};
use music_generator::provider::{ProviderEvent, ProviderInput, ProviderSession};

use crate::harness::{Beside, Script, quick};

/// A deck that plays a session. The engine has 44,100 frames a second.
fn deck(session: Arc<dyn ProviderSession>) -> (Offline, Arc<AtomicUsize>) {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    let input = ProviderInput::new(session, SampleRate::CD).listen(move |event| {
        if let ProviderEvent::Audio(audio) = event {
            count.fetch_add(audio.frames(), Ordering::Relaxed);
        }
    });
    let info = input.info();
    let tracks = Track::from_live(input, info).unwrap();
    let mut offline = Engine::builder().sample_rate(SampleRate::CD).offline().unwrap();
    offline.engine().deck(DeckId::A).stem(StemId(0)).load(&tracks[0]).unwrap();
    offline.engine().deck(DeckId::A).follow_tempo(false).unwrap();
    offline.engine().deck(DeckId::A).play().unwrap();
    (offline, heard)
}

/// Crossings of zero upwards, in the left channel.
fn periods(samples: &[f32]) -> usize {
    let left: Vec<f32> = samples.iter().step_by(2).copied().collect();
    left.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
}

/// A tone of 500 Hz at 32,000 Hz, mono.
const TONE: &str = r#"
import math
receive(); ready(32000, 1); until("playbackControl")
frame = 0
while True:
    data = b"".join(struct.pack("<h", round(8000 * math.sin(2 * math.pi * 500 * (frame + index) / 32000))) for index in range(3200))
    frame += 3200
    audio(data, "audio/l16;rate=32000;channels=1")
"#;

#[test]
fn a_provider_at_another_rate_plays_at_its_pitch() {
    let script = Script::new(TONE);
    let (mut offline, heard) = deck(script.play(quick()));
    let samples = offline.render_frames(3 * 44_100);
    let later = &samples[2 * 44_100..];
    assert!((999..=1_001).contains(&periods(later)), "{}", periods(later));
    assert!(later.iter().any(|sample| sample.abs() > 0.1));
    let steps = later.chunks(2).zip(later.chunks(2).skip(1)).map(|(a, b)| (a[0] - b[0]).abs());
    assert!(steps.fold(0.0, f32::max) < 0.03);
    assert!(heard.load(Ordering::Relaxed) >= 3 * 32_000);
    drop(offline);
    script.check_nothing_left();
}

#[test]
fn the_end_of_a_session_ends_the_track() {
    let script = Script::new(TONE);
    let session = script.play(quick());
    let mut input = ProviderInput::new(session.clone(), SampleRate::DAT);
    let mut frames = vec![Vec::new()];
    while frames[0].len() < 48_000 {
        assert!(input.read(&mut frames).unwrap());
    }
    session.close();
    while input.read(&mut frames).unwrap() {}
    assert!(!input.read(&mut frames).unwrap());
    script.check_nothing_left();
}

#[test]
fn a_provider_without_audio_does_not_stop_the_engine() {
    let script = Script::new("receive(); ready()\nwhile receive(): pass");
    let (mut offline, _) = deck(script.play(quick()));
    let beside = Beside::play();
    let samples = offline.render_frames(44_100);
    assert!(samples.iter().all(|sample| *sample == 0.0));
    beside.check();
    std::thread::sleep(Duration::from_millis(10));
    drop(offline);
    script.check_nothing_left();
}
