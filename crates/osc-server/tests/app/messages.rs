//! Messages: received, refused and answered.

use crate::common::*;
use audio_server::refusal::RefusalKind;
use crowd_engine::tempo::MovementConfig;
use rosc::{OscBundle, OscMessage, OscPacket, OscTime, encoder};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[test]
fn sync_is_answered_when_loads_are_done_and_commands_have_acted() {
    let mut rig = Rig::new();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/sync", &[i(7)]);
    rig.app.handle_datagram(client(2), &packet("/deck_levels", &[f(0.5)]));
    rig.app.handle_datagram(client(2), &packet("/sync", &[i(8)]));
    rig.tick();
    assert_eq!(rig.replies_to("/synced").len(), 0);
    rig.run(4);
    assert_eq!(rig.replies.last().map(|(to, m)| (*to, m.args.clone())), Some((client(2), vec![i(8)])));
    rig.finish_load(Ok(staircase(SECOND)));
    rig.run(4);
    assert_eq!(rig.replies.last().map(|(to, m)| (*to, m.args.clone())), Some((client(1), vec![i(7)])));
}

#[test]
fn the_status_has_the_mix_and_every_deck() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("B"), s(&any_file())]);
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.finish_load(Ok(staircase(SECOND)));
    rig.finish_load(Ok(staircase(SECOND)));
    rig.send("/play_stem", &[i(100)]);
    rig.send("/deck_levels", &[f(0.5)]);
    rig.run_to(0.5);
    rig.send("/get_status", &[]);
    rig.tick();
    let status = rig.replies_to("/status");
    assert_eq!(status.len(), 1);
    assert_eq!(status[0].args.len(), 28);
    assert_eq!(status[0].args[24..], [s("off"), f(0.0), f(0.0), i(0)]);
    assert_eq!(status[0].args[1], f(120.0));
    let decks = rig.replies_to("/status/deck");
    let states: Vec<_> = decks.iter().map(|d| (&d.args[0], &d.args[1], &d.args[3])).collect();
    assert_eq!(
        states,
        [
            (&s("A"), &s("playing"), &f(0.5)),
            (&s("B"), &s("cued"), &f(1.0)),
            (&s("C"), &s("empty"), &f(1.0)),
            (&s("D"), &s("empty"), &f(1.0)),
        ]
    );
}

#[test]
fn what_plays_is_the_name_on_the_loudest_deck() {
    let mut rig = Rig::new();
    assert_eq!(rig.app.playing_name(), None);
    for (id, name) in [(100, "one"), (1_100, "two"), (2_100, "cued")] {
        rig.send("/load_buffer", &[i(id), s(&any_file()), s(name)]);
        rig.finish_load(Ok(staircase(SECOND)));
    }
    rig.send("/play_stem", &[i(100)]);
    rig.send("/play_stem", &[i(1_100)]);
    for (levels, expected) in
        [([1.0, 1.0], Some("one")), ([0.5, 1.0], Some("two")), ([0.5, 0.4], Some("one")), ([0.0, 0.0], None)]
    {
        rig.send("/deck_levels", &levels.map(f));
        rig.run(8);
        assert_eq!(rig.app.playing_name().as_deref(), expected, "{levels:?}");
    }
}

#[test]
fn a_burst_of_a_thousand_is_handled_completely() {
    let mut rig = Rig::new();
    for n in 0..1_000 {
        rig.app.handle_datagram(client(1), &packet("/deck_levels", &[f(n as f32 / 1_000.0), f(0.0), f(0.0), f(0.25)]));
    }
    rig.run(4);
    assert_eq!(rig.app.received(), 1_000);
    assert_eq!(rig.app.refusals().total(), 0);
    let decks = rig.status().decks;
    assert_eq!((decks[0].fader, decks[3].fader), (0.999, 0.25));
}

