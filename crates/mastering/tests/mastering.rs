//! Properties of the mastering chain, measured at its output.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{Noise, sounds};
use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{CompressorSettings, Mastering, MasteringSettings};
use ebur128::{EbuR128, Mode};
use proptest::prelude::*;

fn rate(hertz: u32) -> SampleRate {
    SampleRate::new(hertz).unwrap()
}

fn run(settings: &MasteringSettings, hertz: u32, input: &[[f32; 2]]) -> Vec<[f32; 2]> {
    sounds::whole_run(&Mastering::new(settings, rate(hertz)).unwrap(), input)
}

/// The true peak in dBTP, by the ebur128 crate.
fn true_peak(hertz: u32, sound: &[[f32; 2]]) -> f64 {
    let mut meter = EbuR128::new(2, hertz, Mode::TRUE_PEAK).unwrap();
    meter.add_frames_f32(sound.as_flattened()).unwrap();
    let peak = (0..2).map(|channel| meter.true_peak(channel).unwrap()).fold(0.0, f64::max);
    20.0 * peak.log10()
}

/// The true peak in dBTP at sixteen times the sample rate, with a filter whose cut-off is below half the rate, as
/// resamplers have it.
fn dense_true_peak(sound: &[[f32; 2]]) -> f64 {
    const TAPS: usize = 40;
    let filter = |share: f64| -> [f64; TAPS] {
        let raw: [f64; TAPS] = std::array::from_fn(|tap| {
            let x = tap as f64 - (TAPS / 2 - 1) as f64 - share;
            let turn = 0.96 * std::f64::consts::PI * x;
            let window = 0.5 + 0.5 * (std::f64::consts::TAU * x / TAPS as f64).cos();
            window * if turn == 0.0 { 1.0 } else { turn.sin() / turn }
        });
        let sum: f64 = raw.iter().sum();
        raw.map(|tap| tap / sum)
    };
    let mut peak = 0.0f64;
    for filter in (0..16).map(|place| filter(f64::from(place) / 16.0)) {
        for channel in 0..2 {
            for frames in sound.windows(TAPS) {
                let sum: f64 = frames.iter().zip(filter).map(|(frame, tap)| f64::from(frame[channel]) * tap).sum();
                peak = peak.max(sum.abs());
            }
        }
    }
    20.0 * peak.log10()
}

fn peak(sound: &[[f32; 2]]) -> f32 {
    sound.as_flattened().iter().fold(0.0, |peak, v| peak.max(v.abs()))
}

/// Signals that drive a limiter hard: a full-scale tone near a quarter of the sample rate, white noise, clicks, low
/// squares.
fn driven(hertz: u32, seconds: f64) -> Vec<Vec<[f32; 2]>> {
    let frames = (f64::from(hertz) * seconds) as usize;
    let mut noise = Noise(5);
    let tone = |hz: f64| (0..frames).map(|n| sounds::tone(hz, 0.125, f64::from(hertz), n)).collect::<Vec<_>>();
    vec![
        tone(f64::from(hertz) / 4.0),
        tone(f64::from(hertz) * 0.237),
        tone(f64::from(hertz) / 6.0),
        tone(50.0).into_iter().map(|frame| frame.map(f32::signum)).collect(),
        (0..frames).map(|_| [noise.sample(), noise.sample()]).collect(),
        (0..frames).map(|n| if n % 997 < 3 { [1.0, -1.0] } else { [0.1 * noise.sample(); 2] }).collect(),
        sounds::music(frames, hertz, 9),
    ]
}

#[test]
fn no_true_peak_is_over_the_ceiling_by_an_independent_meter() {
    for hertz in [8_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
        for (n, sound) in driven(hertz, 2.0).iter().enumerate() {
            for (make_up_db, settings) in [(0.0, MasteringSettings::default()), (12.0, sounds::punchy())] {
                let out = run(&MasteringSettings { make_up_db, ceiling_dbtp: -1.0, ..settings }, hertz, sound);
                let peak = true_peak(hertz, &out);
                assert!(peak <= -0.9, "signal {n} at {hertz} Hz, {make_up_db} dB up: {peak:.3} dBTP");
            }
        }
    }
}

