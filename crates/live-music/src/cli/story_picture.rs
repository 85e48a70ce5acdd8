//! The picture of a story: its waveform, panels, arc and tempo.

use std::path::Path;

use crowd_media::peaks::PeaksBuilder;
use crowd_media::picture::{Chart, Curve, CurveLane, CurveStyle, SpanLane};

use crate::error::Error;
use crate::session::PanelSegment;
use crate::story::PlannedPanel;

/// Collects what the picture shows while the music is made.
pub struct StoryPicture {
    rate: f64,
    peaks: PeaksBuilder,
    tempo: Vec<(f64, f64)>,
}

impl StoryPicture {
    /// A picture of nothing. The sample rate is in hertz.
    ///
    /// # Errors
    /// None for stereo.
    pub fn new(sample_rate: u32) -> Result<Self, Error> {
        let peaks = PeaksBuilder::new(2, sample_rate)?;
        Ok(Self { rate: f64::from(sample_rate), peaks, tempo: Vec::new() })
    }

    /// Adds sound.
    ///
    /// # Errors
    /// None for stereo.
    pub fn sound(&mut self, frames: &[[f32; 2]]) -> Result<(), Error> {
        Ok(self.peaks.push(frames.as_flattened())?)
    }

    /// Adds the tempo at a frame, in quarter notes a minute.
    pub fn tempo(&mut self, frame: u64, bpm: f64) {
        self.tempo.push((frame as f64 / self.rate, bpm));
    }

    /// Draws the picture into a PNG.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, title: &str, plans: &[PlannedPanel], panels: &[PanelSegment], path: &Path) -> Result<(), Error> {
        let peaks = self.peaks.finish();
        let second = |frame: u64| frame as f64 / self.rate;
        let span = |panel: &PanelSegment, text: String| {
            (second(panel.first_frame), second(panel.first_frame + panel.frames), text)
        };
        let both = || plans.iter().zip(panels);
        let parts = both().map(|(plan, panel)| span(panel, format!("{} {}", panel.panel_number, plan.arc))).collect();
        let tones = both().map(|(plan, panel)| span(panel, plan.tone.clone())).collect();
        let steps = |name: &str, value: fn(&PlannedPanel) -> f32| {
            let points = both().flat_map(|(plan, panel)| {
                let value = f64::from(value(plan));
                [(second(panel.first_frame), value), (second(panel.first_frame + panel.frames), value)]
            });
            Curve::new(name, points.collect()).style(CurveStyle::Steps)
        };
        let seconds = peaks.seconds();
        let chart = Chart::new(title)
            .subtitle(&format!("{} panels, {seconds:.1} s", panels.len()))
            .waveform("Mix", &peaks)
            .spans(SpanLane::new("Panels", parts))
            .spans(SpanLane::new("Tone", tones))
            .curves(
                CurveLane::new("Density and brightness")
                    .range(0.0, 1.0)
                    .curve(steps("density", |plan| plan.density))
                    .curve(steps("brightness", |plan| plan.brightness)),
            )
            .curves(CurveLane::new("Tempo").unit("BPM").height(80).curve(Curve::new("tempo", self.tempo)));
        Ok(chart.write(path)?)
    }
}
