//! Keylock, stretch methods, and a deck's own tempo and sync: scores that the program renders, measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use assert_cmd::Command;
use common::*;
use crowd_engine::StretchMethod;
use rosc::OscType;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

struct ScoreFolder(tempfile::TempDir);

impl ScoreFolder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a sound; `sound` returns the left and right sample of a frame.
    fn write(&self, name: &str, frames: usize, sound: impl Fn(usize) -> [f64; 2]) {
        let sample = |x: f64| (x * 32_767.0).round() as i16;
        let samples: Vec<i16> = (0..frames).flat_map(|n| sound(n).map(sample)).collect();
        let audio = crowd_media::Audio::new(crowd_media::Samples::I16(samples), RATE as u32, 2).unwrap();
        crowd_media::wav::write(&self.file(name), &audio, crowd_media::SampleFormat::I16).unwrap();
    }

    fn tone(&self, seconds: usize) {
        self.write("tone.wav", seconds * SECOND, |n| [0.5 * (n as f64 * 440.0 * RADIANS_PER_FRAME).sin(); 2]);
    }

    fn program(&self, score: &str, args: &[&str]) -> Command {
        fs::write(self.file("score.txt"), score).unwrap();
        let mut command = Command::cargo_bin("audio-server").unwrap();
        command.current_dir(self.0.path()).args(["--score", "score.txt", "--render", "out.wav"]).args(args);
        command
    }

    /// Both channels of a rendered score, in which no message was refused.
    fn render(&self, score: &str, args: &[&str]) -> [Vec<f32>; 2] {
        let output = self.program(score, args).assert().success();
        let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(log.contains(" 0 refused"), "{log}");
        let audio = crowd_media::open(&self.file("out.wav"), &crowd_media::DecodeOptions::default()).unwrap();
        let sound = audio.to_f32();
        [0, 1].map(|channel| sound.iter().skip(channel).step_by(2).copied().collect())
    }
}

/// The RMS of the quietest 10 ms.
fn quietest(sound: &[f32]) -> f32 {
    let rms = |chunk: &[f32]| (chunk.iter().map(|x| x * x).sum::<f32>() / chunk.len() as f32).sqrt();
    sound.chunks_exact(441).map(rms).fold(f32::MAX, f32::min)
}

#[test]
fn with_keylock_the_pitch_stays_within_a_cent_and_without_it_follows_the_tempo() {
    let folder = ScoreFolder::new();
    folder.tone(12);
    for tempo in [118.0, 120.0, 130.0] {
        for method in StretchMethod::ALL {
            let keylock = i32::from(method.keeps_pitch());
            // With keylock a deck uses the method of the command line. Without keylock that has no effect.
            let score = format!("0 /set_tempo {tempo}\n0 /deck/keylock A {keylock}\n0 /play A tone.wav");
            let [sound, _] = folder.render(&score, &["--stretch-method", method.name()]);
            let end = (12.0 * RATE as f64 * 120.0 / tempo) as usize;
            let last = sound.iter().rposition(|x| x.abs() > 0.01).unwrap();
            assert!(last.abs_diff(end) < SECOND / 20, "{tempo} BPM, {method}: ends at {last}, not {end}");
            let sound = &sound[4_410..end - 4_410];
            let expected = if keylock == 1 { 440.0 } else { 440.0 * tempo / 120.0 };
            let off = cents(hertz(sound), expected);
            println!("{tempo} BPM, {method}: {off:+.3} cents");
            assert!(off.abs() < 1.0, "{tempo} BPM, {method}: {off} cents");
            assert!(quietest(sound) > 0.25, "{tempo} BPM, {method}: {}", quietest(sound));
        }
    }
}

