//! A picture of a piece: waveform, form, chords, density and tempo.

use std::path::Path;

use crowd_media::Error;
use crowd_media::peaks::PeaksBuilder;
use crowd_media::picture::{Chart, Curve, CurveLane, CurveStyle, SpanLane};

use crate::types::bar::Bar;

/// Collects what the picture shows while the music is rendered.
pub struct Picture {
    rate: f64,
    peaks: PeaksBuilder,
    sections: Vec<(f64, String)>,
    chords: Vec<(f64, String)>,
    /// Notes in a second, a value for each bar.
    density: Vec<(f64, f64)>,
    tempo: Vec<(f64, f64)>,
    /// Bars whose start was not rendered yet.
    waiting: Vec<Bar>,
}

impl Picture {
    /// A picture of nothing.
    ///
    /// # Errors
    /// None for stereo.
    pub fn new(sample_rate: u32) -> Result<Self, Error> {
        Ok(Self {
            rate: f64::from(sample_rate),
            peaks: PeaksBuilder::new(2, sample_rate)?,
            sections: Vec::new(),
            chords: Vec::new(),
            density: Vec::new(),
            tempo: Vec::new(),
            waiting: Vec::new(),
        })
    }

    /// Adds a bar that was written.
    pub fn bar(&mut self, bar: &Bar) {
        self.waiting.push(bar.clone());
    }

    /// Adds sound, and what begins before this position in quarter notes, the one at the end of the sound.
    ///
    /// # Errors
    /// None for stereo.
    pub fn sound(&mut self, frames: &[[f32; 2]], first: u64, beat: f64) -> Result<(), Error> {
        self.peaks.push(frames.as_flattened())?;
        let seconds = first as f64 / self.rate;
        let Self { sections, chords, density, tempo, waiting, .. } = self;
        waiting.retain_mut(|bar| {
            bar.chords.retain(|chord| {
                let begins = chord.start.to_beats() <= beat;
                if begins {
                    chords.push((seconds, chord.name.clone()));
                }
                !begins
            });
            if bar.start.to_beats() <= beat && bar.bpm > 0.0 {
                if sections.last().is_none_or(|(_, name)| name != bar.section) {
                    sections.push((seconds, bar.section.to_owned()));
                }
                density.push((seconds, bar.notes.len() as f64 / (bar.length.to_beats() * 60.0 / bar.bpm)));
                tempo.push((seconds, bar.bpm));
                // The bar has begun: only its chords are waited for.
                bar.bpm = 0.0;
            }
            bar.bpm > 0.0 || !bar.chords.is_empty()
        });
        Ok(())
    }

    /// Draws the picture into a PNG.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, title: &str, subtitle: &str, path: &Path) -> Result<(), Error> {
        let peaks = self.peaks.finish();
        let end = peaks.seconds();
        let spans = |starts: Vec<(f64, String)>| {
            let ends: Vec<f64> = starts.iter().skip(1).map(|(start, _)| *start).chain([end]).collect();
            starts.into_iter().zip(ends).map(|((start, name), end)| (start, end, name)).collect()
        };
        let steps = |name: &str, points| Curve::new(name, points).style(CurveStyle::Steps);
        Chart::new(title)
            .subtitle(subtitle)
            .waveform("Mix", &peaks)
            .spans(SpanLane::new("Form", spans(self.sections)))
            .spans(SpanLane::new("Chords", spans(self.chords)))
            .curves(CurveLane::new("Density").unit("notes a second").curve(steps("density", self.density)))
            .curves(CurveLane::new("Tempo").unit("BPM").height(80).curve(steps("tempo", self.tempo)))
            .write(path)
    }
}
