//! Decides from what was heard whether the station is in order.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::heard::Heard;
use super::levels::Levels;

/// Sound that is silent for this time is a fault, in seconds. A planned pause may be longer.
const SILENCE_SECONDS: f64 = 2.0;
/// Without a new segment for this number of target durations the station stands still.
const STILL: f64 = 3.0;
/// The newest segment may have ended this number of target durations ago.
const LATE: f64 = 3.0;
/// Clipping from this number of places a second on is a fault.
const CLIPS_PER_SECOND: f64 = 10.0;
/// This number of readings without a fault end an alarm.
const GOOD_READINGS: u32 = 2;
/// This number of failures to fetch, one after the other, are a fault.
const FAILURES: u32 = 2;

/// A cause of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The playlist or a segment cannot be fetched or decoded.
    Unreachable,
    /// There is no new segment.
    NoNewSegment,
    /// The newest segment ended too long ago, or ends in the future.
    WrongTime,
    /// There is silence.
    Silence,
    /// One channel is missing.
    ChannelMissing,
    /// The sound is clipped.
    Clipping,
}

impl AlarmKind {
    /// All causes.
    pub const ALL: [Self; 6] =
        [Self::Unreachable, Self::NoNewSegment, Self::WrongTime, Self::Silence, Self::ChannelMissing, Self::Clipping];

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoNewSegment => "no_new_segment",
            Self::WrongTime => "wrong_time",
            Self::Silence => "silence",
            Self::ChannelMissing => "channel_missing",
            Self::Clipping => "clipping",
        }
    }
}

/// A fault that lasts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// The cause.
    pub kind: AlarmKind,
    /// When it was noticed.
    pub since: Timestamp,
    /// The fault in words.
    pub text: String,
    #[serde(skip)]
    good: u32,
}

/// The state of a station.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// Whether there is no alarm.
    pub ok: bool,
    /// When it was checked.
    pub checked: Timestamp,
    /// The number of the newest segment.
    pub segment: Option<u64>,
    /// How long ago that segment ended, in seconds.
    pub age_seconds: Option<f64>,
    /// What was measured of the segment that was decoded last.
    pub levels: Option<Levels>,
    /// The faults.
    pub alarms: Vec<Alarm>,
}

/// Remembers what was heard before.
#[derive(Debug)]
pub struct Monitor {
    /// The longest pause between items.
    pause: Duration,
    alarms: BTreeMap<AlarmKind, Alarm>,
    failures: u32,
    /// The newest segment, and when it was first seen.
    newest: Option<(u64, Timestamp)>,
    /// The silence at the end of the segment before, in seconds.
    silence: f64,
    levels: Option<Levels>,
}

impl Monitor {
    /// A monitor of a station whose planned pauses last at most `pause`.
    pub fn new(pause: Duration) -> Self {
        Self { pause, alarms: BTreeMap::new(), failures: 0, newest: None, silence: 0.0, levels: None }
    }

    /// Sets the length of the longest planned pause.
    pub fn set_pause(&mut self, pause: Duration) {
        self.pause = pause;
    }

    /// Judges what was heard at the time `now`.
    pub fn judge(&mut self, heard: &Result<Heard, String>, now: Timestamp) -> Health {
        let mut faults = BTreeMap::new();
        match heard {
            Err(error) => {
                self.failures += 1;
                if self.failures >= FAILURES {
                    faults.insert(AlarmKind::Unreachable, error.clone());
                }
            }
            Ok(heard) => {
                self.failures = 0;
                self.judge_segment(heard, now, &mut faults);
            }
        }
        for (kind, text) in &faults {
            let alarm = Alarm { kind: *kind, since: now, text: text.clone(), good: 0 };
            let alarm = self.alarms.entry(*kind).or_insert(alarm);
            (alarm.text, alarm.good) = (text.clone(), 0);
        }
        // What cannot be heard is not in order again.
        if heard.is_ok() {
            let quiet = self.alarms.iter_mut().filter(|(kind, _)| !faults.contains_key(kind));
            quiet.for_each(|(_, alarm)| alarm.good += 1);
            self.alarms.retain(|_, alarm| alarm.good < GOOD_READINGS);
        }
        let heard = heard.as_ref().ok();
        Health {
            ok: self.alarms.is_empty(),
            checked: now,
            segment: heard.map(|heard| heard.number),
            age_seconds: heard.and_then(|heard| heard.age_seconds),
            levels: self.levels,
            alarms: self.alarms.values().cloned().collect(),
        }
    }

