//! What the app promises, shown on an engine without a device.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use audio_server::app::{Memory, decoder};
use audio_server::refusal::Kind;
use common::*;
use crowd_engine::SampleRate;
use crowd_engine::tempo::MovementConfig;
use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECOND: usize = RATE as usize;

/// Checks that the staircase of `frames` steps sounds from frame `from` on, starting with its step `step`.
fn assert_staircase(sound: &[f32], from: usize, step: usize, frames: usize, gain: f32) {
    for n in 0..(frames - step).min(4_000) {
        let expected = gain * (step + n + 1) as f32 / frames as f32;
        let got = sound[from + n];
        assert!((got - expected).abs() < 1e-6, "frame {} + {n}: {got}, not {expected}", from);
    }
}

#[test]
fn twenty_plays_right_after_their_loads_all_sound() {
    let mut rig = Rig::new();
    let ids: Vec<i32> = (0..20).map(|n| 100 + 1000 * (n % 4) + n).collect();
    for id in &ids {
        rig.send("/load_buffer", &[i(*id), s(&any_file())]);
        rig.send("/play_stem", &[i(*id), f(1.0), f(0.5), i(0)]);
    }
    rig.run(3);
    assert_eq!(rig.first_sound(), None);
    for _ in &ids {
        rig.arrive(Ok(staircase(SECOND)));
    }
    rig.run(2);
    assert_eq!(rig.status().decks.iter().map(|deck| deck.playing).sum::<u8>(), 20);
    assert_eq!(rig.heard("/loaded").len(), 20);
    assert_eq!(rig.heard("/error"), Vec::<&OscMessage>::new());
}

#[test]
fn the_latest_of_several_waiting_plays_counts() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100), f(1.0), f(0.1), i(0)]);
    rig.send("/play_stem", &[i(100), f(1.0), f(0.2), i(0)]);
    rig.send("/stem_volume", &[i(100), f(0.5)]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(5);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from, 0, SECOND, 0.5);
}

#[test]
fn a_stop_takes_back_a_play_that_waits() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.send("/stop_stem", &[i(100)]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(5);
    assert_eq!(rig.first_sound(), None);
    assert_eq!(rig.heard("/error").len(), 0);
    rig.send("/stop_stem", &[i(100)]);
    rig.tick();
    assert_eq!(rig.heard("/error").len(), 1);
}

#[test]
fn a_group_in_the_past_waits_for_all_and_starts_in_one_sample() {
    let mut rig = Rig::new();
    rig.run(10);
    for deck in ["A", "B", "C"] {
        rig.send("/cue", &[s(deck), s(&any_file())]);
    }
    rig.send("/start_group", &[f(0.0), s("A"), s("B"), s("C")]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(3);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(3);
    assert_eq!(rig.first_sound(), None);
    rig.arrive(Err("broken.wav: not a sound file".into()));
    rig.run(5);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from, 0, SECOND, 2.0);
    let errors = rig.heard("/error");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].args, [s("/cue"), s("broken.wav: not a sound file"), s("load")]);
}

#[test]
fn a_group_in_the_future_starts_in_its_frame() {
    let mut rig = Rig::new();
    rig.run(10);
    rig.send("/reset", &[]);
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/start_group", &[s("A"), f(1.0)]);
    let zero = usize::try_from(rig.status().horizon.0).unwrap();
    // The file comes 0.1 s before its time.
    rig.run_to((zero as f64) / RATE as f64 + 0.9);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(20);
    assert_eq!(rig.first_sound(), Some(zero + SECOND));
    assert_staircase(&rig.sound, zero + SECOND, 0, SECOND, 1.0);
    assert_eq!(rig.heard("/late").len(), 0);
}

