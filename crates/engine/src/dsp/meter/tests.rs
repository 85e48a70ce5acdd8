//! The promises of the meter, measured from outside.
#![allow(clippy::cast_possible_truncation)]

use crate::dsp::Meter;
use ebur128::{EbuR128, Mode};
use proptest::prelude::*;

fn tones(rate: u32, frames: usize) -> Vec<[f32; 2]> {
    let wave = |hz: f64, n: usize| (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin();
    let swell = |n: usize| 0.2 + 0.8 * wave(0.7, n).abs();
    (0..frames)
        .map(|n| {
            let (low, mid, high) = (wave(45.0, n), wave(1_100.0, n), wave(6_300.0, n));
            [(swell(n) * (0.4 * low + 0.2 * mid)) as f32, (swell(n) * (0.3 * mid + 0.1 * high)) as f32]
        })
        .collect()
}

#[test]
fn momentary_loudness_agrees_with_ebur128_to_a_tenth_of_a_lu() {
    for rate in [22_050, 44_100, 48_000, 96_000] {
        let signal = tones(rate, 3 * rate as usize);
        let mut meter = Meter::new(rate);
        let mut reference = EbuR128::new(2, rate, Mode::M).unwrap();
        for (i, block) in signal.chunks(rate as usize / 10).enumerate() {
            meter.process(block);
            reference.add_frames_f32(block.as_flattened()).unwrap();
            let (ours, theirs) = (f64::from(meter.momentary()), reference.loudness_momentary().unwrap());
            assert!(i < 4 || (ours - theirs).abs() < 0.1, "{rate} Hz, block {i}: {ours:.2} against {theirs:.2} LUFS");
        }
    }
}

#[test]
fn the_standards_reference_tone_reads_its_level() {
    // EBU Tech 3341, test 1: 1 kHz in both channels at -23 dBFS is -23 LUFS.
    let level = 10f64.powf(-23.0 / 20.0);
    let signal: Vec<[f32; 2]> = (0..48_000)
        .map(|n| [(level * (std::f64::consts::TAU * 1_000.0 * f64::from(n) / 48_000.0).sin()) as f32; 2])
        .collect();
    let mut meter = Meter::new(48_000);
    meter.process(&signal);
    assert!((meter.momentary() + 23.0).abs() < 0.1, "{}", meter.momentary());
    assert!((f64::from(meter.rms()) - level / 2f64.sqrt()).abs() < 1e-5);
}

#[test]
fn silence_is_minus_infinity_before_and_after_sound() {
    let mut meter = Meter::new(44_100);
    assert_eq!((meter.momentary(), meter.rms()), (f32::NEG_INFINITY, 0.0));
    meter.process(&tones(44_100, 44_100));
    assert!(meter.momentary() > -20.0);
    meter.process(&vec![[0.0; 2]; 20 * 44_100]);
    assert_eq!((meter.momentary(), meter.rms()), (f32::NEG_INFINITY, 0.0));
}

#[test]
fn nan_and_infinity_do_not_stay_in_the_meter() {
    let mut meter = Meter::new(44_100);
    meter.process(&[[f32::NAN, f32::INFINITY]]);
    meter.process(&tones(44_100, 44_100));
    assert!(meter.momentary().is_finite() && meter.rms().is_finite());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_reads_the_same(cuts in prop::collection::vec(1usize..5_000, 3..12)) {
        let signal = tones(44_100, cuts.iter().sum());
        let (mut a, mut b) = (Meter::new(44_100), Meter::new(44_100));
        a.process(&signal);
        let mut rest = &signal[..];
        for cut in cuts {
            let (now, later) = rest.split_at(cut);
            b.process(now);
            rest = later;
        }
        prop_assert_eq!((a.rms(), a.momentary()), (b.rms(), b.momentary()));
    }
}
