//! Opus files are read as ffmpeg reads them, whole and from any frame.
#![cfg(feature = "opus")]
#![allow(clippy::unwrap_used)]

mod ffmpeg;

use std::path::{Path, PathBuf};

use crowd_media::{DecodeOptions, Reader, open, probe};

/// What is encoded: channels, name and arguments.
const KINDS: [(u16, &str, &[&str]); 8] = [
    (2, "music", &["-b:a", "128k"]),
    (1, "mono", &["-b:a", "64k"]),
    (2, "short packets", &["-b:a", "160k", "-frame_duration", "2.5", "-application", "lowdelay"]),
    (2, "long packets", &["-b:a", "96k", "-frame_duration", "60"]),
    (1, "speech", &["-b:a", "14k", "-application", "voip"]),
    (2, "speech and music", &["-b:a", "28k", "-application", "voip"]),
    (2, "constant", &["-b:a", "96k", "-vbr", "off"]),
    (6, "5.1", &["-b:a", "256k", "-mapping_family", "1"]),
];

fn make(folder: &Path, channels: u16, frames: usize, end: &str, arguments: &[&str]) -> PathBuf {
    let (from, to) = (folder.join("from.wav"), folder.join("to").with_extension(end));
    ffmpeg::music(&from, 48_000, channels, frames);
    ffmpeg::encode(&from, &[&["-c:a", "libopus"], arguments].concat(), &to);
    to
}

#[test]
fn every_kind_of_stream_is_what_ffmpeg_reads_at_lag_0_and_of_the_length_that_was_encoded() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, name, arguments) in KINDS {
        let frames = 200_123;
        let path = make(folder.path(), channels, frames, "opus", arguments);
        let info = probe(&path).unwrap();
        assert_eq!(
            (info.codec.as_str(), info.frames, info.channels),
            ("opus", Some(frames as u64), channels),
            "{name}"
        );
        let audio = open(&path, &DecodeOptions::default()).unwrap();
        assert_eq!((audio.frames(), audio.sample_rate, audio.channels), (frames, 48_000, channels), "{name}");
        assert!(audio.warnings.is_empty(), "{name}: {:?}", audio.warnings);
        let want = ffmpeg::decode(&path, &["-c:a", "libopus"]);
        let got = audio.to_f32();
        assert_eq!(got.len(), want.len(), "{name}");
        let (lag, snr) = (ffmpeg::lag(&want, &got, usize::from(channels), 8), ffmpeg::snr(&want, &got));
        println!("{name}: lag {lag}, {snr:.1} dB");
        assert!(lag == 0 && snr > 60.0, "{name}: lag {lag}, {snr:.1} dB");
    }
}

#[test]
fn from_any_frame_every_sample_is_that_of_the_linear_run() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, name, arguments) in KINDS {
        let frames = 700_000;
        let path = make(folder.path(), channels, frames, "opus", arguments);
        let whole = open(&path, &DecodeOptions::default()).unwrap().to_f32();
        let width = usize::from(channels);
        let mut reader = Reader::open(&path).unwrap();
        let mut places: Vec<usize> = (0..40).map(|n| n * 17_501).collect();
        places.extend([1, 311, 312, 313, 47_999, 48_000, 48_001, 699_000, 699_040, 699_999]);
        for from in places {
            reader.seek(from as u64).unwrap();
            let mut got = Vec::new();
            while let Some(block) = reader.next_block().unwrap() {
                got.extend_from_slice(block);
            }
            let want = &whole[from * width..];
            let last = got.iter().zip(want).rposition(|(a, b)| a != b).map(|sample| sample / width);
            assert!(got.len() == want.len() && last.is_none(), "{name} from {from}: differs up to frame {last:?}");
        }
    }
}
