//! Tests of recordings, with disks that fill up, fail and hang.

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind, Seek, SeekFrom, Write};
use std::sync::{Condvar, Mutex};

use super::*;
use crate::output::health::RecordingState;

/// A disk in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<Contents>,
    /// Notified when `hangs` has changed.
    changed: Condvar,
}

#[derive(Default)]
struct Contents {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Its capacity in bytes.
    room: Option<usize>,
    hangs: bool,
    /// Files that were removed by others.
    removed: Vec<PathBuf>,
}

struct MemoryFile {
    disk: Memory,
    path: PathBuf,
    at: u64,
}

impl Memory {
    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        let changed = change(&mut self.0.state.lock().unwrap());
        self.0.changed.notify_all();
        changed
    }

    /// Runs a request once the disk does not hang.
    fn request<T>(&self, request: impl FnOnce(&mut Contents) -> T) -> T {
        let state = self.0.state.lock().unwrap();
        request(&mut self.0.changed.wait_while(state, |state| state.hangs).unwrap())
    }

    fn names(&self) -> Vec<String> {
        self.change(|state| state.files.keys().map(|path| path.display().to_string()).collect())
    }

    /// The left channel of a file.
    fn sound(&self, name: &str) -> Vec<f32> {
        let bytes = self.change(|state| state.files[Path::new(name)].clone());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let audio = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
        assert_eq!((audio.channels, &audio.warnings[..]), (2, &[][..]));
        audio.to_f32().iter().copied().step_by(2).collect()
    }
}

impl Disk for Memory {
    type File = MemoryFile;

    fn create(&mut self, path: &Path) -> io::Result<MemoryFile> {
        self.request(|state| match state.files.get(path) {
            Some(_) => Err(io::Error::from(ErrorKind::AlreadyExists)),
            None => {
                state.files.insert(path.to_owned(), Vec::new());
                Ok(())
            }
        })?;
        Ok(MemoryFile { disk: self.clone(), path: path.to_owned(), at: 0 })
    }

    fn sync(&mut self, _file: &mut MemoryFile, _path: Option<&Path>) -> io::Result<()> {
        self.request(|_| Ok(()))
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.request(|state| state.files.remove(path).map(drop).ok_or_else(|| ErrorKind::NotFound.into()))
    }

    fn is_named(&self, file: &MemoryFile) -> bool {
        self.request(|state| !state.removed.contains(&file.path))
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (path, at) = (&self.path, self.at);
        let written = self.disk.request(|state| {
            let used: usize = state.files.values().map(Vec::len).sum();
            let file = state.files.get_mut(path).ok_or(ErrorKind::NotFound)?;
            let grows = (at as usize + bytes.len()).saturating_sub(file.len());
            let missing = grows.saturating_sub(state.room.unwrap_or(usize::MAX).saturating_sub(used));
            let count = bytes.len() - missing;
            if count == 0 {
                return Err(io::Error::from(ErrorKind::StorageFull));
            }
            let mut cursor = Cursor::new(file);
            cursor.set_position(at);
            cursor.write(&bytes[..count])
        })?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { panic!("seeks from the start") };
        self.at = at;
        Ok(at)
    }
}

impl crowd_media::Truncate for MemoryFile {
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.request(|state| state.files.get_mut(&self.path).map(|file| file.truncate(bytes as usize)));
        Ok(())
    }
}

/// A recording whose writes are triggered by the test.
struct TestRecording {
    disk: Memory,
    ring: Option<OutputRing>,
    writer: Writer<Memory>,
    progress: Arc<Progress>,
    played: u32,
}

impl TestRecording {
    fn new(name: &str, split: Option<u64>, ring_frames: usize) -> Self {
        let disk = Memory::default();
        let path = Path::new(name);
        let progress = Arc::new(Progress::new(path.to_owned()));
        let (ring, reader) = OutputRing::new(ring_frames, progress.lost.clone());
        let container = container(path).unwrap();
        let mut writer = Writer::new(disk.clone(), path, container, 8_000, split, reader, progress.clone());
        writer.open_first().unwrap();
        Self { disk, ring: Some(ring), writer, progress, played: 0 }
    }

    /// Plays frames, each with another sample.
    fn play(&mut self, frames: u32) {
        let block: Vec<f32> = (self.played..self.played + frames).flat_map(|n| [sample(n); 2]).collect();
        self.ring.as_mut().unwrap().push(&block);
        self.played += frames;
    }

    fn write(&mut self) {
        self.writer.write_available(false).unwrap();
    }

    /// Writes as if the time of the next attempt had come.
    fn write_again(&mut self) {
        self.writer.retry_now();
        self.write();
    }

    fn end(&mut self) -> MediaResult {
        self.ring = None;
        assert!(self.writer.is_closed());
        self.writer.write_available(true)
    }

    fn health(&self) -> RecordingHealth {
        self.progress.health()
    }
}

