//! Where silence begins.
//!
//! Processors compute many times slower with subnormal numbers, those under 1.2e-38, and whatever decays comes down to them: a
//! file's fade, a filter's memory, a product of small gains. So nothing near them gets in: samples under [`SILENT`] become zero
//! where they enter, gains under [`FAINTEST`] where they are set, and what decays is set to zero on fixed frames long before.
//! The processor's own switch for that is left alone: a host may rely on it, and files made elsewhere would differ.

/// A sample nearer to zero than this (-400 dB) is silence.
pub const SILENT: f32 = 1e-20;

/// A gain under this (-120 dB) is none.
pub const FAINTEST: f32 = 1e-6;

/// Sound under this (-240 dB) is not analysed: squares of its squares would be subnormal.
pub(crate) const UNHEARD: f32 = 1e-12;

/// The sample, or zero where it is next to it. What is not a number stays.
#[inline(always)]
pub fn quiet(sample: f32) -> f32 {
    if sample.abs() < SILENT { 0.0 } else { sample }
}

/// Makes zero what is next to it.
pub fn flush<'a>(samples: impl IntoIterator<Item = &'a mut f32>) {
    for sample in samples {
        *sample = quiet(*sample);
    }
}

/// The gain, or none where it is next to none.
pub(crate) const fn gain(gain: f32) -> f32 {
    if gain > -FAINTEST && gain < FAINTEST { 0.0 } else { gain }
}

/// Whether any of these is worth an analysis. Of sound the first few tell.
#[inline]
pub(crate) fn is_heard(samples: &[f32]) -> bool {
    samples.iter().any(|sample| sample.abs() >= UNHEARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_next_to_nothing_is_nothing_and_the_rest_stays_bit_for_bit() {
        let mut samples = [1e-38, -1e-45, 0.99e-20, -1e-20, 0.5, f32::INFINITY, f32::NAN];
        flush(&mut samples);
        assert_eq!(samples[..6], [0.0, 0.0, 0.0, -1e-20, 0.5, f32::INFINITY]);
        assert!(samples[6].is_nan());
        assert_eq!([1e-7, -1e-7, 1e-6, -1.0, 0.0].map(gain), [0.0, 0.0, 1e-6, -1.0, 0.0]);
    }
}
