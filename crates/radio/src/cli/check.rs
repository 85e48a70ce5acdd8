//! `crowd-radio check`.

use std::path::PathBuf;

use clap::Args;
use crowd_cli::{ExitReason, print};

use super::values::PROGRAM;
use crate::config::StationConfig;
use crate::error::Error;

/// Reads a configuration and tells what is wrong in it.
#[derive(Debug, Args)]
pub struct Check {
    /// Configuration of the station: station.toml, or a JSON file of an older program
    #[arg(value_name = "FILE")]
    config: PathBuf,
}

impl Check {
    /// Prints the problems to the standard error.
    ///
    /// # Errors
    /// When the file cannot be read or is no valid TOML.
    pub fn run(&self) -> Result<ExitReason, Error> {
        let config = StationConfig::read(&self.config)?;
        let (problems, place) = (config.problems(), self.config.display());
        for problem in &problems {
            eprintln!("{PROGRAM}: {place}: {problem}");
        }
        if !problems.is_empty() {
            return Ok(ExitReason::Failed);
        }
        let schedule = config.schedule()?;
        print(|out| {
            writeln!(
                out,
                "{place}: the station \"{}\" plays \"{}\" in {}",
                config.name, schedule.play, schedule.time_zone
            )?;
            let (parts, every, at) = (schedule.day_part.len(), schedule.every.len(), schedule.at.len());
            writeln!(
                out,
                "{} playlists, {parts} day parts, {every} regular and {at} exact times",
                config.playlist.len()
            )
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))?;
        Ok(ExitReason::Done)
    }
}
