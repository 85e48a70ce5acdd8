//! The program as a user starts it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rosc::{OscMessage, OscPacket, OscType, encoder};
use serde_json::Value;

#[path = "../src/synth/sound_font/test_file.rs"]
mod test_file;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("music-generator"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Runs a command that must succeed.
fn ok(arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The samples of a WAV file of floats.
fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    let data = bytes.windows(4).position(|name| name == b"data").unwrap() + 8;
    bytes[data..].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn what_is_played_and_steered_is_rendered_again_from_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (log, stems) = (path("session.jsonl"), path("stems"));
    let mut play = program(&["play", "--stdout", "f32le", "--sample-rate", "8000", "--seconds", "6", "--seed", "5"])
        .args(["--prompt", "lofi, calm:0.8", "--log", &log])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = play.stdin.take().unwrap();
    lines.write_all(b"density .9\nbpm 900\nprompt rain:.4 house:1\nmute bass\nxyz\nseed\n").unwrap();
    let output = play.wait_with_output().unwrap();
    drop(lines);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    for line in ["bpm: 900 is outside 40 to 200", "\"xyz\" is not known", "seed 5"] {
        assert!(told.contains(line), "{told}");
    }
    let changes = fs::read_to_string(&log).unwrap().lines().count() - 2;
    assert_eq!(changes, 3);

    ok(&["render", "--quiet", "--replay", &log, "--stems", &stems, "--log", &path("again.jsonl"), &path("mix.wav")]);
    let stem = |name: &str| floats(&folder.path().join("stems").join(name));
    let stems = ["drums.wav", "bass.wav", "harmony.wav", "lead.wav", "texture.wav"].map(stem);
    let played: Vec<f32> = output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    assert_eq!(played.len(), 2 * 48_000);
    // The last 1.5 s fade out.
    let same = (0..2 * 36_000).all(|index| played[index] == stems.iter().map(|stem| stem[index]).sum::<f32>());
    assert!(same && played.iter().any(|sample| sample.abs() > 0.05));

    ok(&["render", "--quiet", "--replay", &path("again.jsonl"), &path("again.wav")]);
    assert!(fs::read(path("mix.wav")).unwrap() == fs::read(path("again.wav")).unwrap());
}

#[test]
fn a_damaged_log_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (log, out) = (path("a.jsonl"), path("a.wav"));
    ok(&["render", "--quiet", "--seconds", "1", "--log", &log, &out]);
    let mut text = fs::read_to_string(&log).unwrap();
    text.insert_str(text.find('\n').unwrap() + 1, "{\"frame\":0,\"config\":{\"bpm\":\n");
    fs::write(&log, text).unwrap();
    let output = run(&["render", "--replay", &log, &out]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("a.jsonl: line 2: "), "{told}");
    let output = run(&["render", "--replay", &path("none.jsonl"), &out]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_mix_has_the_format_of_its_name_and_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let magic = |name: &str| fs::read(path(name)).unwrap()[..4].to_vec();
    // Longer than a span of Opus, which lasts ten seconds.
    for (name, start) in [("a.wav", b"RIFF"), ("a.flac", b"fLaC"), ("a.opus", b"OggS")] {
        ok(&[
            "render",
            "--quiet",
            "--overwrite",
            "--seconds",
            "21",
            "--sample-rate",
            "8000",
            "--picture",
            &path("a.png"),
            &path(name),
        ]);
        assert_eq!(magic(name), start);
    }
    assert_eq!(magic("a.png"), b"\x89PNG");
    let opus = crowd_media::open(path("a.opus").as_ref(), &Default::default()).unwrap();
    assert!((opus.seconds() - 21.0).abs() < 0.01, "{}", opus.seconds());
    let output = run(&["render", &path("a.mp3")]);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains(".opus"));
    assert_eq!(run(&["render"]).status.code(), Some(2));
}

#[test]
fn prompts_are_explained_and_providers_listed() {
    let json = |arguments: &[&str]| serde_json::from_slice::<Value>(&ok(arguments).stdout).unwrap();
    let explained = json(&["explain", "--json", "--prompt", "very happy, no drums, 90 bpm", "--prompt", "xqzzy:0.1"]);
    assert_eq!(explained["target"]["bpm"], 90.0);
    assert!(explained["prompts"][1]["filtered"].is_string());
    let text = String::from_utf8(ok(&["explain", "--prompt", "rainy night"]).stdout).unwrap();
    assert!(text.contains("rain"), "{text}");
    assert_eq!(run(&["explain"]).status.code(), Some(2));
    assert_eq!(json(&["providers", "--json"])[0]["name"], "built-in");
}