#[test]
fn a_late_load_enters_with_its_phase_kept_and_says_so() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/cue", &[s("B"), s(&any_file())]);
    rig.send("/start_group", &[f(1.0), s("A"), s("B")]);
    let zero = 0;
    rig.arrive(Ok(staircase(4 * SECOND)));
    rig.run_to(2.0);
    let entry = rig.sound.len();
    assert_staircase(&rig.sound, zero + SECOND, 0, 4 * SECOND, 1.0);
    rig.arrive(Ok(staircase(4 * SECOND)));
    rig.run(10);
    // Both in phase from then on, behind the milliseconds of the entry.
    assert_staircase(&rig.sound, entry + 500, entry + 500 - SECOND, 4 * SECOND, 2.0);
    let late = rig.heard("/late");
    // Two workers load side by side: which of the decks got the first file is theirs to decide.
    assert!([s("A"), s("B")].contains(&late[0].args[0]), "{late:?}");
    let OscType::Float(seconds) = late[0].args[1] else { panic!("{late:?}") };
    assert!((seconds - 1.0).abs() < 0.1, "{seconds}");
}

#[test]
fn a_deck_with_nothing_cued_is_refused_and_the_others_start() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(0.0), s("A"), s("D")]);
    rig.run(5);
    assert!(rig.first_sound().is_some());
    assert_eq!(rig.heard("/error")[0].args[0], s("/start_group"));
    assert_eq!(rig.heard("/error")[0].args[2], s("state"));
}

#[test]
fn a_cue_leaves_what_sounds_alone_until_it_is_started() {
    let mut rig = Rig::new();
    rig.send("/play", &[s("A"), s(&any_file()), f(0.0)]);
    rig.arrive(Ok(staircase(4 * SECOND)));
    rig.run(1);
    let from = rig.first_sound().unwrap();
    rig.send("/cue", &[s("A"), s(&any_file()), f(0.5)]);
    rig.arrive(Ok(staircase(2 * SECOND)));
    rig.send("/start_group", &[f(1.0), s("A")]);
    rig.run_to(1.5);
    for at in (from..SECOND - 4_000).step_by(1_000) {
        assert_staircase(&rig.sound[at..at + 4_000], 0, at - from, 4 * SECOND, 1.0);
    }
    // The new file from its middle on, once the old one has faded out behind it.
    assert_staircase(&rig.sound, SECOND + 300, SECOND + 300, 2 * SECOND, 1.0);
}

#[test]
fn a_reset_takes_back_what_was_planned() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(1.0), s("A")]);
    rig.send("/fade", &[s("A"), f(1.5)]);
    rig.run_to(0.5);
    rig.send("/reset", &[OscType::Array(rosc::OscArray { content: vec![] })]);
    rig.run_to(2.0);
    assert_eq!(rig.first_sound(), None);
    // Times count from the reset, half a second in.
    rig.send("/start_group", &[f(2.0), s("A")]);
    rig.run_to(4.0);
    let from = rig.first_sound().unwrap();
    assert!(from.abs_diff(5 * SECOND / 2) <= 2 * BLOCK, "{from}");
}

#[test]
fn a_faded_deck_is_audible_again_when_it_is_played() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(3);
    rig.send("/fade", &[s("A"), f(0.0), f(0.1)]);
    rig.run(10);
    assert!(rig.sound[rig.sound.len() - BLOCK..].iter().all(|x| *x == 0.0));
    rig.send("/play_stem", &[i(100), f(1.0), f(1.0)]);
    rig.run(10);
    assert!(rig.sound[rig.sound.len() - BLOCK..].iter().any(|x| *x > 0.1));
}

#[test]
fn a_section_sounds_alone_once_or_over_and_over() {
    for looped in [0, 1] {
        let mut rig = Rig::new();
        rig.send("/load_buffer", &[i(100), s(&any_file())]);
        rig.send("/play_stem_section", &[i(100), f(0.25), f(0.5), f(1.0), f(1.0), i(looped)]);
        rig.arrive(Ok(staircase(SECOND)));
        rig.run_to(1.5);
        let from = rig.first_sound().unwrap();
        let (quarter, last) = (SECOND / 4, rig.sound.len() - from);
        // Behind the entry's first milliseconds.
        assert_staircase(&rig.sound[..from + quarter], from + 100, quarter + 100, SECOND / 2, 0.5);
        let behind = &rig.sound[from + quarter + 200..from + last];
        if looped == 0 {
            assert!(behind.iter().all(|x| *x == 0.0));
        } else {
            assert!(behind.iter().all(|x| *x > 0.24 && *x < 0.51));
        }
    }
}

