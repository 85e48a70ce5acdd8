//! Plays music until it is stopped.

mod controller;
mod lines;
mod log_file;
mod osc;
mod pcm;
mod request;
mod sink;

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use crowd_cli::UsageError;
use crowd_cli::path::display_text;
use crowd_engine::{DeviceConfig, Output, SampleRate};

use self::controller::{Answer, Controller};
use self::log_file::LogFile;
use self::osc::ErrorLimit;
use self::pcm::FADE_SECONDS;
pub use self::pcm::PcmFormat;
use self::request::Request;
use self::sink::{Opened, Sink};
use super::music_options::MusicOptions;
use super::values::{frames_in, seconds};
use crate::live_session::{LiveSession, Steering};
use crate::steering::change::SteeringError;
use crate::steering::log::{Header, SoundFontFile};
use crate::steering::steered_session::SteeredSession;
use crate::synth::sound_font::SoundFont;

/// Lines and datagrams that wait.
const INBOX: usize = 256;
/// How often the loop looks whether it is to end.
const POLL: Duration = Duration::from_millis(50);
/// The sample rate of raw PCM without `--sample-rate`.
const PCM_RATE: u32 = 48_000;

/// The options of playing.
#[derive(Clone, Debug, Args)]
pub struct PlayOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub music: MusicOptions,
    /// The seed: the same seed makes the same music. Without it the clock chooses one, which is printed
    #[arg(long, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Where the sound goes: device, device:NAME, null or file:PATH; the usual device without
    #[arg(long, value_name = "OUTPUT")]
    pub output: Option<Output>,
    /// Write raw stereo to standard output, as fast as it is read
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "output")]
    pub stdout: Option<PcmFormat>,
    /// Frames a second; that of the device without, or 48000 with --stdout
    #[arg(long, value_name = "HERTZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    pub sample_rate: Option<u32>,
    /// A sound font (SF2) whose instruments are played in place of the built-in ones; drums stay built in
    #[arg(long, value_name = "FILE.sf2")]
    pub soundfont: Option<PathBuf>,
    /// End after this time
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// Listen for OSC messages on this address: /gen/prompt and /gen/config
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub osc: Option<SocketAddr>,
    /// Write a log with which `render --replay` makes the same music again. An existing file is kept, and the new one gets a number
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Print the seed and each status as a line of JSON on standard output
    #[arg(long, conflicts_with = "stdout")]
    pub json: bool,
    /// Print nothing but errors and what is asked for
    #[arg(long, short)]
    pub quiet: bool,
}

/// What the loop receives.
enum Input {
    Line(Result<String, String>),
    Datagram(Vec<u8>),
}

/// Plays until a signal, the line `quit` or the end of `--seconds`.
///
/// # Errors
/// A [`UsageError`], and errors of the output, of the port and of files.
pub fn play(options: &PlayOptions) -> Result<(), Box<dyn Error>> {
    let (start, words) = (options.music.start()?, options.music.words()?);
    let font = options.soundfont.as_deref().map(SoundFont::read).transpose()?;
    let seed = options.seed.unwrap_or_else(seed_of_clock);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    crowd_cli::stop::on_signal(move || flag.store(true, Ordering::Relaxed))?;
    let socket = match options.osc {
        Some(address) => Some(osc::open(address).map_err(|error| format!("--osc {address}: {error}"))?),
        None => None,
    };
    let opened = open(options)?;
    let rate = opened.sample_rate();
    let mut header = Header::new(rate, seed, start);
    header.vocabulary = words.added;
    let mut music = SteeredSession::new(rate, seed, words.vocabulary, &header.start)?;
    if let Some(font) = &font {
        music.set_sound_font(font)?;
        header.sound_font = Some(SoundFontFile::of(font));
    }
    let log = options.log.as_ref().map(|path| LogFile::create(path, &header)).transpose()?;
    tell_start(options, seed, &opened, &music, log.as_ref());

    let (mut live, steering) = LiveSession::new(music);
    if let Some(log) = log.clone() {
        live = live.on_change(move |frame, change| log.change(frame, change));
    }
    let frames = options.seconds.map(|seconds| frames_in(seconds, rate).max(1));
    let mut sink = opened.play(live, frames)?;
    let (sender, inbox) = sync_channel(INBOX);
    listen(&sender, socket, &stop)?;
    let controller = Controller::new(steering.clone(), header.start.config, seed, options.json);
    let mut desk = Desk { controller, log: log.clone(), errors: ErrorLimit::default() };
    let result = desk.run(&inbox, &mut sink, &steering, options.seconds, &stop);
    // The threads that read end with the program, or find that the channel is closed.
    drop(inbox);
    stop.store(true, Ordering::Relaxed);
    let closed = sink.close();
    if let Some(log) = &log {
        log.end(steering.status().frame);
        log.take_error().iter().for_each(|problem| report(problem));
    }
    result.and(closed)
}

/// A seed of nine digits or fewer, which is easily written down.
fn seed_of_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    crate::types::dice::Dice::new(now, "seed", 0, 0).bits() % 1_000_000_000
}

