//! The balance of a track: its power in the bands of the equaliser, and in its channels.

use std::sync::Arc;

use crowd_engine::SampleRate;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::equaliser::EDGES;

/// Frames of a spectrum.
const SIZE: usize = 2_048;

/// Sums of the squares of samples and spectra.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BalanceSums {
    /// Sums of the spectrum in each band, over both channels.
    pub bands: [f64; 5],
    pub left: f64,
    pub right: f64,
    /// The sum of the products of left and right.
    pub both: f64,
}

/// Sums up the power of a stream of sound.
pub(super) struct BalanceMeter {
    fft: Arc<dyn Fft<f32>>,
    window: Box<[f32]>,
    /// The band of each bin up to half the sample rate.
    band: Box<[u8]>,
    /// The frames of the next spectrum. Left and right are one complex number, so that one transform serves both.
    frames: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    sums: BalanceSums,
}

impl BalanceMeter {
    pub fn new(rate: SampleRate) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(SIZE);
        let hann = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / SIZE as f32).cos();
        let hertz = f64::from(rate.get()) / SIZE as f64;
        let band = |bin: usize| EDGES.iter().take_while(|edge| bin as f64 * hertz >= **edge).count() as u8;
        Self {
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            fft,
            window: (0..SIZE).map(hann).collect(),
            band: (0..=SIZE / 2).map(band).collect(),
            frames: Vec::with_capacity(SIZE),
            sums: BalanceSums::default(),
        }
    }

    pub fn push(&mut self, block: &[[f32; 2]]) {
        let mut rest = block;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(SIZE - self.frames.len()));
            for [left, right] in now {
                let [l, r] = [f64::from(*left), f64::from(*right)];
                self.sums.left += l * l;
                self.sums.right += r * r;
                self.sums.both += l * r;
                self.frames.push(Complex::new(*left, *right));
            }
            if self.frames.len() == SIZE {
                self.transform();
            }
            rest = later;
        }
    }

    fn transform(&mut self) {
        for (frame, window) in self.frames.iter_mut().zip(&self.window) {
            *frame *= *window;
        }
        self.fft.process_with_scratch(&mut self.frames, &mut self.scratch);
        for (bin, band) in self.band.iter().enumerate() {
            let mirror = self.frames[(SIZE - bin) % SIZE].norm_sqr();
            self.sums.bands[usize::from(*band)] += f64::from(self.frames[bin].norm_sqr() + mirror);
        }
        self.frames.clear();
    }

    /// Drops the frames of an incomplete spectrum, because the next frames do not follow them.
    pub fn jump(&mut self) {
        self.frames.clear();
    }

    pub fn sums(&self) -> &BalanceSums {
        &self.sums
    }
}