/// Noise, which FLAC cannot compress, exact in 24 bits and never silent.
fn sample(n: u32) -> f32 {
    let noise = n.wrapping_mul(2_654_435_761) >> 9;
    (noise | 1) as f32 / 8_388_608.0 - 0.5
}

fn samples(range: std::ops::Range<u32>) -> Vec<f32> {
    range.map(sample).collect()
}

#[test]
fn a_file_is_complete_after_every_write() {
    for name in ["night.wav", "night.flac"] {
        let mut recording = TestRecording::new(name, None, 80_000);
        for turn in 1..=5 {
            recording.play(10_000);
            recording.write();
            let sound = recording.disk.sound(name);
            let whole = if name == "night.wav" { 1 } else { 4_096 };
            assert_eq!(sound, samples(0..10_000 * turn / whole * whole), "{name}, turn {turn}");
        }
        recording.end().unwrap();
        assert_eq!(recording.disk.sound(name), samples(0..50_000));
        assert_eq!((recording.health().frames, recording.health().lost_frames), (50_000, 0));
    }
}

#[test]
fn files_of_a_split_recording_joined_are_all_that_was_played() {
    for (ending, split) in [("wav", 7_001), ("flac", 7_001), ("flac", 8_192)] {
        let mut recording = TestRecording::new(&format!("night.{ending}"), Some(split), 80_000);
        for _ in 0..7 {
            recording.play(5_003);
            recording.write();
        }
        recording.end().unwrap();
        let files = 35_021_u64.div_ceil(split);
        assert_eq!(recording.disk.names().len() as u64, files);
        let mut joined = Vec::new();
        for number in 1..=files {
            let name = crowd_media::numbered_path(Path::new(&format!("night.{ending}")), number as u32);
            let sound = recording.disk.sound(name.to_str().unwrap());
            assert!(number == files || sound.len() as u64 == split, "{number}: {}", sound.len());
            joined.extend(sound);
        }
        assert_eq!(joined, samples(0..35_021), "{ending} {split}");
    }
}

#[test]
fn a_full_disk_ends_the_file_and_the_next_one_continues_with_the_next_frame() {
    for name in ["night.wav", "night.flac"] {
        let mut recording = TestRecording::new(name, None, 80_000);
        recording.play(20_000);
        recording.write();
        let used = recording.disk.change(|state| state.files.values().map(Vec::len).sum::<usize>());
        recording.disk.change(|state| state.room = Some(used + 20_000));
        for _ in 0..3 {
            recording.play(10_000);
            recording.write();
        }
        let health = recording.health();
        assert_eq!((health.state, health.lost_frames, health.number), (RecordingState::Waiting, 0, 1));
        assert!(health.problem.unwrap().contains(name));
        let first = recording.disk.sound(name);
        assert_eq!(first, samples(0..first.len() as u32), "{name}");
        // While the disk is full, attempts leave nothing behind.
        recording.disk.change(|state| state.room = Some(used + 20_100));
        recording.write_again();
        assert_eq!(
            (recording.health().state, recording.disk.names()),
            (RecordingState::Waiting, vec![name.to_owned()])
        );
        recording.disk.change(|state| state.room = None);
        recording.write_again();
        let health = recording.health();
        assert_eq!((health.state, health.problem, health.number), (RecordingState::Writing, None, 2));
        recording.play(10_000);
        recording.end().unwrap();
        let second = crowd_media::numbered_path(Path::new(name), 2);
        let joined = [first, recording.disk.sound(second.to_str().unwrap())].concat();
        assert_eq!(joined, samples(0..60_000), "{name}");
        assert_eq!(recording.health().lost_frames, 0);
    }
}

#[test]
fn frames_that_do_not_fit_are_counted_and_replaced_by_silence() {
    let mut recording = TestRecording::new("night.wav", None, 20_000);
    recording.disk.change(|state| state.room = Some(200));
    for _ in 0..8 {
        recording.play(10_000);
        recording.write();
    }
    // The first write took 10,000 frames from the ring, which then held 20,000.
    let lost = recording.health().lost_frames;
    assert_eq!((lost, recording.health().state), (50_000, RecordingState::Waiting));
    recording.disk.change(|state| state.room = None);
    recording.write_again();
    recording.play(10_000);
    recording.end().unwrap();
    let names = recording.disk.names();
    assert_eq!(names, ["night.wav"], "the first attempt left no file");
    let sound = recording.disk.sound("night.wav");
    assert_eq!(sound, [samples(0..30_000), vec![0.0; 50_000], samples(80_000..90_000)].concat());
    assert_eq!(recording.health().frames, 90_000);
}

