//! The times of the schedule as frames of the station.

use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ZonedDateTime};

use super::schedule::{At, DayPart};
use crate::error::Error;

/// The number of days in which the next time of a rule is searched, from the day before: each day of the week is among them.
const SEARCHED_DAYS: i64 = 10;

/// Converts between frames of the station and times of the day.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    /// The time of frame 0, after 1970-01-01T00:00:00 UTC.
    epoch: Duration,
    rate: SampleRate,
}

impl Calendar {
    /// The calendar of a station whose frame 0 is at `epoch`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown time zone.
    pub fn new(time_zone: &str, epoch: Duration, rate: SampleRate) -> Result<Self, Error> {
        let zone = TimeZone::get(time_zone).map_err(|_| {
            let name = time_zone.escape_debug();
            Error::Invalid(format!("time_zone = \"{name}\": it is unknown: give an IANA name like \"Europe/Berlin\""))
        })?;
        Ok(Self { zone, epoch, rate })
    }

    /// The time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The time of a frame.
    pub fn time(&self, frame: u64) -> Timestamp {
        let nanoseconds = (self.epoch + Frames(frame).duration(self.rate)).as_nanos();
        i128::try_from(nanoseconds)
            .ok()
            .and_then(|nanos| Timestamp::from_nanosecond(nanos).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// The first frame that is not before a time; 0 for a time before the epoch.
    pub fn frame(&self, time: Timestamp) -> u64 {
        let nanoseconds = time.as_nanosecond() - i128::try_from(self.epoch.as_nanos()).unwrap_or(i128::MAX);
        let frames = nanoseconds.max(0).saturating_mul(i128::from(self.rate.get()));
        u64::try_from((frames + 999_999_999) / 1_000_000_000).unwrap_or(u64::MAX)
    }

    /// Whether a day part is active at a time.
    pub fn is_active(&self, part: &DayPart, time: Timestamp) -> bool {
        let local = time.to_zoned_datetime(self.zone.clone()).datetime();
        let (now, from, to) = (local.time(), part.from.0, part.to.0);
        let yesterday = local.date().weekday().previous();
        let began_today = now >= from && part.days.contains(local.date().weekday());
        if from < to { began_today && now < to } else { began_today || (now < to && part.days.contains(yesterday)) }
    }

    /// The first time of a rule at `from` or later; `None` when its date has passed.
    ///
    /// A time in an hour that occurs twice is the first one. A time in an hour that does not occur is the end of that hour.
    pub fn next_time(&self, rule: &At, from: Timestamp) -> Option<Timestamp> {
        let local = from.to_zoned_datetime(self.zone.clone());
        if let Some(minute) = rule.minute {
            return self.next_minute(rule, &local, i8::try_from(minute).ok()?);
        }
        let time = rule.time?.0;
        let on = |date: Date| {
            let found = rule.days.contains(date.weekday()).then(|| self.instant(date.to_datetime(time)))??;
            (found >= from).then_some(found)
        };
        if let Some(date) = rule.date {
            return on(date);
        }
        let first = local.date().yesterday().ok()?;
        (0..SEARCHED_DAYS).find_map(|days| on(first.checked_add(Span::new().days(days)).ok()?))
    }

    /// The next time at which the clock shows this minute.
    fn next_minute(&self, rule: &At, from: &ZonedDateTime, minute: i8) -> Option<Timestamp> {
        let mut at = from.timestamp();
        for _ in 0..24 * 370 * 2 {
            let local = at.to_zoned_datetime(self.zone.clone());
            let past = Time::new(0, local.minute(), local.second(), local.subsec_nanosecond()).ok()?;
            let until = past.until(Time::new(0, minute, 0, 0).ok()?).ok()?.total(jiff::Unit::Nanosecond).ok()? as i64;
            let step = if until < 0 { until + 3_600_000_000_000 } else { until };
            at = at.checked_add(Duration::from_nanos(step.unsigned_abs())).ok()?;
            let local = at.to_zoned_datetime(self.zone.clone());
            let day = rule.date.is_none_or(|only| only == local.date()) && rule.days.contains(local.date().weekday());
            if local.minute() == minute && local.second() == 0 && day {
                return Some(at);
            }
            at = at.checked_add(Duration::from_secs(60)).ok()?;
        }
        None
    }

    fn instant(&self, local: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                // The change of the offset is the first one after this time, which is before it.
                let before = after.to_timestamp(local).ok()?;
                self.zone.following(before).next().map(|change| change.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(epoch: &str) -> Calendar {
        let epoch: Timestamp = epoch.parse().unwrap();
        Calendar::new("Europe/Berlin", Duration::from_secs(epoch.as_second() as u64), SampleRate::DAT).unwrap()
    }

    fn at(text: &str) -> At {
        let text = format!(r#"{{"playlist":"news",{text}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn times(rule: &At, from: &str, count: usize) -> Vec<String> {
        let calendar = berlin("2026-01-01T00:00:00Z");
        let mut from: Timestamp = from.parse().unwrap();
        let mut times = Vec::new();
        while times.len() < count
            && let Some(time) = calendar.next_time(rule, from)
        {
            times.push(time.to_string());
            from = time + Duration::from_nanos(1);
        }
        times
    }

    #[test]
    fn a_time_in_a_missing_hour_is_its_end_and_in_a_repeated_hour_the_first() {
        let rule = at(r#""time":"02:30""#);
        assert_eq!(
            times(&rule, "2026-03-28T00:00:00Z", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            times(&rule, "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            "the second 02:30 of the day is no other time"
        );
    }

    #[test]
    fn an_hourly_rule_has_25_times_on_the_day_with_a_repeated_hour_and_23_on_the_one_with_a_missing_hour() {
        let rule = at(r#""minute":15"#);
        for (date, count) in [("2026-10-25", 25), ("2026-03-29", 23), ("2026-07-01", 24)] {
            let on_date = At { date: Some(date.parse().unwrap()), ..rule.clone() };
            assert_eq!(times(&on_date, "2026-01-01T00:00:00Z", 100).len(), count, "{date}");
        }
    }

    #[test]
    fn a_day_part_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let part: DayPart =
            serde_json::from_str(r#"{"playlist":"night","days":["fri"],"from":"22:00","to":"04:00"}"#).unwrap();
        let calendar = berlin("2026-01-01T00:00:00Z");
        let active = |time: &str| calendar.is_active(&part, time.parse().unwrap());
        // 2026-07-03 is a Friday; local time is two hours ahead.
        assert!(!active("2026-07-03T19:59:59Z") && active("2026-07-03T20:00:00Z"));
        assert!(active("2026-07-04T01:59:59Z") && !active("2026-07-04T02:00:00Z"));
        assert!(!active("2026-07-03T01:00:00Z"), "the night before belongs to Thursday");
    }

    #[test]
    fn frames_and_times_agree() {
        let calendar = berlin("2026-01-01T00:00:00Z");
        for frame in [0, 1, 47_999, 48_000, 86_400 * 48_000 + 7] {
            assert_eq!(calendar.frame(calendar.time(frame)), frame);
        }
        assert_eq!(calendar.frame("2026-01-01T00:00:01Z".parse().unwrap()), 48_000);
        assert_eq!(calendar.frame("2025-01-01T00:00:01Z".parse().unwrap()), 0);
        assert!(Calendar::new("Europe/Nowhere", Duration::ZERO, SampleRate::DAT).is_err());
    }
}
