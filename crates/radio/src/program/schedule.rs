//! The rules by which a station chooses what plays.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::time_of_day::{Days, TimeOfDay};
use super::transition::Transition;

/// The name under which a schedule uses the buffer of generated music, like a playlist.
pub const GENERATED: &str = "generated";

/// The rules by which a station chooses what plays. Playlists are named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The IANA name of the time zone of all times: "Europe/Berlin".
    pub time_zone: String,
    /// The playlist that plays outside the day parts.
    pub play: String,
    /// The time for which items overlap in a crossfade, in seconds.
    #[serde(default)]
    pub crossfade_seconds: f64,
    /// The time between items, in seconds.
    #[serde(default)]
    pub pause_seconds: f64,
    /// The silence between two chunks of generated music where the prompt changes, in seconds.
    #[serde(default = "default_break")]
    pub break_seconds: f64,
    /// The day parts. Where several are active, the first one plays.
    #[serde(default)]
    pub day_part: Vec<DayPart>,
    /// Items at regular intervals.
    #[serde(default)]
    pub every: Vec<Every>,
    /// Items at exact times.
    #[serde(default)]
    pub at: Vec<At>,
    /// The time until an artist or a title may play again.
    #[serde(default)]
    pub separation: Separation,
}

const fn default_break() -> f64 {
    3.0
}

/// A time of the week with a playlist of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayPart {
    /// The name of the playlist.
    pub playlist: String,
    /// The days on which it begins.
    #[serde(default)]
    pub days: Days,
    /// The time of its beginning.
    pub from: TimeOfDay,
    /// The time of its end. If it is not after the beginning, it is on the next day.
    pub to: TimeOfDay,
}

/// One item of a playlist after a number of tracks or minutes. With both, it plays when the first of them is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// The name of the playlist.
    pub playlist: String,
    /// The number of tracks between two of its items. The station begins with one.
    pub tracks: Option<NonZeroU32>,
    /// The time from the end of one of its items to the next one, in minutes.
    pub minutes: Option<NonZeroU32>,
}

/// One item of a playlist at an exact time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The name of the playlist.
    pub playlist: String,
    /// The days.
    #[serde(default)]
    pub days: Days,
    /// The only date, if it is not repeated.
    pub date: Option<Date>,
    /// The time of the day.
    pub time: Option<TimeOfDay>,
    /// The minute of every hour, instead of a time.
    pub minute: Option<u8>,
    /// If the item that plays ends within this number of seconds, it is played to its end. Otherwise it fades out.
    #[serde(default = "default_wait")]
    pub wait_seconds: f64,
}

const fn default_wait() -> f64 {
    30.0
}

/// The time until an artist or a title may play again; 0 for at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// From the end of a track to the start of another one by one of its artists, in minutes.
    #[serde(default)]
    pub artist_minutes: u32,
    /// From the end of a track to the start of one with the same title, in minutes.
    #[serde(default)]
    pub title_minutes: u32,
}

impl Schedule {
    /// How the items follow each other.
    pub fn transition(&self) -> Transition {
        if self.crossfade_seconds > 0.0 {
            Transition::Crossfade(Duration::from_secs_f64(self.crossfade_seconds))
        } else if self.pause_seconds > 0.0 {
            Transition::Pause(Duration::from_secs_f64(self.pause_seconds))
        } else {
            Transition::Gapless
        }
    }

    /// The longest planned silence between items: the pause, or the break where the prompt of generated music changes.
    pub fn longest_pause(&self) -> Duration {
        let is_generated = self.playlists().any(|name| name == GENERATED);
        let silence = if is_generated { self.break_seconds } else { 0.0 };
        Duration::try_from_secs_f64(self.pause_seconds.max(silence)).unwrap_or_default()
    }

    /// The names of all playlists that it uses.
    pub fn playlists(&self) -> impl Iterator<Item = &str> {
        let parts = self.day_part.iter().map(|part| part.playlist.as_str());
        let every = self.every.iter().map(|every| every.playlist.as_str());
        let at = self.at.iter().map(|at| at.playlist.as_str());
        std::iter::once(self.play.as_str()).chain(parts).chain(every).chain(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_a_planned_silence_only_where_generated_music_plays() {
        let schedule = |text: &str| serde_json::from_str::<Schedule>(text).unwrap().longest_pause().as_secs_f64();
        assert_eq!(schedule(r#"{"time_zone": "UTC", "play": "day", "break_seconds": 3.0}"#), 0.0);
        assert_eq!(schedule(r#"{"time_zone": "UTC", "play": "generated", "break_seconds": 3.0}"#), 3.0);
        assert_eq!(
            schedule(r#"{"time_zone": "UTC", "play": "generated", "break_seconds": 3.0, "pause_seconds": 5.0}"#),
            5.0
        );
    }
}