#[test]
fn a_gap_of_more_than_ten_minutes_begins_another_file() {
    let mut recording = TestRecording::new("night.wav", None, 200_000);
    let minutes = |minutes: u32| minutes * 60 * 8_000;
    recording.disk.change(|state| state.room = Some(200));
    recording.play(1_000);
    recording.write();
    for _ in 0..11 {
        recording.play(minutes(1));
    }
    recording.disk.change(|state| state.room = None);
    recording.write_again();
    let from = recording.played;
    recording.play(1_000);
    recording.end().unwrap();
    assert_eq!(recording.disk.names(), ["night-2.wav", "night.wav"]);
    let first = recording.disk.sound("night.wav");
    assert_eq!(first, samples(0..first.len() as u32));
    assert_eq!(recording.disk.sound("night-2.wav"), samples(from..from + 1_000));
}

#[test]
fn an_end_that_cannot_be_written_is_an_error_and_counted() {
    let mut recording = TestRecording::new("night.wav", None, 80_000);
    recording.play(1_000);
    recording.write();
    recording.disk.change(|state| state.room = Some(0));
    recording.play(2_000);
    let error = recording.end().unwrap_err().to_string();
    assert!(error.contains("night"), "{error}");
    assert_eq!(recording.health().lost_frames, 2_000);
    assert_eq!(recording.disk.sound("night.wav"), samples(0..1_000));
}

#[test]
fn an_existing_file_is_not_replaced() {
    let mut recording = TestRecording::new("night.wav", None, 80_000);
    recording.disk.change(|state| state.files.insert("night-2.wav".into(), b"the night before".to_vec()));
    recording.writer.next_file().unwrap();
    recording.play(100);
    recording.write();
    assert_eq!(recording.health().path, Path::new("night.wav"), "the name of an empty file is used again");
    recording.writer.next_file().unwrap();
    recording.play(100);
    recording.end().unwrap();
    assert_eq!(recording.health().number, 3);
    assert_eq!(recording.disk.sound("night-3.wav"), samples(100..200));
    let before = recording.disk.change(|state| state.files[Path::new("night-2.wav")].clone());
    assert_eq!(before, b"the night before");
}

#[test]
fn a_file_that_is_removed_is_reported_and_another_one_is_created() {
    let mut recording = TestRecording::new("night.wav", None, 80_000);
    recording.play(100);
    recording.write();
    recording.disk.change(|state| {
        state.files.remove(Path::new("night.wav"));
        state.removed.push("night.wav".into());
    });
    recording.writer.sync_now();
    recording.write();
    assert!(recording.health().problem.unwrap().contains("removed"));
    recording.disk.change(|state| state.removed.clear());
    recording.play(100);
    recording.write_again();
    recording.end().unwrap();
    assert_eq!(recording.disk.sound("night.wav"), samples(100..200));
}

/// With the real thread: a disk that hangs does not block the audio thread's end of the ring.
#[test]
fn a_disk_that_hangs_blocks_nothing_and_lost_frames_become_silence_of_their_length() {
    let disk = Memory::default();
    let rate = SampleRate::new(8_000).unwrap();
    let take = RecordingConfig { path: "night.wav".into(), split: None };
    let (recorder, mut ring) = Recorder::start_on(disk.clone(), &take, rate).unwrap();
    let block = |from: u32| (from..from + 8_000).flat_map(|n| [sample(n); 2]).collect::<Vec<_>>();
    let frames = || recorder.health().frames;
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let began = std::time::Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(60), "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    };
    ring.push(&block(0));
    wait("the first second is written", &|| frames() == 8_000);
    disk.change(|state| state.hangs = true);
    // A minute of sound is pushed while the disk hangs. If a push waited for the disk, this would never end.
    (1..60).for_each(|second| ring.push(&block(8_000 * second)));
    wait("the stall is reported", &|| recorder.health().state == RecordingState::Stalled);
    let lost = recorder.health().lost_frames;
    assert!((20 * 8_000..40 * 8_000).contains(&lost), "{lost}");
    disk.change(|state| state.hangs = false);
    wait("the recording continues", &|| frames() >= 60 * 8_000 - lost);
    assert_eq!(recorder.health().state, RecordingState::Writing);
    ring.push(&block(8_000 * 60));
    drop(ring);
    let health = recorder.health();
    recorder.close().unwrap();
    assert_eq!(health.lost_frames, lost);
    let sound = disk.sound("night.wav");
    let lost = lost as u32;
    let end = 60 * 8_000 - lost;
    assert_eq!(sound, [samples(0..end), vec![0.0; lost as usize], samples(60 * 8_000..61 * 8_000)].concat());
}

#[test]
fn impossible_names_of_recordings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (path, cause) in [
        (folder.path().join("x.mp3"), ".flac"),
        (folder.path().to_owned(), "ordinary"),
        ("/no/such/x.wav".into(), "/no/such"),
    ] {
        let take = RecordingConfig { path, split: None };
        let error = Recorder::start(&take, SampleRate::CD).err().unwrap().to_string();
        assert!(error.contains(cause), "{error}");
    }
}
