//! Opus files are decoded as by ffmpeg, at once and from any frame.
#![cfg(all(feature = "opus", feature = "encode", feature = "decode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use std::path::{Path, PathBuf};

use crowd_media::{DecodeOptions, Reader, open, probe};

/// The streams that are encoded: channels, name and encoder arguments.
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

fn make(folder: &Path, channels: u16, frames: usize, name: &str, arguments: &[&str]) -> PathBuf {
    let from = test_files::wav_file(folder, "from.wav", frames, 48_000, channels);
    test_files::encode(&from, name, &[&["-c:a", "libopus"], arguments].concat())
}

#[test]
fn every_kind_of_stream_is_decoded_as_by_ffmpeg_at_lag_0_and_to_the_encoded_length() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, name, arguments) in KINDS {
        let frames = 200_123;
        let path = make(folder.path(), channels, frames, "to.opus", arguments);
        let info = probe(&path).unwrap();
        assert_eq!(
            (info.codec.as_str(), info.frames, info.channels),
            ("opus", Some(frames as u64), channels),
            "{name}"
        );
        let audio = open(&path, &DecodeOptions::default()).unwrap();
        assert_eq!((audio.frames(), audio.sample_rate, audio.channels), (frames, 48_000, channels), "{name}");
        assert!(audio.warnings.is_empty(), "{name}: {:?}", audio.warnings);
        let want = test_files::by_ffmpeg_with(&path, &["-c:a", "libopus"]);
        let got = audio.to_f32();
        assert_eq!(got.len(), want.len(), "{name}");
        let (lag, snr) = (test_files::lag(&want, &got, usize::from(channels), 8), test_files::snr(&want, &got));
        println!("{name}: lag {lag}, {snr:.1} dB");
        assert!(lag == 0 && snr > 60.0, "{name}: lag {lag}, {snr:.1} dB");
    }
}

#[test]
fn music_from_any_frame_is_the_same_as_from_the_start_and_speech_nearly() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, name, arguments) in KINDS {
        let frames = 700_000;
        let path = make(folder.path(), channels, frames, "to.opus", arguments);
        let whole = open(&path, &DecodeOptions::default()).unwrap().to_f32();
        let width = usize::from(channels);
        let mut reader = Reader::open(&path).unwrap();
        let mut positions: Vec<usize> = (0..40).map(|n| n * 17_501).collect();
        positions.extend([1, 311, 312, 313, 47_999, 48_000, 48_001, 699_000, 699_040, 699_999]);
        let mut least = f64::INFINITY;
        for from in positions {
            reader.seek(from as u64).unwrap();
            let mut got = Vec::new();
            while let Some(block) = reader.next_block().unwrap() {
                got.extend_from_slice(block);
            }
            let want = &whole[from * width..];
            assert_eq!(got.len(), want.len(), "{name} from {from}");
            // For a few frames at the end the ratio has no meaning.
            let snr = if got.len() < 9_600 * width { f64::INFINITY } else { test_files::snr(want, &got) };
            least = least.min(snr);
            // Speech is coded with filters that feed back for as long as a voice sounds.
            let is_close = got == want || name.starts_with("speech") && snr > 30.0;
            assert!(is_close, "{name} from {from}: {snr:.1} dB");
        }
        println!("{name}: {least:.1} dB at least");
    }
}

/// WebM and Matroska, whose time stamps are rounded to milliseconds.
#[test]
fn webm_gives_the_samples_of_the_same_stream_in_ogg_from_any_frame() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, name, arguments) in KINDS {
        let frames = 300_123;
        let ogg = make(folder.path(), channels, frames, "to.opus", arguments);
        let want = open(&ogg, &DecodeOptions::default()).unwrap().to_f32();
        for end in ["webm", "mka", "mkv"] {
            let path = test_files::encode(&ogg, &format!("to.{end}"), &["-c", "copy", "-metadata", "title=Fixture"]);
            let info = probe(&path).unwrap();
            assert_eq!((info.container.as_str(), info.codec.as_str()), ("matroska", "opus"), "{name}");
            assert_eq!(
                (info.frames, info.tags.title.as_deref()),
                (Some(frames as u64), Some("Fixture")),
                "{name}.{end}"
            );
            let audio = open(&path, &DecodeOptions::default()).unwrap();
            assert!(audio.warnings.is_empty(), "{name}.{end}: {:?}", audio.warnings);
            assert!(audio.to_f32() == want, "{name}.{end}");
            let by_ffmpeg = test_files::by_ffmpeg_with(&path, &["-c:a", "libopus"]);
            let (lag, snr) =
                (test_files::lag(&by_ffmpeg, &want, usize::from(channels), 8), test_files::snr(&by_ffmpeg, &want));
            assert!(by_ffmpeg.len() == want.len() && lag == 0 && snr > 60.0, "{name}.{end}: lag {lag}, {snr:.1} dB");
            let mut reader = Reader::open(&path).unwrap();
            for from in [0, 1, 7, 959, 48_000, 123_456, 250_001, 300_122] {
                reader.seek(from as u64).unwrap();
                let mut got = Vec::new();
                while let Some(block) = reader.next_block().unwrap() {
                    got.extend_from_slice(block);
                }
                let want = &want[from * usize::from(channels)..];
                let is_close = got == want || name.starts_with("speech") && test_files::snr(want, &got) > 30.0;
                assert!(got.len() == want.len() && is_close, "{name}.{end} from {from}");
            }
        }
    }
}

