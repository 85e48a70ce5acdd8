//! Reads files that may be damaged.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most bytes of a file of settings, a manifest or a playlist.
const MOST_BYTES: u64 = 256 << 20;

/// The bytes of a regular file of at most `most` bytes. Otherwise the reason is added to the problems.
pub fn bytes_of(path: &Path, most: u64, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    let read = || {
        let metadata = std::fs::metadata(path)?;
        // Opening a pipe would wait for its other end.
        if !metadata.is_file() || metadata.len() > most {
            return Err(std::io::Error::other(format!("it is no file of at most {most} bytes")));
        }
        std::fs::read(path)
    };
    read().map_err(|error| problems.push(format!("{}: it cannot be read: {error}", path.display()))).ok()
}

/// The text of a file. What is no UTF-8 is replaced.
pub fn text_of(path: &Path, problems: &mut Vec<String>) -> Option<String> {
    bytes_of(path, MOST_BYTES, problems).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A JSON file. If it is damaged, this is added to the problems.
pub fn value_of(path: &Path, problems: &mut Vec<String>) -> Option<Value> {
    let value = serde_json::from_str(&text_of(path, problems)?);
    value
        .map_err(|error| problems.push(format!("{}: it is damaged ({error}): nothing of it is used", path.display())))
        .ok()
}

/// The fields of a JSON value that was read from a file. If one has another type, this is added to the problems.
pub fn fields_of<T: DeserializeOwned>(path: &Path, value: &Value, problems: &mut Vec<String>) -> Option<T> {
    let wrong = |error| {
        problems.push(format!("{}: it has other fields than expected ({error}): nothing of it is used", path.display()))
    };
    T::deserialize(value).map_err(wrong).ok()
}

/// The last part of a path as text. Older programs wrote some names with their folders.
pub fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}
