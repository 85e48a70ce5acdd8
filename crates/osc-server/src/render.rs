//! Playing a score into a file, faster than time.

use crate::app::{App, Moment, Origin};
use crate::score::Line;
use crowd_engine::{Builder, Error as EngineError, Frames};
use crowd_media::wav::Writer;
use crowd_media::{AudioSpec, SampleFormat};
use std::path::Path;

/// Frames that are rendered at a time.
const BLOCK: usize = 1_024;
/// What is rendered behind the last line when only endless loops play, in seconds.
const LOOPS_END_AFTER: f64 = 10.0;
/// What is rendered behind the last sound, in seconds: room for the equaliser and the limiter to fall silent.
const TAIL: f64 = 0.25;
/// The longest render, in seconds: a score in which something never ends must.
const LONGEST: f64 = 86_400.0;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The engine could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file could not be written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}

/// What a render was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Frames written.
    pub frames: u64,
    /// Messages played.
    pub messages: u64,
    /// Messages refused.
    pub refused: u64,
    /// The highest sample, linear.
    pub peak: f32,
    /// The limiter's smallest gain, 1 when it did nothing.
    pub limiter_gain: f32,
    /// Whether loops were cut off because nothing else was left to play.
    pub loops_cut: bool,
    /// Lines that lie behind the end.
    pub unplayed: usize,
    /// Files that are damaged: something of them is missing or silent.
    pub damaged: u64,
}

/// Plays `lines` into the 32-bit float WAV file `path`.
///
/// Every message acts in exactly the frame its time rounds to, and every file is loaded before the next line is played,
/// so the same score gives the same bytes. Without `seconds` the file ends when the last line was played and what was
/// started has ended.
///
/// # Errors
/// When the engine cannot be made or the file not be written; there is no file then. Refused messages are no error.
pub fn render(
    builder: Builder,
    app: &mut App,
    lines: &[Line],
    path: &Path,
    seconds: Option<f64>,
) -> Result<Summary, RenderError> {
    let mut offline = builder.offline()?;
    let rate = offline.engine().sample_rate();
    let mut writer = Writer::create(path, AudioSpec::new(rate.get(), 2, SampleFormat::F32))?;
    let mut block = vec![0.0; 2 * BLOCK];
    let mut lines = lines.iter().peekable();
    let mut summary = Summary {
        frames: 0,
        messages: 0,
        refused: 0,
        peak: 0.0,
        limiter_gain: 1.0,
        loops_cut: false,
        unplayed: 0,
        damaged: 0,
    };
    let end = seconds.map(|s| Frames::from_seconds(s, rate).0);
    let last_line = lines.clone().next_back().map_or(0, |line| Frames::from_seconds(line.seconds, rate).0);
    let loops_end = last_line + Frames::from_seconds(LOOPS_END_AFTER, rate).0;
    let longest = Frames::from_seconds(LONGEST, rate).0;
    let tail = Frames::from_seconds(TAIL, rate).0;
    let mut silent_from = 0;

    app.observe(offline.engine());
    app.finish_loads();
    app.flush(offline.engine());
    loop {
        // Everything that is due before another frame is made: plans first, they were made earlier.
        let mut wait = BLOCK;
        loop {
            let line = lines.peek().map(|line| Frames::from_seconds(line.seconds, rate).0);
            let planned = app.next_planned();
            let Some(due) = planned.into_iter().chain(line).min() else { break };
            wait = offline.frames_before(Frames(due)).min(BLOCK);
            if wait > 0 {
                break;
            }
            if planned == Some(due) {
                app.act_until(due);
            } else if let Some(line) = lines.next() {
                app.deliver(Origin::Score(line.number), &line.address, &line.args, Moment::at(due));
                app.finish_loads();
            }
            app.flush(offline.engine());
        }

        let busy = lines.peek().is_some() || app.next_planned().is_some() || app.is_sounding();
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
    summary.unplayed = lines.len();
    summary.messages = app.received();
    summary.refused = app.tally().total();
    summary.damaged = app.damaged();
    writer.commit()?;
    Ok(summary)
}
