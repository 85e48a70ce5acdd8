//! What a mastering chain can be told.

use crowd_engine::Error;

/// How a compressor works.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompressorSettings {
    /// Decibels in over the threshold for each decibel out, 1 to 20; 1 does nothing.
    pub ratio: f32,
    /// The RMS level from which on it turns down, in dBFS, -60 to 0.
    pub threshold_db: f32,
    /// Time constant of turning down, in milliseconds, 0.1 to 500.
    pub attack_ms: f32,
    /// Time constant of coming back, in milliseconds, 5 to 2,000.
    pub release_ms: f32,
    /// Share of the compressed signal in what leaves, 0 to 1; the rest is uncompressed.
    pub blend: f32,
    /// What lies under this is not looked at, in Hz, 0 to 500: a kick drum turns nothing down. 0 looks at all.
    pub side_chain_hz: f32,
}

/// All that a [`Mastering`](crate::Mastering) can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MasteringSettings {
    /// Whether a constant in the samples is taken away first, by a high-pass at 5 Hz.
    pub dc_block: bool,
    /// Gain of each band in decibels, lowest band first, -24 to 24.
    pub eq_db: [f32; 5],
    /// Stereo width of each band: the linear gain of what differs between left and right, 0.1 to 2; 1 leaves it.
    pub width: [f32; 5],
    /// The compressor.
    pub compressor: CompressorSettings,
    /// Gain behind the compressor in decibels, -24 to 24.
    pub make_up_db: f32,
    /// Share of all this in what leaves, 0 to 1. The rest is what came in, moved by [`dry_db`](Self::dry_db); both share the
    /// limiter.
    pub mix: f32,
    /// Gain of what came in, in decibels, -24 to 24. At a mix of 1 it is not heard.
    pub dry_db: f32,
    /// The largest true peak that leaves, in dBTP, -20 to 0.
    pub ceiling_dbtp: f32,
    /// Nine tenths of the limiter's way back, in milliseconds, 10 to 1,000.
    pub limiter_release_ms: f32,
    /// Bits to dither to, 8 to 24; none for float samples.
    pub dither_bits: Option<u32>,
}

impl Default for MasteringSettings {
    /// Flat, uncompressed, under -1 dBTP, not dithered.
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
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names the first that is not finite or out of its range.
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

/// A number as it was written: 0.1, not 0.10000000149.
fn decimal(number: f32) -> f64 {
    (f64::from(number) * 1e6).round() / 1e6
}
