//! The command line.

mod check;
mod renditions;
mod schedule;
mod setup;
mod stream;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use crowd_cli::log::{self, LogTimes};
use crowd_cli::{ExitReason, exit};

use self::values::PROGRAM;

const EXAMPLES: &str = "\
Examples:
  crowd-radio setup --music ~/Music --jingles ~/Jingles --cycle 3 --out station
      Measure and encode the music, with a jingle before every three tracks.
  crowd-radio stream --processed station --state state --port 8000
      Broadcast it: open http://127.0.0.1:8000/stream.m3u8 in a player.
  crowd-radio schedule --processed station --state state --hours 2
      Print what plays in the next two hours.

Exit status: 0 for success, 1 for an error or when a file had to be left out, 2 for a wrong command line.";

/// Broadcasts a schedule of music and jingles
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare music and jingles: measure their loudness, encode them
    Setup(setup::Setup),
    /// Tell what is wrong in a configuration
    Check(check::Check),
    /// Broadcast the prepared music
    Stream(stream::Stream),
    /// Print what plays when
    Schedule(schedule::Schedule),
    #[command(flatten)]
    Describe(crowd_cli::Describe),
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Setup(options) => exit(PROGRAM, options.run()),
            Command::Check(options) => exit(PROGRAM, options.run()),
            Command::Schedule(options) => exit(PROGRAM, options.run().map(|()| ExitReason::Done)),
            Command::Describe(what) => exit(PROGRAM, what.print(Self::command()).map(|()| ExitReason::Done)),
            Command::Stream(options) => {
                let log = log::start("CROWD_RADIO_LOG", LogTimes::OfDay, options.json, options.verbose);
                log.exit(PROGRAM, options.run().map(|()| ExitReason::Done))
            }
        }
    }
}
