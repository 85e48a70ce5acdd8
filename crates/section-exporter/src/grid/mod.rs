//! The beat grid of a track. It is made from the tempo marks of the collection, else from the beats that an analyser
//! found.

mod analysed_beats;
mod jump;
mod line_fit;
mod tempo_marks;
mod tempo_source;

use crowd_engine::tempo::{BeatGrid, Mark};
use crowd_engine::{Bpm, SampleRate};

use crate::rekordbox::{CollectionTrack, RoundedNumber, TempoMark};
use crate::structure::Structure;
use analysed_beats::AnalysedBeats;
pub use jump::GridJump;
use tempo_marks::FittedGrid;
pub use tempo_source::TempoSource;

/// The largest error of a tempo that is written to hundredths, in beats a minute.
pub const HUNDREDTH_BPM: f64 = 0.005_1;

/// The beat grid of a track.
///
/// Where the grid jumps (the beats do not continue those before), each side of the jump keeps its own tempo, and the
/// last beat before the jump lasts until the first beat after it. [`side`](Self::side) is the grid of one side alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    data: GridData,
    bpm: f64,
    /// In frames of 1/44,100 s, the rate of a compact disc.
    beats: BeatGrid,
}

/// The tempo of a structure file, in beats a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
struct StructureTempo {
    /// The `bpm` that is written in the file.
    named: Option<f64>,
    /// The tempo of its beats if they are steady, and its relative error.
    beats: Option<(f64, f64)>,
}

/// The marks and jumps that were found, and their source.
#[derive(Clone, Debug, PartialEq)]
struct GridData {
    marks: Vec<Mark>,
    jumps: Vec<GridJump>,
    beats_per_bar: u8,
    steady: bool,
    source: TempoSource,
    structure: StructureTempo,
    /// The end of the track in seconds, if it is known.
    end: Option<f64>,
}

impl Grid {
    /// The beat grid of a track, which may be in the collection. Sources are tried in this order: TEMPO marks,
    /// AverageBpm, the beats of the structure file, the `bpm` of the structure file. `None` when none of them has a
    /// tempo of 20 to 999 BPM.
    pub fn new(track: Option<&CollectionTrack>, structure: &Structure) -> Option<Self> {
        let analysed = AnalysedBeats::new(structure);
        let end = track.and_then(|track| track.seconds);
        let end = end.or_else(|| structure.sections.last().map(|section| section.end));
        let end = end.or(structure.beats.last().copied());
        let tempos = track.map(|track| track.tempos.as_slice()).unwrap_or_default();
        let average = track.and_then(|track| track.average_bpm);
        let structure_tempo =
            StructureTempo { named: structure.bpm, beats: analysed.as_ref().and_then(AnalysedBeats::tempo) };
        let jumps = match (tempos, &analysed) {
            ([], Some(analysed)) => jump::in_beats(analysed),
            (tempos, analysed) => jump::in_tempo_marks(tempos, analysed.as_ref()),
        };
        let with_jumps = || {
            let points = analysed.as_ref().map(|analysed| analysed.points.as_slice()).unwrap_or_default();
            let sides = jump::sides(tempos, structure, &jumps, jump::approximate_period(tempos, points));
            let fitted = sides
                .map(|(tempos, structure)| fit(tempos, average, &structure, AnalysedBeats::new(&structure).as_ref()));
            Self::of_sides(fitted.collect::<Option<Vec<FittedGrid>>>()?, structure_tempo, end)
        };
        let jumping = if jumps.is_empty() { None } else { with_jumps() };
        jumping
            .or_else(|| Self::of_sides(vec![fit(tempos, average, structure, analysed.as_ref())?], structure_tempo, end))
    }

    /// Joins the grids that were found on each side of the jumps.
    fn of_sides(sides: Vec<FittedGrid>, structure: StructureTempo, end: Option<f64>) -> Option<Self> {
        let &FittedGrid { beats_per_bar, steady, source, .. } = sides.first()?;
        let (mut marks, mut jumps) = (Vec::<Mark>::new(), Vec::new());
        let steady = steady && sides.len() == 1;
        for side in sides {
            if let (Some(before), Some(first)) = (marks.last(), side.marks.first()) {
                let beats = jump::delay_in_beats(before, first.seconds);
                jumps.push(GridJump { mark: marks.len(), seconds: first.seconds, beats });
            }
            let within_bar = |mark: Mark| Mark { number: mark.number.min(beats_per_bar), ..mark };
            marks.extend(side.marks.into_iter().map(within_bar));
        }
        Self::of(GridData { marks, jumps, beats_per_bar, steady, source, structure, end })
    }