#[test]
fn stems_of_a_deck_are_refused_when_all_its_places_play() {
    let mut rig = Rig::new();
    for id in 100..117 {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.arrive(Ok(staircase(SECOND)));
        rig.send("/play_stem", &[i(id)]);
    }
    rig.run(2);
    assert_eq!(rig.heard("/error").len(), 1);
    assert!(format!("{:?}", rig.heard("/error")[0]).contains("plays 16 stems already"));
    rig.send("/stop_stem", &[i(105)]);
    rig.send("/play_stem", &[i(116)]);
    rig.run(2);
    assert_eq!(rig.heard("/error").len(), 1);
    assert_eq!(rig.status().decks[0].playing, 16);
}

#[test]
fn a_stem_that_ended_makes_room() {
    let mut rig = Rig::new();
    for id in 1100..1140 {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.arrive(Ok(staircase(500)));
        rig.send("/play_stem", &[i(id), f(1.0), f(1.0), i(0)]);
        rig.run(2);
    }
    assert_eq!(rig.heard("/error").len(), 0);
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
        rig.arrive(Ok(staircase(2 * SECOND)));
    }
    rig.send("/play_stem", &[i(100)]);
    rig.send("/schedule_c_at", &[f(1.0)]);
    rig.send("/memory_cleanup", &[]);
    for id in [101, 3100] {
        rig.send("/play_stem", &[i(id)]);
    }
    rig.tick();
    assert_eq!(rig.heard("/error").len(), 2);
    rig.send("/start_group", &[s("B")]);
    rig.run_to(1.2);
    assert_eq!(rig.heard("/error").len(), 2);
    assert_eq!(rig.status().decks.iter().map(|d| d.playing).collect::<Vec<_>>(), [1, 1, 1, 0]);
}

#[test]
fn mixer_cleanup_silences_and_forgets() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.send("/start_group", &[f(0.5), s("A")]);
    rig.run(2);
    rig.send("/mixer_cleanup", &[]);
    rig.run_to(1.0);
    assert!(rig.sound[SECOND / 2..].iter().all(|x| *x == 0.0));
    rig.send("/play_stem", &[i(100)]);
    rig.tick();
    assert_eq!(rig.heard("/error")[0].args[2], s("state"));
}

#[test]
fn sync_is_answered_when_loads_are_done_and_commands_have_acted() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/sync", &[i(7)]);
    rig.app.datagram(client(2), &packet("/deck_levels", &[f(0.5)]));
    rig.app.datagram(client(2), &packet("/sync", &[i(8)]));
    rig.tick();
    assert_eq!(rig.heard("/synced").len(), 0);
    rig.run(4);
    assert_eq!(rig.replies.last().map(|(to, m)| (*to, m.args.clone())), Some((client(2), vec![i(8)])));
    rig.arrive(Ok(staircase(SECOND)));
    rig.run(4);
    assert_eq!(rig.replies.last().map(|(to, m)| (*to, m.args.clone())), Some((client(1), vec![i(7)])));
}

#[test]
fn status_tells_the_mix_and_every_deck() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("B"), s(&any_file())]);
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.arrive(Ok(staircase(SECOND)));
    rig.send("/play_stem", &[i(100)]);
    rig.send("/deck_levels", &[f(0.5)]);
    rig.run_to(0.5);
    rig.send("/get_status", &[]);
    rig.tick();
    let status = rig.heard("/status");
    assert_eq!(status.len(), 1);
    assert_eq!(status[0].args.len(), 24);
    assert_eq!(status[0].args[1], f(120.0));
    let decks = rig.heard("/status/deck");
    let told: Vec<_> = decks.iter().map(|d| (&d.args[0], &d.args[1], &d.args[3])).collect();
    assert_eq!(
        told,
        [
            (&s("A"), &s("playing"), &f(0.5)),
            (&s("B"), &s("cued"), &f(1.0)),
            (&s("C"), &s("empty"), &f(1.0)),
            (&s("D"), &s("empty"), &f(1.0)),
        ]
    );
}

