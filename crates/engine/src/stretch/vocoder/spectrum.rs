//! Spectra of the source.

use rustfft::num_complex::Complex32;

use super::plan::View;
use crate::dsp::silence::is_heard;
use crate::stretch::source::Source;

pub const ZERO: Complex32 = Complex32::new(0.0, 0.0);
pub const ONE: Complex32 = Complex32::new(1.0, 0.0);

/// A stereo spectrum: left as the real part of the signal, right as the imaginary one.
pub type Spectrum = Box<[Complex32]>;

/// The spectrum of the windowed source around `centre`; of what is too quiet to be heard, that of silence.
pub fn transform(view: &View, scratch: &mut [Complex32], source: &dyn Source, centre: i64, into: &mut [Complex32]) {
    const PIECE: usize = 256;
    let first = centre - (view.window.len() / 2) as i64;
    let mut piece = [[0.0; PIECE]; 2];
    let [left, right] = &mut piece;
    let mut heard = false;
    for ((at, out), window) in (first..).step_by(PIECE).zip(into.chunks_mut(PIECE)).zip(view.window.chunks(PIECE)) {
        let (left, right) = (&mut left[..out.len()], &mut right[..out.len()]);
        source.read(at, [&mut *left, &mut *right]);
        heard = heard || is_heard(left) || is_heard(right);
        for (((out, window), left), right) in out.iter_mut().zip(window).zip(left).zip(right) {
            *out = Complex32::new(*left * window, *right * window);
        }
    }
    if heard {
        view.fft.process_with_scratch(into, scratch);
    } else {
        into.fill(ZERO);
    }
}
