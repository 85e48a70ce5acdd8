//! Cue, loop, method and state of a stem, measured by its position, its status and its samples.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::*;
use crowd_engine::{
    Bpm, Command, DeckCommand, DeckId, Event, Frames, Gain, LoopRegion, Offline, Rate, SampleRate, StemId,
    StretchMethod, Track, When,
};

/// A track in which each sample encodes its frame.
fn numbered() -> Track {
    let samples: Vec<f32> = (1..=44_100).map(|n| n as f32 / 65_536.0).collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

/// The frame that a sample of [`numbered`] encodes.
fn frame_of(sample: f32) -> u64 {
    (f64::from(sample) * 65_536.0).round() as u64 - 1
}

/// The frame of the track that is the last one in the next `frames` frames of output.
fn last_frame(offline: &mut Offline, frames: usize) -> u64 {
    let sound = left(&offline.render_frames(frames));
    frame_of(sound[frames - 1])
}

#[test]
fn a_cue_moves_a_stopped_stem_and_a_playing_stem_returns_to_it_when_it_stops() {
    let mut offline = offline();
    offline.engine().deck(DeckId::A).load(&numbered()).unwrap().cue(Frames(5_000)).unwrap();
    offline.render_frames(1_000);
    assert_eq!(offline.engine().status().decks[0].position, 5_000.0);
    offline.engine().deck(DeckId::A).play().unwrap();
    let begun = last_frame(&mut offline, 1_000);
    assert!((5_500..6_000).contains(&begun), "{begun}");
    offline.engine().deck(DeckId::A).cue(Frames(20_000)).unwrap();
    assert_eq!(last_frame(&mut offline, 1_000), begun + 1_000);
    offline.engine().deck(DeckId::A).stop().unwrap();
    offline.render_frames(1_000);
    assert_eq!(offline.engine().status().decks[0].position, 20_000.0);
}

#[test]
fn a_loop_that_is_set_while_a_stem_plays_repeats_until_it_is_removed() {
    for begin in [0, 9_000] {
        let mut offline = offline();
        offline.engine().deck(DeckId::A).load_cued(&numbered(), Frames(begin)).unwrap().play().unwrap();
        offline.render_frames(2_000);
        // The playhead is before the end of the loop, or after it and jumps.
        let region = LoopRegion::new(Frames(4_000), Frames(7_000)).unwrap();
        offline.engine().deck(DeckId::A).loop_(Some(region)).unwrap();
        offline.render_frames(12_000);
        for _ in 0..20 {
            offline.render_frames(777);
            let position = offline.engine().status().decks[0].position;
            assert!((4_000.0..7_000.0).contains(&position), "{position}");
        }
        offline.engine().deck(DeckId::A).loop_(None).unwrap();
        offline.render_frames(6_000);
        let position = offline.engine().status().decks[0].position;
        assert!((9_000.0..14_000.0).contains(&position), "{position}");
    }
}

#[test]
fn the_status_counts_the_stems_that_hold_a_track_and_those_that_play() {
    let mut offline = offline();
    let state = |offline: &mut Offline| {
        offline.render_frames(500);
        let deck = offline.engine().status().decks[0];
        (deck.loaded, deck.playing)
    };
    let stems = [0, 1, 2].map(StemId);
    assert_eq!(state(&mut offline), (0, 0));
    for stem in stems {
        offline.engine().deck(DeckId::A).stem(stem).load(&constant_track(0.1, 20_000)).unwrap();
    }
    assert_eq!(state(&mut offline), (3, 0));
    offline.engine().deck(DeckId::A).stem(stems[1]).play().unwrap().stem(stems[2]).play().unwrap();
    assert_eq!(state(&mut offline), (3, 2));
    offline.engine().deck(DeckId::A).stem(stems[1]).pause().unwrap();
    assert_eq!(state(&mut offline), (3, 1));
    offline.engine().deck(DeckId::A).stem(stems[0]).unload().unwrap();
    assert_eq!(state(&mut offline), (2, 1));
    offline.render_frames(25_000);
    assert_eq!(state(&mut offline), (2, 0));
    assert!(offline.engine().events().any(|event| matches!(event, Event::Ended { .. })));
}

#[test]
fn a_pause_fades_out_the_sound_from_its_present_level() {
    let mut offline = offline();
    let half = Gain::new(0.5).unwrap();
    offline
        .engine()
        .deck(DeckId::A)
        .load(&constant_track(0.4, 44_100))
        .unwrap()
        .stem_gain(half)
        .unwrap()
        .play()
        .unwrap();
    offline.render_frames(1_000);
    let begin = (offline.engine().status().horizon.0 - 1_000) as usize;
    offline.engine().deck(DeckId::A).pause().unwrap();
    let sound = left(&offline.render_frames(1_000));
    let over = begin + SampleRate::CD.get() as usize / 200;
    assert!(sound[..begin].iter().all(|x| (x - 0.2).abs() < 1e-6), "{:?}", &sound[..begin]);
    assert!((sound[begin] - 0.2).abs() < 0.002 && sound[begin..over].windows(2).all(|pair| pair[1] < pair[0]));
    assert!(sound[over + 1..].iter().all(|x| *x == 0.0));
}

#[test]
fn a_new_method_is_in_the_status_and_changes_the_samples_at_another_speed() {
    let track = noise_track(88_200, 3);
    let with = |method: StretchMethod| {
        let mut offline = offline();
        let rate = Rate::new(1.1).unwrap();
        offline.engine().deck(DeckId::A).load(&track).unwrap().rate(rate).unwrap().play().unwrap();
        offline.render_frames(4_000);
        offline.engine().deck(DeckId::A).stretch(method).unwrap();
        let sound = offline.render_frames(8_000);
        assert_eq!(offline.engine().status().decks[0].stretch, method);
        sound
    };
    let varispeed = with(StretchMethod::PlaybackRate);
    for method in [StretchMethod::Wsola, StretchMethod::Hq] {
        assert!(with(method)[8_000..] != varispeed[8_000..], "{method:?}");
    }
    // Setting the present method changes nothing.
    assert_eq!(with(StretchMethod::PlaybackRate), varispeed);
}

/// A stem that plays a constant at half its gain, and the first frame a command can reach.
fn constant_at_half_gain(offline: &mut Offline) -> usize {
    let half = Gain::new(0.5).unwrap();
    offline
        .engine()
        .deck(DeckId::A)
        .load(&constant_track(0.8, 88_200))
        .unwrap()
        .stem_gain(half)
        .unwrap()
        .play()
        .unwrap();
    offline.render_frames(1_000);
    (offline.engine().status().horizon.0 - 1_000) as usize
}

#[test]
fn the_gain_of_a_playing_stem_moves_without_a_step() {
    let mut offline = offline();
    constant_at_half_gain(&mut offline);
    offline.engine().deck(DeckId::A).stem_gain(Gain::UNITY).unwrap();
    let sound = left(&offline.render_frames(4_000));
    assert!(largest_step(&sound) < 0.01, "{}", largest_step(&sound));
    assert!((sound[3_999] - 0.8).abs() < 1e-6, "{}", sound[3_999]);
}

#[test]
fn a_jump_to_the_beginning_of_a_track_does_not_fade_its_attack_in() {
    let mut offline = offline();
    let begin = constant_at_half_gain(&mut offline);
    offline.engine().deck(DeckId::A).seek(Frames(0)).unwrap();
    let sound = left(&offline.render_frames(1_000));
    // The new sound has its full level at once, together with the old one.
    assert!(sound[begin] > 0.79, "{}", sound[begin]);
}

#[test]
fn a_paused_stem_makes_no_sound_when_it_seeks_or_is_unloaded() {
    let mut offline = offline();
    constant_at_half_gain(&mut offline);
    offline.engine().deck(DeckId::A).pause().unwrap();
    offline.render_frames(1_000);
    for _ in 0..2 {
        offline.engine().deck(DeckId::A).seek(Frames(30_000)).unwrap();
        assert!(offline.render_frames(1_000).iter().all(|x| *x == 0.0), "a seek sounds");
    }
    offline.engine().deck(DeckId::A).unload().unwrap();
    assert!(offline.render_frames(1_000).iter().all(|x| *x == 0.0), "an unload sounds");
}

#[test]
fn of_two_jumps_in_one_frame_the_first_is_not_heard() {
    let jump = |targets: &[u64]| {
        let mut offline = offline();
        offline.engine().deck(DeckId::A).load(&noise_track(88_200, 5)).unwrap().play().unwrap();
        offline.render_frames(1_000);
        for to in targets {
            offline.engine().deck(DeckId::A).seek(Frames(*to)).unwrap();
        }
        offline.render_frames(2_000)
    };
    assert!(jump(&[20_000, 50_000]) == jump(&[50_000]));
}

#[test]
fn a_fade_out_soon_after_a_jump_begins_at_the_present_level() {
    let mut offline = offline();
    let begin = constant_at_half_gain(&mut offline);
    let deck = offline.engine().deck(DeckId::A).seek(Frames(40_000)).unwrap();
    // In the middle of the fade-in of the new position: 22 of 44 frames.
    let soon = Frames(begin as u64 + 1_000 + 22);
    deck.at(When::At(soon)).pause().unwrap();
    let sound = left(&offline.render_frames(1_000));
    assert!(largest_step(&sound) < 0.03, "{}", largest_step(&sound));
    assert!(sound[begin..begin + 22].windows(2).all(|pair| pair[1] > pair[0]));
}

#[test]
fn a_stretcher_begins_anew_after_a_seek() {
    for method in [StretchMethod::Wsola, StretchMethod::Hq] {
        let track = noise_track(88_200, 8);
        let from = |plays_before: bool| {
            let mut offline = offline();
            let rate = Rate::new(1.1).unwrap();
            offline.engine().deck(DeckId::A).load(&track).unwrap().stretch(method).unwrap().rate(rate).unwrap();
            if plays_before {
                offline.engine().deck(DeckId::A).play().unwrap();
            }
            offline.render_frames(6_400);
            offline.engine().deck(DeckId::A).seek(Frames(50_000)).unwrap().play().unwrap();
            left(&offline.render_frames(6_000))
        };
        // After the fades both have the same samples.
        assert!(from(true)[1_000..] == from(false)[1_000..], "{method:?}");
    }
}

#[test]
fn the_rate_in_the_status_is_the_product_of_master_deck_and_stem() {
    let mut offline = offline();
    let rate = |rate| Rate::new(rate).unwrap();
    let (deck, stem) = (DeckId::A, StemId(0));
    offline.engine().mix().tempo(Bpm::new(150.0).unwrap()).unwrap();
    play(offline.engine(), deck, &constant_track(0.1, 44_100));
    offline.engine().deck(deck).rate(rate(1.5)).unwrap();
    offline
        .engine()
        .send(Command::Deck(deck, DeckCommand::StemRate { stems: stem.into(), rate: rate(0.5) }), When::NextBlock)
        .unwrap();
    offline.render_frames(1_000);
    let rate_in_status = offline.engine().status().decks[0].rate;
    // The master tempo is 150 BPM, the original one 120.
    assert!((rate_in_status - 1.25 * 1.5 * 0.5).abs() < 1e-12, "{rate_in_status}");
    let before = offline.engine().status().decks[0].position;
    offline.render_frames(6_400);
    assert_eq!(offline.engine().status().decks[0].position - before, 6_400.0 * rate_in_status);
}

#[test]
fn stems_of_a_deck_add_up_on_both_sides() {
    let sides = |left: f32, right: f32| {
        let samples = [left, right].repeat(20_000);
        Track::from_interleaved(samples, SampleRate::CD, 2).unwrap()
    };
    let mut offline = offline();
    for (stem, track) in [sides(0.3, -0.1), sides(0.2, -0.2), sides(-0.1, 0.4)].iter().enumerate() {
        let deck = offline.engine().deck(DeckId::A).stem(StemId(stem as u8));
        // The stem gain is not unity.
        deck.load(track).unwrap().stem_gain(Gain::new(0.5).unwrap()).unwrap().play().unwrap();
        offline.render_frames(500);
    }
    let sound = offline.render_frames(4_000);
    let last = &sound[2 * 3_999..];
    assert!((last[0] - 0.2).abs() < 1e-6 && (last[1] - 0.05).abs() < 1e-6, "{last:?}");
}

#[test]
fn a_track_of_another_sample_rate_plays_at_its_own_speed() {
    let mut offline = offline();
    let slow = Track::from_interleaved(vec![0.1; 40_000], SampleRate::new(22_050).unwrap(), 1).unwrap();
    play(offline.engine(), DeckId::A, &slow);
    offline.render_frames(1_000);
    let before = offline.engine().status().decks[0].position;
    offline.render_frames(6_400);
    assert_eq!(offline.engine().status().decks[0].position - before, 3_200.0);
}

#[test]
fn a_change_of_method_fades_until_the_next_attack_and_at_most_5_ms() {
    const FROM: usize = 6_400;
    const RATE: f64 = 1.25;
    let position = (FROM as f64 * RATE) as usize;
    // Attacks are detected up to 32 frames early.
    for (distance, fades) in [(20_000, 215..=225), (270, 185..=217), (130, 75..=105)] {
        let mut noise = Noise(11);
        let level = |n: usize| if n < position + distance { 0.003 } else { 0.5 };
        let samples: Vec<f32> = (0..60_000).map(|n| level(n) * noise.sample()).collect();
        let track = Track::from_interleaved(samples, SampleRate::CD, 1).unwrap();
        let begin = When::At(Frames(FROM as u64));
        let sound = |changes: bool| {
            let mut offline = offline();
            let (rate, method) = (Rate::new(RATE).unwrap(), StretchMethod::Wsola);
            let deck = offline.engine().deck(DeckId::A).rate(rate).unwrap();
            if changes {
                deck.load(&track).unwrap().play().unwrap().at(begin).stretch(method).unwrap();
            } else {
                let deck = deck.stretch(method).unwrap().load_cued(&track, Frames(position as u64)).unwrap();
                deck.at(begin).play().unwrap();
            }
            left(&offline.render_frames(FROM + 2_000))
        };
        let (changed, begun) = (sound(true), sound(false));
        // The limiter delays the output by its lookahead.
        let begin = begun.iter().position(|x| *x != 0.0).unwrap();
        let differs = (begin..FROM + 2_000).rev().find(|n| changed[*n] != begun[*n]).unwrap();
        let faded = differs + 1 - begin;
        assert!(fades.contains(&faded), "{faded} frames, {distance} frames before an attack");
    }
}