#[test]
fn the_method_of_the_command_line_is_used_until_a_message_sets_another() {
    let folder = ScoreFolder::new();
    folder.tone(4);
    let pitch = |score: &str, args: &[&str]| {
        let score = format!("0 /set_tempo 130\n{score}\n0 /play A tone.wav");
        hertz(&folder.render(&score, args)[0][4_410..3 * SECOND])
    };
    let (kept, moved) = (440.0, 440.0 * 130.0 / 120.0);
    for (score, args, expected) in [
        ("", &[][..], moved),
        ("", &["--stretch-method", "wsola"], kept),
        ("", &["--stretch-method", "audiotsm"], kept),
        ("", &["--stretch-method", "audiotsm", "--disable-time-stretch"], moved),
        ("0 /deck/keylock A 0", &["--stretch-method", "wsola"], moved),
        ("0 /deck/stretch A playback_rate", &["--stretch-method", "wsola"], moved),
        ("0 /deck/stretch A wsola", &[], kept),
        ("0 /deck/keylock B 1", &[], moved),
    ] {
        let off = cents(pitch(score, args), expected);
        assert!(off.abs() < 1.0, "{score} {args:?}: {off} cents");
    }
    let best = ["--stretch-method", "pyrubberband"];
    if StretchMethod::ALL.iter().any(|method| method.name() == "hq") {
        let off = cents(pitch("", &best), kept);
        assert!(off.abs() < 1.0, "{off} cents");
        assert!(cents(pitch("0 /deck/keylock A 0\n0 /deck/keylock A 1", &best), kept).abs() < 1.0);
    } else {
        let output = folder.program("0 /reset", &best).assert().code(1);
        let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(log.contains("--stretch-method") && log.contains("there are playback_rate, wsola"), "{log}");
    }
}

#[test]
fn changing_the_method_while_a_deck_plays_does_not_click() {
    let folder = ScoreFolder::new();
    folder.tone(12);
    for tempo in [105.0, 118.0, 130.0] {
        let mut score = format!("0 /set_tempo {tempo}\n0 /play A tone.wav\n");
        for n in 1..40 {
            let method = StretchMethod::ALL[n % StretchMethod::ALL.len()];
            let _ = writeln!(score, "{} /deck/stretch A {method}", 0.237 * n as f64);
        }
        let [sound, _] = folder.render(&score, &["--seconds", "10"]);
        let own = 0.5 * 440.0 * RADIANS_PER_FRAME * (tempo / 120.0f64).max(1.0);
        let largest_step = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        println!("{tempo} BPM: steps up to {largest_step:.4}, the tone's own {own:.4}");
        assert!(f64::from(largest_step) < own + 0.01, "{tempo} BPM: {largest_step} against {own}");
        assert!(sound.iter().any(|x| *x > 0.4));
    }
}

/// Writes a hit on every beat of `tempo`, the first at `first` seconds, over a quiet tone, in one channel.
fn write_beats(folder: &ScoreFolder, name: &str, channel: usize, tempo: f64, first: f64, hertz: f64) {
    let interval = 60.0 * RATE as f64 / tempo;
    folder.write(name, 100 * SECOND, |n| {
        let since = (n as f64 - first * RATE as f64).rem_euclid(interval).round();
        // A hit starts with its loudest sample, and is over after a tenth of a second.
        let hit = 0.7 * (-since / 900.0).exp() * (since * since * 0.37).cos();
        let hit = if (n as f64) < first * RATE as f64 - 1.0 { 0.0 } else { hit };
        let mut sound = [0.0; 2];
        sound[channel] = hit + 0.03 * (n as f64 * hertz * RADIANS_PER_FRAME).sin();
        sound
    });
}

/// The frames at which hits start.
fn hits(sound: &[f32]) -> Vec<usize> {
    let mut hits: Vec<usize> = Vec::new();
    for (n, x) in sound.iter().enumerate() {
        if x.abs() > 0.35 && hits.last().is_none_or(|last| n - last > SECOND / 5) {
            hits.push(n);
        }
    }
    hits
}

/// A score that syncs two decks of different tempo at odd times, and lets the tempo follow a crowd for a minute.
fn sync_score(method: &str) -> String {
    let mut score = format!(
        "0 /deck/tempo A 126 0.213\n0 /deck/tempo B 112.37 1.009\n0 /deck/sync A beat\n0 /deck/sync B beat\n\
         0 /deck/stretch A {method}\n0 /deck/stretch B {method}\n\
         0 /cue A a.wav\n0 /cue B b.wav 0.03\n0 /start_group 0.123 A\n0 /start_group 1.777 B\n"
    );
    for (n, movement) in [0.3, 0.9, 0.0, 0.04, 0.6, 0.0, 0.12, 1.0].into_iter().enumerate() {
        let _ = writeln!(score, "{} /dance/total_movement {movement}", 2 + 7 * n);
    }
    score
}

