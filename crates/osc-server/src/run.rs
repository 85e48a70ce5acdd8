//! What the program does, by subcommand.

use crate::app::{App, Decode, Loader, STEMS, Settings};
use crate::bpm_config::{self, BpmConfig};
use crate::cli::{Serve, Stretch};
use crate::log::Clock;
use crate::media_root::MediaRoot;
use crate::{check as checker, render as renderer, score};
use crowd_engine::{Bpm, EngineConfig, SampleRate, StretchMethod, Track};
use crowd_media::DecodeOptions;
use serde_json::json;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Commands that may be on their way to the engine: some bursts of a thousand messages.
const QUEUE: usize = 16_384;

/// The largest file that is loaded, in bytes of decoded sound: an hour and a half of 16-bit stereo.
const MAX_DECODED: u64 = 1 << 30;

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
    /// The system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Error {
    fn file(what: &'static str, path: &Path, cause: impl ToString) -> Self {
        Self::File { what, path: path.display().to_string(), cause: cause.to_string() }
    }
}

/// Renders a score.
///
/// # Errors
/// When the score cannot be read, or the file not be written. Refused messages are told, but are no error.
pub fn render(serve: &Serve) -> Result<(), Error> {
    let (Some(score), Some(out)) = (&serve.score, &serve.render) else {
        return Err(io::Error::other("--score and --render belong together").into());
    };
    let text = std::fs::read_to_string(score).map_err(|error| Error::file("score", score, error))?;
    let lines = score::read(&text).map_err(|error| Error::file("score", score, error))?;
    let media = match &serve.media_root {
        Some(folder) => MediaRoot::new(folder).map_err(|error| Error::file("--media-root", folder, error))?,
        None => MediaRoot::unrestricted(),
    };
    tell(serve);
    let sample_rate = SampleRate::new(serve.sample_rate)?;
    let bpm = read_bpm_config(serve)?;
    let mut app = start_app(Settings::offline(sample_rate, bpm.movement), serve, &bpm, media)?;
    let summary = renderer::render(engine_config(serve, sample_rate)?, &mut app, &lines, out, serve.seconds)?;
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
    Ok(())
}

/// Measures this machine, and says which buffer sizes it supports.
///
/// # Errors
/// When the engine cannot be made.
pub fn check(sample_rate: u32, json: bool) -> Result<(), Error> {
    let rate = SampleRate::new(sample_rate)?;
    for method in StretchMethod::ALL {
        let costs = checker::measure(*method, rate)?;
        let safe = checker::smallest_safe(&costs);
        if json {
            for cost in &costs {
                let line = json!({
                    "method": method.name(), "frames": cost.frames, "period_us": micros(cost.period),
                    "mean_us": micros(cost.mean), "slow_us": micros(cost.slow), "load": cost.load(), "fits": cost.fits(),
                });
                println!("{line}");
            }
            println!("{}", json!({ "method": method.name(), "buffer_size": safe }));
            continue;
        }
        println!("{method}: four decks at 118/120 of their speed, equaliser and limiter at work, {rate}\n");
        println!("  frames    a block lasts    takes (mean)    (1 in 1000)    of one core");
        for cost in &costs {
            println!(
                "  {:>6}    {:>10.2} ms    {:>9.1} us    {:>8.1} us    {:>8.2} %{}",
                cost.frames,
                micros(cost.period) / 1000.0,
                micros(cost.mean),
                micros(cost.slow),
                100.0 * cost.load(),
                if cost.fits() { "" } else { "   too slow" },
            );
        }
        match safe {
            Some(frames) => println!("\n--buffer-size {frames} and up is safe on this machine"),
            None => {
                println!("\nno buffer size is safe on this machine: is something else busy? Is this a release build?")
            }
        }
    }
    Ok(())
}

fn micros(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Says what the command line means, where that is not what it seems.
fn tell(serve: &Serve) {
    for note in serve.notes() {
        tracing::info!("{note}");
    }
    if serve.stretch() != Stretch::PlaybackRate {
        tracing::warn!("{:?} is not built in: playback_rate is used, pitch follows tempo", serve.stretch());
    }
}

/// The engine as the command line wants it.
fn engine_config(serve: &Serve, sample_rate: SampleRate) -> Result<EngineConfig, Error> {
    let base_tempo = Bpm::new(serve.bpm)?;
    Ok(EngineConfig { sample_rate, base_tempo, stems: STEMS, queue: QUEUE, ..EngineConfig::default() })
}

/// The app with what the command line says, before its first message.
fn start_app(mut settings: Settings, serve: &Serve, bpm: &BpmConfig, media: MediaRoot) -> Result<App, Error> {
    settings.filters = !serve.disable_filters;
    settings.tempo_hold = bpm.tempo_hold;
    let loader = Loader::start(media, decoder(settings.sample_rate))?;
    let mut app = App::new(settings, loader);
    app.open_with(&serve.opening()?);
    Ok(app)
}

/// Reads files at the engine's rate.
fn decoder(rate: SampleRate) -> Decode {
    Arc::new(move |path| {
        let options = DecodeOptions { max_bytes: Some(MAX_DECODED), ..DecodeOptions::default() };
        let audio = crowd_media::open(path, &options).map_err(|error| error.to_string())?;
        for warning in &audio.warnings {
            tracing::warn!("{}: {warning}", path.display());
        }
        Track::from_audio(audio, rate).map_err(|error| format!("{}: {error}", path.display()))
    })
}

/// The movement table of the file that was named, or of the one in the current folder if there is one.
fn read_bpm_config(serve: &Serve) -> Result<BpmConfig, Error> {
    let base = Bpm::new(serve.bpm)?;
    let path = serve.bpm_config.as_deref().unwrap_or(Path::new(BPM_CONFIG));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if serve.bpm_config.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(BpmConfig::new(base));
        }
        Err(error) => return Err(Error::file("--bpm-config", path, error)),
    };
    let (config, notes) = bpm_config::read(&text, base);
    tracing::info!("movement table read from {}", path.display());
    for note in notes {
        tracing::warn!("{}: {note}", path.display());
    }
    Ok(config)
}
