//! Streamed files have the samples of loaded ones.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use common::Noise;
use crowd_engine::feed::{FileInput, Input};
use crowd_engine::{DeckId, Engine, Frames, SampleRate, Track};
use crowd_media::{Audio, Reader, SampleFormat, Samples, wav};

fn write(path: &Path, seconds: usize, rate: u32, channels: u16) {
    let mut noise = Noise(3);
    let samples = (0..seconds * rate as usize * usize::from(channels)).map(|_| (noise.next() >> 50) as i16).collect();
    wav::write(path, &Audio::new(Samples::I16(samples), rate, channels).unwrap(), SampleFormat::I16).unwrap();
}

/// The sound of a few seconds from several positions.
fn sound_of(track: &Track) -> Vec<f32> {
    let mut offline = Engine::builder().offline().unwrap();
    offline.engine().deck(DeckId::A).load(track).unwrap().play().unwrap();
    let mut sound = offline.render_frames(60_000);
    for to in [2_000_000, 70_000, 2_600_000] {
        offline.engine().deck(DeckId::A).seek(Frames(to)).unwrap();
        sound.extend(offline.render_frames(60_000));
    }
    sound
}

#[test]
fn a_streamed_file_sounds_like_a_loaded_one_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels) in [(44_100, 2), (44_100, 1), (48_000, 2), (44_100, 6)] {
        let path = folder.path().join(format!("{rate}-{channels}.wav"));
        write(&path, 61, rate, channels);
        let loaded = Track::open(&path, SampleRate::CD).unwrap();
        let streamed = Track::stream(&path, SampleRate::CD).unwrap();
        assert_eq!((loaded.frames(), loaded.channels()), (streamed.frames(), streamed.channels()));
        let (loaded, streamed_sound) = (sound_of(&loaded), sound_of(&streamed));
        let at = loaded.iter().zip(&streamed_sound).position(|(a, b)| a != b);
        assert!(at.is_none(), "{channels} channels at {rate} Hz differ from sample {at:?} on");
        assert_eq!(streamed.underruns(), 0);
    }
    assert!(
        Track::stream(folder.path().join("none.wav"), SampleRate::CD).unwrap_err().to_string().contains("none.wav")
    );
}

/// A slow file.
struct Slow(File);

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        std::thread::sleep(Duration::from_micros(500));
        let some = out.len().min(3_000);
        self.0.read(&mut out[..some])
    }
}

impl Seek for Slow {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        std::thread::sleep(Duration::from_millis(2));
        self.0.seek(to)
    }
}

#[test]
fn a_slow_reader_gives_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.wav");
    write(&path, 61, 44_100, 2);
    let reader = Reader::from_bytes(&path, Slow(File::open(&path).unwrap())).unwrap();
    let streamed = Track::from_reader(reader, SampleRate::CD).unwrap();
    assert!(sound_of(&Track::open(&path, SampleRate::CD).unwrap()) == sound_of(&streamed));
}

/// All frames from `from` on.
fn rest(input: &mut FileInput, from: u64) -> Vec<[f32; 2]> {
    let mut frames = Vec::new();
    input.seek(from).unwrap();
    while input.read(&mut frames).unwrap() {}
    frames
}

#[test]
fn a_frame_of_a_file_is_the_same_after_a_linear_read_and_after_a_seek() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    // The AAC decoder fills in noise, and is restarted every 65,536 frames. At this rate the file has two such spans.
    for name in ["aac.m4a", "alac.m4a", "lame.mp3", "vorbis.ogg", "tagged-16.flac"] {
        let rate = SampleRate::new(384_000).unwrap();
        let (mut input, info) = FileInput::open(&fixtures.join(name), Some(rate)).unwrap();
        let mut whole = Vec::new();
        while input.read(&mut whole).unwrap() {}
        assert_eq!(whole.len() as u64, info.frames.0, "{name}");
        let mut noise = Noise(1);
        let edges = [0, 1, 65_535, 65_536, 65_537, 131_072].into_iter();
        for from in edges.chain((0..20).map(|_| noise.below(info.frames.0 + 100))) {
            let wanted = whole.get(from as usize..).unwrap_or_default();
            assert!(rest(&mut input, from) == wanted, "{name} from {from} of {}", whole.len());
        }
        let mut other = input.another().unwrap();
        let mut frames = Vec::new();
        other.seek(1_000).unwrap();
        other.read(&mut frames).unwrap();
        assert!(frames == whole[1_000..1_000 + frames.len()], "{name}, opened again");
        assert!(name != "aac.m4a" || whole.len() > 70_000, "{} frames", whole.len());
    }
}

#[test]
fn a_file_is_read_at_its_own_rate_unless_another_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mono.wav");
    write(&path, 1, 48_000, 1);
    let (mut input, info) = FileInput::open(&path, None).unwrap();
    assert_eq!((info.frames, info.sample_rate.get(), info.channels), (Frames(48_000), 48_000, 1));
    let frames = rest(&mut input, 47_000);
    assert!(frames.len() == 1_000 && frames.iter().all(|[left, right]| left == right));
    let audio = Audio::new(Samples::I16(vec![0; 8_000]), 2_000, 1).unwrap();
    wav::write(&path, &audio, SampleFormat::I16).unwrap();
    let refused = FileInput::open(&path, None).err().unwrap().to_string();
    assert!(refused.starts_with("sample rate 2000 Hz is out of range"), "{refused}");
}

#[test]
fn a_truncated_file_has_the_length_of_its_samples_and_a_warning_loaded_or_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let samples = (0..400_000_u64).map(|n| (n * 7919 % 20_011) as i16).collect();
    let audio = Audio::new(Samples::I16(samples), 44_100, 2).unwrap();
    let whole = folder.path().join("whole.wav");
    wav::write(&whole, &audio, SampleFormat::I16).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    let cut = folder.path().join("cut.wav");
    std::fs::write(&cut, &bytes[..bytes.len() - 4 * 50_000]).unwrap();
    for track in [Track::open(&cut, SampleRate::CD).unwrap(), Track::stream(&cut, SampleRate::CD).unwrap()] {
        assert_eq!(track.frames(), Frames(150_000));
        assert!(track.warnings()[0].contains("150000 of 200000"), "{:?}", track.warnings());
    }
    assert!(Track::open(&whole, SampleRate::CD).unwrap().warnings().is_empty());
}
