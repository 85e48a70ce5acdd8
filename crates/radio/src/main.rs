//! `crowd-radio`: a radio station in one program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use crowd_radio::cli::Cli;

fn main() -> ExitCode {
    Cli::read().run()
}
