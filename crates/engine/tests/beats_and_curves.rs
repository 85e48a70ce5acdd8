//! Beats as moments and as events, curved ramps, gains that survive a load, decks that do not follow the tempo.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::time::Duration;

use common::{constant_track, left};
use crowd_engine::{Bpm, CrossfadeLaw, DeckId, Engine, Event, Frames, Gain, SampleRate, StemId, When};

fn offline_with_beats() -> crowd_engine::Offline {
    Engine::builder().beat_events(true).base_tempo(Bpm::new(120.0).unwrap()).offline().unwrap()
}

#[test]
fn a_command_for_a_beat_of_a_number_acts_in_its_frame_and_is_late_afterwards() {
    let mut offline = offline_with_beats();
    let track = constant_track(0.5, 400_000);
    offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::AtBeat(3)).play().unwrap();
    let sound = left(&offline.render_frames(70_000));
    let three = 3 * 22_050;
    assert_eq!((sound[three - 1], sound[three]), (0.0, 0.5));
    assert_eq!((offline.engine().waiting(), offline.status().late_commands), (0, 0));
    offline.engine().deck(DeckId::A).at(When::AtBeat(2)).pause().unwrap();
    offline.render_frames(1_000);
    assert_eq!((offline.status().decks[0].playing, offline.status().late_commands), (0, 1));
    let late = offline.engine().events().find(|event| matches!(event, Event::Late { .. })).unwrap();
    let Event::Late { wanted, .. } = late else { return };
    assert!(wanted.0.abs_diff(2 * 22_050) <= 2, "{wanted}");
}

#[test]
fn every_beat_is_reported_once_in_its_frame_at_every_tempo() {
    let mut offline = offline_with_beats();
    let at = When::At(Frames(100_000));
    offline.engine().mix().at(at).tempo(Bpm::new(60.0).unwrap()).unwrap().beats_per_bar(3).unwrap();
    for block in [1, 63, 64, 1_000, 7, 200_000, 50_000] {
        offline.render_frames(block);
    }
    let beats: Vec<(i64, bool, u64)> = offline
        .engine()
        .events()
        .filter_map(|event| match event {
            Event::Beat { beat, begins_bar, at } => Some((beat, begins_bar, at.0)),
            _ => None,
        })
        .collect();
    // Up to frame 100,000 a beat lasts 22,050 frames, then 44,100.
    let beat = |number: i64| {
        let (changed, before) = (100_000.0 / 22_050.0, number as f64 * 22_050.0);
        if number as f64 <= changed { before } else { 100_000.0 + (number as f64 - changed) * 44_100.0 }
    };
    assert_eq!(beats.len(), 8, "{beats:?}");
    for (number, (reported, begins_bar, at)) in (0..).zip(beats) {
        assert_eq!(reported, number);
        assert_eq!(begins_bar, if number < 5 { number % 4 == 0 } else { number % 3 == 0 }, "beat {number}");
        assert!((at as f64 - beat(number)).abs() <= 1.0, "beat {number} at {at}");
    }
    let mut silent = Engine::builder().offline().unwrap();
    silent.render_frames(100_000);
    assert_eq!(silent.engine().events().count(), 0, "beats are reported on request only");
}

#[test]
fn faders_stem_gains_and_the_master_gain_move_along_a_curve() {
    let second = Duration::from_secs(1);
    let track = constant_track(0.5, 400_000);
    type Fall = fn(&mut Engine, Duration);
    let falls: [Fall; 3] = [
        |engine, over| {
            let deck = engine.deck(DeckId::A).over(over).law(CrossfadeLaw::EqualPower);
            deck.at(When::At(Frames(10_000))).fader(Gain::SILENCE).unwrap();
        },
        |engine, over| {
            let deck = engine.deck(DeckId::A).over(over).law(CrossfadeLaw::EqualPower);
            deck.at(When::At(Frames(10_000))).stem_gain(Gain::SILENCE).unwrap();
        },
        |engine, over| {
            let mix = engine.mix().over(over).law(CrossfadeLaw::EqualPower);
            mix.at(When::At(Frames(10_000))).master_gain(Gain::SILENCE).unwrap();
        },
    ];
    for fall in falls {
        let mut offline = common::offline();
        offline.engine().deck(DeckId::A).load(&track).unwrap().play().unwrap();
        fall(offline.engine(), second);
        let sound = left(&offline.render_frames(60_000));
        assert_eq!(sound[9_999], 0.5);
        for progress in [0.25, 0.5, 0.75] {
            let frame = 10_000 + (44_100.0 * progress) as usize;
            let wanted = 0.5 * (progress as f32 * std::f32::consts::FRAC_PI_2).cos();
            assert!((sound[frame] - wanted).abs() < 1e-4, "{progress}: {} instead of {wanted}", sound[frame]);
        }
        assert_eq!(sound[54_101], 0.0);
    }
}

