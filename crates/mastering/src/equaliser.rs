//! The equaliser: five bands, each with a gain and a width.
//!
//! The filters are minimum-phase shelves and bells, which process mid and side. The width of a band is an additional gain for its side
//! signal. So one filter section applies both gain and width, with separate coefficients for mid and side.

use crowd_engine::dsp::biquad::{Coefficients, TINY};

use crate::state_rounding;

/// Edges between the bands, in Hz.
pub(crate) const EDGES: [f64; 4] = [200.0, 800.0, 3_000.0, 8_000.0];
/// The Q of shelves without overshoot.
const SHELF_Q: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// The highest frequency of a band, as a share of the sample rate.
const HIGHEST: f64 = 0.45;

/// One filter section. It has each coefficient and each state twice, for mid and side.
#[derive(Clone, Copy, Debug)]
struct Section {
    b: [[f64; 2]; 3],
    a: [[f64; 2]; 2],
    s: [[f64; 2]; 2],
}

/// The equaliser.
#[derive(Clone, Debug)]
pub(super) struct Equaliser {
    sections: [Section; 5],
}

impl Equaliser {
    /// The equaliser with the gain and the width of each band, lowest band first. The gains are in `decibels`. A width is the linear gain
    /// of the side signal, above 0.
    pub(super) fn new(decibels: [f32; 5], width: [f32; 5], sample_rate: f64) -> Self {
        let section = |band: usize| {
            let mid = f64::from(decibels[band]);
            let side = mid + 20.0 * f64::from(width[band]).log10();
            let [mid, side] = [mid, side].map(|decibels| design(band, decibels, sample_rate));
            let pair = |of: fn(&Coefficients) -> f64| [of(&mid), of(&side)];
            Section {
                b: [pair(|c| c.b[0]), pair(|c| c.b[1]), pair(|c| c.b[2])],
                a: [pair(|c| c.a[0]), pair(|c| c.a[1])],
                s: [[0.0; 2]; 2],
            }
        };
        Self { sections: std::array::from_fn(section) }
    }

    /// Processes one frame, left and right.
    #[inline]
    pub(super) fn tick(&mut self, [left, right]: [f32; 2]) -> [f32; 2] {
        let (left, right) = (f64::from(left), f64::from(right));
        let mut x = [left + right, left - right];
        for Section { b, a, s } in &mut self.sections {
            for lane in 0..2 {
                let y = b[0][lane] * x[lane] + s[0][lane];
                s[0][lane] = b[1][lane] * x[lane] - a[0][lane] * y + s[1][lane];
                s[1][lane] = b[2][lane] * x[lane] - a[1][lane] * y;
                x[lane] = y;
            }
        }
        let [mid, side] = x;
        [(0.5 * (mid + side)) as f32, (0.5 * (mid - side)) as f32]
    }

    /// Rounds every state to its grid. It must be called at fixed frames of the track.
    pub(super) fn round_state(&mut self) {
        for s in self.sections.iter_mut().flat_map(|section| section.s.as_flattened_mut()) {
            *s = state_rounding::round_signal(*s);
        }
    }

    /// Sets decayed states to zero before they become subnormal. It must be called at fixed frames of the track.
    pub(super) fn flush(&mut self) {
        for s in self.sections.iter_mut().flat_map(|section| section.s.as_flattened_mut()) {
            *s = if s.abs() < TINY { 0.0 } else { *s };
        }
    }
}

/// The section of a band. A band that extends to the highest frequency becomes a shelf; a band above it is flat.
fn design(band: usize, decibels: f64, sample_rate: f64) -> Coefficients {
    let highest = HIGHEST * sample_rate;
    match (band.checked_sub(1).map(|below| EDGES[below]), EDGES.get(band)) {
        (None, Some(above)) => Coefficients::low_shelf(*above, decibels, SHELF_Q, sample_rate),
        (Some(below), _) if below >= highest => Coefficients { b: [1.0, 0.0, 0.0], a: [0.0; 2] },
        (Some(below), Some(above)) if *above < highest => {
            // As wide as the band: 1 / Q = (f2 - f1) / sqrt(f1 f2).
            let centre = (below * above).sqrt();
            Coefficients::bell(centre, decibels, centre / (above - below), sample_rate)
        }
        (Some(below), _) => Coefficients::high_shelf(below, decibels, SHELF_Q, sample_rate),
        (None, None) => Coefficients { b: [1.0, 0.0, 0.0], a: [0.0; 2] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gain of mid and side at a frequency, measured with a tone.
    fn gains(equaliser: &Equaliser, hz: f64, rate: f64) -> [f64; 2] {
        [[1.0, 1.0], [1.0, -1.0]].map(|sides: [f32; 2]| {
            let mut equaliser = equaliser.clone();
            let frames = (rate * 0.5) as usize;
            let peak = (0..frames).fold(0.0f32, |peak, n| {
                let x = (std::f64::consts::TAU * hz * n as f64 / rate).sin() as f32;
                let [left, right] = equaliser.tick(sides.map(|side| side * x));
                if n < frames / 2 { peak } else { peak.max(left.abs()).max(right.abs()) }
            });
            20.0 * f64::from(peak).log10()
        })
    }

    #[test]
    fn every_band_changes_its_own_centre_at_every_sample_rate() {
        for rate in [8_000.0, 16_000.0, 44_100.0, 192_000.0] {
            for (band, hz) in [40.0, 400.0, 1_549.0, 4_899.0, 15_000.0].into_iter().enumerate() {
                // At 8 kHz the fourth band ends at 4 kHz.
                let hz = if rate == 8_000.0 && band == 3 { 3_800.0 } else { hz };
                if hz > rate * HIGHEST * 1.1 {
                    continue;
                }
                let mut decibels = [0.0; 5];
                decibels[band] = 2.5;
                let [mid, side] = gains(&Equaliser::new(decibels, [1.0; 5], rate), hz, rate);
                assert!((2.0..2.6).contains(&mid), "band {band} at {rate} Hz: {mid} dB");
                assert!((mid - side).abs() < 0.01, "mid {mid} dB, side {side} dB");
            }
        }
    }

    #[test]
    fn width_changes_the_side_signal_of_its_band_and_not_the_mid_signal() {
        let equaliser = Equaliser::new([0.0; 5], [0.5, 1.0, 1.0, 1.0, 1.5], 44_100.0);
        let [mid, side] = gains(&equaliser, 40.0, 44_100.0);
        assert!(mid.abs() < 0.01 && (side + 6.02).abs() < 0.3, "low: mid {mid} dB, side {side} dB");
        let [mid, side] = gains(&equaliser, 15_000.0, 44_100.0);
        assert!(mid.abs() < 0.01 && (side - 3.52).abs() < 0.3, "high: mid {mid} dB, side {side} dB");
    }

    #[test]
    fn flat_passes_bit_for_bit() {
        let mut equaliser = Equaliser::new([0.0; 5], [1.0; 5], 44_100.0);
        let mut seed = 1_u32;
        for _ in 0..10_000 {
            let frame = [(); 2].map(|()| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed as f32 / u32::MAX as f32 - 0.5
            });
            assert_eq!(equaliser.tick(frame), frame);
        }
    }
}
