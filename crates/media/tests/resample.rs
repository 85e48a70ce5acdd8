//! Tests of the accuracy of the sample rate converter.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;

use crowd_media::{Audio, ErrorKind, Samples, resample};

/// A sine at half scale; phase 0 at time 0.
fn sine(hz: f64, rate: u32, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| 0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()).collect()
}

/// Signal to noise and distortion against the ideal sine, dB, away from the ends by half a filter. Amplitude and phase
/// count as errors too: the ideal is not fitted to the output.
fn snr(hz: f64, from: u32, to: u32) -> f64 {
    let input: Vec<f32> = sine(hz, from, from as usize / 2).iter().map(|&s| s as f32).collect();
    let output = resample(&input, 1, from, to).unwrap();
    let ideal = sine(hz, to, output.len());
    let (mut signal, mut noise) = (0.0, 0.0);
    let edge = 1200 * (to as usize).div_ceil(from as usize);
    for (o, i) in output.iter().zip(&ideal).skip(edge).take(output.len() - 2 * edge) {
        signal += i * i;
        noise += (f64::from(*o) - i).powi(2);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn sines_keep_120_db_signal_to_noise_at_common_ratios() {
    let cases: [(u32, u32, &[f64]); 6] = [
        (48_000, 44_100, &[1_000.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0]),
        (44_100, 48_000, &[1_000.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0]),
        (96_000, 44_100, &[1_000.0, 10_000.0, 20_000.0]),
        (22_050, 44_100, &[1_000.0, 5_000.0, 10_000.0]),
        (8_000, 192_000, &[1_000.0, 3_600.0]),
        (44_100, 96_000, &[1_000.0, 20_000.0]),
    ];
    for (from, to, tones) in cases {
        for &hz in tones {
            let snr = snr(hz, from, to);
            println!("{from:>6} -> {to:>6} Hz, {hz:>7} Hz: {snr:.1} dB");
            assert!(snr >= 120.0, "{from} -> {to} at {hz} Hz: {snr:.1} dB");
        }
    }
}

#[test]
fn tones_above_the_new_nyquist_frequency_vanish() {
    let input: Vec<f32> = sine(23_000.0, 48_000, 48_000).iter().map(|&s| s as f32).collect();
    let output = resample(&input, 1, 48_000, 44_100).unwrap();
    let peak = output[2000..output.len() - 2000].iter().fold(0.0f32, |m, s| m.max(s.abs()));
    assert!(peak < 1e-6, "an alias of {:.1} dB", 20.0 * peak.log10());
}

#[test]
fn an_impulse_keeps_its_time_to_a_hundredth_of_a_frame() {
    for (from, to) in [(48_000, 44_100), (44_100, 48_000), (96_000, 44_100), (22_050, 44_100), (44_100, 44_101)] {
        let at = from as usize / 3;
        let mut input = vec![0.0f32; from as usize];
        input[at] = 1.0;
        let output = resample(&input, 1, from, to).unwrap();
        // The centre of energy of a symmetric pulse is its position in time.
        let energy: f64 = output.iter().map(|&s| f64::from(s).powi(2)).sum();
        let centre = output.iter().enumerate().map(|(n, &s)| n as f64 * f64::from(s).powi(2)).sum::<f64>() / energy;
        let want = at as f64 * f64::from(to) / f64::from(from);
        assert!((centre - want).abs() < 0.01, "{from} -> {to}: {centre:.4}, not {want:.4}");
    }
}

#[test]
fn the_length_is_the_rounded_ratio_for_any_length() {
    for (from, to) in [(48_000, 44_100), (44_100, 48_000), (8_000, 192_000), (192_000, 8_000), (44_100, 48_001)] {
        for frames in [0, 1, 2, 3, 159, 160, 161, 1023, 4410, 50_001] {
            let output = resample(&vec![0.25; frames * 2], 2, from, to).unwrap();
            let want = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(output.len(), want * 2, "{frames} frames {from} -> {to}");
        }
    }
}

#[test]
fn channels_do_not_leak_into_each_other() {
    let left = sine(1000.0, 48_000, 9600);
    let input: Vec<f32> = left.iter().flat_map(|&l| [l as f32, 0.0, -l as f32]).collect();
    let output = resample(&input, 3, 48_000, 44_100).unwrap();
    for frame in output.chunks(3) {
        assert!(frame[1].abs() < 1e-12 && (frame[0] + frame[2]).abs() < 1e-6, "{frame:?}");
    }
}

#[test]
fn sixteen_bit_audio_resamples_like_its_float_copy() {
    let samples: Vec<i16> = (0..20_000).map(|n| ((n * 7919) % 40_001 - 20_000) as i16).collect();
    let audio = Audio::new(Samples::I16(samples), 48_000, 2).unwrap();
    let want = resample(&audio.to_f32(), 2, 48_000, 44_100).unwrap();
    let got = audio.resampled(44_100).unwrap();
    assert_eq!((got.sample_rate, got.samples), (44_100, Samples::F32(want)));
}

#[test]
fn impossible_rates_are_refused_by_value() {
    let error = resample(&[0.0], 1, 44_100, 12).unwrap_err();
    assert!(*error.kind() == ErrorKind::SampleRate { rate: 12 }, "{error}");
    assert!(
        matches!(resample(&[0.0; 3], 2, 44_100, 48_000), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { .. }))
    );
}