/// For sound with full level up to half the sample rate, the peaks between samples differ from filter to filter.
#[test]
fn bursts_of_white_noise_stay_under_the_ceiling_by_a_denser_meter_too() {
    let mut noise = Noise(11);
    let mut bursts = |decay: f32| -> Vec<[f32; 2]> {
        (0..88_200).map(|n| [0.9 * noise.sample() * (-(n % 6_000) as f32 / decay).exp(); 2]).collect()
    };
    for (sound, make_up_db) in [(bursts(900.0), 6.0), (bursts(3_000.0), 0.0), (bursts(1e9), 12.0)] {
        let bright =
            MasteringSettings { eq_db: [0.0, -0.5, 0.5, 2.0, 2.5], make_up_db, ..MasteringSettings::default() };
        let out = run(&bright, 44_100, &sound);
        let (dense, usual) = (dense_true_peak(&out), true_peak(44_100, &out));
        assert!(dense <= -0.9 && usual <= -0.9, "{make_up_db} dB up: {dense:.3} and {usual:.3} dBTP");
    }
}

#[test]
fn sound_under_the_ceiling_passes_bit_for_bit() {
    let sound = sounds::music(100_000, 44_100, 3).into_iter().map(|frame| frame.map(|v| v * 0.5)).collect::<Vec<_>>();
    assert!(true_peak(44_100, &sound) < -2.0);
    assert_eq!(run(&MasteringSettings::default(), 44_100, &sound), sound);
}

#[test]
fn a_mix_is_a_share_of_the_processed_signal_and_the_rest_of_the_input() {
    // Far below the ceiling, so that the limiter passes it bit for bit.
    let sound: Vec<_> = sounds::music(100_000, 44_100, 3).into_iter().map(|frame| frame.map(|v| v * 0.1)).collect();
    // Without the DC blocker, so that the input is mixed in unchanged.
    let punchy = MasteringSettings { dc_block: false, ..sounds::punchy() };
    let wet = run(&punchy, 44_100, &sound);
    let mixed = run(&MasteringSettings { mix: 0.25, dry_db: 6.0, ..punchy }, 44_100, &sound);
    for ((mixed, wet), dry) in mixed.as_flattened().iter().zip(wet.as_flattened()).zip(sound.as_flattened()) {
        assert!((mixed - (0.25 * wet + 0.75 * 1.995_262 * dry)).abs() < 1e-6);
    }
    assert!(run(&MasteringSettings { dry_db: -20.0, ..punchy }, 44_100, &sound) == wet);
    // The input alone, amplified by 24 dB, is limited too: no peak is above the ceiling.
    let dry = run(&MasteringSettings { mix: 0.0, dry_db: 24.0, ..punchy }, 44_100, &sound);
    assert!((-1.5..=-0.9).contains(&true_peak(44_100, &dry)));
}

#[test]
fn a_constant_is_removed_from_both_parts_of_the_mix_and_only_when_that_is_set() {
    let sound: Vec<_> =
        sounds::music(100_000, 44_100, 3).into_iter().map(|frame| frame.map(|v| 0.1 * v + 0.05)).collect();
    let mean = |sound: &[[f32; 2]]| {
        let rest = &sound[30_000..];
        rest.iter().map(|frame| f64::from(frame[0])).sum::<f64>() / rest.len() as f64
    };
    let free: Vec<_> = sound.iter().map(|frame| frame.map(|v| v - 0.05)).collect();
    for mix in [0.0, 0.5, 1.0] {
        let settings = MasteringSettings { mix, dry_db: 6.0, ..sounds::punchy() };
        let (with, without) = (mean(&run(&settings, 44_100, &sound)), mean(&run(&settings, 44_100, &free)));
        assert!((with - without).abs() < 1e-5, "a mix of {mix}: {with} with a constant, {without} without");
    }
    assert!(run(&MasteringSettings::default(), 44_100, &sound) == sound);
}

