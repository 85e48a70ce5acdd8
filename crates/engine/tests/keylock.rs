//! Decks with keylock: voices, renderer and stretchers together.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{largest_step, left, offline, sine_track};
use crowd_engine::{Bpm, Command, DeckCommand, DeckId, Frames, LoopRegion, SampleRate, StretchMethod, Track, When};

const HERTZ: f64 = 997.0;
/// The largest step of a sine of half of full scale at the fastest tempo here.
const OWN: f32 = 0.5 * (std::f64::consts::TAU * HERTZ / 44_100.0) as f32 * 1.1;

fn bpm(value: f64) -> Bpm {
    Bpm::new(value).unwrap()
}

#[test]
fn switching_the_method_while_it_plays_makes_no_step() {
    for tempo in [120.0, 110.0, 130.0] {
        let mut offline = offline();
        let tone = sine_track(HERTZ, 0.5, 44_100 * 20);
        let engine = offline.engine();
        engine.mix().tempo(bpm(tempo)).unwrap();
        engine.deck(DeckId::A).load(&tone).unwrap().play().unwrap();
        let order = [1, 2, 0, 2, 1, 0];
        for (i, method) in order.iter().cycle().take(40).enumerate() {
            let method = StretchMethod::ALL[*method];
            let when = When::At(Frames(10_007 * (i as u64 + 1)));
            offline.engine().deck(DeckId::A).at(when).stretch(method).unwrap();
        }
        let sound = left(&offline.render_frames(44_100 * 10));
        let step = largest_step(&sound);
        assert!(step < OWN + 0.01, "at {tempo}: {step} against {OWN}");
    }
}

#[test]
fn a_hit_while_the_method_is_switched_keeps_its_attack() {
    let samples: Vec<f32> = (0..44_100)
        .map(|i| {
            let since = f64::from(i) - 22_050.0;
            if since < 0.0 { 0.0 } else { ((-since / 900.0).exp() * (since * 0.9).cos() * 0.8) as f32 }
        })
        .collect();
    let hit = Track::from_interleaved(samples, SampleRate::CD, 1).unwrap();
    for early in [0, 60, 120, 200] {
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 2), (2, 1)] {
            let [from, to] = [from, to].map(|method| StretchMethod::ALL[method]);
            let mut offline = offline();
            let engine = offline.engine();
            engine.mix().tempo(bpm(126.0)).unwrap();
            engine.deck(DeckId::A).stretch(from).unwrap().load(&hit).unwrap().play().unwrap();
            let arrives = (22_050.0 * 120.0 / 126.0) as u64;
            engine.deck(DeckId::A).at(When::At(Frames(arrives - early))).stretch(to).unwrap();
            let sound = left(&offline.render_frames(30_000));
            let peak = sound.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
            assert!(peak > 0.95 * 0.8, "{from} to {to}, {early} frames before it: {peak}");
            let loud = sound.iter().position(|x| x.abs() > 0.4).unwrap() as f64;
            assert!((loud - arrives as f64).abs() < 30.0, "{from} to {to}: at {loud} instead of {arrives}");
        }
    }
}

#[test]
fn loops_and_seeks_make_no_step_with_any_method() {
    for &method in StretchMethod::ALL {
        let mut offline = offline();
        let tone = sine_track(HERTZ, 0.5, 44_100 * 20);
        let engine = offline.engine();
        engine.mix().tempo(bpm(126.0)).unwrap();
        engine.deck(DeckId::A).stretch(method).unwrap().load(&tone).unwrap().play().unwrap();
        let region = LoopRegion::new(Frames(20_000), Frames(31_337)).unwrap();
        engine.deck(DeckId::A).loop_(Some(region)).unwrap();
        for (frame, to) in [(100_000, 90_000), (120_001, 25_000), (150_000, 3)] {
            engine.deck(DeckId::A).at(When::At(Frames(frame))).seek(Frames(to)).unwrap();
        }
        let sound = left(&offline.render_frames(200_000));
        // The end of the loop fades into its beginning over 256 frames; a seek fades over 1 to 5 ms.
        let step = largest_step(&sound);
        assert!(step < 2.0 * OWN, "{method}: {step} against {OWN}");
    }
}

#[test]
fn four_decks_keep_their_positions_with_any_method_while_the_tempo_glides() {
    let mut offline = offline();
    let tone = sine_track(HERTZ, 0.1, 44_100 * 60);
    let decks = [DeckId::A, DeckId::B, DeckId::C, DeckId::D];
    let engine = offline.engine();
    for (deck, method) in decks.into_iter().zip([0, 1, 2, 1]) {
        engine.deck(deck).stretch(StretchMethod::ALL[method]).unwrap().load(&tone).unwrap();
    }
    engine
        .send_all(
            decks.map(|deck| Command::Deck(deck, DeckCommand::Play { stems: crowd_engine::Stems::All })),
            When::NextBlock,
        )
        .unwrap();
    for (tempo, at) in [(105.0, 1_000), (130.0, 400_000), (120.0, 900_000)] {
        let glide = Command::GlideTempo { bpm: bpm(tempo), over: Frames(300_000) };
        engine.send(glide, When::At(Frames(at))).unwrap();
    }
    offline.render_frames(44_100 * 40);
    let positions: Vec<f64> = offline.engine().status().decks.iter().map(|deck| deck.position).collect();
    assert!(positions[0] > 44_100.0 * 30.0);
    assert!(positions.iter().all(|position| *position == positions[0]), "{positions:?}");
}
