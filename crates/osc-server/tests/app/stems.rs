//! The stems that decks play, and the files that are loaded.

use crate::common::*;
use audio_server::app::{Generators, MemoryBudget, decoder};
use crowd_engine::SampleRate;
use rosc::OscType;
use std::sync::Arc;

#[test]
fn a_faded_deck_is_audible_when_it_is_played_again() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(3);
    rig.send("/fade", &[s("A"), f(0.0), f(0.1)]);
    rig.run(10);
    assert!(rig.sound[rig.sound.len() - BLOCK..].iter().all(|x| *x == 0.0));
    rig.send("/play_stem", &[i(100), f(1.0), f(1.0)]);
    rig.run(10);
    assert!(rig.sound[rig.sound.len() - BLOCK..].iter().any(|x| *x > 0.1));
}

#[test]
fn a_span_of_a_stem_plays_once_or_looped() {
    for looped in [0, 1] {
        let mut rig = Rig::new();
        rig.send("/load_buffer", &[i(100), s(&any_file())]);
        rig.send("/play_stem_section", &[i(100), f(0.25), f(0.5), f(1.0), f(1.0), i(looped)]);
        rig.finish_load(Ok(staircase(SECOND)));
        rig.run_to(1.5);
        let from = rig.first_sound().unwrap();
        let (quarter, last) = (SECOND / 4, rig.sound.len() - from);
        // After the first milliseconds, in which it fades in.
        assert_staircase(&rig.sound[..from + quarter], from + 100, quarter + 100, SECOND / 2, 0.5);
        let after = &rig.sound[from + quarter + 200..from + last];
        if looped == 0 {
            assert!(after.iter().all(|x| *x == 0.0));
        } else {
            assert!(after.iter().all(|x| *x > 0.24 && *x < 0.51));
        }
    }
}

#[test]
fn a_stem_is_refused_when_all_slots_of_its_deck_play() {
    let mut rig = Rig::new();
    for id in 100..117 {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.finish_load(Ok(staircase(SECOND)));
        rig.send("/play_stem", &[i(id)]);
    }
    rig.run(2);
    assert_eq!(rig.replies_to("/error").len(), 1);
    assert!(format!("{:?}", rig.replies_to("/error")[0]).contains("plays 16 stems already"));
    rig.send("/stop_stem", &[i(105)]);
    rig.send("/play_stem", &[i(116)]);
    rig.run(2);
    assert_eq!(rig.replies_to("/error").len(), 1);
    assert_eq!(rig.status().decks[0].playing, 16);
}

#[test]
fn a_stem_that_ended_frees_its_slot() {
    let mut rig = Rig::new();
    for id in 1100..1140 {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.finish_load(Ok(staircase(500)));
        rig.send("/play_stem", &[i(id), f(1.0), f(1.0), i(0)]);
        rig.run(2);
    }
    assert_eq!(rig.replies_to("/error").len(), 0);
}

#[test]
fn seeks_and_loops_move_what_plays() {
    let mut rig = Rig::new();
    rig.send("/deck/seek", &[s("A"), f(1.0)]);
    rig.send("/play", &[s("A"), s(&any_file())]);
    rig.finish_load(Ok(staircase(4 * SECOND)));
    rig.run(2);
    rig.send("/deck/seek", &[s("A"), f(9.0)]);
    rig.tick();
    let errors: Vec<_> = rig.replies_to("/error").iter().map(|e| e.args[0].clone()).collect();
    assert_eq!(errors, [s("/deck/seek"), s("/deck/seek")]);
    rig.send("/deck/seek", &[s("A"), f(3.0)]);
    rig.run(2);
    assert!(rig.sound.last().is_some_and(|x| (*x - 0.75).abs() < 0.03));
    rig.send("/deck/loop", &[s("A"), f(0.5), f(1.0)]);
    rig.run(80);
    assert!(rig.sound[rig.sound.len() - SECOND..].iter().all(|x| *x > 0.12 && *x < 0.26));
    rig.send("/deck/loop", &[s("A"), i(0)]);
    rig.send("/deck/tempo", &[s("A"), f(60.0)]);
    rig.run(20);
    assert_eq!(rig.status().decks[0].rate, 2.0);
}

