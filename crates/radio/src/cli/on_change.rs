//! Starts a program when the health of a station changes.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use clap::Args;

use crate::health::Health;

/// What is started when the health of a station changes.
#[derive(Clone, Debug, Default, Args)]
pub struct OnChange {
    /// Program that is started when the health of the stream changes, with "ok" or "alarm" and the causes as arguments
    #[arg(long, value_name = "PROGRAM")]
    on_change: Option<PathBuf>,
}

impl OnChange {
    /// Whether a program is given.
    pub fn is_given(&self) -> bool {
        self.on_change.is_some()
    }

    /// Starts the program. Its end is not waited for.
    ///
    /// # Errors
    /// A message when it cannot be started.
    pub fn start(&self, report: &Health) -> Result<(), String> {
        let Some(program) = &self.on_change else { return Ok(()) };
        let causes = report.alarms.iter().map(|alarm| &alarm.text);
        let started = Command::new(program).arg(if report.ok { "ok" } else { "alarm" }).args(causes).spawn();
        let mut process =
            started.map_err(|error| format!("--on-change {}: cannot start it: {error}", program.display()))?;
        // Another thread receives its exit status, so that it does not stay as a zombie.
        thread::spawn(move || process.wait());
        Ok(())
    }
}
