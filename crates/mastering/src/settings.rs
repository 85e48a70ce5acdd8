//! The settings of a mastering chain.

use crowd_engine::Error;

/// The settings of the compressor.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompressorSettings {
    /// The ratio of input to output in decibels over the threshold, 1 to 20; at 1 there is no compression.
    pub ratio: f32,
    /// The RMS level above which the gain is reduced, in dBFS, -60 to 0.
    pub threshold_db: f32,
    /// The time constant of gain reduction, in milliseconds, 0.1 to 500.
    pub attack_ms: f32,
    /// The time constant of release, in milliseconds, 5 to 2,000.
    pub release_ms: f32,
    /// The share of the compressed signal in the output, 0 to 1; the rest is uncompressed.
    pub blend: f32,
    /// The cut-off of the side-chain high-pass in Hz, 0 to 500: with it a kick drum causes no gain reduction. 0 turns
    /// it off.
    pub side_chain_hz: f32,
}

/// All settings of a [`Mastering`](crate::Mastering).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MasteringSettings {
    /// Whether a constant in the samples is removed first, by a high-pass at 5 Hz.
    pub dc_block: bool,
    /// The gain of each band in decibels, lowest band first, -24 to 24.
    pub eq_db: [f32; 5],
    /// The stereo width of each band: the linear gain of the side signal, 0.1 to 2; 1 does not change it.
    pub width: [f32; 5],
    /// The compressor.
    pub compressor: CompressorSettings,
    /// The gain after the compressor in decibels, -24 to 24.
    pub make_up_db: f32,
    /// The share of the processed signal before the limiter, 0 to 1. The rest is the input with
    /// [`dry_db`](Self::dry_db); both pass the limiter.
    pub mix: f32,
    /// The gain of the input in the mix, in decibels, -24 to 24. At a mix of 1 it has no effect.
    pub dry_db: f32,
    /// The largest true peak of the output, in dBTP, -20 to 0.
    pub ceiling_dbtp: f32,
    /// The time in which the limiter releases nine tenths of its reduction, in milliseconds, 10 to 1,000.
    pub limiter_release_ms: f32,
    /// The word length in bits to dither to, 8 to 24; `None` for float samples.
    pub dither_bits: Option<u32>,
}

impl Default for MasteringSettings {
    /// Flat, uncompressed, below -1 dBTP, not dithered.
    fn default() -> Self {
        let compressor = CompressorSettings {
            ratio: 1.0,
            threshold_db: 0.0,
            attack_ms: 20.0,
            release_ms: 200.0,
            blend: 1.0,
            side_chain_hz: 0.0,
        };
        Self {
            dc_block: false,
            eq_db: [0.0; 5],
            width: [1.0; 5],
            compressor,
            make_up_db: 0.0,
            mix: 1.0,
            dry_db: 0.0,
            ceiling_dbtp: -1.0,
            limiter_release_ms: 100.0,
            dither_bits: None,
        }
    }
}

impl MasteringSettings {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names the first setting that is not finite or out of its range.
    pub fn check(&self) -> Result<(), Error> {
        let CompressorSettings { ratio, threshold_db, attack_ms, release_ms, blend, side_chain_hz } = self.compressor;
        let bands = self.eq_db.map(|db| ("equaliser gain", " dB", db, -24.0, 24.0));
        let widths = self.width.map(|width| ("stereo width", "", width, 0.1, 2.0));
        let others = [
            ("compressor ratio", "", ratio, 1.0, 20.0),
            ("compressor threshold", " dB", threshold_db, -60.0, 0.0),
            ("compressor attack", " ms", attack_ms, 0.1, 500.0),
            ("compressor release", " ms", release_ms, 5.0, 2_000.0),
            ("compressor blend", "", blend, 0.0, 1.0),
            ("compressor side-chain high-pass", " Hz", side_chain_hz, 0.0, 500.0),
            ("make-up gain", " dB", self.make_up_db, -24.0, 24.0),
            ("mix", "", self.mix, 0.0, 1.0),
            ("dry gain", " dB", self.dry_db, -24.0, 24.0),
            ("ceiling", " dBTP", self.ceiling_dbtp, -20.0, 0.0),
            ("limiter release", " ms", self.limiter_release_ms, 10.0, 1_000.0),
            ("dither", " bits", self.dither_bits.unwrap_or(16) as f32, 8.0, 24.0),
        ];
        for (what, unit, value, low, high) in bands.into_iter().chain(widths).chain(others) {
            if !(low..=high).contains(&value) {
                let [value, low, high] = [value, low, high].map(|number: f32| decimal(number));
                return Err(Error::OutOfRange { what, unit, value, low, high });
            }
        }
        Ok(())
    }
}

/// The number rounded to six decimals: 0.1, not 0.10000000149.
fn decimal(number: f32) -> f64 {
    (f64::from(number) * 1e6).round() / 1e6
}
