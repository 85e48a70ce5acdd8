//! The windows and transforms that all vocoders of one size share. They are computed once in a process.

use std::sync::{Arc, OnceLock};

use rustfft::{Fft, FftPlanner};

use crate::types::cast::single;

/// The number of STFT frames that overlap.
pub const OVERLAP: usize = 4;

/// A window with the transform of its length.
pub struct WindowedFft {
    pub fft: Arc<dyn Fft<f32>>,
    pub window: Box<[f32]>,
}

impl WindowedFft {
    fn new(length: usize, scale: f64, planner: &mut FftPlanner<f32>) -> Self {
        let window = (0..length).map(|i| single(scale * hann(i, length))).collect();
        Self { fft: planner.plan_fft_forward(length), window }
    }
}

pub struct FftPlan {
    /// The transform of an STFT frame. The synthesis uses the same window. The squares of the windows of overlapping STFT
    /// frames add up to one.
    pub forward: WindowedFft,
    pub inverse: Arc<dyn Fft<f32>>,
    /// The weights with which the source is added after a start, where fewer STFT frames overlap.
    pub start_weights: Box<[f32]>,
    /// The transform of the long spans just before and just after an onset.
    pub long: WindowedFft,
    /// The transform of the short spans just before and just after an onset.
    pub short: WindowedFft,
    /// The length of a scratch buffer that is enough for every transform.
    pub scratch: usize,
}

impl FftPlan {
    /// The length of an STFT frame, divided by that of a long span.
    pub const LONG: usize = 2;
    /// The length of an STFT frame, divided by that of a short span.
    pub const SHORT: usize = 16;

    /// The plan for STFT frames of `size`, a power of two.
    pub fn shared(size: usize) -> &'static Self {
        static PLANS: [OnceLock<FftPlan>; 32] = [const { OnceLock::new() }; 32];
        PLANS[size.trailing_zeros() as usize % PLANS.len()].get_or_init(|| Self::new(size))
    }

    fn new(size: usize) -> Self {
        let mut planner = FftPlanner::new();
        // The squares of Hann windows that are a quarter of their length apart add up to 3/2.
        let scale = 2.0 / 3.0;
        let forward = WindowedFft::new(size, f64::sqrt(scale), &mut planner);
        let inverse = planner.plan_fft_inverse(size);
        let hop = size / OVERLAP;
        let start_weights = (0..size).map(|i| {
            let there: f64 = (0..OVERLAP).filter(|f| i >= f * hop).map(|f| hann(i - f * hop, size).powi(2)).sum();
            single(1.0 - scale * there)
        });
        let long = WindowedFft::new(size / Self::LONG, 1.0, &mut planner);
        let short = WindowedFft::new(size / Self::SHORT, 1.0, &mut planner);
        let all = [&forward.fft, &inverse, &long.fft, &short.fft];
        let scratch = all.into_iter().map(|fft| fft.get_inplace_scratch_len()).max().unwrap_or(0);
        Self { start_weights: start_weights.collect(), forward, inverse, long, short, scratch }
    }
}

/// The Hann window of `size`, symmetric about its middle.
fn hann(i: usize, size: usize) -> f64 {
    let x = (i as f64 + 0.5) / size as f64;
    0.5 - 0.5 * (2.0 * std::f64::consts::PI * x).cos()
}
