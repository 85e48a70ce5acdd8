//! The handles: decks, the mix, and groups of commands that act together.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::time::Duration;

use common::{constant_track, left, offline, play, sine_track};
use crowd_engine::{Bpm, CrossfadeLaw, DeckId, Engine, Error, Frames, Gain, LoopRegion, Offline, StemId, When};

const SECOND: Duration = Duration::from_secs(1);

fn bpm(value: f64) -> Bpm {
    Bpm::new(value).unwrap()
}

fn crossfade(offline: &mut Offline, from: DeckId, to: DeckId, law: CrossfadeLaw) {
    offline.engine().mix().crossfade(from, to, SECOND, law).unwrap();
}

#[test]
fn a_crossfade_follows_its_law_and_leaves_the_faders_alone() {
    for (law, middle) in
        [(CrossfadeLaw::Linear, 0.5), (CrossfadeLaw::EqualPower, 0.5f32.sqrt()), (CrossfadeLaw::Cut, 1.0)]
    {
        let mut offline = offline();
        play(offline.engine(), DeckId::A, &constant_track(0.25, 441_000));
        offline.engine().deck(DeckId::B).load(&constant_track(0.25, 441_000)).unwrap();
        offline.render_frames(4_410);
        crossfade(&mut offline, DeckId::A, DeckId::B, law);
        offline.render_frames(22_050);
        let sound = left(&offline.render_frames(1));
        assert!((sound[0] - 2.0 * 0.25 * middle).abs() < 0.01, "{law:?}: {}", sound[0]);
        offline.render_frames(44_100);
        let status = offline.engine().status();
        assert_eq!((status.decks[0].fade, status.decks[1].fade), (0.0, 1.0));
        assert_eq!((status.decks[0].fader, status.decks[1].fader), (1.0, 1.0));
        assert_eq!(offline.render_frames(1)[0], 0.25, "{law:?}");
    }
}

#[test]
fn a_crossfade_that_is_reversed_makes_no_step() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &constant_track(0.25, 441_000));
    offline.engine().deck(DeckId::B).load(&constant_track(0.1, 441_000)).unwrap();
    offline.render_frames(4_410);
    let mut sound = Vec::new();
    for (from, to) in [(DeckId::A, DeckId::B), (DeckId::B, DeckId::A), (DeckId::A, DeckId::B)] {
        crossfade(&mut offline, from, to, CrossfadeLaw::EqualPower);
        sound.extend(left(&offline.render_frames(20_000)));
    }
    assert!(common::largest_step(&sound) < 1e-4, "{}", common::largest_step(&sound));
}

#[test]
fn a_deck_of_known_tempo_plays_at_the_master_tempo_or_at_its_own() {
    let mut offline = offline();
    let track = sine_track(440.0, 0.5, 441_000);
    play(offline.engine(), DeckId::A, &track);
    play(offline.engine(), DeckId::B, &track);
    offline.engine().deck(DeckId::A).match_tempo(bpm(100.0)).unwrap();
    offline.engine().deck(DeckId::B).tempo(bpm(100.0), bpm(110.0)).unwrap();
    offline.render_frames(1_000);
    let rates = |offline: &mut Offline| offline.engine().status().decks.iter().map(|d| d.rate).collect::<Vec<_>>();
    assert_eq!(rates(&mut offline)[..2], [1.2, 1.1]);
    offline.engine().mix().tempo(bpm(60.0)).unwrap();
    offline.render_frames(1_000);
    assert_eq!(rates(&mut offline)[..2], [0.6, 0.55]);
    let error = offline.engine().deck(DeckId::A).tempo(bpm(20.0), bpm(999.0)).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { what: "rate", .. }), "{error}");
}

#[test]
fn a_group_acts_in_one_frame_or_not_at_all() {
    let mut offline = offline();
    let track = constant_track(0.25, 44_100);
    let mut group = offline.engine().group();
    group.deck(DeckId::A).load(&track).unwrap().play().unwrap();
    group.deck(DeckId::B).stem(StemId(1)).load(&track).unwrap().play().unwrap();
    group.mix().over(Duration::ZERO).master_gain(Gain::new(0.5).unwrap()).unwrap();
    let error = group.deck(DeckId::new(9).unwrap()).play().unwrap_err();
    assert!(matches!(error, Error::NoSuchStem { .. }), "{error}");
    group.send(When::At(Frames(1_000))).unwrap();
    let sound = left(&offline.render_frames(1_002));
    assert_eq!(sound[999..], [0.0, 0.25, 0.25]);

    let mut small = Engine::builder().queue(16).offline().unwrap();
    let mut group = small.engine().group();
    for _ in 0..17 {
        group.deck(DeckId::A).play().unwrap();
    }
    assert!(matches!(group.send(When::NextBlock), Err(Error::QueueFull { .. })));
    small.render_frames(64);
    assert_eq!(small.engine().status().commands, 0);
}

#[test]
fn a_deck_moves_all_its_stems_unless_one_is_chosen() {
    let mut offline = offline();
    let track = constant_track(0.1, 44_100);
    for stem in 0..3 {
        offline.engine().deck(DeckId::A).stem(StemId(stem)).load(&track).unwrap();
    }
    offline.engine().deck(DeckId::A).play().unwrap();
    offline.render_frames(1_000);
    assert_eq!(offline.engine().status().decks[0].playing, 3);
    offline.engine().deck(DeckId::A).stem(StemId(1)).pause().unwrap().all_stems().stem_gain(Gain::UNITY).unwrap();
    offline.render_frames(1_000);
    assert_eq!(offline.engine().status().decks[0].playing, 2);
}

#[test]
fn a_load_resets_the_loop_and_can_bring_one() {
    let mut offline = offline();
    let track = constant_track(0.25, 1_000);
    let region = LoopRegion::new(Frames(100), Frames(500)).unwrap();
    let deck = offline.engine().deck(DeckId::A).loop_(Some(region)).unwrap();
    deck.load(&track).unwrap().play().unwrap();
    offline.engine().deck(DeckId::B).load_looped(&track, Frames(50), region).unwrap();
    offline.render_frames(64);
    let status = offline.status();
    assert_eq!((status.decks[1].position, status.decks[1].length), (50.0, Some(Frames(1_000))));
    offline.engine().deck(DeckId::B).play().unwrap();
    offline.render_frames(5_000);
    let status = offline.status();
    assert_eq!((status.decks[0].playing, status.decks[1].playing), (0, 1));
    assert!((100.0..500.0).contains(&status.decks[1].position), "{}", status.decks[1].position);
    assert_eq!((status.decks[0].length, status.decks[2].length), (Some(Frames(1_000)), None));
}

#[test]
fn a_recording_without_an_output_is_refused_with_the_way_out() {
    let second = || Engine::builder().record_split(SECOND);
    let errors = [
        Engine::builder().record("set.wav").split().err(),
        Engine::builder().record("set.wav").offline().err(),
        second().offline().err(),
    ];
    for (error, setting) in errors.into_iter().zip(["record", "record", "record_split"]) {
        let error = error.unwrap();
        assert!(matches!(&error, Error::Setting(error) if error.setting == setting), "{error}");
        let text = error.to_string();
        assert!(text.contains("crowd_media::write") && text.contains("Output::File"), "{text}");
    }
    assert_eq!(Frames(22_050).to_string(), "22050");
}
