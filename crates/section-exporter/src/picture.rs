//! Draws the picture of an excerpt: the waveforms of the original and of the stretched file, each with its beats and
//! cues.

use std::path::Path;

use crowd_media::Error;
use crowd_media::peaks::Peaks;
use crowd_media::picture::{BeatGridChart, WaveformRow};

use crate::cut::CutResult;
use crate::plan::PlannedTrack;

/// Draws the peaks of the original and of the stretched file into the file `to`. `target` is the tempo of the beats of
/// the stretched file, in BPM.
///
/// # Errors
/// When the picture cannot be written.
pub fn draw(
    planned: &PlannedTrack,
    result: &CutResult,
    [before, after]: [&Peaks; 2],
    target: f64,
    to: &Path,
) -> Result<(), Error> {
    let excerpt = &planned.excerpt;
    let (grid, cues) = (&excerpt.grid, excerpt.cues);
    let bar = f64::from(grid.beats_per_bar());
    let first = grid.beat_at(cues.ini).ceil() as i64;
    let last = grid.beat_at(cues.end).floor() as i64;
    let beat_grid = grid.beat_grid(crowd_engine::SampleRate::CD);
    let begins_bar = |beat: f64| {
        let phase = beat_grid.bar_phase(beat);
        phase < 0.5 || phase > bar - 0.5
    };
    let beats = || (first..=last).map(|beat| (grid.seconds_at(beat as f64), begins_bar(beat as f64)));
    let begin = result.seconds_of(cues.ini);
    let adjusted = |seconds: f64| result.seconds_of(seconds) - begin;
    let original_title =
        format!("original, {:.2} BPM{}", excerpt.own_bpm(), if grid.is_steady() { "" } else { " on average" });
    let stretched_title = format!("at {target:.2} BPM, {:.3} x", (cues.end - cues.ini) / adjusted(cues.end));
    let key = excerpt.key.as_deref().map(|key| format!(", {key}")).unwrap_or_default();
    let title = planned.audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let subtitle = format!("from {:.2} to {:.2} s{key}; beats from {}", cues.ini, cues.end, grid.source().name());
    let row = |title: &str, peaks, position: &dyn Fn(f64) -> f64| {
        let beats: Vec<_> = beats().map(|(seconds, strong)| (position(seconds), strong)).collect();
        WaveformRow::new(title, peaks)
            .beats(beats)
            .cue(position(cues.ini), "ini")
            .cue(position(cues.begin), "begin")
            .cue(position(cues.end), "end")
    };
    BeatGridChart::new(&title)
        .subtitle(&subtitle)
        .row(row(&original_title, before, &|seconds| seconds - cues.ini))
        .row(row(&stretched_title, after, &adjusted))
        .write(to)
}
