//! Settings of older programs that this program does not have, in words.

use serde_json::Value;

use super::places::STREAMING;
use crate::config::older_files::{PLAYLIST, SETUP};

/// Keys that have a counterpart.
const KNOWN: [(&str, &str); 12] = [
    (SETUP, "audio.segment_duration"),
    (SETUP, "audio.bitrate"),
    (SETUP, "audio.codec"),
    (SETUP, "jingles.enabled"),
    (SETUP, "jingles.cycle"),
    (SETUP, "jingles.source"),
    (PLAYLIST, "source"),
    (PLAYLIST, "tracks"),
    (PLAYLIST, "options.sort_alphabetically"),
    (PLAYLIST, "options.shuffle_on_build"),
    (PLAYLIST, "options.scan_subdirectories"),
    (STREAMING, "streaming.window_size"),
];

/// Keys that have none, with what holds instead.
const OTHERS: [(&str, &str, &str); 13] = [
    (
        SETUP,
        "processing.force_rebuild",
        "what is new or changed is prepared. Remove the folder of --data to prepare all of it again",
    ),
    (SETUP, "processing.parallel_processing", "all processors prepare a new station"),
    (SETUP, "ipfs.pin_segments", "nothing has to be pinned: the program serves the segments in its playlists itself"),
    (SETUP, "ipfs.timeout", "no IPFS daemon is asked"),
    (PLAYLIST, "mode", "a playlist has the files that it lists, and without a list all in its folder"),
    (STREAMING, "streaming.update_interval", "the playlist is updated whenever a segment has ended"),
    (STREAMING, "streaming.max_segments", "the playlist has the segments of --window"),
    (STREAMING, "streaming.advance_every", "the playlist follows the clock"),
    (STREAMING, "ipns.lifetime", "records are valid for 24 h"),
    (STREAMING, "ipns.ttl", "records may be cached for 1 s"),
    (STREAMING, "ipns.allow_offline", "no IPFS daemon is needed"),
    (STREAMING, "monitoring.log_level", "--verbose logs more"),
    (STREAMING, "monitoring.health_check_interval", "run listens to itself, and writes health.json every 5 s"),
];

/// What holds instead of the environment variables of older programs.
pub const ENVIRONMENT: [&str; 5] = [
    "environment variable IPFS_API: no IPFS daemon is needed",
    "environment variable IPFS_GATEWAY: with --publish ipfs the program is a gateway, at the address of --ipfs-address",
    "environment variables STATE_DIR, PROCESSED_DIR: --data names the folder of both",
    "environment variable NODE_ID: one program broadcasts a station",
    "environment variable STREAMING_CONFIG: --config names the configuration",
];

/// The settings of a file that have no counterpart, each with what holds instead.
pub fn no_counterpart(file: &str, value: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    collect(value, "", &mut keys);
    let unknown = keys.into_iter().filter(|key| !KNOWN.contains(&(file, key.as_str())));
    let words = unknown.map(|key| {
        let known = OTHERS.iter().find(|(of, name, _)| (*of, *name) == (file, key.as_str()));
        let instead = known.map_or("this key is not known, and has no effect", |(.., instead)| *instead);
        format!("{file}: {}: {instead}", crowd_cli::path::quote(&key))
    });
    words.collect()
}

/// The paths of all values that are no objects: "audio.codec".
fn collect(value: &Value, path: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, &path, keys);
            }
        }
        _ if path.is_empty() => {}
        _ => keys.push(path.to_owned()),
    }
}
