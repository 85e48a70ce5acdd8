//! The levels below which sound counts as silence.
//!
//! Processors compute many times more slowly with subnormal numbers, which are those below 1.2e-38. Every decaying value
//! becomes subnormal: the fade-out of a file, the state of a filter, a product of small gains. So such values are set to
//! zero before that. Samples below [`SILENT`] become zero where they enter. Gains below [`FAINTEST`] become zero when they
//! are set. Decaying state is set to zero on fixed frames.
//!
//! Processors have a flag that turns subnormal numbers into zero. It is not changed, because a host may rely on it, and
//! because files that were rendered with another setting would differ.

/// A sample closer to zero than this (-400 dB) is silence.
pub const SILENT: f32 = 1e-20;

/// A gain below this (-120 dB) is zero.
pub const FAINTEST: f32 = 1e-6;

/// Sound below this (-240 dB) is not analysed, because its fourth powers would be subnormal.
pub(crate) const INAUDIBLE: f32 = 1e-12;

/// The sample, or zero if it is close to zero. NaN stays NaN.
#[inline(always)]
pub fn quiet(sample: f32) -> f32 {
    if sample.abs() < SILENT { 0.0 } else { sample }
}

/// Sets samples close to zero to zero.
pub fn flush<'a>(samples: impl IntoIterator<Item = &'a mut f32>) {
    for sample in samples {
        *sample = quiet(*sample);
    }
}

/// The gain, or zero if it is close to zero.
pub(crate) const fn gain(gain: f32) -> f32 {
    if gain > -FAINTEST && gain < FAINTEST { 0.0 } else { gain }
}

/// Whether any sample is loud enough to be analysed. The search ends at the first such sample.
#[inline]
pub(crate) fn is_audible(samples: &[f32]) -> bool {
    samples.iter().any(|sample| sample.abs() >= INAUDIBLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_close_to_zero_become_zero_and_the_rest_stays_bit_for_bit() {
        let mut samples = [1e-38, -1e-45, 0.99e-20, -1e-20, 0.5, f32::INFINITY, f32::NAN];
        flush(&mut samples);
        assert_eq!(samples[..6], [0.0, 0.0, 0.0, -1e-20, 0.5, f32::INFINITY]);
        assert!(samples[6].is_nan());
        assert_eq!([1e-7, -1e-7, 1e-6, -1.0, 0.0].map(gain), [0.0, 0.0, 1e-6, -1.0, 0.0]);
    }
}
