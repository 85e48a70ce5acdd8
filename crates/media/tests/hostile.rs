//! Damaged and malicious files are ordinary input: a warning or an error, never a panic or a hang.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use crowd_media::wav;
use crowd_media::{Audio, Damage, DecodeOptions, ErrorKind, SampleFormat, Samples, open, probe};

/// A damaged file may decode to more than it should, but not to this much.
const LIMIT: u64 = 64 << 20;

fn options() -> DecodeOptions {
    DecodeOptions { max_bytes: Some(LIMIT), ..Default::default() }
}

/// All fixtures, and small WAVs of every written format.
fn victims(dir: &Path) -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<PathBuf> = fs::read_dir(fixtures).unwrap().map(|e| e.unwrap().path()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e != "md"));
    let samples: Vec<i16> = (0..300).map(|n| (n * 397 % 20_000) as i16).collect();
    let audio = Audio::new(Samples::I16(samples), 44_100, 2).unwrap();
    for (name, format) in [("16.wav", SampleFormat::I16), ("24.wav", SampleFormat::I24), ("32.wav", SampleFormat::F32)]
    {
        wav::write(&dir.join(name), &audio, format).unwrap();
        found.push(dir.join(name));
    }
    let mut rf64 = fs::read(dir.join("16.wav")).unwrap();
    rf64[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
    rf64[12..16].copy_from_slice(b"ds64");
    rf64[28..36].copy_from_slice(&600_u64.to_le_bytes());
    fs::write(dir.join("rf64.wav"), rf64).unwrap();
    found.push(dir.join("rf64.wav"));
    found.sort();
    found
}

/// The decoding library's own panics are caught by this crate; keep them out of the test output.
fn silence_panic_messages() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|l| l.file().contains("symphonia")) {
            loud(info);
        }
    }));
}

/// Opens and probes a file; the result must be plausible.
fn survive(path: &Path, what: &str) -> bool {
    let _ = probe(path);
    match open(path, &options()) {
        Ok(audio) => {
            assert!(audio.frames() > 0, "{what}: an empty success");
            assert_eq!(audio.samples.len() % usize::from(audio.channels), 0, "{what}");
            assert!(audio.samples.bytes() as u64 <= LIMIT + LIMIT / 4, "{what}: {} bytes", audio.samples.bytes());
            assert!(audio.to_f32().iter().all(|s| s.is_finite()), "{what}: a non-finite sample");
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.contains(&path.display().to_string()) || matches!(error.kind(), ErrorKind::SampleRate { .. }),
                "{what}: the error does not name the file: {text}"
            );
            false
        }
    }
}

#[test]
fn a_file_truncated_at_any_byte_gives_a_warning_or_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for victim in victims(dir.path()) {
        let whole = fs::read(&victim).unwrap();
        let cut = dir.path().join("cut");
        fs::write(&cut, &whole).unwrap();
        let file = fs::File::options().write(true).open(&cut).unwrap();
        let mut opened = 0;
        for len in (0..whole.len()).rev() {
            file.set_len(len as u64).unwrap();
            opened += usize::from(survive(&cut, &format!("{} cut to {len}", victim.display())));
        }
        println!("{}: {opened} of {} prefixes hold audio", victim.display(), whole.len());
    }
}

#[test]
fn a_truncated_pcm_file_gives_every_whole_frame() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16.wav");
    victims(dir.path());
    let whole = fs::read(&path).unwrap();
    let start = whole.len() - 600;
    for len in start + 4..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let audio = open(&path, &options()).unwrap();
        assert_eq!(audio.frames(), (len - start) / 4, "cut to {len}");
        assert!(audio.warnings[0].contains("ends early"), "{:?}", audio.warnings);
    }
}

#[test]
fn thousands_of_flipped_bytes_never_panic_or_hang() {
    silence_panic_messages();
    let dir = tempfile::tempdir().unwrap();
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let path = dir.path().join("flipped");
    for victim in victims(dir.path()) {
        let whole = fs::read(&victim).unwrap();
        let mut opened = 0;
        for round in 0..400 {
            let mut bytes = whole.clone();
            // Half of the rounds aim at the header, where lengths and counts are.
            let reach = if round % 2 == 0 { whole.len().min(256) } else { whole.len() };
            for _ in 0..=random(6) {
                let at = random(reach);
                bytes[at] = match random(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => bytes[at] ^ (1 << random(8)),
                    _ => random(256) as u8,
                };
            }
            fs::write(&path, &bytes).unwrap();
            opened += usize::from(survive(&path, &format!("{} round {round}", victim.display())));
        }
        println!("{}: {opened} of 400 damaged copies hold audio", victim.display());
    }
}

#[test]
fn a_damaged_frame_becomes_silence_and_later_frames_keep_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tagged-16.flac");
    let sound = open(&fixture, &options()).unwrap();
    let mut bytes = fs::read(&fixture).unwrap();
    let last_frame = bytes.windows(2).rposition(|w| w == [0xff, 0xf8]).unwrap();
    // Inside the frame before the last one.
    for byte in &mut bytes[last_frame - 40..last_frame - 20] {
        *byte ^= 0x55;
    }
    let path = dir.path().join("damaged.flac");
    fs::write(&path, &bytes).unwrap();
    let damaged = open(&path, &options()).unwrap();
    assert_eq!(damaged.frames(), sound.frames());
    assert!(!damaged.warnings.is_empty(), "the damage is not reported");
    let tail = sound.samples.len() - 400;
    assert_eq!(damaged.to_f32()[tail..], sound.to_f32()[tail..]);
}

#[test]
fn a_file_that_is_mostly_damage_is_refused_rather_than_played_as_noise() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/untagged.mp3");
    let mut bytes = fs::read(&fixture).unwrap();
    let header = bytes[..4].to_vec();
    let frames: Vec<usize> = (0..bytes.len() - 4).filter(|&at| bytes[at..at + 2] == header[..2]).collect();
    for &at in &frames[1..] {
        let end = (at + 100).min(bytes.len());
        bytes[at + 4..end].fill(0xfe);
    }
    let path = dir.path().join("noise.mp3");
    fs::write(&path, &bytes).unwrap();
    let error = open(&path, &options()).unwrap_err();
    let damage = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
    assert!(matches!(damage, Some(Damage::Undecodable { damaged, packets, .. }) if damaged * 2 > *packets), "{error}");
    assert!(error.to_string().contains("packets cannot be decoded"), "{error}");
}

#[test]
fn other_files_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let check = |path: &Path, needle: &str| {
        let error = open(path, &options()).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains(needle), "{error}");
        assert!(probe(path).is_err());
    };
    check(&dir.path().join("missing.wav"), "cannot open");
    check(dir.path(), "regular file");
    check(Path::new("/dev/zero"), "regular file");
    // Machine code holds many bytes that look like the start of an MPEG frame.
    assert!(open(&std::env::current_exe().unwrap(), &options()).is_err());
    let text = dir.path().join("notes.txt");
    fs::write(&text, "Dear all, the mix is attached. ".repeat(2000)).unwrap();
    check(&text, "not an audio file");
    let empty = dir.path().join("empty.mp3");
    fs::write(&empty, "").unwrap();
    check(&empty, "empty.mp3");
}

#[test]
fn a_file_with_zero_frames_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nothing.wav");
    wav::write(&path, &Audio::new(Samples::I16(vec![]), 44_100, 2).unwrap(), SampleFormat::I16).unwrap();
    let error = open(&path, &options()).unwrap_err();
    assert!(*error.kind() == ErrorKind::Empty && error.to_string().contains("nothing.wav"), "{error}");
}
