//! How one STFT frame of output is made: its spec, the analysis of the source, and the synthesis.

use rustfft::num_complex::Complex32;

use super::fft_plan::{FftPlan, OVERLAP};
use super::peaks::{self, Peaks};
use super::source_window::SourceWindow;
use super::spectrum::{ONE, Spectrum, ZERO, transform};
use super::transients::{OnsetSide, Transients};
use crate::dsp::simd::Simd;
use crate::dsp::{Position, Step};
use crate::stretch::source::Source;
use crate::types::cast::count;

/// The angle in radians by which bins return to the phases of the source in each hop, while the speed is 1. This shifts
/// their frequencies by about a hertz, and takes half a second at most.
const RETURN_ANGLE: f32 = 0.13;

/// Products of two spectra that are smaller than this have no usable angle, and their squares would be subnormal.
const FAINT: f32 = 1e-15;

/// The length of an STFT frame in seconds. In frames it is rounded to a power of two.
const LENGTH: f64 = 0.093;
/// The shortest STFT frame, for the lowest sample rates.
const SHORTEST: usize = 128;
/// The time in seconds before an onset, and after it, in which the source runs at its own speed.
const ZONE: f64 = 0.025;

/// The inputs of the synthesis of an STFT frame. All of them are known when the synthesis begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameSpec {
    pub window: SourceWindow,
    /// For the first STFT frame after a start: the centre of the window of the source that was played unchanged. This window
    /// stands for the latest STFT frame of output.
    pub untouched: Option<i64>,
    /// Whether the bins return to the phases of the source, because the speed is 1.
    pub returning: bool,
}

impl FrameSpec {
    pub fn moved(&mut self, by: i64) {
        self.window.moved(by);
        self.untouched = self.untouched.map(|centre| centre + by);
    }
}

/// The sizes of STFT frames and onset zones.
#[derive(Clone, Copy, Debug)]
pub struct StftParams {
    /// Frames of the source in an STFT frame, a power of two.
    pub size: usize,
    pub hop: usize,
    /// The number of frames before an onset, and after it, in which the source runs at its own speed.
    pub zone: f64,
}

impl StftParams {
    /// For a source of `rate` frames per second.
    pub fn new(rate: f64) -> Self {
        let size = count((rate * LENGTH).log2().round().exp2()).max(SHORTEST);
        Self { size, hop: size / OVERLAP, zone: rate * ZONE }
    }

    /// The spec of the STFT frame whose synthesis begins at `position`. When `start` is given, the frame follows the
    /// unchanged source from `start` on.
    pub fn frame_spec(&self, source: &dyn Source, position: Position, step: Step, start: Option<i64>) -> FrameSpec {
        let middle = self.size / 2;
        FrameSpec {
            window: SourceWindow::locate(source, position, step.rate(), (self.hop + middle) as f64, self.zone),
            untouched: start.map(|start| start + middle as i64),
            returning: step.is_unity(),
        }
    }
}

/// The analysis of the source for an STFT frame: two spectra that are a hop apart, the peaks of the later one, and the
/// transients at an onset. It does not depend on earlier output.
pub struct FrameAnalysis {
    size: usize,
    plan: &'static FftPlan,
    scratch: Spectrum,
    /// The spectrum of the earlier STFT frame of the source. The synthesis overwrites it with the rotation of each bin.
    earlier: Spectrum,
    /// The spectrum of the later STFT frame of the source. The synthesis turns it into the STFT frame of output.
    later: Spectrum,
    power: Box<[f32]>,
    peaks: Peaks,
    simd: Simd,
    transients: Transients,
}

impl FrameAnalysis {
    /// The number of stages that read only the source.
    const STAGES: usize = 5;

    pub fn new(size: usize) -> Self {
        let plan = FftPlan::shared(size);
        let spectrum = || vec![ZERO; size].into_boxed_slice();
        Self {
            size,
            plan,
            scratch: vec![ZERO; plan.scratch].into(),
            earlier: spectrum(),
            later: spectrum(),
            power: vec![0.0; size / 2 + 1].into(),
            peaks: Peaks::new(size / 2),
            simd: Simd::detect(),
            transients: Transients::new(size),
        }
    }

    /// Runs the stages that do not depend on earlier output.
    pub fn analyse(&mut self, spec: &FrameSpec, source: &dyn Source) {
        (0..Self::STAGES).for_each(|stage| self.run_stage(stage, &spec.window, source));
    }

    fn run_stage(&mut self, stage: usize, window: &SourceWindow, source: &dyn Source) {
        let Self { plan, scratch, .. } = self;
        let hop = (self.size / OVERLAP) as i64;
        match stage {
            0 => transform(&plan.forward, scratch, source, window.centre - hop, &mut self.earlier),
            1 => {
                if let Some(onset) = window.onset {
                    self.transients.measure(OnsetSide::PostOnset, source, onset, scratch);
                }
            }
            2 => transform(&plan.forward, scratch, source, window.centre, &mut self.later),
            3 => {
                if let Some(onset) = window.onset {
                    self.transients.measure(OnsetSide::PreOnset, source, onset, scratch);
                }
            }
            4 => {
                self.simd.run(peaks::Power { spectrum: &self.later, power: &mut self.power });
                self.peaks.find(&self.power);
            }
            _ => {}
        }
    }
}

/// Synthesises STFT frames. Each depends on the STFT frame before it.
pub struct FrameSynthesiser {
    analysis: FrameAnalysis,
    /// The spectrum of the latest STFT frame of output.
    latest: Spectrum,
    rotated: bool,
}

