//! What was heard: a picture and a summary.

use std::path::Path;

use crowd_media::peaks::Peaks;
use crowd_media::picture::{Chart, Curve, CurveLane, CurveStyle};
use crowd_media::{Audio, loudness};

use super::Problem;
use super::link::Moment;
use super::plan;

/// The recording and what the server said of itself meanwhile.
#[derive(Debug)]
pub struct Heard<'a> {
    /// What was recorded.
    pub recording: &'a Audio,
    /// Where in the recording the set's time zero lies, in seconds.
    pub zero: f64,
    /// Names of what the decks played.
    pub names: &'a [String],
    /// Every status, in order.
    pub moments: &'a [Moment],
    /// The movement that was sent: seconds after time zero, movement.
    pub movement: &'a [(f64, f64)],
    /// The equaliser moves that were sent: name, then seconds and percent.
    pub eq: &'a [(String, Vec<(f64, f64)>)],
}

impl Heard<'_> {
    /// Draws the recording, the decks' levels, the equalisers, and tempo with movement, over one time axis.
    ///
    /// # Errors
    /// When the picture cannot be drawn or written.
    pub fn draw(&self, path: &Path) -> Result<(), Problem> {
        let peaks = Peaks::of(self.recording);
        let curve = |of: &dyn Fn(&Moment) -> f64| -> Vec<(f64, f64)> {
            self.moments.iter().map(|moment| (self.zero + moment.seconds, of(moment))).collect()
        };
        let shifted = |points: &[(f64, f64)]| points.iter().map(|(at, y)| (self.zero + at, *y)).collect::<Vec<_>>();
        let mut levels = CurveLane::new("Deck levels").unit("gain").range(0.0, 1.0).height(150);
        let mut peaks_of_decks =
            CurveLane::new("Deck peaks, behind EQ and fades").unit("dBFS").range(-48.0, 0.0).height(150);
        for (deck, name) in self.names.iter().enumerate() {
            let letter = ["A", "B", "C", "D"].get(deck).copied().unwrap_or("?");
            let label = format!("{letter} {name}");
            levels = levels.curve(Curve::new(&label, curve(&|moment| moment.levels[deck])));
            peaks_of_decks = peaks_of_decks.curve(Curve::new(&label, curve(&|moment| moment.peaks[deck].max(-48.0))));
        }
        let mut eq = CurveLane::new("Equaliser, as sent (50 and up is flat)").unit("%").range(0.0, 60.0);
        for (name, points) in self.eq {
            eq = eq.curve(Curve::new(name, shifted(points)).style(CurveStyle::Steps));
        }
        let tempo = CurveLane::new("Tempo follows movement")
            .unit("BPM")
            .range(100.0, 135.0)
            .right("0 to 1", 0.0, 1.0)
            .height(170)
            .curve(Curve::new("movement", shifted(self.movement)).style(CurveStyle::Area).on_right())
            .curve(Curve::new("tempo", curve(&|moment| moment.tempo)));
        let mut chart = Chart::new("crowd-engine: a set, played by audio-server over OSC")
            .subtitle("recorded live")
            .waveform("Master", &peaks)
            .curves(levels)
            .curves(peaks_of_decks)
            .curves(eq)
            .curves(tempo)
            .span(0.0, self.recording.seconds());
        for (at, label) in plan::MARKS {
            chart = chart.mark(self.zero + at, label);
        }
        Ok(chart.write(path)?)
    }

    /// The numbers, a line each.
    ///
    /// # Errors
    /// When the recording cannot be measured.
    pub fn summary(&self) -> Result<String, Problem> {
        let loud = loudness::measure(self.recording)?;
        let last = self.moments.last().cloned().unwrap_or_default();
        let loads = self.moments.iter().map(|moment| moment.load).filter(|load| load.is_finite());
        let (sum, most) = loads.clone().fold((0.0, 0.0f64), |(sum, most), load| (sum + load, most.max(load)));
        let tempi = self.moments.iter().map(|moment| moment.tempo).filter(|tempo| tempo.is_finite());
        let (slowest, fastest) =
            tempi.fold((f64::INFINITY, 0.0f64), |(low, high), tempo| (low.min(tempo), high.max(tempo)));
        Ok(format!(
            "recorded   {:.1} s at {} Hz\n\
             blocks     {} ({} underruns)\n\
             load       {:.2} % of a core on average, {:.2} % at most\n\
             tempo      {slowest:.1} to {fastest:.1} BPM\n\
             peak       {:.2} dBFS\n\
             loudness   {:.1} LUFS integrated\n\
             refused    {} messages",
            self.recording.seconds(),
            self.recording.sample_rate,
            last.blocks,
            last.underruns,
            100.0 * sum / self.moments.len().max(1) as f64,
            100.0 * most,
            loud.sample_peak_dbfs,
            loud.integrated_lufs,
            last.refused,
        ))
    }
}
