//! Files of several streams in a row are decoded to the end, and lengths are counted.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use std::path::{Path, PathBuf};

use crowd_media::{Audio, DecodeOptions, Reader, open, probe};
use test_files::{by_ffmpeg, encode, lame, text, wav_file};

fn whole(path: &Path) -> Audio {
    open(path, &DecodeOptions::default()).unwrap()
}

fn joined(name: &str, files: &[&PathBuf]) -> PathBuf {
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    let path = files[0].with_file_name(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn rest(reader: &mut Reader) -> Vec<f32> {
    let mut all = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        all.extend_from_slice(block);
    }
    all
}

/// Checks that a joined file has the samples of its files, read as a whole and from any frame on.
fn check_joined(name: &str, files: &[&PathBuf]) {
    let path = joined(name, files);
    let tracks: Vec<Audio> = files.iter().map(|file| whole(file)).collect();
    let rate = tracks.iter().map(|track| track.sample_rate).max().unwrap();
    let width = tracks.iter().map(|track| track.channels).max().unwrap();
    let wanted: Vec<f32> = tracks
        .into_iter()
        .map(|track| if width == 2 { track.to_stereo() } else { track })
        .flat_map(|track| track.resampled(rate).unwrap().to_f32())
        .collect();
    let got = whole(&path);
    assert_eq!((got.sample_rate, got.channels), (rate, width), "{name}");
    assert_eq!(got.to_f32().len(), wanted.len(), "{name}: {} frames", got.frames());
    assert!(got.to_f32() == wanted, "{name}: the samples of its files");
    let mut reader = Reader::open(&path).unwrap();
    let (frames, width) = (reader.frames() as usize, usize::from(width));
    assert_eq!(frames * width, wanted.len(), "{name}");
    assert_eq!(probe(&path).unwrap().frames, Some(frames as u64), "{name}");
    for from in (0..17).map(|n| n * 7_368_787 % frames).chain([0, frames - 1]) {
        reader.seek(from as u64).unwrap();
        assert!(rest(&mut reader) == wanted[from * width..], "{name} from {from}");
    }
}

#[test]
fn chained_ogg_files_are_decoded_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "one.wav", 70_001, 44_100, 2);
    let other = wav_file(folder.path(), "two.wav", 50_003, 48_000, 1);
    let one = encode(&wav, "one.ogg", &["-c:a", "libvorbis", "-q:a", "3", "-metadata", "title=One"]);
    let two = encode(&other, "two.ogg", &["-c:a", "libvorbis", "-q:a", "3"]);
    let flac = encode(&wav, "flac.ogg", &["-c:a", "flac", "-f", "ogg"]);
    check_joined("same-serial.ogg", &[&one, &one]);
    check_joined("rates.ogg", &[&one, &two, &one]);
    check_joined("mono-first.ogg", &[&two, &one]);
    check_joined("codecs.ogg", &[&one, &flac]);
    #[cfg(feature = "opus")]
    {
        let opus = encode(&wav, "one.opus", &["-c:a", "libopus", "-b:a", "128k"]);
        check_joined("twice.opus", &[&opus, &opus]);
        check_joined("vorbis-first.ogg", &[&one, &opus]);
    }
}

#[test]
fn joined_mp3_files_are_decoded_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "one.wav", 70_001, 44_100, 2);
    let other = wav_file(folder.path(), "two.wav", 50_003, 22_050, 1);
    let tag = ["--tt", "One", "--ta", "Two", "--add-id3v2", "--pad-id3v2-size", "3000"];
    let one = lame(&wav, "one.mp3", &[&["-b", "128"], &tag[..]].concat());
    let two = lame(&wav, "two.mp3", &["-V", "3"]);
    let three = lame(&other, "three.mp3", &["-b", "48"]);
    let untagged = lame(&wav, "untagged.mp3", &["-b", "128", "-t"]);
    check_joined("both.mp3", &[&one, &two]);
    check_joined("twice.mp3", &[&two, &two]);
    check_joined("rates.mp3", &[&one, &three, &two]);
    check_joined("untagged-last.mp3", &[&three, &untagged]);
}

#[test]
fn adts_files_are_counted_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    // Loud and silent spans, so that the length does not follow from the bit rate.
    let loud = wav_file(folder.path(), "loud.wav", 200_000, 44_100, 2);
    let uneven = encode(
        &loud,
        "uneven.aac",
        &["-af", "volume=0:enable='gt(t,0.4)',apad=whole_dur=30", "-c:a", "aac", "-b:a", "256k"],
    );
    let frames = by_ffmpeg(&uneven).len() / 2;
    assert_eq!(probe(&uneven).unwrap().frames, Some(frames as u64));
    assert_eq!(whole(&uneven).frames(), frames);
    let coder = ["-c:a", "aac", "-aac_pns", "0"];
    let one = encode(&loud, "one.aac", &coder);
    let low = wav_file(folder.path(), "low.wav", 60_000, 22_050, 1);
    let two = encode(&low, "two.aac", &coder);
    check_joined("rates.aac", &[&one, &two]);
}

#[test]
fn a_recording_that_began_inside_a_stream_is_decoded_from_its_first_page() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "one.wav", 500_000, 44_100, 2);
    let one = encode(&wav, "one.ogg", &["-c:a", "libvorbis", "-q:a", "3"]);
    let bytes = std::fs::read(&one).unwrap();
    // The header pages, then the pages from the middle on, without the last.
    let pages: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == b"OggS").map(|(at, _)| at).collect();
    let middle = pages[pages.len() / 2];
    let recorded = [&bytes[..pages[2]], &bytes[middle..*pages.last().unwrap()]].concat();
    let path = one.with_file_name("recorded.ogg");
    std::fs::write(&path, recorded).unwrap();
    let decoded = whole(&path);
    let theirs = by_ffmpeg(&path);
    assert!(decoded.frames().abs_diff(theirs.len() / 2) < 4096, "{} and {} frames", decoded.frames(), theirs.len() / 2);
    assert_eq!(probe(&path).unwrap().frames, Some(decoded.frames() as u64));
    assert!(
        decoded.warnings.iter().any(|warning| warning.contains("last page")),
        "{}: {:?}",
        text(&path),
        decoded.warnings
    );
}
