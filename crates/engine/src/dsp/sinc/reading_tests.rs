//! The promises of reading at any rate, measured from outside.
#![allow(clippy::cast_possible_truncation)]

use crate::dsp::{Kernel, Position, QUANTUM, SincBank, Step};
use proptest::prelude::*;
use realfft::RealFftPlanner;

const SOURCE_RATE: f64 = 44_100.0;
const FRAMES: usize = 1 << 16;

/// A sine of amplitude 0.5.
fn sine(hz: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (0.5 * (std::f64::consts::TAU * hz * n as f64 / SOURCE_RATE).sin()) as f32).collect()
}

/// Reads `frames` frames in quanta and returns the left channel.
fn read(source: &[f32], rate: f64, frames: usize) -> Vec<f32> {
    let bank = SincBank::shared();
    let (kernel, step) = (bank.kernel(rate), Step::from_rate(rate));
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    let mut position = Position::from_f64(100.3);
    for (l, r) in left.chunks_mut(QUANTUM).zip(right.chunks_mut(QUANTUM)) {
        let n = l.len();
        bank.read(kernel, [source, source], position, step, [l, r]);
        position = position.advance(step, n);
    }
    assert_eq!(left, right);
    left
}

/// The power in a Kaiser-windowed spectrum of the peak at `hz`, and of everything else above 15 Hz. The output rate is 44.1 kHz.
fn powers(signal: &[f32], hz: f64) -> (f64, f64) {
    let n = signal.len();
    let mut windowed: Vec<f64> = signal
        .iter()
        .enumerate()
        .map(|(i, v)| f64::from(*v) * crate::dsp::window::kaiser(2.0 * i as f64 / (n - 1) as f64 - 1.0, 24.0))
        .collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let mut spectrum = fft.make_output_vec();
    assert!(fft.process(&mut windowed, &mut spectrum).is_ok());
    let centre = (hz / SOURCE_RATE * n as f64).round() as usize;
    let (mut inside, mut outside) = (0.0, 0.0);
    for (bin, value) in spectrum.iter().enumerate() {
        if bin.abs_diff(centre) <= 30 {
            inside += value.norm_sqr();
        } else if bin as f64 * SOURCE_RATE / n as f64 > 15.0 {
            outside += value.norm_sqr();
        }
    }
    (inside, outside)
}

fn snr_and_power(hz: f64, rate: f64) -> (f64, f64) {
    let source = sine(hz, (FRAMES as f64 * rate) as usize + 300);
    let (signal, noise) = powers(&read(&source, rate, FRAMES), hz * rate);
    (10.0 * (signal / noise).log10(), signal)
}

/// The attenuation of a sine, in dB.
fn loss(hz: f64, rate: f64) -> f64 {
    let out = read(&sine(hz, (FRAMES as f64 * rate) as usize + 300), rate, FRAMES);
    let inner = &out[100..FRAMES - 100];
    let power = inner.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / inner.len() as f64;
    -10.0 * (power / 0.125).log10()
}

#[test]
#[ignore = "prints a table for changes of the design: run with --nocapture"]
fn print_the_numbers() {
    for rate in [0.875, 0.98, 1.004, 1.01, 1.05, 1.083, 1.0884, 1.1, 1.15, 1.2, 1.5, 2.0, 3.0, 4.0] {
        let (_, reference) = snr_and_power(1_000.0, rate);
        print!("{rate}:");
        for hz in [1_000.0, 5_000.0, 10_000.0, 15_000.0, 18_000.0, 20_000.0, 21_000.0] {
            let khz = hz / 1_000.0;
            if hz * rate < SOURCE_RATE / 2.0 {
                let (snr, power) = snr_and_power(hz, rate);
                print!("  {khz}k {snr:.0} ({:+.2})", 10.0 * (power / reference).log10());
            } else {
                print!("  {khz}k alias -{:.0}", loss(hz, rate));
            }
        }
        println!();
    }
}

#[test]
fn noise_is_100_db_down_to_10_khz_and_95_at_15_khz() {
    for rate in [0.875, 0.983, 1.083, 1.0884, 1.2] {
        for (hz, want) in [(1_000.0, 100.0), (5_000.0, 100.0), (10_000.0, 100.0), (15_000.0, 95.0)] {
            let (snr, _) = snr_and_power(hz, rate);
            assert!(snr >= want, "{hz} Hz at {rate}: {snr:.1} dB");
        }
    }
}

#[test]
fn eighteen_khz_is_kept_within_half_a_db() {
    // Up to rate 1.1 it is 18 kHz of the source, at faster rates 18 kHz of the output.
    for (rate, hz) in [
        (0.875, 18_000.0),
        (0.983, 18_000.0),
        (1.05, 18_000.0),
        (1.083, 18_000.0),
        (1.1, 18_000.0),
        (1.15, 18_000.0 / 1.15),
        (1.2, 18_000.0 / 1.2),
        (1.5, 18_000.0 / 1.5),
    ] {
        let (_, reference) = snr_and_power(1_000.0, rate);
        let (_, power) = snr_and_power(hz, rate);
        let db = 10.0 * (power / reference).log10();
        assert!(db.abs() <= 0.5, "{rate}: {db:.2} dB");
    }
}

