//! The stereo mix of more than two channels is the same at once and in blocks. A mix that would clip gets one gain, which is reported.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crowd_media::{Audio, DecodeOptions, Reader, SampleFormat, Samples, open, wav};

/// A 5.1 file whose channels are noise times `level`, with its peak in the second half.
fn surround(path: &Path, level: f32, frames: usize) {
    let mut state = 7_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut samples: Vec<f32> = (0..frames * 6).map(|_| level * noise()).collect();
    samples[frames / 4 * 3 * 6..][..6].copy_from_slice(&[level; 6]);
    let audio = Audio::new(Samples::F32(samples), 44_100, 6).unwrap();
    wav::write(path, &audio, SampleFormat::F32).unwrap();
}

fn rest(reader: &mut Reader) -> Vec<f32> {
    let mut all = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        all.extend_from_slice(block);
    }
    all
}

#[test]
fn blocks_from_any_frame_have_the_gain_of_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surround.wav");
    for (level, lowered) in [(0.9, Some(20.0 * (0.9 * (1.0 + 2.0_f32.sqrt())).recip().log10())), (0.3, None)] {
        surround(&path, level, 50_000);
        let whole = open(&path, &DecodeOptions::default()).unwrap();
        let stereo = whole.clone().to_stereo();
        let mut reader = Reader::open(&path).unwrap().to_stereo().unwrap();
        assert_eq!(reader.downmix_gain_db(), stereo.downmix_gain_db, "{level}");
        match (stereo.downmix_gain_db, lowered) {
            (Some(got), Some(want)) => assert!((got - want).abs() < 0.01, "{got} {want}"),
            (got, want) => assert_eq!(got, want),
        }
        let samples = stereo.to_f32();
        assert!(samples.iter().all(|sample| sample.abs() <= 1.0));
        assert!(rest(&mut reader) == samples, "{level}");
        for from in [0, 1, 12_345, 40_000, 49_999] {
            reader.seek(from as u64).unwrap();
            assert!(rest(&mut reader) == samples[from * 2..], "{level} from {from}");
        }
        // An excerpt is mixed with the gain of its file, not with one of its own.
        let gain = Reader::open(&path).unwrap().downmix_gain().unwrap();
        let mut part = vec![0.0; 600];
        whole.read_f32(1_000, &mut part);
        let part = Audio::new(Samples::F32(part), 44_100, 6).unwrap().to_stereo_by(gain);
        assert!(part.to_f32() == samples[2_000..2_200], "{level}");
    }
}

#[test]
fn the_fronts_are_as_loud_as_in_stereo() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fronts.wav");
    let fronts: Vec<f32> = (0..20_000).map(|n| 0.5 * (n as f32 * 0.05).sin()).collect();
    let samples = fronts.iter().flat_map(|s| [*s, -s, 0.0, 0.9, 0.0, 0.0]).collect();
    wav::write(&path, &Audio::new(Samples::F32(samples), 44_100, 6).unwrap(), SampleFormat::F32).unwrap();
    let mut reader = Reader::open(&path).unwrap().to_stereo().unwrap();
    assert_eq!(reader.downmix_gain_db(), None);
    assert!(rest(&mut reader) == fronts.iter().flat_map(|s| [*s, -s]).collect::<Vec<_>>());
}

#[test]
fn the_measured_peak_of_a_file_is_cached_until_the_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surround.wav");
    surround(&path, 0.9, 1_000_000);
    // Nothing is cached for a file that was changed less than two seconds ago.
    std::thread::sleep(Duration::from_millis(2_100));
    let time = || {
        let start = std::time::Instant::now();
        let gain = Reader::open(&path).unwrap().to_stereo().unwrap().downmix_gain_db().unwrap();
        (gain, start.elapsed())
    };
    let (first, measured) = time();
    // A reader that is given the open file uses the cache too.
    let file = File::open(&path).unwrap();
    let bytes = file.try_clone().unwrap();
    let start = std::time::Instant::now();
    let reader = Reader::from_bytes_of(&path, bytes, &file).unwrap().to_stereo().unwrap();
    let known = start.elapsed();
    assert_eq!(reader.downmix_gain_db(), Some(first));
    assert!(cfg!(not(unix)) || known * 10 < measured, "{known:?} after {measured:?}");
    surround(&path, 0.8, 50_000);
    let (second, _) = time();
    assert!((second - first - 20.0 * (0.9_f32 / 0.8).log10()).abs() < 0.01, "{first} {second}");
}
