//! Where the beats of a track lie: from the library's tempo marks, else from the beats an analyser found.

mod fit;
mod marks;
mod taps;

use crowd_engine::tempo::{BeatGrid, Mark};
use crowd_engine::{Bpm, SampleRate};

use crate::rekordbox::Track;
use crate::structure::Structure;
use taps::Taps;

/// What a tempo was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The TEMPO marks of the library.
    TempoMarks,
    /// The library's AverageBpm, with the place of a beat from the structure file.
    AverageBpm,
    /// The beats of the structure file.
    Beats,
    /// The tempo the structure file names, with the place of its first beat.
    StructureBpm,
}

impl Source {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TempoMarks => "Rekordbox tempo marks",
            Self::AverageBpm => "Rekordbox AverageBpm",
            Self::Beats => "structure beats",
            Self::StructureBpm => "structure bpm",
        }
    }
}

/// The beats of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    marks: Vec<Mark>,
    beats_per_bar: u8,
    bpm: f64,
    steady: bool,
    source: Source,
    structure_bpm: Option<f64>,
    /// In frames of a compact disc, 1/44,100 s.
    beats: BeatGrid,
}

impl Grid {
    /// The beats of a track the library may know. Its tempo comes before that of the structure file, TEMPO marks before
    /// AverageBpm, found beats before a named tempo. Absent when none of them has a tempo of 20 to 999 BPM.
    pub fn new(track: Option<&Track>, structure: &Structure) -> Option<Self> {
        let taps = Taps::new(structure);
        let end = track.and_then(|track| track.seconds);
        let end = end.or_else(|| structure.segments.last().map(|segment| segment.end));
        let end = end.or(structure.beats.last().copied());
        let library = track.and_then(|track| marks::of_library(track, taps.as_ref()));
        let found = library.or_else(|| {
            let taps = taps.as_ref()?;
            let taps::Fitted { marks, steady } = taps.fit()?;
            Some(marks::Found { marks, beats_per_bar: taps.beats_per_bar, steady, source: Source::Beats })
        });
        let found = found.or_else(|| marks::of_bpm(structure.bpm?, Source::StructureBpm, structure, taps.as_ref()));
        let marks::Found { marks, beats_per_bar, steady, source } = found?;
        let structure_bpm = taps.as_ref().and_then(Taps::period).map(|period| 60.0 / period).or(structure.bpm);
        let beats = BeatGrid::new(&marks, beats_per_bar, SampleRate::CD).ok()?;
        let bpm = mean_bpm(&marks, &beats, end);
        Some(Self { marks, beats_per_bar, bpm, steady, source, structure_bpm, beats })
    }

    /// The tempo in beats a minute; the average one from the first mark to the track's end when it changes.
    pub fn bpm(&self) -> f64 {
        self.bpm
    }

    /// Whether it is one tempo from start to end.
    pub fn is_steady(&self) -> bool {
        self.steady
    }

    /// What it was taken from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The tempo of the structure file, in beats a minute: from its beats if they are steady, else as it is named there.
    /// Half or double of [`bpm`](Self::bpm) where the library counts beats in another way.
    pub fn structure_bpm(&self) -> Option<f64> {
        self.structure_bpm
    }

    /// Beats whose places are known; between them, and beyond, beats are evenly spaced. At least one.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Beats of a bar.
    pub fn beats_per_bar(&self) -> u8 {
        self.beats_per_bar
    }

    /// The grid in frames of `rate`, as the engine uses it.
    pub fn beat_grid(&self, rate: SampleRate) -> BeatGrid {
        // These marks made a grid before.
        BeatGrid::new(&self.marks, self.beats_per_bar, rate).unwrap_or_else(|_| self.beats.clone())
    }

    /// The beat, with its fraction, at a place in seconds. Beats are counted from the first mark.
    pub fn beat_at(&self, seconds: f64) -> f64 {
        self.beats.beat_at(seconds * f64::from(SampleRate::CD.get()))
    }

    /// The place of a beat, in seconds.
    pub fn seconds_at(&self, beat: f64) -> f64 {
        self.beats.frame_at(beat) / f64::from(SampleRate::CD.get())
    }

    /// The place of the beat nearest to `seconds` that lies in the track, in seconds.
    pub fn nearest_beat(&self, seconds: f64) -> f64 {
        let beat = self.beat_at(seconds).round();
        let at = self.seconds_at(beat);
        if at < 0.0 { self.seconds_at(self.beat_at(0.0).ceil()).max(0.0) } else { at }
    }

    /// The place of the first beat of a bar nearest to `seconds` that lies in the track, in seconds.
    pub fn nearest_downbeat(&self, seconds: f64) -> f64 {
        let (bar, phase_at) = (f64::from(self.beats_per_bar), |beat: f64| self.beats.bar_phase(beat));
        let near = self.beat_at(seconds).round();
        // A mark may begin a new bar in the middle of one, so all beats around are looked at.
        let reach = i16::from(self.beats_per_bar) * 2;
        let around = (-reach..=reach).map(|away| near + f64::from(away));
        let places = around.filter(|&beat| phase_at(beat) < 0.5 || phase_at(beat) > bar - 0.5);
        let places = places.map(|beat| self.seconds_at(beat)).filter(|at| *at >= 0.0);
        let nearest = places.min_by(|a, b| (a - seconds).abs().total_cmp(&(b - seconds).abs()));
        nearest.unwrap_or_else(|| self.nearest_beat(seconds))
    }
}

fn mean_bpm(marks: &[Mark], beats: &BeatGrid, end: Option<f64>) -> f64 {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else {
        return Bpm::MIN.get();
    };
    if marks.len() == 1 {
        return first.bpm.get();
    }
    // Without an end the last tempo holds for a beat.
    let end = end.filter(|end| *end > last.seconds).unwrap_or(last.seconds + 60.0 / last.bpm.get());
    let rate = f64::from(SampleRate::CD.get());
    (beats.beat_at(end * rate) - beats.beat_at(first.seconds * rate)) * 60.0 / (end - first.seconds)
}

#[cfg(test)]
mod tests;
