//! The key is found nowhere but in its header.

use std::sync::{Arc, Mutex};

use music_generator::provider::lyria::ApiKey;
use music_generator::provider::{Provider, ProviderSession};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::{KEY, next, play, provider, quick};
use crate::server::Server;

/// Keeps the text of all that is logged, at all levels.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl Visit for Kept {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?}\n"));
    }
}

impl Subscriber for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The key with each character as an escape.
fn escaped() -> String {
    KEY.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect()
}

#[test]
fn the_key_appears_in_no_url_log_error_or_event() {
    let kept = Kept::default();
    tracing::subscriber::set_global_default(kept.clone()).unwrap();
    let server = Server::start(|peer| {
        peer.begin()?;
        peer.audio(&[1, 2])?;
        peer.send(&json!({"warning": format!("the key {KEY} is old")}))?;
        peer.send(&json!({"filteredPrompt": {"text": KEY, "filteredReason": format!("{KEY}{KEY}")}}))?;
        peer.send(&json!({ KEY: 1 }))?;
        peer.send_raw(format!("{{\"warning\":\"{}\"}}", escaped()).into())?;
        match peer.number {
            0 => peer.close(1_008, &format!("API key {KEY} not valid")),
            1 => peer.send_raw(format!("{}{KEY}", "x".repeat(60)).into()).and_then(|()| peer.wait()),
            2 => peer.send_raw(format!("{{\"warning\":[\"{KEY}\"]}}").into()).and_then(|()| peer.wait()),
            3 => peer.send_raw(format!("[\"{}\"]", escaped()).into()).and_then(|()| peer.wait()),
            _ => peer
                .send(&json!({"serverContent": {"audioChunks": [{"data": "AAAA", "mimeType": KEY}]}}))
                .and_then(|()| peer.wait()),
        }
    });
    let service = provider(quick(&server));
    let session = play(quick(&server));
    let mut seen = format!("{service:?} {service:#?} {} {:?}", service.name(), quick(&server));
    seen.push_str(&format!("{:?}{:?}", ApiKey::new(KEY).unwrap(), ApiKey::new(&format!("{KEY} ")).unwrap_err()));
    let mut faults = Vec::new();
    while faults.len() < 5 {
        let event = next(&*session);
        seen.push_str(&format!("{event:?}\n"));
        if let music_generator::provider::ProviderEvent::Warning(warning) = &event {
            seen.push_str(&format!("{warning}\n"));
            if let music_generator::provider::Warning::Restarts { fault, .. } = warning {
                faults.push(fault.name());
            }
        }
        seen.push_str(&format!("{:?}", session.events()));
    }
    assert_eq!(faults, ["closed", "bad_message", "bad_message", "bad_message", "wrong_format"]);
    let logged = kept.0.lock().unwrap().clone();
    assert!(logged.contains("code 1008") && seen.contains("the key (key) is old"), "{logged}\n{seen}");
    let logs = server.logs();
    seen.push_str(&logs.iter().map(|log| format!("{} {:?}", log.path, log.messages)).collect::<String>());
    for part in [KEY, &KEY[..12], &KEY[20..]] {
        assert!(!seen.contains(part) && !logged.contains(part), "{part} in:\n{seen}\n{logged}");
    }
    for log in logs {
        let with_key: Vec<_> = log.headers.iter().filter(|(_, value)| value.contains(KEY)).collect();
        assert_eq!(with_key, [&("x-goog-api-key".to_owned(), KEY.to_owned())]);
    }
    check_drop(session);
}

/// A session that is dropped ends at once.
fn check_drop(session: Box<dyn ProviderSession>) {
    let start = std::time::Instant::now();
    drop(session);
    assert!(start.elapsed() < std::time::Duration::from_secs(2));
}
