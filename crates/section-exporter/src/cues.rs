//! What of a track is cut: from the end of its intro to the end of a section.

use crate::grid::Grid;
use crate::skip::Skip;
use crate::structure::Segment;

/// A segment begins "at" the end of the intro when it is nearer than this, in seconds: the analyser writes 10 ms steps.
pub(crate) const SAME_PLACE: f64 = 0.001;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Snap {
    /// Nothing: they stay where the analyser put them
    #[default]
    None,
    /// The nearest beat
    Beat,
    /// The nearest first beat of a bar
    Downbeat,
}

/// The segments that follow a place. What is before the first beat an analyser calls "start": that is no section.
pub(crate) fn sections_after(segments: &[Segment], place: f64, near: f64) -> impl Iterator<Item = &Segment> {
    segments.iter().filter(move |segment| segment.start >= place - near && !segment.is("start"))
}

impl Snap {
    /// Where a cue at `seconds` is moved.
    pub fn place(self, seconds: f64, grid: &Grid) -> f64 {
        match self {
            Self::None => seconds,
            Self::Beat => grid.nearest_beat(seconds),
            Self::Downbeat => grid.nearest_downbeat(seconds),
        }
    }
}

impl Cues {
    /// The cues of a part of `n_sections` sections. The first section is the first segment that starts at or after the end
    /// of the last intro. `segments` are in the order of their starts, as [`Structure`](crate::structure::Structure) has
    /// them.
    ///
    /// # Errors
    /// The reason why there are none: no segments, no intro, too few sections behind it. `n_sections` of 0 gives none.
    pub fn find(segments: &[Segment], n_sections: usize) -> Result<Self, Skip> {
        Self::after(segments, Self::end_of_intro(segments)?, SAME_PLACE, n_sections)
    }

    /// The end of the last intro, in seconds.
    ///
    /// # Errors
    /// [`Skip::NoSegments`] or [`Skip::NoIntro`].
    pub fn end_of_intro(segments: &[Segment]) -> Result<f64, Skip> {
        if segments.is_empty() {
            return Err(Skip::NoSegments);
        }
        let intro = segments.iter().filter(|segment| segment.is("intro")).max_by(|a, b| a.end.total_cmp(&b.end));
        intro.map(|intro| intro.end).ok_or_else(|| {
            let labels = segments.iter().map(|segment| segment.label.as_str()).collect::<Vec<_>>().join(", ");
            Skip::NoIntro { segments: segments.len(), labels: labels.chars().take(200).collect() }
        })
    }

    /// The cues of a part of `n_sections` sections that begins at `ini`, which those that begin at most `near` earlier follow
    /// (both in seconds).
    ///
    /// # Errors
    /// [`Skip::TooFewSections`].
    pub fn after(segments: &[Segment], ini: f64, near: f64, n_sections: usize) -> Result<Self, Skip> {
        let sections = || sections_after(segments, ini, near);
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
        let place = |seconds: f64| snap.place(seconds, grid);
        let moved = Self { ini: place(self.ini), begin: place(self.begin), end: place(self.end) };
        let in_order =
            0.0 <= moved.ini && moved.ini <= moved.begin && moved.begin <= moved.end && moved.ini < moved.end;
        if in_order { Ok(moved) } else { Err(Skip::Empty { begin: moved.ini, end: moved.end }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Structure;

    fn segments(of: &[(f64, f64, &str)]) -> Vec<Segment> {
        of.iter().map(|&(start, end, label)| Segment { start, end, label: label.into() }).collect()
    }

    fn track() -> Vec<Segment> {
        segments(&[
            (0.0, 0.3, "start"),
            (0.3, 16.3, "Intro"),
            (16.3, 32.3, "INTRO "),
            (32.3, 48.3, "verse"),
            (48.3, 64.3, "chorus"),
            (64.3, 80.3, "outro"),
            (80.3, 81.0, "end"),
        ])
    }

    #[test]
    fn a_part_reaches_from_the_end_of_the_last_intro_to_the_end_of_the_nth_section() {
        for (n, begin, end) in [(1, 32.3, 48.3), (2, 48.3, 64.3), (3, 64.3, 80.3), (4, 80.3, 81.0)] {
            assert_eq!(Cues::find(&track(), n), Ok(Cues { ini: 32.3, begin, end }), "{n}");
        }
        assert_eq!(Cues::find(&track(), 5), Err(Skip::TooFewSections { found: 4, wanted: 5 }));
        assert_eq!(Cues::find(&track(), 0), Err(Skip::TooFewSections { found: 4, wanted: 0 }));
    }

    #[test]
    fn a_section_that_begins_within_the_intro_does_not_count() {
        let overlapping =
            segments(&[(0.0, 10.0, "intro"), (5.0, 20.0, "verse"), (20.0, 30.0, "chorus"), (30.0, 40.0, "solo")]);
        assert_eq!(Cues::find(&overlapping, 1), Ok(Cues { ini: 10.0, begin: 20.0, end: 30.0 }));
        let rounded = segments(&[(0.0, 10.000_000_1, "intro"), (10.0, 20.0, "verse")]);
        let cues = Cues::find(&rounded, 1).unwrap();
        assert_eq!((cues.begin, cues.end), (cues.ini, 20.0));
    }

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(Cues::find(&[], 6), Err(Skip::NoSegments));
        let error = Cues::find(&segments(&[(0.0, 1.0, "verse"), (1.0, 2.0, "introduction")]), 1).unwrap_err();
        assert_eq!(error.to_string().split(':').next(), Some("no intro among its 2 segments (verse, introduction)"));
        let last = segments(&[(0.0, 1.0, "verse"), (1.0, 2.0, "intro")]);
        assert_eq!(Cues::find(&last, 1), Err(Skip::TooFewSections { found: 0, wanted: 1 }));
    }

    fn grid(first: f64) -> Grid {
        let beats = (0..200).map(|beat| first + 0.5 * f64::from(beat)).collect();
        let beat_positions = (0..200).map(|beat| beat % 4 + 1).collect();
        let structure = Structure { path: "a".into(), beats, beat_positions, ..Structure::default() };
        Grid::new(None, &structure).unwrap()
    }

    #[test]
    fn cues_snap_to_the_nearest_beat_or_downbeat_of_the_track() {
        let cues = Cues { ini: 8.27, begin: 20.76, end: 31.3 };
        let snapped = |snap| {
            let Cues { ini, begin, end } = cues.snapped(snap, &grid(0.3)).unwrap();
            [ini, begin, end].map(|seconds| (seconds * 1e6).round() / 1e6)
        };
        assert_eq!(snapped(Snap::None), [8.27, 20.76, 31.3]);
        assert_eq!(snapped(Snap::Beat), [8.3, 20.8, 31.3]);
        assert_eq!(snapped(Snap::Downbeat), [8.3, 20.3, 32.3]);
        // The grid reaches back to the track's start and no further.
        let early = Cues { ini: 0.0, begin: 0.1, end: 4.0 };
        let Cues { ini, begin, .. } = early.snapped(Snap::Beat, &grid(0.3)).unwrap();
        assert!((ini - 0.3).abs() < 1e-9 && (begin - 0.3).abs() < 1e-9, "{ini} {begin}");
    }

    #[test]
    fn cues_that_fall_together_are_told() {
        let cues = Cues { ini: 8.2, begin: 8.3, end: 8.4 };
        let error = cues.snapped(Snap::Downbeat, &grid(0.3)).unwrap_err().to_string();
        assert!(error.starts_with("nothing lies between its cues at 8.300 s and 8.300 s"), "{error}");
    }
}
