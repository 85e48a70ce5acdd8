//! Renders a score into a file, faster than real time.

use crate::app::{ActionTime, App, Origin};
use crate::score::ScoreLine;
use crowd_engine::{Builder, Error as EngineError, Frames};
use crowd_media::wav::Writer;
use crowd_media::{AudioSpec, SampleFormat};
use std::path::Path;

/// The largest number of frames that are rendered at a time.
const BLOCK: usize = 1_024;
/// The time that is rendered after the last line if only loops play, in seconds.
const LOOPS_END_AFTER_SECONDS: f64 = 10.0;
/// The time that is rendered after the last sound, in seconds, so that equaliser and limiter become silent.
const TAIL_SECONDS: f64 = 0.25;
/// The longest render, in seconds, for scores in which something never ends.
const MAX_SECONDS: f64 = 86_400.0;

/// The reason why a score was not rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The engine cannot be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file cannot be written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}

/// The result of a render.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RenderSummary {
    /// Frames written.
    pub frames: u64,
    /// Messages handled.
    pub messages: u64,
    /// Messages refused.
    pub refused: u64,
    /// The highest sample, linear.
    pub peak: f32,
    /// The smallest gain of the limiter, 1 when it did nothing.
    pub limiter_gain: f32,
    /// Whether loops were cut off because only they were playing.
    pub loops_cut: bool,
    /// Lines whose time is after the end.
    pub unplayed_lines: usize,
    /// Damaged files: spans of them are missing or silent.
    pub damaged: u64,
}

/// Renders `lines` into the 32-bit float WAV file `path`.
///
/// The same score gives the same bytes. Every message acts exactly at the frame to which its time rounds, and every file is
/// loaded before the next line is played. Without `seconds` the file ends when the last line was played and everything
/// that plays has ended.
///
/// # Errors
/// When the engine cannot be made or the file cannot be written. There is no file then. Refused messages are no error.
pub fn render(
    builder: Builder,
    app: &mut App,
    lines: &[ScoreLine],
    path: &Path,
    seconds: Option<f64>,
) -> Result<RenderSummary, RenderError> {
    let mut offline = builder.offline()?;
    let rate = offline.engine().sample_rate();
    let mut writer = Writer::create(path, AudioSpec::new(rate.get(), 2, SampleFormat::F32))?;
    let mut block = vec![0.0; 2 * BLOCK];
    let mut lines = lines.iter().peekable();
    let mut summary = RenderSummary {
        frames: 0,
        messages: 0,
        refused: 0,
        peak: 0.0,
        limiter_gain: 1.0,
        loops_cut: false,
        unplayed_lines: 0,
        damaged: 0,
    };
    let end = seconds.map(|s| Frames::from_seconds(s, rate).0);
    let last_line = lines.clone().next_back().map_or(0, |line| Frames::from_seconds(line.seconds, rate).0);
    let loops_end = last_line + Frames::from_seconds(LOOPS_END_AFTER_SECONDS, rate).0;
    let longest = Frames::from_seconds(MAX_SECONDS, rate).0;
    let tail = Frames::from_seconds(TAIL_SECONDS, rate).0;
    let mut silent_from = 0;

    app.observe(offline.engine());
    app.finish_loads();
    app.flush(offline.engine());
    loop {
        // Performs everything that is due before the next frame. Scheduled actions come before lines, because they were
        // sent earlier.
        let mut wait = BLOCK;
        loop {
            let line = lines.peek().map(|line| Frames::from_seconds(line.seconds, rate).0);
            let scheduled = app.next_scheduled();
            let Some(due) = scheduled.into_iter().chain(line).min() else { break };
            wait = offline.frames_before(Frames(due)).min(BLOCK);
            if wait > 0 {
                break;
            }
            if scheduled == Some(due) {
                app.perform_until(due);
            } else if let Some(line) = lines.next() {
                app.handle_message(Origin::Score(line.number), &line.address, &line.args, ActionTime::at(due));
                app.finish_loads();
            }
            app.flush(offline.engine());
        }

        let busy = lines.peek().is_some() || app.next_scheduled().is_some() || app.is_sounding();
        let until = match end {
            Some(end) => end,
            None if busy => longest,
            None if app.is_looping() => loops_end,
            None => silent_from + tail,
        };
        let left = until.saturating_sub(summary.frames);
        if left == 0 {
            break;
        }
        let frames = usize::try_from(left).unwrap_or(usize::MAX).min(wait.max(1));
        let Some(out) = block.get_mut(..2 * frames) else { break };
        offline.render_into(out);
        writer.write_f32(out)?;
        summary.frames += frames as u64;
        if busy {
            silent_from = summary.frames;
        }
        summary.peak = out.iter().fold(summary.peak, |peak, x| peak.max(x.abs()));
        app.observe(offline.engine());
        app.flush(offline.engine());
        summary.limiter_gain = summary.limiter_gain.min(app.status().limiter_gain);
    }
    summary.loops_cut = end.is_none() && app.is_looping();
    summary.unplayed_lines = lines.len();
    summary.messages = app.received();
    summary.refused = app.refusals().total();
    summary.damaged = app.damaged();
    writer.commit()?;
    Ok(summary)
}
