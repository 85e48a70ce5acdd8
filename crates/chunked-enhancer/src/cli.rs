//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use crowd_cli::size::parse_bytes;
use crowd_media::SampleFormat;
use crowd_web::args::{AccessArgs, ListenArgs, token_from_env};

use crate::analysis::AnalysisKind;
use crate::layout::Format;
use crate::preset::{Intensity, Preset, Treatment};
use crate::rendition::RenditionRequest;

const EXAMPLES: &str = "\
Examples:
  enhance-server --library ~/Music --port 8080
      Serve a folder; open http://127.0.0.1:8080 to listen.
  curl -o track.wav 'http://127.0.0.1:8080/stream/ID?preset=warm&intensity=0.8'
      Fetch a stream with a script; GET /api/tracks lists the ids.
  enhance-server render in.mp3 out.wav --preset punchy
      Write the bytes that the server would stream to a file.
  enhance-server render in.mp3 - | mpv -
      Write them to standard output.
  enhance-server analyse in.flac --json
      Print loudness, peaks and balance of a file, and the loudness of the rendition.

Exit status: 0 for success, 1 for an error, 2 for a wrong command line, 4 for success with a damaged file: some
of its frames are missing or silent, which stderr reports.";

/// Streams a mastered version of any track, starting within a second
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The command; without one the program serves
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of the server
    #[command(flatten)]
    pub serve: Serve,
}

impl Cli {
    /// The command line, including the environment variable for `--token`.
    pub fn full_command() -> clap::Command {
        token_from_env(Self::command(), "ENHANCE_SERVER_TOKEN")
    }

    /// Reads the arguments of this process, and ends it with a message if they are wrong.
    pub fn read() -> Self {
        let command = Self::full_command();
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

/// The commands. Without a command the program serves.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a mastered file: the bytes that the server would stream
    Render(Render),
    /// Measure a file
    Analyse(Analyse),
    #[command(flatten)]
    #[allow(missing_docs)]
    Describe(crowd_cli::Describe),
}

/// The options of the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Folder of music; nothing outside it is served
    #[arg(long, value_name = "DIR", required = true)]
    pub library: Option<PathBuf>,
    /// Where to listen
    #[command(flatten)]
    pub address: ListenArgs,
    /// Folder of the cache [default: enhance-server in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Largest size of the cache in bytes: a number, or one with k, M, G or T (powers of 1024)
    #[arg(long, value_name = "BYTES", default_value = "1G", value_parser = parse_bytes)]
    pub cache_size: u64,
    /// Chunks and measurements that are made at once [default: one for each core]
    #[arg(long, value_name = "N")]
    pub workers: Option<NonZeroUsize>,
    /// Renditions that may have listeners at once; those from which no client has read for 10 seconds do not
    /// count
    #[arg(long, value_name = "N", default_value = "64")]
    pub max_jobs: NonZeroUsize,
    /// What clients may do
    #[command(flatten)]
    pub access: AccessArgs,
    /// Seconds between scans of the library; 0 scans once
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub rescan: u64,
    /// Bucket through which several nodes share their work: s3://BUCKET/PREFIX, with the usual AWS_ variables
    #[cfg(feature = "s3")]
    #[arg(long, value_name = "URL")]
    pub share: Option<String>,
    /// Log as JSON lines
    #[arg(long)]
    pub json: bool,
    /// Log more: -v each job, -vv everything
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How to master a file.
#[derive(Debug, Args)]
pub struct TreatmentArgs {
    /// adaptive, gentle, warm, bright, punchy or live
    #[arg(long, default_value_t)]
    pub preset: Preset,
    /// Intensity of the preset, 0 to 1; 0 is the original
    #[arg(long, default_value_t)]
    pub intensity: Intensity,
    /// quick measures a minute spread over the file, full all of it
    #[arg(long, default_value_t)]
    pub analysis: AnalysisKind,
}

/// `render`.
#[derive(Debug, Args)]
pub struct Render {
    /// The file to master
    pub input: PathBuf,
    /// The file to write; - is standard output
    pub output: PathBuf,
    /// How to master it
    #[command(flatten)]
    pub treatment: TreatmentArgs,
    /// Replace the output if it exists
    #[arg(long)]
    pub overwrite: bool,
    /// wav, flac or opus [default: by the extension of the output, wav for standard output]
    #[arg(long)]
    pub format: Option<Format>,
    /// 16, 24 or 32f (float, wav only) [default: 24 if the input has more than 16, else 16]
    #[arg(long)]
    pub bits: Option<SampleFormat>,
    /// Print a report as JSON
    #[arg(long)]
    pub json: bool,
    /// No progress bar
    #[arg(short, long)]
    pub quiet: bool,
}

impl Render {
    /// Whether the output is standard output.
    pub fn to_stdout(&self) -> bool {
        self.output.as_os_str() == "-"
    }

    /// The rendition to write.
    ///
    /// # Errors
    /// When neither the flag nor the name of the output specifies the format, or both the sound and the JSON would go to standard output.
    pub fn rendition_request(&self) -> Result<RenditionRequest, String> {
        if self.to_stdout() && self.json {
            return Err("--json: standard output is taken by the sound; give a file to write".to_owned());
        }
        let format = match self.format {
            Some(format) => format,
            None if self.to_stdout() => Format::Wav,
            None => {
                let extension = self.output.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
                extension.parse().map_err(|_| {
                    format!("{}: the name does not end in .wav, .flac or .opus: give --format", self.output.display())
                })?
            }
        };
        let treatment = Treatment { preset: self.treatment.preset, intensity: self.treatment.intensity };
        Ok(RenditionRequest { treatment, format, sample_format: self.bits, analysis: self.treatment.analysis })
    }
}

/// `analyse`.
#[derive(Debug, Args)]
pub struct Analyse {
    /// The file to measure
    pub file: PathBuf,
    /// The preset whose loudness is forecast
    #[arg(long, default_value_t)]
    pub preset: Preset,
    /// Intensity of the preset, 0 to 1
    #[arg(long, default_value_t)]
    pub intensity: Intensity,
    /// quick measures a minute spread over the file, full all of it
    #[arg(long, default_value_t = AnalysisKind::Full)]
    pub analysis: AnalysisKind,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::full_command().debug_assert();
    }

    #[test]
    fn the_format_of_a_file_is_that_of_its_name() {
        let request = |arguments: &[&str]| match Cli::parse_from(arguments).command {
            Some(Command::Render(render)) => render.rendition_request(),
            _ => panic!("no render"),
        };
        assert_eq!(request(&["x", "render", "a.mp3", "b.FLAC"]).unwrap().format, Format::Flac);
        assert_eq!(request(&["x", "render", "a.mp3", "b", "--format", "opus"]).unwrap().format, Format::Opus);
        assert_eq!(request(&["x", "render", "a.mp3", "-"]).unwrap().format, Format::Wav);
        assert!(request(&["x", "render", "a.mp3", "-", "--json"]).unwrap_err().contains("--json"));
        assert!(request(&["x", "render", "a.mp3", "b.mp3"]).unwrap_err().contains("--format"));
    }
}
