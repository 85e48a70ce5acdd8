//! A day of generated music by the clock of the test, decoded: blocks of prompts, and breaks where the prompt changes. The music is that of
//! another process, a tone for each prompt.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use common::RATE;
use common::publisher::{parse, prepare, publisher_with};
use crowd_engine::{Frames, SampleRate};
use crowd_radio::buffer::{Feeder, Generator, Made};
use crowd_radio::config::StationConfig;

const WINDOW: usize = 3;
const BREAK_FRAMES: u64 = 3 * RATE as u64;
/// The pitches of the prompts in hertz. Each has whole cycles in a second.
const PITCHES: [u64; 3] = [300, 440, 610];
/// Sound below this is silent.
const SILENT: f32 = 0.001;
/// A sound of AAC begins and ends within a frame of it.
const BLURRED: u64 = 1_024;

const PROVIDER: &str = r#"
import json, math, struct, sys, threading

pitch, play = 0, threading.Event()

def read():
    global pitch
    for line in sys.stdin:
        message = json.loads(line)
        if "clientContent" in message:
            pitch = int(message["clientContent"]["weightedPrompts"][0]["text"].split()[1])
        if message.get("playbackControl") == "PLAY":
            play.set()
    os._exit(0)

import os
sys.stdin.readline()
print(json.dumps({"setupComplete": {"capabilities": {"sampleRate": 48000, "channels": 1}}}), flush=True)
threading.Thread(target=read, daemon=True).start()
play.wait()
tone = [round(6000 * math.sin(2 * math.pi * pitch * frame / 48000)) for frame in range(48000)]
second = struct.pack("<48000h", *tone)
announced = json.dumps({"serverContent": {"audioChunks": [{"bytes": len(second)}]}}).encode() + b"\n"
while True:
    sys.stdout.buffer.write(announced + second)
    sys.stdout.buffer.flush()
"#;

struct Day {
    seconds: u64,
    segment: u64,
    chunk: u64,
    per_prompt: u64,
}

#[test]
fn blocks_and_breaks_are_exact() {
    check(&Day { seconds: 150, segment: 1, chunk: 5, per_prompt: 4 });
}

#[test]
#[ignore = "15 minutes; part of make proof"]
fn blocks_and_breaks_are_exact_for_a_day() {
    check(&Day { seconds: 86_400, segment: 6, chunk: 60, per_prompt: 60 });
}

