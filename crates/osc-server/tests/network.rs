//! The program over UDP, without a sound card.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use common::server::{Server, program};
use common::*;
use rosc::{OscArray, OscType};
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Writes two seconds: a click of half of full scale in the first frame, then near silence.
fn write_click(path: &Path) {
    let mut samples = vec![1_i16; 2 * RATE as usize];
    samples[0] = 16_384;
    write_wav(path, &samples);
}

/// The frames of the clicks.
fn clicks(sound: &[f32]) -> Vec<usize> {
    sound.iter().enumerate().filter(|(_, x)| **x > 0.1).map(|(n, _)| n).collect()
}

fn path(dir: &tempfile::TempDir, name: &str) -> String {
    dir.path().join(name).to_str().unwrap().to_owned()
}

/// A server that records, and a folder with the click in it.
fn recording() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    write_click(&dir.path().join("click.wav"));
    let server = Server::start(&["--output", &format!("file:{}", path(&dir, "out.wav"))]);
    (dir, server)
}

fn recorded(dir: &tempfile::TempDir, server: Server) -> Vec<f32> {
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    read_wav(&dir.path().join("out.wav"))
}

fn reset(server: &Server) {
    server.send("/reset", &[OscType::Array(OscArray { content: vec![] })]);
}

#[test]
fn the_two_track_mixer_starts_5733_frames_apart() {
    let (dir, mut server) = recording();
    let click = path(&dir, "click.wav");
    reset(&server);
    server.send("/deck_levels", &[f(1.0), f(1.0), f(0.0), f(0.0)]);
    for deck in ["A", "B"] {
        server.send("/deck_eq_all", &[s(deck), i(50), i(50), i(50)]);
        server.send("/cue", &[s(deck), s(&click)]);
    }
    server.send("/start_group", &[f(0.5), s("A")]);
    server.send("/start_group", &[f(0.63), s("B")]);
    for n in 0..1_472 {
        server.send("/deck_eq", &[s(["A", "B"][n % 2]), s(["low", "mid", "high"][n % 3]), i(50)]);
    }
    server.wait_until(0.8);
    let status = server.status();
    assert_eq!(status.refused, 0);
    assert!(status.received > 1_480);
    let clicks = clicks(&recorded(&dir, server));
    assert_eq!(clicks.len(), 2, "{clicks:?}");
    assert_eq!(clicks[1] - clicks[0], 5_733);
}

#[test]
fn the_three_track_mixer_starts_its_decks_as_scheduled() {
    let (dir, mut server) = recording();
    let click = path(&dir, "click.wav");
    reset(&server);
    server.send("/deck_levels", &[f(1.0), f(1.0), f(1.0), f(0.0)]);
    for deck in ["A", "B", "C"] {
        server.send("/deck_eq_all", &[s(deck), i(50), i(50), i(50)]);
        server.send("/cue", &[s(deck), s(&click)]);
    }
    // The real client uses 0.5, 22.06 and 37.74 s; the test is shorter.
    for (deck, at) in [("A", 0.5), ("B", 0.722_06), ("C", 0.937_74)] {
        server.send("/start_group", &[f(at), s(deck)]);
    }
    for step in 0..10 {
        for deck in ["A", "B", "C"] {
            for band in ["low", "mid", "high"] {
                server.send("/deck_eq", &[s(deck), s(band), f(50.0 + step as f32)]);
            }
        }
    }
    server.wait_until(1.1);
    assert_eq!(server.status().refused, 0);
    let clicks = clicks(&recorded(&dir, server));
    assert_eq!(clicks.len(), 3, "{clicks:?}");
    let frame = |seconds: f64| (seconds * RATE as f64).round() as usize;
    assert_eq!(clicks[1] - clicks[0], frame(0.722_06) - frame(0.5));
    assert_eq!(clicks[2] - clicks[0], frame(0.937_74) - frame(0.5));
}

