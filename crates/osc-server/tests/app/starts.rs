//! Starts of stems whose files are loaded or being loaded.

use crate::common::*;
use rosc::{OscMessage, OscType};

#[test]
fn twenty_plays_that_directly_follow_their_loads_all_sound() {
    let mut rig = Rig::new();
    let ids: Vec<i32> = (0..20).map(|n| 100 + 1000 * (n % 4) + n).collect();
    for id in &ids {
        rig.send("/load_buffer", &[i(*id), s(&any_file())]);
        rig.send("/play_stem", &[i(*id), f(1.0), f(0.5), i(0)]);
    }
    rig.run(3);
    assert_eq!(rig.first_sound(), None);
    for _ in &ids {
        rig.finish_load(Ok(staircase(SECOND)));
    }
    rig.run(2);
    assert_eq!(rig.status().decks.iter().map(|deck| deck.playing).sum::<u8>(), 20);
    assert_eq!(rig.replies_to("/loaded").len(), 20);
    assert_eq!(rig.replies_to("/error"), Vec::<&OscMessage>::new());
}

#[test]
fn the_latest_of_several_waiting_plays_is_used() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100), f(1.0), f(0.1), i(0)]);
    rig.send("/play_stem", &[i(100), f(1.0), f(0.2), i(0)]);
    rig.send("/stem_volume", &[i(100), f(0.5)]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(5);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from, 0, SECOND, 0.5);
}

#[test]
fn a_stop_cancels_a_play_that_waits() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.send("/stop_stem", &[i(100)]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(5);
    assert_eq!(rig.first_sound(), None);
    assert_eq!(rig.replies_to("/error").len(), 0);
    rig.send("/stop_stem", &[i(100)]);
    rig.tick();
    assert_eq!(rig.replies_to("/error").len(), 1);
}

#[test]
fn a_group_whose_time_has_passed_waits_for_all_files_and_starts_in_one_sample() {
    let mut rig = Rig::new();
    rig.run(10);
    for deck in ["A", "B", "C"] {
        rig.send("/cue", &[s(deck), s(&any_file())]);
    }
    rig.send("/start_group", &[f(0.0), s("A"), s("B"), s("C")]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(3);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(3);
    assert_eq!(rig.first_sound(), None);
    rig.finish_load(Err("broken.wav: not a sound file".into()));
    rig.run(5);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from, 0, SECOND, 2.0);
    let errors = rig.replies_to("/error");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].args, [s("/cue"), s("broken.wav: not a sound file"), s("load")]);
}

#[test]
fn a_group_with_a_later_time_starts_at_its_frame() {
    let mut rig = Rig::new();
    rig.run(10);
    rig.send("/reset", &[]);
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/start_group", &[s("A"), f(1.0)]);
    let zero = usize::try_from(rig.status().horizon.0).unwrap();
    // The file is loaded 0.1 s before its time.
    rig.run_to((zero as f64) / RATE as f64 + 0.9);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(20);
    assert_eq!(rig.first_sound(), Some(zero + SECOND));
    assert_staircase(&rig.sound, zero + SECOND, 0, SECOND, 1.0);
    assert_eq!(rig.replies_to("/late").len(), 0);
}

#[test]
fn a_file_that_is_loaded_late_starts_in_phase_and_late_is_answered() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/cue", &[s("B"), s(&any_file())]);
    rig.send("/start_group", &[f(1.0), s("A"), s("B")]);
    let zero = 0;
    rig.finish_load(Ok(staircase(4 * SECOND)));
    rig.run_to(2.0);
    let entry = rig.sound.len();
    assert_staircase(&rig.sound, zero + SECOND, 0, 4 * SECOND, 1.0);
    rig.finish_load(Ok(staircase(4 * SECOND)));
    rig.run(10);
    // Both are in phase from then on, after the milliseconds of the fade-in.
    assert_staircase(&rig.sound, entry + 500, entry + 500 - SECOND, 4 * SECOND, 2.0);
    let late = rig.replies_to("/late");
    // Two workers load at the same time, so either deck may get the first file.
    assert!([s("A"), s("B")].contains(&late[0].args[0]), "{late:?}");
    let OscType::Float(seconds) = late[0].args[1] else { panic!("{late:?}") };
    assert!((seconds - 1.0).abs() < 0.1, "{seconds}");
}

#[test]
fn a_deck_with_nothing_cued_is_refused_and_the_others_start() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(0.0), s("A"), s("D")]);
    rig.run(5);
    assert!(rig.first_sound().is_some());
    assert_eq!(rig.replies_to("/error")[0].args[0], s("/start_group"));
    assert_eq!(rig.replies_to("/error")[0].args[2], s("state"));
}

#[test]
fn a_cue_does_not_change_what_plays_until_it_is_started() {
    let mut rig = Rig::new();
    rig.send("/play", &[s("A"), s(&any_file()), f(0.0)]);
    rig.finish_load(Ok(staircase(4 * SECOND)));
    rig.run(1);
    let from = rig.first_sound().unwrap();
    rig.send("/cue", &[s("A"), s(&any_file()), f(0.5)]);
    rig.finish_load(Ok(staircase(2 * SECOND)));
    rig.send("/start_group", &[f(1.0), s("A")]);
    rig.run_to(1.5);
    for at in (from..SECOND - 4_000).step_by(1_000) {
        assert_staircase(&rig.sound[at..at + 4_000], 0, at - from, 4 * SECOND, 1.0);
    }
    // The new file plays from its middle on, after the old one has faded out.
    assert_staircase(&rig.sound, SECOND + 300, SECOND + 300, 2 * SECOND, 1.0);
}

#[test]
fn a_cue_that_fails_keeps_the_earlier_one() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file()), f(0.5)]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.send("/cue", &[s("A"), s("/no/such/file.wav")]);
    rig.take_load();
    assert_eq!(rig.replies_to("/error").len(), 1);
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/start_group", &[f(0.0), s("A")]);
    rig.finish_load(Err("broken.mp3: not music".into()));
    rig.run(8);
    assert_eq!(rig.replies_to("/error").len(), 2);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from + 64, SECOND / 2 + 64, SECOND, 1.0);
}

#[test]
fn a_reset_cancels_what_was_scheduled() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(1.0), s("A")]);
    rig.send("/fade", &[s("A"), f(1.5)]);
    rig.run_to(0.5);
    rig.send("/reset", &[OscType::Array(rosc::OscArray { content: vec![] })]);
    rig.run_to(2.0);
    assert_eq!(rig.first_sound(), None);
    // Times count from the reset, half a second after the start.
    rig.send("/start_group", &[f(2.0), s("A")]);
    rig.run_to(4.0);
    let from = rig.first_sound().unwrap();
    assert!(from.abs_diff(5 * SECOND / 2) <= 2 * BLOCK, "{from}");
}
