use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};

/// A folder with a second of noise in it as `source.wav`, at this rate and with this number of channels.
fn source(rate: u32, channels: u16) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.wav");
    let mut noise = 1_u32;
    let mut next = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise as f32 / u32::MAX as f32 - 0.5) * 0.5
    };
    let samples = (0..rate * u32::from(channels)).map(|_| next()).collect();
    let audio = Audio::new(Samples::F32(samples), rate, channels).unwrap();
    let format = AudioFormat::new(Container::Wav, SampleFormat::I16).unwrap();
    crate::write(&path, &audio, format, &Tags::default()).unwrap();
    (folder, path)
}

/// The source encoded by `program` with the arguments `words`, in which `{in}` and `{out}` are replaced by the files.
fn encode(source: &Path, name: &str, program: &str, words: &str) -> PathBuf {
    let out = source.with_file_name(name);
    let word = |word: &str| match word {
        "{in}" => source.to_owned().into_os_string(),
        "{out}" => out.clone().into_os_string(),
        word => word.into(),
    };
    let run = Command::new(program).args(words.split_whitespace().map(word)).output();
    let run = run.unwrap_or_else(|error| panic!("{program}: {error}; run scripts/setup.sh test"));
    assert!(run.status.success(), "{program} {words}: {}", String::from_utf8_lossy(&run.stderr));
    out
}

fn lame(source: &Path, words: &str) -> PathBuf {
    encode(source, "lame.mp3", "lame", &format!("--quiet {words} {{in}} {{out}}"))
}

fn class(path: &Path) -> Option<TagClass> {
    read(path).unwrap().map(|tag| tag.class)
}

#[test]
fn lame_tags_are_recognised_at_every_rate_and_channel_count() {
    for rate in [44_100, 48_000, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000] {
        for channels in [1, 2] {
            let (_folder, source) = source(rate, channels);
            // At LAME's default bit rate for low sample rates a frame may be too small for the tag; LAME then writes none.
            let bits = if rate >= 32_000 { "-b 192" } else { "-b 64" };
            for words in [bits, "-V 4", &format!("-p {bits}")] {
                let file = lame(&source, words);
                let tag = read(&file).unwrap().unwrap();
                assert_eq!(tag.class, TagClass::Lame, "{rate} Hz, {channels} channels, {words}: {tag:?}");
                assert_eq!(tag.delay, Some(576), "{rate} Hz {words}");
                assert!(tag.encoder.as_ref().is_some_and(|name| name.starts_with("LAME3")), "{tag:?}");
                let per_frame = if rate >= 32_000 { 1_152 } else { 576 };
                let length = tag.frames.unwrap() * per_frame - tag.delay.unwrap() - tag.padding.unwrap();
                assert_eq!(length, rate, "a second");
            }
            assert_eq!(class(&lame(&source, "-t")), Some(TagClass::Absent), "{rate} Hz, {channels} channels");
        }
    }
}

#[test]
fn the_tag_of_another_encoder_is_an_info_tag_and_a_missing_tag_is_absent() {
    let (_folder, source) = source(44_100, 2);
    let ffmpeg = |words: &str| {
        let words = format!("-loglevel error -y -i {{in}} -c:a libmp3lame {words} {{out}}");
        encode(&source, "ffmpeg.mp3", "ffmpeg", &words)
    };
    let tag = read(&ffmpeg("")).unwrap().unwrap();
    assert_eq!(tag.class, TagClass::Info);
    assert!(tag.encoder.is_some_and(|name| name.starts_with("Lavc")) && tag.delay.is_some());
    assert_eq!(class(&ffmpeg("-write_xing 0")), Some(TagClass::Absent));
    assert_eq!(class(&ffmpeg("-write_xing 0 -id3v2_version 0")), Some(TagClass::Absent));
}

#[test]
fn a_wrong_or_zero_checksum_is_bad() {
    let (_folder, source) = source(44_100, 2);
    let bytes = std::fs::read(lame(&source, "")).unwrap();
    let path = source.with_file_name("changed.mp3");
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        class(&path)
    };
    assert_eq!(changed(&|_| ()), Some(TagClass::Lame));
    assert_eq!(changed(&|bytes| bytes[190] ^= 1), Some(TagClass::LameBadCrc));
    assert_eq!(changed(&|bytes| bytes[190..192].fill(0)), Some(TagClass::LameBadCrc));
    assert_eq!(changed(&|bytes| bytes[180] ^= 1), Some(TagClass::LameBadCrc), "the length of the music");
    // Without LAME's name the tag is an Info tag, and without `Info` the frame is an ordinary one.
    assert_eq!(changed(&|bytes| bytes[156..160].fill(0)), Some(TagClass::Info));
    assert_eq!(changed(&|bytes| bytes[36..40].fill(0)), Some(TagClass::Absent));
}

#[test]
fn the_first_frame_is_found_after_tags_and_junk() {
    let (_folder, source) = source(44_100, 2);
    let bytes = std::fs::read(lame(&source, "")).unwrap();
    let path = source.with_file_name("later.mp3");
    let with_front = |front: &[u8]| {
        std::fs::write(&path, [front, &bytes].concat()).unwrap();
        class(&path)
    };
    let id3 = |flags: u8, size: u32| {
        let size = [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8);
        [b"ID3\x04\x00".as_slice(), &[flags], &size].concat()
    };
    let long = [id3(0, 300_000), vec![0xff; 300_000]].concat();
    assert_eq!(with_front(&long), Some(TagClass::Lame), "a cover of 300 kB");
    let footer = [id3(0x10, 20), vec![0; 30]].concat();
    assert_eq!(with_front(&[footer, id3(0, 0)].concat()), Some(TagClass::Lame), "two tags, one with a footer");
    assert_eq!(with_front(&[0; 1_000]), Some(TagClass::Lame), "zeros before it");
    assert_eq!(with_front(b"\xff\xfb\x90\x64 looks like a frame"), Some(TagClass::Lame));
}

#[test]
fn other_files_have_no_tag_whatever_their_name() {
    let (folder, source) = source(44_100, 2);
    for (name, words) in [
        ("a.flac", "-c:a flac"),
        ("a.m4a", "-c:a aac"),
        ("a.aac", "-c:a aac"),
        ("a.ogg", "-c:a flac -f ogg"),
        ("a.mp2", "-c:a mp2"),
        ("a.aiff", ""),
    ] {
        let words = format!("-loglevel error -y -i {{in}} {words} {{out}}");
        let file = encode(&source, name, "ffmpeg", &words);
        let renamed = folder.path().join("renamed.mp3");
        std::fs::rename(file, &renamed).unwrap();
        assert_eq!(class(&renamed), None, "{name}");
    }
    assert_eq!(class(&source), None);
    let empty = folder.path().join("empty.mp3");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(class(&empty), None);
    assert_eq!(*read(&folder.path().join("nowhere.mp3")).unwrap_err().kind(), crate::ErrorKind::NotFound);
}

proptest::proptest! {
    #[test]
    fn any_bytes_after_info_are_parsed_as_a_tag(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let _ = parse(&bytes);
        let with_tag = [&[0xff, 0xfb, 0x90, 0x64], [0; 32].as_slice(), b"Info", &bytes].concat();
        proptest::prop_assert!(parse(&with_tag).class != TagClass::Absent);
    }
}