#[test]
fn aliases_from_above_the_output_band_are_80_db_down() {
    for (hz, rate) in [
        (21_000.0, 1.083),
        (21_000.0, 1.1),
        (19_500.0, 1.2),
        (20_000.0, 1.2),
        (21_000.0, 1.2),
        (15_000.0, 2.0),
        (8_000.0, 4.0),
    ] {
        let db = loss(hz, rate);
        assert!(db >= 80.0, "{hz} Hz at {rate}: {db:.1} dB");
    }
}

#[test]
fn a_constant_stays_the_constant_at_any_phase() {
    let source = vec![0.5; 9_000];
    for rate in [0.01, 0.7, 1.0003, 1.37, 2.5, 4.0] {
        let worst = read(&source, rate, 2_000).iter().map(|v| (v - 0.5).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-6, "{rate}: {worst}");
    }
}

#[test]
fn rate_one_at_a_whole_frame_is_a_bypass() {
    let bank = SincBank::shared();
    let source: Vec<f32> = sine(3_000.0, 500);
    let at = Position::from_frames(-3);
    assert_eq!(bank.kernel_at(1.0, at), Kernel::Bypass);
    assert_ne!(bank.kernel_at(1.0, Position::from_f64(0.5)), Kernel::Bypass);
    assert_ne!(bank.kernel_at(1.000_001, at), Kernel::Bypass);
    let (mut left, mut right) = (vec![9.0; 510], vec![9.0; 510]);
    bank.read(Kernel::Bypass, [&source, &source], at, Step::UNITY, [&mut left, &mut right]);
    assert_eq!((&left[..3], &left[3..503], &left[503..]), (&[0.0; 3][..], &source[..], &[0.0; 7][..]));
    assert_eq!(left, right);
}

#[test]
fn leaving_the_bypass_makes_no_step() {
    let bank = SincBank::shared();
    let source = sine(3_000.0, 500);
    let step = Step::from_rate(1.01);
    let [mut left, mut right] = [(); 2].map(|()| vec![0.0; 64]);
    bank.read(Kernel::Bypass, [&source, &source], Position::from_frames(100), step, [&mut left, &mut right]);
    assert_eq!(left[0], source[100], "at a whole frame it is still a bypass");
    let turn = std::f64::consts::TAU * 3_000.0 / SOURCE_RATE;
    for (n, sample) in left.iter().enumerate() {
        let wanted = 0.5 * (turn * (100.0 + n as f64 * 1.01)).sin();
        assert!((f64::from(*sample) - wanted).abs() < 1e-5, "{n}: {sample} for {wanted}");
    }
}

#[test]
fn beyond_the_source_there_is_silence() {
    let bank = SincBank::shared();
    let source = sine(3_000.0, 300);
    let mut padded = vec![0.0; 900];
    padded[300..600].copy_from_slice(&source);
    for rate in [0.9, 1.3] {
        let (kernel, step) = (bank.kernel(rate), Step::from_rate(rate));
        let (mut l, mut r) = (vec![0.0; 500], vec![0.0; 500]);
        let (mut want, mut other) = (vec![0.0; 500], vec![0.0; 500]);
        bank.read(kernel, [&source, &source], Position::from_f64(-80.4), step, [&mut l, &mut r]);
        bank.read(kernel, [&padded, &padded], Position::from_f64(219.6), step, [&mut want, &mut other]);
        assert_eq!(l, want);
    }
    let (mut l, mut r) = ([1.0; 8], [1.0; 8]);
    for far in [i64::MIN / 2, -1_000, 1_000, i64::MAX / 2] {
        for kernel in [Kernel::Bypass, bank.kernel(1.0), bank.kernel(2.0)] {
            bank.read(kernel, [&source, &[]], Position::from_frames(far), Step::UNITY, [&mut l, &mut r]);
            assert_eq!((l, r), ([0.0; 8], [0.0; 8]));
        }
    }
}

#[test]
fn faster_rates_never_widen_the_band() {
    let bank = SincBank::shared();
    let changes = (1..=500).map(|i| bank.kernel(f64::from(i) / 100.0)).collect::<Vec<_>>();
    assert!(changes[..100].iter().all(|k| *k == changes[0]), "one set of weights up to rate 1");
    let mut seen = Vec::new();
    for kernel in changes {
        if seen.last() != Some(&kernel) {
            assert!(!seen.contains(&kernel));
            seen.push(kernel);
        }
    }
    assert_eq!(bank.kernel(4.0), bank.kernel(100.0));
    let losses = [1.01, 1.05, 1.09, 1.11, 1.19, 1.3, 1.7, 2.5].map(|rate| loss(17_000.0 / rate, rate));
    assert!(losses.iter().all(|db| *db < 0.6), "{losses:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_gives_the_same_samples(rate in 0.05f64..4.0, start in -60.0f64..60.0,
                                        cuts in prop::collection::vec(1usize..200, 2..10)) {
        let bank = SincBank::shared();
        let source = sine(1_234.0, 700);
        let (kernel, step, start) = (bank.kernel(rate), Step::from_rate(rate), Position::from_f64(start));
        let n: usize = cuts.iter().sum();
        let [mut l, mut r, mut split_l, mut split_r] = [(); 4].map(|()| vec![0.0; n]);
        bank.read(kernel, [&source, &source[..650]], start, step, [&mut l, &mut r]);
        let mut done = 0;
        for cut in cuts {
            let (to_l, to_r) = (&mut split_l[done..done + cut], &mut split_r[done..done + cut]);
            bank.read(kernel, [&source, &source[..650]], start.advance(step, done), step, [to_l, to_r]);
            done += cut;
        }
        prop_assert!(l == split_l && r == split_r);
    }
}
