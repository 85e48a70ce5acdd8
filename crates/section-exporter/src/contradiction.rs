//! Where what is known of a track's tempo does not fit together.

use crate::grid::{Grid, Source};
use crate::rekordbox::Track;
use crate::structure::Structure;

/// Tempos this near are the same: 0.1 %, 60 ms a minute.
const SAME: f64 = 0.001;
/// Those of a tempo that changes, or that was named in whole beats a minute.
const ALIKE: f64 = 0.01;
/// Ways of counting the same beats: of the library's, beside one of the structure file's.
const COUNTED: [(f64, &str); 6] = [
    (2.0, "two for each of theirs"),
    (0.5, "one for two of theirs"),
    (1.5, "three for two of theirs"),
    (2.0 / 3.0, "two for three of theirs"),
    (0.75, "three for four of theirs"),
    (4.0 / 3.0, "four for three of theirs"),
];

/// What does not fit together, in sentences.
pub fn of(track: Option<&Track>, structure: &Structure, grid: &Grid) -> Vec<String> {
    let structure = if matches!(grid.source(), Source::TempoMarks | Source::AverageBpm) {
        of_structure(structure, grid)
    } else {
        None
    };
    let average = track.and_then(|track| of_average(track, grid));
    structure.into_iter().chain(average).collect()
}

/// The library's tempo beside that of the structure file.
fn of_structure(structure: &Structure, grid: &Grid) -> Option<String> {
    let library = grid.bpm();
    let theirs = from_beats(structure, grid);
    let (bpm, near, what) = match theirs {
        Some((bpm, near)) => (bpm, near, "the beats of its structure file make"),
        None => (structure.bpm?, ALIKE, "its structure file names"),
    };
    let is = |factor: f64| (library / bpm / factor - 1.0).abs() <= near;
    if is(1.0) {
        return None;
    }
    let known = format!("{} say {library:.2} BPM, {what} {bpm:.2}", grid.source().name());
    Some(match COUNTED.iter().find(|(factor, _)| is(*factor)) {
        Some((_, counted)) => format!("{known}: the library counts {counted}"),
        None => format!("{known}: one of both is wrong, and the first was taken"),
    })
}

/// The tempo of the structure file's beats where it has some, and how near to it the library's must be.
fn from_beats(structure: &Structure, grid: &Grid) -> Option<(f64, f64)> {
    /// Fewer beats make no tempo.
    const FEWEST: usize = 16;
    if structure.beats.len() < FEWEST {
        return None;
    }
    if let (Some((bpm, exact)), true) = (grid.beats_bpm(), grid.is_steady()) {
        return Some((bpm, SAME + exact));
    }
    let mut steps: Vec<f64> = structure.beats.iter().zip(structure.beats.iter().skip(1)).map(|(a, b)| b - a).collect();
    steps.sort_by(f64::total_cmp);
    let middle = *steps.get(steps.len() / 2)?;
    // Beats that were missed or found twice do not count.
    steps.retain(|step| (step / middle - 1.0).abs() < 0.25);
    let step = steps.iter().sum::<f64>() / steps.len() as f64;
    (step > 0.0).then(|| (60.0 / step, ALIKE))
}

/// The library's AverageBpm beside its TEMPO marks.
fn of_average(track: &Track, grid: &Grid) -> Option<String> {
    let average = track.average_bpm.filter(|_| grid.source() == Source::TempoMarks)?.value;
    let bpm = grid.bpm();
    let apart = (average / bpm - 1.0).abs() > ALIKE;
    apart.then(|| {
        format!("the collection's AverageBpm is {average:.2}, its TEMPO marks say {bpm:.2} BPM: the marks were taken")
    })
}

#[cfg(test)]
mod tests;
