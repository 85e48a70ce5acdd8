//! Where the beats of a track lie: from the library's tempo marks, else from the beats an analyser found.

mod fit;
mod jump;
mod marks;
mod source;
mod taps;

use crowd_engine::tempo::{BeatGrid, Mark};
use crowd_engine::{Bpm, SampleRate};

use crate::rekordbox::{Tempo, Track, Written};
use crate::structure::Structure;
pub use jump::Jump;
use marks::Found;
pub use source::Source;
use taps::Taps;

/// By how many beats a minute a tempo that is written to hundredths may be another.
pub const HUNDREDTH: f64 = 0.005_1;

/// The beats of a track.
///
/// Where the grid jumps (the beats behind a place do not go on from those before it) both sides keep their own tempo, and
/// the last beat before the jump lasts until the first one behind it. What lies on one side alone is its [`side`](Self::side).
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    basis: Basis,
    bpm: f64,
    /// In frames of a compact disc, 1/44,100 s.
    beats: BeatGrid,
}

/// What a structure file says of the tempo, in beats a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
struct StructureTempo {
    named: Option<f64>,
    /// Of its beats, if they are steady, and how exactly they know it, as a fraction.
    beats: Option<(f64, f64)>,
}

/// What was found of them.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    marks: Vec<Mark>,
    jumps: Vec<Jump>,
    beats_per_bar: u8,
    steady: bool,
    source: Source,
    structure: StructureTempo,
    /// Where the track ends, in seconds, as far as that is known.
    end: Option<f64>,
}

impl Grid {
    /// The beats of a track the library may know. Its tempo comes before that of the structure file, TEMPO marks before
    /// AverageBpm, found beats before a named tempo. Absent when none of them has a tempo of 20 to 999 BPM.
    pub fn new(track: Option<&Track>, structure: &Structure) -> Option<Self> {
        let taps = Taps::new(structure);
        let end = track.and_then(|track| track.seconds);
        let end = end.or_else(|| structure.segments.last().map(|segment| segment.end));
        let end = end.or(structure.beats.last().copied());
        let tempos = track.map(|track| track.tempos.as_slice()).unwrap_or_default();
        let average = track.and_then(|track| track.average_bpm);
        let known = StructureTempo { named: structure.bpm, beats: taps.as_ref().and_then(Taps::tempo) };
        let jumps = match (tempos, &taps) {
            ([], Some(taps)) => jump::in_taps(taps),
            (tempos, taps) => jump::in_tempos(tempos, taps.as_ref()),
        };
        let with_jumps = || {
            let points = taps.as_ref().map(|taps| taps.points.as_slice()).unwrap_or_default();
            let sides = jump::sides(tempos, structure, &jumps, jump::period(tempos, points));
            let fitted =
                sides.map(|(tempos, structure)| fit(tempos, average, &structure, Taps::new(&structure).as_ref()));
            Self::of_sides(fitted.collect::<Option<Vec<Found>>>()?, known, end)
        };
        let jumping = if jumps.is_empty() { None } else { with_jumps() };
        jumping.or_else(|| Self::of_sides(vec![fit(tempos, average, structure, taps.as_ref())?], known, end))
    }

    /// The grid of what was found on each side of its jumps.
    fn of_sides(sides: Vec<Found>, structure: StructureTempo, end: Option<f64>) -> Option<Self> {
        let &Found { beats_per_bar, steady, source, .. } = sides.first()?;
        let (mut marks, mut jumps) = (Vec::<Mark>::new(), Vec::new());
        let steady = steady && sides.len() == 1;
        for side in sides {
            if let (Some(before), Some(first)) = (marks.last(), side.marks.first()) {
                let beats = jump::later(before, first.seconds);
                jumps.push(Jump { mark: marks.len(), seconds: first.seconds, beats });
            }
            let within_bar = |mark: Mark| Mark { number: mark.number.min(beats_per_bar), ..mark };
            marks.extend(side.marks.into_iter().map(within_bar));
        }
        Self::of(Basis { marks, jumps, beats_per_bar, steady, source, structure, end })
    }

    fn of(basis: Basis) -> Option<Self> {
        let marks = jump::straightened(&basis.marks, &basis.jumps, basis.beats_per_bar);
        let beats = BeatGrid::new(&marks, basis.beats_per_bar, SampleRate::CD).ok()?;
        let bpm = mean_bpm(&basis, &beats);
        Some(Self { basis, bpm, beats })
    }

    /// The tempo of a track that has one TEMPO mark, written to hundredths or finer: its grid has the same to
    /// [`HUNDREDTH`]. Absent where only the grid tells.
    pub fn written_bpm(track: &Track) -> Option<f64> {
        let [only] = track.tempos.as_slice() else { return None };
        (only.bpm.step < 0.0101 && Bpm::new(only.bpm.value).is_ok()).then_some(only.bpm.value)
    }

    /// The tempo in beats a minute; the average one from the first mark to the track's end when it changes.
    pub fn bpm(&self) -> f64 {
        self.bpm
    }

    /// Whether it is one tempo from start to end.
    pub fn is_steady(&self) -> bool {
        self.basis.steady
    }

    /// What it was taken from.
    pub fn source(&self) -> Source {
        self.basis.source
    }

    /// The tempo of the structure file, in beats a minute: from its beats if they are steady, else as it is named there.
    /// Half or double of [`bpm`](Self::bpm) where the library counts beats in another way.
    pub fn structure_bpm(&self) -> Option<f64> {
        let StructureTempo { named, beats } = self.basis.structure;
        beats.map(|(bpm, _)| bpm).or(named)
    }

