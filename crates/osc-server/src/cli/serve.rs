//! How the server serves, and renders.

use super::legacy::LegacyArgs;
use super::values::{BufferSize, buffer_size, load_timeout, memory_total, minutes, quantity, seconds, stretch};
use crate::app::{Opening, Wanted};
use crate::methods::BEATS;
use clap::{Args, value_parser};
use crowd_cli::network::{self, IpNet};
use crowd_engine::output::{OutputError, OutputErrorKind};
use crowd_engine::{Bpm, DeckId, DeviceConfig, Output, StretchMethod};
use std::net::IpAddr;
use std::path::PathBuf;

/// The options of the server and of rendering.
///
/// Flags of one heading are listed as they stand here; `display_order` keeps those of [`LegacyArgs`] among them.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "command line switches")]
pub struct Serve {
    /// UDP port to listen on; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 57_120, help_heading = "Network")]
    pub port: u16,
    /// Address to listen on; 0.0.0.0 for all networks
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "Network")]
    pub bind: IpAddr,
    /// Network that may send messages (repeatable); private networks unless given. This machine always may
    #[arg(long, value_name = "CIDR", value_parser = network::parse, help_heading = "Network")]
    pub allow: Vec<IpNet>,
    /// Folder that files must lie in. Without it: any file when listening on this machine only, else the current folder
    #[arg(long, value_name = "DIR", help_heading = "Network")]
    pub media_root: Option<PathBuf>,

    /// Where the sound goes: null, file:PATH or device:NAME
    #[arg(long, value_name = "OUTPUT", conflicts_with = "device", help_heading = "Sound")]
    pub output: Option<Output>,

    /// Record what is played, beside any output, as a float WAV or (NAME.flac) a 24-bit FLAC. It can be read at any moment, and
    /// gets a number (NAME-2.wav) when there is such a file
    #[arg(long, value_name = "PATH", help_heading = "Sound")]
    pub record: Option<PathBuf>,
    /// Begin another file of the recording every so many minutes, 0.1 to 1440
    #[arg(long, value_name = "MINUTES", value_parser = minutes, help_heading = "Sound")]
    pub record_split: Option<f64>,
    /// Device to play on, by its name or its number in `audio-server devices`
    #[arg(long, value_name = "NAME", help_heading = "Sound")]
    pub device: Option<String>,
    /// Frames per block: less is quicker to react, more is safer; auto begins with 512 and doubles when blocks come late
    #[arg(long, value_name = "FRAMES", default_value = "1024", value_parser = buffer_size, help_heading = "Sound")]
    pub buffer_size: BufferSize,
    /// Sample rate in Hz; unless given, a device's own, and 44100 without a device
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(8_000..=192_000), help_heading = "Sound")]
    pub sample_rate: Option<u32>,
    /// How decks change speed until told otherwise (audiotsm is taken for wsola, pyrubberband and hq for high_quality)
    #[arg(long, value_name = "METHOD", value_parser = stretch(), default_value = "playback_rate", help_heading = "Sound")]
    pub stretch_method: StretchMethod,
    /// All stretching on the audio thread. Else, where there is more than one core, a second thread makes high_quality's
    /// frames in the meantime; the samples are the same
    #[arg(long, display_order = 101, help_heading = "Sound")]
    pub no_stretch_helper: bool,
    /// Memory for one file, in MiB: what would take more (256 are 25 minutes of 16-bit stereo) is streamed from disk
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = value_parser!(u64).range(1..=65_536),
        display_order = 102, help_heading = "Sound")]
    pub memory_limit: u64,
    /// Memory for all files, in bytes or with k, M, G or T behind the number: what has no room in it is streamed from disk. A
    /// quarter of what this machine, or its container, has unless given
    #[arg(long, value_name = "BYTES", value_parser = memory_total, display_order = 103, help_heading = "Sound")]
    pub memory_total: Option<u64>,
    /// Seconds without an answer of its disk after which a file that is being loaded is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = load_timeout, display_order = 104,
        help_heading = "Sound")]
    pub load_timeout: f64,

    /// Tempo at the start, and the tempo at which files play at their own speed
    #[arg(long, value_name = "BPM", default_value = "120", value_parser = quantity::<Bpm>, help_heading = "Tempo")]
    pub bpm: Bpm,
    /// Beats in a bar
    #[arg(long, value_name = "BEATS", default_value_t = 4, value_parser = value_parser!(u8).range(i64::from(*BEATS.start())..=i64::from(*BEATS.end())),
        help_heading = "Tempo")]
    pub meter: u8,
    /// How movement becomes tempo; ./bpm_config.json is read unless given
    #[arg(long, value_name = "FILE", help_heading = "Tempo")]
    pub bpm_config: Option<PathBuf>,

    /// What start scripts of the server before this one say.
    #[command(flatten)]
    pub legacy: LegacyArgs,

    /// Score to play
    #[arg(long, value_name = "FILE", requires = "render", help_heading = "Scores")]
    pub score: Option<PathBuf>,
    /// WAV file (32-bit float) to render the score to; no device is opened and no port
    #[arg(long, value_name = "FILE", requires = "score",
        conflicts_with_all = ["output", "record", "record_split", "device", "port", "bind", "allow", "watch"], help_heading = "Scores")]
    pub render: Option<PathBuf>,
    /// How long to render; until the last line and everything that plays has ended unless given
    #[arg(long, value_name = "SECONDS", requires = "render", value_parser = seconds, help_heading = "Scores")]
    pub seconds: Option<f64>,

    /// Log the status every second
    #[arg(long, help_heading = "Log")]
    pub watch: bool,
    /// Log as JSON, one object a line
    #[arg(long, help_heading = "Log")]
    pub json: bool,
    /// Log more; twice for every message
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Log")]
    pub verbose: u8,
}

impl Serve {
    /// Where the sound goes, in blocks of which size.
    ///
    /// # Errors
    /// When `--device` is a number and there is no such device.
    pub fn output(&self) -> Result<Output, crowd_engine::Error> {
        let output = self.place()?;
        Ok(match self.buffer_size {
            BufferSize::Frames(frames) => output.with_buffer_frames(frames),
            BufferSize::Auto => output.with_adaptive_buffer(),
        })
    }

    fn place(&self) -> Result<Output, crowd_engine::Error> {
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

    /// How the decks change speed.
    #[must_use]
    pub fn stretch(&self) -> StretchMethod {
        if self.legacy.disable_time_stretch { StretchMethod::PlaybackRate } else { self.stretch_method }
    }

    /// Whether a thread helps the audio thread to stretch.
    pub fn helper(&self) -> bool {
        !self.no_stretch_helper && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
    }

    /// What is set and started before the first message, with the files of [`music`](Self::music).
    #[must_use]
    pub fn opening(&self, files: Vec<Wanted>) -> Opening {
        self.legacy.opening(self.meter, files)
    }

    /// The files to load before the first message, with their decks.
    #[must_use]
    pub fn music(&self) -> Vec<(DeckId, String)> {
        self.legacy.music()
    }

    /// What old flags that were given do now, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<&'static str> {
        self.legacy.notes(self.stretch_method)
    }
}
