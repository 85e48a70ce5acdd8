//! The encoded program decodes to the joined sound of its items.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::decoded::{decode, ratio};
use common::{RATE, chords, write};
use crowd_engine::SampleRate;
use crowd_radio::Error;
use crowd_radio::config::StationConfig;
use crowd_radio::encode::{EncodedProgram, PieceStore, ProgramSound};
use crowd_radio::manifest::Manifest;
use crowd_radio::program::{ChangeKind, Lost, Plan, Program, Timeline, WalkState, read_joined};
use crowd_radio::setup::Preparer;
use crowd_radio::sound::{ReadLimits, SoundCache};
use crowd_streaming::aac::{AacFrame, AacRate, AacSettings};

const AAC: AacSettings = AacSettings { rate: AacRate::Hz48000, bit_rate: 160_000 };
const FRAME: u64 = AacFrame::LENGTH;

/// A station of three tracks and a short jingle, whose lengths are no multiples of an AAC frame.
fn station(folder: &Path, crossfade_seconds: f64, pause_seconds: f64) -> Manifest {
    let (music, jingles, out) = (folder.join("music"), folder.join("jingles"), folder.join("out"));
    for folder in [&music, &jingles] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for (key, seconds) in [(0, 70), (3, 12), (7, 41)] {
        write(&music, &format!("{key}.wav"), &chords(seconds * RATE as usize + 331 + 100 * key, key));
    }
    write(&jingles, "j.wav", &chords(RATE as usize + 77, 12));
    let filler = write(folder, "filler.wav", &chords(20 * RATE as usize, 1));
    let config = format!(
        r#"
            filler = {filler:?}
            [stream]
            bit_rate = {}
            [[playlist]]
            name = "music"
            folder = "music"
            [[playlist]]
            name = "jingles"
            folder = "jingles"
            kind = "jingle"
            [schedule]
            time_zone = "Europe/Berlin"
            crossfade_seconds = {crossfade_seconds:?}
            pause_seconds = {pause_seconds:?}
            [[schedule.every]]
            playlist = "jingles"
            tracks = 2
        "#,
        AAC.bit_rate
    );
    let path = folder.join("station.toml");
    std::fs::write(&path, config).unwrap();
    let mut preparer = Preparer::new(StationConfig::read(&path).unwrap(), &out).unwrap();
    assert_eq!(preparer.prepare(|_, _| ()).unwrap(), Vec::<String>::new());
    Manifest::read(&out).unwrap()
}

fn plan(manifest: &Manifest) -> Arc<Plan> {
    Arc::new(manifest.plan(Duration::from_secs(1_790_000_000)).unwrap())
}

fn timeline(manifest: &Manifest) -> Timeline {
    Timeline::new(WalkState::default(), plan(manifest), Vec::new())
}

/// The program of a station, and its encoded frames.
struct Encoded {
    frames: EncodedProgram,
    sound: ProgramSound,
}

impl Encoded {
    fn new(folder: &Path, manifest: &Manifest) -> Self {
        let store = PieceStore::new(Manifest::pieces(&folder.join("out")).unwrap(), AAC);
        let program = Program::new(WalkState::default(), plan(manifest));
        let sound = ProgramSound::new(program, SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT));
        Self { frames: EncodedProgram::new(store), sound }
    }

    fn frames(&mut self, range: Range<u64>) -> Result<Vec<AacFrame>, Error> {
        self.frames.frames(range, &mut self.sound)
    }
}

#[test]
fn the_decoded_stream_is_the_joined_sound_at_every_join_and_piece() {
    for (crossfade, pause) in [(0.0, 0.0), (3.0, 0.0), (0.0, 2.0)] {
        let folder = tempfile::tempdir().unwrap();
        let manifest = station(folder.path(), crossfade, pause);
        let mut program = Encoded::new(folder.path(), &manifest);
        // Two whole rounds of the program.
        let count = 2 * 200 * u64::from(RATE) / FRAME;
        let frames = program.frames(0..count).unwrap();
        assert_eq!(frames.len() as u64, count);
        assert_eq!(program.frames.uneven_changes(), 0);
        let name = format!("crossfade {crossfade}, pause {pause}");
        assert_sounds(&frames, 0, &mut timeline(&manifest), &name);
    }
}

