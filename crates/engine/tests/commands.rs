//! Commands: their order, their frames, and their largest number.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::*;
use crowd_engine::{
    Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Error, Event, Frames, Gain, StemId, Stems, When,
};

#[test]
fn the_schedule_fills_up_with_an_error_and_empties_again() {
    let (mut engine, mut renderer) = Engine::builder().queue(16).split().unwrap();
    let command = Command::BeatsPerBar { beats: 3 };
    let mut out = [0.0; 256];
    for _ in 0..16 {
        engine.send(command.clone(), When::At(Frames(5_000))).unwrap();
        renderer.render(&mut out);
    }
    let full = engine.send(command.clone(), When::At(Frames(5_000))).unwrap_err();
    assert!(matches!(full, Error::ScheduleFull { capacity: 16, .. }), "{full}");
    engine.send(Command::BeatsPerBar { beats: 5 }, When::NextBlock).unwrap();
    renderer.render(&mut out);
    assert_eq!(engine.status().beats_per_bar, 5);
    for _ in 0..40 {
        renderer.render(&mut out);
    }
    assert_eq!((engine.status().beats_per_bar, engine.waiting()), (3, 0));
    engine.send(command, When::At(Frames(99_000))).unwrap();
}

#[test]
fn a_start_on_a_bar_falls_on_the_first_beat_of_the_next_bar() {
    for (beats, bar) in [(4, 4 * 22_050), (3, 3 * 22_050)] {
        let mut offline = offline();
        offline.engine().mix().beats_per_bar(beats).unwrap();
        offline.render_frames(1_000);
        assert_eq!(offline.status().bar(), 0);
        let track = constant_track(0.5, 44_100);
        offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::OnBar).play().unwrap();
        let sound = left(&offline.render_frames(bar));
        assert_eq!(sound.iter().position(|x| *x != 0.0), Some(bar - 1_000));
        assert_eq!((offline.status().bar(), offline.engine().waiting()), (1, 0));
    }
}

#[test]
fn a_command_for_a_past_frame_acts_at_once_and_is_reported_as_late() {
    let mut offline = offline();
    offline.render_frames(1_000);
    let track = constant_track(0.5, 44_100);
    offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::At(Frames(10))).play().unwrap();
    let sound = left(&offline.render_frames(1_000));
    assert!(sound[200] == 0.5);
    assert_eq!(offline.engine().status().late_commands, 1);
    assert!(offline.engine().events().any(|event| matches!(event, Event::Late { wanted: Frames(10), .. })));
}

#[test]
fn after_rendering_frames_before_a_command_can_still_act_in_its_frame() {
    for frame in [0u64, 1, 63, 64, 65, 127, 128, 200, 1_000, 44_099] {
        let mut offline = offline();
        let before = offline.frames_before(Frames(frame));
        assert!(before as u64 <= frame);
        let mut sound = offline.render_frames(before);
        let engine = offline.engine();
        let at = When::At(Frames(frame));
        engine.deck(DeckId::A).at(at).load(&constant_track(0.5, 9)).unwrap().play().unwrap();
        sound.extend(offline.render_frames(frame as usize + 20 - before));
        assert_eq!(sound.iter().position(|x| *x != 0.0), Some(2 * frame as usize));
        assert_eq!(offline.engine().status().late_commands, 0);
    }
}

#[test]
fn a_clear_discards_the_commands_before_it_and_none_after_it() {
    let mut offline = offline();
    let (track, later) = (constant_track(0.25, 44_100), When::At(Frames(10_000)));
    offline.engine().deck(DeckId::A).load(&track).unwrap().at(later).play().unwrap();
    offline.engine().send(Command::Clear, When::NextBlock).unwrap();
    offline.engine().deck(DeckId::B).load(&track).unwrap().at(later).play().unwrap();
    let sound = offline.render_frames(20_000);
    assert_eq!((sound[2 * 9_999], sound[2 * 10_000], sound[2 * 19_999]), (0.0, 0.25, 0.25));
    assert_eq!(offline.engine().waiting(), 0);
}

#[test]
fn a_command_for_a_frame_days_later_waits_and_the_sound_continues() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &constant_track(0.25, 44_100));
    // A cast to 32 bits would turn these distances into 0, 1 and 63 frames.
    for frame in [1u64 << 32, 1 << 40, (1 << 33) + 1, (1 << 33) + 63] {
        offline
            .engine()
            .send(
                Command::Deck(
                    DeckId::A,
                    DeckCommand::Fader { gain: Gain::SILENCE, over: Frames(0), law: CrossfadeLaw::Linear },
                ),
                When::At(Frames(frame)),
            )
            .unwrap();
    }
    let sound = offline.render_frames(4_096);
    assert!(sound.iter().all(|x| *x == 0.25));
    assert_eq!(offline.engine().waiting(), 4);
}

#[test]
fn of_many_jumps_a_deck_makes_two_per_quantum_at_most_and_ends_at_the_target_of_the_last() {
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &noise_track(200_000, 1));
    offline.render_frames(4_096);
    let base = offline.engine().status().horizon.0;
    assert_eq!(base % 64, 0);
    for n in 0..128 {
        let seek = Command::Deck(DeckId::A, DeckCommand::Seek { stems: Stems::All, to: Frames(10_000 + 100 * n) });
        offline.engine().send(seek, When::At(Frames(base + n))).unwrap();
    }
    // Commands for another deck stay exact.
    offline
        .engine()
        .send(Command::Deck(DeckId::B, DeckCommand::Play { stems: Stems::All }), When::At(Frames(base + 77)))
        .unwrap();
    offline.render_frames(4_096);
    let events: Vec<Event> = offline.engine().events().collect();
    // In the first quantum two jumps act. In the second, the waiting ones and the one of its first frame act together, then one more.
    let late = events.iter().filter(|event| matches!(event, Event::Late { .. })).count();
    assert_eq!((late, offline.engine().status().late_commands), (62 + 62, 62 + 62));
    assert!(events.contains(&Event::Started { deck: DeckId::B, stem: StemId::FIRST, at: Frames(base + 77) }));
    let status = offline.engine().status();
    // The last jump acted at the beginning of the third quantum.
    let ran = (status.horizon.0 - base - 128) as f64;
    assert_eq!((status.decks[0].position, status.commands), (10_000.0 + 12_700.0 + ran, 2 + 128 + 1));
}
