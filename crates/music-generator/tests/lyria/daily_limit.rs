//! The time that may be used in a day.

use std::time::Duration;

use music_generator::provider::lyria::LyriaSettings;
use music_generator::provider::{Control, Provider, ProviderEvent, Warning};

use crate::harness::{LONG, next, play, provider, quick, wait_until};
use crate::server::Server;

#[test]
fn the_music_is_paused_when_the_time_of_the_day_is_used_up() {
    let server = Server::start(|peer| {
        peer.begin()?;
        peer.play(LONG, |_| [1, 1])
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("used.json");
    let most = Duration::from_millis(800);
    let limited = LyriaSettings { daily_limit: Some(most), used_time_file: Some(file.clone()), ..quick(&server) };
    let session = play(limited.clone());
    let warned = loop {
        match next(&*session) {
            ProviderEvent::Audio(_) => {}
            ProviderEvent::Warning(warning) => break warning,
            other => panic!("{other:?}"),
        }
    };
    match &warned {
        Warning::DailyLimit { most: limit, goes_on_in } => {
            assert_eq!(*limit, most);
            assert!(*goes_on_in <= Duration::from_secs(86_400));
            assert!(warned.to_string().contains("goes on in"), "{warned}");
        }
        other => panic!("{other:?}"),
    }
    wait_until("the end", || server.logs()[0].ended.is_some());
    // It stays so, is reported once, and requests are taken.
    session.control(Control::Pause).unwrap();
    session.control(Control::Play).unwrap();
    while let Ok(event) = session.next_event(Duration::from_millis(300)) {
        assert!(matches!(event, ProviderEvent::Audio(_)), "{event:?}");
    }
    assert_eq!(server.logs().len(), 1);
    drop(session);
    // Another program finds the time in the file.
    assert!(std::fs::read_to_string(&file).unwrap().contains("seconds"));
    let session = play(limited.clone());
    assert!(matches!(next(&*session), ProviderEvent::Warning(Warning::DailyLimit { .. })));
    assert_eq!(server.logs().len(), 1);
    // Without a limit it plays.
    let session = provider(LyriaSettings { daily_limit: None, ..limited }).open().unwrap();
    session.control(Control::Play).unwrap();
    assert!(matches!(next(&*session), ProviderEvent::Audio(_)));
}
