//! The command line.

mod broadcast;
mod buffer;
mod check;
mod demo;
mod health;
mod import_old;
mod ipfs;
mod live;
mod on_change;
mod publish;
mod publish_loop;
mod publish_video;
mod renditions;
mod run;
mod schedule;
mod self_check;
mod setup;
mod share;
mod stream;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use crowd_cli::log::{self, LogTimes};
use crowd_cli::{ExitReason, exit};
use crowd_web::args::token_from_env;

use self::values::PROGRAM;

const EXAMPLES: &str = "\
Examples:
  crowd-radio setup --music ~/Music --jingles ~/Jingles --cycle 3 --out station
      Measure and encode the music, with a jingle before every three tracks.
  crowd-radio stream --processed station --state state --port 8000
      Broadcast it: open http://127.0.0.1:8000/stream.m3u8 in a player.
  crowd-radio run --config station.toml --data data --port 8000
      Do both, with playlists and a schedule from a file, and follow changes.
  crowd-radio health --url http://127.0.0.1:8000
      Fetch and decode what listeners hear. The exit status is 1 if it is not in order.
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
    /// Prepare and broadcast a station, and follow changes of its configuration and its music
    Run(run::Run),
    /// Broadcast the prepared music
    Stream(stream::Stream),
    /// Show or change the buffer of generated music
    Buffer(buffer::Buffer),
    /// Generate music into the buffer, without broadcasting
    Generate(buffer::Generate),
    /// Generate the first chunks of a buffer into a new folder
    Bootstrap(buffer::Bootstrap),
    /// Read the folder of an older program, and write a configuration that does the same
    ImportOld(import_old::ImportOld),
    /// Generate music, broadcast it, listen to it, and draw what was heard
    Demo(demo::Demo),
    /// Listen to a station and tell whether it is in order
    Health(health::Health),
    /// Print what plays when
    Schedule(schedule::Schedule),
    #[command(flatten)]
    Describe(crowd_cli::Describe),
}

impl Cli {
    /// Reads the arguments of this process, and ends it with a message if they are wrong.
    pub fn read() -> Self {
        let command = Self::full_command();
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// The command line, including the environment variable for `--token`.
    fn full_command() -> clap::Command {
        let token = |command: clap::Command| {
            let help = "Secret that skips and requests must contain. Without it there are none";
            token_from_env(command, "CROWD_RADIO_TOKEN").mut_arg("token", |arg| arg.help(help))
        };
        Self::command().mut_subcommand("stream", token).mut_subcommand("run", token)
    }

    /// Runs the command.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Setup(options) => exit(PROGRAM, options.run()),
            Command::Check(options) => exit(PROGRAM, options.run()),
            Command::Buffer(options) => exit(PROGRAM, options.run()),
            Command::Bootstrap(options) => exit(PROGRAM, options.run().map(|()| ExitReason::Done)),
            Command::Generate(options) => with_log(options.json, options.verbose, || options.run()),
            Command::ImportOld(options) => exit(PROGRAM, options.run()),
            Command::Demo(options) => exit(PROGRAM, options.run()),
            Command::Health(options) => exit(PROGRAM, options.run()),
            Command::Schedule(options) => exit(PROGRAM, options.run().map(|()| ExitReason::Done)),
            Command::Describe(what) => exit(PROGRAM, what.print(Self::full_command()).map(|()| ExitReason::Done)),
            Command::Run(options) => with_log(options.broadcast.json, options.broadcast.verbose, || options.run()),
            Command::Stream(options) => with_log(options.broadcast.json, options.broadcast.verbose, || options.run()),
        }
    }
}

/// Runs a command with its log.
fn with_log(json: bool, verbose: u8, run: impl FnOnce() -> Result<(), crate::Error>) -> ExitCode {
    let log = log::start("CROWD_RADIO_LOG", LogTimes::OfDay, json, verbose);
    log.exit(PROGRAM, run().map(|()| ExitReason::Done))
}
