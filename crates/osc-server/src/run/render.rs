//! A score, rendered to a file.

use super::error::Error;
use super::setup::{QUEUE, find_music, read_bpm_config, start_app, start_loader, tell};
use crate::app::{STEMS, Settings};
use crate::cli::Serve;
use crate::{render as renderer, score};
use crowd_cli::log::Clock;
use crowd_cli::names;
use crowd_engine::{Engine, SampleRate};
use crowd_library::MediaRoot;
use std::io;

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
    let mut loader = start_loader(serve, media)?;
    let found = find_music(serve, &mut loader)?;
    tell(serve);
    let sample_rate = serve.sample_rate.map_or(Ok(SampleRate::CD), SampleRate::new)?;
    let bpm = read_bpm_config(serve)?;
    let mut settings = Settings::new(sample_rate, bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let mut app = start_app(settings, serve, loader, found);
    let builder = Engine::builder()
        .sample_rate(sample_rate)
        .base_tempo(serve.bpm)
        .stretch(serve.stretch())
        .stems(STEMS)
        .queue(QUEUE);
    let summary = renderer::render(builder, &mut app, &lines, out, serve.seconds)?;
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
