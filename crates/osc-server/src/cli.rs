//! The command line.

use crate::allow::parse_network;
use crate::app::Opening;
use crate::ids::{Deck, Stretch};
use crate::methods;
use clap::{Args, Parser, Subcommand, value_parser};
use crowd_engine::{DeviceConfig, Error, Gain, Output, Rate, StretchMethod};
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

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

/// Frames per block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferSize {
    /// So many.
    Frames(u32),
    /// As few as this machine can hold, found while it plays.
    Auto,
}

/// The options of the server and of rendering.
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
    #[arg(long, value_name = "CIDR", value_parser = parse_network, help_heading = "Network")]
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
    #[arg(long, value_name = "METHOD", value_enum, default_value = "playback_rate", help_heading = "Sound")]
    pub stretch_method: Stretch,
    /// The same as --stretch-method playback_rate
    #[arg(long, help_heading = "Sound")]
    pub disable_time_stretch: bool,
    /// All stretching on the audio thread. Else, where there is more than one core, a second thread makes high_quality's
    /// frames in the meantime; the samples are the same
    #[arg(long, help_heading = "Sound")]
    pub no_stretch_helper: bool,
    /// Memory for one file, in MiB: what would take more (256 are 25 minutes of 16-bit stereo) is streamed from disk
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = value_parser!(u64).range(1..=65_536),
        help_heading = "Sound")]
    pub memory_limit: u64,
    /// Memory for all files, in bytes or with k, M or G behind the number: what has no room in it is streamed from disk. A
    /// quarter of what this machine, or its container, has unless given
    #[arg(long, value_name = "BYTES", value_parser = memory_total, help_heading = "Sound")]
    pub memory_total: Option<u64>,
    /// Seconds without an answer of its disk after which a file that is being loaded is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = load_timeout, help_heading = "Sound")]
    pub load_timeout: f64,
    /// Equaliser on: the default, kept for old scripts
    #[arg(long, conflicts_with = "disable_filters", help_heading = "Sound")]
    pub enable_filters: bool,
    /// Equaliser off: /deck_eq, /deck_eq_all and /deck_filter are refused
    #[arg(long, help_heading = "Sound")]
    pub disable_filters: bool,
    /// Has no effect any more (there is one equaliser, and it is the fast one); kept for old scripts
    #[arg(long, help_heading = "Sound")]
    pub optimized_filters: bool,

    /// Tempo at the start, and the tempo at which files play at their own speed
    #[arg(long, value_name = "BPM", default_value_t = 120.0, value_parser = bpm, help_heading = "Tempo")]
    pub bpm: f64,
    /// Beats in a bar
    #[arg(long, value_name = "BEATS", default_value_t = 4, value_parser = value_parser!(u8).range(1..=32),
        help_heading = "Tempo")]
    pub meter: u8,
    /// How movement becomes tempo; ./bpm_config.json is read unless given
    #[arg(long, value_name = "FILE", help_heading = "Tempo")]
    pub bpm_config: Option<PathBuf>,

    /// File to play in deck A at the start, over and over
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub a: Option<String>,
    /// File to play in deck B at the start, over and over
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub b: Option<String>,
    /// File to play in deck C at the start, or at --c_at, over and over
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub c: Option<String>,
    /// File to play in deck D at the start, over and over
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub d: Option<String>,
    /// Seconds after the start at which deck C starts
    #[arg(long = "c_at", alias = "c-at", value_name = "SECONDS", value_parser = seconds, help_heading = "At the start")]
    pub c_at: Option<f64>,
    /// File to load for deck C, silent until --c_at or /schedule_c_at
    #[arg(
        long = "c_preload",
        alias = "c-preload",
        value_name = "FILE",
        conflicts_with = "c",
        help_heading = "At the start"
    )]
    pub c_preload: Option<String>,
    /// Speed of the files given here
    #[arg(long, value_name = "RATE", default_value_t = 1.0, value_parser = rate, help_heading = "At the start")]
    pub rate: f64,
    /// Gain of the files given here
    #[arg(long, value_name = "GAIN", default_value_t = 0.8, value_parser = gain, help_heading = "At the start")]
    pub vol: f64,
    /// Gains of decks A and B
    #[arg(long, num_args = 2, value_names = ["A", "B"], value_parser = gain, conflicts_with = "levels",
        help_heading = "At the start")]
    pub ab: Option<Vec<f64>>,
    /// Gains of the four decks
    #[arg(long, num_args = 4, value_names = ["A", "B", "C", "D"], value_parser = gain, help_heading = "At the start")]
    pub levels: Option<Vec<f64>>,

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
    pub fn output(&self) -> crowd_engine::Result<Output> {
        let output = self.place()?;
        Ok(match self.buffer_size {
            BufferSize::Frames(frames) => output.with_buffer_frames(frames),
            BufferSize::Auto => output.with_adaptive_buffer(),
        })
    }

    fn place(&self) -> crowd_engine::Result<Output> {
        let Some(name) = &self.device else {
            return Ok(self.output.clone().unwrap_or(Output::Device(DeviceConfig::default())));
        };
        let name = match name.parse::<usize>() {
            Err(_) => name.clone(),
            Ok(number) => match crowd_engine::output::devices()?.into_iter().nth(number) {
                Some(device) => device.name,
                None => {
                    let cause = "there is no device of that number; `audio-server devices` lists them".into();
                    return Err(Error::Output { output: format!("--device {number}"), cause });
                }
            },
        };
        Ok(Output::Device(DeviceConfig { name: Some(name), ..DeviceConfig::default() }))
    }

    /// How the decks change speed.
    pub fn stretch(&self) -> StretchMethod {
        let wanted = if self.disable_time_stretch { Stretch::PlaybackRate } else { self.stretch_method };
        wanted.method()
    }

    /// Whether a thread helps the audio thread to stretch.
    pub fn helper(&self) -> bool {
        !self.no_stretch_helper && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
    }

    /// What is loaded, set and started before the first message.
    ///
    /// # Errors
    /// None for values that [`Cli`] has checked.
    pub fn opening(&self) -> crowd_engine::Result<Opening> {
        let c = self.c.as_ref().or(self.c_preload.as_ref());
        let files = [(Deck::A, self.a.as_ref()), (Deck::B, self.b.as_ref()), (Deck::C, c), (Deck::D, self.d.as_ref())];
        let mut levels = [None; 4];
        let given = self.ab.iter().chain(&self.levels).flatten();
        for (level, given) in levels.iter_mut().zip(given) {
            *level = Some(Gain::new(*given as f32)?);
        }
        Ok(Opening {
            files: files.into_iter().filter_map(|(deck, path)| Some((deck, path?.clone()))).collect(),
            hold_c: self.c_preload.is_some() || self.c_at.is_some(),
            c_at: self.c_at,
            rate: Rate::new(self.rate)?,
            volume: Gain::new(self.vol as f32)?,
            levels,
            meter: self.meter,
        })
    }

    /// What old flags that were given do now, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<&'static str> {
        [
            (self.enable_filters, "--enable-filters: the equaliser is on by default"),
            (self.disable_filters, "--disable-filters: equaliser messages will be refused"),
            (
                self.optimized_filters,
                "--optimized-filters has no effect: there is one equaliser, and it is the fast one",
            ),
            (
                self.disable_time_stretch && self.stretch_method != Stretch::PlaybackRate,
                "--disable-time-stretch overrides --stretch-method: playback_rate is used",
            ),
        ]
        .into_iter()
        .filter_map(|(given, note)| given.then_some(note))
        .collect()
    }
}