#[test]
fn bad_messages_are_counted_answered_and_change_no_sample() {
    let play = |bad: bool| {
        let mut rig = Rig::new();
        rig.send("/load_buffer", &[i(100), s(&any_file())]);
        rig.finish_load(Ok(staircase(SECOND)));
        rig.send("/play_stem", &[i(100)]);
        for _ in 0..10 {
            if bad {
                rig.send("/deck_levels", &[f(f32::NAN), f(1.0)]);
                rig.send("/set_tempo", &[f(f32::INFINITY)]);
                rig.send("/dance/total_movement", &[f(f32::NAN)]);
                rig.send("/deck_eq", &[s("X"), s("low"), f(0.0)]);
                rig.send("/play_stem", &[i(99)]);
                rig.send("/nonsense", &[]);
                rig.app.handle_datagram(client(1), &[0; 9_000]);
                rig.app.handle_datagram(client(1), b"garbage!");
            }
            rig.run(2);
        }
        if bad {
            assert_eq!(rig.app.refusals().total(), 80);
            assert_eq!(rig.replies_to("/error").len(), 80);
            let kinds: Vec<RefusalKind> = rig.app.refusals().by_kind().map(|(kind, _)| kind).collect();
            assert_eq!(
                kinds,
                [RefusalKind::TooLarge, RefusalKind::Malformed, RefusalKind::UnknownAddress, RefusalKind::BadArgument]
            );
        }
        rig.sound
    };
    assert!(play(true) == play(false));
}

#[test]
fn messages_are_refused_as_busy_when_the_engine_takes_no_commands() {
    let mut rig = Rig::new();
    for n in 0..70_000 {
        rig.send("/deck_levels", &[f((n % 100) as f32 / 100.0)]);
    }
    let refused = rig.app.refusals().total();
    assert!((1..6_000).contains(&refused), "{refused}");
    rig.tick();
    assert_eq!(rig.replies_to("/error").last().unwrap().args[2], s("busy"));
    rig.run(40);
    rig.send("/deck_levels", &[f(0.375)]);
    rig.run(4);
    assert_eq!(rig.status().decks[0].fader, 0.375);
    assert_eq!(rig.app.refusals().total(), refused);
}

#[test]
fn a_stalled_loader_changes_no_sample() {
    let play = |stalled: usize| {
        let mut rig = Rig::new();
        rig.send("/play", &[s("A"), s(&any_file())]);
        rig.finish_load(Ok(staircase(SECOND)));
        for _ in 0..stalled {
            rig.send("/cue", &[s("B"), s(&any_file())]);
        }
        for n in 0..10 {
            rig.send("/deck_levels", &[f(n as f32 / 10.0)]);
            rig.run(4);
        }
        assert_eq!(rig.replies_to("/error").len(), 0);
        rig.sound
    };
    assert!(play(0) == play(50));
}

#[test]
fn messages_of_detectors_other_than_movement_send_no_command() {
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
    assert_eq!((commands, rig.app.refusals().total(), rig.app.received()), (0, 0, 4_000));
}

#[test]
fn a_bundle_acts_at_its_time_and_in_order() {
    let mut rig = Rig::new();
    // The app must have observed the engine before it can map times of day to frames.
    let began = SystemTime::now();
    rig.tick();
    let from_now = Duration::from_millis(700);
    let tag = |time: SystemTime| {
        let ntp = time.duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(2_208_988_800);
        let fraction = (u64::from(ntp.subsec_nanos()) << 32) / 1_000_000_000;
        OscTime { seconds: ntp.as_secs() as u32, fractional: fraction as u32 }
    };
    let fader = |value| OscPacket::Message(OscMessage { addr: "/deck_levels".into(), args: vec![f(value)] });
    let bundle = |at, content| encoder::encode(&OscPacket::Bundle(OscBundle { timetag: tag(at), content })).unwrap();
    rig.app.handle_datagram(client(1), &bundle(began + from_now, vec![fader(0.1), fader(0.2)]));
    rig.app.handle_datagram(client(1), &bundle(began, vec![fader(0.7)]));
    rig.app.handle_datagram(client(1), &bundle(began + Duration::from_secs(9_999), vec![fader(0.9)]));
    rig.run(4);
    assert_eq!(rig.status().decks[0].fader, 0.7);
    assert!(rig.replies_to("/error")[0].args[1] != s(""), "the far future is refused");
    rig.run_to(1.0);
    assert_eq!(rig.status().decks[0].fader, 0.2);
}

#[test]
fn messages_to_a_disabled_equaliser_are_refused() {
    let mut rig = Rig::with(MovementConfig::default(), |settings| settings.equaliser = false);
    rig.send("/deck_eq", &[s("A"), s("low"), f(0.0)]);
    rig.tick();
    assert!(format!("{:?}", rig.replies_to("/error")[0].args).contains("--disable-filters"));
}
