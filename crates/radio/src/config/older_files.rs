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

/// The name of the file with the settings of preparing.
pub(crate) const SETUP: &str = "setup.config.json";
/// The name of the file with the music.
pub(crate) const PLAYLIST: &str = "playlist.config.json";

/// `setup.config.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SetupFile {
    pub audio: AudioPart,
    pub jingles: JinglesPart,
}

#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct AudioPart {
    pub segment_duration: f64,
    pub bitrate: String,
    pub codec: String,
}

impl Default for AudioPart {
    fn default() -> Self {
        Self { segment_duration: 6.0, bitrate: "128k".to_owned(), codec: "aac".to_owned() }
    }
}

#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct JinglesPart {
    pub enabled: bool,
    pub cycle: u32,
    pub source: PathBuf,
}

impl Default for JinglesPart {
    fn default() -> Self {
        Self { enabled: true, cycle: 2, source: "src/jingles".into() }
    }
}

/// `playlist.config.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlaylistFile {
    pub source: Option<PathBuf>,
    pub tracks: Vec<ListedTrack>,
    pub options: OptionsPart,
}

/// A track in a list: its file, with or without other fields.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ListedTrack {
    File(PathBuf),
    Object {
        #[serde(alias = "file", alias = "path")]
        filename: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct OptionsPart {
    pub sort_alphabetically: Option<bool>,
    pub shuffle_on_build: bool,
    pub scan_subdirectories: bool,
}

impl Default for OptionsPart {
    fn default() -> Self {
        Self { sort_alphabetically: None, shuffle_on_build: false, scan_subdirectories: true }
    }
}

/// The station of both files, whose paths stay as they are there. The bit rate is that of [`bits_per_second`], if it can be read.
pub(crate) fn station(setup: SetupFile, playlist: PlaylistFile) -> StationConfig {
    let OptionsPart { sort_alphabetically, shuffle_on_build, scan_subdirectories } = playlist.options;
    let tracks: Vec<PathBuf> = playlist
        .tracks
        .into_iter()
        .map(|track| match track {
            ListedTrack::File(file) | ListedTrack::Object { filename: file } => file,
        })
        .collect();
    let order = match (shuffle_on_build, tracks.is_empty() || sort_alphabetically == Some(true)) {
        (true, _) => Order::Shuffle,
        (false, true) => Order::Path,
        (false, false) => Order::List,
    };
    let folder_of = |name: &str, folder, kind| PlaylistConfig {
        name: name.to_owned(),
        folder,
        sections: None,
        tracks: Vec::new(),
        subfolders: true,
        kind,
        order: Order::Path,
    };
    let music = playlist.source.unwrap_or_else(|| "src/music".into());
    let music = folder_of("music", music, ItemKind::Track);
    let mut playlists = vec![PlaylistConfig { tracks, subfolders: scan_subdirectories, order, ..music }];
    let mut every = Vec::new();
    if setup.jingles.enabled {
        let JinglesPart { cycle, source, .. } = setup.jingles;
        let name = "jingles";
        let tracks = std::num::NonZeroU32::new(cycle.max(1));
        every.push(Every { playlist: name.to_owned(), tracks, minutes: None });
        playlists.push(folder_of(name, source, ItemKind::Jingle));
    }
    let usual = StreamSettings::default();
    let bit_rate = bits_per_second(&setup.audio.bitrate).unwrap_or(usual.bit_rate);
    let stream = StreamSettings { bit_rate, segment_seconds: setup.audio.segment_duration, ..usual };
    let schedule = ScheduleConfig { every, ..ScheduleConfig::default() };
    let name = "crowd-radio".to_owned();
    StationConfig { name, stream, playlist: playlists, schedule, buffer: None, live: None, filler: None }
}

/// Reads the files in the folder of `path`, whose text is `text`. What a file does not say has the default of the older programs.
///
/// # Errors
/// [`Error::File`] when a file is damaged.
pub(super) fn read(path: &Path, text: &str) -> Result<StationConfig, Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    parse::<serde_json::Value>(path, text)?;
    let setup: SetupFile = beside(folder, SETUP)?;
    let playlist: PlaylistFile = beside(folder, PLAYLIST)?;
    let wrong = |problem: String, advice| Err(Error::File { path: folder.join(SETUP), problem, advice });
    if setup.audio.codec != "aac" {
        let problem = format!("codec \"{}\"", setup.audio.codec.escape_debug());
        return wrong(problem, "only \"aac\" is supported: change audio.codec");
    }
    if bits_per_second(&setup.audio.bitrate).is_none() {
        return wrong(format!("bitrate \"{}\"", setup.audio.bitrate.escape_debug()), "write it like \"128k\"");
    }
    let mut config = station(setup, playlist);
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

/// "128k" and "128000" are 128,000; `None` for another text.
pub(crate) fn bits_per_second(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let (digits, factor) = lower.strip_suffix('k').map_or((lower.as_str(), 1), |digits| (digits, 1_000));
    digits.parse().ok().and_then(|bits: u32| bits.checked_mul(factor))
}
