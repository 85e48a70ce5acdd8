//! Files that are streamed sound like files that are loaded.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use common::Noise;
use crowd_engine::{DeckId, Frames, Offline, SampleRate, Track};
use crowd_media::{Audio, Reader, Samples, wav};

fn write(path: &Path, seconds: usize, rate: u32, channels: u16) {
    let mut noise = Noise(3);
    let samples = (0..seconds * rate as usize * usize::from(channels)).map(|_| (noise.next() >> 50) as i16).collect();
    wav::write(path, &Audio::new(Samples::I16(samples), rate, channels).unwrap(), wav::Format::I16).unwrap();
}

/// A few seconds from here and there.
fn listen(track: &Track) -> Vec<f32> {
    let mut offline = Offline::new(Default::default()).unwrap();
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
        let (loaded, heard) = (listen(&loaded), listen(&streamed));
        let at = loaded.iter().zip(&heard).position(|(a, b)| a != b);
        assert!(at.is_none(), "{channels} channels at {rate} Hz differ from sample {at:?} on");
        assert_eq!(streamed.underruns(), 0);
    }
    assert!(
        Track::stream(folder.path().join("none.wav"), SampleRate::CD).unwrap_err().to_string().contains("none.wav")
    );
}

/// A disk that takes its time.
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
fn a_reader_of_something_slow_sounds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.wav");
    write(&path, 61, 44_100, 2);
    let reader = Reader::from_bytes(&path, Slow(File::open(&path).unwrap())).unwrap();
    let streamed = Track::from_reader(reader, SampleRate::CD).unwrap();
    assert!(listen(&Track::open(&path, SampleRate::CD).unwrap()) == listen(&streamed));
}
