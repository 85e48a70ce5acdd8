//! The command line.

mod broadcast;
mod legacy;
mod serve;
mod values;

pub use broadcast::BroadcastArgs;
pub use legacy::LegacyArgs;
pub use serve::ServeArgs;
pub use values::BufferSize;

use clap::{Parser, Subcommand, value_parser};

const EXAMPLES: &str = "\
Examples:
  audio-server                                     listen on 127.0.0.1:57120, play on the default device
  audio-server --port 57122 --bind 0.0.0.0 --allow 192.168.1.0/24 --media-root ~/Music
                                                   let the clients of one network open files of one folder
  audio-server --output null                       no sound card: no sound, in real time
  audio-server --output file:set.wav               no sound card: record the set
  audio-server --record night.flac --record-split 60
                                                   play, and record the night, one file per hour
  audio-server --broadcast icecast://radio.example:8000/dance.ogg --broadcast-password-file password.txt
                                                   play, and send the sound to a radio station too
  audio-server --stretch-method wsola --buffer-size auto
                                                   keep the pitch when the tempo changes; find the smallest safe block
  audio-server --score set.txt --render set.wav    render a score without a device, faster than real time
  audio-server --a one.wav --b two.wav --ab 1 0    start with two decks playing, only A audible
  audio-server devices                             list the devices
  audio-server check                               find the --buffer-size and --stretch-method that are safe here
  audio-server addresses                           list every OSC address and its arguments

One line of a score is `<seconds> <address> <args...>`: numbers, \"quoted strings\", # comments.
Exit status: 0 after a stop by signal or a finished render, 1 when it cannot run, 2 for a wrong command line,
4 when a score was rendered with damaged files.";

/// A four-deck mixer for music, controlled over the network with OSC
#[derive(Debug, Parser)]
#[command(name = "audio-server", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The subcommand; without one the server runs, or renders a score.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of the server and of rendering.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the audio devices that --device and --output accept
    Devices {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Measure what a block costs on this machine, and which --buffer-size and --stretch-method are safe
    Check {
        /// Sample rate to measure at, in Hz
        #[arg(long, value_name = "HZ", default_value_t = 44_100, value_parser = value_parser!(u32).range(8_000..=192_000))]
        sample_rate: u32,
        /// Print one JSON object per line
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