#[test]
fn the_playlist_mixer_plays_at_its_gains() {
    let (dir, mut server) = recording();
    // A plateau instead of a click, so that gains can be read from it.
    write_wav(&dir.path().join("one.wav"), &vec![8_192; 3 * RATE as usize]);
    write_wav(&dir.path().join("two.wav"), &vec![16_384; 3 * RATE as usize]);
    reset(&server);
    server.send("/set_tempo", &[i(120)]);
    server.send("/deck_levels", &[i(0), i(0), i(0), i(0)]);
    for (deck, file) in [("A", "one.wav"), ("B", "two.wav")] {
        server.send("/cue", &[s(deck), s(&path(&dir, file))]);
    }
    for step in 0..=40 {
        let fade = step as f32 / 40.0;
        if step == 0 {
            server.send("/start_group", &[f(0.0), s("A")]);
        }
        if step == 20 {
            server.send("/start_group", &[f(0.0), s("B")]);
        }
        server.send("/deck_levels", &[f(1.0 - fade), f(fade), f(0.0), f(0.0)]);
        server.send("/deck_eq_all", &[s("A"), i(50), i(50), i(50)]);
        server.send("/deck_eq_all", &[s("B"), i(50), i(50), i(50)]);
        thread::sleep(Duration::from_millis(10));
    }
    let end = server.status().seconds + 0.3;
    server.wait_until(end);
    assert_eq!(server.status().refused, 0);
    let sound = recorded(&dir, server);
    // At the end only B plays, at its full gain; until then no step is larger than 1 % of full scale.
    assert!(sound.iter().rev().skip(2_000).take(2_000).all(|x| (x - 0.5).abs() < 1e-4));
    let start_of_b = 0.25; // Decks start at once, on the attack of their file, whatever their gain is then.
    let steps = sound.windows(2).map(|w| (w[1] - w[0]).abs()).filter(|step| *step > 0.01).count();
    assert!(steps <= 2, "{steps} steps other than the two starts (up to {start_of_b})");
}

#[test]
fn keylock_is_audible_and_in_the_status() {
    let (dir, mut server) = recording();
    let tone: Vec<i16> =
        (0..20 * RATE).map(|n| (12_000.0 * (n as f64 * 440.0 * RADIANS_PER_FRAME).sin()) as i16).collect();
    write_wav(&dir.path().join("tone.wav"), &tone);
    server.send("/set_tempo", &[f(130.0)]);
    server.send("/play", &[s("A"), s(&path(&dir, "tone.wav"))]);
    server.sync();
    let mut spans = Vec::new();
    for (on, method) in [(1, "wsola"), (0, "playback_rate"), (1, "wsola")] {
        server.send("/deck/keylock", &[s("A"), i(on)]);
        let from = server.status().seconds + 0.1;
        server.wait_until(from + 0.7);
        spans.push((from, if on == 1 { 440.0 } else { 440.0 * 130.0 / 120.0 }));
        server.send("/get_status", &[]);
        let reply = std::iter::repeat_with(|| server.receive()).find(|reply| reply.addr == "/status/deck").unwrap();
        assert_eq!((&reply.args[0], &reply.args[1], &reply.args[6]), (&s("A"), &s("playing"), &s(method)));
    }
    let sound = recorded(&dir, server);
    for (from, expected) in spans {
        let from = (from * RATE as f64) as usize;
        let off = cents(hertz(&sound[from..from + RATE as usize / 2]), expected);
        assert!(off.abs() < 1.0, "{off} cents off {expected} Hz");
    }
    let own = 12_000.0 / 32_768.0 * 440.0 * 130.0 / 120.0 * RADIANS_PER_FRAME;
    let begins = sound.iter().position(|x| *x != 0.0).unwrap();
    let largest_step = sound[begins..].windows(2).map(|pair| f64::from((pair[1] - pair[0]).abs())).fold(0.0, f64::max);
    assert!(largest_step < own + 0.01, "steps of {largest_step} while the method changes, the tone's own are {own}");
}