#[test]
fn a_burst_of_a_thousand_is_obeyed_to_the_last() {
    let mut rig = Rig::new();
    for n in 0..1_000 {
        rig.app.datagram(client(1), &packet("/deck_levels", &[f(n as f32 / 1_000.0), f(0.0), f(0.0), f(0.25)]));
    }
    rig.run(4);
    assert_eq!(rig.app.received(), 1_000);
    assert_eq!(rig.app.tally().total(), 0);
    let decks = rig.status().decks;
    assert_eq!((decks[0].level, decks[3].level), (0.999, 0.25));
}

#[test]
fn bad_messages_are_counted_answered_and_change_no_sample() {
    let play = |bad: bool| {
        let mut rig = Rig::new();
        rig.send("/load_buffer", &[i(100), s(&any_file())]);
        rig.arrive(Ok(staircase(SECOND)));
        rig.send("/play_stem", &[i(100)]);
        for _ in 0..10 {
            if bad {
                rig.send("/deck_levels", &[f(f32::NAN), f(1.0)]);
                rig.send("/set_tempo", &[f(f32::INFINITY)]);
                rig.send("/dance/total_movement", &[f(f32::NAN)]);
                rig.send("/deck_eq", &[s("X"), s("low"), f(0.0)]);
                rig.send("/play_stem", &[i(99)]);
                rig.send("/nonsense", &[]);
                rig.app.datagram(client(1), &[0; 9_000]);
                rig.app.datagram(client(1), b"garbage!");
            }
            rig.run(2);
        }
        if bad {
            assert_eq!(rig.app.tally().total(), 80);
            assert_eq!(rig.heard("/error").len(), 80);
            let kinds: Vec<Kind> = rig.app.tally().by_kind().map(|(kind, _)| kind).collect();
            assert_eq!(kinds, [Kind::TooLarge, Kind::Malformed, Kind::UnknownAddress, Kind::BadArgument]);
        }
        rig.sound
    };
    assert!(play(true) == play(false));
}

#[test]
fn a_cue_that_fails_leaves_the_one_before_in_its_place() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s(&any_file()), f(0.5)]);
    rig.arrive(Ok(staircase(SECOND)));
    rig.send("/cue", &[s("A"), s("/no/such/file.wav")]);
    rig.take_load();
    assert_eq!(rig.heard("/error").len(), 1);
    rig.send("/cue", &[s("A"), s(&any_file())]);
    rig.send("/start_group", &[f(0.0), s("A")]);
    rig.arrive(Err("broken.mp3: not music".into()));
    rig.run(8);
    assert_eq!(rig.heard("/error").len(), 2);
    let from = rig.first_sound().unwrap();
    assert_staircase(&rig.sound, from + 64, SECOND / 2 + 64, SECOND, 1.0);
}

#[test]
fn an_engine_that_takes_nothing_is_waited_for_and_then_told() {
    let mut rig = Rig::new();
    for n in 0..70_000 {
        rig.send("/deck_levels", &[f((n % 100) as f32 / 100.0)]);
    }
    let refused = rig.app.tally().total();
    assert!((1..6_000).contains(&refused), "{refused}");
    rig.tick();
    assert_eq!(rig.heard("/error").last().unwrap().args[2], s("busy"));
    rig.run(40);
    rig.send("/deck_levels", &[f(0.375)]);
    rig.run(4);
    assert_eq!(rig.status().decks[0].level, 0.375);
    assert_eq!(rig.app.tally().total(), refused);
}

