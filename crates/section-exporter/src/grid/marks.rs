//! The library's tempo marks, freed of their rounding.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::fit::{Evidence, Odds, Periods, Point, Run, first, runs};
use super::source::Source;
use super::taps::Taps;
use crate::rekordbox::{Tempo, Written};
use crate::structure::Structure;

/// Half of the millisecond to which marks are rounded, and what floats may miss.
const ROUNDED: f64 = 0.000_501;

/// Marks this near to one steady tempo, in seconds, mean one: other authors round twice.
const STEADY: f64 = 0.002;

/// The last mark's tempo belongs to the one before when it differs by no more than this, in beats a minute.
const SAME_BPM: f64 = 0.02;

/// What became of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub marks: Vec<Mark>,
    pub beats_per_bar: u8,
    pub steady: bool,
    pub source: Source,
}

/// The marks of a track in the library, else its average tempo. Absent when it has neither.
pub fn of_library(tempos: &[Tempo], average: Option<Written>, taps: Option<&Taps>) -> Option<Found> {
    let (tempos, points) = counted(tempos);
    let Some(first_tempo) = tempos.first() else {
        let written = average?;
        let exact = Periods::of_bpm(written.value, written.step / 2.0 + 1e-9);
        let bpm = 60.0 / refined(60.0 / written.value, exact, None, taps);
        let beats = taps.map(|taps| taps.points.as_slice()).unwrap_or_default();
        return on_first_beat(bpm, Source::AverageBpm, beats.first().map(|beat| beat.1), taps);
    };
    let beats_per_bar = bar_beats(&tempos);
    let written = 60.0 / first_tempo.bpm.value;
    let steady = steady(&tempos, &points).map(|(periods, marks)| refined(written, periods, Some(&marks), taps));
    let Some(period) = steady else {
        let marks = tempos.iter().filter_map(|tempo| mark(tempo.seconds, tempo.bpm.value, tempo.number, beats_per_bar));
        return Some(Found { marks: marks.collect(), beats_per_bar, steady: false, source: Source::TempoMarks });
    };
    let (at, bpm) = (first(&points, period), 60.0 / period);
    let mut marks = vec![mark(at, bpm, first_tempo.number, beats_per_bar)?];
    let (mut bar, mut from) = (first_tempo.number, 0.0);
    for (tempo, (beat, _)) in tempos.iter().zip(&points).skip(1) {
        // A mark on the line tells nothing new unless a bar begins out of turn.
        let counted = (f64::from(bar - 1) + beat - from).rem_euclid(f64::from(beats_per_bar)) as u8 + 1;
        if tempo.number != counted {
            marks.push(mark(at + period * beat, bpm, tempo.number, beats_per_bar)?);
            (bar, from) = (tempo.number, *beat);
        }
    }
    let found = Found { marks, beats_per_bar, steady: true, source: Source::TempoMarks };
    Some(taps.map_or(found.clone(), |taps| other_bars(found, period, taps)))
}

/// Beats of `bpm` from the first one the structure file has.
pub fn of_bpm(bpm: f64, source: Source, structure: &Structure, taps: Option<&Taps>) -> Option<Found> {
    let beat = structure.beats.first().or(structure.downbeats.first());
    on_first_beat(bpm, source, beat.copied(), taps)
}

fn on_first_beat(bpm: f64, source: Source, beat: Option<f64>, taps: Option<&Taps>) -> Option<Found> {
    let beats_per_bar = taps.map_or(4, |taps| taps.beats_per_bar);
    let number = taps.map_or(1, |taps| taps.number(0.0));
    let at = beat.unwrap_or(0.0);
    let steady = taps.and_then(Taps::period).filter(|period| (period * bpm / 60.0 - 1.0).abs() < 0.001);
    let at = steady.and(taps).map_or(at, |taps| first(&taps.points, 60.0 / bpm));
    Some(Found { marks: vec![mark(at, bpm, number, beats_per_bar)?], beats_per_bar, steady: true, source })
}

fn mark(seconds: f64, bpm: f64, number: u8, beats_per_bar: u8) -> Option<Mark> {
    Some(Mark { seconds, bpm: Bpm::new(bpm).ok()?, number: number.clamp(1, beats_per_bar) })
}

fn bar_beats(tempos: &[Tempo]) -> u8 {
    let first = tempos.first().map_or(4, |tempo| tempo.beats_per_bar);
    // One bar for the whole track is what a grid has; a mark of another metre still lies on a beat.
    tempos.iter().map(|tempo| tempo.number).max().unwrap_or(1).max(first)
}

