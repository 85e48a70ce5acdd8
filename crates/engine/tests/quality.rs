//! The sound quality of a deck, measured in the output of the engine: the figures in the README.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::spectrum::{noise_and_distortion, spectrum};
use common::*;
use crowd_engine::{
    Band, Bpm, Command, DeckCommand, DeckId, Engine, Frames, Gain, Offline, Rate, SampleRate, StemId, Track, When,
};

const RATE: f64 = 44_100.0;

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// A sine that a deck plays at a rate, without its edges.
fn played(hertz: f64, amplitude: f64, rate: f64) -> Vec<f32> {
    let mut offline = offline();
    let track = sine_track(hertz, amplitude, 300_000);
    offline.engine().deck(DeckId::A).load(&track).unwrap().rate(Rate::new(rate).unwrap()).unwrap().play().unwrap();
    left(&offline.render_frames(140_000))[5_000..5_000 + 131_072].to_vec()
}

#[test]
fn a_tone_stays_clean_at_every_dj_rate() {
    for rate in [0.875, 118.0 / 120.0, 1.083, 1.2] {
        for (hertz, limit) in [(1_000.0, -100.0), (5_000.0, -100.0), (10_000.0, -100.0), (15_000.0, -95.0)] {
            let found = noise_and_distortion(&played(hertz, 0.5, rate));
            println!("THD+N at rate {rate:.4}: {hertz} Hz {found:.1} dB");
            assert!(found <= limit, "{hertz} Hz at {rate}: {found:.1} dB");
        }
    }
}

#[test]
fn aliases_from_above_the_nyquist_frequency_are_removed() {
    for (hertz, rate) in [(19_500.0, 1.2), (20_000.0, 1.2), (21_000.0, 1.2), (15_000.0, 2.0), (12_500.0, 2.0)] {
        let found = 20.0 * (rms(&played(hertz, 0.5, rate)) / (0.5 / 2f64.sqrt())).log10();
        println!("alias of {hertz} Hz at rate {rate}: {found:.1} dB");
        assert!(found <= -80.0, "{hertz} Hz at {rate}: {found:.1} dB");
    }
}

#[test]
fn images_from_the_interpolation_are_removed() {
    let full: f64 = spectrum(&played(1_000.0, 0.5, 1.0)).iter().sum();
    for (hertz, rate) in [(19_000.0, 0.875), (20_500.0, 118.0 / 120.0), (21_500.0, 118.0 / 120.0), (19_500.0, 1.083)] {
        let bins = spectrum(&played(hertz, 0.5, rate));
        let own = (hertz * rate / RATE * 131_072.0).round() as usize;
        let rest: f64 = bins.iter().enumerate().filter(|(i, _)| i.abs_diff(own) > 30 && *i > 30).map(|(_, e)| e).sum();
        let found = 10.0 * (rest / full).log10();
        println!("images of {hertz} Hz at rate {rate:.4}: {found:.1} dB");
        assert!(found <= -80.0, "{hertz} Hz at {rate}: {found:.1} dB");
    }
}

#[test]
fn the_treble_is_flat_to_18_khz() {
    for rate in [0.875, 118.0 / 120.0, 1.083] {
        let level = |hertz| rms(&played(hertz, 0.5, rate));
        let found = 20.0 * (level(18_000.0) / level(1_000.0)).log10();
        println!("18 kHz at rate {rate:.4}: {found:+.2} dB");
        assert!(found.abs() <= 0.5, "{found:.2} dB at {rate}");
    }
}

#[test]
fn a_track_of_another_sample_rate_keeps_its_pitch_and_stays_clean() {
    let turn = std::f64::consts::TAU * 10_000.0 / 48_000.0;
    let samples: Vec<f32> = (0..200_000).map(|n| (0.5 * (turn * f64::from(n)).sin()) as f32).collect();
    let track = Track::from_interleaved(samples, SampleRate::DAT, 1).unwrap();
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &track);
    let sound = left(&offline.render_frames(140_000))[5_000..5_000 + 131_072].to_vec();
    let bins = spectrum(&sound);
    let top = bins.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert!((top as f64 * RATE / 131_072.0 - 10_000.0).abs() < 1.0);
    let found = noise_and_distortion(&sound);
    assert!(found <= -100.0, "{found:.1} dB");
}

/// The gain of a deck's equaliser for a sine, in dB.
fn through_eq(hertz: f64, bands: [f32; 3]) -> f64 {
    let level = |bands: Option<[f32; 3]>| {
        let mut offline = offline();
        play(offline.engine(), DeckId::B, &sine_track(hertz, 0.5, 120_000));
        for (band, gain) in [Band::Low, Band::Mid, Band::High].into_iter().zip(bands.into_iter().flatten()) {
            let wiggle = Command::Deck(DeckId::B, DeckCommand::Eq { band, gain: Gain::new(0.9).unwrap() });
            offline.engine().send(wiggle, When::NextBlock).unwrap();
            let settle = Command::Deck(DeckId::B, DeckCommand::Eq { band, gain: Gain::new(gain).unwrap() });
            offline.engine().send(settle, When::At(Frames(5_000))).unwrap();
        }
        rms(&left(&offline.render_frames(88_200))[44_100..])
    };
    20.0 * (level(Some(bands)) / level(None)).log10()
}

#[test]
fn killing_a_band_lowers_its_middle_by_forty_decibels() {
    for (hertz, bands) in [(50.0, [0.0, 1.0, 1.0]), (1_000.0, [1.0, 0.0, 1.0]), (8_000.0, [1.0, 1.0, 0.0])] {
        let found = through_eq(hertz, bands);
        println!("kill at {hertz} Hz: {found:.1} dB");
        assert!(found <= -40.0, "{hertz} Hz: {found:.1} dB");
    }
}

