//! Decks whose beats are in sync with the clock.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{Noise, constant_track, largest_step, left, noise_track, offline, play, sine_track};
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{
    Bpm, Command, DeckCommand, DeckId, Frames, LoopRegion, Offline, Rate, SampleRate, StemId, StretchMethod, When,
};

fn bpm(value: f64) -> Bpm {
    Bpm::new(value).unwrap()
}

fn pulse(tempo: f64, first_beat: f64) -> Pulse {
    Pulse::new(bpm(tempo), first_beat, SampleRate::CD)
}

/// The distance of a deck's beats from those of the clock in frames, modulo `unit` beats.
fn off(offline: &mut Offline, deck: DeckId, pulse: Pulse, tempo: f64, unit: f64) -> f64 {
    let status = offline.engine().status();
    let away = (pulse.beat_at(status.decks[deck.index()].position) - status.beat) / unit;
    (away - away.round()) * unit * 60.0 * 44_100.0 / tempo
}

#[test]
fn after_an_hour_of_tempo_changes_the_beats_are_in_phase_with_the_clock() {
    let mut offline = offline();
    let mut noise = Noise(3);
    let region = LoopRegion::new(Frames(0), Frames(1 << 40)).unwrap();
    let decks = [(DeckId::A, 126.0, 0.213), (DeckId::B, 97.3, 1.009)];
    for (deck, tempo, first) in decks {
        let (stem, cue, track) = (StemId::FIRST, Frames(7_000), constant_track(0.1, 64));
        offline
            .engine()
            .send(
                Command::Deck(deck, DeckCommand::Load { stem, track, cue, region: Some(region), keeps_gain: false }),
                When::NextBlock,
            )
            .unwrap();
        let deck = offline.engine().deck(deck).rate(Rate::new(120.0 / tempo).unwrap()).unwrap();
        deck.at(When::At(Frames(30_000))).align(pulse(tempo, first), Phase::Bar).unwrap().play().unwrap();
    }
    let mut out = vec![0.0; 2 * 44_100];
    // The smallest and largest distance of each deck, from one second after the start.
    let mut range = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for second in 0..3_600 {
        if second % 20 == 0 {
            let over = Frames(30 * 44_100);
            let target = bpm(105.0 + (noise.next() % 2_500) as f64 / 100.0);
            offline.engine().send(Command::GlideTempo { bpm: target, over }, When::NextBlock).unwrap();
        }
        offline.render_into(&mut out);
        if second > 0 {
            for (range, (deck, tempo, first)) in range.iter_mut().zip(decks) {
                let off = off(&mut offline, deck, pulse(tempo, first), tempo, 4.0);
                *range = (range.0.min(off), range.1.max(off));
            }
        }
    }
    println!("smallest and largest distance in frames: {range:?}");
    for (least, most) in range {
        assert!(least > -0.51 && most < 0.51, "a start is at a whole frame, so up to half a frame off: {range:?}");
        assert!(most - least < 1e-3, "no drift after the start: {range:?}");
    }
}

#[test]
fn a_start_keeps_its_frame_and_begins_at_the_nearest_position_in_phase() {
    // (first beat of the music, cue, frame of the start, frame of the music that plays then), all at 120 BPM.
    for (first, cue, start, begins) in [
        (0.0, 0, 22_050 * 3, 0),
        (0.0, 0, 22_050 * 3 + 5_000, 5_000),
        (0.0, 44_100, 22_050 * 3 - 5_000, 39_100),
        (0.1, 44_100, 22_050 * 4, 48_510),
        (0.0, 0, 22_050 * 3 - 5_000, -5_000),
    ] {
        let mut offline = offline();
        let track = noise_track(100_000, 1);
        let samples = samples_of(&track);
        let deck = offline.engine().deck(DeckId::A).load_cued(&track, Frames(cue)).unwrap();
        deck.at(When::At(Frames(start))).align(pulse(120.0, first), Phase::Beat).unwrap().play().unwrap();
        let sound = left(&offline.render_frames(start as usize + 10_000));
        let heard = &sound[start as usize..];
        assert!(sound[..start as usize].iter().all(|x| *x == 0.0), "there is no sound before the start");
        // After the fade-in of a millisecond.
        for (n, heard) in heard.iter().enumerate().skip(100) {
            let at = begins + n as i64;
            let wanted = usize::try_from(at).ok().map_or(0.0, |at| samples[at]);
            assert_eq!(*heard, wanted, "start {start}, frame {n}");
        }
        assert!(off(&mut offline, DeckId::A, pulse(120.0, first), 120.0, 1.0).abs() < 0.51);
    }
}

/// The left channel of a track.
fn samples_of(track: &crowd_engine::Track) -> Vec<f32> {
    let mut offline = offline();
    play(offline.engine(), DeckId::B, track);
    left(&offline.render_frames(track.frames().0 as usize))
}

#[test]
fn a_deck_that_plays_moves_by_at_most_half_a_beat_or_bar_without_a_click() {
    for method in StretchMethod::ALL {
        for (phase, unit, first) in [(Phase::Beat, 1.0, 0.3), (Phase::Bar, 4.0, 0.3), (Phase::Bar, 4.0, 1.17)] {
            let mut offline = offline();
            let track = sine_track(100.0, 0.5, 44_100 * 20);
            offline.engine().deck(DeckId::A).stretch(*method).unwrap().rate(Rate::new(120.0 / 132.0).unwrap()).unwrap();
            play(offline.engine(), DeckId::A, &track);
            let mut sound = left(&offline.render_frames(123_457));
            let before = offline.engine().status().decks[0].position;
            let pulse = pulse(132.0, first);
            let handle = offline.engine().deck(DeckId::A).align(pulse, phase).unwrap();
            // A second alignment changes nothing.
            handle.align(pulse, phase).unwrap();
            sound.extend(left(&offline.render_frames(64)));
            let moved = offline.engine().status().decks[0].position - before - 64.0 * 120.0 / 132.0;
            let half = unit / 2.0 * 60.0 * 44_100.0 / 132.0;
            assert!(moved.abs() > 100.0 && moved.abs() <= half + 1.0, "{method} {phase:?}: {moved}");
            sound.extend(left(&offline.render_frames(60_000)));
            assert!(off(&mut offline, DeckId::A, pulse, 132.0, unit).abs() < 0.51, "{method} {phase:?}");
            let own = (std::f64::consts::TAU * 100.0 / 44_100.0 * 0.5) as f32;
            assert!(largest_step(&sound) < 2.0 * own + 0.01, "{method} {phase:?}: {}", largest_step(&sound));
        }
    }
}

#[test]
fn aligning_an_empty_deck_does_not_move_it() {
    let mut offline = offline();
    offline.engine().deck(DeckId::A).align(pulse(120.0, 0.2), Phase::Bar).unwrap().play().unwrap();
    offline.render_frames(128);
    let status = offline.engine().status();
    assert_eq!(status.decks[0].loaded, 0);
    // The position of a joining track counts from the start of the deck.
    let (deck, stem, track, cue) = (DeckId::A, StemId::FIRST, noise_track(90_000, 2), Frames::ZERO);
    offline
        .engine()
        .send(Command::Deck(deck, DeckCommand::Join { stem, track, cue, region: None }), When::NextBlock)
        .unwrap();
    offline.render_frames(64);
    let status = offline.engine().status();
    assert_eq!(status.decks[0].position, status.horizon.0 as f64);
}
