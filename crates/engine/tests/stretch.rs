//! The promises of every stretch method.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::f64::consts::PI;

use common::Noise;
use common::player::{Player, QUANTUM, keeping_pitch};
use crowd_engine::{SampleRate, StretchMethod, Track};
use proptest::prelude::*;

const RATE: f64 = 44_100.0;

fn track(seconds: f64, sound: impl Fn(f64) -> [f64; 2]) -> Track {
    let frames = (seconds * RATE) as usize;
    let samples: Vec<f32> = (0..frames).flat_map(|i| sound(i as f64 / RATE).map(|x| x as f32)).collect();
    Track::from_interleaved(samples, SampleRate::CD, 2).unwrap()
}

fn sine(seconds: f64, hertz: f64) -> Track {
    track(seconds, |t| [0.5 * (2.0 * PI * hertz * t).sin(); 2])
}

/// A chord with a hit of noise every half second.
fn music(seconds: f64) -> Track {
    let noise = std::cell::RefCell::new(Noise(7));
    track(seconds, |t| {
        let since = (t - 0.2).rem_euclid(0.5);
        let hit = (-since * 60.0).exp() * f64::from(noise.borrow_mut().sample()) * 0.6;
        let chord: f64 = [220.0, 277.2, 329.6, 3_136.0].iter().map(|f| (2.0 * PI * f * t).sin() * 0.06).sum();
        [chord + hit, 0.7 * chord - hit]
    })
}

fn stretched(track: &Track, method: StretchMethod, speed: f64) -> Vec<[f32; 2]> {
    let mut player = Player::new(track, method, 0);
    player.play(speed, (track.frames().0 as f64 / speed).round() as usize, QUANTUM);
    player.out
}

/// The frequency of a sine, from its zero crossings, well inside its ends.
fn frequency(sound: &[f32]) -> f64 {
    let span = &sound[sound.len() / 8..sound.len() * 7 / 8];
    let crossings: Vec<f64> = span
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(i, pair)| i as f64 + f64::from(-pair[0]) / f64::from(pair[1] - pair[0]))
        .collect();
    let periods = (crossings.len() - 1) as f64;
    RATE * periods / (crossings[crossings.len() - 1] - crossings[0])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_the_output_gives_the_same_samples(
        speeds in prop::collection::vec(prop_oneof![Just(1.0), 0.25f64..4.0, 0.9f64..1.1], 1..12),
        splits in prop::collection::vec(1usize..=QUANTUM, 1..12),
    ) {
        let music = music(4.0);
        for &method in StretchMethod::ALL {
            let (mut whole, mut split) = (Player::new(&music, method, 3_000), Player::new(&music, method, 3_000));
            for (i, speed) in speeds.iter().enumerate() {
                whole.play(*speed, 1_500, QUANTUM);
                split.play(*speed, 1_500, splits[i % splits.len()]);
            }
            prop_assert!(whole.out == split.out, "{method}");
        }
    }

    #[test]
    fn any_sequence_of_speeds_stays_finite_and_near_the_level_of_the_source(
        speeds in prop::collection::vec((0.25f64..4.0, 1usize..3_000), 1..40),
    ) {
        let music = music(3.0);
        for &method in StretchMethod::ALL {
            let mut player = Player::new(&music, method, -500);
            for (speed, frames) in &speeds {
                player.play(*speed, *frames, QUANTUM);
            }
            let peak = player.out.iter().flatten().fold(0.0f32, |peak, x| peak.max(x.abs()));
            prop_assert!(player.out.iter().flatten().all(|x| x.is_finite()), "{method}");
            prop_assert!(peak < 2.0, "{method}: {peak}");
        }
    }
}

#[test]
fn at_speed_one_every_method_is_a_bypass() {
    let music = music(1.0);
    for &method in StretchMethod::ALL {
        let mut player = Player::new(&music, method, 77);
        player.play(1.0, 30_000, 50);
        let (mut left, mut right) = (vec![0.0; 30_000], vec![0.0; 30_000]);
        music.read(77, [&mut left, &mut right]);
        assert!(player.out.iter().zip(left.iter().zip(&right)).all(|(out, (l, r))| out == &[*l, *r]), "{method}");
    }
}

#[test]
fn after_another_speed_every_method_is_a_bypass_again_within_a_second() {
    let music = music(6.0);
    for method in keeping_pitch() {
        let mut player = Player::new(&music, method, 0);
        // Ends between two frames, where a position rounded to f64 is in the same frame as the exact one.
        player.play(1.0837, 64 * 1_000, QUANTUM);
        player.play(1.0, 44_100, QUANTUM);
        let (from, at) = (player.out.len(), player.frame());
        player.play(1.0, 20_000, QUANTUM);
        let (mut left, mut right) = (vec![0.0; 20_000], vec![0.0; 20_000]);
        music.read(at, [&mut left, &mut right]);
        let same = player.out[from..].iter().zip(left.iter().zip(&right)).all(|(out, (l, r))| out == &[*l, *r]);
        assert!(same, "{method}");
    }
}

#[test]
fn a_speed_that_crosses_one_makes_no_step() {
    let tone = sine(6.0, 997.0);
    let own = 2.0 * PI * 997.0 / RATE * 0.5;
    for method in keeping_pitch() {
        let mut player = Player::new(&tone, method, 0);
        for i in 0..400 {
            // The speed falls from 1.02 to 0.98, with a pause at 1 in the middle.
            let speed = if (150..260).contains(&i) { 1.0 } else { 1.02 - 0.0001 * f64::from(i) };
            player.play(speed, 8 * QUANTUM, QUANTUM);
        }
        let step = player.left().windows(2).fold(0.0f32, |most, pair| most.max((pair[1] - pair[0]).abs()));
        assert!(f64::from(step) < own + 0.01, "{method}: {step} against {own}");
    }
}

