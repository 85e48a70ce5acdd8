//! `bpm_config.json`: how movement becomes tempo.

use serde_json::Value;
use std::fmt::Display;
use std::time::Duration;

/// The movement table, as read from a file or by default.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementConfig {
    /// The movement at which the tempo is highest.
    pub movement_max_value: f64,
    /// Below the first, second, third and fourth threshold lie the first four targets.
    pub thresholds: [f64; 4],
    /// Targets in BPM: very very low, very low, low, medium, and the highest.
    pub targets: [f64; 5],
    /// How long 99 % of a change take, in seconds.
    pub transition_seconds: f64,
    /// How far movement must go beyond a threshold before the target changes back.
    pub hysteresis: f64,
    /// After this long without a message the tempo goes back to its base; `None`: never.
    pub stale_after: Option<Duration>,
}

impl Default for MovementConfig {
    fn default() -> Self {
        Self {
            movement_max_value: 0.6,
            thresholds: [0.02, 0.05, 0.10, 0.15],
            targets: [105.0, 110.0, 115.0, 118.0, 130.0],
            transition_seconds: 30.0,
            hysteresis: 0.0,
            stale_after: None,
        }
    }
}

/// Reads the text of a configuration file. Every key is optional; `null` and unknown keys count as absent.
///
/// Returns the configuration and what a user should be told: each text names a key, its value, and what is used instead.
/// What cannot be used never stops the server; the default stands.
#[must_use]
pub fn read(text: &str) -> (MovementConfig, Vec<String>) {
    let mut config = MovementConfig::default();
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return (config, vec![format!("not JSON ({error}): the defaults are used")]),
    };
    let mut reader = Reader { root: value.get("movement_bpm").unwrap_or(&Value::Null), notes: Vec::new() };
    if !matches!(value, Value::Object(_)) || !matches!(reader.root, Value::Object(_) | Value::Null) {
        return (config, vec!["movement_bpm is not an object: the defaults are used".into()]);
    }

    let fraction = |v: f64| v > 0.0 && v <= 1.0;
    reader.number(&["movement_max_value"], &mut config.movement_max_value, fraction, "above 0, up to 1");
    for (key, slot) in ["very_very_low", "very_low", "low", "medium"].into_iter().zip(&mut config.thresholds) {
        reader.number(&["thresholds", key], slot, |v| (0.0..=1.0).contains(&v), "0 to 1");
    }
    for (key, slot) in ["very_very_low", "very_low", "low", "medium", "high_max"].into_iter().zip(&mut config.targets) {
        reader.number(&["bpm_targets", key], slot, |v| crate::methods::BPM.contains(&v), "20 to 400");
    }
    let seconds = &["smoothing", "transition_time_seconds"];
    reader.number(seconds, &mut config.transition_seconds, |v| (0.1..=3600.0).contains(&v), "0.1 to 3600");
    reader.number(&["hysteresis"], &mut config.hysteresis, |v| (0.0..=0.5).contains(&v), "0 to 0.5");
    let mut stale = 0.0;
    reader.number(&["stale_after_seconds"], &mut stale, |v| (0.0..=86_400.0).contains(&v), "0 (off) to 86400");
    config.stale_after = (stale > 0.0).then(|| Duration::from_secs_f64(stale));

    for key in ["audio_loop_rate_hz", "smoothing_factor_up", "smoothing_factor_down"] {
        if let Some(value) = reader.find(&["smoothing", key]) {
            let note = format!("smoothing.{key} ({value}) is not used: transition_time_seconds alone sets the pace");
            reader.notes.push(note);
        }
    }

    let Reader { mut notes, .. } = reader;
    let default = MovementConfig::default();
    if !config.thresholds.is_sorted() {
        notes.push(format!("thresholds {:?} do not rise: {:?} are used", config.thresholds, default.thresholds));
        config.thresholds = default.thresholds;
    }
    let [.., medium] = config.thresholds;
    if config.movement_max_value <= medium {
        notes.push(format!(
            "movement_max_value {} is not above thresholds.medium {medium}: the highest tempo is reached at once",
            config.movement_max_value
        ));
    }
    (config, notes)
}

