//! Resolves several structure files of one audio file: a track that was analysed on two computers, or twice.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use super::path_match::{ComparablePath, MatchRule, PathMatch};
use crate::skip_reason::SkipReason;
use crate::structure::{Structure, StructureFile};

/// The largest distance between the end of the last section of an analysis and the end of its audio, in seconds.
const END_TOLERANCE: f64 = 1.0;
/// The largest difference between the times that two analysers give to the same beat, in seconds.
const BEAT_TOLERANCE: f64 = 0.035;
/// The smallest number of beats that are compared to decide whether two analyses are of the same music.
const MIN_BEATS: usize = 16;
/// The smallest share of the beats that coincide in two analyses of the same music.
const MIN_SHARE: f64 = 0.9;

/// Assigns each audio file that matches several structure files to one of them. Returns an item for each of the others, by
/// its index: the reason why it is left out, and the index of the structure file that is taken, if there is one.
///
/// Structure files are analyses of one audio file when their sections reach to its end, or when their beats coincide. The
/// one with the most content is taken; of equal ones, the newest. If they are not certainly analyses of one file, none is
/// taken, because the right audio file of some may be missing.
pub fn resolve_duplicates(
    matches: &mut [PathMatch],
    structures: &[StructureFile],
    names: &[ComparablePath],
    files: &[PathBuf],
) -> BTreeMap<usize, (SkipReason, Option<usize>)> {
    let mut by_target = BTreeMap::<usize, Vec<usize>>::new();
    for (nth, path_match) in matches.iter().enumerate() {
        match path_match {
            PathMatch::Found { target, .. } | PathMatch::OfAnotherPath { target, .. } => {
                by_target.entry(*target).or_default().push(nth);
            }
            PathMatch::Ambiguous { targets } => {
                if let [target] = targets.as_slice() {
                    by_target.entry(*target).or_default().push(nth);
                }
            }
            PathMatch::None => {}
        }
    }
    let mut left_out = BTreeMap::new();
    for (target, members) in by_target.into_iter().filter(|(_, members)| members.len() > 1) {
        let Some(file) = files.get(target) else { continue };
        let candidates: Vec<AnalysisCandidate> =
            members.iter().filter_map(|&nth| AnalysisCandidate::new(nth, structures, names)).collect();
        let Some(taken) = choose(&candidates, matches, file) else {
            let owned =
                candidates.iter().any(|candidate| matches!(matches.get(candidate.nth), Some(PathMatch::Found { .. })));
            let paths: Vec<String> =
                candidates.iter().map(|candidate| candidate.structure_file.structure.path.clone()).collect();
            for candidate in candidates.iter().filter(|_| !owned) {
                left_out.insert(
                    candidate.nth,
                    (SkipReason::ContestedAudio { audio: file.clone(), paths: paths.clone() }, None),
                );
            }
            continue;
        };
        let end = seconds(file);
        for candidate in candidates.iter().filter(|candidate| candidate.nth != taken.nth) {
            let skip = if candidate.is_same(taken, end) {
                let (audio, taken_file) = (file.clone(), taken.structure_file.file.clone());
                SkipReason::DuplicateAnalysis { audio, taken: taken_file, advantage: taken.advantage(candidate) }
            } else {
                SkipReason::AudioOfAnotherTrack {
                    audio: file.clone(),
                    owner: taken.structure_file.structure.path.clone(),
                }
            };
            left_out.insert(candidate.nth, (skip, Some(taken.nth)));
        }
        if let Some(path_match) = matches.get_mut(taken.nth)
            && !matches!(path_match, PathMatch::Found { .. })
        {
            *path_match = PathMatch::Found { target, rule: MatchRule::FileName };
        }
    }
    left_out
}

/// The analysis that the audio file belongs to; `None` when that is not certain.
fn choose<'a, 'b>(
    candidates: &'b [AnalysisCandidate<'a>],
    matches: &[PathMatch],
    file: &std::path::Path,
) -> Option<&'b AnalysisCandidate<'a>> {
    let end = seconds(file);
    let best = |candidates: &mut dyn Iterator<Item = &'b AnalysisCandidate<'a>>| {
        candidates.max_by_key(|candidate| candidate.rank())
    };
    let owner = |candidate: &&AnalysisCandidate| matches!(matches.get(candidate.nth), Some(PathMatch::Found { .. }));
    let fitting = best(&mut candidates.iter().filter(|candidate| candidate.reaches_end(end)));
    let taken = fitting.or_else(|| best(&mut candidates.iter()))?;
    match candidates.iter().find(owner) {
        // The folders of the audio file match the owner. Only an analysis of the same music may take its place.
        Some(owner) if owner.is_same(taken, end) => Some(taken),
        Some(_) => None,
        None => {
            (fitting.is_some() || candidates.iter().all(|candidate| candidate.is_same(taken, end))).then_some(taken)
        }
    }
}

