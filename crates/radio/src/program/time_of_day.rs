//! Times of the day and days of the week.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

/// A time of the day, as "22:00" or "22:00:30". "24:00" is midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(pub Time);

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.split(':').map(|part| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse().ok() } else { None }
        });
        let parts = (numbers.next().flatten(), numbers.next().flatten(), numbers.next(), numbers.next());
        let time = match parts {
            (Some(24), Some(0), None | Some(Some(0)), None) => Time::new(0, 0, 0, 0).ok(),
            (Some(hour), Some(minute), None, None) => Time::new(hour, minute, 0, 0).ok(),
            (Some(hour), Some(minute), Some(Some(second)), None) => Time::new(hour, minute, second, 0).ok(),
            _ => None,
        };
        let error = || format!("\"{}\" is no time of the day: write it as 22:00 or 22:00:30", text.escape_debug());
        time.map(Self).ok_or_else(error)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0.hour(), self.0.minute(), self.0.second())
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// Days of the week; none stands for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days(pub Vec<Day>);

impl Days {
    /// Whether the day is one of them.
    pub fn contains(&self, day: Weekday) -> bool {
        self.0.is_empty() || self.0.contains(&day.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_and_wrong_ones_are_refused() {
        for (text, shown) in [("6:05", "06:05:00"), ("22:00:30", "22:00:30"), ("24:00", "00:00:00")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), shown);
        }
        for text in ["", "7", "25:00", "24:01", "7:60", "7:00:00:00", "7:+1", "a:b", "007:00"] {
            let error = text.parse::<TimeOfDay>().unwrap_err();
            assert!(error.contains("write it as 22:00"), "{error}");
        }
    }
}