    fn of(data: GridData) -> Option<Self> {
        let marks = jump::straightened(&data.marks, &data.jumps, data.beats_per_bar);
        let beats = BeatGrid::new(&marks, data.beats_per_bar, SampleRate::CD).ok()?;
        let bpm = mean_bpm(&data, &beats);
        Some(Self { data, bpm, beats })
    }

    /// The tempo of a track that has a single TEMPO mark, if it is written to hundredths or finer. The tempo of the track's
    /// grid differs from it by at most [`HUNDREDTH_BPM`]. `None` for other tracks.
    pub fn written_bpm(track: &CollectionTrack) -> Option<f64> {
        let [only] = track.tempos.as_slice() else { return None };
        (only.bpm.step < 0.0101 && Bpm::new(only.bpm.value).is_ok()).then_some(only.bpm.value)
    }

    /// The tempo in beats a minute; if it changes, the average from the first mark to the end of the track.
    pub fn bpm(&self) -> f64 {
        self.bpm
    }

    /// Whether the tempo is the same from start to end.
    pub fn is_steady(&self) -> bool {
        self.data.steady
    }

    /// The source of the tempo.
    pub fn source(&self) -> TempoSource {
        self.data.source
    }

    /// The tempo of the structure file, in beats a minute: of its beats if they are steady, else its `bpm`. It is half
    /// or double [`bpm`](Self::bpm) where the collection counts beats differently.
    pub fn structure_bpm(&self) -> Option<f64> {
        let StructureTempo { named, beats } = self.data.structure;
        beats.map(|(bpm, _)| bpm).or(named)
    }

    /// The tempo of the structure file's beats in beats a minute, and its relative error; `None` if they are not
    /// steady.
    pub fn beats_bpm(&self) -> Option<(f64, f64)> {
        self.data.structure.beats
    }

    /// Beats whose times are known; there is at least one. The beats between two marks are evenly spaced, and so are those
    /// before the first mark and after the last one.
    pub fn marks(&self) -> &[Mark] {
        &self.data.marks
    }

    /// The times after which the beats do not continue those before, in order.
    pub fn jumps(&self) -> &[GridJump] {
        &self.data.jumps
    }

    /// Beats in a bar.
    pub fn beats_per_bar(&self) -> u8 {
        self.data.beats_per_bar
    }

    /// The beat grid in frames of `rate`, for the engine.
    pub fn beat_grid(&self, rate: SampleRate) -> BeatGrid {
        let GridData { marks, jumps, beats_per_bar, .. } = &self.data;
        let marks = jump::straightened(marks, jumps, *beats_per_bar);
        // Cannot fail: `of` made a valid grid of the same marks.
        BeatGrid::new(&marks, *beats_per_bar, rate).unwrap_or_else(|_| self.beats.clone())
    }

    /// The grid on the side of its jumps that contains a time in seconds, continued before and after that side.
    #[must_use]
    pub fn side(&self, seconds: f64) -> Self {
        let jumps = &self.data.jumps;
        if jumps.is_empty() {
            return self.clone();
        }
        let nth = jumps.partition_point(|jump| jump.seconds <= seconds);
        let from = nth.checked_sub(1).and_then(|nth| jumps.get(nth)).map_or(0, |jump| jump.mark);
        let next = jumps.get(nth);
        let marks = self.data.marks.get(from..next.map_or(self.data.marks.len(), |jump| jump.mark));
        let marks = marks.unwrap_or_default().to_vec();
        let steady = marks.windows(2).all(|pair| matches!(pair, [a, b] if a.bpm == b.bpm));
        let end = next.map(|jump| jump.seconds).or(self.data.end);
        // Cannot fail: consecutive marks of a valid grid make a valid grid.
        Self::of(GridData { marks, jumps: Vec::new(), steady, end, ..self.data.clone() })
            .unwrap_or_else(|| self.clone())
    }

