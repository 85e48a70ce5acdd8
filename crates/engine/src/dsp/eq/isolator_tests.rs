//! The promises of the isolator, measured from outside.
#![allow(clippy::cast_possible_truncation)]

use crate::dsp::{EqBank, Lanes};
use crate::types::band::Band;
use proptest::prelude::*;

const RATE: u32 = 44_100;
const BANDS: [Band; 3] = [Band::Low, Band::Mid, Band::High];

fn sine(hz: f64, n: usize) -> f32 {
    (0.5 * (std::f64::consts::TAU * hz * n as f64 / f64::from(RATE)).sin()) as f32
}

/// The same signal in every lane.
fn block(signal: impl Fn(usize) -> f32, frames: usize) -> Vec<Lanes> {
    (0..frames).map(|n| [signal(n); 8]).collect()
}

/// The gain of deck 0 for a sine with these gains of the bands, in dB, once everything has settled.
fn gain_db(hz: f64, gains: [f32; 3]) -> f64 {
    let mut eq = EqBank::new(RATE);
    eq.set(0, Band::Low, 0.5); // engages the filters
    for (band, gain) in BANDS.into_iter().zip(gains) {
        eq.set(0, band, gain);
    }
    let mut signal = block(|n| sine(hz, n), RATE as usize);
    eq.process(&mut signal);
    let power = signal[22_050..].iter().map(|frame| f64::from(frame[0]).powi(2)).sum::<f64>() / 22_050.0;
    10.0 * (power / 0.125).log10()
}

#[test]
fn kill_is_at_least_40_db_at_the_centre_of_each_band() {
    for (hz, gains) in [(50.0, [0.0, 1.0, 1.0]), (1_000.0, [1.0, 0.0, 1.0]), (8_000.0, [1.0, 1.0, 0.0])] {
        let db = gain_db(hz, gains);
        assert!(db < -40.0, "{hz} Hz: {db:.1} dB");
    }
}

#[test]
fn a_kill_leaves_the_centres_of_the_other_bands_alone() {
    for (killed, others) in [(0, [1_000.0, 8_000.0]), (1, [50.0, 8_000.0]), (2, [50.0, 700.0])] {
        let mut gains = [1.0; 3];
        gains[killed] = 0.0;
        for hz in others {
            let db = gain_db(hz, gains);
            assert!(db.abs() < 0.3, "{hz} Hz with band {killed} killed: {db:.2} dB");
        }
    }
}

#[test]
fn engaged_and_flat_is_flat_within_a_tenth_of_a_db() {
    for hz in [20.0, 60.0, 150.0, 200.0, 260.0, 500.0, 1_000.0, 1_900.0, 2_000.0, 2_100.0, 4_000.0, 10_000.0, 18_000.0]
    {
        let db = gain_db(hz, [1.0; 3]);
        assert!(db.abs() < 0.1, "{hz} Hz: {db:.3} dB");
    }
}

#[test]
fn a_boost_reaches_its_gain_and_no_more_than_four() {
    assert!((gain_db(700.0, [1.0, 2.0, 1.0]) - 6.02).abs() < 0.2);
    let mut eq = EqBank::new(RATE);
    eq.set(1, Band::Mid, 9.0);
    assert_eq!((eq.gain(1, Band::Mid), eq.gain(0, Band::Mid)), (4.0, 1.0));
    eq.set(1, Band::Mid, f32::NAN);
    eq.set(7, Band::Mid, 0.0);
    assert_eq!(eq.gain(1, Band::Mid), 4.0);
}