#[test]
fn a_stalled_loader_disturbs_nothing() {
    let play = |stalled: usize| {
        let mut rig = Rig::new();
        rig.send("/play", &[s("A"), s(&any_file())]);
        rig.arrive(Ok(staircase(SECOND)));
        for _ in 0..stalled {
            rig.send("/cue", &[s("B"), s(&any_file())]);
        }
        for n in 0..10 {
            rig.send("/deck_levels", &[f(n as f32 / 10.0)]);
            rig.run(4);
        }
        assert_eq!(rig.heard("/error").len(), 0);
        rig.sound
    };
    assert!(play(0) == play(50));
}

#[test]
fn what_detectors_send_besides_movement_costs_nothing() {
    let mut rig = Rig::new();
    let keypoints = vec![f(0.5); 51];
    for _ in 0..1_000 {
        rig.send("/dance/keypoints", &keypoints);
        rig.send("/pose_keypoints", &keypoints);
        rig.send("/dance/arm_movement", &[f(0.5)]);
        rig.send("/person_count", &[i(3)]);
    }
    rig.run(1);
    let commands = rig.status().commands;
    assert_eq!((commands, rig.app.tally().total(), rig.app.received()), (0, 0, 4_000));
}

#[test]
fn a_bundle_acts_at_its_time_and_in_order() {
    let mut rig = Rig::new();
    // The app must have seen the engine move with the clock on the wall to know when a time is.
    let began = SystemTime::now();
    rig.tick();
    let ahead = Duration::from_millis(700);
    let tag = |time: SystemTime| {
        let ntp = time.duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(2_208_988_800);
        let fraction = (u64::from(ntp.subsec_nanos()) << 32) / 1_000_000_000;
        OscTime { seconds: ntp.as_secs() as u32, fractional: fraction as u32 }
    };
    let level = |value| OscPacket::Message(OscMessage { addr: "/deck_levels".into(), args: vec![f(value)] });
    let bundle = |at, content| encoder::encode(&OscPacket::Bundle(OscBundle { timetag: tag(at), content })).unwrap();
    rig.app.datagram(client(1), &bundle(began + ahead, vec![level(0.1), level(0.2)]));
    rig.app.datagram(client(1), &bundle(began, vec![level(0.7)]));
    rig.app.datagram(client(1), &bundle(began + Duration::from_secs(9_999), vec![level(0.9)]));
    rig.run(4);
    assert_eq!(rig.status().decks[0].level, 0.7);
    assert!(rig.heard("/error")[0].args[1] != s(""), "the far future is refused");
    rig.run_to(1.0);
    assert_eq!(rig.status().decks[0].level, 0.2);
}

#[test]
fn movement_reaches_99_percent_in_30_seconds_up_and_down() {
    for (movement, target) in [(0.0, 105.0), (1.0, 130.0)] {
        let mut rig = Rig::new();
        rig.send("/dance/total_movement", &[f(movement)]);
        let mut passed = None;
        while passed.is_none() {
            rig.run(1);
            rig.send("/dance/total_movement", &[f(movement)]);
            let way = (rig.status().tempo - 120.0) / (target - 120.0);
            passed = (way >= 0.99).then(|| rig.sound.len() as f64 / RATE as f64);
            rig.tick();
        }
        let seconds = passed.unwrap();
        assert!((seconds - 30.0).abs() < 0.1, "{target} BPM: {seconds} s");
    }
}

#[test]
fn a_set_tempo_holds_movement_off() {
    let mut rig = Rig::new();
    rig.send("/set_tempo", &[f(100.0)]);
    rig.send("/dance/total_movement", &[f(1.0)]);
    rig.run_to(1.0);
    assert_eq!(rig.status().tempo, 100.0);
    rig.send("/movement_bpm", &[i(1)]);
    rig.run_to(2.0);
    assert!(rig.status().tempo > 101.0 && rig.status().tempo_target == 130.0);
    rig.send("/movement_bpm", &[i(0)]);
    rig.run(2);
    let held = rig.status().tempo;
    rig.send("/dance/total_movement", &[f(0.0)]);
    rig.run_to(3.0);
    assert_eq!(rig.status().tempo, held);
}

