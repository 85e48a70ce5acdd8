//! The encoded program decodes to the joined sound of its items.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;

use common::{RATE, chords, write};
use crowd_engine::SampleRate;
use crowd_media::Reader;
use crowd_radio::encode::{EncodedProgram, PieceStore};
use crowd_radio::manifest::Manifest;
use crowd_radio::program::{Timeline, read_joined};
use crowd_radio::setup::{Settings, prepare};
use crowd_radio::sound::SoundCache;
use crowd_streaming::aac::{AacFrame, AacRate, AacSettings, write_adts};

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
    let cycle = NonZeroUsize::new(2).unwrap();
    let manifest = Manifest {
        sample_rate: RATE,
        bit_rate: AAC.bit_rate,
        segment_seconds: 6.0,
        cycle,
        crossfade_seconds,
        pause_seconds,
        items: Vec::new(),
    };
    let settings = Settings { music, jingles: Some(jingles), out: out.clone(), target_lufs: -16.0, manifest };
    assert_eq!(prepare(&settings, |_, _| ()).unwrap(), Vec::<String>::new());
    Manifest::read(&out).unwrap()
}

fn timeline(manifest: &Manifest) -> Timeline {
    manifest.timeline().unwrap()
}

fn program(folder: &Path, manifest: &Manifest) -> EncodedProgram {
    let store = PieceStore::new(Manifest::pieces(&folder.join("out")).unwrap(), AAC);
    EncodedProgram::new(timeline(manifest), store, SoundCache::new(SampleRate::DAT))
}

fn decode(frames: &[AacFrame]) -> Vec<[f32; 2]> {
    let mut adts = Vec::new();
    frames.iter().for_each(|frame| write_adts(AAC.rate, frame, &mut adts));
    let mut reader = Reader::from_bytes("a.aac".as_ref(), Cursor::new(adts)).unwrap();
    let mut sound = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        sound.extend(block.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
    }
    sound
}

/// The signal-to-noise ratio of a range, in dB.
fn ratio(wanted: &[[f32; 2]], found: &[[f32; 2]]) -> f64 {
    let (mut signal, mut noise) = (1e-9, 1e-9);
    for (wanted, found) in wanted.as_flattened().iter().zip(found.as_flattened()) {
        signal += f64::from(wanted * wanted);
        noise += f64::from((wanted - found).powi(2));
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn the_decoded_stream_is_the_joined_sound_at_every_join_and_piece() {
    for (crossfade, pause) in [(0.0, 0.0), (3.0, 0.0), (0.0, 2.0)] {
        let folder = tempfile::tempdir().unwrap();
        let manifest = station(folder.path(), crossfade, pause);
        let mut program = program(folder.path(), &manifest);
        // Two whole rounds of the program.
        let count = 2 * 200 * u64::from(RATE) / FRAME;
        let frames = program.frames(0..count).unwrap();
        assert_eq!(frames.len() as u64, count);
        assert_eq!(program.uneven_changes(), 0);
        let decoded = decode(&frames);
        assert_eq!(decoded.len() as u64, count * FRAME);

        let mut timeline = timeline(&manifest);
        let span: Range<u64> = 0..count * FRAME;
        let items = timeline.items(span.clone());
        let wanted = read_joined(&items, span, &mut SoundCache::new(SampleRate::DAT)).unwrap();
        // The first AAC frame has nothing to overlap with.
        for (index, (wanted, found)) in wanted.chunks(2_048).zip(decoded.chunks(2_048)).enumerate().skip(1) {
            let ratio = ratio(wanted, found);
            let loud = wanted.as_flattened().iter().any(|sample| sample.abs() > 0.01);
            let seconds = index as f64 * 2_048.0 / f64::from(RATE);
            assert!(ratio > 9.0 || !loud, "crossfade {crossfade}, pause {pause}: {ratio:.1} dB at {seconds:.2} s");
        }
    }
}

#[test]
fn frames_are_the_same_in_whatever_order_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = station(folder.path(), 0.0, 0.0);
    let count = 12_000;
    let whole = program(folder.path(), &manifest).frames(0..count).unwrap();
    // Another process, without what the first one has stored.
    std::fs::remove_dir_all(folder.path().join("out/pieces")).unwrap();
    let mut other = program(folder.path(), &manifest);
    for start in [9_000, 5_123, 11_000, 0, 3_300, 6_400, 10] {
        let range = start..(start + 700).min(count);
        let found = other.frames(range.clone()).unwrap();
        assert!(found == whole[range.start as usize..range.end as usize], "{range:?}");
    }
}

#[test]
fn jingles_and_tracks_alternate_across_the_end_of_the_playlist() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = station(folder.path(), 0.0, 0.0);
    let mut timeline = timeline(&manifest);
    let titles: Vec<String> = (0..10).map(|number| timeline.item(number).item.title.clone()).collect();
    assert_eq!(titles, ["j", "0", "3", "j", "7", "0", "j", "3", "7", "j"]);
    // Each item begins in the frame after the last one of the item before it.
    for number in 0..20 {
        assert_eq!(timeline.item(number).end(), timeline.item(number + 1).start);
    }
}