    fn judge_segment(&mut self, heard: &Heard, now: Timestamp, faults: &mut BTreeMap<AlarmKind, String>) {
        let target = heard.target.as_secs_f64();
        let since = match self.newest {
            Some((number, since)) if number == heard.number => since,
            _ => now,
        };
        self.newest = Some((heard.number, since));
        let still = (now.as_nanosecond() - since.as_nanosecond()) as f64 / 1e9;
        if still > STILL * target {
            faults.insert(AlarmKind::NoNewSegment, format!("there is no new segment since {still:.0} s"));
        }
        if let Some(age) = heard.age_seconds.filter(|age| *age > LATE * target || *age < -target) {
            faults.insert(AlarmKind::WrongTime, format!("the newest segment ended {age:.1} s ago"));
        }
        let Some(levels) = heard.levels else { return };
        self.levels = Some(levels);
        let [start, end, longest] = levels.silence_seconds;
        let silence = longest.max(self.silence + start);
        self.silence = if end >= levels.seconds { self.silence + end } else { end };
        let allowed = SILENCE_SECONDS.max(self.pause.as_secs_f64() + 0.5);
        if silence >= allowed {
            faults.insert(AlarmKind::Silence, format!("there is silence for {silence:.1} s"));
        }
        if levels.channel_missing {
            faults.insert(AlarmKind::ChannelMissing, "one channel is at least 20 dB under the other one".to_owned());
        }
        let clips = levels.clips as f64 / levels.seconds.max(1.0);
        if clips > CLIPS_PER_SECOND {
            faults.insert(AlarmKind::Clipping, format!("the sound is clipped {clips:.0} times a second"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::heard::Sound;
    use super::*;

    fn heard(number: u64, silence: [f64; 3]) -> Result<Heard, String> {
        let levels = Levels { seconds: 6.0, level_dbfs: -20.0, silence_seconds: silence, ..Levels::default() };
        Ok(Heard {
            number,
            target: Duration::from_secs(6),
            age_seconds: Some(1.0),
            levels: Some(levels),
            sound: Sound::default(),
        })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn kinds(health: &Health) -> Vec<AlarmKind> {
        health.alarms.iter().map(|alarm| alarm.kind).collect()
    }

    #[test]
    fn silence_counts_across_segments_and_a_planned_pause_is_none() {
        let mut monitor = Monitor::new(Duration::ZERO);
        assert!(monitor.judge(&heard(1, [0.0, 1.2, 1.2]), at(0)).ok);
        assert_eq!(kinds(&monitor.judge(&heard(2, [1.0, 0.0, 1.0]), at(6))), [AlarmKind::Silence]);
        // It takes two readings without silence to end the alarm.
        assert!(!monitor.judge(&heard(3, [0.0; 3]), at(12)).ok);
        assert!(monitor.judge(&heard(4, [0.0; 3]), at(18)).ok);
        assert!(Monitor::new(Duration::from_secs(4)).judge(&heard(1, [0.0, 0.0, 4.1]), at(0)).ok);
        assert!(!Monitor::new(Duration::from_secs(4)).judge(&heard(1, [0.0, 0.0, 4.6]), at(0)).ok);
    }

    #[test]
    fn a_station_that_stands_still_or_cannot_be_reached_is_noticed() {
        let mut monitor = Monitor::new(Duration::ZERO);
        assert!(monitor.judge(&heard(1, [0.0; 3]), at(0)).ok);
        assert!(monitor.judge(&heard(1, [0.0; 3]), at(18)).ok);
        assert_eq!(kinds(&monitor.judge(&heard(1, [0.0; 3]), at(19))), [AlarmKind::NoNewSegment]);
        let mut monitor = Monitor::new(Duration::ZERO);
        let lost: Result<Heard, String> = Err("refused".to_owned());
        assert!(monitor.judge(&lost, at(0)).ok, "one failure is none");
        assert_eq!(kinds(&monitor.judge(&lost, at(5))), [AlarmKind::Unreachable]);
        monitor.judge(&heard(2, [0.0; 3]), at(10));
        assert!(monitor.judge(&heard(3, [0.0; 3]), at(15)).ok);
    }
}
