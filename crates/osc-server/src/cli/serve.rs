//! The flags of the server and of rendering.

use super::broadcast::BroadcastArgs;
use super::legacy::LegacyArgs;
use super::values::{BufferSize, buffer_size, load_timeout, memory_total, minutes, quantity, seconds, stretch_method};
use crate::app::{Startup, StartupFile};
use crate::handlers::BEATS_PER_BAR;
use clap::{Args, value_parser};
use crowd_cli::network::{self, IpNet};
use crowd_engine::output::{OutputError, OutputErrorKind};
use crowd_engine::{Bpm, DeckId, DeviceConfig, Output, StretchMethod};
use std::net::IpAddr;
use std::path::PathBuf;

/// The flags of the server and of rendering.
///
/// Within a heading, the help lists flags in the order of this struct. `display_order` puts flags of [`LegacyArgs`] among
/// them.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "command line switches")]
pub struct ServeArgs {
    /// UDP port to listen on; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 57_120, help_heading = "Network")]
    pub port: u16,
    /// Address to listen on; 0.0.0.0 for all networks
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "Network")]
    pub bind: IpAddr,
    /// Network whose messages are accepted (repeatable). If not given, private networks are. Messages from this machine
    /// are always accepted
    #[arg(long, value_name = "CIDR", value_parser = network::parse, help_heading = "Network")]
    pub allow: Vec<IpNet>,
    /// Folder in which files must be. If not given, it is the current folder, but any file is allowed when only this
    /// machine is served
    #[arg(long, value_name = "DIR", help_heading = "Network")]
    pub media_root: Option<PathBuf>,

    /// Where the sound goes: null, file:PATH or device:NAME
    #[arg(long, value_name = "OUTPUT", conflicts_with = "device", help_heading = "Sound")]
    pub output: Option<Output>,

    /// Record what is played, in addition to any output: NAME.wav is 32-bit float, NAME.flac is 24-bit. The file can be
    /// read at any time. If it exists already, the new file gets a number (NAME-2.wav)
    #[arg(long, value_name = "PATH", help_heading = "Sound")]
    pub record: Option<PathBuf>,
    /// Start another file of the recording after this many minutes, 0.1 to 1440
    #[arg(long, value_name = "MINUTES", value_parser = minutes, help_heading = "Sound")]
    pub record_split: Option<f64>,
    /// Device to play on, by its name or its number in `audio-server devices`
    #[arg(long, value_name = "NAME", help_heading = "Sound")]
    pub device: Option<String>,
    /// Frames per block: smaller blocks react sooner, larger ones are safer. auto starts with 512 frames, and doubles them
    /// when blocks are late
    #[arg(long, value_name = "FRAMES", default_value = "1024", value_parser = buffer_size, help_heading = "Sound")]
    pub buffer_size: BufferSize,
    /// Sample rate in Hz. If not given, it is that of the device, or 44100 without a device
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(8_000..=192_000), help_heading = "Sound")]
    pub sample_rate: Option<u32>,
    /// How decks change speed until a message sets another method (audiotsm is accepted for wsola, pyrubberband and
    /// high_quality for hq)
    #[arg(long, value_name = "METHOD", value_parser = stretch_method(), default_value = "playback_rate", help_heading = "Sound")]
    pub stretch_method: StretchMethod,
    /// Do all stretching on the audio thread. Without this flag, a second thread makes the frames of hq in advance
    /// where there is more than one core; the samples are the same
    #[arg(long, display_order = 101, help_heading = "Sound")]
    pub no_stretch_helper: bool,
    /// Memory for one file, in MiB. A file that needs more is streamed from disk; 256 are 25 minutes of 16-bit stereo
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = value_parser!(u64).range(1..=65_536),
        display_order = 102, help_heading = "Sound")]
    pub memory_limit: u64,
    /// Memory for all files, in bytes, or with k, M, G or T after the number. Files for which no memory is left are
    /// streamed from disk. If not given, it is a quarter of the memory of this machine or its container
    #[arg(long, value_name = "BYTES", value_parser = memory_total, display_order = 103, help_heading = "Sound")]
    pub memory_total: Option<u64>,
    /// Give up loading a file whose disk does not answer for this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = load_timeout, display_order = 104,
        help_heading = "Sound")]
    pub load_timeout: f64,

    /// The flags of the broadcast.
    #[command(flatten)]
    pub broadcast: BroadcastArgs,

    /// Tempo at the start, and the tempo at which files play at their own speed
    #[arg(long, value_name = "BPM", default_value = "120", value_parser = quantity::<Bpm>, help_heading = "Tempo")]
    pub bpm: Bpm,
    /// Beats per bar
    #[arg(long, value_name = "BEATS", default_value_t = 4, value_parser = value_parser!(u8).range(i64::from(*BEATS_PER_BAR.start())..=i64::from(*BEATS_PER_BAR.end())),
        help_heading = "Tempo")]
    pub meter: u8,
    /// File with the table from movement to tempo. If not given, it is ./bpm_config.json
    #[arg(long, value_name = "FILE", help_heading = "Tempo")]
    pub bpm_config: Option<PathBuf>,

    /// The flags of old start scripts.
    #[command(flatten)]
    pub legacy: LegacyArgs,

    /// Score to play
    #[arg(long, value_name = "FILE", requires = "render", help_heading = "Scores")]
    pub score: Option<PathBuf>,
    /// WAV file (32-bit float) into which the score is rendered; no device and no port is opened
    #[arg(long, value_name = "FILE", requires = "score",
        conflicts_with_all = ["output", "record", "record_split", "broadcast", "device", "port", "bind", "allow", "watch"], help_heading = "Scores")]
    pub render: Option<PathBuf>,
    /// Length of the render in seconds. If not given, it ends when all lines were played and everything that plays has ended
    #[arg(long, value_name = "SECONDS", requires = "render", value_parser = seconds, help_heading = "Scores")]
    pub seconds: Option<f64>,

    /// Log the status every second
    #[arg(long, help_heading = "Log")]
    pub watch: bool,
    /// Log as JSON, one object per line
    #[arg(long, help_heading = "Log")]
    pub json: bool,
    /// Log more; given twice, log every message
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Log")]
    pub verbose: u8,
}

