//! Any text is read as a score sorted by time, or is an error with the number of its line.
#![no_main]

use audio_server::{handlers, score};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match score::parse(text) {
        Ok(lines) => {
            assert!(lines.is_sorted_by(|a, b| a.seconds <= b.seconds));
            for line in lines {
                let _read_or_refused = handlers::parse(&line.address, &line.args);
            }
        }
        Err(error) => assert!((1..=text.lines().count()).contains(&error.number)),
    }
});