struct Reader<'a> {
    root: &'a Value,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn find(&self, path: &[&str]) -> Option<&Value> {
        let mut value = self.root;
        for key in path {
            value = value.get(key)?;
        }
        Some(value).filter(|v| !v.is_null())
    }

    /// Sets `slot` if there is a number that is `good`.
    fn number(&mut self, path: &[&str], slot: &mut f64, good: impl Fn(f64) -> bool, wanted: impl Display) {
        let Some(value) = self.find(path) else {
            return;
        };
        match value.as_f64() {
            Some(v) if good(v) => *slot = v,
            _ => {
                let note = format!("{} is {value}; a number {wanted} is needed: {slot} is used", path.join("."));
                self.notes.push(note);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(text: &str) -> MovementConfig {
        let (config, notes) = read(text);
        assert_eq!(notes, Vec::<String>::new(), "{text}");
        config
    }

    #[test]
    fn every_key_is_optional() {
        for text in ["{}", r#"{"movement_bpm": {}}"#, r#"{"movement_bpm": null}"#, r#"{"other": 3}"#] {
            assert_eq!(quiet(text), MovementConfig::default(), "{text}");
        }
        let nulls = r#"{"movement_bpm": {"movement_max_value": null, "thresholds": null, "bpm_targets": {"low": null},
            "smoothing": {"smoothing_factor_up": null}, "invented": [1]}}"#;
        assert_eq!(quiet(nulls), MovementConfig::default());
    }

    #[test]
    fn a_file_is_obeyed() {
        let config = quiet(
            r#"{"movement_bpm": {"movement_max_value": 0.5,
                "thresholds": {"very_very_low": 0.01, "very_low": 0.03, "low": 0.07, "medium": 0.10},
                "bpm_targets": {"very_very_low": 100, "very_low": 104, "low": 108, "medium": 112, "high_max": 140},
                "smoothing": {"transition_time_seconds": 12}, "hysteresis": 0.005, "stale_after_seconds": 20}}"#,
        );
        assert_eq!(
            config,
            MovementConfig {
                movement_max_value: 0.5,
                thresholds: [0.01, 0.03, 0.07, 0.10],
                targets: [100.0, 104.0, 108.0, 112.0, 140.0],
                transition_seconds: 12.0,
                hysteresis: 0.005,
                stale_after: Some(Duration::from_secs(20)),
            }
        );
        assert_eq!(quiet(r#"{"movement_bpm": {"thresholds": {"medium": 0.10}}}"#).thresholds, [0.02, 0.05, 0.10, 0.10]);
    }

    #[test]
    fn what_contradicts_the_transition_time_is_reported_and_not_used() {
        let (config, notes) = read(
            r#"{"movement_bpm": {"smoothing": {"audio_loop_rate_hz": 43, "smoothing_factor_up": 0.1,
                "smoothing_factor_down": 0.001}}}"#,
        );
        assert_eq!(config, MovementConfig::default());
        assert_eq!(notes.len(), 3);
        assert!(notes[1].starts_with("smoothing.smoothing_factor_up (0.1) is not used"), "{}", notes[1]);
    }

    #[test]
    fn bad_values_are_named_and_the_defaults_stand() {
        for (text, says) in [
            ("{", "not JSON"),
            ("", "not JSON"),
            ("[]", "movement_bpm is not an object"),
            (r#"{"movement_bpm": 3}"#, "movement_bpm is not an object"),
            (
                r#"{"movement_bpm": {"movement_max_value": "x"}}"#,
                "movement_max_value is \"x\"; a number above 0, up to 1",
            ),
            (r#"{"movement_bpm": {"movement_max_value": 0}}"#, "movement_max_value is 0;"),
            (r#"{"movement_bpm": {"bpm_targets": {"low": -1}}}"#, "bpm_targets.low is -1; a number 20 to 400"),
            (r#"{"movement_bpm": {"thresholds": {"low": 0.9}}}"#, "thresholds [0.02, 0.05, 0.9, 0.15] do not rise"),
            (
                r#"{"movement_bpm": {"smoothing": {"transition_time_seconds": 0}}}"#,
                "smoothing.transition_time_seconds is 0;",
            ),
        ] {
            let (config, notes) = read(text);
            assert_eq!(config, MovementConfig::default(), "{text}");
            assert_eq!(notes.len(), 1, "{text}: {notes:?}");
            assert!(notes[0].starts_with(says), "{text}: {notes:?}");
        }
    }
}