#[test]
fn memory_cleanup_keeps_what_plays_is_cued_or_planned() {
    let mut rig = Rig::new();
    for (address, args) in [
        ("/load_buffer", vec![i(100), s(&any_file())]),
        ("/load_buffer", vec![i(101), s(&any_file())]),
        ("/cue", vec![s("B"), s(&any_file())]),
        ("/load_buffer", vec![i(2100), s(&any_file())]),
        ("/load_buffer", vec![i(3100), s(&any_file())]),
    ] {
        rig.send(address, &args);
        rig.finish_load(Ok(staircase(2 * SECOND)));
    }
    rig.send("/play_stem", &[i(100)]);
    rig.send("/schedule_c_at", &[f(1.0)]);
    rig.send("/memory_cleanup", &[]);
    for id in [101, 3100] {
        rig.send("/play_stem", &[i(id)]);
    }
    rig.tick();
    assert_eq!(rig.replies_to("/error").len(), 2);
    rig.send("/start_group", &[s("B")]);
    rig.run_to(1.2);
    assert_eq!(rig.replies_to("/error").len(), 2);
    assert_eq!(rig.status().decks.iter().map(|d| d.playing).collect::<Vec<_>>(), [1, 1, 1, 0]);
}

#[test]
fn mixer_cleanup_stops_and_unloads_everything() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(0.5), s("A")]);
    rig.run(2);
    rig.send("/mixer_cleanup", &[]);
    rig.run_to(1.0);
    assert!(rig.sound[SECOND / 2..].iter().all(|x| *x == 0.0));
    rig.send("/play_stem", &[i(100)]);
    rig.tick();
    assert_eq!(rig.replies_to("/error")[0].args[2], s("state"));
}

#[test]
fn a_damaged_file_is_answered_with_what_is_missing_and_counted_in_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (folder.path().join("whole.wav"), folder.path().join("cut.wav"));
    write_wav(&whole, &vec![8_000; 2 * SECOND]);
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 4 * SECOND]).unwrap();
    let read = decoder(SampleRate::CD, 1 << 30, MemoryBudget::new(1 << 30), Generators::default());
    let mut rig = Rig::new();
    for (id, path) in [(100, &whole), (200, &cut)] {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.finish_load(read(path, &Arc::default()));
        rig.run(2);
    }
    rig.send("/status", &[]);
    rig.run(2);
    let damaged = rig.replies_to("/damaged");
    assert_eq!((damaged.len(), &damaged[0].args[0]), (1, &i(200)));
    assert!(format!("{:?}", damaged[0].args[2]).contains("44100 of 88200 frames"), "{damaged:?}");
    assert_eq!(rig.replies_to("/status").last().unwrap().args[15], i(1));
}

#[test]
fn surround_that_would_clip_in_stereo_is_answered_with_by_how_much_it_is_lowered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surround.wav");
    let audio = crowd_media::Audio::new(crowd_media::Samples::F32(vec![0.9; 6 * SECOND]), 44_100, 6).unwrap();
    crowd_media::wav::write(&path, &audio, crowd_media::SampleFormat::F32).unwrap();
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.finish_load(decoder(SampleRate::CD, 1 << 30, MemoryBudget::new(1 << 30), Generators::default())(
        &path,
        &Arc::default(),
    ));
    rig.run(2);
    rig.send("/status", &[]);
    rig.run(2);
    // Front, centre and surround at 0.9 give 2.17, which is 6.7 dB over full scale.
    let expected = -20.0 * (0.9 * (1.0 + 2.0 * 0.5_f32.sqrt())).log10();
    let OscType::Float(decibels) = rig.replies_to("/lowered")[0].args[2] else { panic!("no number") };
    assert!((decibels - expected).abs() < 0.01, "{decibels}, not {expected}");
    assert_eq!(rig.replies_to("/status/deck")[0].args[9], f(decibels));
}
