//! The command line.

mod plan;
mod story;
mod story_file;
mod story_picture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use crowd_cli::{ExitReason, exit};

/// The name of the program, for messages.
const PROGRAM: &str = "live-music";

const EXAMPLES: &str = "\
Examples:
  live-music plan story.json
      Print what each panel of a story sounds like, and why.
  live-music story story.json --out music
      Make the music of a story: a file for each panel, the whole, and a picture.
  live-music story story.json --out music --format opus --stems --seed 7
      The same as Opus, with a file for each stem, from another seed.

Exit status: 0 for success, 1 for an error, 2 for a wrong command line.";

/// Makes one continuous piece of music that follows a story
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the music of a story, faster than it plays
    Story(story::Story),
    /// Print what each panel of a story sounds like, and why
    Plan(plan::Plan),
}

impl Cli {
    /// Reads the command line. Exits with help or an error if it has no command.
    pub fn read() -> Self {
        Self::parse()
    }

    /// Does what the command line asks for.
    pub fn run(self) -> ExitCode {
        let result = match &self.command {
            Command::Story(story) => story.run(),
            Command::Plan(plan) => plan.run(),
        };
        exit(PROGRAM, result.map(|()| ExitReason::Done))
    }
}