#[test]
fn a_limited_tone_stays_a_clean_tone() {
    for hz in [40.0, 100.0, 997.0, 5_000.0] {
        let sound: Vec<_> = (0..3 * 44_100).map(|n| sounds::tone(hz, 0.0, 44_100.0, n)).collect();
        let out = run(&MasteringSettings { make_up_db: 9.0, ..MasteringSettings::default() }, 44_100, &sound);
        let out: Vec<f64> = out[2 * 44_100..].iter().map(|frame| f64::from(frame[0])).collect();
        let turn = |n: usize| std::f64::consts::TAU * hz * n as f64 / 44_100.0;
        let count = out.len() as f64;
        let fit = |of: fn(f64) -> f64| 2.0 / count * out.iter().enumerate().map(|(n, v)| v * of(turn(n))).sum::<f64>();
        let (sin, cos) = (fit(f64::sin), fit(f64::cos));
        let rest = out.iter().enumerate().map(|(n, v)| (v - sin * turn(n).sin() - cos * turn(n).cos()).powi(2));
        let share = (rest.sum::<f64>() / count / ((sin * sin + cos * cos) / 2.0)).sqrt();
        assert!(share < 1e-3, "{hz} Hz: {:.4} % is not the tone", 100.0 * share);
    }
}

#[test]
fn a_quiet_intro_keeps_its_level_and_the_entry_is_under_the_ceiling() {
    let hertz = 44_100;
    let mut sound = vec![[0.0; 2]; 5 * 44_100];
    sound.extend(sounds::music(5 * 44_100, hertz, 1).into_iter().map(|frame| frame.map(|v| v * 0.001)));
    let quiet = sound.len();
    sound.extend(sounds::music(5 * 44_100, hertz, 2));
    let out = run(&sounds::punchy(), hertz, &sound);
    assert!(peak(&out[..5 * 44_100]) == 0.0, "silence is silence");
    // No level matching: a quiet section gets the make-up gain and the equaliser, nothing else.
    let louder = 20.0 * (peak(&out[..quiet - 1_000]) / peak(&sound[..quiet])).log10();
    assert!(louder < 6.0, "{louder} dB");
    assert!(true_peak(hertz, &out) <= -0.9);
}

#[test]
fn a_burst_of_frames_that_are_not_finite_is_silent_and_affects_nothing_else() {
    let clean = sounds::music(12 * 44_100, 44_100, 4);
    let mut broken = clean.clone();
    for (n, frame) in broken[44_100..44_600].iter_mut().enumerate() {
        *frame = [[f32::NAN, 0.1], [f32::INFINITY, f32::NEG_INFINITY], [f32::MAX, f32::MAX]][n % 3];
    }
    let (clean, broken) = (run(&sounds::punchy(), 44_100, &clean), run(&sounds::punchy(), 44_100, &broken));
    assert!(broken.as_flattened().iter().all(|v| v.is_finite()));
    assert_eq!(clean[..43_000], broken[..43_000]);
    // After the memory the output is that without the burst.
    assert!(sounds::apart_db(&clean[8 * 44_100..], &broken[8 * 44_100..]) < -90.0);
}

#[test]
fn mono_stays_mono_and_swapped_channels_come_out_swapped() {
    let sound = sounds::music(60_000, 44_100, 6);
    let mono: Vec<_> = sound.iter().map(|frame| [frame[0]; 2]).collect();
    assert!(run(&sounds::punchy(), 44_100, &mono).iter().all(|frame| frame[0] == frame[1]));
    let swapped: Vec<_> = sound.iter().map(|frame| [frame[1], frame[0]]).collect();
    let back: Vec<_> = run(&sounds::punchy(), 44_100, &swapped).iter().map(|frame| [frame[1], frame[0]]).collect();
    assert!(sounds::apart_db(&run(&sounds::punchy(), 44_100, &sound), &back) < -120.0);
}

