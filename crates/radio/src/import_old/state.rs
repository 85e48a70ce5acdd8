//! Where an older station was when it ended.

use serde::Serialize;
use serde_json::Value;

use super::files::value_of;
use super::places::{KEYS, Places, SEQUENCE, STREAM_INFO};

/// The longest name of a key that is printed. What is longer could be the key.
const LONGEST_NAME: usize = 40;

/// The state of an older station.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OldState {
    /// The media sequence of the last update.
    pub sequence: Option<u64>,
    /// The position in the playlist.
    pub playlist_position: Option<u64>,
    /// The time of the last update, as the older program wrote it.
    pub updated_at: Option<String>,
    /// The names of the keys of IPNS. The keys themselves are never read into it.
    pub ipns_keys: Vec<String>,
}

impl OldState {
    /// Reads the state. What is inconsistent is added to the problems. `segments` is the number of segments in the playlist, if known.
    pub fn read(places: &Places, segments: Option<usize>, problems: &mut Vec<String>) -> Self {
        let mut read = |name: &str| places.file(name).and_then(|path| value_of(&path, problems));
        let (sequence, keys, info) = (read(SEQUENCE), read(KEYS), read(STREAM_INFO));
        let number = |value: &Option<Value>, name: &str| value.as_ref()?.get(name)?.as_u64();
        let (saved, published) = (number(&sequence, "sequence"), number(&info, "sequence_number"));
        if sequence.is_some() && saved.is_none() {
            problems.push(format!("{SEQUENCE}: it has no sequence"));
        }
        if let (Some(saved), Some(published)) = (saved, published)
            && saved != published
        {
            problems.push(format!("the sequence is {saved} in {SEQUENCE}, and {published} in {STREAM_INFO}"));
        }
        let playlist_position = number(&info, "playlist_position");
        if let (Some(position), Some(segments)) = (playlist_position, segments)
            && position >= segments.max(1) as u64
        {
            problems.push(format!("{STREAM_INFO}: playlist_position is {position}, and there are {segments} segments"));
        }
        let time = |value: &Option<Value>, name: &str| match value.as_ref()?.get(name)? {
            Value::String(text) => Some(crowd_cli::path::quote(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let updated_at = time(&info, "updated_at").or_else(|| time(&sequence, "timestamp"));
        Self { sequence: saved.or(published), playlist_position, updated_at, ipns_keys: names_of_keys(keys.as_ref()) }
    }
}

/// The names of keys, without anything that could be a key itself.
fn names_of_keys(keys: Option<&Value>) -> Vec<String> {
    let named = |key: &Value| key.get("name").and_then(Value::as_str).map(str::to_owned);
    let names: Vec<String> = match keys {
        Some(Value::Object(keys)) => keys.keys().cloned().collect(),
        Some(Value::Array(keys)) => keys.iter().map(|key| named(key).unwrap_or_default()).collect(),
        _ => Vec::new(),
    };
    let shown = names.into_iter().map(|name| match name.chars().count() {
        0 => "(without a name)".to_owned(),
        1..=LONGEST_NAME => crowd_cli::path::quote(&name),
        length => format!("(a name of {length} characters)"),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_only_named() {
        let secret = "CAESQ".repeat(20);
        for (keys, wanted) in [
            (serde_json::json!({ "stream": secret, "k": { "private": secret } }), vec!["k", "stream"]),
            (serde_json::json!([{ "name": "stream", "id": secret }, secret]), vec!["stream", "(without a name)"]),
            (serde_json::json!({ secret.clone(): 1 }), vec!["(a name of 100 characters)"]),
            (serde_json::json!(secret), vec![]),
        ] {
            let mut names = names_of_keys(Some(&keys));
            names.sort_by(|one, other| other.cmp(one));
            let mut wanted = wanted;
            wanted.sort_by(|one, other| other.cmp(one));
            assert_eq!(names, wanted);
        }
    }
}
