//! What all vocoders of a size share: windows and transforms, made once in a process.

use std::sync::{Arc, OnceLock};

use rustfft::{Fft, FftPlanner};

use crate::types::cast::single;

/// Frames overlap so many times.
pub const OVERLAP: usize = 4;

/// A windowed transform.
pub struct View {
    pub fft: Arc<dyn Fft<f32>>,
    pub window: Box<[f32]>,
}

impl View {
    fn new(length: usize, scale: f64, planner: &mut FftPlanner<f32>) -> Self {
        let window = (0..length).map(|i| single(scale * hann(i, length))).collect();
        Self { fft: planner.plan_fft_forward(length), window }
    }
}

pub struct Plan {
    /// Whole frames; its window is that of the synthesis too, and both together add up to one.
    pub forward: View,
    pub inverse: Arc<dyn Fft<f32>>,
    /// What the frames leave of the untouched source behind a start.
    pub leaving: Box<[f32]>,
    /// The looks to either side of an onset.
    pub long: View,
    pub quick: View,
    /// Length of the scratch space that all of them can do with.
    pub scratch: usize,
}

impl Plan {
    /// A look is half a frame long, the quick one a sixteenth.
    pub const LONG: usize = 2;
    pub const QUICK: usize = 16;

    /// The plan of frames of `size`, a power of two.
    pub fn shared(size: usize) -> &'static Self {
        static PLANS: [OnceLock<Plan>; 32] = [const { OnceLock::new() }; 32];
        PLANS[size.trailing_zeros() as usize % PLANS.len()].get_or_init(|| Self::new(size))
    }

    fn new(size: usize) -> Self {
        let mut planner = FftPlanner::new();
        // Squared Hann windows a quarter of their length apart add up to 3/2.
        let scale = 2.0 / 3.0;
        let forward = View::new(size, f64::sqrt(scale), &mut planner);
        let inverse = planner.plan_fft_inverse(size);
        let hop = size / OVERLAP;
        let leaving = (0..size).map(|i| {
            let there: f64 = (0..OVERLAP).filter(|f| i >= f * hop).map(|f| hann(i - f * hop, size).powi(2)).sum();
            single(1.0 - scale * there)
        });
        let long = View::new(size / Self::LONG, 1.0, &mut planner);
        let quick = View::new(size / Self::QUICK, 1.0, &mut planner);
        let all = [&forward.fft, &inverse, &long.fft, &quick.fft];
        let scratch = all.into_iter().map(|fft| fft.get_inplace_scratch_len()).max().unwrap_or(0);
        Self { leaving: leaving.collect(), forward, inverse, long, quick, scratch }
    }
}

/// The Hann window of `size`, symmetric about its middle.
fn hann(i: usize, size: usize) -> f64 {
    let x = (i as f64 + 0.5) / size as f64;
    0.5 - 0.5 * (2.0 * std::f64::consts::PI * x).cos()
}
