//! `bpm_config.json`: the table from movement to tempo.
//!
//! The file is read key by key, not into a structure by serde. So a warning names each key that cannot be used, and all
//! other keys are used.

use crate::units::Quantity;
use crowd_engine::Bpm;
use crowd_engine::tempo::MovementConfig;
use serde_json::Value;
use std::fmt::Display;
use std::time::Duration;

/// The values of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BpmConfig {
    /// How movement sets the tempo.
    pub movement: MovementConfig,
    /// The time after a `/set_tempo` until movement sets the tempo again. `None` means only after `/movement_bpm 1`.
    pub tempo_hold: Option<Duration>,
}

impl BpmConfig {
    /// The default values for a base tempo.
    #[must_use]
    pub fn new(base: Bpm) -> Self {
        Self { movement: MovementConfig { base, ..MovementConfig::default() }, tempo_hold: None }
    }
}

/// Parses a configuration file. Every key is optional; `null` and unknown keys count as absent.
///
/// Returns the configuration and warnings for the user. Each names a key, its value, and what is used instead.
///
/// # Errors
/// A text, when nothing of the file can be used.
pub fn parse(text: &[u8], base: Bpm) -> Result<(BpmConfig, Vec<String>), String> {
    // Some editors start a text with a byte order mark, which is not JSON.
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON ({error})"))?;
    if !value.is_object() {
        return Err("not a JSON object".into());
    }
    let mut config = BpmConfig::new(base);
    let mut reader = ConfigReader { root: value.get("movement_bpm").unwrap_or(&Value::Null), warnings: Vec::new() };
    if !matches!(reader.root, Value::Object(_) | Value::Null) {
        return Err(format!("movement_bpm is {}, not an object", reader.root));
    }

    let movement = &mut config.movement;
    reader.number(&["movement_max_value"], &mut movement.max_value, |v| v > 0.0 && v <= 1.0, "above 0, up to 1");
    for (key, target) in ["very_very_low", "very_low", "low", "medium"].into_iter().zip(&mut movement.thresholds) {
        reader.number(&["thresholds", key], target, |v| (0.0..=1.0).contains(&v), "0 to 1");
    }
    let [very_very_low, very_low, low, medium] = &mut movement.targets;
    for (key, target) in [
        ("very_very_low", very_very_low),
        ("very_low", very_low),
        ("low", low),
        ("medium", medium),
        ("high_max", &mut movement.high_max),
    ] {
        reader.tempo(&["bpm_targets", key], target);
    }
    let mut seconds = movement.transition.as_secs_f64();
    let key = ["smoothing", "transition_time_seconds"];
    reader.number(&key, &mut seconds, |v| (0.1..=3600.0).contains(&v), "0.1 to 3600");
    movement.transition = Duration::from_secs_f64(seconds);
    reader.number(&["hysteresis"], &mut movement.hysteresis, |v| (0.0..=0.5).contains(&v), "0 to 0.5");
    movement.stale_after = reader.seconds_or_off("stale_after_seconds");
    config.tempo_hold = reader.seconds_or_off("set_tempo_hold_seconds");

    for key in ["audio_loop_rate_hz", "smoothing_factor_up", "smoothing_factor_down"] {
        if let Some(value) = reader.get(&["smoothing", key]) {
            let warning =
                format!("smoothing.{key} ({value}) is not used: transition_time_seconds alone sets the speed");
            reader.warnings.push(warning);
        }
    }

    let ConfigReader { mut warnings, .. } = reader;
    if !movement.thresholds.is_sorted() {
        let default = MovementConfig::default().thresholds;
        warnings.push(format!("thresholds {:?} are not ascending: {default:?} are used", movement.thresholds));
        movement.thresholds = default;
    }
    let [.., medium] = movement.thresholds;
    if movement.max_value <= medium {
        warnings.push(format!(
            "movement_max_value {} is not above thresholds.medium {medium}: the highest tempo is reached at once",
            movement.max_value
        ));
    }
    Ok((config, warnings))
}

struct ConfigReader<'a> {
    root: &'a Value,
    warnings: Vec<String>,
}

