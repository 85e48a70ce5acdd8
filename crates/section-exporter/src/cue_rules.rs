//! The rules by which the cues of an excerpt are found in a track: the length of the excerpt, and the fallback where
//! the track is too short.

use crate::cues::{Cues, SAME_TIME, Snap, sections_after};
use crate::grid::Grid;
use crate::skip_reason::SkipReason;
use crate::structure::{Section, Structure};

/// A bar counts as complete if the music ends at most this many beats before the bar does, because the ends of sections
/// are rounded.
const END_TOLERANCE: f64 = 0.25;

/// The length of an excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcerptLength {
    /// A number of sections, at least 1.
    Sections(usize),
    /// A number of bars at the target tempo, at least 1.
    Bars(u32),
}

/// How the cues of an excerpt are found in a track.
#[derive(Clone, Copy, Debug)]
pub struct CueRules {
    /// The length of the excerpt.
    pub length: ExcerptLength,
    /// The points of the beat grid to which the cues are moved.
    pub snap: Snap,
    /// What is done with tracks that do not have the requested excerpt. If true, an excerpt without an intro begins with
    /// the first downbeat, and one from a track that is too short ends with the last section or bar. If false, these tracks
    /// are left out.
    pub fallback: bool,
}

/// The cues that were found in a track.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundCues {
    /// The cues.
    pub cues: Cues,
    /// Sentences about differences from the requested excerpt.
    pub notes: Vec<String>,
}

/// The start of an excerpt.
struct ExcerptStart {
    /// Its time in seconds.
    seconds: f64,
    /// The first section of the excerpt may begin up to this many seconds before that time.
    near: f64,
}

impl CueRules {
    /// Finds the cues in a track. They are not snapped yet, except the first cue of an excerpt whose length is in bars.
    /// `seconds` is the length of the track, if the collection has it. `factor` is the number of beats at the target
    /// tempo that one beat of the grid counts as: [`Selection::check`](crate::selection::Selection::check) returns it.
    ///
    /// Bars are counted from the first cue on. If the length is in bars, the begin cue is a quarter of the bars before the
    /// end, rounded to whole bars.
    ///
    /// # Errors
    /// The reason why the track has no such cues.
    pub fn find_cues(
        &self,
        structure: &Structure,
        grid: &Grid,
        seconds: Option<f64>,
        factor: f64,
    ) -> Result<FoundCues, SkipReason> {
        let mut notes = Vec::new();
        let start = self.start(structure, grid, &mut notes)?;
        let cues = match self.length {
            ExcerptLength::Sections(requested) => self.sections(&structure.sections, &start, requested, &mut notes)?,
            ExcerptLength::Bars(requested) => {
                let ini = self.snap.apply(start.seconds, grid);
                let bar = f64::from(grid.beats_per_bar()) / factor;
                self.bars(ini, bar, requested, end_of_music(structure, seconds), grid, &mut notes)?
            }
        };
        Ok(FoundCues { cues, notes })
    }

    fn start(&self, structure: &Structure, grid: &Grid, notes: &mut Vec<String>) -> Result<ExcerptStart, SkipReason> {
        match Cues::end_of_intro(&structure.sections) {
            Ok(seconds) => Ok(ExcerptStart { seconds, near: SAME_TIME }),
            Err(reason) if !self.fallback => Err(reason),
            Err(_) => {
                let seconds = first_downbeat(structure, grid);
                notes.push(format!("no intro: the excerpt begins with the first downbeat, at {seconds:.3} s"));
                Ok(ExcerptStart { seconds, near: 30.0 / grid.bpm() })
            }
        }
    }

    fn sections(
        &self,
        sections: &[Section],
        start: &ExcerptStart,
        requested: usize,
        notes: &mut Vec<String>,
    ) -> Result<Cues, SkipReason> {
        if sections.is_empty() {
            return Err(SkipReason::NoSections);
        }
        match Cues::after(sections, start.seconds, start.near, requested) {
            Err(reason @ SkipReason::TooFewSections { .. }) if self.fallback => {
                // The section "end" is the time after the last beat, so it has no music and does not count.
                let sections = sections_after(sections, start.seconds, start.near);
                let music = sections.enumerate().filter(|(_, section)| !section.is("end")).last();
                let (nth, last) = music.ok_or(reason)?;
                notes.push(format!("{} sections instead of {requested}: there are no more", nth + 1));
                Ok(Cues { ini: start.seconds, begin: last.start.max(start.seconds), end: last.end })
            }
            found => found,
        }
    }

    /// Finds the cues of an excerpt whose length is in bars. `bar` is the number of beats in a bar. `end` is the end of the
    /// music in seconds, if that is known.
    fn bars(
        &self,
        ini: f64,
        bar: f64,
        requested: u32,
        end: Option<f64>,
        grid: &Grid,
        notes: &mut Vec<String>,
    ) -> Result<Cues, SkipReason> {
        let first = grid.beat_at(ini);
        let available = end.map(|end| ((grid.beat_at(end) - first + END_TOLERANCE) / bar).floor().max(0.0));
        let mut bars = f64::from(requested);
        if let Some(available) = available.filter(|available| *available < bars) {
            if !self.fallback || available < 1.0 {
                return Err(SkipReason::TooFewBars { found: available as u32, requested });
            }
            notes.push(format!("{available} bars instead of {requested}: there are no more"));
            bars = available;
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
    // If the music begins in the middle of a bar, the nearest downbeat may be before it.
    if at < first - beat / 2.0 { grid.nearest_downbeat(at + beat * f64::from(grid.beats_per_bar())) } else { at }
}

/// The end of the music, in seconds: the end of its last section, else of its last beat, else of the track.
fn end_of_music(structure: &Structure, seconds: Option<f64>) -> Option<f64> {
    let section = structure.sections.iter().filter(|section| !section.is("end") && !section.is("start"));
    let section = section
        .map(|section| section.end)
        .fold(None, |last: Option<f64>, end| Some(last.map_or(end, |last| last.max(end))));
    let beat = || match structure.beats.as_slice() {
        [.., before, last] => Some(2.0 * last - before),
        _ => None,
    };
    section.or_else(beat).or(seconds)
}

/// The labels of the sections between the first and the last cue, in order. A section counts when at least half of it, or
/// a whole bar, lies between these cues.
pub fn labels(sections: &[Section], cues: Cues, grid: &Grid) -> Vec<String> {
    let bar = 60.0 / grid.bpm() * f64::from(grid.beats_per_bar());
    let is_inside = |section: &&Section| {
        let within = section.end.min(cues.end) - section.start.max(cues.ini);
        // A bar counts as whole from 95 % on, because cues on the grid differ a little from the ends of the sections.
        within > 0.0 && (within >= (section.end - section.start) / 2.0 || within >= 0.95 * bar)
    };
    sections.iter().filter(is_inside).map(|section| section.label.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests;
