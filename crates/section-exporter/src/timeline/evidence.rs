//! How far Rekordbox's beats lie from those of the music, measured.

use std::fmt;
use std::path::Path;

use crowd_engine::dsp::OnsetFinder;
use crowd_media::Reader;

use crate::grid::Grid;

/// Beats and onsets farther apart than this, in seconds, are not the same.
const NEAR: f64 = 0.06;
/// Fewer say nothing.
const FEWEST: usize = 16;
/// Half of the step to which an analyser rounds its beats, in seconds.
const ROUNDED: f64 = 0.005;
/// How much the first and the second half may differ, in seconds: what is measured has to be constant.
const CONSTANT: f64 = 0.005;
/// How far half of the beats may lie from the middle of them all, in seconds.
const SPREAD: f64 = 0.015;
/// The same for onsets, which are not rounded.
const CLEAR: f64 = 0.004;
/// Seconds from where a hit begins to rise, which the finder tells, to where it is heard and a grid has its beat.
const RISE: f64 = 0.0016;
/// Seconds of the track in which onsets are looked for.
const HEARD: f64 = 40.0;

/// What was measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The beats of the structure file.
    Beats,
    /// Onsets in the sound.
    Onsets,
}

impl Evidence {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Beats => "structure beats",
            Self::Onsets => "onsets",
        }
    }
}

/// How much later Rekordbox's beats lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Than what.
    pub by: Evidence,
    /// By how much, in seconds.
    pub seconds: f64,
    /// What the rounding of the beats leaves open to both sides, in seconds.
    pub room: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            Evidence::Beats => "the beats of its structure file",
            Evidence::Onsets => "its onsets",
        };
        let way = if self.seconds < 0.0 { "before" } else { "behind" };
        write!(f, "its tempo marks lie {:.1} ms {way} {by}", self.seconds.abs() * 1e3)
    }
}

/// By the beats of a structure file, in seconds.
pub fn by_beats(grid: &Grid, beats: &[f64]) -> Option<Measured> {
    let away = |at: &f64| Some(grid.nearest_beat(*at) - at).filter(|away| away.abs() <= NEAR);
    let away: Vec<f64> = beats.iter().filter_map(away).collect();
    // Every second beat of a track that Rekordbox counts half as fast is there.
    let middle = constant(&away, SPREAD).filter(|_| 5 * away.len() >= 2 * beats.len())?;
    let (low, high) =
        away.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(*at), high.max(*at)));
    let room = ROUNDED - (high - low) / 2.0;
    let (seconds, room) = if room >= 0.0 { (f64::midpoint(low, high), room) } else { (middle, 0.0) };
    Some(Measured { by: Evidence::Beats, seconds, room })
}

/// By the onsets in the sound from a place in seconds on. Absent when it has no clear ones, or cannot be read.
pub fn by_onsets(grid: &Grid, audio: &Path, from: f64) -> Option<Measured> {
    let (onsets, until) = onsets(audio, from)?;
    let first = grid.beat_at(from + NEAR).ceil();
    let last = grid.beat_at(until - NEAR).floor();
    if last < first || last - first > HEARD * 20.0 {
        return None;
    }
    let beats = (0..=(last - first) as u32).map(|nth| grid.seconds_at(first + f64::from(nth)));
    let beats: Vec<f64> = beats.collect();
    let strongest = |beat: &f64| {
        let near =
            onsets.partition_point(|(at, _)| *at < beat - NEAR)..onsets.partition_point(|(at, _)| *at <= beat + NEAR);
        let near = onsets.get(near)?.iter();
        near.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| beat - at)
    };
    let away: Vec<f64> = beats.iter().filter_map(strongest).collect();
    let seconds = constant(&away, CLEAR).filter(|_| 2 * away.len() >= beats.len())?;
    Some(Measured { by: Evidence::Onsets, seconds, room: 0.0 })
}

/// Places in seconds and strengths of the onsets from a place on, in order, and where they were looked for until.
fn onsets(audio: &Path, from: f64) -> Option<(Vec<(f64, f32)>, f64)> {
    let mut reader = Reader::open(audio).ok()?.to_stereo().ok()?;
    let rate = f64::from(reader.sample_rate());
    let first = (from.max(0.0) * rate).round();
    let frames = (HEARD * rate) as usize;
    let channels = usize::from(reader.channels());
    reader.seek(first as u64).ok()?;
    let mut finder = OnsetFinder::new(reader.sample_rate());
    let (mut found, mut heard) = (Vec::new(), 0);
    while heard < frames {
        let Some(block) = reader.next_block().ok()? else { break };
        heard += block.len() / channels;
        let stereo = block.chunks_exact(channels).filter_map(|frame| Some([*frame.first()?, *frame.last()?]));
        finder.push(stereo, |onset| found.push(onset));
    }
    finder.finish(|onset| found.push(onset));
    let place = |frame: i64| (first + frame as f64) / rate + RISE;
    let mut places: Vec<(f64, f32)> = found.iter().map(|onset| (place(onset.frame), onset.strength)).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some((places, (first + heard as f64) / rate))
}

/// The median of differences in the order of time, if they are the same throughout and within `spread` seconds of it.
fn constant(away: &[f64], spread: f64) -> Option<f64> {
    if away.len() < FEWEST {
        return None;
    }
    let middle = median(away.iter().copied())?;
    let (first, second) = away.split_at(away.len() / 2);
    let halves = [first, second].map(|half| median(half.iter().copied()));
    let [Some(first), Some(second)] = halves else { return None };
    let apart = median(away.iter().map(|at| (at - middle).abs()))?;
    ((first - second).abs() <= CONSTANT && apart <= spread).then_some(middle)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
