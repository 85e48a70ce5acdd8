//! Computes beats from the tempo marks of the collection, whose times and tempos are rounded.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::analysed_beats::AnalysedBeats;
use super::line_fit::{BeatPoint, LineRun, PeriodEvidence, PeriodLikelihood, PeriodRange, beat_zero, runs};
use super::tempo_source::TempoSource;
use crate::rekordbox::{RoundedNumber, TempoMark};
use crate::structure::Structure;

/// Half of the millisecond to which marks are rounded, and a margin for floating-point errors, in seconds.
const ROUNDING_ERROR: f64 = 0.000_501;

/// The largest distance of marks from steady beats at which they still count as steady, in seconds. It is larger than the
/// rounding error, because some programs round twice.
const STEADY_TOLERANCE: f64 = 0.002;

/// The largest difference between the tempo of the last mark and the tempo of the marks together, in beats a minute. With
/// a larger one the last mark begins another tempo.
const LAST_BPM_TOLERANCE: f64 = 0.02;

/// The marks of a beat grid, and their source.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedGrid {
    pub marks: Vec<Mark>,
    pub beats_per_bar: u8,
    pub steady: bool,
    pub source: TempoSource,
}

/// The marks of a track in the collection, else its average tempo. `None` when it has neither.
pub fn from_collection(
    tempos: &[TempoMark],
    average: Option<RoundedNumber>,
    analysed: Option<&AnalysedBeats>,
) -> Option<FittedGrid> {
    let (tempos, points) = counted(tempos);
    let Some(first_tempo) = tempos.first() else {
        let written = average?;
        let exact = PeriodRange::of_bpm(written.value, written.step / 2.0 + 1e-9);
        let bpm = 60.0 / refined(60.0 / written.value, exact, None, analysed);
        let beats = analysed.map(|analysed| analysed.points.as_slice()).unwrap_or_default();
        return on_first_beat(bpm, TempoSource::AverageBpm, beats.first().map(|beat| beat.1), analysed);
    };
    let beats_per_bar = bar_beats(&tempos);
    let written = 60.0 / first_tempo.bpm.value;
    let steady = steady(&tempos, &points).map(|(periods, marks)| refined(written, periods, Some(&marks), analysed));
    let Some(period) = steady else {
        let marks = tempos.iter().filter_map(|tempo| mark(tempo.seconds, tempo.bpm.value, tempo.number, beats_per_bar));
        return Some(FittedGrid {
            marks: marks.collect(),
            beats_per_bar,
            steady: false,
            source: TempoSource::TempoMarks,
        });
    };
    let (at, bpm) = (beat_zero(&points, period), 60.0 / period);
    let mut marks = vec![mark(at, bpm, first_tempo.number, beats_per_bar)?];
    let (mut bar, mut from) = (first_tempo.number, 0.0);
    for (tempo, (beat, _)) in tempos.iter().zip(&points).skip(1) {
        // A mark on a steady beat is needed only where a bar begins before the last one is complete.
        let counted = (f64::from(bar - 1) + beat - from).rem_euclid(f64::from(beats_per_bar)) as u8 + 1;
        if tempo.number != counted {
            marks.push(mark(at + period * beat, bpm, tempo.number, beats_per_bar)?);
            (bar, from) = (tempo.number, *beat);
        }
    }
    let found = FittedGrid { marks, beats_per_bar, steady: true, source: TempoSource::TempoMarks };
    Some(analysed.map_or(found.clone(), |analysed| other_bars(found, period, analysed)))
}

/// Steady beats at `bpm`, one of which is the first beat of the structure file.
pub fn from_bpm(
    bpm: f64,
    source: TempoSource,
    structure: &Structure,
    analysed: Option<&AnalysedBeats>,
) -> Option<FittedGrid> {
    let beat = structure.beats.first().or(structure.downbeats.first());
    on_first_beat(bpm, source, beat.copied(), analysed)
}

fn on_first_beat(
    bpm: f64,
    source: TempoSource,
    beat: Option<f64>,
    analysed: Option<&AnalysedBeats>,
) -> Option<FittedGrid> {
    let beats_per_bar = analysed.map_or(4, |analysed| analysed.beats_per_bar);
    let number = analysed.map_or(1, |analysed| analysed.number(0.0));
    let at = beat.unwrap_or(0.0);
    let steady = analysed.and_then(AnalysedBeats::period).filter(|period| (period * bpm / 60.0 - 1.0).abs() < 0.001);
    let at = steady.and(analysed).map_or(at, |analysed| beat_zero(&analysed.points, 60.0 / bpm));
    Some(FittedGrid { marks: vec![mark(at, bpm, number, beats_per_bar)?], beats_per_bar, steady: true, source })
}

fn mark(seconds: f64, bpm: f64, number: u8, beats_per_bar: u8) -> Option<Mark> {
    Some(Mark { seconds, bpm: Bpm::new(bpm).ok()?, number: number.clamp(1, beats_per_bar) })
}

fn bar_beats(tempos: &[TempoMark]) -> u8 {
    let first = tempos.first().map_or(4, |tempo| tempo.beats_per_bar);
    // A grid has one bar length for the whole track; a mark of another bar length is still on a beat.
    tempos.iter().map(|tempo| tempo.number).max().unwrap_or(1).max(first)
}

