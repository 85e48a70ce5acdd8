//! A file read in blocks, from any frame, has the samples of the file read at once.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crowd_media::{Audio, AudioFormat, Container, DecodeOptions, Reader, SampleFormat, Samples, Tags, open, wav};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

const EXACT: [&str; 6] = ["tagged-16.flac", "short-24.flac", "alac.m4a", "lame.mp3", "untagged.mp3", "vorbis.ogg"];

/// All frames from the current position to the end, interleaved.
fn rest(reader: &mut Reader) -> Vec<f32> {
    let mut all = Vec::new();
    let width = u64::from(reader.channels());
    loop {
        let at = reader.position();
        let Some(block) = reader.next_block().unwrap() else { return all };
        assert!(!block.is_empty() && (block.len() as u64).is_multiple_of(width));
        let frames = block.len() as u64 / width;
        all.extend_from_slice(block);
        assert_eq!(reader.position(), at + frames);
    }
}

/// Reads from many positions, to the end and a few blocks only, and compares with the whole file.
fn compare(name: &str, mut reader: Reader, whole: &[f32]) {
    let width = usize::from(reader.channels());
    assert!(rest(&mut reader) == whole, "{name} from the start");
    let frames = whole.len() / width;
    assert_eq!(reader.frames(), frames as u64, "{name}");
    let positions = (0..40).map(|n| n * 7919 % frames).chain([0, 1, frames - 1, frames / 2, 100, frames - 2]);
    for from in positions {
        reader.seek(from as u64).unwrap();
        if from % 3 == 0 {
            let block = reader.next_block().unwrap().unwrap();
            assert!(block == &whole[from * width..from * width + block.len()], "{name}: a block at {from}");
        } else {
            let got = rest(&mut reader);
            let at = got.iter().zip(&whole[from * width..]).position(|(a, b)| a != b);
            assert!(at.is_none() && got.len() == whole.len() - from * width, "{name} from {from}: {at:?}");
        }
    }
    for from in [frames as u64, frames as u64 + 5_000, 1 << 40] {
        reader.seek(from).unwrap();
        assert!(reader.next_block().unwrap().is_none(), "{name} after the end");
    }
}

#[test]
fn reading_from_any_frame_gives_the_samples_of_the_whole_file() {
    for name in EXACT {
        let audio = open(&fixture(name), &DecodeOptions::default()).unwrap();
        compare(name, Reader::open(&fixture(name)).unwrap(), &audio.to_f32());
    }
}

/// The AAC fixture with durations as some programs write them: a packet of 1472 frames and one of 576, which both have 1024.
fn irregular_aac() -> Vec<u8> {
    let mut bytes = std::fs::read(fixture("aac.m4a")).unwrap();
    let position = |bytes: &[u8], name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
    let table: [(u32, u32); 6] = [(2, 1024), (1, 1472), (1, 576), (2, 1024), (3, 1024), (1, 628)];
    let mut entries = (table.len() as u32).to_be_bytes().to_vec();
    entries.extend(table.iter().flat_map(|(count, frames)| [count.to_be_bytes(), frames.to_be_bytes()].concat()));
    let old = position(&bytes, b"stts") + 8..position(&bytes, b"stsc") - 4;
    let more = (entries.len() - old.len()) as u32;
    bytes.splice(old, entries);
    for name in [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"] {
        let at = position(&bytes, name) - 4;
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) + more;
        bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    bytes
}

#[test]
fn aac_from_any_frame_differs_only_in_the_noise_that_the_decoder_generates() {
    let audio = open(&fixture("aac.m4a"), &DecodeOptions::default()).unwrap();
    let whole = audio.to_f32();
    from_any_frame(Reader::open(&fixture("aac.m4a")).unwrap(), &whole);
    let jumping = std::io::Cursor::new(irregular_aac());
    from_any_frame(Reader::from_bytes(Path::new("jumping.m4a"), jumping).unwrap(), &whole);
}

fn from_any_frame(mut reader: Reader, whole: &[f32]) {
    let power = |samples: &[f32]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    assert!(rest(&mut reader) == whole);
    for from in [0, 1, 1000, 1024, 2047, 3300, 4096, 5000, 8000] {
        reader.seek(from as u64).unwrap();
        let got = rest(&mut reader);
        let want = &whole[2 * from..];
        assert_eq!(got.len(), want.len());
        let off: Vec<f32> = got.iter().zip(want).map(|(a, b)| a - b).collect();
        let below = 10.0 * (power(&off) / power(want)).log10();
        println!("from {from}: {below:.1} dB");
        assert!(below < -25.0 && (from > 0 || got == want), "from {from}: {below:.1} dB");
    }
}

#[test]
fn another_rate_from_any_frame_is_that_of_the_whole_file() {
    for (name, rate) in
        [("tagged-16.flac", 48_000), ("lame.mp3", 48_000), ("vorbis.ogg", 22_050), ("short-24.flac", 96_000)]
    {
        let audio = open(&fixture(name), &DecodeOptions::default()).unwrap().resampled(rate).unwrap();
        let reader = Reader::open(&fixture(name)).unwrap().resampled(rate).unwrap();
        assert_eq!(reader.sample_rate(), rate);
        compare(name, reader, &audio.to_f32());
    }
}

