//! Samples as the bytes of a WAV: little-endian and interleaved, without a header.

use super::SampleFormat;
use super::dither::Quantiser;
use crate::audio::from_i16;

/// Appends `samples` with full scale 1.0 to `bytes`. In integer formats they are rounded to the nearest integer, and louder samples are
/// clamped. Samples that were rounded to the format before stay the same. Returns the number of samples that were not finite and became
/// 0.
pub fn pack(samples: &[f32], sample_format: SampleFormat, bytes: &mut Vec<u8>) -> u64 {
    let mut quantiser = Quantiser::new(false);
    pack_with(&mut quantiser, samples, sample_format, bytes);
    quantiser.non_finite_samples()
}

pub(super) fn pack_with(quantiser: &mut Quantiser, samples: &[f32], sample_format: SampleFormat, bytes: &mut Vec<u8>) {
    let from = bytes.len();
    bytes.resize(from + samples.len() * usize::from(sample_format.bytes()), 0);
    let bytes = &mut bytes[from..];
    match sample_format {
        SampleFormat::I16 => {
            for (bytes, &s) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                *bytes = (quantiser.round(s, 16) as i16).to_le_bytes();
            }
        }
        SampleFormat::I24 => {
            for ([low, middle, high], &s) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                [*low, *middle, *high, _] = quantiser.round(s, 24).to_le_bytes();
            }
        }
        SampleFormat::F32 => {
            for (bytes, &s) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                *bytes = quantiser.finite(s).to_le_bytes();
            }
        }
    }
}

/// Appends the samples packed in `bytes` to `samples`, with full scale 1.0 and without rounding. The bytes of an incomplete last sample
/// are ignored.
pub fn unpack(bytes: &[u8], sample_format: SampleFormat, samples: &mut Vec<f32>) {
    match sample_format {
        SampleFormat::I16 => samples.extend(bytes.as_chunks().0.iter().map(|&s| from_i16(i16::from_le_bytes(s)))),
        SampleFormat::I24 => samples.extend(bytes.as_chunks().0.iter().map(|&s| integer24(s) as f32 / 8_388_608.0)),
        SampleFormat::F32 => samples.extend(bytes.as_chunks().0.iter().map(|&s| f32::from_le_bytes(s))),
    }
}

/// A signed sample of three bytes.
pub(super) fn integer24([low, middle, high]: [u8; 3]) -> i32 {
    i32::from_le_bytes([0, low, middle, high]) >> 8
}