#[test]
fn a_load_keeps_the_gain_of_the_stem_when_it_is_told_to() {
    let mut offline = common::offline();
    let (first, second) = (constant_track(0.5, 100_000), constant_track(0.25, 100_000));
    let half = Gain::new(0.5).unwrap();
    let deck = offline.engine().deck(DeckId::A).stem(StemId(0)).load(&first).unwrap().stem_gain(half).unwrap();
    deck.play().unwrap();
    assert_eq!(offline.render_frames(1_000)[1_000], 0.25);
    offline.engine().deck(DeckId::A).keep_gain().load(&second).unwrap().play().unwrap();
    assert_eq!(offline.render_frames(2_000)[3_000], 0.125);
    offline.engine().deck(DeckId::A).load(&second).unwrap().play().unwrap();
    assert_eq!(offline.render_frames(2_000)[3_000], 0.25);
}

#[test]
fn a_deck_that_does_not_follow_plays_at_its_own_rate() {
    let mut offline = offline_with_beats();
    let track = constant_track(0.5, 400_000);
    let engine = offline.engine();
    engine.mix().tempo(Bpm::new(180.0).unwrap()).unwrap();
    engine.deck(DeckId::A).load(&track).unwrap().follow_tempo(false).unwrap().play().unwrap();
    engine.deck(DeckId::B).load(&track).unwrap().play().unwrap();
    offline.render_frames(44_100);
    let status = offline.status();
    let rates = [status.decks[0].rate, status.decks[1].rate];
    assert_eq!((rates, offline.engine().sample_rate()), ([1.0, 1.5], SampleRate::CD));
    assert!((status.decks[0].position * 1.5 - status.decks[1].position).abs() < 1.0);
}

#[test]
fn every_beat_is_reported_once_at_any_tempo_and_in_any_glide() {
    let mut noise = common::Noise(3);
    for (tempo, glides) in [(61.7, true), (97.3, false), (123.456, true), (174.0, false), (199.99, true)] {
        let mut offline = Engine::builder()
            .decks(1)
            .stems(1)
            .beat_events(true)
            .base_tempo(Bpm::new(tempo).unwrap())
            .offline()
            .unwrap();
        let mut next = 0;
        for _ in 0..60 {
            if glides {
                let to = Bpm::new(60.0 + noise.below(140_000) as f64 / 1_000.0).unwrap();
                offline.engine().mix().glide_tempo(to, Duration::from_millis(noise.below(20_000))).unwrap();
            }
            offline.render_frames(44_100 + noise.below(1_000) as usize);
            for event in offline.engine().events() {
                let Event::Beat { beat, .. } = event else { continue };
                assert_eq!(beat, next, "from {tempo} BPM, glides: {glides}");
                next += 1;
            }
        }
        assert!(next > 60);
    }
}

