//! `music-generator`: makes music and writes it to files.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use crowd_cli::ExitReason;
use music_generator::cli::{Cli, Command, render};

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Render(options) => render(&options),
        Command::Describe(what) => what.print(Cli::command()).map(|()| ExitReason::Done).map_err(Into::into),
    };
    crowd_cli::exit("music-generator", result)
}
