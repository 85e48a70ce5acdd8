//! The report: a chart and a summary of the recording.

use std::path::Path;

use crowd_media::peaks::Peaks;
use crowd_media::picture::{Chart, Curve, CurveLane, CurveStyle};
use crowd_media::{Audio, loudness};

use super::DemoError;
use super::client::ServerStatus;
use super::plan;

/// The recording, and the statuses of the server while it was made.
#[derive(Debug)]
pub struct SetReport<'a> {
    /// The recording.
    pub recording: &'a Audio,
    /// The position of the set's time zero in the recording, in seconds.
    pub zero: f64,
    /// The names of the tracks on the decks.
    pub names: &'a [String],
    /// Every status, in order.
    pub statuses: &'a [ServerStatus],
    /// The movement that was sent: seconds after time zero, movement.
    pub movement: &'a [(f64, f64)],
    /// The equaliser moves that were sent: name, then seconds and percent.
    pub eq: &'a [(String, Vec<(f64, f64)>)],
}

impl SetReport<'_> {
    /// Draws the recording, the decks' gains, the equalisers, and tempo with movement, over one time axis.
    ///
    /// # Errors
    /// When the chart cannot be drawn or written.
    pub fn draw(&self, path: &Path) -> Result<(), DemoError> {
        let peaks = Peaks::of(self.recording);
        let curve = |of: &dyn Fn(&ServerStatus) -> f64| -> Vec<(f64, f64)> {
            self.statuses.iter().map(|status| (self.zero + status.seconds, of(status))).collect()
        };
        let shifted = |points: &[(f64, f64)]| points.iter().map(|(at, y)| (self.zero + at, *y)).collect::<Vec<_>>();
        let mut faders = CurveLane::new("Deck gains").unit("gain").range(0.0, 1.0).height(150);
        let mut peaks_of_decks =
            CurveLane::new("Deck peaks, after EQ and fades").unit("dBFS").range(-48.0, 0.0).height(150);
        for (deck, name) in self.names.iter().enumerate() {
            let letter = ["A", "B", "C", "D"].get(deck).copied().unwrap_or("?");
            let label = format!("{letter} {name}");
            faders = faders.curve(Curve::new(&label, curve(&|status| status.gains[deck])));
            peaks_of_decks = peaks_of_decks.curve(Curve::new(&label, curve(&|status| status.peaks[deck].max(-48.0))));
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
            .curve(Curve::new("tempo", curve(&|status| status.tempo)));
        let mut chart = Chart::new("crowd-engine: a set, played by audio-server over OSC")
            .subtitle("recorded live")
            .waveform("Master", &peaks)
            .curves(faders)
            .curves(peaks_of_decks)
            .curves(eq)
            .curves(tempo)
            .span(0.0, self.recording.seconds());
        for (at, label) in plan::MARKS {
            chart = chart.mark(self.zero + at, label);
        }
        Ok(chart.write(path)?)
    }

    /// The figures, one per line.
    ///
    /// # Errors
    /// When the recording cannot be measured.
    pub fn summary(&self) -> Result<String, DemoError> {
        let loud = loudness::measure(self.recording)?;
        let last = self.statuses.last().cloned().unwrap_or_default();
        let loads = self.statuses.iter().map(|status| status.load).filter(|load| load.is_finite());
        let (sum, most) = loads.clone().fold((0.0, 0.0f64), |(sum, most), load| (sum + load, most.max(load)));
        let tempi = self.statuses.iter().map(|status| status.tempo).filter(|tempo| tempo.is_finite());
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
            100.0 * sum / self.statuses.len().max(1) as f64,
            100.0 * most,
            loud.sample_peak_dbfs,
            loud.integrated_lufs,
            last.refused,
        ))
    }
}
