//! `crowd-radio schedule`.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use crowd_cli::print;
use crowd_engine::Frames;
use serde_json::json;

use super::values::seconds;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::station::{SavedState, StateFolder};

/// Prints what plays when.
#[derive(Debug, Args)]
pub struct Schedule {
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    processed: PathBuf,
    /// Folder of the station's state; a station that never ran begins now
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
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
        let mut timeline = manifest.timeline()?;
        let rate = timeline.rate();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let epoch = StateFolder::read_in(&self.state)?.as_ref().map_or(now, SavedState::epoch);
        let first = Frames::within(now.saturating_sub(epoch), rate).0;
        let end = first + Frames::from_seconds(self.hours * 3_600.0, rate).0;
        let items = timeline.items(first..end);
        print(|out| {
            for placed in items {
                let starts = (epoch + placed.start.duration(rate)).as_secs_f64();
                let (item, seconds) = (&placed.item, placed.item.frames.seconds(rate));
                let title = item.display_title();
                if self.json {
                    let (start_frame, frames) = (placed.start.0, item.frames.0);
                    let line = json!({ "number": placed.number, "kind": item.kind, "title": title, "starts": starts,
                                       "start_frame": start_frame, "frames": frames });
                    writeln!(out, "{line}")?;
                } else {
                    writeln!(out, "{starts:.3} {seconds:8.3} s {title}")?;
                }
            }
            Ok(())
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))
    }
}