fn within(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|v| range.contains(v));
    number.ok_or_else(|| format!("a number from {} to {} is needed", range.start(), range.end()))
}

fn bpm(text: &str) -> Result<f64, String> {
    within(text, methods::BPM)
}

fn gain(text: &str) -> Result<f64, String> {
    within(text, methods::GAIN)
}

fn rate(text: &str) -> Result<f64, String> {
    within(text, methods::RATE)
}

fn buffer_size(text: &str) -> Result<BufferSize, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(BufferSize::Auto);
    }
    let frames = text.parse().ok().filter(|frames| (16..=8192).contains(frames));
    frames.map(BufferSize::Frames).ok_or_else(|| "a number from 16 to 8192 is needed, or auto".into())
}

fn memory_total(text: &str) -> Result<u64, String> {
    let bytes = crowd_cli::size::bytes(text)?;
    let enough = (16 << 20..=1 << 44).contains(&bytes);
    enough.then_some(bytes).ok_or_else(|| format!("{bytes} bytes: from 16M on, to 16384G, is possible"))
}

fn load_timeout(text: &str) -> Result<f64, String> {
    within(text, 0.5..=3_600.0)
}

fn minutes(text: &str) -> Result<f64, String> {
    within(text, 0.1..=1_440.0)
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.0..=86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(words: &str) -> Result<Cli, String> {
        Cli::try_parse_from(["audio-server"].into_iter().chain(words.split_whitespace())).map_err(|e| e.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn start_scripts_of_the_old_server_still_work() {
        let old = "--port 57122 --device 3 --buffer-size 512 --enable-filters --optimized-filters --bpm 118 \
            --stretch-method audiotsm --a x.wav --b y.wav --c z.wav --d w.wav --c_at 12.5 --rate 1.1 --vol .7 \
            --levels 1 0.5 0 0 --watch --meter 3 --bpm-config bpm.json";
        let serve = parse(old).unwrap().serve;
        assert_eq!((serve.port, serve.bpm, serve.meter), (57_122, 118.0, 3));
        assert_eq!(serve.buffer_size, BufferSize::Frames(512));
        assert_eq!(serve.device.as_deref(), Some("3"));
        assert_eq!(serve.stretch(), StretchMethod::Wsola);
        assert_eq!(serve.levels, Some(vec![1.0, 0.5, 0.0, 0.0]));
        assert_eq!(serve.notes().len(), 2);
        let serve =
            parse("--disable-filters --disable-time-stretch --stretch-method pyrubberband --c_preload z.wav --ab 1 0")
                .unwrap()
                .serve;
        assert_eq!(serve.stretch(), StretchMethod::PlaybackRate);
        assert_eq!(serve.ab, Some(vec![1.0, 0.0]));
        for name in ["high_quality", "hq", "pyrubberband"] {
            let serve = parse(&format!("--stretch-method {name}")).unwrap().serve;
            assert_eq!(serve.stretch_method, Stretch::HighQuality);
        }
    }

    #[test]
    fn without_flags_only_this_machine_is_heard() {
        let serve = parse("").unwrap().serve;
        assert!(serve.bind.is_loopback());
        assert_eq!((serve.port, serve.bpm), (57_120, 120.0));
        let device = DeviceConfig { buffer_frames: Some(1_024), ..DeviceConfig::default() };
        assert_eq!(serve.output().unwrap(), Output::Device(device));
        assert_eq!(serve.notes(), [""; 0]);
    }

    #[test]
    fn a_buffer_may_find_its_size_itself() {
        let output = |words: &str| parse(words).unwrap().serve.output().unwrap();
        let device = DeviceConfig { adaptive: true, ..DeviceConfig::default() };
        assert_eq!(output("--buffer-size auto"), Output::Device(device));
        assert_eq!(output("--buffer-size AUTO --output null"), Output::Null { buffer_frames: None });
        assert_eq!(output("--buffer-size 256 --output null"), Output::Null { buffer_frames: Some(256) });
    }

    #[test]
    fn wrong_command_lines_say_why() {
        for (words, says) in [
            ("--output tape", "`null` or `file:PATH`"),
            ("--output file:", "`null` or `file:PATH`"),
            ("--output null --device x", "cannot be used with"),
            ("--score x", "--render <FILE>"),
            ("--render x", "--score <FILE>"),
            ("--score x --render y --output null", "cannot be used with"),
            ("--seconds 3", "--render <FILE>"),
            ("--bpm NaN", "a number from 20 to 400"),
            ("--bpm 0", "a number from 20 to 400"),
            ("--ab 1", "2 values required"),
            ("--ab 1 x", "a number from 0 to 4"),
            ("--allow lan", "is not a network"),
            ("--bind here", "invalid value 'here'"),
            ("--port 70000", "70000"),
            ("--memory-total 200", "200 bytes: from 16M on"),
            ("--memory-total some", "k, M or G"),
            ("--load-timeout 0", "a number from 0.5 to 3600"),
            ("--buffer-size 0", "a number from 16 to 8192 is needed, or auto"),
            ("--buffer-size small", "a number from 16 to 8192 is needed, or auto"),
            ("--enable-filters --disable-filters", "cannot be used with"),
            ("--c x --c_preload y", "cannot be used with"),
            ("--stretch-method fast", "playback_rate, wsola, high_quality"),
            ("--port 1 devices", "cannot be used with"),
        ] {
            let error = parse(words).map(|_| ()).expect_err(words);
            assert!(error.contains(says), "{words}: {error}");
        }
    }
}
