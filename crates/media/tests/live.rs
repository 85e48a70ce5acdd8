//! Streams that are decoded while they arrive.
#![cfg(all(feature = "decode", feature = "encode", feature = "opus"))]
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crowd_media::{ErrorKind, LiveFormat, LiveReader, open};
use proptest::prelude::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A source of which each read returns at most this number of bytes.
struct Socket {
    bytes: Vec<u8>,
    at: usize,
    step: usize,
    sent: Arc<AtomicUsize>,
}

impl Socket {
    fn new(bytes: impl Into<Vec<u8>>, step: usize) -> Self {
        Self { bytes: bytes.into(), at: 0, step, sent: Arc::default() }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(self.step).min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        self.sent.store(self.at, Ordering::Relaxed);
        Ok(count)
    }
}

/// The decoded samples, the rates in order, the titles in order, and the number of damaged places.
type Decoded = (Vec<f32>, Vec<u32>, Vec<String>, u64);

fn decode(bytes: impl Into<Vec<u8>>, step: usize) -> Result<Decoded, crowd_media::Error> {
    let mut reader = LiveReader::open("source".as_ref(), Socket::new(bytes, step))?;
    let (mut samples, mut rates, mut titles) = (Vec::<f32>::new(), Vec::new(), Vec::<String>::new());
    while let Some(block) = reader.next_block()? {
        samples.extend(block.samples);
        if rates.last() != Some(&block.sample_rate) {
            rates.push(block.sample_rate);
        }
        if titles.last().map(String::as_str) != reader.title() {
            titles.extend(reader.title().map(str::to_owned));
        }
    }
    assert!(samples.len().is_multiple_of(2) && samples.iter().all(|sample| sample.is_finite()));
    Ok((samples, rates, titles, reader.damaged()))
}

/// The samples of a file in stereo.
fn whole(name: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    open(&path, &Default::default()).unwrap().to_stereo().to_f32().to_vec()
}

/// How many frames later `wanted` is found in `found`, where they are equal.
fn delay(found: &[f32], wanted: &[f32]) -> Option<usize> {
    (0..4_000).find(|delay| {
        let found = found.get(2 * delay..).unwrap_or_default();
        let count = found.len().min(wanted.len()).min(40_000);
        count > 1_000 && found[..count].iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2e-4)
    })
}

#[test]
fn the_sound_is_that_of_the_file() {
    for (name, format) in [
        ("lame.mp3", LiveFormat::Mpeg),
        ("untagged.mp3", LiveFormat::Mpeg),
        ("tone.mp2", LiveFormat::Mpeg),
        ("vorbis.ogg", LiveFormat::Ogg),
        ("opus.ogg", LiveFormat::Ogg),
        ("short-24.flac", LiveFormat::Flac),
        ("tagged-16.flac", LiveFormat::Flac),
    ] {
        let bytes = fixture(name);
        let wanted = whole(name);
        for step in [1, 577, usize::MAX] {
            let reader = LiveReader::open("source".as_ref(), Socket::new(bytes.clone(), step)).unwrap();
            assert_eq!(reader.format(), format, "{name}");
            let (samples, rates, _, damaged) = decode(bytes.clone(), step).unwrap();
            assert_eq!((rates.len(), damaged), (1, 0), "{name}");
            let delay = delay(&samples, &wanted);
            let more = samples.len() as i64 / 2 - wanted.len() as i64 / 2;
            println!("{name}: {} frames, {more} more than the file, delayed by {delay:?}", samples.len() / 2);
            // The encoder's delay and padding are stated in a tag for the file, and a source has no tag.
            let most = if format == LiveFormat::Mpeg { 3 * 1152 } else { 0 };
            assert!(delay.is_some_and(|delay| delay <= most) && (0..=most as i64).contains(&more), "{name}: {more}");
        }
    }
}

#[test]
fn an_ogg_stream_goes_on_with_another_chain() {
    let chain = [fixture("vorbis.ogg"), fixture("opus.ogg"), fixture("vorbis.ogg")].concat();
    let (samples, rates, ..) = decode(chain, 999).unwrap();
    let [vorbis, opus] = ["vorbis.ogg", "opus.ogg"].map(|name| whole(name).len());
    assert_eq!(samples.len(), 2 * vorbis + opus);
    println!("rates {rates:?}");
}

