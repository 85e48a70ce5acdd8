//! The configuration files of older station programs (JSON).
//!
//! `setup.config.json`, `playlist.config.json` and `streaming.config.json` are in one folder. Any of them names it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::station_config::{PlaylistConfig, ScheduleConfig, StationConfig, StreamSettings};
use crate::error::Error;
use crate::item::ItemKind;
use crate::program::{Every, Order};

#[derive(Default, Deserialize)]
#[serde(default)]
struct SetupFile {
    audio: AudioPart,
    jingles: JinglesPart,
}

#[derive(Deserialize)]
#[serde(default)]
struct AudioPart {
    segment_duration: f64,
    bitrate: String,
    codec: String,
}

impl Default for AudioPart {
    fn default() -> Self {
        Self { segment_duration: 6.0, bitrate: "128k".to_owned(), codec: "aac".to_owned() }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct JinglesPart {
    enabled: bool,
    cycle: u32,
    source: PathBuf,
}

impl Default for JinglesPart {
    fn default() -> Self {
        Self { enabled: true, cycle: 2, source: "src/jingles".into() }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlaylistFile {
    source: Option<PathBuf>,
    options: OptionsPart,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OptionsPart {
    shuffle_on_build: bool,
}

/// Reads the files in the folder of `path`, whose text is `text`. What a file does not say has the default of the older programs.
///
/// # Errors
/// [`Error::File`] when a file is damaged.
pub(super) fn read(path: &Path, text: &str) -> Result<StationConfig, Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    parse::<serde_json::Value>(path, text)?;
    let setup: SetupFile = beside(folder, "setup.config.json")?;
    let playlist: PlaylistFile = beside(folder, "playlist.config.json")?;
    if setup.audio.codec != "aac" {
        let problem = format!("codec \"{}\"", setup.audio.codec.escape_debug());
        let advice = "only \"aac\" is supported: change audio.codec";
        return Err(Error::File { path: folder.join("setup.config.json"), problem, advice });
    }
    let order = if playlist.options.shuffle_on_build { Order::Shuffle } else { Order::Path };
    let music = playlist.source.unwrap_or_else(|| "src/music".into());
    let mut playlists =
        vec![PlaylistConfig { name: "music".to_owned(), folder: music, sections: None, kind: ItemKind::Track, order }];
    let mut every = Vec::new();
    if setup.jingles.enabled {
        let JinglesPart { cycle, source, .. } = setup.jingles;
        let name = "jingles".to_owned();
        let tracks = std::num::NonZeroU32::new(cycle.max(1));
        every.push(Every { playlist: name.clone(), tracks, minutes: None });
        playlists.push(PlaylistConfig {
            name,
            folder: source,
            sections: None,
            kind: ItemKind::Jingle,
            order: Order::Path,
        });
    }
    let stream = StreamSettings {
        bit_rate: bits_per_second(folder, &setup.audio.bitrate)?,
        segment_seconds: setup.audio.segment_duration,
        ..StreamSettings::default()
    };
    let schedule = ScheduleConfig { every, ..ScheduleConfig::default() };
    let name = "crowd-radio".to_owned();
    let mut config =
        StationConfig { name, stream, playlist: playlists, schedule, buffer: None, live: None, filler: None };
    config.make_absolute(folder);
    Ok(config)
}

fn beside<T: DeserializeOwned + Default>(folder: &Path, name: &str) -> Result<T, Error> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(Error::io(&path, "read", error)),
    }
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::File {
        path: path.to_owned(),
        problem: error.to_string(),
        advice: "correct the file, or write a station.toml (docs/crowd-radio.md)",
    })
}

/// "128k" and "128000" are 128,000.
fn bits_per_second(folder: &Path, text: &str) -> Result<u32, Error> {
    let lower = text.to_ascii_lowercase();
    let (digits, factor) = lower.strip_suffix('k').map_or((lower.as_str(), 1), |digits| (digits, 1_000));
    let bits = digits.parse().ok().and_then(|bits: u32| bits.checked_mul(factor));
    bits.ok_or_else(|| Error::File {
        path: folder.join("setup.config.json"),
        problem: format!("bitrate \"{}\"", text.escape_debug()),
        advice: "write it like \"128k\"",
    })
}