/// The largest distance between hits of the two decks, in milliseconds.
fn largest_distance([left, right]: &[Vec<f32>; 2], from: usize) -> f64 {
    let (left, right) = (hits(&left[from..]), hits(&right[from..]));
    assert!(left.len() > 100 && left.len().abs_diff(right.len()) <= 1, "{} and {}", left.len(), right.len());
    let nearest = |hit: &usize| right.iter().map(|other| other.abs_diff(*hit)).min().unwrap();
    let inner = &left[1..left.len() - 1];
    inner.iter().map(nearest).max().unwrap() as f64 * 1_000.0 / RATE as f64
}

#[test]
fn hits_of_two_decks_in_sync_coincide_within_a_millisecond_for_a_minute_of_moving_tempo() {
    let folder = ScoreFolder::new();
    write_beats(&folder, "a.wav", 0, 126.0, 0.213, 220.0);
    write_beats(&folder, "b.wav", 1, 112.37, 1.009, 300.0);
    for method in StretchMethod::ALL {
        let sound = folder.render(&sync_score(method.name()), &["--seconds", "62"]);
        let largest_distance = largest_distance(&sound, 2 * SECOND);
        println!("{method}: hits at most {largest_distance:.3} ms apart");
        assert!(largest_distance < 1.0, "{method}: {largest_distance} ms");
    }
}

#[test]
fn a_start_keeps_its_time_and_its_beats_are_on_those_of_the_clock() {
    let folder = ScoreFolder::new();
    write_beats(&folder, "a.wav", 0, 126.0, 0.213, 220.0);
    // At 120 BPM the clock's beats are at every half second after time zero.
    let start = "0 /deck/tempo A 126 0.213\n0 /deck/sync A bar\n0 /cue A a.wav 0.2\n0 /start_group 1.123 A\n";
    for (more, from, zero) in [
        ("", 1.2, 0.0),
        ("5.01 /deck/seek A 30", 5.1, 0.0),
        ("5.01 /reset", 5.1, 5.01),
        ("3 /deck/sync A 0\n4 /deck/seek A 30.3\n5.01 /deck/sync A beat", 5.1, 0.0),
    ] {
        let [sound, _] = folder.render(&format!("{start}{more}"), &["--seconds", "8"]);
        let frame = |seconds: f64| (seconds * RATE as f64).round() as usize;
        let first = sound.iter().position(|x| *x != 0.0).unwrap();
        assert!(first.abs_diff(frame(1.123)) < 2, "it begins at {first}");
        let hits = hits(&sound[frame(from)..]);
        assert!(hits.len() > 4);
        for hit in hits {
            let beat = (hit + frame(from)) as f64 - zero * RATE as f64;
            let off = beat / 22_050.0 - (beat / 22_050.0).round();
            // A hit starts some frames before its peak, because of the interpolator.
            assert!((off * 22_050.0).abs() < 4.0, "{more}: a hit {} frames off", off * 22_050.0);
        }
    }
}

#[test]
fn impossible_tempo_and_sync_of_a_deck_are_refused() {
    let mut rig = Rig::new();
    for (address, args, expected) in [
        ("/deck/sync", vec![s("A"), s("beat")], "deck A has no beat grid: set its tempo and where"),
        ("/deck/tempo", vec![s("A"), f(126.0)], ""),
        ("/deck/sync", vec![s("A"), s("bar")], "/deck/tempo A 126.00 0.1"),
        ("/deck/tempo", vec![s("A"), f(20.0)], "an impossible rate: rate 6x is out of range: give 0.0625 to 4x"),
        ("/deck/tempo", vec![s("A"), f(126.0), f(0.2)], ""),
        ("/deck/sync", vec![s("A"), s("bar")], ""),
        ("/deck/tempo", vec![s("A"), f(126.0)], "deck A is in sync: add the position of its first beat"),
        ("/deck/tempo", vec![s("A")], "deck A is in sync"),
        ("/deck/sync", vec![s("A"), i(0)], ""),
        ("/deck/tempo", vec![s("A")], ""),
        ("/deck/stretch", vec![s("A"), s("vinyl")], "not a method"),
    ] {
        let before = rig.replies_to("/error").len();
        rig.send(address, &args);
        rig.tick();
        let errors: Vec<String> = rig.replies_to("/error")[before..].iter().map(|e| format!("{:?}", e.args)).collect();
        assert_eq!(errors.len(), usize::from(!expected.is_empty()), "{address} {args:?}: {errors:?}");
        assert!(errors.iter().all(|error| error.contains(expected)), "{address} {args:?}: {errors:?}");
    }
}