#[test]
fn damage_is_skipped_and_the_sound_goes_on() {
    for name in ["lame.mp3", "vorbis.ogg", "opus.ogg", "short-24.flac"] {
        let bytes = fixture(name);
        let intact = decode(bytes.clone(), 4_096).unwrap().0.len();
        let third = bytes.len() / 3;
        let junk =
            [&bytes[..third], &[0xFF, 0xFB, 0x90, 0, b'O', b'g', b'g', b'S'].repeat(40)[..], &bytes[third..]].concat();
        let missing = [&bytes[..third], &bytes[third + 100..]].concat();
        let mut zeros = bytes.clone();
        zeros[third..third + 200].fill(0);
        for damaged in [junk, missing, zeros] {
            let (samples, _, _, places) = decode(damaged, 4_096).unwrap();
            println!("{name}: {} of {intact} samples, {places} places", samples.len());
            // Zeros inside a frame of an MP3 are sound.
            assert!(places > 0 || name == "lame.mp3", "{name}");
            // The files are short. An Ogg file has one page of sound, and the FLAC file one frame.
            assert!(name != "lame.mp3" || samples.len() > intact * 2 / 3, "{name}: {} of {intact}", samples.len());
            assert!(samples.len() <= intact, "{name}: {} of {intact}", samples.len());
        }
    }
}

#[test]
fn sound_is_returned_as_soon_as_it_has_arrived() {
    let name = "lame.mp3";
    let bytes = fixture(name);
    let (length, frames) = (bytes.len(), decode(bytes.clone(), 4_096).unwrap().0.len() / 2);
    let socket = Socket::new(bytes, 200);
    let sent = socket.sent.clone();
    let mut reader = LiveReader::open("source".as_ref(), socket).unwrap();
    let (mut returned, latest) = (0, Cell::new(0.0_f64));
    while let Some(block) = reader.next_block().unwrap() {
        returned += block.samples.len() / 2;
        let arrived = sent.load(Ordering::Relaxed) as f64 / length as f64 * frames as f64;
        latest.set(latest.get().max((arrived - returned as f64) / f64::from(block.sample_rate)));
    }
    println!("at most {:.3} s behind", latest.get());
    assert!(latest.get() < 0.3, "{}", latest.get());
}

#[test]
fn other_formats_are_refused_by_their_names() {
    let kind = |bytes: &[u8]| decode(bytes, 4_096).unwrap_err().kind().clone();
    let unsupported = |codec: &str| ErrorKind::UnsupportedCodec { codec: codec.to_owned() };
    assert_eq!(kind(&fixture("aac.m4a")), unsupported("MP4"));
    assert_eq!(kind(&fixture("opus.webm")), unsupported("Matroska or WebM"));
    assert_eq!(kind(b"RIFF....WAVEfmt "), unsupported("WAV"));
    assert_eq!(kind(&[0x55; 100_000]), ErrorKind::NotAudio);
    assert_eq!(kind(b"<html>"), ErrorKind::NotAudio);
    assert_eq!(kind(b""), ErrorKind::Empty);
    // HE-AAC in its explicit profile, and a channel configuration of its own.
    for (head, name) in [([0xFF, 0xF1, 0x10, 0x80], "profile 0"), ([0xFF, 0xF1, 0x50, 0x00], "configuration 0")] {
        let frame = [&head[..], &[0x02, 0x1F, 0xFC], &[0; 9]].concat();
        let error = decode(frame.repeat(9), 100).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_cause_a_panic(
        name in prop::sample::select(vec!["lame.mp3", "tone.mp2", "vorbis.ogg", "opus.ogg", "short-24.flac", "tagged-16.flac"]),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        std::panic::set_hook(Box::new(|info| {
            if info.location().is_none_or(|at| !at.file().contains("symphonia")) {
                eprintln!("{info}");
            }
        }));
        let mut bytes = fixture(name);
        let start = cut.index(bytes.len()) / 2;
        places.iter().for_each(|(at, value)| *at.get_mut(&mut bytes) = *value);
        let _ = decode(&bytes[start..], 3_000);
    }

    #[test]
    fn arbitrary_bytes_cause_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..3_000), magic in 0_usize..6) {
        let magic: &[u8] = [&b""[..], b"OggS\0\x02", b"fLaC\0\0\0\x22", b"ID3\x04\0\0\0\0\0\x05", b"\xFF\xFB\x90\0", b"\xFF\xF1\x50\x80"][magic];
        let _ = decode([magic, &bytes].concat(), 500);
    }
}
