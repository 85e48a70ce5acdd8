//! `crowd-radio schedule`.

use std::path::PathBuf;

use clap::Args;
use crowd_cli::print;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::values::seconds;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::program::{Calendar, Reason};
use crate::station::{SavedState, StateFolder, StationProgram, wall_time};

/// Prints what plays when.
#[derive(Debug, Args)]
pub struct Schedule {
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    processed: PathBuf,
    /// Folder of the station's state; a station that never ran begins at --from
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Begin of the list, in the time zone of the station: 2026-12-01T06:00; without it, now
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End of the list
    #[arg(long, value_name = "TIME", conflicts_with = "hours")]
    to: Option<String>,
    /// Number of hours to print, up to 1000
    #[arg(long, value_name = "H", default_value_t = 1.0, value_parser = |text: &str| seconds(text, 0.0, 1_000.0))]
    hours: f64,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Schedule {
    /// Prints the schedule.
    ///
    /// # Errors
    /// When the station is not prepared, or its state is damaged.
    pub fn run(&self) -> Result<(), Error> {
        let manifest = Manifest::read(&self.processed)?;
        let rate = crowd_engine::SampleRate::new(manifest.stream.sample_rate)?;
        let state = StateFolder::read_in(&self.state)?;
        let now = wall_time();
        let zone = Calendar::new(&manifest.schedule.time_zone, now, rate)?.zone().clone();
        let now = Timestamp::from_second(now.as_secs() as i64).unwrap_or_default();
        let from = self.from.as_deref().map_or(Ok(now), |text| time("--from", text, &zone))?;
        let length = ((self.hours * 3_600.0) as i64).seconds();
        let to = match self.to.as_deref() {
            Some(text) => time("--to", text, &zone)?,
            None => from.checked_add(length).map_err(|error| Error::Invalid(error.to_string()))?,
        };
        let epoch = state.as_ref().map_or_else(|| since_1970(from), SavedState::epoch);
        let calendar = Calendar::new(&manifest.schedule.time_zone, epoch, rate)?;
        let (first, end) = (calendar.frame(from), calendar.frame(to));
        let mut program = StationProgram::preview(&self.state, &manifest, epoch, first)?;
        let mut items = program.timeline(u64::MAX).items(first..end);
        // What comes after the chunks that were taken is not known.
        let generated = program.newest().plan().plays_generated();
        while generated && items.last().is_some_and(|placed| placed.reason == Reason::Filler) {
            items.pop();
        }
        print(|out| {
            for placed in items {
                let starts = calendar.time(placed.start.0);
                let (item, seconds) = (&placed.item, placed.frames.seconds(rate));
                let title = item.display_title();
                if self.json {
                    let (start_frame, frames) = (placed.start.0, placed.frames.0);
                    let starts = starts.as_nanosecond() as f64 / 1e9;
                    let line = json!({ "number": placed.number, "kind": item.kind, "title": title, "starts": starts,
                                       "start_frame": start_frame, "frames": frames, "reason": placed.reason });
                    writeln!(out, "{line}")?;
                } else {
                    let starts = starts.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z");
                    writeln!(out, "{starts} {seconds:9.3} s {:9} {title}", reason(placed.reason))?;
                }
            }
            if generated && !self.json {
                writeln!(out, "then generated music, which is chosen some minutes before it plays")?;
            }
            Ok(())
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))
    }
}

fn since_1970(time: Timestamp) -> std::time::Duration {
    std::time::Duration::from_nanos(u64::try_from(time.as_nanosecond()).unwrap_or(0))
}

/// A time with a time zone, or in that of the station.
fn time(flag: &str, text: &str, zone: &TimeZone) -> Result<Timestamp, Error> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let local: Option<DateTime> = text.parse().ok();
    let time = local.and_then(|local| zone.to_timestamp(local).ok());
    time.ok_or_else(|| {
        let text = text.escape_debug();
        Error::Invalid(format!("{flag} \"{text}\": write the time as 2026-12-01T06:00 or 2026-12-01T06:00Z"))
    })
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Playlist => "",
        Reason::Relaxed => "relaxed",
        Reason::Every => "every",
        Reason::Time => "time",
        Reason::Request => "request",
        Reason::Generated => "generated",
        Reason::Repeat => "repeat",
        Reason::Live => "live",
        Reason::Filler => "filler",
    }
}
