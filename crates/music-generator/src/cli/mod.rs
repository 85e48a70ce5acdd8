//! The command line of `music-generator`.

mod explain;
mod midi;
mod music_options;
mod notes;
mod picture;
mod play;
mod providers;
mod render;
mod sound_font;
mod values;

use clap::{Parser, Subcommand};

pub use explain::{ExplainOptions, explain};
pub use music_options::{MusicOptions, StyleName};
pub use play::{PcmFormat, PlayOptions, play};
pub use providers::{ProvidersOptions, providers};
pub use render::{RenderOptions, render};

const EXAMPLES: &str = "\
Examples:
  music-generator play --prompt lofi:1.0 --prompt rain:0.4
  music-generator play --prompt \"calm piano\" --bpm 72 --osc 127.0.0.1:9130 --log night.jsonl
  music-generator play --stdout s16le --seed 7 | aplay -f dat
  music-generator render --prompt \"rainy night in a cafe\" --seconds 180 --seed 7 out.flac
  music-generator render --style house --seconds 180 --stems stems --midi out.mid --picture out.png
  music-generator render --replay night.jsonl night.wav
  music-generator explain --prompt \"very happy, no drums, 90 bpm\"

While `play` plays, lines on standard input steer it: `help` lists them.

Exit status: 0 when all is done, 1 when something fails, 2 for a wrong command line.";

/// Endless music that needs no model: seeded, steered by prompts, in stems
#[derive(Debug, Parser)]
#[command(name = "music-generator", version, after_help = EXAMPLES, infer_long_args = true, args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make music and write it to files
    Render(Box<RenderOptions>),
    /// Play music until it is stopped, steered by lines and by OSC messages
    Play(Box<PlayOptions>),
    /// Tell what prompts are taken for
    Explain(Box<ExplainOptions>),
    /// List what makes the music
    Providers(ProvidersOptions),
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;
    use crate::types::target::Style;
    use clap::CommandFactory;

    fn render_options(arguments: &[&str]) -> Result<RenderOptions, clap::Error> {
        match Cli::try_parse_from([&["music-generator", "render"], arguments].concat())?.command {
            Command::Render(options) => Ok(*options),
            _ => panic!("another command"),
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_read() {
        Cli::command().debug_assert();
        let arguments =
            ["--bpm", "78", "--key", "Bb minor", "--mute", "bass,lead", "-p", "a cafe:0.4", "-p", "rain", "x.wav"];
        let start = render_options(&arguments).unwrap().music.start().unwrap();
        assert_eq!((start.config.bpm, start.config.scale), (Some(78.0), Some((10, Mode::Aeolian))));
        assert_eq!(start.config.muted, [false, true, false, true, false]);
        let prompts: Vec<_> = start.prompts.iter().map(|prompt| (prompt.text.as_str(), prompt.weight)).collect();
        assert_eq!((prompts, start.style), (vec![("a cafe", 0.4), ("rain", 1.0)], None));
        let house = render_options(&["--style", "house", "x.wav"]).unwrap().music.start().unwrap();
        assert_eq!(house.style, Some(Style::House));
    }

    #[test]
    fn wrong_values_are_refused() {
        for arguments in [
            &["--density", "1.5", "x.wav"][..],
            &["--bpm", "9", "x.wav"],
            &["--seconds", "0", "x.wav"],
            &["--sample-rate", "4000", "x.wav"],
            &["--prompt", "rain:-1", "x.wav"],
            &["--replay", "a.jsonl", "--prompt", "rain", "x.wav"],
            &["--replay", "a.jsonl", "--seed", "3", "x.wav"],
        ] {
            assert!(render_options(arguments).is_err(), "{arguments:?}");
        }
        assert!(render_options(&["--replay", "a.jsonl", "x.wav"]).is_ok());
    }
}
