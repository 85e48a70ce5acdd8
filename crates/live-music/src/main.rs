//! `live-music`: music that follows a story.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use live_music::cli::Cli;

fn main() -> ExitCode {
    Cli::read().run()
}