#[test]
fn commands_for_beats_act_in_their_frames_at_any_tempo() {
    let tempo = Bpm::new(123.456).unwrap();
    let mut offline = Engine::builder().decks(1).stems(1).base_tempo(tempo).offline().unwrap();
    let beat = 60.0 * 44_100.0 / 123.456;
    for number in 0..150 {
        let deck = offline.engine().deck(DeckId::A).at(When::AtBeat(number));
        deck.play().unwrap().pause().unwrap();
    }
    offline.render_frames((beat * 151.0) as usize);
    assert_eq!((offline.engine().waiting(), offline.status().late_commands), (0, 0));
    let started = offline.engine().events().filter_map(|event| match event {
        Event::Started { at, .. } => Some(at.0 as f64),
        _ => None,
    });
    let started: Vec<f64> = started.collect();
    assert_eq!(started.len(), 150);
    for (number, at) in (0..).zip(started) {
        let wanted = f64::from(number) * beat;
        assert!((-0.01..1.01).contains(&(at - wanted)), "beat {number}: {at} instead of {wanted}");
    }
}

#[test]
fn commands_for_beats_that_a_reset_of_the_clock_passes_act_at_once() {
    let mut offline = Engine::builder().beat_events(true).offline().unwrap();
    let track = common::constant_track(0.5, 400_000);
    offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::AtBeat(6)).play().unwrap();
    // At 120 BPM, frame 110,000 is in beat 4; at 240 BPM it is in beat 9.
    offline.render_frames(100_001);
    assert_eq!((offline.status().late_commands, offline.status().decks[0].playing), (0, 0));
    let late = offline.frames_before(Frames(110_000)) + 10_000;
    offline.engine().mix().at(When::At(Frames(110_000))).tempo(Bpm::new(240.0).unwrap()).unwrap();
    offline.engine().mix().at(When::At(Frames(110_000))).reset_clock(Frames(0)).unwrap();
    let sound = left(&offline.render_frames(late));
    assert!(
        sound[110_000 - 100_001 - 1] == 0.0 && sound[110_000 - 100_001] > 0.3,
        "it starts in the frame of the reset"
    );
    assert_eq!(offline.status().late_commands, 1);
    for frame in [1 << 63, u64::MAX, 0] {
        offline.engine().mix().reset_clock(Frames(frame)).unwrap();
        for beat in [i64::MIN, i64::MAX] {
            offline.engine().deck(DeckId::A).at(When::AtBeat(beat)).pause().unwrap();
        }
        offline.engine().mix().beats_per_bar(0).unwrap().beats_per_bar(255).unwrap();
        offline.render_frames(3_000);
    }
}

#[test]
fn commands_for_a_beat_act_with_it_when_the_tempo_changes_just_before() {
    for (before, tempo) in
        [1, 10, 37, 38, 39, 63, 64, 65, 200].into_iter().flat_map(|before| [(before, 240), (before, 60)])
    {
        let mut offline = offline_with_beats();
        let track = constant_track(0.5, 400_000);
        offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::AtBeat(3)).play().unwrap();
        let changed = 3 * 22_050 - before;
        let at = When::At(Frames(changed));
        offline.engine().mix().at(at).tempo(Bpm::new(f64::from(tempo)).unwrap()).unwrap();
        offline.render_frames(70_000);
        let (mut beat, mut started) = (None, None);
        for event in offline.engine().events() {
            match event {
                Event::Beat { beat: 3, at, .. } => beat = Some(at),
                Event::Started { at, .. } => started = Some(at),
                _ => {}
            }
        }
        let rest = if tempo == 60 { 2 * before } else { before.div_ceil(2) };
        let wanted = Some(Frames(changed + rest));
        assert_eq!((beat, started), (wanted, wanted), "{before} frames before, to {tempo} BPM");
    }
}

#[test]
fn commands_for_a_beat_act_in_the_frame_of_a_reset_to_that_beat() {
    for frame in [10_000, 10_020, 64 * 157] {
        let mut offline = offline_with_beats();
        let track = constant_track(0.5, 400_000);
        offline.engine().mix().reset_clock(Frames(1 << 40)).unwrap();
        offline.render_frames(64);
        offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::AtBeat(0)).play().unwrap();
        offline.engine().mix().at(When::At(Frames(frame))).reset_clock(Frames(frame)).unwrap();
        offline.render_frames(49_936);
        let started = offline.engine().events().find_map(|event| match event {
            Event::Started { at, .. } => Some(at),
            _ => None,
        });
        assert_eq!((started, offline.status().late_commands), (Some(Frames(frame)), 0));
    }
}