#[test]
fn an_active_flat_equaliser_changes_no_level() {
    for hertz in [30.0, 100.0, 200.0, 450.0, 1_000.0, 2_000.0, 3_500.0, 8_000.0, 16_000.0] {
        let found = through_eq(hertz, [1.0; 3]);
        assert!(found.abs() <= 0.1, "{hertz} Hz: {found:.3} dB");
    }
}

#[test]
fn an_equaliser_move_settles_in_50_ms_at_any_block_size() {
    for block in [64, 1_000, 4_096] {
        let mut offline = offline();
        play(offline.engine(), DeckId::A, &sine_track(4_000.0, 0.5, 120_000));
        let kill = Command::Deck(DeckId::A, DeckCommand::Eq { band: Band::High, gain: Gain::SILENCE });
        offline.engine().send(kill, When::At(Frames(22_050))).unwrap();
        let mut sound = Vec::new();
        while sound.len() < 44_100 {
            sound.extend(left(&offline.render_frames(block)));
        }
        let end = rms(&sound[40_000..44_000]);
        // The move has settled when the level of a 2 ms window is within 1 % of the whole step.
        let settled = (22_050..40_000)
            .step_by(44)
            .find(|n| (rms(&sound[*n..n + 88]) - end).abs() < 0.01 * 0.35)
            .map(|n| (n - 22_050) as f64 / 44.1);
        assert!(settled.is_some_and(|ms| (40.0..=60.0).contains(&ms)), "{settled:?} ms in blocks of {block}");
    }
}

#[test]
fn no_fader_move_steps_more_than_one_percent() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &constant_track(1.0, 60_000));
    for (index, gain) in [0.0, 1.0, 0.3, 0.9, 0.0, 1.0].into_iter().enumerate() {
        let at = When::At(Frames(5_000 + 700 * index as u64));
        offline.engine().deck(DeckId::A).at(at).fader(Gain::new(gain).unwrap()).unwrap();
    }
    let sound = left(&offline.render_frames(20_000));
    let step = largest_step(&sound[200..]);
    assert!(step <= 0.01, "{step}");
    assert_eq!(sound[19_999], 1.0);
}

#[test]
fn three_full_decks_stay_under_full_scale_and_clean() {
    for hertz in [40.0, 100.0, 1_000.0, 8_000.0] {
        let mut offline = offline();
        for deck in [DeckId::A, DeckId::B, DeckId::C] {
            play(offline.engine(), deck, &sine_track(hertz, 1.0, 300_000));
        }
        let sound = left(&offline.render_frames(200_000));
        assert!(sound.iter().all(|x| x.abs() <= 1.0));
        let found = noise_and_distortion(&sound[60_000..60_000 + 131_072]);
        println!("three full decks at {hertz} Hz: THD+N {found:.1} dB");
        assert!(found <= -60.0, "{hertz} Hz: {found:.1} dB, that is more than 0.1 %");
    }
}

#[test]
fn a_transition_reaches_99_percent_in_30_s_at_every_block_size_and_rate() {
    for rate in [44_100, 48_000] {
        for (block, target) in [(64, 105.0), (441, 130.0), (1_024, 105.0), (4_096, 130.0)] {
            let sample_rate = SampleRate::new(rate).unwrap();
            let mut offline = Engine::builder().sample_rate(sample_rate).offline().unwrap();
            let bpm = Bpm::new(target).unwrap();
            offline.engine().mix().glide_tempo(bpm, std::time::Duration::from_secs(30)).unwrap();
            let mut out = vec![0.0; 2 * block];
            let reached = loop {
                offline.render_into(&mut out);
                let status = offline.engine().status();
                if (status.tempo - 120.0).abs() >= 0.99 * (target - 120.0f64).abs() {
                    break status.frames.seconds(sample_rate);
                }
            };
            assert!((reached - 30.0).abs() < 0.5, "{reached} s at {rate} Hz in blocks of {block}");
        }
    }
}

#[test]
fn a_loop_played_faster_has_no_seam() {
    let mut offline = offline();
    let (deck, stem, track) = (DeckId::A, StemId::FIRST, sine_track(441.0, 0.5, 4_000));
    let region = track.whole_loop().ok();
    offline
        .engine()
        .send(
            Command::Deck(deck, DeckCommand::Load { stem, track, cue: Frames::ZERO, region, keeps_gain: false }),
            When::NextBlock,
        )
        .unwrap();
    offline.engine().deck(deck).rate(Rate::new(1.083).unwrap()).unwrap().play().unwrap();
    let found = noise_and_distortion(&left(&offline.render_frames(140_000))[5_000..5_000 + 131_072]);
    assert!(found <= -100.0, "{found:.1} dB");
}

#[test]
fn meters_show_the_level_of_the_mix_and_fall_by_20_db_a_second() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &sine_track(441.0, 0.5, 44_100));
    offline.render_frames(44_100);
    let status = offline.engine().status();
    assert!((status.rms - 0.5 / 2f32.sqrt()).abs() < 0.001, "{}", status.rms);
    assert!((status.peak - 0.5).abs() < 0.001 && (status.decks[0].peak - 0.5).abs() < 0.02);
    // A sine has -3.01 dB in both channels, and the weighting hardly changes this frequency.
    assert!((status.momentary + 0.691 + 6.02).abs() < 0.3, "{}", status.momentary);
    offline.engine().deck(DeckId::A).stop().unwrap();
    offline.render_frames(4_410);
    let peak = |offline: &mut Offline| 20.0 * offline.engine().status().decks[0].peak.log10();
    let before = peak(&mut offline);
    offline.render_frames(44_100);
    let fall = before - peak(&mut offline);
    assert!((fall - 20.0).abs() < 0.1, "{fall} dB");
}