impl FrameSynthesiser {
    /// The number of stages in which an STFT frame is synthesised. All stages take about the same time.
    pub const STAGES: usize = 8;

    /// For the STFT frames of [`Hq`](crate::stretch::Hq) in an engine of `sample_rate` frames per second.
    pub fn for_hq(sample_rate: u32) -> Self {
        Self::new(StftParams::new(f64::from(sample_rate)).size)
    }

    /// For STFT frames of `size`.
    pub fn new(size: usize) -> Self {
        Self { analysis: FrameAnalysis::new(size), latest: vec![ZERO; size].into(), rotated: false }
    }

    /// Discards the measured onset.
    pub fn clear_onset(&mut self) {
        self.analysis.transients.clear();
    }

    pub fn moved(&mut self, by: i64) {
        self.analysis.transients.moved(by);
    }

    /// The finished STFT frame, before the window of the synthesis. The left channel is the real part, the right channel the
    /// imaginary part.
    pub fn frame(&self) -> &[Complex32] {
        &self.analysis.later
    }

    /// Whether any bin has another phase than in the source.
    pub fn is_rotated(&self) -> bool {
        self.rotated
    }

    /// Copies the latest STFT frame of `other`.
    pub fn copy_latest_from(&mut self, other: &Self) {
        self.latest.copy_from_slice(&other.latest);
    }

    /// Moves the STFT frame that `other` has synthesised into this one.
    pub fn take_frame_from(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.latest, &mut other.latest);
        std::mem::swap(&mut self.analysis.later, &mut other.analysis.later);
        self.rotated = other.rotated;
    }

    /// Synthesises a whole STFT frame.
    pub fn synthesise(&mut self, spec: &FrameSpec, source: &dyn Source) {
        (0..Self::STAGES).for_each(|stage| self.run_stage(stage, spec, source));
    }

    /// Synthesises the STFT frame from a finished `analysis`. Returns the previous analysis, so that its memory can be reused.
    pub fn synthesise_from(&mut self, spec: &FrameSpec, analysis: FrameAnalysis) -> FrameAnalysis {
        let previous = std::mem::replace(&mut self.analysis, analysis);
        self.compare();
        self.rotate(spec);
        self.transform_back();
        previous
    }

    /// Runs one stage.
    pub fn run_stage(&mut self, stage: usize, spec: &FrameSpec, source: &dyn Source) {
        match stage {
            ..FrameAnalysis::STAGES => self.analysis.run_stage(stage, &spec.window, source),
            5 => {
                if let Some(untouched) = spec.untouched {
                    let FrameAnalysis { plan, scratch, .. } = &mut self.analysis;
                    transform(&plan.forward, scratch, source, untouched, &mut self.latest);
                }
                self.compare();
            }
            6 => self.rotate(spec),
            _ => self.transform_back(),
        }
    }

    /// Computes a product for each bin. Its angle is the rotation after which the bin continues the latest STFT frame of output.
    fn compare(&mut self) {
        let FrameAnalysis { simd, earlier, .. } = &mut self.analysis;
        simd.run(peaks::Multiply { spectrum: earlier, by: &self.latest });
    }

    /// Transforms the spectrum back to samples.
    fn transform_back(&mut self) {
        let FrameAnalysis { plan, scratch, later, .. } = &mut self.analysis;
        self.latest.copy_from_slice(later);
        plan.inverse.process_with_scratch(later, scratch);
    }

    /// Rotates every peak's region of the later spectrum.
    fn rotate(&mut self, spec: &FrameSpec) {
        let (size, half) = (self.analysis.size, self.analysis.size / 2);
        let mut from = 1;
        self.rotated = false;
        for peak in 0..self.analysis.peaks.len() {
            let until = self.analysis.peaks.border(peak).unwrap_or(half);
            let rotation = self.angle(from, until, spec);
            self.rotated |= rotation != ONE;
            self.analysis.earlier[from..until].fill(rotation);
            self.analysis.earlier[size - until + 1..size - from + 1].fill(rotation.conj());
            from = until;
        }
        let FrameAnalysis { earlier, later, simd, peaks, .. } = &mut self.analysis;
        if peaks.len() == 0 {
            earlier.fill(ONE);
        }
        (earlier[0], earlier[half]) = (ONE, ONE);
        if self.rotated {
            simd.run(peaks::Rotate { spectrum: later, by: earlier });
        }
    }

    /// The rotation of bins `from..until`, as a number on the unit circle.
    fn angle(&self, from: usize, until: usize, spec: &FrameSpec) -> Complex32 {
        if spec.window.onset.is_some() && self.analysis.transients.is_transient(from, until) {
            return ONE;
        }
        let size = self.analysis.size;
        let below = &self.analysis.earlier[from..until];
        let above = &self.analysis.earlier[size - until + 1..size - from + 1];
        let mut product = ZERO;
        for (below, above) in below.iter().zip(above) {
            product.re += below.re + above.re;
            product.im += below.im - above.im;
        }
        if product.re.abs().max(product.im.abs()) < FAINT {
            return ONE;
        }
        let rotation = product.unscale(product.norm_sqr().sqrt());
        if spec.returning {
            let angle = rotation.arg();
            let remaining = angle.abs() - RETURN_ANGLE;
            return if remaining > 0.0 { Complex32::cis(remaining.copysign(angle)) } else { ONE };
        }
        rotation
    }
}