#[test]
fn frames_are_the_same_in_whatever_order_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = station(folder.path(), 0.0, 0.0);
    let count = 12_000;
    let whole = Encoded::new(folder.path(), &manifest).frames(0..count).unwrap();
    // Another process, without what the first one has stored.
    std::fs::remove_dir_all(folder.path().join("out/pieces")).unwrap();
    let mut other = Encoded::new(folder.path(), &manifest);
    for start in [9_000, 5_123, 11_000, 0, 3_300, 6_400, 10] {
        let range = start..(start + 700).min(count);
        let found = other.frames(range.clone()).unwrap();
        assert!(found == whole[range.start as usize..range.end as usize], "{range:?}");
    }
}

/// The decoded sound of a range is what the items of `timeline` sound like, from the second AAC frame on.
fn assert_sounds(frames: &[AacFrame], first: u64, timeline: &mut Timeline, name: &str) {
    let decoded = decode(AAC.rate, frames);
    let span = first * FRAME..(first + frames.len() as u64) * FRAME;
    let items = timeline.items(span.clone());
    let wanted = read_joined(&items, span, &mut SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT)).unwrap();
    for (index, (wanted, found)) in wanted.chunks(2_048).zip(decoded.chunks(2_048)).enumerate().skip(1) {
        let ratio = ratio(wanted, found);
        let loud = wanted.as_flattened().iter().any(|sample| sample.abs() > 0.01);
        let seconds = index as f64 * 2_048.0 / f64::from(RATE);
        assert!(ratio > 9.0 || !loud, "{name}: {ratio:.1} dB at {seconds:.2} s");
    }
}

#[test]
fn a_skip_and_a_request_change_the_encoded_stream_without_a_fault() {
    for crossfade in [0.0, 3.0] {
        let folder = tempfile::tempdir().unwrap();
        let manifest = station(folder.path(), crossfade, 0.0);
        let mut program = Encoded::new(folder.path(), &manifest);
        let untouched = program.frames(0..1_000).unwrap();
        // Known after 20 s; the first track plays from second 1 to 71.
        let known = 20 * u64::from(RATE) + 17;
        let request = manifest.playlists[0].items[2].hash.clone();
        program.sound.change().change(known, ChangeKind::Request(request));
        program.sound.change().change(known, ChangeKind::Skip);
        assert_eq!(program.frames(0..900).unwrap()[..], untouched[..900]);
        let frames = program.frames(0..4_000).unwrap();
        assert_eq!(program.frames.uneven_changes(), 0);
        let mut newest = program.sound.change().newest().clone();
        assert_eq!(newest.item(2).item.title, "7");
        assert!(newest.item(1).end().0 / u64::from(RATE) < 24);
        assert_sounds(&frames, 0, &mut newest, &format!("crossfade {crossfade}"));
    }
}

#[test]
fn the_filler_plays_instead_of_a_file_that_has_vanished() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = station(folder.path(), 0.0, 0.0);
    std::fs::remove_file(folder.path().join("music/3.wav")).unwrap();
    let mut program = Encoded::new(folder.path(), &manifest);
    // The third item, from second 71 on, for 12 s.
    let range = 3_200..4_200;
    let lost = match program.frames(range.clone()).unwrap_err() {
        Error::Sound { number, from, .. } => Lost { number, from, silent: false },
        other => panic!("{other}"),
    };
    assert_eq!(lost.number, 2);
    program.sound.change().lose(lost);
    let frames = program.frames(range.clone()).unwrap();
    let mut timeline = timeline(&manifest);
    let span = range.start * FRAME..range.end * FRAME;
    let items = program.sound.change().sounding(timeline.items(span.clone()), u64::MAX);
    assert_eq!(items.iter().filter(|item| item.item.hash == manifest.filler.hash).count(), 1);
    let wanted = read_joined(&items, span, &mut SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT)).unwrap();
    let decoded = decode(AAC.rate, &frames);
    assert!(wanted.chunks(2_048).zip(decoded.chunks(2_048)).skip(1).all(|(wanted, found)| ratio(wanted, found) > 9.0));
    // Without the filler there is silence.
    program.sound.change().lose(Lost { silent: true, ..lost });
    let silent = program.sound.change().sounding(timeline.items(72 * u64::from(RATE)..80 * u64::from(RATE)), u64::MAX);
    assert!(silent.is_empty());
}
