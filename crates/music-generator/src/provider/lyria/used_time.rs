//! The time that was used today, in memory and in a file.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::provider::ProviderError;

/// The seconds of a day.
const DAY: u64 = 86_400;
/// After how much time the file is written again.
const WRITE_AFTER: Duration = Duration::from_secs(10);

/// The content of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Used {
    /// The number of the day since 1970-01-01, UTC.
    day: u64,
    /// The time that was used in it.
    seconds: f64,
}

/// The time that was used today (UTC).
#[derive(Debug)]
pub(super) struct UsedTime {
    used: Used,
    most: Option<Duration>,
    path: Option<PathBuf>,
    /// The seconds of the file.
    written: f64,
}

impl UsedTime {
    /// Reads the file, if it is there.
    ///
    /// # Errors
    /// [`ProviderError::UsedTime`]. A limit that cannot be known is not treated as unused.
    pub fn open(most: Option<Duration>, path: Option<PathBuf>) -> Result<Self, ProviderError> {
        let used = path.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Self { used, most, path, written: used.seconds })
    }

    /// Begins a new day, if there is one. A clock that is set back does not give a day a second time.
    fn begin_day(&mut self, now: SystemTime) {
        let day = seconds(now) / DAY;
        if day > self.used.day {
            self.used = Used { day, seconds: 0.0 };
            self.written = 0.0;
        }
    }

    /// Counts time.
    pub fn add(&mut self, time: Duration, now: SystemTime) {
        self.begin_day(now);
        self.used.seconds += time.as_secs_f64();
        if self.used.seconds - self.written >= WRITE_AFTER.as_secs_f64() {
            self.write();
        }
    }

    /// The limit and the time until the next day, when all of it is used.
    pub fn exceeded(&mut self, now: SystemTime) -> Option<(Duration, Duration)> {
        self.begin_day(now);
        let most = self.most.filter(|most| self.used.seconds >= most.as_secs_f64())?;
        let end = self.used.day.saturating_add(1).saturating_mul(DAY);
        Some((most, Duration::from_secs(end.saturating_sub(seconds(now)))))
    }

    /// Writes the file, when there is something new. A failure is logged: the time is still counted in memory.
    pub fn write(&mut self) {
        if self.written.total_cmp(&self.used.seconds).is_eq() {
            return;
        }
        self.written = self.used.seconds;
        if let Some(path) = &self.path
            && let Err(error) = write(path, &self.used)
        {
            tracing::error!("{}: the time that was used today cannot be stored: {error}", path.display());
        }
    }
}

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn read(path: &Path) -> Result<Used, ProviderError> {
    let wrong = |reason: String| ProviderError::UsedTime { path: path.display().to_string(), reason };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Used::default()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let used: Used = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if used.seconds >= 0.0 { Ok(used) } else { Err(wrong("the seconds are below 0".to_owned())) }
}

/// Replaces the file: after a crash it has the old content or the new one.
fn write(path: &Path, used: &Used) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(serde_json::to_string(used)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(day: u64, hour: u32) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(day * DAY) + hour * HOUR
    }

    #[test]
    fn a_day_has_four_hours_and_the_next_one_again() {
        let mut used = UsedTime::open(Some(4 * HOUR), None).unwrap();
        used.add(3 * HOUR, at(20_000, 5));
        assert_eq!(used.exceeded(at(20_000, 6)), None);
        used.add(HOUR, at(20_000, 7));
        assert_eq!(used.exceeded(at(20_000, 8)), Some((4 * HOUR, 16 * HOUR)));
        assert!(used.exceeded(at(19_999, 8)).is_some(), "a clock that is set back gives no time");
        assert_eq!(used.exceeded(at(20_001, 0)), None);
        let mut endless = UsedTime::open(None, None).unwrap();
        endless.add(24 * HOUR, at(20_000, 23));
        assert_eq!(endless.exceeded(at(20_000, 23)), None);
    }

    #[test]
    fn the_file_keeps_the_time_and_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lyria.json");
        let open = || UsedTime::open(Some(4 * HOUR), Some(path.clone()));
        let mut used = open().unwrap();
        used.add(4 * HOUR, at(20_000, 5));
        assert!(open().unwrap().exceeded(at(20_000, 6)).is_some());
        assert_eq!(open().unwrap().exceeded(at(20_001, 6)), None);
        used.add(Duration::from_secs(1), at(20_000, 6));
        used.write();
        assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"day":20000,"seconds":14401.0}"#);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        for wrong in ["", "{}", r#"{"day":1,"seconds":-1}"#, "\u{0}"] {
            fs::write(&path, wrong).unwrap();
            assert_eq!(open().unwrap_err().name(), "used_time", "{wrong}");
        }
    }
}
