//! Which command lines are accepted, and which are refused.

use super::*;
use clap::CommandFactory;
use crowd_engine::{DeviceConfig, Gain, Output, StretchMethod};

fn parse(words: &str) -> Result<Cli, String> {
    Cli::try_parse_from(["audio-server"].into_iter().chain(words.split_whitespace())).map_err(|e| e.to_string())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn flags_of_old_start_scripts_are_accepted() {
    let old = "--port 57122 --device 3 --buffer-size 512 --enable-filters --optimized-filters --bpm 118 \
        --stretch-method audiotsm --a x.wav --b y.wav --c z.wav --d w.wav --c_at 12.5 --rate 1.1 --vol .7 \
        --levels 1 0.5 0 0 --watch --meter 3 --bpm-config bpm.json";
    let serve = parse(old).unwrap().serve;
    assert_eq!((serve.port, serve.bpm.get(), serve.meter), (57_122, 118.0, 3));
    assert_eq!(serve.buffer_size, BufferSize::Frames(512));
    assert_eq!(serve.device.as_deref(), Some("3"));
    assert_eq!(serve.stretch(), StretchMethod::Wsola);
    assert_eq!(serve.startup(Vec::new()).faders.map(|gain| gain.map(Gain::get)), [1.0, 0.5, 0.0, 0.0].map(Some));
    assert_eq!(serve.notes().len(), 2);
    let serve =
        parse("--disable-filters --disable-time-stretch --stretch-method pyrubberband --c_preload z.wav --ab 1 0")
            .unwrap()
            .serve;
    assert_eq!(serve.stretch(), StretchMethod::PlaybackRate);
    assert_eq!(serve.startup(Vec::new()).faders.map(|gain| gain.map(Gain::get)), [Some(1.0), Some(0.0), None, None]);
    for name in ["high_quality", "hq", "pyrubberband"] {
        let serve = parse(&format!("--stretch-method {name}")).unwrap().serve;
        assert_eq!(serve.stretch_method, StretchMethod::Hq);
    }
}

#[test]
fn without_flags_only_this_machine_is_served() {
    let serve = parse("").unwrap().serve;
    assert!(serve.bind.is_loopback());
    assert_eq!((serve.port, serve.bpm.get()), (57_120, 120.0));
    let device = DeviceConfig { buffer_frames: Some(1_024), ..DeviceConfig::default() };
    assert_eq!(serve.output().unwrap(), Output::Device(device));
    assert_eq!(serve.notes(), [""; 0]);
}

#[test]
fn the_block_size_may_be_automatic() {
    let output = |words: &str| parse(words).unwrap().serve.output().unwrap();
    let device = DeviceConfig { adaptive: true, ..DeviceConfig::default() };
    assert_eq!(output("--buffer-size auto"), Output::Device(device));
    assert_eq!(output("--buffer-size AUTO --output null"), Output::Null { buffer_frames: None });
    assert_eq!(output("--buffer-size 256 --output null"), Output::Null { buffer_frames: Some(256) });
}

#[test]
fn wrong_command_lines_are_refused_with_the_reason() {
    for (words, expected) in [
        ("--output tape", "`null` or `file:PATH`"),
        ("--output file:", "`null` or `file:PATH`"),
        ("--output null --device x", "cannot be used with"),
        ("--score x", "--render <FILE>"),
        ("--render x", "--score <FILE>"),
        ("--score x --render y --output null", "cannot be used with"),
        ("--seconds 3", "--render <FILE>"),
        ("--bpm NaN", "a number from 20 to 400"),
        ("--bpm 0", "a number from 20 to 400"),
        ("--ab 1", "2 values required"),
        ("--ab 1 x", "a number from 0 to 4"),
        ("--allow lan", "is not a network"),
        ("--bind here", "invalid value 'here'"),
        ("--port 70000", "70000"),
        ("--memory-total 200", "200 bytes: 16M to 16384G are valid"),
        ("--memory-total some", "k, M, G or T"),
        ("--load-timeout 0", "a number from 0.5 to 3600"),
        ("--buffer-size 0", "a number from 16 to 8192 is needed, or auto"),
        ("--buffer-size small", "a number from 16 to 8192 is needed, or auto"),
        ("--enable-filters --disable-filters", "cannot be used with"),
        ("--c x --c_preload y", "cannot be used with"),
        ("--stretch-method fast", "playback_rate, wsola, hq"),
        ("--port 1 devices", "cannot be used with"),
        ("--broadcast http://h/m", "icecast://HOST:PORT/MOUNT"),
        ("--broadcast-name x", "--broadcast <URL>"),
        ("--broadcast icecast://h/m --broadcast-bit-rate 100001", "multiple of 400 from 48000 to 510000"),
        ("--broadcast icecast://h/m --score x --render y", "cannot be used with"),
    ] {
        let error = parse(words).map(|_| ()).expect_err(words);
        assert!(error.contains(expected), "{words}: {error}");
    }
}
