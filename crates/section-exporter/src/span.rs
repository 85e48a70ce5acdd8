//! How much of a track an excerpt is, and what is taken where there is less.

use crate::cues::{Cues, SAME_PLACE, Snap, sections_after};
use crate::grid::Grid;
use crate::skip::Skip;
use crate::structure::{Segment, Structure};

/// What is rounded in the ends of segments, in beats.
const NEARLY: f64 = 0.25;

/// How long an excerpt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many sections, at least 1.
    Sections(usize),
    /// So many bars at the target tempo, at least 1.
    Bars(u32),
}

/// What of a track is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// How long it is.
    pub length: Length,
    /// What cues are moved to.
    pub snap: Snap,
    /// Whether to take what there is where a track has no intro, or less than is wanted.
    pub fallback: bool,
}

/// What of a track is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// From where to where.
    pub cues: Cues,
    /// What was taken instead of what was wanted, in sentences.
    pub notes: Vec<String>,
}

/// Where an excerpt begins.
struct Start {
    /// In seconds.
    at: f64,
    /// Sections that begin no earlier than so many seconds before it follow it.
    near: f64,
}

impl Span {
    /// The cues in a track, still to be snapped, but for the first one of so many bars. `seconds` is its length where that is known from elsewhere. `factor` is
    /// how often a beat of the grid counts at the target tempo, as [`Selection::judge`](crate::select::Selection::judge) has
    /// it.
    ///
    /// Bars are counted from the first cue on. The begin cue of so many bars lies a quarter of them, in whole bars, before the
    /// end.
    ///
    /// # Errors
    /// The reason why there are none.
    pub fn find(&self, structure: &Structure, grid: &Grid, seconds: Option<f64>, factor: f64) -> Result<Found, Skip> {
        let mut notes = Vec::new();
        let start = self.start(structure, grid, &mut notes)?;
        let cues = match self.length {
            Length::Sections(wanted) => self.sections(&structure.segments, &start, wanted, &mut notes)?,
            Length::Bars(wanted) => {
                let ini = self.snap.place(start.at, grid);
                let bar = f64::from(grid.beats_per_bar()) / factor;
                self.bars(ini, bar, wanted, end_of_music(structure, seconds), grid, &mut notes)?
            }
        };
        Ok(Found { cues, notes })
    }

    fn start(&self, structure: &Structure, grid: &Grid, notes: &mut Vec<String>) -> Result<Start, Skip> {
        match Cues::end_of_intro(&structure.segments) {
            Ok(at) => Ok(Start { at, near: SAME_PLACE }),
            Err(reason) if !self.fallback => Err(reason),
            Err(_) => {
                let at = first_downbeat(structure, grid);
                notes.push(format!("no intro: the excerpt begins with the first downbeat, at {at:.3} s"));
                Ok(Start { at, near: 30.0 / grid.bpm() })
            }
        }
    }

    fn sections(
        &self,
        segments: &[Segment],
        start: &Start,
        wanted: usize,
        notes: &mut Vec<String>,
    ) -> Result<Cues, Skip> {
        if segments.is_empty() {
            return Err(Skip::NoSegments);
        }
        match Cues::after(segments, start.at, start.near, wanted) {
            Err(reason @ Skip::TooFewSections { .. }) if self.fallback => {
                // "end" is what is behind the last beat.
                let sections = sections_after(segments, start.at, start.near);
                let music = sections.enumerate().filter(|(_, segment)| !segment.is("end")).last();
                let (nth, last) = music.ok_or(reason)?;
                notes.push(format!("{} sections instead of {wanted}: there are no more", nth + 1));
                Ok(Cues { ini: start.at, begin: last.start.max(start.at), end: last.end })
            }
            found => found,
        }
    }

    /// `bar` is the beats of a bar, `end` where the music ends if that is known.
    fn bars(
        &self,
        ini: f64,
        bar: f64,
        wanted: u32,
        end: Option<f64>,
        grid: &Grid,
        notes: &mut Vec<String>,
    ) -> Result<Cues, Skip> {
        let first = grid.beat_at(ini);
        let room = end.map(|end| ((grid.beat_at(end) - first + NEARLY) / bar).floor().max(0.0));
        let mut bars = f64::from(wanted);
        if let Some(room) = room.filter(|room| *room < bars) {
            if !self.fallback || room < 1.0 {
                return Err(Skip::TooFewBars { found: room as u32, wanted });
            }
            notes.push(format!("{room} bars instead of {wanted}: there are no more"));
            bars = room;
        }
        let out = (bars / 4.0).floor().max(1.0);
        let at = |bars: f64| grid.seconds_at(first + bars * bar);
        Ok(Cues { ini, begin: at(bars - out), end: at(bars) })
    }
}

/// The first downbeat of the music, in seconds.
fn first_downbeat(structure: &Structure, grid: &Grid) -> f64 {
    let mark = || grid.marks().first().map_or(0.0, |mark| mark.seconds);
    let first = structure.downbeats.first().or(structure.beats.first()).copied().unwrap_or_else(mark);
    let at = grid.nearest_downbeat(first);
    let beat = 60.0 / grid.bpm();
    // The music may begin in the middle of a bar.
    if at < first - beat / 2.0 { grid.nearest_downbeat(at + beat * f64::from(grid.beats_per_bar())) } else { at }
}

/// Where the music ends, in seconds: with its last section or its last beat, else with the track.
fn end_of_music(structure: &Structure, seconds: Option<f64>) -> Option<f64> {
    let section = structure.segments.iter().filter(|segment| !segment.is("end") && !segment.is("start"));
    let section = section
        .map(|segment| segment.end)
        .fold(None, |last: Option<f64>, end| Some(last.map_or(end, |last| last.max(end))));
    let beat = || match structure.beats.as_slice() {
        [.., before, last] => Some(2.0 * last - before),
        _ => None,
    };
    section.or_else(beat).or(seconds)
}

/// The labels of the sections that lie between two cues, in order: of each at least half, or a whole bar.
pub fn labels(segments: &[Segment], cues: Cues, grid: &Grid) -> Vec<String> {
    let bar = 60.0 / grid.bpm() * f64::from(grid.beats_per_bar());
    let lies = |segment: &&Segment| {
        let within = segment.end.min(cues.end) - segment.start.max(cues.ini);
        // Cues on the grid lie a little beside the ends of the segments.
        within > 0.0 && (within >= (segment.end - segment.start) / 2.0 || within >= 0.95 * bar)
    };
    segments.iter().filter(lies).map(|segment| segment.label.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests;
