//! The cues of an excerpt: from the end of a track's intro to the end of a section.

use crate::grid::Grid;
use crate::skip_reason::SkipReason;
use crate::structure::Section;

/// The largest difference between two times that count as the same, in seconds. It is far below the 10 ms to which the
/// analyser rounds.
pub(crate) const SAME_TIME: f64 = 0.001;

/// Times in a track, in seconds: `0 <= ini <= begin < end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cues {
    /// The end of the last intro: the start of the excerpt.
    pub ini: f64,
    /// The start of the last section of the excerpt, where a mix out of it may begin.
    pub begin: f64,
    /// The end of that section: the end of the excerpt.
    pub end: f64,
}

/// The points of the beat grid to which cues are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Snap {
    /// No points: the cues stay at the times of the analyser
    #[default]
    None,
    /// The nearest beat
    Beat,
    /// The nearest first beat of a bar
    Downbeat,
}

/// The sections that begin at or after `seconds`, or up to `near` seconds before. The analyser calls the time before
/// the first beat "start", which does not count as a section.
pub(crate) fn sections_after(sections: &[Section], seconds: f64, near: f64) -> impl Iterator<Item = &Section> {
    sections.iter().filter(move |section| section.start >= seconds - near && !section.is("start"))
}

impl Snap {
    /// The time that a cue at `seconds` is moved to.
    pub fn apply(self, seconds: f64, grid: &Grid) -> f64 {
        match self {
            Self::None => seconds,
            Self::Beat => grid.nearest_beat(seconds),
            Self::Downbeat => grid.nearest_downbeat(seconds),
        }
    }
}

impl Cues {
    /// The cues of an excerpt of `n_sections` sections. The first section is the first one that starts at or after the
    /// end of the last intro. `sections` are in the order of their starts, as in
    /// [`Structure`](crate::structure::Structure).
    ///
    /// # Errors
    /// The reason why there are no such cues: no sections, no intro, or too few sections after the intro. If `n_sections` is
    /// 0, a track with an intro always has too few sections.
    pub fn find(sections: &[Section], n_sections: usize) -> Result<Self, SkipReason> {
        Self::after(sections, Self::end_of_intro(sections)?, SAME_TIME, n_sections)
    }

    /// The end of the last intro, in seconds.
    ///
    /// # Errors
    /// [`SkipReason::NoSections`] or [`SkipReason::NoIntro`].
    pub fn end_of_intro(sections: &[Section]) -> Result<f64, SkipReason> {
        if sections.is_empty() {
            return Err(SkipReason::NoSections);
        }
        let intro = sections.iter().filter(|section| section.is("intro")).max_by(|a, b| a.end.total_cmp(&b.end));
        intro.map(|intro| intro.end).ok_or_else(|| {
            let labels = sections.iter().map(|section| section.label.as_str()).collect::<Vec<_>>().join(", ");
            SkipReason::NoIntro { sections: sections.len(), labels: labels.chars().take(200).collect() }
        })
    }

    /// The cues of an excerpt of `n_sections` sections that begins at `ini` seconds. Its first section is the first one that
    /// begins at or after `ini`, or at most `near` seconds before.
    ///
    /// # Errors
    /// [`SkipReason::TooFewSections`].
    pub fn after(sections: &[Section], ini: f64, near: f64, n_sections: usize) -> Result<Self, SkipReason> {
        let sections = || sections_after(sections, ini, near);
        let Some(last) = n_sections.checked_sub(1).and_then(|nth| sections().nth(nth)) else {
            return Err(SkipReason::TooFewSections { found: sections().count(), requested: n_sections });
        };
        Ok(Self { ini, begin: last.start.max(ini), end: last.end })
    }

    /// These cues, moved onto the grid. If the nearest beat lies before the start of the track, a cue is moved to the first
    /// beat in the track.
    ///
    /// # Errors
    /// [`SkipReason::EmptyExcerpt`] when nothing is left between the cues.
    pub fn snapped(self, snap: Snap, grid: &Grid) -> Result<Self, SkipReason> {
        let apply = |seconds: f64| snap.apply(seconds, grid);
        let moved = Self { ini: apply(self.ini), begin: apply(self.begin), end: apply(self.end) };
        let in_order =
            0.0 <= moved.ini && moved.ini <= moved.begin && moved.begin <= moved.end && moved.ini < moved.end;
        if in_order { Ok(moved) } else { Err(SkipReason::EmptyExcerpt { begin: moved.ini, end: moved.end }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Structure;

    fn sections(of: &[(f64, f64, &str)]) -> Vec<Section> {
        of.iter().map(|&(start, end, label)| Section { start, end, label: label.into() }).collect()
    }

    fn track() -> Vec<Section> {
        sections(&[
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
    fn an_excerpt_lasts_from_the_end_of_the_last_intro_to_the_end_of_the_nth_section() {
        for (n, begin, end) in [(1, 32.3, 48.3), (2, 48.3, 64.3), (3, 64.3, 80.3), (4, 80.3, 81.0)] {
            assert_eq!(Cues::find(&track(), n), Ok(Cues { ini: 32.3, begin, end }), "{n}");
        }
        assert_eq!(Cues::find(&track(), 5), Err(SkipReason::TooFewSections { found: 4, requested: 5 }));
        assert_eq!(Cues::find(&track(), 0), Err(SkipReason::TooFewSections { found: 4, requested: 0 }));
    }

    #[test]
    fn a_section_that_begins_within_the_intro_does_not_count() {
        let overlapping =
            sections(&[(0.0, 10.0, "intro"), (5.0, 20.0, "verse"), (20.0, 30.0, "chorus"), (30.0, 40.0, "solo")]);
        assert_eq!(Cues::find(&overlapping, 1), Ok(Cues { ini: 10.0, begin: 20.0, end: 30.0 }));
        let rounded = sections(&[(0.0, 10.000_000_1, "intro"), (10.0, 20.0, "verse")]);
        let cues = Cues::find(&rounded, 1).unwrap();
        assert_eq!((cues.begin, cues.end), (cues.ini, 20.0));
    }

    #[test]
    fn missing_sections_are_skip_reasons() {
        assert_eq!(Cues::find(&[], 6), Err(SkipReason::NoSections));
        let error = Cues::find(&sections(&[(0.0, 1.0, "verse"), (1.0, 2.0, "introduction")]), 1).unwrap_err();
        assert_eq!(error.to_string().split(':').next(), Some("no intro among its 2 sections (verse, introduction)"));
        let last = sections(&[(0.0, 1.0, "verse"), (1.0, 2.0, "intro")]);
        assert_eq!(Cues::find(&last, 1), Err(SkipReason::TooFewSections { found: 0, requested: 1 }));
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
        // The first beat at or after the start of the track is taken.
        let early = Cues { ini: 0.0, begin: 0.1, end: 4.0 };
        let Cues { ini, begin, .. } = early.snapped(Snap::Beat, &grid(0.3)).unwrap();
        assert!((ini - 0.3).abs() < 1e-9 && (begin - 0.3).abs() < 1e-9, "{ini} {begin}");
    }

    #[test]
    fn cues_that_snap_to_the_same_time_are_refused() {
        let cues = Cues { ini: 8.2, begin: 8.3, end: 8.4 };
        let error = cues.snapped(Snap::Downbeat, &grid(0.3)).unwrap_err().to_string();
        assert!(error.starts_with("nothing lies between its cues at 8.300 s and 8.300 s"), "{error}");
    }
}