#[test]
fn decks_of_different_tempo_are_synced_over_the_network() {
    let (dir, mut server) = recording();
    // A hit on every beat of 126 and of 112 BPM, the first at 0.2 and 0.45 s.
    for (name, tempo, first) in [("one.wav", 126.0, 0.2), ("two.wav", 112.0, 0.45)] {
        let interval = 60.0 * RATE as f64 / tempo;
        let hit = |n: u64| (n as f64 - first * RATE as f64).rem_euclid(interval) < 1.0;
        let sound: Vec<i16> = (0..20 * RATE).map(|n| if hit(n) { 13_000 } else { 0 }).collect();
        write_wav(&dir.path().join(name), &sound);
    }
    server.send("/deck/sync", &[s("A"), s("beat")]);
    assert_eq!(server.receive().args[2], s("state"));
    for (deck, name, tempo, first) in [("A", "one.wav", 126.0, 0.2), ("B", "two.wav", 112.0, 0.45)] {
        server.send("/deck/tempo", &[s(deck), f(tempo), f(first)]);
        server.send("/deck/sync", &[s(deck), s("beat")]);
        server.send("/play", &[s(deck), s(&path(&dir, name))]);
    }
    server.sync();
    server.send("/dance/total_movement", &[f(1.0)]);
    let from = server.status().seconds + 0.2;
    server.wait_until(from + 3.2);
    assert_eq!(server.status().refused, 1);
    let sound = recorded(&dir, server);
    let sound = &sound[(from * RATE as f64) as usize..][..3 * RATE as usize];
    // Two hits that coincide; a single one is 0.4 at most.
    let mut hits: Vec<usize> = Vec::new();
    for (n, x) in sound.iter().enumerate().filter(|(_, x)| **x > 0.2) {
        assert!(
            hits.last().is_none_or(|last| n - last < 10 || n - last > RATE as usize / 3),
            "a hit alone at {n}: {x}"
        );
        hits.push(n);
    }
    assert!(hits.len() >= 6 && sound.iter().any(|x| *x > 0.5), "{hits:?}");
}

#[test]
fn a_burst_of_a_thousand_and_eight_thousand_a_second_all_arrive() {
    let mut server = Server::start(&["--output", "null"]);
    let before = server.status().received;
    for n in 0..1_000 {
        server.send("/deck_eq", &[s("A"), s("low"), f((n % 100) as f32)]);
    }
    // `status` sends two messages: a `/sync` and a `/get_status`.
    assert_eq!(server.status().received - before, 1_000 + 2);
    let before = server.status().received;
    for _ in 0..100 {
        for n in 0..160 {
            server.send("/deck_levels", &[f(n as f32 / 160.0), f(1.0), f(0.0), f(0.0)]);
        }
        thread::sleep(Duration::from_millis(20));
    }
    let status = server.status();
    assert_eq!(status.received - before, 16_000 + 2);
    assert_eq!(status.refused, 0);
    let (status, log) = server.stop();
    assert!(status.success() && !log.contains("lost"), "{log}");
}

#[test]
fn twenty_stems_that_are_played_while_they_load_all_sound() {
    let (dir, mut server) = recording();
    // Every stem has the same gain, so the sum shows how many play.
    write_wav(&dir.path().join("plateau.wav"), &vec![16_384; RATE as usize]);
    for n in 0..20 {
        server.send("/load_buffer", &[i(100 + 1000 * (n % 4) + n), s(&path(&dir, "plateau.wav"))]);
        server.send("/play_stem", &[i(100 + 1000 * (n % 4) + n), f(1.0), f(0.05), i(1)]);
    }
    let replies = server.sync();
    assert_eq!(replies.iter().filter(|reply| reply.addr == "/loaded").count(), 20);
    let later = server.status().seconds + 0.2;
    server.wait_until(later);
    let sound = recorded(&dir, server);
    assert!(sound.iter().any(|x| (x - 20.0 * 0.05 * 0.5).abs() < 1e-4));
}