#[test]
fn an_impossible_setting_is_refused_with_its_name_its_value_and_its_range() {
    let refuse = |change: fn(&mut MasteringSettings)| {
        let mut settings = MasteringSettings::default();
        change(&mut settings);
        Mastering::new(&settings, SampleRate::CD).unwrap_err().to_string()
    };
    assert_eq!(refuse(|s| s.width[2] = 0.0), "stereo width 0 is out of range: give 0.1 to 2");
    assert_eq!(refuse(|s| s.eq_db[4] = f32::NAN), "equaliser gain NaN dB is out of range: give -24 to 24 dB");
    assert_eq!(refuse(|s| s.compressor.ratio = 0.5), "compressor ratio 0.5 is out of range: give 1 to 20");
    assert_eq!(refuse(|s| s.ceiling_dbtp = 1.0), "ceiling 1 dBTP is out of range: give -20 to 0 dBTP");
    assert_eq!(refuse(|s| s.dither_bits = Some(32)), "dither 32 bits is out of range: give 8 to 24 bits");
}

#[test]
fn the_output_after_the_memory_does_not_depend_on_what_came_before_bit_for_bit() {
    let gentle = MasteringSettings::default();
    let slow = CompressorSettings {
        ratio: 1.5,
        threshold_db: -26.0,
        attack_ms: 25.0,
        release_ms: 250.0,
        blend: 0.4,
        side_chain_hz: 150.0,
    };
    let hard = CompressorSettings {
        ratio: 20.0,
        threshold_db: -60.0,
        attack_ms: 0.1,
        release_ms: 300.0,
        blend: 1.0,
        side_chain_hz: 0.0,
    };
    let quick = CompressorSettings { release_ms: 5.0, ..gentle.compressor };
    // Each stage is at its slowest while the others are fast, so that its own memory is tested.
    let compressed = MasteringSettings { make_up_db: 24.0, compressor: hard, limiter_release_ms: 10.0, ..gentle };
    let limited = MasteringSettings { make_up_db: 24.0, compressor: quick, limiter_release_ms: 1_000.0, ..gentle };
    let tilted =
        MasteringSettings { eq_db: [24.0, -24.0, 24.0, -24.0, 24.0], width: [0.1, 2.0, 0.1, 2.0, 0.1], ..limited };
    let adaptive = MasteringSettings { compressor: slow, ..gentle };
    let unmoved = MasteringSettings { dc_block: true, compressor: quick, limiter_release_ms: 10.0, ..gentle };
    let all = [gentle, sounds::punchy(), adaptive, compressed, limited, tilted, unmoved];
    let mut remembered = 0;
    for (hertz, settings) in
        [8_000, 44_100, 192_000].into_iter().flat_map(|hertz| all.map(|settings| (hertz, settings)))
    {
        let chain = Mastering::new(&settings, rate(hertz)).unwrap();
        let memory = chain.memory().0 as usize;
        let past = hertz as usize / 2;
        // The worst sound before the start is loud, or as loud as a broken file. After it follows music, whose hits reset a compressor,
        // or a steady tone, in which only releases have an effect.
        for (before, after, steady) in [
            (1.0, 1.0, false),
            (1.0, 0.1, false),
            (1.0, 0.1, true),
            (1.0, 0.03, true),
            (1.0, 0.001, true),
            (9e5, 0.3, true),
            (9e5, 0.03, true),
        ] {
            let mut sound: Vec<_> = sounds::music(past + memory + hertz as usize / 5, hertz, 8);
            for (n, frame) in sound.iter_mut().enumerate() {
                let source = if n >= past && steady { sounds::tone(300.0, 0.0, f64::from(hertz), n) } else { *frame };
                *frame = source.map(|v| v * if n < past { before } else { after });
            }
            let whole = sounds::whole_run(&chain, &sound);
            let mut part = sound[past..].to_vec();
            chain.clone().process(Frames(past as u64), &mut part);
            let late = past - chain.latency().0 as usize;
            let whole = &whole[late..late + part.len()];
            remembered += usize::from(sounds::apart_db(&whole[memory / 8..], &part[memory / 8..]) > -90.0);
            assert!(whole[memory..] == part[memory..], "{hertz} Hz, {before} then {after}, {settings:?}");
        }
    }
    assert!(remembered > 20, "the earlier sound had an effect in {remembered} cases only");
}