fn open(options: &PlayOptions) -> Result<Opened, Box<dyn Error>> {
    let rate = options.sample_rate.map(SampleRate::new).transpose().map_err(UsageError::from_error)?;
    if let Some(format) = options.stdout {
        let rate = rate.map_or_else(|| SampleRate::new(PCM_RATE), Ok)?;
        return Ok(Opened::Pcm(format, rate));
    }
    let output = options.output.clone().unwrap_or(Output::Device(DeviceConfig::default()));
    Ok(Opened::engine(output, rate)?)
}

fn tell_start(options: &PlayOptions, seed: u64, opened: &Opened, music: &SteeredSession, log: Option<&LogFile>) {
    let rate = opened.sample_rate();
    if options.json {
        println!("{{\"seed\":{seed},\"sample_rate\":{rate}}}");
    }
    if options.quiet {
        return;
    }
    music.status().not_understood.iter().for_each(|sentence| report(sentence));
    eprintln!("seed {seed}, {rate} Hz, on {}; `help` lists the lines that steer", opened.name());
    if let Some(log) = log {
        eprintln!("log {}", display_text(log.path()));
    }
}

/// Starts the threads that read lines and datagrams.
fn listen(sender: &SyncSender<Input>, socket: Option<UdpSocket>, stop: &Arc<AtomicBool>) -> Result<(), Box<dyn Error>> {
    let lines = sender.clone();
    thread::Builder::new().name("lines".to_owned()).spawn(move || {
        lines::read(std::io::stdin().lock(), |line| lines.send(Input::Line(line)).is_ok());
    })?;
    let Some(socket) = socket else { return Ok(()) };
    let (datagrams, stop) = (sender.clone(), Arc::clone(stop));
    thread::Builder::new().name("osc".to_owned()).spawn(move || {
        // A byte more than allowed, so that a larger datagram is recognised.
        let mut buffer = vec![0; osc::LARGEST_DATAGRAM + 1];
        while !stop.load(Ordering::Relaxed) {
            // Errors are time-outs, or reports that an earlier sender is gone.
            let Ok((size, _)) = socket.recv_from(&mut buffer) else { continue };
            let bytes = buffer.get(..size).unwrap_or_default().to_vec();
            // A datagram that comes while many wait is dropped, as on a network.
            if let Err(TrySendError::Disconnected(_)) = datagrams.try_send(Input::Datagram(bytes)) {
                return;
            }
        }
    })?;
    Ok(())
}

fn report(problem: &str) {
    eprintln!("music-generator: {problem}");
}

/// Answers lines and datagrams.
struct Desk {
    controller: Controller,
    log: Option<LogFile>,
    errors: ErrorLimit,
}

impl Desk {
    /// Answers until the music is to end.
    fn run(
        &mut self,
        inbox: &Receiver<Input>,
        sink: &mut Sink,
        steering: &Steering,
        seconds: Option<f64>,
        stop: &AtomicBool,
    ) -> Result<(), Box<dyn Error>> {
        while !stop.load(Ordering::Relaxed) && !sink.has_ended()? {
            let over = |seconds: f64| steering.status().seconds >= seconds - FADE_SECONDS;
            if matches!(sink, Sink::Engine(_)) && seconds.is_some_and(over) {
                return Ok(());
            }
            if let Some(problem) = self.log.as_ref().and_then(LogFile::take_error) {
                report(&problem);
            }
            match inbox.recv_timeout(POLL) {
                Ok(Input::Line(line)) => {
                    if self.line(line)? {
                        return Ok(());
                    }
                }
                Ok(Input::Datagram(bytes)) => self.datagram(&bytes),
                // Nothing came in time. The other end lives as long as this loop.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Carries out a line. True when the music is to end.
    fn line(&mut self, line: Result<String, String>) -> Result<bool, Box<dyn Error>> {
        match line.and_then(|line| request::read_line(&line)) {
            Ok(None) => Ok(false),
            Err(problem) => {
                report(&problem);
                Ok(false)
            }
            Ok(Some(request)) => {
                let answer = self.perform_when_there_is_room(request);
                Self::answer(answer)
            }
        }
    }

    /// Lines come from people and scripts: when many come at once, they wait for each other.
    fn perform_when_there_is_room(&mut self, request: Request) -> Result<Answer, SteeringError> {
        let begin = Instant::now();
        loop {
            match self.controller.perform(request.clone()) {
                Err(SteeringError::Full(_)) if begin.elapsed() < Duration::from_secs(2) => thread::sleep(POLL / 5),
                answer => return answer,
            }
        }
    }

    fn answer(answer: Result<Answer, SteeringError>) -> Result<bool, Box<dyn Error>> {
        match answer {
            Ok(Answer::Done) => {}
            Ok(Answer::Text(text)) => eprintln!("{text}"),
            Ok(Answer::Json(text)) => crowd_cli::print(|out| writeln!(out, "{text}"))?,
            Ok(Answer::Quit) => return Ok(true),
            Err(error) => report(&error.to_string()),
        }
        Ok(false)
    }

    fn datagram(&mut self, bytes: &[u8]) {
        for request in osc::read_datagram(bytes) {
            let answer =
                request.and_then(|request| self.controller.perform(request).map_err(|error| error.to_string()));
            let problem = match answer {
                Ok(Answer::Text(text)) | Err(text) => text,
                Ok(_) => continue,
            };
            if let Some(text) = self.errors.text(&problem, Instant::now()) {
                report(&format!("OSC: {text}"));
            }
        }
    }
}
