//! What of a track is cut: from the end of its intro to the end of a section.

use crate::grid::Grid;
use crate::skip::Skip;
use crate::structure::Segment;

/// A segment begins "at" the end of the intro when it is nearer than this, in seconds: the analyser writes 10 ms steps.
const SAME_PLACE: f64 = 0.001;

/// Places in a track, in seconds: `0 <= ini <= begin < end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cues {
    /// The end of the last intro: where the part begins.
    pub ini: f64,
    /// The start of the last section of the part: where a mix out of it may begin.
    pub begin: f64,
    /// The end of that section: where the part ends.
    pub end: f64,
}

/// What cues are moved onto.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snap {
    /// Nothing: they stay where the analyser put them.
    #[default]
    None,
    /// The nearest beat.
    Beat,
    /// The nearest first beat of a bar.
    Downbeat,
}

impl Cues {
    /// The cues of a part of `n_sections` sections. The first section is the first segment that starts at or after the end
    /// of the last intro. `segments` are in the order of their starts, as [`Structure`](crate::structure::Structure) has
    /// them.
    ///
    /// # Errors
    /// The reason why there are none: no segments, no intro, too few sections behind it. `n_sections` of 0 gives none.
    pub fn find(segments: &[Segment], n_sections: usize) -> Result<Self, Skip> {
        if segments.is_empty() {
            return Err(Skip::NoSegments);
        }
        let intro = segments.iter().filter(|segment| segment.is("intro")).max_by(|a, b| a.end.total_cmp(&b.end));
        let Some(ini) = intro.map(|intro| intro.end) else {
            let labels = segments.iter().map(|segment| segment.label.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Skip::NoIntro { segments: segments.len(), labels: labels.chars().take(200).collect() });
        };
        let sections = || segments.iter().filter(|segment| segment.start >= ini - SAME_PLACE);
        let Some(last) = n_sections.checked_sub(1).and_then(|nth| sections().nth(nth)) else {
            return Err(Skip::TooFewSections { found: sections().count(), wanted: n_sections });
        };
        Ok(Self { ini, begin: last.start.max(ini), end: last.end })
    }

    /// These cues moved onto the grid. None goes before the track's start: the first beat in it is taken instead.
    ///
    /// # Errors
    /// [`Skip::Empty`] when nothing is left between them.
    pub fn snapped(self, snap: Snap, grid: &Grid) -> Result<Self, Skip> {
        let place = |seconds: f64| match snap {
            Snap::None => seconds,
            Snap::Beat => grid.nearest_beat(seconds),
            Snap::Downbeat => grid.nearest_downbeat(seconds),
        };
        let moved = Self { ini: place(self.ini), begin: place(self.begin), end: place(self.end) };
        let in_order =
            0.0 <= moved.ini && moved.ini <= moved.begin && moved.begin <= moved.end && moved.ini < moved.end;
        if in_order { Ok(moved) } else { Err(Skip::Empty { begin: moved.ini, end: moved.end }) }
    }
}