impl ServeArgs {
    /// The output and its block size.
    ///
    /// # Errors
    /// When `--device` is a number and there is no such device.
    pub fn output(&self) -> Result<Output, crowd_engine::Error> {
        let output = self.output_without_block_size()?;
        Ok(match self.buffer_size {
            BufferSize::Frames(frames) => output.with_buffer_frames(frames),
            BufferSize::Auto => output.with_adaptive_buffer(),
        })
    }

    fn output_without_block_size(&self) -> Result<Output, crowd_engine::Error> {
        let Some(name) = &self.device else {
            return Ok(self.output.clone().unwrap_or(Output::Device(DeviceConfig::default())));
        };
        let name = match name.parse::<usize>() {
            Err(_) => name.clone(),
            Ok(number) => match crowd_engine::output::devices()?.into_iter().nth(number) {
                Some(device) => device.name,
                None => {
                    let message = "there is no device of that number; `audio-server devices` lists them";
                    return Err(
                        OutputError::new(format!("--device {number}"), OutputErrorKind::NotFound, message).into()
                    );
                }
            },
        };
        Ok(Output::Device(DeviceConfig { name: Some(name), ..DeviceConfig::default() }))
    }

    /// The stretch method of the decks.
    #[must_use]
    pub fn stretch(&self) -> StretchMethod {
        if self.legacy.disable_time_stretch { StretchMethod::PlaybackRate } else { self.stretch_method }
    }

    /// Whether a second thread does part of the stretching.
    pub fn stretch_worker(&self) -> bool {
        !self.no_stretch_helper && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
    }

    /// The startup that the flags give, with the files of [`startup_files`](Self::startup_files).
    #[must_use]
    pub fn startup(&self, files: Vec<StartupFile>) -> Startup {
        self.legacy.startup(self.meter, files)
    }

    /// The decks and paths of the files to load before the first message.
    #[must_use]
    pub fn startup_files(&self) -> Vec<(DeckId, String)> {
        self.legacy.startup_files()
    }

    /// A line for each given old flag, about the effect that it has now.
    #[must_use]
    pub fn notes(&self) -> Vec<&'static str> {
        self.legacy.notes(self.stretch_method)
    }
}