#[test]
fn the_status_has_method_tempo_and_sync_of_every_deck() {
    let mut rig = Rig::with(crowd_engine::tempo::MovementConfig::default(), |settings| {
        settings.stretch = StretchMethod::Wsola;
    });
    rig.send("/deck/keylock", &[s("B"), i(0)]);
    rig.send("/deck/tempo", &[s("B"), f(126.0), f(0.2)]);
    rig.send("/deck/sync", &[s("B"), s("bar")]);
    rig.send("/deck/tempo", &[s("C"), f(100.0)]);
    rig.run(2);
    rig.send("/get_status", &[]);
    rig.tick();
    let fields: Vec<Vec<OscType>> =
        rig.replies_to("/status/deck").iter().map(|deck| deck.args[6..9].to_vec()).collect();
    assert_eq!(
        fields,
        [
            [s("wsola"), f(0.0), s("off")],
            [s("playback_rate"), f(126.0), s("bar")],
            [s("wsola"), f(100.0), s("off")],
            [s("wsola"), f(0.0), s("off")],
        ]
    );
    rig.send("/mixer_cleanup", &[]);
    rig.run(2);
    rig.send("/get_status", &[]);
    rig.tick();
    assert_eq!(rig.replies_to("/status/deck")[5].args[6..9], [s("playback_rate"), f(0.0), s("off")]);
    assert!(rig.status().decks.iter().all(|deck| deck.rate == 1.0));
}

#[test]
fn bars_stay_in_sync_when_the_beats_per_bar_change() {
    let mut rig = Rig::new();
    rig.send("/deck/tempo", &[s("A"), f(126.0), f(0.213)]);
    rig.send("/deck/sync", &[s("A"), s("bar")]);
    rig.send("/play", &[s("A"), s(&any_file())]);
    rig.finish_load(Ok(staircase(60 * SECOND)));
    for beats_per_bar in [4, 3, 7] {
        rig.send("/set_meter", &[i(beats_per_bar)]);
        rig.run(200);
        let status = rig.status();
        let beat = (status.decks[0].position - 0.213 * RATE as f64) / (60.0 * RATE as f64 / 126.0);
        let bars = (beat - status.beat) / f64::from(beats_per_bar);
        assert!(
            (bars - bars.round()).abs() * f64::from(beats_per_bar) * 21_000.0 < 1.0,
            "{beats_per_bar} beats per bar: {bars}"
        );
    }
}

#[test]
fn a_file_that_is_loaded_late_starts_in_sync() {
    let mut rig = Rig::new();
    rig.send("/deck/tempo", &[s("A"), f(126.0), f(0.213)]);
    rig.send("/deck/sync", &[s("A"), s("beat")]);
    rig.send("/cue", &[s("A"), s(&any_file()), f(0.1)]);
    rig.send("/start_group", &[f(0.3), s("A")]);
    rig.run_to(1.0);
    rig.finish_load(Ok(staircase(20 * SECOND)));
    rig.run_to(2.0);
    assert_eq!(rig.replies_to("/late").len(), 1);
    let is_in_sync = |rig: &mut Rig| {
        let status = rig.status();
        let beat = (status.decks[0].position - 0.213 * RATE as f64) / (60.0 * RATE as f64 / 126.0) - status.beat;
        (beat - beat.round()).abs() * 21_000.0 < 1.0
    };
    assert!(is_in_sync(&mut rig));
    // The deck plays where it would be if it had started in time, within half a beat.
    let expected_position = 2.0 * RATE as f64 + (rig.sound.len() as f64 - 0.3 * RATE as f64) * 120.0 / 126.0;
    assert!((rig.status().decks[0].position - expected_position).abs() < 11_000.0);
    for (address, args) in [
        ("/reset", vec![]),
        ("/deck/seek", vec![s("A"), f(7.7)]),
        ("/deck/loop", vec![s("A"), f(1.0), f(5.0)]),
        ("/set_tempo", vec![f(133.0)]),
    ] {
        rig.send(address, &args);
        rig.run(3);
        assert!(is_in_sync(&mut rig), "{address}");
    }
}