#[test]
fn sound_beside_video_is_read_and_a_truncated_file_is_decoded_to_its_end_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let ogg = make(folder.path(), 2, 480_000, "to.opus", &["-b:a", "96k"]);
    let want = open(&ogg, &DecodeOptions::default()).unwrap().to_f32();
    let options =
        ["-f", "lavfi", "-i", "testsrc=d=10:s=64x48", "-map", "1:v", "-map", "0:a", "-c:v", "mpeg4", "-c:a", "copy"];
    let film = test_files::encode(&ogg, "film.mkv", &options);
    assert!(open(&film, &DecodeOptions::default()).unwrap().to_f32() == want);

    let path = test_files::encode(&ogg, "to.webm", &["-c", "copy", "-cluster_time_limit", "1000"]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    let got = audio.to_f32();
    assert!((400_000..520_000).contains(&got.len()), "{}", got.len());
    assert!(got == want[..got.len()]);
    assert!(!audio.warnings.is_empty());
    assert!(audio.warnings[0].contains("s are missing at its end"), "{:?}", audio.warnings);
    assert_eq!(probe(&path).unwrap().warnings, audio.warnings);
    // A second of zeros in the middle: all sound after it keeps its position.
    let mut bytes = whole.clone();
    let middle = whole.len() / 2;
    bytes[middle..middle + 12_000].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    let got = audio.to_f32();
    assert!(!audio.warnings.is_empty());
    assert_eq!(got.len(), want.len());
    assert!(got[got.len() - 96_000..] == want[want.len() - 96_000..]);
}

#[test]
fn the_gain_of_the_header_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let path = make(folder.path(), 2, 48_000, "to.opus", &["-b:a", "96k"]);
    let plain = open(&path, &DecodeOptions::default()).unwrap().to_f32();
    let mut bytes = std::fs::read(&path).unwrap();
    let head = bytes.windows(8).position(|eight| eight == b"OpusHead").unwrap();
    // -6 dB in 256ths of a dB; the checksum of the page is computed anew.
    bytes[head + 16..head + 18].copy_from_slice(&(-1536_i16).to_le_bytes());
    let page = 28 + usize::from(bytes[27]);
    bytes[22..26].fill(0);
    let sum = crc(&bytes[..page]);
    bytes[22..26].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let quiet = open(&path, &DecodeOptions::default()).unwrap().to_f32();
    let want: Vec<f32> = plain.iter().map(|sample| sample * 10_f32.powf(-0.3)).collect();
    assert!(test_files::snr(&want, &quiet) > 100.0);
    assert!(test_files::snr(&test_files::by_ffmpeg_with(&path, &["-c:a", "libopus"]), &quiet) > 60.0);
}

/// The checksum of Ogg pages (RFC 3533).
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}

#[test]
fn a_stream_recorded_from_its_middle_has_the_length_of_the_recorded_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = make(folder.path(), 2, 480_000, "to.opus", &["-b:a", "96k"]);
    let bytes = std::fs::read(&path).unwrap();
    let mut pages: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"OggS")).collect();
    pages.push(bytes.len());
    // The two pages of headers, then all pages after the fourth page of sound.
    let cut = [&bytes[..pages[2]], &bytes[pages[6]..]].concat();
    std::fs::write(&path, cut).unwrap();
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    let want = test_files::by_ffmpeg_with(&path, &["-c:a", "libopus"]);
    assert_eq!(audio.to_f32().len(), want.len());
    assert!(test_files::snr(&want, &audio.to_f32()) > 60.0);
    assert_eq!(probe(&path).unwrap().frames, Some(audio.frames() as u64));
}
