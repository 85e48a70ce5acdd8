//! `crowd-radio health`.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;
use crowd_cli::{ExitReason, print};
use jiff::Timestamp;

use super::on_change::OnChange;
use super::values::{PROGRAM, seconds};
use crate::error::Error;
use crate::health::{Health as Report, Listener, Monitor};

/// The time between the readings of a single check.
const READING: Duration = Duration::from_secs(3);
/// The number of readings of a single check.
const READINGS: usize = 3;

/// Listens to a station: fetches the playlist and the newest segment, decodes and measures it.
#[derive(Debug, Args)]
pub struct Health {
    /// Address of the station or of one of its playlists
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Longest planned pause between items, in seconds
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = |text: &str| seconds(text, 0.0, 3_600.0))]
    pause: f64,
    /// Check again and again, with this number of seconds in between, until a signal comes
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    every: Option<u64>,
    /// File into which each result is written, as JSON
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    on_change: OnChange,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Health {
    /// Checks the station.
    ///
    /// # Errors
    /// When the file or the standard output cannot be written, or flags do not fit.
    pub fn run(&self) -> Result<ExitReason, Error> {
        if self.every.is_none() && self.on_change.is_given() {
            return Err(Error::Invalid("--on-change needs --every: a single check has no change".to_owned()));
        }
        let mut listener = Listener::new(&self.url);
        let mut monitor = Monitor::new(Duration::from_secs_f64(self.pause));
        let Some(every) = self.every else {
            let mut report = monitor.judge(&listener.listen(), Timestamp::now());
            for _ in 1..READINGS {
                thread::sleep(READING);
                report = monitor.judge(&listener.listen(), Timestamp::now());
            }
            self.tell(&report)?;
            return Ok(if report.ok { ExitReason::Done } else { ExitReason::Failed });
        };
        let mut was_ok = true;
        loop {
            let report = monitor.judge(&listener.listen(), Timestamp::now());
            self.tell(&report)?;
            if report.ok != was_ok {
                was_ok = report.ok;
                if let Err(failure) = self.on_change.start(&report) {
                    eprintln!("{PROGRAM}: {failure}");
                }
            }
            thread::sleep(Duration::from_secs(every));
        }
    }

    fn tell(&self, report: &Report) -> Result<(), Error> {
        if let Some(file) = &self.file {
            write_report(file, report)?;
        }
        let text = text_of(report)?;
        print(|out| {
            if self.json {
                return writeln!(out, "{text}");
            }
            let level = report.levels.map_or_else(String::new, |levels| format!(", {:.1} dBFS", levels.level_dbfs));
            let segment = report.segment.map_or_else(|| "no segment".to_owned(), |number| format!("segment {number}"));
            writeln!(out, "{}: {segment}{level}", if report.ok { "ok" } else { "ALARM" })?;
            report.alarms.iter().try_for_each(|alarm| writeln!(out, "  since {}: {}", alarm.since, alarm.text))
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))
    }
}

fn text_of(report: &Report) -> Result<String, Error> {
    serde_json::to_string(report).map_err(|error| Error::Invalid(error.to_string()))
}

/// Writes a report into a file: completely, or not at all.
///
/// # Errors
/// When the disk is full or the folder cannot be written.
pub fn write_report(file: &Path, report: &Report) -> Result<(), Error> {
    Ok(crowd_media::atomic::write(file, format!("{}\n", text_of(report)?).as_bytes())?)
}
