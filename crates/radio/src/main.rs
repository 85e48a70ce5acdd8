//! `crowd-radio`: a radio station in one program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use crowd_radio::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