#[test]
fn hostile_datagrams_are_answered_and_survived() {
    let mut server = Server::start(&["--output", "null"]);
    let mut bundles = Vec::new();
    for _ in 0..400 {
        let inner = std::mem::take(&mut bundles);
        bundles.extend(b"#bundle\0\0\0\0\0\0\0\0\x01");
        bundles.extend(u32::try_from(inner.len()).unwrap().to_be_bytes());
        bundles.extend(inner);
    }
    let mut arrays = b"/x\0\0,".to_vec();
    arrays.resize(8_000, b'[');
    arrays.extend([0; 4]);
    for (bytes, kind) in [
        (vec![0; 65_507], "too_large"),
        (bundles, "too_deep"),
        (arrays, "too_deep"),
        (b"hello world!".to_vec(), "malformed"),
        (packet("/deck_levels", &[f(f32::NAN)]), "bad_argument"),
        (packet("/load_buffer", &[i(5), s("x")]), "bad_argument"),
        (packet("/cue", &[s("A"), s("/no/such/file.wav")]), "path"),
        (packet("/cue", &[s("A"), s("/dev/zero")]), "path"),
        (packet("/cue", &[s("A"), s("/etc/hostname")]), "load"),
        (packet("/nonsense", &[]), "unknown_address"),
        (packet("/stop_stem", &[i(100)]), "state"),
    ] {
        server.socket.send(&bytes).unwrap();
        let reply = server.receive();
        assert_eq!((reply.addr.as_str(), reply.args.last()), ("/error", Some(&s(kind))), "{reply:?}");
    }
    assert_eq!(server.status().refused, 11);
    let (status, log) = server.stop();
    assert!(status.success() && log.contains("refused: 1 too_large, 2 too_deep"), "{log}");
}

#[test]
fn a_subscriber_gets_the_status_with_its_decks_in_one_bundle() {
    let server = Server::start(&["--output", "null"]);
    server.send("/status/subscribe", &[f(0.05)]);
    assert_eq!(server.receive().addr, "/subscribed");
    for nth in 1..=3 {
        let status = server.receive_packet();
        let addresses: Vec<_> = status.iter().map(|message| message.addr.as_str()).collect();
        assert_eq!(addresses, ["/status", "/status/deck", "/status/deck", "/status/deck", "/status/deck"]);
        for message in &status {
            let number_at = if message.addr == "/status" { 16 } else { 10 };
            assert_eq!(message.args[number_at], i(nth), "{message:?}");
            let plain = |arg: &OscType| matches!(arg, OscType::Int(_) | OscType::Float(_) | OscType::String(_));
            assert!(message.args.iter().all(plain), "every client reads i, f and s: {message:?}");
        }
        assert!(status[1..].iter().all(|deck| deck.args[5] == f(-200.0)), "silence is -200 dB");
    }
}

#[test]
fn files_outside_the_media_root_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_click(&dir.path().join("outside.wav"));
    std::fs::create_dir(dir.path().join("root")).unwrap();
    write_click(&dir.path().join("root/inside.wav"));
    std::os::unix::fs::symlink("../outside.wav", dir.path().join("root/link.wav")).unwrap();
    let mut server = Server::start(&["--output", "null", "--media-root", &path(&dir, "root")]);
    for name in ["../outside.wav", "link.wav", &path(&dir, "outside.wav"), "/etc/passwd"] {
        server.send("/cue", &[s("A"), s(name)]);
        assert_eq!(server.receive().args.last(), Some(&s("path")), "{name}");
    }
    server.send("/cue", &[s("A"), s("inside.wav")]);
    assert_eq!(server.sync()[0].addr, "/loaded");
}

#[test]
fn a_server_that_cannot_start_ends_with_status_1_and_the_reason() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, expected) in [
        (vec!["--output", "null", "--port", &port], "is in use"),
        (vec!["--output", "null", "--port", "0", "--bind", "192.0.2.1"], "no address of this machine"),
        (vec!["--port", "0", "--output", "device:no such device"], "no such device"),
        (vec!["--port", "0", "--output", "file:/no/such/folder/out.wav"], "/no/such/folder"),
        (vec!["--port", "0", "--output", "null", "--media-root", "/no/such/folder"], "/no/such/folder"),
        (vec!["--port", "0", "--output", "null", "--bpm-config", "/no/such/file.json"], "/no/such/file.json"),
        (vec!["--port", "0", "--output", "null", "--a", "/no/such/a.wav"], "--a: /no/such/a.wav: No such file"),
        (vec!["--port", "0", "--output", "null", "--c_preload", "/proc"], "--c: /proc is not a regular file"),
    ] {
        let output = program().args(&args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
        assert!(text.contains(expected), "{args:?}: {text}");
    }
}