/// A line of standard output that has this field.
fn line_with(child: &mut BufReader<impl std::io::Read>, field: &str) -> Value {
    loop {
        let mut line = String::new();
        assert!(child.read_line(&mut line).unwrap() > 0, "no line with {field}");
        let value: Value = serde_json::from_str(&line).unwrap();
        if !value[field].is_null() {
            return value;
        }
    }
}

fn signal(child: &Child) {
    assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap().success());
}

#[test]
fn messages_steer_and_a_signal_ends_in_order() {
    // The port is free again when the socket is dropped.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut play = program(&["play", "--output", "null", "--sample-rate", "8000", "--json", "--osc", &address])
        .args(["--bpm", "80"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut lines, mut told) = (play.stdin.take().unwrap(), BufReader::new(play.stdout.take().unwrap()));
    assert!(line_with(&mut told, "seed")["sample_rate"] == 8_000);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let args = vec![OscType::String("bpm".to_owned()), OscType::Float(81.0)];
    let message = OscPacket::Message(OscMessage { addr: "/gen/config".to_owned(), args });
    socket.send_to(&[0xff; 40], &address).unwrap();
    socket.send_to(&encoder::encode(&message).unwrap(), &address).unwrap();
    let begin = std::time::Instant::now();
    loop {
        lines.write_all(b"status\n").unwrap();
        if line_with(&mut told, "beat")["bpm"] == 81.0 {
            break;
        }
        assert!(begin.elapsed().as_secs() < 60, "the tempo does not change");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    signal(&play);
    let output = play.wait_with_output().unwrap();
    let problems = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{problems}");
    assert_eq!(problems.matches("OSC: ").count(), 1, "{problems}");
}

#[test]
fn files_that_exist_are_replaced_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["a.wav", "a.png", "stems/lead.wav"] {
        let file = path(name);
        std::fs::create_dir_all(std::path::Path::new(&file).parent().unwrap()).unwrap();
        std::fs::write(&file, "mine").unwrap();
    }
    let stems = path("stems");
    for args in [vec![path("a.wav")], vec!["--picture".into(), path("a.png")], vec!["--stems".into(), stems]] {
        let args: Vec<&str> =
            ["render", "--quiet", "--seconds", "1"].into_iter().chain(args.iter().map(String::as_str)).collect();
        let output = run(&args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(1) && error.contains("it exists: give another name, or --overwrite"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(path("a.wav")).unwrap(), b"mine");
    ok(&["render", "--quiet", "--seconds", "1", "--overwrite", &path("a.wav")]);
    assert!(std::fs::metadata(path("a.wav")).unwrap().len() > 100_000);
}

#[test]
fn a_sound_font_plays_is_logged_and_is_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (font, log) = (path("sine.sf2"), path("a.jsonl"));
    fs::write(&font, test_file::sine_font(&[0, 4, 11, 32])).unwrap();
    let render =
        |more: &[&str]| ok(&[&["render", "--quiet", "--seconds", "6", "--sample-rate", "16000"], more].concat());
    render(&[&path("built-in.wav")]);
    render(&["--soundfont", &font, "--log", &log, &path("sampled.wav")]);
    ok(&["render", "--replay", &log, &path("again.wav")]);
    let file = |name: &str| fs::read(path(name)).unwrap();
    assert!(file("sampled.wav") == file("again.wav") && file("sampled.wav") != file("built-in.wav"));

    fs::write(&font, test_file::sine_font(&[4, 11])).unwrap();
    let told = String::from_utf8(ok(&["render", "--replay", &log, &path("other.wav")]).stderr).unwrap();
    assert!(told.contains("sine.sf2: the file has changed"), "{told}");
    fs::write(&font, "no sound font").unwrap();
    for arguments in [&["render", "--soundfont", &font, &path("b.wav")], &["render", "--replay", &log, &path("b.wav")]]
    {
        let output = run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains("sine.sf2: not a usable sound font"), "{told}");
    }
    assert!(!folder.path().join("b.wav").exists());
}

#[test]
fn the_sound_begins_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let render =
        |more: &[&str]| run(&[&["render", "--quiet", "--seconds", "3", "--sample-rate", "8000"], more].concat());
    let stems = path("stems");
    assert!(render(&["--stems", &stems]).status.success());
    assert!(render(&["--stems", &path("late"), "--from", "1.01"]).status.success());
    let (all, late) =
        (floats(&folder.path().join("stems/harmony.wav")), floats(&folder.path().join("late/harmony.wav")));
    assert!(all[2 * 8_080..] == late[..] && late.len() == 2 * (24_000 - 8_080));
    assert_eq!(render(&["--from", "3", &path("a.wav")]).status.code(), Some(2));
}
