//! The mixer: each deck is on both channels, at its gain, and on its own meter.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::time::Duration;

use common::*;
use crowd_engine::{Band, Command, CrossfadeLaw, DeckId, Engine, Frames, Gain, Offline, SampleRate, Track, When};

/// A track with a constant in each channel.
fn sides(left: f32, right: f32) -> Track {
    Track::from_interleaved([left, right].repeat(44_100), SampleRate::CD, 2).unwrap()
}

fn deck(index: usize) -> DeckId {
    DeckId::new(index).unwrap()
}

#[test]
fn every_deck_is_in_the_mix_on_both_sides_and_on_its_own_meter() {
    let levels = |n: usize| (0.01 * (n + 1) as f32, -0.002 * (n + 1) as f32);
    for decks in 1..=9 {
        let mut offline = Engine::builder().decks(decks).offline().unwrap();
        for n in 0..decks {
            let (left, right) = levels(n);
            // Some decks are louder in their right channel: the meter shows the louder channel.
            let track = if n % 2 == 0 { sides(left, right) } else { sides(right, left) };
            offline.engine().deck(deck(n)).load(&track).unwrap().play().unwrap();
        }
        let sound = offline.render_frames(1_000);
        let mut wanted = [0.0; 2];
        for n in 0..decks {
            let (left, right) = levels(n);
            wanted[n % 2] += left;
            wanted[1 - n % 2] += right;
        }
        let last = &sound[2 * 999..];
        assert!((last[0] - wanted[0]).abs() < 1e-6 && (last[1] - wanted[1]).abs() < 1e-6, "{decks} decks: {last:?}");
        let status = offline.engine().status();
        for n in 0..decks {
            assert!((status.decks[n].peak - levels(n).0).abs() < 0.01 * levels(n).0, "deck {n} of {decks}: {status:?}");
        }
    }
}

#[test]
fn a_fade_of_one_deck_reaches_its_gain_and_does_not_change_the_other_decks() {
    for moved in 0..4 {
        let mut offline = offline();
        for n in 0..4 {
            let track = sides(0.1, 0.2);
            offline
                .engine()
                .deck(deck(n))
                .fader(Gain::new(0.5).unwrap())
                .unwrap()
                .load(&track)
                .unwrap()
                .play()
                .unwrap();
        }
        offline.render_frames(4_000);
        let begin = (offline.engine().status().horizon.0 - 4_000) as f32;
        offline.engine().deck(deck(moved)).fader(Gain::new(1.0).unwrap()).unwrap();
        let rising = offline.render_frames(4_000);
        // From 0.2 left and 0.4 right to 0.25 and 0.5 in 50 ms, linearly.
        for (frame, pair) in rising.chunks(2).enumerate() {
            let part = ((frame as f32 + 1.0 - begin) / 2_205.0).clamp(0.0, 1.0);
            let wanted = 0.2 + 0.05 * part;
            assert!(
                (pair[0] - wanted).abs() < 1e-4 && (pair[1] - 2.0 * wanted).abs() < 2e-4,
                "deck {moved}, frame {frame}: {pair:?}"
            );
        }
        offline.engine().deck(deck(moved)).fade(Gain::new(0.0).unwrap(), Duration::from_millis(20)).unwrap();
        let sound = offline.render_frames(4_000);
        let last = &sound[2 * 3_999..];
        assert!((last[0] - 0.15).abs() < 1e-6 && (last[1] - 0.3).abs() < 1e-6, "deck {moved}: {last:?}");
    }
}

#[test]
fn a_flat_equaliser_is_bypassed_again_after_silence_and_one_that_is_not_flat_stays_active() {
    // The noise is quiet, so that the limiter does not act.
    let mut noise = Noise(5);
    let samples: Vec<f32> = (0..88_200).map(|_| 0.1 * noise.sample()).collect();
    let track = Track::from_interleaved(samples, SampleRate::CD, 2).unwrap();
    let begin = |offline: &mut Offline| {
        offline.engine().deck(DeckId::B).play().unwrap();
        let sound = offline.render_frames(2_000);
        let first = sound.chunks(2).position(|frame| frame != [0.0; 2]).unwrap();
        sound[2 * first..2 * (first + 1_500)].to_vec()
    };
    let bypassed = {
        let mut offline = offline();
        offline.engine().deck(DeckId::B).load(&track).unwrap();
        begin(&mut offline)
    };
    // A bypass needs 200 ms of silence first.
    for (gain, silence, is_bypassed) in [(1.0, 20_000, true), (1.0, 4_000, false), (0.5, 20_000, false)] {
        let mut offline = offline();
        let mut set = |gain: f32| _ = offline.engine().deck(DeckId::B).eq(Band::Low, Gain::new(gain).unwrap()).unwrap();
        set(0.25);
        set(gain);
        offline.engine().deck(DeckId::B).load(&track).unwrap();
        assert!(begin(&mut offline) != bypassed, "the filters are active");
        offline.engine().deck(DeckId::B).stop().unwrap();
        offline.render_frames(silence);
        assert_eq!(begin(&mut offline) == bypassed, is_bypassed, "gain {gain}, {silence} frames");
    }
}

#[test]
fn the_master_gain_applies_to_the_whole_mix_and_at_unity_changes_no_bit() {
    let sound = |gains: &[f32]| {
        let mut offline = offline();
        for (index, track) in [sides(0.3, -0.1), sides(0.2, -0.2)].iter().enumerate() {
            play(offline.engine(), deck(index), track);
        }
        let tone = Command::Tone { hertz: 1_000.0, gain: Gain::new(0.1).unwrap(), length: Frames(20_000) };
        offline.engine().send(tone, When::NextBlock).unwrap();
        for gain in gains {
            let master =
                Command::MasterGain { gain: Gain::new(*gain).unwrap(), over: Frames(640), law: CrossfadeLaw::Linear };
            offline.engine().send(master, When::NextBlock).unwrap();
            offline.render_frames(1_000);
        }
        offline.render_frames(1_000 * (3 - gains.len()));
        offline.render_frames(2_000)
    };
    let plain = sound(&[]);
    assert!(plain.chunks(2).any(|frame| frame[0] > 0.59 && frame[1] > -0.21), "the tone is in both channels");
    assert!(sound(&[1.0]) == plain);
    assert!(sound(&[0.25, 1.0]) == plain, "after a return to unity");
    let quieter = sound(&[0.25]);
    for (quiet, sample) in quieter.iter().zip(&plain) {
        assert!((quiet - 0.25 * sample).abs() < 1e-6, "{quiet} of {sample}");
    }
}

#[test]
fn the_master_gain_moves_over_the_frames_it_is_given() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &sides(0.4, -0.2));
    offline.render_frames(1_000);
    let begin = (offline.engine().status().horizon.0 - 1_000) as usize;
    let master = Command::MasterGain { gain: Gain::new(0.5).unwrap(), over: Frames(500), law: CrossfadeLaw::Linear };
    offline.engine().send(master, When::NextBlock).unwrap();
    let sound = left(&offline.render_frames(1_000));
    for (frame, x) in sound.iter().enumerate().skip(begin).take(500) {
        let wanted = 0.4 - 0.2 * (frame - begin + 1) as f32 / 500.0;
        assert!((x - wanted).abs() < 0.001, "{x} and not {wanted} at {}", frame - begin);
    }
    assert!((sound[begin + 600] - 0.2).abs() < 1e-6);
}