#[test]
fn a_hold_may_end_by_itself_and_silence_of_the_crowd_too() {
    let movement = MovementConfig { stale_after: Some(Duration::from_secs(3)), ..MovementConfig::default() };
    let mut rig = Rig::with(movement, |settings| settings.tempo_hold = Some(Duration::from_secs(1)));
    rig.send("/dance/total_movement", &[f(1.0)]);
    rig.send("/set_tempo", &[f(100.0)]);
    rig.run_to(0.9);
    assert_eq!(rig.status().tempo, 100.0);
    rig.run_to(2.0);
    assert_eq!(rig.status().tempo_target, 130.0);
    rig.run_to(4.0);
    assert_eq!(rig.status().tempo_target, 120.0);
}

#[test]
fn a_disabled_equaliser_refuses() {
    let mut rig = Rig::with(MovementConfig::default(), |settings| settings.filters = false);
    rig.send("/deck_eq", &[s("A"), s("low"), f(0.0)]);
    rig.tick();
    assert!(format!("{:?}", rig.heard("/error")[0].args).contains("--disable-filters"));
}

#[test]
fn seeks_and_loops_move_what_plays() {
    let mut rig = Rig::new();
    rig.send("/deck/seek", &[s("A"), f(1.0)]);
    rig.send("/play", &[s("A"), s(&any_file())]);
    rig.arrive(Ok(staircase(4 * SECOND)));
    rig.run(2);
    rig.send("/deck/seek", &[s("A"), f(9.0)]);
    rig.tick();
    let errors: Vec<_> = rig.heard("/error").iter().map(|e| e.args[0].clone()).collect();
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
fn who_loads_a_damaged_file_is_told_what_is_missing_and_the_status_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (folder.path().join("whole.wav"), folder.path().join("cut.wav"));
    write_wav(&whole, &vec![8_000; 2 * SECOND]);
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 4 * SECOND]).unwrap();
    let read = decoder(SampleRate::CD, 1 << 30, Memory::new(1 << 30));
    let mut rig = Rig::new();
    for (id, path) in [(100, &whole), (200, &cut)] {
        rig.send("/load_buffer", &[i(id), s(&any_file())]);
        rig.arrive(read(path, &Arc::default()));
        rig.run(2);
    }
    rig.send("/status", &[]);
    rig.run(2);
    let damaged = rig.heard("/damaged");
    assert_eq!((damaged.len(), &damaged[0].args[0]), (1, &i(200)));
    assert!(format!("{:?}", damaged[0].args[2]).contains("44100 of 88200 frames"), "{damaged:?}");
    assert_eq!(rig.heard("/status").last().unwrap().args[15], i(1));
}

#[test]
fn who_loads_surround_that_would_clip_in_stereo_is_told_by_how_much_it_is_lowered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surround.wav");
    let audio = crowd_media::Audio::new(crowd_media::Samples::F32(vec![0.9; 6 * SECOND]), 44_100, 6).unwrap();
    crowd_media::wav::write(&path, &audio, crowd_media::wav::Format::F32).unwrap();
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.arrive(decoder(SampleRate::CD, 1 << 30, Memory::new(1 << 30))(&path, &Arc::default()));
    rig.run(2);
    rig.send("/status", &[]);
    rig.run(2);
    // Front, centre and surround at 0.9: 2.17, 6.7 dB over full scale.
    let expected = -20.0 * (0.9 * (1.0 + 2.0 * 0.5_f32.sqrt())).log10();
    let OscType::Float(told) = rig.heard("/lowered")[0].args[2] else { panic!("no number") };
    assert!((told - expected).abs() < 0.01, "{told}, not {expected}");
    assert_eq!(rig.heard("/status/deck")[0].args[9], f(told));
}