/// The marks that are tempos of beats, with the beats counted from the first: whole ones from mark to mark.
pub fn counted(tempos: &[Tempo]) -> (Vec<Tempo>, Vec<Point>) {
    let (mut kept, mut points) = (Vec::<Tempo>::new(), Vec::<Point>::new());
    for tempo in tempos.iter().filter(|tempo| Bpm::new(tempo.bpm.value).is_ok()) {
        let beat = match (kept.last(), points.last()) {
            (Some(before), Some((beat, at))) => {
                let beats = ((tempo.seconds - at) * before.bpm.value / 60.0).round();
                if beats < 1.0 {
                    continue;
                }
                beat + beats
            }
            _ => 0.0,
        };
        kept.push(*tempo);
        points.push((beat, tempo.seconds));
    }
    (kept, points)
}

/// The periods that are possible, and what the marks' places say of them, if all marks mean one tempo.
fn steady(tempos: &[Tempo], points: &[Point]) -> Option<(Periods, Evidence)> {
    let written = |tempo: &Tempo| Periods::of_bpm(tempo.bpm.value, tempo.bpm.step / 2.0 + 1e-9);
    let last = tempos.last()?;
    let one = |width| match runs(points, width).as_slice() {
        &[Run { periods, .. }] => Some(Evidence::Rounded { points: points.to_vec(), width, periods }),
        _ => None,
    };
    let marks = one(ROUNDED).or_else(|| one(STEADY))?;
    let mut periods = marks.periods();
    let nearest = (60.0 / last.bpm.value).clamp(periods.low, periods.high);
    if (60.0 / nearest - last.bpm.value).abs() > SAME_BPM + last.bpm.step / 2.0 {
        return None;
    }
    for tempo in tempos {
        periods = periods.and(written(tempo)).unwrap_or(periods);
    }
    Some((periods, marks))
}

/// The period that was meant by a written one, where rounding leaves `periods`.
///
/// With two decimals a tempo may be off by 0.005 BPM, 2.5 ms a minute at 120 BPM. Some marks, or a few hundred beats on a
/// 10 ms grid, know it to a fifth of that. But most music has the tempo that is written, so it stands as long as they allow
/// it; and beats that leave nothing of what rounding allows are of another tempo and tell nothing.
fn refined(written: f64, periods: Periods, marks: Option<&Evidence>, taps: Option<&Taps>) -> f64 {
    let several = matches!(marks, Some(Evidence::Rounded { points, .. }) if points.len() > 1);
    let beats = taps.and_then(|taps| agreed(periods, taps));
    let evidence: Vec<&Evidence> = marks.into_iter().chain(beats.as_ref().map(|(_, beats)| beats)).collect();
    let odds = Odds::new(beats.as_ref().map_or(periods, |(possible, _)| *possible), &evidence);
    // Several marks for one tempo are there because the written one would drift.
    let stands = if several { odds.favour(written) } else { odds.allow(written) };
    if stands { written } else { odds.mean }
}

/// What both the library and the beats allow. Only the period is compared: two decoders may begin a file some
/// milliseconds apart, so the place of the beats is the library's.
fn agreed(periods: Periods, taps: &Taps) -> Option<(Periods, Evidence)> {
    let beats = taps.evidence.as_ref()?;
    // An analyser may count twice or half as many beats.
    [1.0, 2.0, 0.5].into_iter().find_map(|factor| {
        let beats = beats.times(factor);
        Some((periods.and(beats.periods())?, beats))
    })
}

/// The bars of the structure file where the library counts beats twice or half as fast: four of its beats are then no bar.
fn other_bars(found: Found, period: f64, taps: &Taps) -> Found {
    let Some(beats) = taps.period().filter(|_| taps.knows_bars) else {
        return found;
    };
    let factor = [2.0, 0.5].into_iter().find(|factor| (beats / period / factor - 1.0).abs() < 0.001);
    // Later marks only say how the library counts.
    let (Some(factor), Some(only)) = (factor, found.marks.first()) else {
        return found;
    };
    let bar = f64::from(taps.beats_per_bar) * factor;
    // The mark lies on one of the beats, or midway between two when the library counts twice as many.
    let (Some((beat, away)), true) = (taps.nearest(only.seconds), bar.fract() == 0.0 && bar >= 1.0) else {
        return found;
    };
    let between = if away > period / 2.0 { 1.0 } else { 0.0 };
    let earlier = taps.points.iter().any(|(nth, at)| *nth == beat && *at < only.seconds);
    let on = f64::from(taps.number(beat) - 1) * factor + if earlier { between } else { -between };
    if on.fract() != 0.0 {
        // The library's beats fall between the first beats of bars.
        return found;
    }
    let beats_per_bar = bar as u8;
    let number = on.rem_euclid(bar) as u8 + 1;
    let marks = vec![Mark { number, ..*only }];
    Found { marks, beats_per_bar, ..found }
}