#[test]
fn a_deck_whose_equaliser_was_never_moved_is_bypassed_while_others_are_filtered() {
    let mut eq = EqBank::new(RATE);
    let odd = [0.3, -0.0, f32::MIN_POSITIVE / 4.0, f32::INFINITY, -1e30, 0.0, -0.7, 1e-20];
    let mut signal: Vec<Lanes> = (0..5_000).map(|n| odd.map(|v| if n % 3 == 0 { v } else { v * 0.5 })).collect();
    let before = signal.clone();
    eq.process(&mut signal);
    assert!(!eq.engaged());
    eq.set(2, Band::Low, 0.0);
    eq.process(&mut signal);
    for (out, dry) in signal.iter().zip(&before) {
        for lane in [0, 1, 2, 3, 6, 7] {
            assert_eq!(out[lane].to_bits(), dry[lane].to_bits());
        }
    }
    assert!(signal[4_999][4] != before[4_999][4]);
}

#[test]
fn nan_and_infinity_do_not_stay_in_the_filters() {
    let mut eq = EqBank::new(RATE);
    eq.set(0, Band::Low, 0.0);
    let mut signal = block(
        |n| {
            if n == 500 {
                f32::NAN
            } else if n == 700 {
                f32::INFINITY
            } else {
                sine(8e3, n)
            }
        },
        2_000,
    );
    eq.process(&mut signal);
    assert!(signal[701..].iter().all(|frame| frame[0].abs() < 1.0));
}

#[test]
fn a_move_takes_50_ms_and_steps_less_than_a_hundredth() {
    let mut eq = EqBank::new(RATE);
    eq.set(0, Band::Low, 2.0);
    let frames = RATE as usize / 2;
    let mut signal = block(|_| 0.5, frames); // a constant is in the low band, so the output shows the gain
    eq.process(&mut signal);
    eq.set(0, Band::Low, 0.0);
    let mut signal = block(|_| 0.5, frames);
    eq.process(&mut signal);
    let out: Vec<f32> = signal.iter().map(|frame| frame[0]).collect();
    assert!((out[0] - 1.0).abs() < 0.01);
    assert!(out.windows(2).all(|w| (w[1] - w[0]).abs() < 0.01));
    let settled = out.iter().rposition(|v| v.abs() > 0.01).unwrap() + 1;
    let ms = settled as f64 / f64::from(RATE) * 1e3;
    assert!((40.0..=60.0).contains(&ms), "settled after {ms:.1} ms");
}

/// The lowest and highest level of a sine in one lane, in dB, in windows as long as a third-octave filter rings.
fn level_range(hz: f64, signal: &[f32]) -> (f64, f64) {
    let turn = std::f64::consts::TAU / f64::from(RATE);
    let window = (f64::from(RATE) / (0.23 * hz)).round() as usize;
    let hann: Vec<f64> = (0..window).map(|n| 1.0 - (std::f64::consts::TAU * n as f64 / window as f64).cos()).collect();
    let turned: Vec<[f64; 2]> = signal
        .iter()
        .enumerate()
        .map(|(n, x)| {
            let (sin, cos) = (turn * hz * n as f64).sin_cos();
            [f64::from(*x) * cos, f64::from(*x) * sin]
        })
        .collect();
    let levels = turned.windows(window).step_by((window / 8).max(1)).map(|span| {
        let [re, im] = span.iter().zip(&hann).fold([0.0; 2], |[re, im], ([x, y], w)| [re + w * x, im + w * y]);
        // The sum is half the sine's amplitude of 0.5, because the window has a mean of 1.
        20.0 * (re.hypot(im) / window as f64 / 0.25).log10()
    });
    levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), level| (low.min(level), high.max(level)))
}