fn check(day: &Day) {
    let Day { seconds, segment, chunk, per_prompt } = day;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let provider = folder.join("provider.py");
    std::fs::write(&provider, PROVIDER).unwrap();
    let prompts = PITCHES.map(|pitch| format!("tone {pitch}"));
    let config = format!(
        "[stream]\nsegment_seconds = {segment}\n[buffer]\nprovider = \"python3 '{}'\"\nprompts = {prompts:?}\nchunks = 24\n\
         chunk_seconds = {chunk}\nchunks_per_prompt = {per_prompt}\ncooldown_seconds = [0, 0, 0, 0, 0]\n",
        provider.display()
    );
    let manifest = prepare(folder, &config);
    let config = StationConfig::read(&folder.join("station.toml")).unwrap();
    let (buffer, never) = (config.buffer.unwrap(), AtomicBool::new(false));
    let mut generator = Generator::open(&folder.join("buffer"), buffer.clone(), config.stream).unwrap();
    let mut fill = || while matches!(generator.step(&never).unwrap(), Made::Chunk(_)) {};
    fill();
    let settings = buffer.settings().unwrap();
    let mut feeder =
        Feeder::open(&folder.join("buffer"), settings, SampleRate::DAT, &folder.join("station.toml")).unwrap();
    let chunks = feeder.first((3 * WINDOW as u64 * segment) as f64).unwrap();
    let mut publisher = publisher_with(folder, &manifest, WINDOW, chunks);

    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "mpegts", "-i", "-", "-ac", "1", "-f", "f32le", "-"]);
    let mut ffmpeg = ffmpeg.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stream, decoded) = (ffmpeg.stdin.take().unwrap(), ffmpeg.stdout.take().unwrap());
    let hearing = std::thread::spawn(move || hear(decoded));
    let mut written = 0;
    for tick in WINDOW as u64..=seconds / segment {
        let played = Frames::from_seconds((tick * segment) as f64 + 0.05, SampleRate::DAT);
        feeder.feed(&mut publisher, played).unwrap();
        fill();
        if !publisher.publish(played).unwrap() {
            continue;
        }
        let published = publisher.published().borrow().clone();
        assert_eq!(published.lost_items, 0);
        let playlist = parse(&published.playlists["stream.m3u8"]);
        for ((_, _, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
            if number == written {
                stream.write_all(&published.segment(uri.strip_prefix("segments/").unwrap()).unwrap().bytes).unwrap();
                written += 1;
            }
        }
    }
    drop(stream);
    assert!(ffmpeg.wait().unwrap().success());
    let Heard { frames, silences, pitches } = hearing.join().unwrap();
    assert_eq!(written, seconds / segment);
    assert!(frames > (seconds - 2 * segment) * u64::from(RATE), "{frames}");

    // Each block has the time of its chunks, then there are 3.000 s of silence, and nowhere else.
    let block = per_prompt * chunk * u64::from(RATE);
    for (number, silence) in (0..).zip(&silences) {
        let start = number * (block + BREAK_FRAMES) + block;
        let near = |found: u64, wanted: u64| found.abs_diff(wanted) <= BLURRED;
        let is_last = silence.end == frames;
        assert!(near(silence.start, start) && (is_last || near(silence.end, start + BREAK_FRAMES)), "{silences:?}");
    }
    assert_eq!(silences.len() as u64, (frames - BLURRED) / (block + BREAK_FRAMES), "{silences:?}");
    assert!(silences.len() >= 5);
    for (second, pitch) in (0..).zip(pitches) {
        let (from, until) = (second * u64::from(RATE), (second + 1) * u64::from(RATE));
        let number = from / (block + BREAK_FRAMES);
        let start = number * (block + BREAK_FRAMES);
        // Only seconds that are within a block.
        if from > start + BLURRED && until + BLURRED < start + block {
            let wanted = PITCHES[number as usize % PITCHES.len()];
            assert!(pitch.abs_diff(wanted) <= 1, "second {second}: {pitch} Hz, not {wanted}");
        }
    }
}

/// What was heard.
#[derive(Default)]
struct Heard {
    frames: u64,
    /// The silences of at least a tenth of a second.
    silences: Vec<Range<u64>>,
    /// The pitch of each second in hertz.
    pitches: Vec<u64>,
}

fn hear(mut decoded: impl Read) -> Heard {
    let mut heard = Heard::default();
    let mut silent = 0..0;
    let mut second = Vec::new();
    while decoded.by_ref().take(4 * u64::from(RATE)).read_to_end(&mut second).unwrap() > 0 {
        let (mut rises, mut below) = (0, false);
        for bytes in std::mem::take(&mut second).as_chunks::<4>().0 {
            let sample = f32::from_le_bytes(*bytes);
            heard.frames += 1;
            // A pause within a sine is shorter than what counts as a silence.
            if sample.abs() < SILENT {
                silent.end = heard.frames;
            } else {
                if silent.end - silent.start >= u64::from(RATE) / 10 {
                    heard.silences.push(silent.clone());
                }
                silent = heard.frames..heard.frames;
            }
            rises += u64::from(below && sample > 0.0);
            below = if sample == 0.0 { below } else { sample < 0.0 };
        }
        heard.pitches.push(rises);
    }
    if silent.end - silent.start >= u64::from(RATE) / 10 {
        heard.silences.push(silent);
    }
    heard
}
