//! A picture of a part: as it was and as it became, each on its beats, with its cues.

use std::path::Path;

use crowd_media::Error;
use crowd_media::peaks::Peaks;
use crowd_media::picture::{BeatGridChart, WaveformRow};

use crate::cut::Made;
use crate::plan::Planned;

/// Draws the original and the stretched part, of which these are the overviews, into the file `to`. `target` is the tempo of
/// the part's beats in BPM.
///
/// # Errors
/// When the picture cannot be written.
pub fn draw(planned: &Planned, made: &Made, [before, after]: [&Peaks; 2], target: f64, to: &Path) -> Result<(), Error> {
    let wanted = &planned.wanted;
    let (grid, cues) = (&wanted.grid, wanted.cues);
    let bar = f64::from(grid.beats_per_bar());
    let first = grid.beat_at(cues.ini).ceil() as i64;
    let last = grid.beat_at(cues.end).floor() as i64;
    let beat_grid = grid.beat_grid(crowd_engine::SampleRate::CD);
    let begins_bar = |beat: f64| {
        let phase = beat_grid.bar_phase(beat);
        phase < 0.5 || phase > bar - 0.5
    };
    let beats = || (first..=last).map(|beat| (grid.seconds_at(beat as f64), begins_bar(beat as f64)));
    let begin = made.seconds_of(cues.ini);
    let adjusted = |seconds: f64| made.seconds_of(seconds) - begin;
    let was = format!("original, {:.2} BPM{}", wanted.own_bpm(), if grid.is_steady() { "" } else { " on average" });
    let is = format!("at {target:.2} BPM, {:.3} x", (cues.end - cues.ini) / adjusted(cues.end));
    let key = wanted.key.as_deref().map(|key| format!(", {key}")).unwrap_or_default();
    let title = planned.audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let subtitle = format!("from {:.2} to {:.2} s{key}; beats from {}", cues.ini, cues.end, grid.source().name());
    let row = |title: &str, peaks, place: &dyn Fn(f64) -> f64| {
        let beats: Vec<_> = beats().map(|(seconds, strong)| (place(seconds), strong)).collect();
        WaveformRow::new(title, peaks)
            .beats(beats)
            .cue(place(cues.ini), "ini")
            .cue(place(cues.begin), "begin")
            .cue(place(cues.end), "end")
    };
    BeatGridChart::new(&title)
        .subtitle(&subtitle)
        .row(row(&was, before, &|seconds| seconds - cues.ini))
        .row(row(&is, after, &adjusted))
        .write(to)
}