    /// The tempo of the structure file's beats if they are steady, in beats a minute, and how exactly they know it: its
    /// fraction to both sides.
    pub fn beats_bpm(&self) -> Option<(f64, f64)> {
        self.basis.structure.beats
    }

    /// Beats whose places are known; between them, and beyond, beats are evenly spaced. At least one.
    pub fn marks(&self) -> &[Mark] {
        &self.basis.marks
    }

    /// Where the beats do not go on from those before, in order.
    pub fn jumps(&self) -> &[Jump] {
        &self.basis.jumps
    }

    /// Beats of a bar.
    pub fn beats_per_bar(&self) -> u8 {
        self.basis.beats_per_bar
    }

    /// The grid in frames of `rate`, as the engine uses it.
    pub fn beat_grid(&self, rate: SampleRate) -> BeatGrid {
        let Basis { marks, jumps, beats_per_bar, .. } = &self.basis;
        let marks = jump::straightened(marks, jumps, *beats_per_bar);
        // These marks made a grid before.
        BeatGrid::new(&marks, *beats_per_bar, rate).unwrap_or_else(|_| self.beats.clone())
    }

    /// The grid of the side of its jumps that a place in seconds lies on, as if it went on for ever.
    #[must_use]
    pub fn side(&self, seconds: f64) -> Self {
        let jumps = &self.basis.jumps;
        if jumps.is_empty() {
            return self.clone();
        }
        let nth = jumps.partition_point(|jump| jump.seconds <= seconds);
        let from = nth.checked_sub(1).and_then(|nth| jumps.get(nth)).map_or(0, |jump| jump.mark);
        let next = jumps.get(nth);
        let marks = self.basis.marks.get(from..next.map_or(self.basis.marks.len(), |jump| jump.mark));
        let marks = marks.unwrap_or_default().to_vec();
        let steady = marks.windows(2).all(|pair| matches!(pair, [a, b] if a.bpm == b.bpm));
        let end = next.map(|jump| jump.seconds).or(self.basis.end);
        // A part of marks that are a grid is one too.
        Self::of(Basis { marks, jumps: Vec::new(), steady, end, ..self.basis.clone() }).unwrap_or_else(|| self.clone())
    }

    /// The same beats `by` seconds earlier.
    #[must_use]
    pub fn earlier(&self, by: f64) -> Self {
        let mut basis = self.basis.clone();
        basis.marks.iter_mut().for_each(|mark| mark.seconds -= by);
        basis.jumps.iter_mut().for_each(|jump| jump.seconds -= by);
        Self::of(basis).unwrap_or_else(|| self.clone())
    }

    /// The last first beat of a bar at or before a place in seconds, if the grid has one in the track.
    pub fn downbeat_before(&self, seconds: f64) -> Option<f64> {
        let bar = f64::from(self.basis.beats_per_bar);
        // A place that was rounded may lie a little before its beat.
        let last = (self.beat_at(seconds) + 1e-6).floor();
        let reach = i16::from(self.basis.beats_per_bar);
        let beats = (0..=reach).map(|away| last - f64::from(away));
        let downbeat = { beats }.find(|&beat| {
            let phase = self.beats.bar_phase(beat);
            phase < 0.5 || phase > bar - 0.5
        });
        downbeat.map(|beat| self.seconds_at(beat)).filter(|at| *at >= 0.0)
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
        let (bar, phase_at) = (f64::from(self.basis.beats_per_bar), |beat: f64| self.beats.bar_phase(beat));
        let near = self.beat_at(seconds).round();
        // A mark may begin a new bar in the middle of one, so all beats around are looked at.
        let reach = i16::from(self.basis.beats_per_bar) * 2;
        let around = (-reach..=reach).map(|away| near + f64::from(away));
        let places = around.filter(|&beat| phase_at(beat) < 0.5 || phase_at(beat) > bar - 0.5);
        let places = places.map(|beat| self.seconds_at(beat)).filter(|at| *at >= 0.0);
        let nearest = places.min_by(|a, b| (a - seconds).abs().total_cmp(&(b - seconds).abs()));
        nearest.unwrap_or_else(|| self.nearest_beat(seconds))
    }
}

/// The beats of a track, or of one side of its jumps.
fn fit(tempos: &[Tempo], average: Option<Written>, structure: &Structure, taps: Option<&Taps>) -> Option<Found> {
    let library = marks::of_library(tempos, average, taps);
    let found = library.or_else(|| {
        let taps = taps?;
        let taps::Fitted { marks, steady } = taps.fit()?;
        Some(Found { marks, beats_per_bar: taps.beats_per_bar, steady, source: Source::Beats })
    });
    found.or_else(|| marks::of_bpm(structure.bpm?, Source::StructureBpm, structure, taps))
}

/// The average tempo from the first mark to the end; what a jump adds or takes away is no tempo.
fn mean_bpm(basis: &Basis, beats: &BeatGrid) -> f64 {
    let (Some(first), Some(last)) = (basis.marks.first(), basis.marks.last()) else {
        return Bpm::MIN.get();
    };
    if basis.marks.len() == 1 {
        return first.bpm.get();
    }
    // Without an end the last tempo holds for a beat.
    let end = basis.end.filter(|end| *end > last.seconds).unwrap_or(last.seconds + 60.0 / last.bpm.get());
    let rate = f64::from(SampleRate::CD.get());
    let added: f64 = basis.jumps.iter().map(|jump| jump.beats).sum();
    (beats.beat_at(end * rate) - beats.beat_at(first.seconds * rate) + added) * 60.0 / (end - first.seconds)
}

#[cfg(test)]
mod tests;
