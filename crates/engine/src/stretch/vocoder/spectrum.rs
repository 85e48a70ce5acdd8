//! Spectra of the source.

use rustfft::num_complex::Complex32;

use super::fft_plan::WindowedFft;
use crate::dsp::silence::is_audible;
use crate::stretch::source::Source;

pub const ZERO: Complex32 = Complex32::new(0.0, 0.0);
pub const ONE: Complex32 = Complex32::new(1.0, 0.0);

/// A stereo spectrum: the left channel is the real part of the signal, the right channel the imaginary part.
pub type Spectrum = Box<[Complex32]>;

/// The spectrum of the windowed source around `centre`. When the whole window is too quiet to be analysed, the spectrum
/// is zero.
pub fn transform(
    windowed: &WindowedFft,
    scratch: &mut [Complex32],
    source: &dyn Source,
    centre: i64,
    into: &mut [Complex32],
) {
    const SPAN: usize = 256;
    let first = centre - (windowed.window.len() / 2) as i64;
    let mut span = [[0.0; SPAN]; 2];
    let [left, right] = &mut span;
    let mut audible = false;
    for ((at, out), window) in (first..).step_by(SPAN).zip(into.chunks_mut(SPAN)).zip(windowed.window.chunks(SPAN)) {
        let (left, right) = (&mut left[..out.len()], &mut right[..out.len()]);
        source.read(at, [&mut *left, &mut *right]);
        audible = audible || is_audible(left) || is_audible(right);
        for (((out, window), left), right) in out.iter_mut().zip(window).zip(left).zip(right) {
            *out = Complex32::new(*left * window, *right * window);
        }
    }
    if audible {
        windowed.fft.process_with_scratch(into, scratch);
    } else {
        into.fill(ZERO);
    }
}