#[test]
fn json_logs_are_json() {
    let mut server = Server::start(&["--output", "null", "--json"]);
    server.sync();
    let (status, log) = server.stop();
    assert!(status.success());
    for line in log.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(object["message"].is_string() && object["level"].is_string(), "{line}");
    }
    let output = program().args(["--json", "--port", "0", "--output", "device:no such device"]).output().unwrap();
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((output.status.code(), &error["level"]), (Some(1), &"ERROR".into()));
}

#[test]
fn a_log_that_is_not_read_blocks_nothing() {
    let mut server = Server::start(&["--output", "null", "-vv"]);
    // From here on the log is not read. A pipe holds 64 KiB, and this writes some megabytes.
    let restricted = server.log.clone();
    let restricted = restricted.lock().unwrap();
    for _ in 0..20 {
        for n in 0..1_000 {
            server.send("/deck_levels", &[f(n as f32 / 1_000.0)]);
        }
        server.sync();
    }
    drop(restricted);
    assert!(server.stop().0.success());
}

#[test]
fn a_file_is_found_however_its_name_is_composed_and_an_ambiguous_name_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (nfc, nfd) = ("caf\u{e9} \u{fc}ber.wav", "cafe\u{301} u\u{308}ber.wav");
    std::fs::create_dir(dir.path().join("Fe\u{301}te")).unwrap();
    std::fs::create_dir(dir.path().join("composed")).unwrap();
    let latin = std::ffi::OsStr::from_bytes(b"na\xefve.wav");
    for file in [
        &dir.path().join("Fe\u{301}te").join(nfd),
        &dir.path().join("composed").join(nfc),
        &dir.path().join(latin),
        &dir.path().join("One.wav"),
        &dir.path().join("ONE.wav"),
        &dir.path().join("Two.WAV"),
    ] {
        write_click(file);
    }
    let root = dir.path().to_str().unwrap();
    let mut unrestricted = Server::start(&["--output", "null"]);
    let mut restricted = Server::start(&["--output", "null", "--media-root", root]);
    for (server, prefix) in [(&mut unrestricted, format!("{root}/")), (&mut restricted, String::new())] {
        let mut load = |name: &str| {
            server.send("/load_buffer", &[i(100), s(&format!("{prefix}{name}"))]);
            let mut replies = server.sync();
            replies.retain(|reply| ["/loaded", "/error"].contains(&reply.addr.as_str()));
            assert_eq!(replies.len(), 1, "{name}: {replies:?}");
            replies.remove(0)
        };
        for name in [
            &format!("F\u{e9}te/{nfc}"),
            &format!("Fe\u{301}te/{nfd}"),
            &format!("composed/{nfd}"),
            &format!("Composed/{nfc}"),
            "na\u{fffd}ve.wav",
            "ONE.wav",
            "two.wav",
        ] {
            let reply = load(name);
            assert_eq!(reply.addr, "/loaded", "{name}: {reply:?}");
        }
        let reply = load("one.wav");
        let text = format!("{reply:?}");
        assert!(reply.addr == "/error" && text.contains("ONE.wav") && text.contains("One.wav"), "{text}");
        assert_eq!(load("three.wav").addr, "/error");
        assert_eq!(server.status().refused, 2);
    }
    for server in [unrestricted, restricted] {
        let (status, log) = server.stop();
        assert!(status.success() && log.contains("several files have this name"), "{log}");
    }
}

/// Compares the log line about locked memory with the memory that the process has locked.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_locked_where_permitted_and_otherwise_the_log_says_how_to_permit_it() {
    for limit in ["as it is", "64 KiB"] {
        let mut launcher = Command::new("env");
        if limit == "64 KiB" {
            launcher = Command::new("prlimit");
            launcher.arg("--memlock=65536:65536");
            // Root has no limit unless it gives up the capability.
            if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0 {
                launcher.args(["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
            }
        }
        let mut server = Server::start_by(launcher, &["--output", "null"]);
        server.sync();
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
        let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap().trim();
        let (ended, log) = server.stop();
        assert!(ended.success(), "{log}");
        match log.contains("memory is locked") {
            true => assert_ne!(locked, "0 kB", "{limit}"),
            false => assert!(locked == "0 kB" && log.contains("memlock unlimited"), "{limit}: {locked}\n{log}"),
        }
        assert!(limit != "64 KiB" || locked == "0 kB", "the next file would be refused");
    }
}
