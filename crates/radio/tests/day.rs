//! A day of a station, by the clock of the test: every playlist is read by an independent parser, and two hours are decoded.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::decoded::ratio;
use common::publisher::{Playlist, parse, prepare, publisher, sound};
use common::{RATE, chords, write};
use crowd_engine::{Frames, SampleRate};
use crowd_radio::encode::ProgramSound;
use crowd_radio::program::{PlacedItem, Reason};
use crowd_streaming::aac::AacFrame;
use ebur128::{EbuR128, Mode};

const WINDOW: usize = 8;
const SEGMENT: u64 = 6;
/// The hours that are decoded, from the second one on.
const DECODED: std::ops::Range<u64> = 3_600..3 * 3_600;
/// Sound below this is silent.
const SILENT: f32 = 0.001;
/// What a listener notices.
const GAP_FRAMES: usize = 4_800;

/// Tracks of different levels and lengths, MP3, FLAC and WAV, and two jingles.
fn music(folder: &Path) {
    for name in ["music", "jingles"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for track in 0..12_usize {
        let gain = 0.15 + 0.07 * track as f32;
        let mut sound = chords((61 + 17 * track) * RATE as usize + 331 * track, track);
        sound.as_flattened_mut().iter_mut().for_each(|sample| *sample *= gain);
        let path = write(&folder.join("music"), &format!("{track:02}.wav"), &sound);
        if let Some(extension) = ["mp3", "flac"].get(track % 3) {
            let mut ffmpeg = Command::new("ffmpeg");
            ffmpeg.args(["-v", "error", "-i"]).arg(&path).args(["-b:a", "192k"]);
            assert!(ffmpeg.arg(path.with_extension(extension)).status().unwrap().success());
            std::fs::remove_file(path).unwrap();
        }
    }
    for jingle in 0..2 {
        write(&folder.join("jingles"), &format!("{jingle}.wav"), &chords(5 * RATE as usize + 77, 13 + jingle));
    }
}

fn config(transition: &str) -> String {
    format!(
        r#"
        filler = "jingles/0.wav"
        [[playlist]]
        name = "music"
        folder = "music"
        order = "shuffle"
        [[playlist]]
        name = "jingles"
        folder = "jingles"
        kind = "jingle"
        [schedule]
        {transition}
        time_zone = "Europe/Berlin"
        [[schedule.every]]
        playlist = "jingles"
        tracks = 3
        [[schedule.at]]
        playlist = "jingles"
        minute = 0
        wait_seconds = 0
    "#
    )
}

/// What was seen of a segment: its date, duration and URI.
type Seen = BTreeMap<u64, (String, f64, String)>;

fn check(playlist: Playlist, seen: &mut Seen, sequence: &mut u64) {
    assert_eq!((playlist.target, playlist.segments.len()), (SEGMENT, WINDOW));
    assert!(playlist.sequence == *sequence + 1 || *sequence == 0, "{} after {sequence}", playlist.sequence);
    *sequence = playlist.sequence;
    for (segment, number) in playlist.segments.into_iter().zip(*sequence..) {
        assert!(segment.1.round() <= SEGMENT as f64);
        assert_eq!(*seen.entry(number).or_insert_with(|| segment.clone()), segment, "segment {number}");
    }
}

#[test]
#[ignore = "minutes; part of make proof"]
fn a_day_with_crossfades() {
    day("crossfade_seconds = 2.0", 24);
}

#[test]
#[ignore = "minutes; part of make proof"]
fn three_hours_without_gaps() {
    day("crossfade_seconds = 0.0", 3);
}

fn day(transition: &str, hours: u64) {
    let folder = tempfile::tempdir().unwrap();
    music(folder.path());
    let manifest = prepare(folder.path(), &config(transition));
    let mut publisher = publisher(folder.path(), &manifest, WINDOW);
    let (mut seen, mut sequence) = (Seen::new(), 0);
    let stream = folder.path().join("decoded.ts");
    let mut file = std::fs::File::create(&stream).unwrap();
    // The frames of the segments before the first one.
    let mut at =
        (WINDOW as u64 * SEGMENT * u64::from(RATE) + AacFrame::LENGTH / 2) / AacFrame::LENGTH * AacFrame::LENGTH;
    let mut range = None;
    for tick in WINDOW as u64 + 1..=hours * 3_600 / SEGMENT {
        let played = Frames::from_seconds((tick * SEGMENT) as f64 + 0.05, SampleRate::DAT);
        assert!(publisher.publish(played).unwrap());
        let published = publisher.published().borrow().clone();
        assert_eq!((published.lost_items, published.published_segments), (0, tick));
        let playlist = parse(&published.playlists["stream.m3u8"]);
        let last = playlist.segments.last().unwrap().clone();
        check(playlist, &mut seen, &mut sequence);
        let frames = (last.1 * f64::from(RATE) / AacFrame::LENGTH as f64).round() as u64 * AacFrame::LENGTH;
        if DECODED.contains(&((tick - 1) * SEGMENT)) {
            range.get_or_insert(at..at).end = at + frames;
            file.write_all(&published.segment(last.2.strip_prefix("segments/").unwrap()).unwrap().bytes).unwrap();
        }
        at += frames;
    }
    // The media time is that of the clock, to a segment.
    let drift = at as f64 / f64::from(RATE) - (hours * 3_600) as f64;
    assert!(drift.abs() < 0.011, "{drift}");
    let dates = seen.values().map(|segment| &segment.0).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(dates.len(), seen.len());
    let (mut program, _) = sound(&folder.path().join("other"), &manifest, 0);
    listen(&stream, range.unwrap(), &mut program);
}

/// Decodes a stream that was published, and compares it with the sound of the program.
fn listen(stream: &Path, range: std::ops::Range<u64>, program: &mut ProgramSound) {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(stream)
        .args(["-f", "f32le", "-"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut decoded = BufReader::new(ffmpeg.stdout.take().unwrap());
    let (mut at, mut silent, mut compared) = (range.start, 0, 0_u64);
    let mut items: Vec<(PlacedItem, EbuR128)> = Vec::new();
    while at < range.end {
        let length = u64::from(RATE).min(range.end - at);
        let mut bytes = vec![0; length as usize * 8];
        decoded.read_exact(&mut bytes).unwrap();
        let sound: Vec<[f32; 2]> = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|frame| [0, 4].map(|side| f32::from_le_bytes(frame[side..side + 4].try_into().unwrap())))
            .collect();
        let wanted = program.read(at..at + length).unwrap();
        // The first frames of a decoder are those of its start.
        for (wanted, found) in wanted.chunks(2_048).zip(sound.chunks(2_048)).skip(if at == range.start { 4 } else { 0 })
        {
            let quiet = wanted.as_flattened().iter().all(|sample| sample.abs() < 0.01);
            assert!(quiet || ratio(wanted, found) > 9.04, "at {} s", at as f64 / f64::from(RATE));
            compared += 1;
        }
        for (frame, number) in sound.iter().zip(at..) {
            silent = if frame.iter().all(|sample| sample.abs() < SILENT) { silent + 1 } else { 0 };
            if silent >= GAP_FRAMES {
                // Before an exact time there may be a pause of a second.
                let next = program.program().timeline(number).item_at(number);
                let planned = next.reason == Reason::Time && silent <= RATE as usize;
                assert!(planned && next.start.0 >= number, "silence at {} s", number as f64 / f64::from(RATE));
            }
        }
        measure(&mut items, at, &sound, program);
        at += length;
    }
    assert_eq!(decoded.read(&mut [0]).unwrap(), 0);
    assert!(ffmpeg.wait().unwrap().success());
    assert!(compared > 150_000);
    let loudness: Vec<f64> = items.iter().map(|(_, meter)| meter.loudness_global().unwrap()).collect();
    // The first and the last item were heard in part.
    for pair in loudness[1..loudness.len() - 1].windows(2) {
        assert!((pair[0] - pair[1]).abs() <= 1.0, "{loudness:?}");
    }
}

/// Adds a second of sound to the loudness of the item that is heard alone in it. Items that fade out before an exact time are quieter.
fn measure(items: &mut Vec<(PlacedItem, EbuR128)>, at: u64, sound: &[[f32; 2]], program: &mut ProgramSound) {
    let heard = program.program().timeline(at).items(at..at + sound.len() as u64);
    let [item] = &heard[..] else { return };
    if item.fade_out > Frames(0) {
        return;
    }
    if items.last().is_none_or(|(last, _)| last.number != item.number) {
        items.push((item.clone(), EbuR128::new(2, RATE, Mode::I).unwrap()));
    }
    if let Some((_, meter)) = items.last_mut() {
        meter.add_frames_f32(sound.as_flattened()).unwrap();
    }
}
