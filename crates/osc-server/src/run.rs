//! What the program does, by subcommand.

use crate::allow::Allow;
use crate::app::{self, App, Files, Loader, Memory, STEMS, Settings};
use crate::bpm_config::{self, BpmConfig};
use crate::check::{self as checker, Advice, Cost, Measured};
use crate::cli::{BufferSize, Serve};
use crate::limits::{self, Lock};
use crate::live::{self, Desk};
use crate::media_root::{MediaRoot, PathError};
use crate::net::{self, Received};
use crate::{ram, render as renderer, score};
use crossbeam_channel::bounded;
use crowd_cli::log::Clock;
use crowd_cli::names;
use crowd_engine::{DeckId, Engine, EngineConfig, Output, SampleRate, StretchMethod};
use serde_json::json;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Memory for files where the system does not tell how much there is.
const UNTOLD_MEMORY: u64 = 1 << 30;

/// Commands that may be on their way to the engine: some bursts of a thousand messages.
const QUEUE: usize = 16_384;

/// The largest block, in frames, that advice is given for: what the server plays in unless told otherwise.
const ADVISED: usize = 1_024;

/// What allows realtime priority.
const REALTIME: &str = "Allow it with `@audio - rtprio 70` in /etc/security/limits.d/audio.conf";

/// Where the movement table is looked for unless a file is named.
const BPM_CONFIG: &str = "bpm_config.json";

