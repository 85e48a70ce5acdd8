//! The rendering of a score (`--score` and `--render`).

use super::error::Error;
use super::setup::{QUEUE, log_notes, read_bpm_config, resolve_startup_files, start_app, start_loader};
use crate::app::{STEMS_PER_DECK, Settings};
use crate::cli::ServeArgs;
use crate::{score, score_render};
use crowd_cli::file_lookup;
use crowd_cli::log::ClockTime;
use crowd_engine::{Engine, SampleRate};
use crowd_library::MediaRoot;
use std::io;

/// Renders a score.
///
/// # Errors
/// When the score cannot be read or the file cannot be written. Refused messages are logged, and are not an error.
pub fn render(serve: &ServeArgs) -> Result<score_render::RenderSummary, Error> {
    let (Some(score), Some(out)) = (&serve.score, &serve.render) else {
        return Err(io::Error::other("--score and --render belong together").into());
    };
    let score = &file_lookup::find(score).map_err(|error| Error::file("score", score, error))?;
    let bytes = std::fs::read(score).map_err(|error| Error::file("score", score, error))?;
    let bytes = String::from_utf8(bytes)
        .map_err(|_| Error::file("score", score, "is not text: a score has one message per line"))?;
    let lines = score::parse(&bytes).map_err(|error| Error::file("score", score, error))?;
    let media = match &serve.media_root {
        Some(folder) => MediaRoot::new(folder).map_err(|error| Error::file("--media-root", folder, error))?,
        None => MediaRoot::unrestricted(),
    };
    let mut loader = start_loader(serve, media)?;
    let startup_files = resolve_startup_files(serve, &mut loader)?;
    log_notes(serve);
    let sample_rate = serve.sample_rate.map_or(Ok(SampleRate::CD), SampleRate::new)?;
    let bpm = read_bpm_config(serve)?;
    let mut settings = Settings::new(sample_rate, bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let mut app = start_app(settings, serve, loader, startup_files);
    let builder = Engine::builder()
        .sample_rate(sample_rate)
        .base_tempo(serve.bpm)
        .stretch(serve.stretch())
        .stems(STEMS_PER_DECK)
        .queue(QUEUE);
    let summary = score_render::render(builder, &mut app, &lines, out, serve.seconds)?;
    if summary.unplayed_lines > 0 {
        tracing::warn!("{} lines of the score are after the end and were not played", summary.unplayed_lines);
    }
    let length = ClockTime(crowd_engine::Frames(summary.frames).seconds(sample_rate));
    let cut = if summary.loops_cut { "; loops were cut off: set --seconds for more" } else { "" };
    tracing::info!(
        "{}: {length}, peak {:.1} dBFS, limiter {:.1} dB, {} messages, {} refused{cut}",
        out.display(),
        20.0 * summary.peak.log10(),
        20.0 * summary.limiter_gain.log10(),
        summary.messages,
        summary.refused,
    );
    if summary.damaged > 0 {
        tracing::warn!("{} of its files are damaged: spans of them are missing or silent", summary.damaged);
    }
    Ok(summary)
}
