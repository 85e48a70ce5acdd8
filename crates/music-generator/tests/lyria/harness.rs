//! Sessions with a server of the tests.

use std::time::{Duration, Instant};

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::lyria::{ApiKey, LyriaProvider, LyriaSettings};
use music_generator::provider::{AudioChunk, Control, Fault, Provider, ProviderEvent, ProviderSession, Warning};

use crate::server::Server;

/// Long enough for a busy machine.
pub const LONG: Duration = Duration::from_secs(30);
/// A key, which must be found nowhere.
pub const KEY: &str = "AIza-this_is-the-key-of-the-tests-0123456";

/// Short times before restarts.
pub fn quick(server: &Server) -> LyriaSettings {
    LyriaSettings {
        base_url: server.url(),
        first_restart: Duration::from_millis(50),
        longest_restart: Duration::from_millis(200),
        ..LyriaSettings::default()
    }
}

pub fn provider(settings: LyriaSettings) -> LyriaProvider {
    LyriaProvider::new(ApiKey::new(KEY).unwrap(), settings).unwrap()
}

/// Opens a session with a prompt, and plays.
pub fn play(settings: LyriaSettings) -> Box<dyn ProviderSession> {
    let session = provider(settings).open().unwrap();
    session.set_prompts(&[WeightedPrompt { text: "minimal techno".to_owned(), weight: 1.0 }]).unwrap();
    session.control(Control::Play).unwrap();
    session
}

pub fn next(session: &dyn ProviderSession) -> ProviderEvent {
    session.next_event(LONG).unwrap()
}

/// The next audio. There is nothing else before it.
pub fn next_audio(session: &dyn ProviderSession) -> AudioChunk {
    match next(session) {
        ProviderEvent::Audio(audio) => audio,
        other => panic!("{other:?} and no audio"),
    }
}

/// The next fault, and the audio before it.
pub fn next_fault(session: &dyn ProviderSession) -> (Vec<AudioChunk>, Fault) {
    let mut chunks = Vec::new();
    loop {
        match next(session) {
            ProviderEvent::Audio(audio) => chunks.push(audio),
            ProviderEvent::Warning(Warning::Restarts { fault, .. }) => return (chunks, fault),
            other => panic!("{other:?} and no fault"),
        }
    }
}

/// Waits until something is so.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
