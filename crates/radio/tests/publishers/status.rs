//! The state of publishers, as the station tells it.
#![allow(dead_code)]

use std::time::{Duration, Instant};

use serde_json::Value;

use super::common::station::Station;

/// A secret of which no part may be shown.
pub const SECRET: &str = "s3cr3t-4711";
/// The longest time until a publisher is connected to a server that was restarted.
pub const RECONNECTION: Duration = Duration::from_secs(2);

/// The state of a publisher once `is_so`, and the time until then.
pub fn until(station: &Station, name: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> (Value, Duration) {
    let start = Instant::now();
    loop {
        // Before the first segment the status is 503.
        let Some(health) = station.get("healthz") else {
            assert!(start.elapsed() < Duration::from_secs(25), "no segment\n{}", station.log());
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let health: Value = serde_json::from_slice(&health).unwrap();
        let publisher = health["publishers"].as_array().unwrap().iter().find(|one| one["name"] == name);
        let publisher = publisher.unwrap_or_else(|| panic!("no {name}: {health}")).clone();
        if is_so(&publisher) {
            return (publisher, start.elapsed());
        }
        assert!(start.elapsed() < Duration::from_secs(25), "not so: {what}: {health}\n{}", station.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn is_publishing(publisher: &Value) -> bool {
    publisher["state"] == "publishing"
}

/// Asserts that the secret is nowhere where others can read it.
pub fn assert_secret(station: &Station) {
    let command_line = std::fs::read(format!("/proc/{}/cmdline", station.process())).unwrap();
    let metrics = String::from_utf8(station.get("metrics").unwrap()).unwrap();
    for text in
        [String::from_utf8_lossy(&command_line).into_owned(), station.log(), station.health().to_string(), metrics]
    {
        assert!(!text.contains(SECRET) && !text.contains("s3cr3t"), "{text}");
    }
}
