//! The options of a run: jobs, dry run, and the replacement of files.

use clap::{Args, value_parser};

/// The options of a run.
#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// Number of excerpts that are made at the same time. If not given, it is the number of processors
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256), help_heading = "Run")]
    pub jobs: Option<u16>,
    /// Only print what would be done
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,
    /// Cut all excerpts again, also those that an earlier run has cut
    #[arg(long, help_heading = "Run")]
    pub force: bool,
    /// Replace files that no earlier run has written, or that were changed since
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,
    /// Print no progress, and no lines for tracks that are skipped
    #[arg(long, short, help_heading = "Run")]
    pub quiet: bool,
}