impl ConfigReader<'_> {
    fn get(&self, path: &[&str]) -> Option<&Value> {
        let mut value = self.root;
        for key in path {
            value = value.get(key)?;
        }
        Some(value).filter(|v| !v.is_null())
    }

    /// Reads a number of seconds. `None` if the number is 0, missing or not valid: the function is then off.
    fn seconds_or_off(&mut self, key: &str) -> Option<Duration> {
        let mut seconds = 0.0;
        self.number(&[key], &mut seconds, |v| (0.0..=86_400.0).contains(&v), "0 (off) to 86400");
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds))
    }

    /// Sets `target` if the key is a tempo.
    fn tempo(&mut self, path: &[&str], target: &mut Bpm) {
        let (low, high) = Bpm::RANGE.into_inner();
        let used = self.read(path, target.get(), Bpm::checked, format_args!("{low} to {high}"));
        *target = used.unwrap_or(*target);
    }

    /// Sets `target` if the key is a number for which `is_valid` returns true.
    fn number(&mut self, path: &[&str], target: &mut f64, is_valid: impl Fn(f64) -> bool, valid: impl Display) {
        let used = self.read(path, *target, |v| is_valid(v).then_some(v), valid);
        *target = used.unwrap_or(*target);
    }

    /// Converts the number of a key. If the key has a value that `convert` refuses, a warning is added that `default` is
    /// used.
    fn read<T>(
        &mut self,
        path: &[&str],
        default: f64,
        convert: impl Fn(f64) -> Option<T>,
        valid: impl Display,
    ) -> Option<T> {
        let value = self.get(path)?;
        let converted = value.as_f64().and_then(convert);
        if converted.is_none() {
            let warning = format!("{} is {value}; a number {valid} is needed: {default} is used", path.join("."));
            self.warnings.push(warning);
        }
        converted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Bpm {
        Bpm::new(120.0).unwrap()
    }

    fn read_without_warnings(text: &str) -> BpmConfig {
        let (config, warnings) = parse(text.as_bytes(), base()).unwrap();
        assert_eq!(warnings, Vec::<String>::new(), "{text}");
        config
    }

    #[test]
    fn a_file_of_which_nothing_can_be_used_is_an_error() {
        for (text, expected) in [
            (&b"{"[..], "not JSON (EOF"),
            (b"", "not JSON (EOF"),
            (b"{\"a\": \"\xff\"}", "not JSON (invalid unicode"),
            (b"[]", "not a JSON object"),
            (br#"{"movement_bpm": 3}"#, "movement_bpm is 3, not an object"),
        ] {
            let problem = parse(text, base()).unwrap_err();
            assert!(problem.starts_with(expected), "{problem}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let text = "\u{feff}{\"movement_bpm\": {\"hysteresis\": 0.25}}";
        assert_eq!(read_without_warnings(text).movement.hysteresis, 0.25);
    }

    #[test]
    fn every_key_is_optional() {
        for text in ["{}", r#"{"movement_bpm": {}}"#, r#"{"movement_bpm": null}"#, r#"{"other": 3}"#] {
            assert_eq!(read_without_warnings(text), BpmConfig::new(base()), "{text}");
        }
        let nulls = r#"{"movement_bpm": {"movement_max_value": null, "thresholds": null, "bpm_targets": {"low": null},
            "smoothing": {"smoothing_factor_up": null}, "invented": [1]}}"#;
        assert_eq!(read_without_warnings(nulls), BpmConfig::new(base()));
    }

    #[test]
    fn all_keys_are_read() {
        let config = read_without_warnings(
            r#"{"movement_bpm": {"movement_max_value": 0.5,
                "thresholds": {"very_very_low": 0.01, "very_low": 0.03, "low": 0.07, "medium": 0.10},
                "bpm_targets": {"very_very_low": 100, "very_low": 104, "low": 108, "medium": 112, "high_max": 140},
                "smoothing": {"transition_time_seconds": 12}, "hysteresis": 0.005, "stale_after_seconds": 20,
                "set_tempo_hold_seconds": 90}}"#,
        );
        assert_eq!(
            config,
            BpmConfig {
                movement: MovementConfig {
                    max_value: 0.5,
                    thresholds: [0.01, 0.03, 0.07, 0.10],
                    targets: [100.0, 104.0, 108.0, 112.0].map(|bpm| Bpm::new(bpm).unwrap()),
                    high_max: Bpm::new(140.0).unwrap(),
                    base: base(),
                    transition: Duration::from_secs(12),
                    hysteresis: 0.005,
                    stale_after: Some(Duration::from_secs(20)),
                },
                tempo_hold: Some(Duration::from_secs(90)),
            }
        );
        assert_eq!(
            read_without_warnings(r#"{"movement_bpm": {"thresholds": {"medium": 0.10}}}"#).movement.thresholds,
            [0.02, 0.05, 0.10, 0.10]
        );
    }

    #[test]
    fn keys_that_contradict_the_transition_time_are_reported_and_not_used() {
        let (config, warnings) = parse(
            br#"{"movement_bpm": {"smoothing": {"audio_loop_rate_hz": 43, "smoothing_factor_up": 0.1,
                "smoothing_factor_down": 0.001}}}"#,
            base(),
        )
        .unwrap();
        assert_eq!(config, BpmConfig::new(base()));
        assert_eq!(warnings.len(), 3);
        assert!(warnings[1].starts_with("smoothing.smoothing_factor_up (0.1) is not used"), "{}", warnings[1]);
    }

    #[test]
    fn bad_values_are_named_and_the_defaults_used() {
        for (text, expected) in [
            (
                r#"{"movement_bpm": {"movement_max_value": "x"}}"#,
                "movement_max_value is \"x\"; a number above 0, up to 1",
            ),
            (r#"{"movement_bpm": {"movement_max_value": 0}}"#, "movement_max_value is 0;"),
            (r#"{"movement_bpm": {"bpm_targets": {"low": -1}}}"#, "bpm_targets.low is -1; a number 20 to 400"),
            (
                r#"{"movement_bpm": {"thresholds": {"low": 0.9}}}"#,
                "thresholds [0.02, 0.05, 0.9, 0.15] are not ascending",
            ),
            (
                r#"{"movement_bpm": {"smoothing": {"transition_time_seconds": 0}}}"#,
                "smoothing.transition_time_seconds is 0;",
            ),
        ] {
            let (config, warnings) = parse(text.as_bytes(), base()).unwrap();
            assert_eq!(config, BpmConfig::new(base()), "{text}");
            assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
            assert!(warnings[0].starts_with(expected), "{text}: {warnings:?}");
        }
    }
}