/// `cargo test --release -p crowd-engine --no-default-features --test mastering -- --ignored --nocapture speed`
#[test]
#[ignore = "a measurement"]
fn speed() {
    for hertz in [44_100, 48_000, 96_000, 192_000] {
        let sound = sounds::music(60 * hertz as usize, hertz, 7);
        let settings = MasteringSettings { dither_bits: Some(16), ..sounds::punchy() };
        let mut chain = Mastering::new(&settings, rate(hertz)).unwrap();
        let mut best = f64::MAX;
        for _ in 0..5 {
            let mut block = sound.clone();
            let start = std::time::Instant::now();
            for (n, block) in block.chunks_mut(4_096).enumerate() {
                chain.process(Frames(4_096 * n as u64), block);
                chain.finish(Frames(4_096 * n as u64), block);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{hertz} Hz: {:.0} times real time, {:.1} ns a frame",
            60.0 / best,
            best / 60.0 / f64::from(hertz) * 1e9
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_gives_the_same_samples(
        seed in any::<u64>(), first in 0u64..1_000, cuts in prop::collection::vec(1usize..1_500, 4..16),
    ) {
        let frames: usize = cuts.iter().sum();
        let settings = MasteringSettings { dither_bits: Some(16), make_up_db: 12.0, ..sounds::punchy() };
        let chain = Mastering::new(&settings, SampleRate::CD).unwrap();
        let mut whole = sounds::music(frames, 44_100, seed);
        let mut parts = whole.clone();
        let (mut once, mut cut_up) = (chain.clone(), chain.clone());
        once.process(Frames(first), &mut whole);
        once.finish(Frames(first), &mut whole);
        let (mut rest, mut at) = (&mut parts[..], first);
        for cut in cuts {
            let (now, later) = rest.split_at_mut(cut);
            cut_up.process(Frames(at), now);
            cut_up.finish(Frames(at), now);
            at += cut as u64;
            rest = later;
        }
        prop_assert!(whole == parts);
    }

    #[test]
    fn the_output_is_finite_and_under_the_ceiling_for_every_setting_and_input(
        hertz in 8_000u32..=384_000,
        eq_db in prop::array::uniform5(-24.0f32..=24.0),
        width in prop::array::uniform5(0.1f32..=2.0),
        (ratio, threshold_db, blend) in (1.0f32..=20.0, -60.0f32..=0.0, 0.0f32..=1.0),
        (attack_ms, release_ms, limiter_release_ms) in (0.1f32..=500.0, 5.0f32..=2_000.0, 10.0f32..=1_000.0),
        (dc_block, side_chain_hz) in (any::<bool>(), 0.0f32..=500.0),
        (make_up_db, ceiling_dbtp) in (-24.0f32..=24.0, -20.0f32..=0.0),
        (mix, dry_db) in (0.0f32..=1.0, -24.0f32..=24.0),
        wild in prop::collection::vec(any::<[u32; 2]>(), 1..200),
        dither_bits in prop::option::of(8u32..=24),
    ) {
        let compressor = CompressorSettings { ratio, threshold_db, attack_ms, release_ms, blend, side_chain_hz };
        let settings = MasteringSettings {
            dc_block, eq_db, width, compressor, make_up_db, mix, dry_db, ceiling_dbtp, limiter_release_ms, dither_bits,
        };
        let mut sound = sounds::music(8_000, hertz, 1);
        // Any bits in the middle, and full scale after them.
        for (frame, bits) in sound[2_000..].iter_mut().zip(wild) {
            *frame = bits.map(f32::from_bits);
        }
        let out = run(&settings, hertz, &sound);
        let step = dither_bits.map_or(0.0, |bits| 1.5 / f64::from(1u32 << (bits - 1)));
        let most = 10f64.powf(f64::from(ceiling_dbtp) / 20.0) + step;
        prop_assert!(out.as_flattened().iter().all(|v| f64::from(v.abs()) <= most));
    }
}
