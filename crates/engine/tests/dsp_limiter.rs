//! The promises of the limiter, measured from outside.

use crowd_engine::dsp::Limiter;
use proptest::prelude::*;

const RATE: u32 = 44_100;

fn sine(hz: f64, gain: f64, frames: usize) -> Vec<[f32; 2]> {
    (0..frames)
        .map(|n| (gain * (std::f64::consts::TAU * hz * n as f64 / f64::from(RATE)).sin()) as f32)
        .map(|v| [v, -v * 0.5])
        .collect()
}

/// A repeatable noise with bursts, from a linear congruential generator.
fn noise(frames: usize, mut seed: u64) -> Vec<[f32; 2]> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..frames)
        .map(|n| if n % 5_000 < 40 { [next() * 30.0, next() * 4.0] } else { [next() * 0.9, next() * 0.9] })
        .collect()
}

#[test]
fn audio_under_the_ceiling_is_only_delayed() {
    let mut limiter = Limiter::new(RATE, 1.0);
    let mut signal = noise(4_000, 1);
    signal.iter_mut().flatten().for_each(|v| *v = v.clamp(-1.0, 1.0));
    let dry = signal.clone();
    let report = limiter.process(&mut signal);
    assert_eq!((limiter.lookahead(), report.gain, report.not_finite), (64, 1.0, 0));
    assert_eq!(signal[..64], [[0.0; 2]; 64]);
    assert_eq!(signal[64..], dry[..3_936]);
}

#[test]
fn the_gain_returns_to_exactly_one() {
    let mut limiter = Limiter::new(RATE, 1.0);
    let report = limiter.process(&mut sine(100.0, 3.0, 10_000));
    assert!((report.gain - 1.0 / 3.0).abs() < 1e-4);
    let mut quiet = sine(100.0, 0.9, 3 * RATE as usize);
    let dry = quiet.clone();
    limiter.process(&mut quiet);
    let (at, tail) = (2 * RATE as usize, RATE as usize - 64);
    assert_eq!(quiet[at + 64..], dry[at..at + tail]);
    // After hold and release, 25 + 150 ms, the gain has made 90 % of its way back.
    let gain = |ms: usize| {
        let n = ms * RATE as usize / 1_000;
        let (out, dry) = (&quiet[n + 64..n + 64 + 441], &dry[n..n + 441]);
        let peak = |s: &[[f32; 2]]| s.iter().map(|f| f[0].abs()).fold(0.0, f32::max);
        peak(out) / peak(dry)
    };
    assert!(gain(10) < 0.36 && gain(180) > 0.9 && gain(180) < 0.97, "{} {}", gain(10), gain(180));
}

#[test]
fn no_sample_is_ever_over_the_ceiling() {
    for ceiling in [1.0, 0.891_250_9, 0.333_333_34] {
        let mut limiter = Limiter::new(RATE, ceiling);
        for seed in 0..20 {
            let mut signal = noise(20_000, seed);
            signal[777] = [f32::MAX, 0.0];
            signal[9_000] = [1.000_000_1, -f32::MAX];
            limiter.process(&mut signal);
            assert!(signal.iter().flatten().all(|v| v.abs() <= ceiling));
        }
    }
}

#[test]
fn one_loud_sample_is_turned_down_not_clipped() {
    let mut limiter = Limiter::new(RATE, 1.0);
    let mut signal = vec![[0.5, 0.25]; 1_000];
    signal[500] = [2.0, 1.0];
    limiter.process(&mut signal);
    assert!((signal[564][0] - 1.0).abs() < 1e-6 && (signal[564][1] - 0.5).abs() < 1e-6);
    assert!((signal[563][0] - 0.25).abs() < 1e-4, "the gain is reduced before the peak");
    let step = signal[500..].windows(2).filter(|w| w[0][0] < 0.6 && w[1][0] < 0.6).map(|w| (w[1][0] - w[0][0]).abs());
    assert!(step.fold(0.0, f32::max) < 0.01);
}

