//! Several structure files of one audio file: a track that was analysed on two computers, or twice.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use super::pairs::{MatchRule, Name, Outcome};
use crate::skip::Skip;
use crate::structure::{Read, Structure};

/// An analysis reaches to the end of its audio, within so many seconds.
const END: f64 = 1.0;
/// Two analysers put a beat at the same place, within so many seconds.
const BEAT: f64 = 0.035;
/// So many beats, and so large a share of them, make it the same music.
const BEATS: usize = 16;
const SHARE: f64 = 0.9;

/// Gives each audio file that several structure files claim to one of them, and returns the reason for each of the others.
///
/// They are analyses of one audio when they reach to its end, or when their beats coincide. The one with more in it is taken,
/// else the newer. Where nothing tells that they are, all of them are left out: their audio may be missing.
pub fn settle(
    outcomes: &mut [Outcome],
    structures: &[Read],
    names: &[Name],
    files: &[PathBuf],
) -> BTreeMap<usize, (Skip, Option<usize>)> {
    let mut claims = BTreeMap::<usize, Vec<usize>>::new();
    for (nth, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Found { target, .. } | Outcome::OfAnother { target, .. } => {
                claims.entry(*target).or_default().push(nth);
            }
            Outcome::Ambiguous { targets } => {
                if let [target] = targets.as_slice() {
                    claims.entry(*target).or_default().push(nth);
                }
            }
            Outcome::None => {}
        }
    }
    let mut left_out = BTreeMap::new();
    for (target, members) in claims.into_iter().filter(|(_, members)| members.len() > 1) {
        let Some(file) = files.get(target) else { continue };
        let claims: Vec<Claim> = members.iter().filter_map(|&nth| Claim::new(nth, structures, names)).collect();
        let Some(taken) = taken(&claims, outcomes, file) else {
            let owned = claims.iter().any(|claim| matches!(outcomes.get(claim.nth), Some(Outcome::Found { .. })));
            let paths: Vec<String> = claims.iter().map(|claim| claim.read.structure.path.clone()).collect();
            for claim in claims.iter().filter(|_| !owned) {
                left_out.insert(claim.nth, (Skip::Contested { audio: file.clone(), paths: paths.clone() }, None));
            }
            continue;
        };
        let end = seconds(file);
        for claim in claims.iter().filter(|claim| claim.nth != taken.nth) {
            let skip = if claim.is_same(taken, end) {
                let (audio, taken_file) = (file.clone(), taken.read.file.clone());
                Skip::OtherAnalysis { audio, taken: taken_file, why: taken.advantage(claim) }
            } else {
                Skip::AudioOfAnother { audio: file.clone(), owner: taken.read.structure.path.clone() }
            };
            left_out.insert(claim.nth, (skip, Some(taken.nth)));
        }
        if let Some(outcome) = outcomes.get_mut(taken.nth)
            && !matches!(outcome, Outcome::Found { .. })
        {
            *outcome = Outcome::Found { target, rule: MatchRule::FileName };
        }
    }
    left_out
}

/// The one whose audio it is; absent when nothing tells.
fn taken<'a, 'b>(claims: &'b [Claim<'a>], outcomes: &[Outcome], file: &std::path::Path) -> Option<&'b Claim<'a>> {
    let end = seconds(file);
    let best = |claims: &mut dyn Iterator<Item = &'b Claim<'a>>| claims.max_by_key(|claim| claim.rank());
    let owner = |claim: &&Claim| matches!(outcomes.get(claim.nth), Some(Outcome::Found { .. }));
    let fitting = best(&mut claims.iter().filter(|claim| claim.fits(end)));
    let taken = fitting.or_else(|| best(&mut claims.iter()))?;
    match claims.iter().find(owner) {
        // Its folders say that it is this one's; only an analysis of the same music may take its place.
        Some(owner) if owner.is_same(taken, end) => Some(taken),
        Some(_) => None,
        None => (fitting.is_some() || claims.iter().all(|claim| claim.is_same(taken, end))).then_some(taken),
    }
}

/// How long an audio file is, if its header tells.
fn seconds(file: &std::path::Path) -> Option<f64> {
    crowd_media::probe(file).ok()?.seconds()
}

struct Claim<'a> {
    nth: usize,
    read: &'a Read,
    name: &'a Name,
    changed: Option<SystemTime>,
}

impl<'a> Claim<'a> {
    fn new(nth: usize, structures: &'a [Read], names: &'a [Name]) -> Option<Self> {
        let read = structures.get(nth)?;
        let changed = std::fs::metadata(&read.file).and_then(|metadata| metadata.modified()).ok();
        Some(Self { nth, read, name: names.get(nth)?, changed })
    }

    /// The larger, the rather it is taken.
    fn rank(&self) -> (usize, Option<SystemTime>, std::cmp::Reverse<usize>) {
        (content(&self.read.structure), self.changed, std::cmp::Reverse(self.nth))
    }

    /// Why this one is taken and not the other.
    fn advantage(&self, other: &Self) -> &'static str {
        match (self.rank(), other.rank()) {
            ((more, ..), (less, ..)) if more > less => "has more in it",
            ((_, newer, _), (_, older, _)) if newer > older => "is newer",
            ((more, ..), (less, ..)) if more < less => "reaches to the end of the audio",
            _ => "comes first by name",
        }
    }

    /// Whether it reaches to the end of the audio, which is so many seconds long.
    fn fits(&self, end: Option<f64>) -> bool {
        let own = self.read.structure.segments.iter().map(|segment| segment.end).reduce(f64::max);
        own.zip(end).is_some_and(|(own, end)| (own - end).abs() <= END)
    }

    /// Whether it is an analysis of the same music.
    fn is_same(&self, other: &Self, end: Option<f64>) -> bool {
        let beats = |claim: &Self| claim.read.structure.beats.len() >= BEATS;
        if self.name == other.name {
            return true;
        }
        if beats(self) && beats(other) {
            return coincide(&self.read.structure.beats, &other.read.structure.beats);
        }
        self.fits(end) && other.fits(end)
    }
}

/// How much there is in an analysis of what a part can be made from.
fn content(structure: &Structure) -> usize {
    let has = [
        structure.segments.iter().any(|segment| segment.is("intro")),
        !structure.segments.is_empty(),
        !structure.beats.is_empty(),
        !structure.beat_positions.is_empty(),
        structure.key.is_some(),
        structure.bpm.is_some(),
    ];
    has.into_iter().filter(|has| *has).count() * 1_000 + structure.segments.len().min(999)
}

/// Whether these beats, which rise, are those of one recording: in the time that both tell of, each beat of the one that has
/// fewer lies on one of the other's. An analyser may count twice as many.
fn coincide(a: &[f64], b: &[f64]) -> bool {
    let (Some(begin), Some(end)) = (a.first().zip(b.first()), a.last().zip(b.last())) else {
        return false;
    };
    let both = begin.0.max(*begin.1) - BEAT..=end.0.min(*end.1) + BEAT;
    let within = |beats: &[f64]| beats.iter().copied().filter(|beat| both.contains(beat)).collect::<Vec<_>>();
    let (a, b) = (within(a), within(b));
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let near = |beat: f64| {
        let after = many.partition_point(|other| *other < beat - BEAT);
        many.get(after).is_some_and(|other| *other <= beat + BEAT)
    };
    let on = few.iter().filter(|beat| near(**beat)).count();
    few.len() >= BEATS && on as f64 >= SHARE * few.len() as f64
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
