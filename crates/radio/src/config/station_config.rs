//! The configuration of a station.

use std::path::{Path, PathBuf};

use crowd_streaming::aac::{AacRate, AacSettings};
use serde::{Deserialize, Serialize};

use super::buffer_config::BufferConfig;
use super::live_config::LiveConfig;
use crate::error::Error;
use crate::item::ItemKind;
use crate::program::{GENERATED, Order, Schedule};

/// The configuration of a station, as its owner writes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// The name of the station.
    #[serde(default = "default_name")]
    pub name: String,
    /// The properties of the stream.
    #[serde(default)]
    pub stream: StreamSettings,
    /// The playlists.
    #[serde(default)]
    pub playlist: Vec<PlaylistConfig>,
    /// What plays when.
    #[serde(default)]
    pub schedule: ScheduleConfig,
    /// A buffer of generated music, which the schedule uses as the playlist `generated`.
    #[serde(default)]
    pub buffer: Option<BufferConfig>,
    /// Sources that send sound while the station plays.
    #[serde(default)]
    pub live: Option<LiveConfig>,
    /// A file that plays when nothing else can. Without it, music is generated.
    pub filler: Option<PathBuf>,
}

fn default_name() -> String {
    "crowd-radio".to_owned()
}

/// The properties of the stream. They stay the same as long as the station runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamSettings {
    /// Frames per second: 32,000, 44,100 or 48,000.
    pub sample_rate: u32,
    /// Bits per second of AAC: 32,000 to 320,000.
    pub bit_rate: u32,
    /// The length of a segment, in seconds: 1 to 60.
    pub segment_seconds: f64,
    /// The loudness of all items in LUFS: -30 to -9.
    pub loudness_lufs: f64,
}

impl StreamSettings {
    /// The settings of the AAC encoder.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a sample rate that AAC streams do not have.
    pub fn aac(&self) -> Result<AacSettings, Error> {
        let hertz = self.sample_rate;
        let rate = AacRate::new(hertz);
        let rate = rate.ok_or_else(|| Error::Invalid(format!("{hertz} Hz: choose 32000, 44100 or 48000 Hz")))?;
        Ok(AacSettings { rate, bit_rate: self.bit_rate })
    }
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { sample_rate: 48_000, bit_rate: 128_000, segment_seconds: 6.0, loudness_lufs: -16.0 }
    }
}

/// A playlist.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaylistConfig {
    /// The name, which the schedule uses.
    pub name: String,
    /// The folder of its files.
    #[serde(default)]
    pub folder: PathBuf,
    /// The table of section-export, instead of a folder. Its stretched files are mixed beat on beat.
    #[serde(default)]
    pub sections: Option<PathBuf>,
    /// The files of the folder that it has, relative to the folder. Without them, it has all.
    #[serde(default)]
    pub tracks: Vec<PathBuf>,
    /// Whether it has the files in the folders of its folder too, if it has no list.
    #[serde(default = "default_subfolders")]
    pub subfolders: bool,
    /// Whether it has music or jingles.
    #[serde(default = "default_kind")]
    pub kind: ItemKind,
    /// The order in which it plays.
    #[serde(default)]
    pub order: Order,
}

const fn default_subfolders() -> bool {
    true
}

impl PlaylistConfig {
    /// The folder of its files: for a table the one in which it is.
    pub fn folder(&self) -> &Path {
        let Some(table) = &self.sections else { return &self.folder };
        table.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

const fn default_kind() -> ItemKind {
    ItemKind::Track
}

/// What plays when; see [`Schedule`]. The time zone and the playlist can be left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the fields are those of `Schedule`")]
pub struct ScheduleConfig {
    pub time_zone: Option<String>,
    pub play: Option<String>,
    pub crossfade_seconds: f64,
    pub pause_seconds: f64,
    pub day_part: Vec<crate::program::DayPart>,
    pub every: Vec<crate::program::Every>,
    pub at: Vec<crate::program::At>,
    pub separation: crate::program::Separation,
}

impl StationConfig {
    /// Makes relative paths absolute.
    pub(super) fn make_absolute(&mut self, folder: &Path) {
        let playlists =
            self.playlist.iter_mut().map(|playlist| playlist.sections.as_mut().unwrap_or(&mut playlist.folder));
        let given = playlists.chain(self.filler.as_mut()).filter(|path| !path.as_os_str().is_empty());
        given.for_each(|path| *path = folder.join(&*path));
        self.live.iter_mut().for_each(|live| live.make_absolute(folder));
    }

    /// The schedule, with the time zone of the system and the first playlist of music where none is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] when no playlist has music.
    pub fn schedule(&self) -> Result<Schedule, Error> {
        let config = self.schedule.clone();
        let first = || self.playlist.iter().find(|playlist| playlist.kind == ItemKind::Track);
        let generated = self.buffer.as_ref().map(|_| GENERATED.to_owned());
        let play = config.play.or(generated).or_else(|| first().map(|playlist| playlist.name.clone()));
        let Some(play) = play else {
            return Err(Error::Invalid("there is no playlist: add [[playlist]] with a name and a folder".to_owned()));
        };
        let system = || jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
        let time_zone = config.time_zone.unwrap_or_else(system);
        let ScheduleConfig { crossfade_seconds, pause_seconds, day_part, every, at, separation, .. } = config;
        let break_seconds = self.buffer.clone().unwrap_or_default().break_seconds;
        Ok(Schedule {
            time_zone,
            play,
            crossfade_seconds,
            pause_seconds,
            break_seconds,
            day_part,
            every,
            at,
            separation,
        })
    }
}
