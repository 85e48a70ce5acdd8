//! Serialisation with the feature `serde`.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crowd_engine::{Bpm, DeckId, Engine, Event, Frames, Gain, StemId, StretchMethod};
use serde_json::{from_str, json, to_value};

#[test]
fn a_status_an_event_and_health_are_written_with_their_field_names() {
    let mut offline = Engine::builder().decks(1).offline().unwrap();
    offline.render_frames(64);
    let status = to_value(offline.engine().status()).unwrap();
    assert_eq!((&status["frames"], &status["beats_per_bar"], &status["tempo"]), (&json!(64), &json!(4), &json!(120.0)));
    assert_eq!(status["decks"][0]["stretch"], "playback_rate");
    assert_eq!(status["momentary"], json!(null), "JSON has no infinity");
    let event = Event::Started { deck: DeckId::B, stem: StemId(2), at: Frames(7) };
    assert_eq!(to_value(event).unwrap(), json!({ "started": { "deck": "B", "stem": 2, "at": 7 } }));
    let engine = Engine::builder().open("null".parse().unwrap()).unwrap();
    let health = to_value(engine.health()).unwrap();
    assert_eq!(
        (&health["output"], &health["state"], &health["realtime"]),
        (&json!("null"), &json!("playing"), &json!("not_requested"))
    );
}

#[test]
fn units_are_read_within_their_ranges_only() {
    assert_eq!(from_str::<Bpm>("126.5").unwrap(), Bpm::new(126.5).unwrap());
    assert_eq!(from_str::<DeckId>("\"c\"").unwrap(), DeckId::C);
    assert_eq!(from_str::<StretchMethod>("\"hq\"").unwrap(), StretchMethod::Hq);
    let error = from_str::<Gain>("9").unwrap_err().to_string();
    assert!(error.contains("give 0 to 4"), "{error}");
    assert!(from_str::<Bpm>("1e9").is_err() && from_str::<DeckId>("\"Z\"").is_err());
}