#[test]
fn the_pitch_stays_within_a_cent_and_the_level_within_a_tenth_of_a_decibel() {
    let tone = sine(6.0, 440.0);
    for method in keeping_pitch() {
        for speed in [0.5, 0.875, 0.917, 0.9833, 1.02, 1.083, 1.25, 2.0] {
            let out = stretched(&tone, method, speed);
            let left: Vec<f32> = out.iter().map(|frame| frame[0]).collect();
            let cents = 1_200.0 * (frequency(&left) / 440.0).log2();
            assert!(cents.abs() < 1.0, "{method} at {speed}: {cents:.3} cents");
            let middle = &left[left.len() / 8..left.len() * 7 / 8];
            let power = middle.iter().map(|x| f64::from(x * x)).sum::<f64>() / middle.len() as f64;
            let level = 10.0 * (power / 0.125).log10();
            assert!(level.abs() < 0.1, "{method} at {speed}: {level:.3} dB");
        }
    }
}

#[test]
fn hits_stay_on_time_and_single_at_every_dj_speed() {
    let clicks = track(20.0, |t| {
        let since = (t - 0.25).rem_euclid(0.5);
        let hit = (-since * 500.0).exp() * (2.0 * PI * 3_000.0 * since).cos() * 0.7;
        let chord: f64 = [220.0, 277.2, 329.6, 440.0].iter().map(|f| (2.0 * PI * f * t).sin() * 0.03).sum();
        [chord + hit; 2]
    });
    for method in keeping_pitch() {
        for speed in [0.875, 0.917, 0.99, 1.083, 1.2] {
            let out = stretched(&clicks, method, speed);
            // Hits are found where the level of a high-passed copy rises steeply.
            let sharp: Vec<f32> = out.windows(3).map(|w| (w[0][0] - 2.0 * w[1][0] + w[2][0]).abs()).collect();
            let most = sharp.iter().copied().fold(0.0f32, f32::max);
            let mut hits = Vec::new();
            let mut quiet_until = 0;
            for (i, x) in sharp.iter().enumerate() {
                if *x > 0.4 * most && i >= quiet_until {
                    hits.push(i as f64);
                    quiet_until = i + 4_000;
                }
            }
            let wanted: Vec<f64> = (0..39).map(|i| (0.25 + 0.5 * f64::from(i)) * RATE / speed).collect();
            assert_eq!(hits.len(), wanted.len() + 1, "{method} at {speed}");
            let worst = hits.iter().zip(&wanted).map(|(hit, wanted)| (hit - wanted).abs()).fold(0.0, f64::max);
            assert!(worst < 0.3e-3 * RATE, "{method} at {speed}: {worst:.1} frames");
            // There is no second hit within 60 ms after a hit.
            for hit in &hits {
                let (from, until) = (*hit as usize + 300, (*hit as usize + 2_600).min(sharp.len()));
                let echo = sharp[from.min(until)..until].iter().copied().fold(0.0f32, f32::max);
                assert!(echo < 0.25 * most, "{method} at {speed}: an echo of {echo} at {from}");
            }
        }
    }
}

#[test]
fn the_first_hit_after_a_start_is_that_of_the_source() {
    let hit = track(1.0, |t| [(-t * 80.0).exp() * (2.0 * PI * (180.0 + 3_000.0 * t) * t).cos() * 0.8; 2]);
    for method in keeping_pitch() {
        let mut player = Player::new(&hit, method, 0);
        player.play(1.083, 1_024, QUANTUM);
        let (mut left, mut right) = (vec![0.0; 1_024], vec![0.0; 1_024]);
        hit.read(0, [&mut left, &mut right]);
        let worst = player.left()[..400].iter().zip(&left).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
        assert!(worst < 1e-3, "{method}: {worst}");
    }
}

#[test]
fn the_stereo_image_does_not_move() {
    let mono = music(4.0);
    let wide = {
        let mut samples = Vec::new();
        let (mut left, mut right) = (vec![0.0; 160_000], vec![0.0; 160_000]);
        mono.read(0, [&mut left, &mut right]);
        left.iter().for_each(|x| samples.extend([*x, -0.5 * x]));
        Track::from_interleaved(samples, SampleRate::CD, 2).unwrap()
    };
    for method in keeping_pitch() {
        let out = stretched(&wide, method, 0.917);
        let worst = out.iter().map(|[left, right]| (0.5 * left + right).abs()).fold(0.0f32, f32::max);
        assert!(worst < 1e-5, "{method}: {worst}");
    }
}

#[test]
fn a_speed_that_changes_every_quantum_makes_no_step() {
    let tone = sine(8.0, 997.0);
    let own = 2.0 * PI * 997.0 / RATE * 0.5;
    for method in keeping_pitch() {
        let mut noise = Noise(3);
        let mut player = Player::new(&tone, method, 0);
        for _ in 0..4_000 {
            player.play(1.0 + 0.12 * f64::from(noise.sample()), QUANTUM, QUANTUM);
        }
        let step = player.left().windows(2).fold(0.0f32, |most, pair| most.max((pair[1] - pair[0]).abs()));
        assert!(f64::from(step) < own + 0.01, "{method}: {step} against {own}");
    }
}
