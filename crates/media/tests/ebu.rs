//! The minimum requirements signals of EBU Tech 3341 (loudness, true peak) and Tech 3342 (loudness range), generated.
//!
//! Signals 7 and 8 of Tech 3341 and 5 and 6 of Tech 3342 are recordings and are not included.
#![cfg(feature = "loudness")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crowd_media::loudness::{Loudness, Meter};

const RATE: u32 = 48_000;

/// The loudness of consecutive stereo sines of 1 kHz, each with its level in dBFS and its length in seconds.
fn measured(tones: &[(f64, f64)]) -> Loudness {
    let mut meter = Meter::new(RATE, 2, 0).unwrap();
    for (level, seconds) in tones {
        let gain = 10f64.powf(level / 20.0);
        let frames = (seconds * f64::from(RATE)) as u32;
        // A second of the tone, which is a whole number of its periods.
        let second: Vec<f32> = (0..RATE)
            .flat_map(|n| [(gain * (std::f64::consts::TAU * f64::from(n % 48) / 48.0).sin()) as f32; 2])
            .collect();
        let mut left = 2 * frames as usize;
        while left > 0 {
            let now = left.min(second.len());
            meter.push(&second[..now]).unwrap();
            left -= now;
        }
    }
    meter.read()
}

fn integrated(tones: &[(f64, f64)], want: f64) {
    let got = measured(tones).integrated_lufs;
    assert!((got - want).abs() <= 0.1, "{tones:?}: {got} LUFS instead of {want}");
}

#[test]
fn integrated_loudness_is_within_a_tenth_on_signals_1_to_5() {
    integrated(&[(-23.0, 20.0)], -23.0);
    integrated(&[(-33.0, 20.0)], -33.0);
    integrated(&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0);
    integrated(&[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0);
    integrated(&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0);
}

#[test]
fn integrated_loudness_of_five_channels_is_within_a_tenth_on_signal_6() {
    let levels = [-28.0, -28.0, -24.0, f64::NEG_INFINITY, -30.0, -30.0].map(|level: f64| 10f64.powf(level / 20.0));
    let sound: Vec<f32> = (0..20 * RATE)
        .flat_map(|n| levels.map(|gain| (gain * (std::f64::consts::TAU * f64::from(n % 48) / 48.0).sin()) as f32))
        .collect();
    let mut meter = Meter::new(RATE, 6, 0).unwrap();
    meter.push(&sound).unwrap();
    let got = meter.read().integrated_lufs;
    assert!((got + 23.0).abs() <= 0.1, "{got} LUFS");
}

#[test]
fn true_peak_is_within_its_tolerance_on_signals_15_to_23() {
    // A tone: its frequency as a fraction of the rate, its starting phase and its linear level.
    let peak = |share: f64, degrees: f64, level: f64| {
        let sound: Vec<f32> = (0..RATE)
            .flat_map(|n| {
                // Faded in and out like the signals of EBU, so that the edges are not measured.
                let edge = (f64::from(n.min(RATE - 1 - n)) / 480.0).min(1.0);
                let turn = std::f64::consts::TAU * share * f64::from(n) + degrees.to_radians();
                [(edge * level * turn.sin()) as f32; 2]
            })
            .collect();
        let mut meter = Meter::new(RATE, 2, 0).unwrap();
        meter.push(&sound).unwrap();
        meter.read().true_peak_dbtp
    };
    for (signal, share, degrees, level, want) in [
        (15, 1.0 / 4.0, 0.0, 0.5, -6.0),
        (16, 1.0 / 4.0, 45.0, 0.5, -6.0),
        (17, 1.0 / 6.0, 60.0, 0.5, -6.0),
        (18, 1.0 / 8.0, 67.5, 0.5, -6.0),
        (19, 1.0 / 4.0, 45.0, 1.41, 3.0),
    ] {
        let got = peak(share, degrees, level);
        assert!((-0.4..=0.2).contains(&(got - want)), "signal {signal}: {got} dBTP instead of {want}");
    }
    // 20 to 23: a burst whose inter-sample peak of 0 dBTP falls on any quarter of a frame. Band-limited: a windowed sinc.
    for quarter in 0..4 {
        let sound: Vec<f32> = (0..RATE)
            .flat_map(|n| {
                let x = f64::from(n) - 24_000.0 - f64::from(quarter) / 4.0;
                let turn = std::f64::consts::PI * x * 0.5;
                let sinc = if x == 0.0 { 1.0 } else { turn.sin() / turn };
                let window = (-(x / 40.0).powi(2)).exp();
                [(sinc * window) as f32; 2]
            })
            .collect();
        let mut meter = Meter::new(RATE, 2, 0).unwrap();
        meter.push(&sound).unwrap();
        let got = meter.read().true_peak_dbtp;
        assert!((-0.4..=0.2).contains(&got), "signal {}: {got} dBTP instead of 0", 20 + quarter);
    }
}

#[test]
fn loudness_range_is_within_one_lu_on_signals_1_to_4() {
    for (tones, want) in [
        (&[(-20.0, 20.0), (-30.0, 20.0)][..], 10.0),
        (&[(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        (&[(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        (&[(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
    ] {
        let got = measured(tones).range_lu;
        assert!((got - want).abs() <= 1.0, "{tones:?}: {got} LU instead of {want}");
    }
}

#[test]
fn blocks_of_any_size_measure_the_same() {
    let sound: Vec<f32> = (0..200_000u32).map(|n| (f64::from(n).powf(1.3) * 0.01).sin() as f32).collect();
    let read = |length: usize| {
        let mut meter = Meter::new(44_100, 2, 0).unwrap();
        sound.chunks(length).for_each(|block| meter.push(block).unwrap());
        meter.read()
    };
    assert_eq!(read(200_000), read(14));
    let mut meter = Meter::new(44_100, 2, 0).unwrap();
    meter.push(&[f32::NAN, 0.5, f32::INFINITY, -0.5]).unwrap();
    assert!((meter.read().sample_peak_dbfs + 6.02).abs() < 0.01);
    let refused = meter.push(&[0.0; 3]).unwrap_err();
    assert!(refused.to_string().contains("3 samples do not make whole frames of 2 channels"), "{refused}");
}
