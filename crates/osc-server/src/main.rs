//! `audio-server`: a four-deck mixer that is controlled over OSC.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use audio_server::cli::{Cli, Command};
use audio_server::{handlers, run};
use clap::{CommandFactory, Parser};
use crowd_cli::ExitReason;
use crowd_cli::log::{self, LogTimes};

const PROGRAM: &str = "audio-server";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => {
            let times = LogTimes::SinceStart(Instant::now());
            let log = log::start("AUDIO_SERVER_LOG", times, cli.serve.json, cli.serve.verbose);
            let result = if cli.serve.render.is_some() {
                run::render(&cli.serve).map(|summary| ExitReason::of_files(summary.damaged == 0))
            } else {
                run::serve(&cli.serve).map(|()| ExitReason::Done)
            };
            return log.exit(PROGRAM, result);
        }
        Some(Command::Devices { json }) => crowd_cli::print(|out| run::devices(json, out)),
        Some(Command::Check { sample_rate, json }) => crowd_cli::print(|out| run::check(sample_rate, json, out)),
        Some(Command::Addresses) => {
            crowd_cli::print(|out| Ok(handlers::HANDLERS.iter().try_for_each(|handler| writeln!(out, "{handler}"))?))
        }
        Some(Command::Describe(what)) => what.print(Cli::command()).map_err(run::Error::from),
    };
    crowd_cli::exit(PROGRAM, result.map(|()| ExitReason::Done))
}
