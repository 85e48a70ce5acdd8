//! Frame positions: a frame that was sought is the same as in a run from the start, and as in ffmpeg.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use std::path::{Path, PathBuf};

use crowd_media::{DecodeOptions, Reader, open};
use test_files::{by_ffmpeg, encode, lame, text, wav_file, with_delay, with_vbri};

/// Frames of music: not a whole number of any codec's packets.
const FRAMES: usize = 60_003;

/// The next `blocks` blocks, or all up to the end, interleaved.
fn some(reader: &mut Reader, blocks: usize) -> Vec<f32> {
    let mut all = Vec::new();
    for _ in 0..blocks {
        let Some(block) = reader.next_block().unwrap() else { break };
        all.extend_from_slice(block);
    }
    all
}

/// Reads from many frames on and compares with the samples that are read from the start.
fn check_seeks(path: &Path, tolerance: f32) -> Vec<f32> {
    let name = text(path);
    let mut reader = Reader::open(path).unwrap();
    let width = usize::from(reader.channels());
    let whole = some(&mut reader, usize::MAX);
    let frames = whole.len() / width;
    assert_eq!(reader.frames(), frames as u64, "{name}: the frames it promises");
    assert_eq!(open(path, &DecodeOptions::default()).unwrap().to_f32(), whole, "{name}: read at once");
    let spread = (0..23).map(|n| n * 15_485_863 % frames);
    for from in spread.chain([0, 1, 575, 576, 577, 1_104, 1_105, 1_152, 2_305, frames / 2, frames - 1, frames - 577]) {
        reader.seek(from as u64).unwrap();
        // To the end from every third position, and a few packets from the others.
        let packets = if from % 3 == 0 { usize::MAX } else { 4 };
        let got = some(&mut reader, packets);
        assert!(packets < usize::MAX || got.len() == (frames - from) * width, "{name} from {from}");
        let most = got.iter().zip(&whole[from * width..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most <= tolerance, "{name} from {from}: off by {most}");
    }
    assert!(reader.warnings().is_empty(), "{name}: {:?}", reader.warnings());
    whole
}

/// Compares with ffmpeg's decode of the same file, frame for frame, with at most `longer` frames more at its end.
///
/// Decoders round differently, and ffmpeg's decodes the joint stereo of MPEG-2 differently from mpg123's and ours: the difference is some
/// 50 dB below the music. With a displacement of a single frame it is some 10 dB below it.
fn check_against_ffmpeg(path: &Path, ours: &[f32], width: usize, longer: usize) {
    let theirs = by_ffmpeg(path);
    let power = |samples: &[f32]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let common = ours.len().min(theirs.len());
    let off: Vec<f32> = ours[..common].iter().zip(&theirs[..common]).map(|(a, b)| a - b).collect();
    let below = 10.0 * (power(&off) / power(&theirs[..common])).log10();
    println!("{}: {} and {} frames, {below:.1} dB apart", text(path), ours.len() / width, theirs.len() / width);
    assert!(below < -40.0, "{}: {below:.1} dB apart", text(path));
    let (ours, theirs) = (ours.len() / width, theirs.len() / width);
    assert!((ours..=ours + longer).contains(&theirs), "{}: {ours} frames, and {theirs} by ffmpeg", text(path));
}

fn check(path: &Path, channels: u16, tolerance: f32) {
    let whole = check_seeks(path, tolerance);
    check_against_ffmpeg(path, &whole, usize::from(channels), 0);
}

fn rewrite(path: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let out = path.with_file_name(name);
    std::fs::write(&out, bytes).unwrap();
    out
}

#[test]
fn mp3_at_every_rate_delay_and_tag() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000] {
        for channels in [1, 2] {
            let wav = wav_file(folder.path(), "music.wav", FRAMES, rate, channels);
            let tagged = lame(
                &wav,
                &format!("{rate}-{channels}.mp3"),
                &["-b", "64", "--resample", &format!("{}", f64::from(rate) / 1e3)],
            );
            check(&tagged, channels, 0.0);
            assert_eq!(Reader::open(&tagged).unwrap().frames(), FRAMES as u64, "as many frames as went in");
        }
    }
    let wav = wav_file(folder.path(), "music.wav", FRAMES, 44_100, 2);
    let low = wav_file(folder.path(), "low.wav", FRAMES, 22_050, 2);
    let variable = lame(&wav, "variable.mp3", &["-V", "4"]);
    check(&variable, 2, 0.0);
    for (name, source) in
        [("high", lame(&wav, "high.mp3", &["-b", "128"])), ("low", lame(&low, "low.mp3", &["-b", "64"]))]
    {
        let bytes = std::fs::read(&source).unwrap();
        for delay in [0, 47, 48, 576, 623, 624, 1_104, 1_152, 1_201, 4_095] {
            for padding in [0, 1_000, 1_681] {
                let path =
                    rewrite(&source, &format!("{name}-{delay}-{padding}.mp3"), &with_delay(&bytes, delay, padding));
                check(&path, 2, 0.0);
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    let bytes = std::fs::read(lame(&wav, "constant.mp3", &["-b", "128"])).unwrap();
    check(&rewrite(&wav, "vbri.mp3", &with_vbri(&bytes)), 2, 0.0);
    check(&lame(&wav, "untagged.mp3", &["-b", "128", "-t"]), 2, 0.0);
    check(&lame(&low, "untagged-low.mp3", &["-b", "64", "-t"]), 2, 0.0);
    check(&encode(&wav, "by-ffmpeg.mp3", &["-c:a", "libmp3lame", "-b:a", "160k", "-metadata", "title=Name"]), 2, 0.0);
    check(&encode(&wav, "no-tag.mp3", &["-c:a", "libmp3lame", "-b:a", "160k", "-write_xing", "0"]), 2, 0.0);
}

#[test]
fn lossless_and_other_codecs() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels) in [(44_100, 2), (48_000, 1), (22_050, 2), (96_000, 2)] {
        let wav = wav_file(folder.path(), "music.wav", FRAMES, rate, channels);
        check(&wav, channels, 0.0);
        for (name, options) in [
            ("a.aiff", &["-c:a", "pcm_s16be"][..]),
            ("a.flac", &["-c:a", "flac"]),
            ("a.m4a", &["-c:a", "alac"]),
            ("a.caf", &["-c:a", "pcm_s16le"]),
            ("a.ogg", &["-c:a", "libvorbis", "-q:a", "4"]),
            ("b.oga", &["-c:a", "flac"]),
            ("float.wav", &["-c:a", "pcm_f32le"]),
            ("24.wav", &["-c:a", "pcm_s24le"]),
        ] {
            let path = encode(&wav, name, options);
            let whole = check_seeks(&path, 0.0);
            assert_eq!(whole.len(), FRAMES * usize::from(channels), "{name}: as many frames as went in");
            // ffmpeg leaves out up to a block at the end of a Vorbis file.
            let theirs = &by_ffmpeg(&path);
            check_against_ffmpeg(&path, &whole[..whole.len().min(theirs.len())], usize::from(channels), 0);
            assert!(whole.len() - theirs.len() <= 256 * usize::from(channels), "{name}");
        }
    }
}

/// Noise that an AAC encoder leaves to the decoder is random, so it is turned off in ffmpeg's encoder.
#[test]
fn aac_with_and_without_edit_lists() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels) in [(44_100, 2), (48_000, 1), (22_050, 2)] {
        let wav = wav_file(folder.path(), "music.wav", FRAMES, rate, channels);
        let coder = ["-c:a", "aac", "-b:a", "128k", "-aac_pns", "0"];
        let with = |more: &[&'static str]| [&coder[..], more].concat();
        for (name, options, delay) in [
            ("edit.m4a", &[][..], 0),
            ("front.m4a", &["-movflags", "+faststart"], 0),
            ("no-edit.m4a", &["-use_editlist", "0"], 1024),
        ] {
            let path = encode(&wav, name, &with(options));
            let whole = check_seeks(&path, 1e-6);
            assert_eq!(whole.len(), (FRAMES + delay) * usize::from(channels), "{name}: as many frames as went in");
            // ffmpeg keeps the padding of the last packet.
            check_against_ffmpeg(&path, &whole, usize::from(channels), 1023);
        }
        check(&encode(&wav, "stream.aac", &coder), channels, 1e-6);
    }
}