/// The marks that have a tempo within the range of the engine, with their beat numbers. There is a whole number of beats
/// from mark to mark.
pub fn counted(tempos: &[TempoMark]) -> (Vec<TempoMark>, Vec<BeatPoint>) {
    let (mut marks, mut points) = (Vec::<TempoMark>::new(), Vec::<BeatPoint>::new());
    for tempo in tempos.iter().filter(|tempo| Bpm::new(tempo.bpm.value).is_ok()) {
        let beat = match (marks.last(), points.last()) {
            (Some(before), Some((beat, at))) => {
                let beats = ((tempo.seconds - at) * before.bpm.value / 60.0).round();
                if beats < 1.0 {
                    continue;
                }
                beat + beats
            }
            _ => 0.0,
        };
        marks.push(*tempo);
        points.push((beat, tempo.seconds));
    }
    (marks, points)
}

/// The possible periods, and the evidence in the times of the marks. `None` unless all marks have one tempo.
fn steady(tempos: &[TempoMark], points: &[BeatPoint]) -> Option<(PeriodRange, PeriodEvidence)> {
    let written = |tempo: &TempoMark| PeriodRange::of_bpm(tempo.bpm.value, tempo.bpm.step / 2.0 + 1e-9);
    let last = tempos.last()?;
    let one = |width| match runs(points, width).as_slice() {
        &[LineRun { periods, .. }] => Some(PeriodEvidence::Rounded { points: points.to_vec(), width, periods }),
        _ => None,
    };
    let marks = one(ROUNDING_ERROR).or_else(|| one(STEADY_TOLERANCE))?;
    let mut periods = marks.periods();
    let nearest = (60.0 / last.bpm.value).clamp(periods.low, periods.high);
    if (60.0 / nearest - last.bpm.value).abs() > LAST_BPM_TOLERANCE + last.bpm.step / 2.0 {
        return None;
    }
    for tempo in tempos {
        periods = periods.and(written(tempo)).unwrap_or(periods);
    }
    Some((periods, marks))
}

/// The true period of a tempo that was rounded. `written` is the period as it is written, and `periods` are those that
/// rounding leaves possible.
///
/// A tempo with two decimals may be off by 0.005 BPM, which is 2.5 ms a minute at 120 BPM. A few marks, or a few hundred
/// beats that are rounded to 10 ms, give it five times more exactly. But most music has exactly the tempo that is written,
/// so that tempo is taken as long as the evidence allows it. If the beats allow none of `periods`, they belong to another
/// tempo and are ignored.
fn refined(
    written: f64,
    periods: PeriodRange,
    marks: Option<&PeriodEvidence>,
    analysed: Option<&AnalysedBeats>,
) -> f64 {
    let several = matches!(marks, Some(PeriodEvidence::Rounded { points, .. }) if points.len() > 1);
    let beats = analysed.and_then(|analysed| agreed(periods, analysed));
    let evidence: Vec<&PeriodEvidence> = marks.into_iter().chain(beats.as_ref().map(|(_, beats)| beats)).collect();
    let likelihood = PeriodLikelihood::new(beats.as_ref().map_or(periods, |(possible, _)| *possible), &evidence);
    // A program writes several marks for one tempo only if beats at the rounded tempo alone would drift.
    let stands = if several { likelihood.is_likely(written) } else { likelihood.is_possible(written) };
    if stands { written } else { likelihood.mean }
}

/// The periods that both the collection and the beats of the structure file allow, and the evidence in these beats. Only
/// periods are compared, not times, because two decoders may begin a file some milliseconds apart.
fn agreed(periods: PeriodRange, analysed: &AnalysedBeats) -> Option<(PeriodRange, PeriodEvidence)> {
    let beats = analysed.evidence.as_ref()?;
    // The analyser may count twice or half as many beats as the collection.
    [1.0, 2.0, 0.5].into_iter().find_map(|factor| {
        let beats = beats.times(factor);
        Some((periods.and(beats.periods())?, beats))
    })
}

/// Takes the bars of the structure file where the collection counts beats twice or half as fast as the structure file.
/// Four beats of the collection are then not one bar.
fn other_bars(found: FittedGrid, period: f64, analysed: &AnalysedBeats) -> FittedGrid {
    let Some(beats) = analysed.period().filter(|_| analysed.has_bars) else {
        return found;
    };
    let factor = [2.0, 0.5].into_iter().find(|factor| (beats / period / factor - 1.0).abs() < 0.001);
    // Only the first mark is kept, because later marks only restart the bars of the collection.
    let (Some(factor), Some(only)) = (factor, found.marks.first()) else {
        return found;
    };
    let bar = f64::from(analysed.beats_per_bar) * factor;
    // The mark is on a beat, or midway between two beats when the collection counts twice as many.
    let (Some((beat, away)), true) = (analysed.nearest(only.seconds), bar.fract() == 0.0 && bar >= 1.0) else {
        return found;
    };
    let between = if away > period / 2.0 { 1.0 } else { 0.0 };
    let earlier = analysed.points.iter().any(|(nth, at)| *nth == beat && *at < only.seconds);
    let on = f64::from(analysed.number(beat) - 1) * factor + if earlier { between } else { -between };
    if on.fract() != 0.0 {
        // The downbeats lie between the beats of the collection.
        return found;
    }
    let beats_per_bar = bar as u8;
    let number = on.rem_euclid(bar) as u8 + 1;
    let marks = vec![Mark { number, ..*only }];
    FittedGrid { marks, beats_per_bar, ..found }
}