#[test]
fn the_first_move_leaves_no_hole_in_any_third_octave() {
    let centres: Vec<f64> = (-15..=12).map(|n| 1e3 * 2f64.powf(f64::from(n) / 3.0)).collect();
    // A tiny move, then kills, each with the frequencies that it must not change. The other frequencies may only fall.
    let cases = [
        (Band::Low, 0.999, 20.0..=20e3),
        (Band::Low, 0.0, 900.0..=20e3),
        (Band::Mid, 0.0, 20.0..=50.0),
        (Band::Mid, 0.0, 8e3..=20e3),
        (Band::High, 0.0, 20.0..=700.0),
    ];
    for (band, gain, range) in cases {
        for hz in centres.iter().copied() {
            for begins in [9_000, 9_013, 9_100] {
                let mut eq = EqBank::new(RATE);
                let mut signal = block(|n| sine(hz, n), 24_000);
                let (dry, moved) = signal.split_at_mut(begins);
                eq.process(dry);
                eq.set(0, band, gain);
                eq.process(moved);
                let lane: Vec<f32> = signal.iter().map(|frame| frame[0]).collect();
                let (low, high) = level_range(hz, &lane);
                let unchanged = range.contains(&hz);
                assert!(
                    (low > -1.0 || !unchanged) && high < 1.0,
                    "{hz:.0} Hz, {band:?} to {gain}: {low:.2} to {high:.2} dB"
                );
            }
        }
    }
}

#[test]
fn the_first_move_is_over_within_60_ms_however_the_blocks_are_cut() {
    let frames = RATE as usize / 2;
    let run = |size: usize| {
        let mut eq = EqBank::new(RATE);
        let mut signal = block(|_| 0.5, 10_000 + frames);
        let (dry, moved) = signal.split_at_mut(10_000);
        eq.process(dry);
        eq.set(0, Band::Low, 0.0);
        moved.chunks_mut(size).for_each(|block| eq.process(block));
        signal.iter().map(|frame| frame[0]).collect::<Vec<f32>>()
    };
    let out = run(frames);
    assert!(out.windows(2).all(|w| (w[1] - w[0]).abs() < 0.01));
    let ms = (out.iter().rposition(|v| v.abs() > 0.005).unwrap() + 1 - 10_000) as f64 / f64::from(RATE) * 1e3;
    assert!((40.0..=60.0).contains(&ms), "settled after {ms:.1} ms");
    assert!([1, 63, 64, 1_000].iter().all(|size| run(*size) == out), "the split into blocks changes the samples");
}

#[test]
fn the_first_move_makes_no_click() {
    for hz in [40.0, 100.0, 1_000.0, 5_000.0] {
        for begins in [3_000, 3_100, 3_217] {
            let mut eq = EqBank::new(RATE);
            let mut signal = block(|n| sine(hz, n), 10_000);
            let (before, after) = signal.split_at_mut(begins);
            eq.process(before);
            eq.set(0, Band::High, 0.5);
            eq.process(after);
            // The largest step of the sine itself is 2 sin(pi f / rate) times its amplitude.
            let largest = (std::f64::consts::PI * hz / f64::from(RATE)).sin();
            let step = signal.windows(2).map(|w| (w[1][0] - w[0][0]).abs()).fold(0.0, f32::max);
            assert!(f64::from(step) < 1.2 * largest, "{hz} Hz from {begins}: {step} against {largest}");
        }
    }
}

#[test]
fn a_release_bypasses_a_flat_deck_and_no_other() {
    let mut eq = EqBank::new(RATE);
    eq.set(0, Band::Mid, 0.5);
    eq.set(1, Band::Mid, 0.5);
    eq.process(&mut block(|n| sine(440.0, n), 4_410));
    eq.set(0, Band::Mid, 1.0);
    eq.release(0);
    assert!(eq.engaged(), "the gain still moves to flat");
    eq.process(&mut block(|_| 0.0, 4_410));
    eq.release(0);
    eq.release(1);
    eq.release(9);
    let mut signal = block(|n| sine(440.0, n), 500);
    eq.process(&mut signal);
    assert!(signal.iter().enumerate().all(|(n, frame)| frame[0] == sine(440.0, n)));
    assert!(signal.iter().enumerate().any(|(n, frame)| frame[2] != sine(440.0, n)));
}

