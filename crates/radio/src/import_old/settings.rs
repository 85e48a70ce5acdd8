//! The settings of older programs, as those of a station.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::files::{fields_of, value_of};
use super::no_counterpart::{ENVIRONMENT, no_counterpart};
use super::old_buffer::OldBuffer;
use super::places::{Places, STREAMING};
use crate::config::older_files::{PLAYLIST, PlaylistFile, SETUP, SetupFile, bits_per_second, station};
use crate::config::{BufferConfig, ScheduleConfig, StationConfig, StreamSettings, ThresholdsConfig};

/// The number of chunk files of the older buffer.
const CHUNKS: u32 = 1_440;
/// The hours from which on it was healthy, warning, critical and in an emergency.
const HOURS: [f64; 4] = [24.0, 12.0, 6.0, 2.0];
/// How long its generator waited after a chunk, in seconds.
const COOLDOWNS: [f64; 5] = [120.0, 60.0, 0.0, 0.0, 0.0];
/// The most prompts that a configuration gets. A damaged number could make it very long.
const MOST_PROMPTS: usize = 1_000;
/// What is not the same, in words.
const OF_BUFFER: [&str; 3] = [
    "the first threshold is the length of all chunks together, so only a full buffer is HEALTHY",
    "the model that generated the music: the built-in provider does. Another one is named by provider in [buffer]",
    "the number of chunks and of those with one prompt, the break, cooldowns and thresholds are the usual ones of the older program, \
     whose files do not have them",
];
const UNKNOWN_PROMPTS: &str =
    "prompts whose text is not known: they are \"prompt 0\" and the like. Write their texts into [buffer]";
const BOTH: &str =
    "a station with segments and a buffer: the music of the first plays. With play = \"generated\" the buffer does";
/// The number of segments in the playlist of the older station, and what `run` accepts.
const WINDOW: u64 = 50;
const WINDOWS: (u64, u64) = (3, 100);

/// The configuration that does what older programs did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OldSettings {
    /// The configuration. Its paths are absolute.
    #[serde(skip)]
    pub config: StationConfig,
    /// The flags of `crowd-radio run`.
    pub flags: Vec<String>,
    /// Settings that are changed or that this program does not have, in words.
    pub no_counterpart: Vec<String>,
}

impl OldSettings {
    /// The settings when nothing was found.
    fn usual() -> Self {
        let schedule = ScheduleConfig::default();
        let (name, stream, playlist) = ("crowd-radio".to_owned(), StreamSettings::default(), Vec::new());
        let config = StationConfig { name, stream, playlist, schedule, buffer: None, live: None, filler: None };
        Self { config, flags: Vec::new(), no_counterpart: Vec::new() }
    }

    /// Reads the settings of a station with segments, if there is one, and adds those of a buffer.
    pub fn read(places: &Places, buffer: Option<&OldBuffer>, problems: &mut Vec<String>) -> Self {
        let mut settings = if places.has_station() { Self::of_station(places, problems) } else { Self::usual() };
        if let Some(buffer) = buffer {
            settings.add_buffer(buffer);
        }
        settings
    }

    fn of_station(places: &Places, problems: &mut Vec<String>) -> Self {
        let mut words = Vec::new();
        let mut read = |name: &str| {
            let path = places.file(name)?;
            let value = value_of(&path, problems)?;
            words.extend(no_counterpart(name, &value));
            Some((path, value))
        };
        let (setup_file, playlist_file, streaming) = (read(SETUP), read(PLAYLIST), read(STREAMING));
        let of = |file: &Option<(PathBuf, Value)>| file.as_ref().map(|(path, _)| path.clone());
        let setup: SetupFile =
            setup_file.as_ref().and_then(|(path, value)| fields_of(path, value, problems)).unwrap_or_default();
        let playlist: PlaylistFile =
            playlist_file.as_ref().and_then(|(path, value)| fields_of(path, value, problems)).unwrap_or_default();
        words.extend(changed(&setup));
        let mut config = station(setup, playlist);
        config.stream.bit_rate = config.stream.bit_rate.clamp(32_000, 320_000);
        let seconds = config.stream.segment_seconds;
        config.stream.segment_seconds = if seconds.is_finite() { seconds.clamp(1.0, 60.0) } else { 6.0 };
        let files = [of(&playlist_file), of(&setup_file)];
        for (playlist, file) in config.playlist.iter_mut().zip(files) {
            playlist.folder = places.resolve(&playlist.folder, file.as_deref());
            for track in &mut playlist.tracks {
                *track = in_folder(places, &playlist.folder, track, file.as_deref(), problems);
            }
        }
        let streaming = streaming.map(|(_, value)| value);
        let window =
            streaming.as_ref().and_then(|value| value.get("streaming")?.get("window_size")?.as_u64()).unwrap_or(WINDOW);
        let fits = window.clamp(WINDOWS.0, WINDOWS.1);
        if fits != window {
            let (least, most) = WINDOWS;
            let reason = format!("--window has {least} to {most}");
            words.push(format!("{STREAMING}: streaming.window_size: it was {window}, and is {fits}: {reason}"));
        }
        words.extend(ENVIRONMENT.map(str::to_owned));
        words.push("the IPNS name: the station has another one, because it has a key of its own".to_owned());
        let flags = ["--window".to_owned(), fits.to_string(), "--publish".to_owned(), "ipfs".to_owned()].into();
        Self { config, flags, no_counterpart: words }
    }