/// The length of an audio file in seconds, if its header has it.
fn seconds(file: &std::path::Path) -> Option<f64> {
    crowd_media::probe(file).ok()?.seconds()
}

/// A structure file that matches the audio file.
struct AnalysisCandidate<'a> {
    /// The index of the structure file.
    nth: usize,
    structure_file: &'a StructureFile,
    /// The path at which the audio was analysed.
    name: &'a ComparablePath,
    /// The time at which the structure file was changed.
    changed: Option<SystemTime>,
}

impl<'a> AnalysisCandidate<'a> {
    fn new(nth: usize, structures: &'a [StructureFile], names: &'a [ComparablePath]) -> Option<Self> {
        let structure_file = structures.get(nth)?;
        let changed = std::fs::metadata(&structure_file.file).and_then(|metadata| metadata.modified()).ok();
        Some(Self { nth, structure_file, name: names.get(nth)?, changed })
    }

    /// The rank of this analysis; that with the largest rank is taken. More content comes first, then a newer file, then a
    /// lower index.
    fn rank(&self) -> (usize, Option<SystemTime>, std::cmp::Reverse<usize>) {
        (content_score(&self.structure_file.structure), self.changed, std::cmp::Reverse(self.nth))
    }

    /// The reason why this analysis is taken and not the other.
    fn advantage(&self, other: &Self) -> &'static str {
        match (self.rank(), other.rank()) {
            ((more, ..), (less, ..)) if more > less => "has more content",
            ((_, newer, _), (_, older, _)) if newer > older => "is newer",
            ((more, ..), (less, ..)) if more < less => "reaches to the end of the audio",
            _ => "comes first by name",
        }
    }

    /// Whether it reaches to the end of the audio, which is `end` seconds long.
    fn reaches_end(&self, end: Option<f64>) -> bool {
        let own = self.structure_file.structure.sections.iter().map(|section| section.end).reduce(f64::max);
        own.zip(end).is_some_and(|(own, end)| (own - end).abs() <= END_TOLERANCE)
    }

    /// Whether both are analyses of the same music.
    fn is_same(&self, other: &Self, end: Option<f64>) -> bool {
        let beats = |candidate: &Self| candidate.structure_file.structure.beats.len() >= MIN_BEATS;
        if self.name == other.name {
            return true;
        }
        if beats(self) && beats(other) {
            return coincide(&self.structure_file.structure.beats, &other.structure_file.structure.beats);
        }
        self.reaches_end(end) && other.reaches_end(end)
    }
}

/// The amount of content that is useful for an excerpt. Only the order of two scores has a meaning.
fn content_score(structure: &Structure) -> usize {
    let has = [
        structure.sections.iter().any(|section| section.is("intro")),
        !structure.sections.is_empty(),
        !structure.beats.is_empty(),
        !structure.beat_positions.is_empty(),
        structure.key.is_some(),
        structure.bpm.is_some(),
    ];
    has.into_iter().filter(|has| *has).count() * 1_000 + structure.sections.len().min(999)
}

/// Whether two lists of beats come from one recording. Only the time that both lists cover is compared. Nearly all beats
/// of the list that has fewer there must coincide with beats of the other list, which may count twice as many.
fn coincide(a: &[f64], b: &[f64]) -> bool {
    let (Some(begin), Some(end)) = (a.first().zip(b.first()), a.last().zip(b.last())) else {
        return false;
    };
    let both = begin.0.max(*begin.1) - BEAT_TOLERANCE..=end.0.min(*end.1) + BEAT_TOLERANCE;
    let within = |beats: &[f64]| beats.iter().copied().filter(|beat| both.contains(beat)).collect::<Vec<_>>();
    let (a, b) = (within(a), within(b));
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let near = |beat: f64| {
        let after = many.partition_point(|other| *other < beat - BEAT_TOLERANCE);
        many.get(after).is_some_and(|other| *other <= beat + BEAT_TOLERANCE)
    };
    let on = few.iter().filter(|beat| near(**beat)).count();
    few.len() >= MIN_BEATS && on as f64 >= MIN_SHARE * few.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_of_one_recording_coincide_and_those_of_another_do_not() {
        let beats = |first: f64, bpm: f64, count: u32| -> Vec<f64> {
            (0..count).map(|beat| ((first + f64::from(beat) * 60.0 / bpm) * 100.0).round() / 100.0).collect()
        };
        let track = beats(0.31, 124.0, 400);
        assert!(coincide(&track, &track) && coincide(&track, &beats(0.33, 124.0, 300)));
        assert!(coincide(&track, &beats(0.31, 62.0, 200)), "counted half as fast");
        for other in [beats(0.31, 125.0, 400), beats(0.45, 124.0, 400), beats(0.31, 124.0, 12), vec![]] {
            assert!(!coincide(&track, &other), "{:?}", other.get(..2));
        }
    }
}