#[test]
fn a_released_deck_begins_anew_without_residue_of_earlier_sound() {
    let mut eq = EqBank::new(RATE);
    let play = |eq: &mut EqBank| {
        eq.set(0, Band::Low, 0.0);
        eq.process(&mut block(|n| sine(60.0, n), 5_000));
        eq.set(0, Band::Low, 1.0);
        eq.process(&mut block(|n| sine(60.0, n), 5_000));
    };
    play(&mut eq);
    eq.release(0);
    assert!(!eq.engaged());
    eq.set(0, Band::High, 0.5);
    let mut silence = block(|_| 0.0, 1_000);
    eq.process(&mut silence);
    assert!(silence.as_flattened().iter().all(|x| *x == 0.0), "the filters still ring");
    // The deck is cleared while its filters are engaged.
    play(&mut eq);
    eq.clear(0);
    let mut silence = block(|_| 0.0, 1_000);
    eq.process(&mut silence);
    assert!(silence.as_flattened().iter().all(|x| *x == 0.0), "the filters still ring");
}

#[test]
fn an_index_without_a_deck_is_ignored() {
    let mut eq = EqBank::new(RATE);
    for deck in [4, 5, usize::MAX / 2] {
        eq.set(deck, Band::Mid, 0.0);
        eq.clear(deck);
        eq.release(deck);
        assert_eq!((eq.engaged(), eq.gain(deck, Band::Mid)), (false, 1.0));
    }
}

#[test]
fn silence_after_sound_becomes_silence_without_denormals() {
    let mut eq = EqBank::new(RATE);
    BANDS.iter().for_each(|band| eq.set(0, *band, 0.7));
    eq.process(&mut block(|n| sine(30.0, n), 4_410));
    let mut tail = block(|_| 0.0, 5 * RATE as usize);
    eq.process(&mut tail);
    assert!(tail.iter().flatten().all(|v| *v == 0.0 || v.is_normal()));
    assert_eq!(tail.last(), Some(&[0.0; 8]));
    let mut faint = block(|n| sine(1e3, n) * 1e-38, 4_410);
    eq.process(&mut faint);
    assert!(faint.iter().all(|frame| frame[0] == 0.0 || frame[0].abs() < 1e-38));
}

#[test]
fn every_sample_rate_in_use_keeps_the_kill() {
    for rate in [22_050, 44_100, 48_000, 96_000, 192_000] {
        let mut eq = EqBank::new(rate);
        eq.set(3, Band::Low, 0.0);
        let wave = |n: usize| (0.5 * (std::f64::consts::TAU * 50.0 * n as f64 / f64::from(rate)).sin()) as f32;
        let mut signal = block(wave, rate as usize);
        eq.process(&mut signal);
        let peak = signal[rate as usize / 2..].iter().map(|frame| frame[7].abs()).fold(0.0, f32::max);
        assert!(peak < 0.005, "{rate} Hz: {peak}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_gives_the_same_samples(cuts in prop::collection::vec(1usize..700, 3..9),
                                        moves in prop::collection::vec((0usize..4, 0usize..3, 0.0f32..4.0), 3..9)) {
        // A move comes at the start of each cut. The second bank gets smaller blocks, of 1 to 64 frames.
        let (mut a, mut b) = (EqBank::new(RATE), EqBank::new(RATE));
        let mut n = 0;
        for (i, cut) in cuts.iter().enumerate() {
            let (deck, band, gain) = moves[i % moves.len()];
            for eq in [&mut a, &mut b] {
                eq.set(deck, BANDS[band], gain);
                if i == 4 {
                    eq.clear(deck);
                }
            }
            let mut whole: Vec<Lanes> =
                (n..n + cut).map(|n| std::array::from_fn(|l| sine(40.0 * (l * l + 1) as f64, n))).collect();
            let mut parts = whole.clone();
            a.process(&mut whole);
            let mut rest = &mut parts[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at_mut(rest.len().min(1 + (n + rest.len() * 7) % 64));
                b.process(now);
                rest = later;
            }
            prop_assert!(whole == parts);
            n += cut;
        }
    }
}