#[test]
fn distortion_of_any_steady_sine_stays_under_a_thousandth() {
    // The sine is 9.5 dB over the ceiling. The rest is the output without the sine that is fitted to a whole second of it.
    for hz in [20.0, 25.0, 30.0, 45.0, 60.0, 100.0, 440.0, 997.0, 3_000.0, 7_350.0, 10_000.0] {
        let mut limiter = Limiter::new(RATE, 1.0);
        let mut signal = sine(hz, 10f64.powf(9.5 / 20.0), 3 * RATE as usize);
        limiter.process(&mut signal);
        let out: Vec<f64> = signal[2 * RATE as usize..].iter().map(|f| f64::from(f[0])).collect();
        let phase = |n: usize| std::f64::consts::TAU * hz * n as f64 / f64::from(RATE);
        let n = out.len() as f64;
        let (s, c) =
            out.iter().enumerate().fold((0.0, 0.0), |(s, c), (i, v)| (s + v * phase(i).sin(), c + v * phase(i).cos()));
        let (s, c) = (2.0 * s / n, 2.0 * c / n);
        let rest =
            out.iter().enumerate().map(|(i, v)| (v - s * phase(i).sin() - c * phase(i).cos()).powi(2)).sum::<f64>() / n;
        let thd = (rest / ((s * s + c * c) / 2.0)).sqrt();
        assert!(thd < 1e-3, "{hz} Hz: {:.4} %", thd * 100.0);
    }
}

#[test]
fn nan_and_infinity_become_silence_and_are_counted() {
    let mut limiter = Limiter::new(RATE, 1.0);
    let mut signal = sine(440.0, 0.5, 1_000);
    signal[100] = [f32::NAN, 0.1];
    signal[200] = [0.1, f32::INFINITY];
    signal[201] = [f32::NEG_INFINITY, f32::NAN];
    let dry = signal.clone();
    let report = limiter.process(&mut signal);
    assert_eq!((report.not_finite, report.gain), (3, 1.0));
    for n in 0..900 {
        let want = if [100, 200, 201].contains(&n) { [0.0; 2] } else { dry[n] };
        assert_eq!(signal[n + 64], want, "frame {n}");
    }
}

#[test]
fn the_lookahead_grows_with_the_sample_rate_in_whole_quanta() {
    let lookahead = |rate| Limiter::new(rate, 1.0).lookahead();
    assert_eq!([22_050, 44_100, 48_000, 88_200, 96_000, 192_000].map(lookahead), [64, 64, 64, 128, 128, 256]);
}

#[test]
fn clear_resets_the_gain_and_empties_the_delay() {
    let mut limiter = Limiter::new(RATE, 1.0);
    limiter.process(&mut sine(100.0, 4.0, 1_000));
    limiter.clear();
    let mut signal = sine(440.0, 0.9, 500);
    let dry = signal.clone();
    assert_eq!(limiter.process(&mut signal).gain, 1.0);
    assert_eq!((&signal[..64], &signal[64..]), (&[[0.0; 2]; 64][..], &dry[..436]));
}

#[test]
#[should_panic(expected = "ceiling must be a positive number, not 0")]
fn a_ceiling_of_zero_is_refused() {
    Limiter::new(RATE, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_gives_the_same_samples(seed in any::<u64>(), cuts in prop::collection::vec(1usize..1_500, 4..16)) {
        let frames: usize = cuts.iter().sum();
        let (mut a, mut b) = (Limiter::new(RATE, 0.9), Limiter::new(RATE, 0.9));
        let mut whole = noise(frames, seed);
        whole[frames / 2] = [f32::NAN, 1.0];
        let mut parts = whole.clone();
        let report = a.process(&mut whole);
        let (mut gain, mut not_finite) = (1.0f32, 0);
        let mut rest = &mut parts[..];
        for cut in cuts {
            let (now, later) = rest.split_at_mut(cut);
            let report = b.process(now);
            (gain, not_finite) = (gain.min(report.gain), not_finite + report.not_finite);
            rest = later;
        }
        prop_assert!(whole == parts);
        prop_assert_eq!((report.gain, report.not_finite), (gain, not_finite));
    }
}

#[test]
fn a_ring_without_items_delays_by_nothing() {
    let mut block = [1, 2, 3];
    crowd_engine::dsp::limiter::Ring::new(0, 0).pass(&mut block);
    assert_eq!(block, [1, 2, 3]);
}