/// Why the program ends with status 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine or its output.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The rendering.
    #[error(transparent)]
    Render(#[from] renderer::RenderError),
    /// The network.
    #[error(transparent)]
    Net(#[from] crate::net::NetError),
    /// The output, while it played.
    #[error("{0}")]
    Ended(String),
    /// A file the user named.
    #[error("{what} {path}: {cause}")]
    File {
        /// What it was to be.
        what: &'static str,
        /// The path.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Music the user named.
    #[error("--{}: {error}", deck.to_string().to_ascii_lowercase())]
    Music {
        /// The deck it was for.
        deck: DeckId,
        /// What is wrong with its path.
        error: PathError,
    },
    /// The system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Error {
    fn file(what: &'static str, path: &Path, cause: impl ToString) -> Self {
        Self::File { what, path: path.display().to_string(), cause: cause.to_string() }
    }
}

/// Serves until a signal ends it.
///
/// # Errors
/// When the port or the output cannot be opened, the output ends for good, or a recording cannot be finished.
pub fn serve(serve: &Serve) -> Result<(), Error> {
    let bpm = read_bpm_config(serve)?;
    let allow = Allow::new(serve.allow.clone());
    let media = media_root(serve)?;
    find_music(serve, &media)?;
    let socket = net::open(SocketAddr::new(serve.bind, serve.port))?;
    tell(serve);
    let (signal, stop) = bounded(1);
    ctrlc::set_handler(move || {
        // A second signal finds the channel full, and the server stopping.
        let _stopping = signal.try_send(());
    })
    .map_err(io::Error::other)?;

    let mut engine = open_engine(serve)?;
    match limits::lock_memory() {
        locked @ Lock::Locked => tracing::info!("{locked}"),
        other => tracing::warn!("{other}"),
    }
    let mut settings = Settings::new(engine.sample_rate(), bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let app = start_app(settings, serve, media)?;
    let address = socket.local_addr()?;
    tracing::info!("listening on {address}, for {}", senders(address.ip(), &allow));

    let (counts, ended) = (Received::default(), AtomicBool::new(false));
    let (deliver, inbox) = bounded(net::INBOX);
    let late_hint = late_hint(serve);
    let result = thread::scope(|scope| {
        scope.spawn(|| net::receive(&socket, &allow, &deliver, &counts, &ended));
        let desk = Desk {
            engine: &mut engine,
            app,
            socket: &socket,
            inbox: &inbox,
            counts: &counts,
            stop: &stop,
            watch: serve.watch,
            late_hint,
        };
        let result = live::serve(desk);
        ended.store(true, Ordering::Relaxed);
        result
    });
    let closed = engine.close();
    result.map_err(Error::Ended)?;
    Ok(closed?)
}

/// What helps when blocks come late: a larger block where there is a device.
fn late_hint(serve: &Serve) -> &'static str {
    match (&serve.output, serve.buffer_size) {
        (Some(Output::Null { .. } | Output::File { .. }), _) => ": this machine has too little time for the mix",
        (_, BufferSize::Auto) => "",
        (_, BufferSize::Frames(_)) => ": raise --buffer-size, or say auto?",
    }
}

/// Opens the output.
fn open_engine(serve: &Serve) -> Result<Engine, Error> {
    let mut builder = Engine::builder().stems(STEMS).queue(QUEUE).base_tempo(serve.bpm);
    builder = builder.stretch(serve.stretch()).helper(serve.helper());
    if let Some(rate) = serve.sample_rate {
        builder = builder.sample_rate(SampleRate::new(rate)?);
    }
    if let Some(path) = &serve.record {
        builder = builder.record(path);
    }
    if let Some(minutes) = serve.record_split {
        builder = builder.record_split(Duration::from_secs_f64(60.0 * minutes));
    }
    let engine = builder.open(serve.output()?)?;
    if let Some(health) = engine.health() {
        tracing::info!("playing on {} at {}", health.output, health.sample_rate);
    }
    Ok(engine)
}

/// Which files may be opened: those of `--media-root`; without it, any when only this machine is listened to, else
/// those of the current folder.
fn media_root(serve: &Serve) -> Result<MediaRoot, Error> {
    let folder = match &serve.media_root {
        Some(folder) => folder.as_path(),
        None if serve.bind.is_loopback() => return Ok(MediaRoot::unrestricted()),
        None => Path::new("."),
    };
    let media = MediaRoot::new(folder).map_err(|error| Error::file("--media-root", folder, error))?;
    if let Some(folder) = media.folder() {
        tracing::info!("files are opened from {} only", folder.display());
    }
    Ok(media)
}

/// Checks that the files of `--a` to `--d` are there: a name that was mistyped ends the program before anything sounds.
fn find_music(serve: &Serve, media: &MediaRoot) -> Result<(), Error> {
    for (deck, path) in serve.opening().files {
        media.resolve(&path).map_err(|error| Error::Music { deck, error })?;
    }
    Ok(())
}

/// Who is listened to, in words.
fn senders(bind: IpAddr, allow: &Allow) -> String {
    if bind.is_loopback() {
        return "this machine only".into();
    }
    let networks: Vec<_> = allow.networks().iter().map(ToString::to_string).collect();
    format!("this machine and {}", networks.join(", "))
}

/// Lists the devices.
///
/// # Errors
/// When there is no sound system to ask, or `out` takes nothing.
pub fn devices(json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let devices = crowd_engine::output::devices()?;
    if devices.is_empty() && !json {
        writeln!(out, "no devices; --output null and --output file:PATH need none")?;
    }
    for (n, d) in devices.iter().enumerate() {
        let range = |r: &RangeInclusive<u32>| format!("{} to {}", r.start(), r.end());
        if json {
            let buffer = d.buffer_frames.as_ref().map(|r| [*r.start(), *r.end()]);
            let line = json!({
                "number": n, "name": d.name, "description": d.description, "backend": d.backend,
                "default": d.is_default,
                "channels": [d.channels.start(), d.channels.end()],
                "sample_rates": [d.sample_rates.start(), d.sample_rates.end()], "buffer_frames": buffer,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(out, "{n:>3}  {}{}", d.name, if d.is_default { "  (default)" } else { "" })?;
        let buffers = d.buffer_frames.as_ref().map_or_else(|| "any".into(), range);
        writeln!(
            out,
            "     {}, through {}; up to {} channels, {} Hz, blocks of {buffers} frames",
            d.description,
            d.backend,
            d.channels.end(),
            range(&d.sample_rates),
        )?;
    }
    Ok(())
}

/// Renders a score.
///
/// # Errors
/// When the score cannot be read, or the file not be written. Refused messages are told, but are no error.
pub fn render(serve: &Serve) -> Result<renderer::Summary, Error> {
    let (Some(score), Some(out)) = (&serve.score, &serve.render) else {
        return Err(io::Error::other("--score and --render belong together").into());
    };
    let score = &names::find(score).map_err(|error| Error::file("score", score, error))?;
    let text = std::fs::read(score).map_err(|error| Error::file("score", score, error))?;
    let text = String::from_utf8(text)
        .map_err(|_| Error::file("score", score, "is no text: a score has a message in each line"))?;
    let lines = score::read(&text).map_err(|error| Error::file("score", score, error))?;
    let media = match &serve.media_root {
        Some(folder) => MediaRoot::new(folder).map_err(|error| Error::file("--media-root", folder, error))?,
        None => MediaRoot::unrestricted(),
    };
    find_music(serve, &media)?;
    tell(serve);
    let sample_rate = serve.sample_rate.map_or(Ok(SampleRate::CD), SampleRate::new)?;
    let bpm = read_bpm_config(serve)?;
    let mut settings = Settings::new(sample_rate, bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let mut app = start_app(settings, serve, media)?;
    let base_tempo = serve.bpm;
    let stretch = serve.stretch();
    let config =
        EngineConfig { sample_rate, base_tempo, stretch, stems: STEMS, queue: QUEUE, ..EngineConfig::default() };
    let summary = renderer::render(config, &mut app, &lines, out, serve.seconds)?;
    if summary.unplayed > 0 {
        tracing::warn!("{} lines of the score lie behind the end and were not played", summary.unplayed);
    }
    let length = Clock(crowd_engine::Frames(summary.frames).seconds(sample_rate));
    let cut = if summary.loops_cut { "; loops were cut off, say --seconds for more" } else { "" };
    tracing::info!(
        "{}: {length}, peak {:.1} dBFS, limiter {:.1} dB, {} messages, {} refused{cut}",
        out.display(),
        20.0 * summary.peak.log10(),
        20.0 * summary.limiter_gain.log10(),
        summary.messages,
        summary.refused,
    );
    if summary.damaged > 0 {
        tracing::warn!("{} of the files it plays are damaged: something of them is missing or silent", summary.damaged);
    }
    Ok(summary)
}

/// Measures this machine, and says which buffer sizes and which methods it supports.
///
/// # Errors
/// When the engine cannot be made, or `out` takes nothing.
pub fn check(sample_rate: u32, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let rate = SampleRate::new(sample_rate)?;
    let mut all = Vec::with_capacity(StretchMethod::ALL.len());
    for method in StretchMethod::ALL {
        let measured = Measured { method: *method, costs: checker::measure(*method, rate)? };
        let (safe, costs) = (measured.safe(true), &measured.costs);
        all.push(measured.clone());
        let now = checker::smallest_safe(costs, Cost::fits_now);
        if json {
            for cost in costs {
                let line = json!({
                    "method": method.name(), "frames": cost.frames, "period_us": micros(cost.period),
                    "mean_us": micros(cost.mean), "slow_us": micros(cost.slow), "waited_us": micros(cost.waited),
                    "load": cost.load(), "fits": cost.fits(), "fits_now": cost.fits_now(),
                });
                writeln!(out, "{line}")?;
            }
            writeln!(out, "{}", json!({ "method": method.name(), "buffer_size": safe, "buffer_size_now": now }))?;
            continue;
        }
        writeln!(out, "{method}: four decks at 118/120 of their speed, equaliser and limiter at work, {rate}\n")?;
        writeln!(out, "  frames   a block lasts   takes (mean)   (1 in 1000)   with interruptions   of one core")?;
        for cost in costs {
            writeln!(
                out,
                "  {:>6}   {:>10.2} ms   {:>9.1} us   {:>8.1} us   {:>15.1} us   {:>8.2} %",
                cost.frames,
                micros(cost.period) / 1000.0,
                micros(cost.mean),
                micros(cost.slow),
                micros(cost.waited),
                100.0 * cost.load(),
            )?;
        }
        let size = |safe: Option<usize>| safe.map_or_else(|| "none of these".into(), |n| format!("{n} and up"));
        writeln!(out, "\nsafe for --buffer-size, with realtime priority:                  {}", size(safe))?;
        writeln!(out, "without it, if this machine stays no busier than it is just now: {}\n", size(now))?;
    }
    let (realtime, memory) = (limits::realtime(), limits::memory());
    let advice = checker::advise(&all, ADVISED, realtime);
    if json {
        let (method, buffer) = advice.four_decks.unzip();
        let fewer = advice.fewer.map(|(method, decks)| json!({ "method": method.name(), "decks": decks }));
        writeln!(
            out,
            "{}",
            json!({
                "advice": method.map(StretchMethod::name), "buffer_size": buffer, "fewer": fewer, "realtime": realtime,
                "memory_locked": memory == Lock::Locked,
            })
        )?;
    } else {
        match realtime {
            true => writeln!(out, "realtime priority: allowed")?,
            false => writeln!(out, "realtime priority: not allowed. {REALTIME}")?,
        }
        match &memory {
            Lock::Locked => writeln!(out, "memory may be locked, and is while the server runs\n")?,
            other => writeln!(out, "{other}\n")?,
        }
        let larger = checker::advise(&all, usize::MAX, realtime).four_decks;
        writeln!(out, "{}", in_words(advice, larger, realtime))?;
    }
    Ok(())
}

/// What to do with a machine, in a sentence or two. `larger`: what it can hold in blocks of any size.
fn in_words(advice: Advice, larger: Option<(StretchMethod, usize)>, realtime: bool) -> String {
    let with = if realtime { "" } else { ", as long as it is no busier than now, for it gets no realtime priority" };
    let Some((method, frames)) = advice.four_decks else {
        return match larger {
            Some((method, frames)) => {
                format!("Four decks: only with a large block, --stretch-method {method} --buffer-size {frames}{with}.")
            }
            None => format!("This machine cannot play four decks in blocks of any of these sizes{with}."),
        };
    };
    let said = format!("Four decks: --stretch-method {method} --buffer-size {frames} or more{with}.");
    match advice.fewer {
        None => said,
        Some((better, decks)) => format!("{said}\nAt most {decks} at a time can have {better} (/deck/stretch)."),
    }
}

fn micros(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Says what the command line means, where that is not what it seems.
fn tell(serve: &Serve) {
    for note in serve.notes() {
        tracing::info!("{note}");
    }
}

/// The app with what the command line says, before its first message.
fn start_app(mut settings: Settings, serve: &Serve, media: MediaRoot) -> Result<App, Error> {
    settings.filters = !serve.legacy.disable_filters;
    settings.stretch = serve.stretch();
    let total = serve.memory_total.unwrap_or_else(|| ram::bytes().map_or(UNTOLD_MEMORY, |bytes| bytes / 4));
    tracing::debug!("files take {} MiB of memory at most", total >> 20);
    let memory = Memory::new(total);
    let decode = app::decoder(settings.sample_rate, serve.memory_limit << 20, memory.clone());
    let timeout = Duration::from_secs_f64(serve.load_timeout);
    let loader = Loader::start(Files { memory, timeout, ..Files::new(media, decode) })?;
    let mut app = App::new(settings, loader);
    app.open_with(&serve.opening());
    Ok(app)
}

/// The movement table of the file that was named, or of the one in the current folder if there is one.
fn read_bpm_config(serve: &Serve) -> Result<BpmConfig, Error> {
    let base = serve.bpm;
    let path = serve.bpm_config.as_deref().unwrap_or(Path::new(BPM_CONFIG));
    let found = serve.bpm_config.as_deref().map(names::find).transpose();
    let path = &found.map_err(|error| Error::file("--bpm-config", path, error))?.unwrap_or_else(|| path.to_owned());
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if serve.bpm_config.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(BpmConfig::new(base));
        }
        Err(error) => return Err(Error::file("--bpm-config", path, error)),
    };
    let (config, notes) = match bpm_config::read(&text, base) {
        Ok(read) => read,
        Err(problem) => {
            tracing::warn!("{}: {problem}: the default movement table is used", path.display());
            return Ok(BpmConfig::new(base));
        }
    };
    tracing::info!("movement table read from {}", path.display());
    for note in notes {
        tracing::warn!("{}: {note}", path.display());
    }
    Ok(config)
}