/// Noise that is the same each time.
fn noise(samples: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16 / 2
    };
    std::iter::repeat_with(next).take(samples).collect()
}

fn write(audio: &Audio) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_suffix(".wav").unwrap();
    wav::write(file.path(), audio, SampleFormat::I16).unwrap();
    file
}

#[test]
fn a_long_wav_of_any_channels_is_the_same_in_blocks() {
    for (channels, rate) in [(1, 44_100), (2, 44_100), (2, 48_000), (6, 44_100)] {
        let audio = Audio::new(Samples::I16(noise(200_000 * usize::from(channels))), 44_100, channels).unwrap();
        let file = write(&audio);
        let whole = open(file.path(), &DecodeOptions::default()).unwrap();
        let whole = if channels > 2 { whole.to_stereo() } else { whole }.resampled(rate).unwrap();
        let reader = Reader::open(file.path()).unwrap().to_stereo().unwrap().resampled(rate).unwrap();
        compare(&format!("{channels} channels at {rate}"), reader, &whole.to_f32());
    }
}

#[test]
fn a_header_that_counts_too_much_does_not_make_the_file_longer() {
    let audio = Audio::new(Samples::I16(noise(20_000)), 44_100, 2).unwrap();
    let mut bytes = std::fs::read(write(&audio).path()).unwrap();
    for size in [u32::MAX, 0x7fff_fff0, 160_000] {
        let at = bytes.windows(4).position(|four| four == b"data").unwrap() + 4;
        bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let mut reader = Reader::open(file.path()).unwrap();
        assert_eq!(reader.frames(), 10_000, "{size}");
        assert_eq!(rest(&mut reader).len(), 20_000);
    }
}

#[test]
fn bytes_are_read_like_a_file() {
    let bytes = std::fs::read(fixture("vorbis.ogg")).unwrap();
    let reader = Reader::from_bytes("a stream".as_ref(), std::io::Cursor::new(bytes)).unwrap();
    let audio = open(&fixture("vorbis.ogg"), &DecodeOptions::default()).unwrap();
    compare("bytes", reader, &audio.to_f32());
    let error = Reader::from_bytes("a stream".as_ref(), std::io::Cursor::new(vec![0; 100])).err().unwrap();
    assert!(error.to_string().contains("a stream"), "{error}");
}

#[test]
fn damaged_files_read_in_blocks_give_the_same_samples_or_an_error() {
    let mut compared = 0;
    for name in EXACT {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for n in 1..60 {
            let mut bytes = bytes.clone();
            match n % 3 {
                0 => bytes.truncate(bytes.len() * n / 60),
                1 => {
                    let at = bytes.len() * n / 60;
                    bytes[at] ^= 0xff;
                }
                _ => {
                    let at = bytes.len() * n / 60;
                    bytes[at..].iter_mut().take(40).for_each(|b| *b = 0);
                }
            }
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            let Ok(mut reader) = Reader::open(file.path()) else { continue };
            let mut all = Vec::new();
            while let Ok(Some(block)) = reader.next_block() {
                all.extend_from_slice(block);
            }
            if let Ok(audio) = open(file.path(), &DecodeOptions::default()) {
                assert!(all == audio.to_f32(), "{name} damaged in way {n}");
                compared += 1;
            }
            for at in [0, 3_000, 8_000, 1 << 30] {
                if reader.seek(at).is_ok() {
                    while let Ok(Some(_)) = reader.next_block() {}
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn a_header_that_counts_days_is_not_trusted() {
    let sound = fixture("tagged-16.flac");
    let mut bytes = std::fs::read(&sound).unwrap();
    // The highest four bits of the length in STREAMINFO: 15 times 2^32 frames more.
    bytes[21] |= 0x0F;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("days.flac");
    std::fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.frames(), Reader::open(&sound).unwrap().frames());
    assert!(reader.warnings()[0].contains("ends early"), "{:?}", reader.warnings());
}

/// A source that counts the bytes that are read from it.
struct CountingSource(Cursor<Vec<u8>>, Arc<AtomicU64>);

impl Read for CountingSource {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(into)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for CountingSource {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_seek_reads_only_bytes_near_its_target_wherever_the_target_is_in_a_packet() {
    let audio = Audio::new(Samples::I16(noise(2 * 44_100 * 20)), 44_100, 2).unwrap();
    let path = tempfile::NamedTempFile::with_suffix(".flac").unwrap();
    crowd_media::write(
        path.path(),
        &audio,
        AudioFormat::new(Container::Flac, SampleFormat::I16).unwrap(),
        &Tags::default(),
    )
    .unwrap();
    let bytes = std::fs::read(path.path()).unwrap();
    let (size, count) = (bytes.len() as u64, Arc::new(AtomicU64::new(0)));
    let mut reader = Reader::from_bytes("noise".as_ref(), CountingSource(Cursor::new(bytes), count.clone())).unwrap();
    for offset in [0, 1, 10, 200, 264, 300, 2_000, 4_095] {
        let before = count.load(Ordering::Relaxed);
        reader.seek(150 * 4_096 + offset).unwrap();
        reader.next_block().unwrap().unwrap();
        let read = count.load(Ordering::Relaxed) - before;
        assert!(read < size / 2, "{read} of {size} bytes were read for frame {offset} of a packet");
    }
}