    /// The same grid, `by` seconds earlier.
    #[must_use]
    pub fn earlier(&self, by: f64) -> Self {
        let mut data = self.data.clone();
        data.marks.iter_mut().for_each(|mark| mark.seconds -= by);
        data.jumps.iter_mut().for_each(|jump| jump.seconds -= by);
        Self::of(data).unwrap_or_else(|| self.clone())
    }

    /// The last downbeat at or before a time in seconds; `None` when it is before the start of the track.
    pub fn downbeat_before(&self, seconds: f64) -> Option<f64> {
        let bar = f64::from(self.data.beats_per_bar);
        // A time that was rounded may lie slightly before its beat.
        let last = (self.beat_at(seconds) + 1e-6).floor();
        let reach = i16::from(self.data.beats_per_bar);
        let beats = (0..=reach).map(|offset| last - f64::from(offset));
        let downbeat = { beats }.find(|&beat| {
            let phase = self.beats.bar_phase(beat);
            phase < 0.5 || phase > bar - 0.5
        });
        downbeat.map(|beat| self.seconds_at(beat)).filter(|at| *at >= 0.0)
    }

    /// The beat, with its fraction, at a time in seconds. Beats are counted from the first mark.
    pub fn beat_at(&self, seconds: f64) -> f64 {
        self.beats.beat_at(seconds * f64::from(SampleRate::CD.get()))
    }

    /// The time of a beat, in seconds.
    pub fn seconds_at(&self, beat: f64) -> f64 {
        self.beats.frame_at(beat) / f64::from(SampleRate::CD.get())
    }

    /// The time of the beat in the track that is nearest to `seconds`, in seconds.
    pub fn nearest_beat(&self, seconds: f64) -> f64 {
        let beat = self.beat_at(seconds).round();
        let at = self.seconds_at(beat);
        if at < 0.0 { self.seconds_at(self.beat_at(0.0).ceil()).max(0.0) } else { at }
    }

    /// The time of the downbeat in the track that is nearest to `seconds`, in seconds.
    pub fn nearest_downbeat(&self, seconds: f64) -> f64 {
        let (bar, phase_at) = (f64::from(self.data.beats_per_bar), |beat: f64| self.beats.bar_phase(beat));
        let near = self.beat_at(seconds).round();
        // A mark may begin a new bar in the middle of one, so all beats around are checked.
        let reach = i16::from(self.data.beats_per_bar) * 2;
        let around = (-reach..=reach).map(|offset| near + f64::from(offset));
        let times = around.filter(|&beat| phase_at(beat) < 0.5 || phase_at(beat) > bar - 0.5);
        let times = times.map(|beat| self.seconds_at(beat)).filter(|at| *at >= 0.0);
        let nearest = times.min_by(|a, b| (a - seconds).abs().total_cmp(&(b - seconds).abs()));
        nearest.unwrap_or_else(|| self.nearest_beat(seconds))
    }
}

/// The beats of a track, or of one side of its jumps.
fn fit(
    tempos: &[TempoMark],
    average: Option<RoundedNumber>,
    structure: &Structure,
    analysed: Option<&AnalysedBeats>,
) -> Option<FittedGrid> {
    let library = tempo_marks::from_collection(tempos, average, analysed);
    let found = library.or_else(|| {
        let analysed = analysed?;
        let analysed_beats::FittedMarks { marks, steady } = analysed.fit()?;
        Some(FittedGrid { marks, beats_per_bar: analysed.beats_per_bar, steady, source: TempoSource::Beats })
    });
    found.or_else(|| tempo_marks::from_bpm(structure.bpm?, TempoSource::StructureBpm, structure, analysed))
}

/// The average tempo from the first mark to the end, not counting what jumps add or remove.
fn mean_bpm(data: &GridData, beats: &BeatGrid) -> f64 {
    let (Some(first), Some(last)) = (data.marks.first(), data.marks.last()) else {
        return Bpm::MIN.get();
    };
    if data.marks.len() == 1 {
        return first.bpm.get();
    }
    // If the end is not known, the last tempo lasts for one beat.
    let end = data.end.filter(|end| *end > last.seconds).unwrap_or(last.seconds + 60.0 / last.bpm.get());
    let rate = f64::from(SampleRate::CD.get());
    let added: f64 = data.jumps.iter().map(|jump| jump.beats).sum();
    (beats.beat_at(end * rate) - beats.beat_at(first.seconds * rate) + added) * 60.0 / (end - first.seconds)
}

#[cfg(test)]
mod tests;