    fn add_buffer(&mut self, old: &OldBuffer) {
        let chunk_seconds = old.chunk_seconds.clamp(5, 600);
        let hours = f64::from(CHUNKS) * f64::from(chunk_seconds) / 3_600.0;
        // The thresholds are those of chunks of a minute. With other chunks they are the same shares of all chunks.
        let thresholds = if chunk_seconds == 60 {
            ThresholdsConfig::Hours(HOURS)
        } else {
            ThresholdsConfig::Share(HOURS.map(|limit| limit / HOURS[0]))
        };
        let all = old.prompts.iter().map(|prompt| prompt.index.saturating_add(1)).max().unwrap_or(0);
        let last = all.min(MOST_PROMPTS);
        let text = |index: usize| old.prompts.iter().find(|prompt| prompt.index == index)?.prompt.clone();
        let mut prompts: Vec<String> = (0..last).map(|index| usable(text(index), index)).collect();
        if prompts.is_empty() {
            prompts.push(usable(None, 0));
        }
        let words = &mut self.no_counterpart;
        if chunk_seconds != old.chunk_seconds {
            words.push(format!("the length of a chunk: it was {} s, and is {chunk_seconds} s", old.chunk_seconds));
        }
        if chunk_seconds != 60 {
            let shares = "so they are the same shares of it";
            words.push(format!("the thresholds of 24, 12, 6 and 2 hours: all chunks have {hours:.1} hours, {shares}"));
        }
        if last < all {
            words.push(format!("prompts from {MOST_PROMPTS} on: they are left out"));
        }
        let unknown = old.prompts.iter().filter(|prompt| prompt.prompt.is_none()).count();
        if unknown > 0 || old.prompts.is_empty() {
            words.push(UNKNOWN_PROMPTS.to_owned());
        }
        words.extend(OF_BUFFER.map(str::to_owned));
        if !self.config.playlist.is_empty() {
            self.config.schedule.play = Some("music".to_owned());
            words.push(BOTH.to_owned());
        }
        self.config.buffer = Some(BufferConfig {
            prompts,
            chunks: Some(CHUNKS),
            chunk_seconds,
            chunks_per_prompt: 60,
            break_seconds: 3.0,
            thresholds,
            cooldown_seconds: Some(COOLDOWNS),
            ..BufferConfig::default()
        });
    }
}

/// A prompt as a configuration can have it.
fn usable(prompt: Option<String>, index: usize) -> String {
    let text: String =
        prompt.iter().flat_map(|text| text.chars()).map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect();
    if text.trim().is_empty() { format!("prompt {index}") } else { text }
}

/// What cannot be as the setup was, in words.
fn changed(setup: &SetupFile) -> Vec<String> {
    let (audio, mut words) = (&setup.audio, Vec::new());
    if audio.codec != "aac" {
        words.push(format!("{SETUP}: audio.codec: it was {}, and is aac", crowd_cli::path::quote(&audio.codec)));
    }
    let seconds = audio.segment_duration;
    if !(1.0..=60.0).contains(&seconds) {
        words.push(format!("{SETUP}: audio.segment_duration: it was {seconds} s: a station has 1 to 60 s"));
    }
    if !bits_per_second(&audio.bitrate).is_some_and(|bits| (32_000..=320_000).contains(&bits)) {
        let text = crowd_cli::path::quote(&audio.bitrate);
        words.push(format!("{SETUP}: audio.bitrate: it was {text}: a station has 32k to 320k"));
    }
    if setup.jingles.enabled && setup.jingles.cycle == 0 {
        words.push(format!("{SETUP}: jingles.cycle: it was 0, and is 1"));
    }
    words
}

/// A listed track relative to the folder of its playlist. Its path may be relative to that folder, or to another one of the station.
fn in_folder(
    places: &Places,
    folder: &Path,
    track: &Path,
    config: Option<&Path>,
    problems: &mut Vec<String>,
) -> PathBuf {
    if folder.join(track).exists() && track.is_relative() {
        return track.to_owned();
    }
    let path = places.resolve(track, config);
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match canonical(&path).strip_prefix(canonical(folder)) {
        Ok(inside) => inside.to_owned(),
        Err(_) if path.exists() => {
            let (path, folder) = (path.display(), folder.display());
            problems.push(format!("{path}: it is listed, and not in the folder {folder}: it is left out"));
            track.to_owned()
        }
        Err(_) => track.to_owned(),
    }
}
