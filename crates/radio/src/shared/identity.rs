//! What all machines of a station have in common.

use std::fmt::Debug;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The program of a station, and the settings that decide the bytes of its segments and playlists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The version of what is in the bucket.
    pub version: u32,
    /// The wall time of the first frame of the program, in nanoseconds after 1970-01-01T00:00:00 UTC.
    pub epoch_nanoseconds: u64,
    /// The name of the station.
    pub name: String,
    /// Frames per second.
    pub sample_rate: u32,
    /// The length of a segment, in seconds.
    pub segment_seconds: f64,
    /// The number of segments in a playlist.
    pub window: u16,
    /// The settings of the encoders.
    pub encoders: String,
    /// The names of the playlists.
    pub playlists: Vec<String>,
}

impl Identity {
    /// The present version of what is in the bucket.
    pub const VERSION: u32 = 1;

    /// The wall time of the first frame of the program, after 1970-01-01T00:00:00 UTC.
    pub fn epoch(&self) -> Duration {
        Duration::from_nanos(self.epoch_nanoseconds)
    }

    /// In what the settings of a machine, `own`, differ from those of the station. The epoch is that of the station.
    pub fn differences(&self, own: &Self) -> Vec<String> {
        fn differ<T: PartialEq + Debug>(what: &str, theirs: &T, ours: &T) -> Option<String> {
            (theirs != ours).then(|| format!("{what} is {ours:?} here and {theirs:?} there"))
        }
        let differences = [
            differ("the version of the program's objects", &self.version, &own.version),
            differ("the name", &self.name, &own.name),
            differ("the sample rate", &self.sample_rate, &own.sample_rate),
            differ("the length of segments (--segment-seconds)", &self.segment_seconds, &own.segment_seconds),
            differ("the number of segments in a playlist (--window)", &self.window, &own.window),
            differ("the encoding (--bit-rates, --opus-bit-rate)", &self.encoders, &own.encoders),
            differ("the list of playlists (--formats, --bit-rates)", &self.playlists, &own.playlists),
        ];
        differences.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_differs_is_named_with_both_values() {
        let station = Identity {
            version: Identity::VERSION,
            epoch_nanoseconds: 7,
            name: "A".to_owned(),
            sample_rate: 48_000,
            segment_seconds: 6.0,
            window: 8,
            encoders: "aac [128000]".to_owned(),
            playlists: vec!["stream.m3u8".to_owned()],
        };
        assert_eq!(station.differences(&Identity { epoch_nanoseconds: 8, ..station.clone() }), Vec::<String>::new());
        let own = Identity { name: "B".to_owned(), window: 5, ..station.clone() };
        let expected = [
            "the name is \"B\" here and \"A\" there",
            "the number of segments in a playlist (--window) is 5 here and 8 there",
        ];
        assert_eq!(station.differences(&own), expected);
    }
}
