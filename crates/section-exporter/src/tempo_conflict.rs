//! Finds contradictions in the known tempos of a track.

use crate::grid::{Grid, TempoSource};
use crate::rekordbox::CollectionTrack;
use crate::structure::Structure;

/// The largest ratio by which two tempos differ that count as the same: 0.1 %, or 60 ms a minute.
const SAME_TEMPO: f64 = 0.001;
/// The largest ratio by which two tempos differ that count as the same, if one of them changes or is rounded to whole BPM.
const SIMILAR_TEMPO: f64 = 0.01;
/// The ways in which the collection may count the beats of the structure file differently. Each is the ratio of the tempos,
/// and the words that complete "the collection counts".
const COUNTS: [(f64, &str); 6] = [
    (2.0, "two beats for each of these"),
    (0.5, "one beat for two of these"),
    (1.5, "three beats for two of these"),
    (2.0 / 3.0, "two beats for three of these"),
    (0.75, "three beats for four of these"),
    (4.0 / 3.0, "four beats for three of these"),
];

/// Describes the contradictions between the known tempos of a track, in sentences.
pub fn tempo_conflicts(track: Option<&CollectionTrack>, structure: &Structure, grid: &Grid) -> Vec<String> {
    let structure = if matches!(grid.source(), TempoSource::TempoMarks | TempoSource::AverageBpm) {
        structure_conflict(structure, grid)
    } else {
        None
    };
    let average = track.and_then(|track| average_conflict(track, grid));
    structure.into_iter().chain(average).collect()
}

/// Compares the tempo of the collection with that of the structure file.
fn structure_conflict(structure: &Structure, grid: &Grid) -> Option<String> {
    let library = grid.bpm();
    let theirs = from_beats(structure, grid);
    let (bpm, near, what) = match theirs {
        Some((bpm, near)) => (bpm, near, "the beats of its structure file make"),
        None => (structure.bpm?, SIMILAR_TEMPO, "its structure file names"),
    };
    let is = |factor: f64| (library / bpm / factor - 1.0).abs() <= near;
    if is(1.0) {
        return None;
    }
    let tempos = format!("{} say {library:.2} BPM, {what} {bpm:.2}", grid.source().name());
    Some(match COUNTS.iter().find(|(factor, _)| is(*factor)) {
        Some((_, counted)) => format!("{tempos}: the collection counts {counted}"),
        None => format!("{tempos}: one of them is wrong, and the first was taken"),
    })
}

/// The tempo of the structure file's beats, and the largest ratio by which the collection's tempo may differ from it.
/// `None` for too few beats.
fn from_beats(structure: &Structure, grid: &Grid) -> Option<(f64, f64)> {
    /// The smallest number of beats that give a tempo.
    const MIN_BEATS: usize = 16;
    if structure.beats.len() < MIN_BEATS {
        return None;
    }
    if let (Some((bpm, exact)), true) = (grid.beats_bpm(), grid.is_steady()) {
        return Some((bpm, SAME_TEMPO + exact));
    }
    let mut steps: Vec<f64> = structure.beats.iter().zip(structure.beats.iter().skip(1)).map(|(a, b)| b - a).collect();
    steps.sort_by(f64::total_cmp);
    let middle = *steps.get(steps.len() / 2)?;
    // Intervals in which beats were missed or doubled are left out.
    steps.retain(|step| (step / middle - 1.0).abs() < 0.25);
    let step = steps.iter().sum::<f64>() / steps.len() as f64;
    (step > 0.0).then(|| (60.0 / step, SIMILAR_TEMPO))
}

/// Compares the AverageBpm of the collection with its TEMPO marks.
fn average_conflict(track: &CollectionTrack, grid: &Grid) -> Option<String> {
    let average = track.average_bpm.filter(|_| grid.source() == TempoSource::TempoMarks)?.value;
    let bpm = grid.bpm();
    let apart = (average / bpm - 1.0).abs() > SIMILAR_TEMPO;
    apart.then(|| {
        format!("the collection's AverageBpm is {average:.2}, its TEMPO marks say {bpm:.2} BPM: the marks were taken")
    })
}

#[cfg(test)]
mod tests;
