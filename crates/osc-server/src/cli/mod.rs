//! The command line.

mod legacy;
mod serve;
mod values;

pub use legacy::LegacyArgs;
pub use serve::Serve;
pub use values::BufferSize;

use clap::{Parser, Subcommand, value_parser};

const EXAMPLES: &str = "\
Examples:
  audio-server                                     listen on 127.0.0.1:57120, play on the default device
  audio-server --port 57122 --bind 0.0.0.0 --allow 192.168.1.0/24 --media-root ~/Music
                                                   let the clients of one network open files of one folder
  audio-server --output null                       no sound card: run silently, in real time
  audio-server --output file:set.wav               no sound card: record the set
  audio-server --record night.flac --record-split 60
                                                   play, and record the night, an hour in each file
  audio-server --stretch-method wsola --buffer-size auto
                                                   keep the pitch when tempo moves; find the smallest safe block
  audio-server --score set.txt --render set.wav    play a score without a device, faster than time
  audio-server --a one.wav --b two.wav --ab 1 0    start with two decks playing, only A to be heard
  audio-server devices                             which devices there are
  audio-server check                               which --buffer-size and --stretch-method this machine can hold
  audio-server addresses                           every OSC address and its arguments

One line of a score is `<seconds> <address> <args...>`: numbers, \"quoted strings\", # comments.
Exit status: 0 after a stop by signal or a finished render, 1 when it cannot run, 2 for a wrong command line,
4 when a score was rendered with files that are damaged.";

/// A four-deck mixer for music, controlled over the network with OSC
#[derive(Debug, Parser)]
#[command(name = "audio-server", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do other than serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, or render.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program does besides serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the audio devices that --device and --output take
    Devices {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Measure what a block costs on this machine, and which --buffer-size and --stretch-method that supports
    Check {
        /// Sample rate to measure at, in Hz
        #[arg(long, value_name = "HZ", default_value_t = 44_100, value_parser = value_parser!(u32).range(8_000..=192_000))]
        sample_rate: u32,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// List every OSC address with its arguments
    Addresses,
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

#[cfg(test)]
mod tests;
