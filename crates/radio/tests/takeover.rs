//! A live source replaces the program and is replaced by it, in all formats, and also when the station is killed meanwhile.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::decoded::decode;
use common::publisher::{EPOCH, parse, prepare};
use common::{RATE, write};
use crowd_engine::{Frames, SampleRate};
use crowd_radio::encode::{EncodedProgram, PieceStore, ProgramSound};
use crowd_radio::live::{LiveInput, SourceInfo, SourceWriter};
use crowd_radio::manifest::Manifest;
use crowd_radio::sound::{ReadLimits, SoundCache};
use crowd_radio::station::{
    AacSource, Cursor, FlacSource, Format, OpusSource, Publisher, Renditions, SavedState, SegmentSource, StateFolder,
    StationProgram, Unit,
};
use crowd_radio::takeover::{LiveMount, MixSettings};
use crowd_streaming::aac::{AacFrame, adts_frames};

const PROGRAM_HERTZ: f64 = 441.0;
const LIVE_HERTZ: f64 = 1_000.0;
const WINDOW: usize = 4;
/// The time of a step. The clock of the station moves every fourth step.
const STEP: Duration = Duration::from_millis(100);

fn sine(frames: std::ops::Range<u64>, hertz: f64, level: f64) -> Vec<[f32; 2]> {
    let turn = std::f64::consts::TAU * hertz / f64::from(RATE);
    frames.map(|frame| [(level * (turn * frame as f64).sin()) as f32; 2]).collect()
}

fn station(folder: &Path) -> Manifest {
    std::fs::create_dir(folder.join("music")).unwrap();
    // 441 Hz has whole periods in a second, so that the joins are continuous.
    for number in 0..3 {
        write(&folder.join("music"), &format!("{number}.wav"), &sine(0..48_000 * (41 + number), PROGRAM_HERTZ, 0.1));
    }
    let config = "[stream]\nsegment_seconds = 2\n[[playlist]]\nname = \"music\"\nfolder = \"music\"\n";
    prepare(folder, config)
}

/// A running station with a mount, without a server. A process that is killed loses all of it but the folder.
struct Process {
    publisher: Publisher,
    mount: LiveMount,
    input: Arc<LiveInput>,
    writer: Option<SourceWriter>,
    listener: Option<Cursor>,
    live: Arc<crowd_radio::station::LiveStream>,
}

/// What listeners of the station have received.
struct Heard {
    folder: std::path::PathBuf,
    manifest: Manifest,
    /// `None` between two processes.
    process: Option<Process>,
    step: u32,
    /// The frames that the source has sent, and the first of them in the time of the station.
    sent: u64,
    /// The URIs of all segments by playlist and number.
    uris: BTreeMap<(String, u64), String>,
    /// The ADTS segments by number.
    adts: BTreeMap<u64, Vec<AacFrame>>,
    /// What a listener of the endless stream has received.
    units: Vec<Unit>,
    titles: Vec<String>,
}

fn process(folder: &Path, manifest: &Manifest, talk: bool) -> Process {
    let (out, state) = (folder.join("out"), folder.join("state"));
    let rate = SampleRate::DAT;
    let settings = manifest.stream.aac().unwrap();
    let store = PieceStore::new(Manifest::pieces(&out).unwrap(), settings);
    let grid = AacSource::segment_grid(rate, manifest.segment()).unwrap();
    let live = Arc::new(AacSource::live_stream(rate, settings).unwrap());
    let playlists = vec![("adts.m3u8".to_owned(), Format::Adts)];
    let aac = AacSource::new(EncodedProgram::new(store), grid, playlists, Some(live.clone()));
    let sources: Vec<Box<dyn SegmentSource>> = vec![
        Box::new(aac),
        Box::new(FlacSource::new(rate, manifest.segment(), "flac.m3u8".to_owned()).unwrap()),
        Box::new(OpusSource::new(rate, manifest.segment(), 96_000, "opus.m3u8".to_owned()).unwrap()),
    ];
    let renditions = Renditions { sources, playlists: Vec::new(), encoders: "all".to_owned() };
    let state_folder = StateFolder::open(&state).unwrap();
    let saved = state_folder.read().unwrap().unwrap_or_else(|| SavedState::new(EPOCH));
    let published = renditions.start(saved.published_segments);
    let (mut changes, program) = StationProgram::open(&state, manifest, EPOCH, published, || Ok(Vec::new())).unwrap();
    let listed = renditions.start(saved.published_segments.saturating_sub(WINDOW as u64));
    let (sound, is_complete) = changes.live_sound(&state, listed..published).unwrap();
    assert!(is_complete);
    let sound = ProgramSound::new(program, SoundCache::new(rate, ReadLimits::PATIENT)).with_live(sound);
    let publisher = Publisher::new(renditions, sound, changes, WINDOW, saved, state_folder);
    let input = Arc::new(LiveInput::new(rate));
    let mix = MixSettings { mount: "/live".to_owned(), buffer: Duration::from_secs(4), gain_db: 0.0, talk };
    let mount = LiveMount::new(mix, input.clone());
    Process { publisher, mount, input, writer: None, listener: None, live }
}

impl Heard {
    fn new(folder: &Path, talk: bool) -> Self {
        let manifest = station(folder);
        let process = Some(process(folder, &manifest, talk));
        Self {
            folder: folder.to_owned(),
            manifest,
            process,
            step: 0,
            sent: 0,
            uris: BTreeMap::new(),
            adts: BTreeMap::new(),
            units: Vec::new(),
            titles: Vec::new(),
        }
    }

    fn now(&self) -> Duration {
        STEP * self.step
    }

    fn process(&mut self) -> &mut Process {
        self.process.as_mut().unwrap()
    }

    /// Kills the process and starts another one.
    fn restart(&mut self, talk: bool) {
        self.process = None;
        self.process = Some(process(&self.folder, &self.manifest, talk));
        self.units.clear();
    }

    fn connect(&mut self) {
        let address = IpAddr::from([127, 0, 0, 1]);
        let info = SourceInfo { user: "anna".to_owned(), address, name: Some("Show".to_owned()) };
        self.process().writer = Some(self.process().input.connect(info).unwrap());
    }

    /// Runs the station for some seconds. The source sends `level`, if it is connected, with a clock that is faster by `ppm`.
    fn run(&mut self, seconds: f64, level: f64, ppm: f64) {
        let mut due = 0.0;
        for _ in 0..(seconds * 10.0).round() as u32 {
            self.step += 1;
            let process = self.process.as_mut().unwrap();
            if let Some(writer) = &mut process.writer {
                due += 4_800.0 * (1.0 + ppm / 1e6);
                let count = due as u64;
                due -= count as f64;
                writer.push(&sine(self.sent..self.sent + count, LIVE_HERTZ, level)).unwrap();
                self.sent += count;
            }
            let played = Frames::within(STEP * (self.step / 4 * 4), SampleRate::DAT);
            let Process { publisher, mount, listener, live, .. } = process;
            mount.run(publisher, played, STEP * self.step).unwrap();
            let new = publisher.publish(played).unwrap();
            while publisher.make_ahead().unwrap() {}
            if listener.is_none() {
                *listener = Cursor::new(live.clone(), played);
            }
            let units = listener.as_mut().map(|cursor| cursor.take(played).unwrap());
            self.units.extend(units.unwrap_or_default());
            if new {
                self.look();
            }
        }
    }

    /// Notes what is in the playlists.
    fn look(&mut self) {
        let published = self.process().publisher.published().borrow().clone();
        for (name, text) in &published.playlists {
            let playlist = parse(text);
            for ((_, _, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
                let uri = uri.strip_prefix("segments/").unwrap_or(uri).to_owned();
                let known = self.uris.entry((name.clone(), number)).or_insert_with(|| uri.clone());
                assert_eq!(*known, uri, "{name} {number} at step {}", self.step);
                let segment = published.segment(&uri).unwrap();
                if name == "adts.m3u8" {
                    let start = segment.bytes.windows(2).position(|pair| pair[0] == 0xff && pair[1] & 0xf6 == 0xf0);
                    let frames = adts_frames(&segment.bytes[start.unwrap()..]).unwrap().1;
                    self.adts.insert(number, frames);
                }
            }
        }
        self.titles.extend(published.playing.as_ref().map(|playing| format!("{:?} {}", playing.reason, playing.title)));
    }

    /// The decoded sound from frame 0 on. No segment may be missing.
    fn sound(&self) -> Vec<[f32; 2]> {
        let numbers: Vec<u64> = self.adts.keys().copied().collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
        let frames: Vec<AacFrame> = self.adts.values().flatten().cloned().collect();
        decode(self.manifest.stream.aac().unwrap().rate, &frames)
    }

    /// A listener of the endless stream has received the frames of the segments.
    fn check_units(&self) {
        let segments: Vec<u8> = self.adts.values().flatten().flat_map(|frame| adts(&self.manifest, frame)).collect();
        let units: Vec<u8> = self.units.iter().flat_map(|unit| unit.bytes.to_vec()).collect();
        let first = &units[..200];
        let at = segments.windows(200).position(|bytes| bytes == first).unwrap();
        let both = units.len().min(segments.len() - at);
        assert!(both > 100_000, "{both}");
        let differs = (0..both).find(|index| units[*index] != segments[at + index]);
        assert_eq!(differs, None, "of {both} bytes");
    }
}

fn adts(manifest: &Manifest, frame: &AacFrame) -> Vec<u8> {
    let mut bytes = Vec::new();
    crowd_streaming::aac::write_adts(manifest.stream.aac().unwrap().rate, frame, &mut bytes);
    bytes
}

/// The amplitude and the phase of a sine in a tenth of a second of sound, which has whole periods of both sines but for the first one.
fn amplitude(sound: &[[f32; 2]], at: usize, hertz: f64) -> (f64, f64) {
    let turn = std::f64::consts::TAU * hertz / f64::from(RATE);
    let (mut real, mut imaginary, mut sum) = (0.0, 0.0, 0.0);
    for (frame, value) in sound[at..at + 9_600].iter().enumerate() {
        let window = (std::f64::consts::PI * (frame as f64 + 0.5) / 9_600.0).sin().powi(2);
        let angle = turn * (at + frame) as f64;
        real += window * f64::from(value[0]) * angle.cos();
        imaginary += window * f64::from(value[0]) * angle.sin();
        sum += window;
    }
    (2.0 * real.hypot(imaginary) / sum, real.atan2(imaginary))
}

/// The seconds at which the amplitude of a sine is more than a quarter of `level`, first and last.
fn audible(sound: &[[f32; 2]], hertz: f64, level: f64) -> (f64, f64) {
    let steps = 0..(sound.len() - 9_600) / 4_800;
    let loud: Vec<usize> = steps.filter(|step| amplitude(sound, step * 4_800, hertz).0 > level / 4.0).collect();
    let seconds = |step: Option<&usize>| step.map_or(-1.0, |step| (*step as f64 * 4_800.0 + 4_800.0) / f64::from(RATE));
    (seconds(loud.first()), seconds(loud.last()))
}

#[test]
fn a_source_is_on_air_after_some_seconds_and_the_program_is_back_before_its_sound_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut heard = Heard::new(folder.path(), false);
    heard.run(21.3, 0.0, 0.0);
    let (program, _) = (amplitude(&heard.sound(), 48_000 * 8, PROGRAM_HERTZ).0, ());
    heard.connect();
    let connected = heard.now().as_secs_f64();
    heard.run(31.7, 0.25, 0.0);
    heard.process().input.set_title("Artist - Title".to_owned());
    heard.run(10.0, 0.25, 0.0);
    heard.process().writer = None;
    let gone = heard.now().as_secs_f64();
    heard.run(30.0, 0.0, 0.0);
    let sound = heard.sound();
    heard.check_units();

    let (first, last) = audible(&sound, LIVE_HERTZ, 0.25);
    assert!((first - connected) < 5.5, "on air after {} s", first - connected);
    // What the source has sent last is played after 4 s, and fades out.
    assert!((2.5..4.3).contains(&(last - gone)), "off air after {} s", last - gone);
    // Between the fades only the source is heard, at its level, without a frame too many or too few.
    let at = |seconds: f64| (seconds * f64::from(RATE)) as usize / 4_800 * 4_800;
    let (begin, end) = (at(first + 2.5), at(last - 2.0));
    let phase = amplitude(&sound, begin, LIVE_HERTZ).1;
    for place in (begin..end).step_by(4_800) {
        let (level, now) = amplitude(&sound, place, LIVE_HERTZ);
        assert!((level - 0.25).abs() < 0.01, "{place}: {level}");
        let turned = (now - phase).sin().abs();
        assert!(turned < 0.05, "{place}: {turned}");
        assert!(amplitude(&sound, place, PROGRAM_HERTZ).0 < 1e-3, "{place}");
    }
    // In the fades the power of both together is constant, and never is there silence.
    for place in (at(first - 1.0)..at(first + 4.0)).chain(at(last - 3.0)..at(last + 4.0)).step_by(4_800) {
        let (live, program) =
            (amplitude(&sound, place, LIVE_HERTZ).0 / 0.25, amplitude(&sound, place, PROGRAM_HERTZ).0 / program);
        let power = live.powi(2) + program.powi(2);
        assert!((0.85..1.15).contains(&power), "{place}: {live} {program}");
    }
    // The title is that of the show, then that of the source, then that of the program again.
    let mut titles = heard.titles.clone();
    titles.dedup();
    let live: Vec<&str> = titles.iter().map(String::as_str).skip_while(|title| !title.starts_with("Live")).collect();
    assert_eq!(live[..2], ["Live Show", "Live Artist - Title"], "{titles:?}");
    assert!(live[2].starts_with("Playlist"), "{titles:?}");
}

#[test]
fn after_a_kill_segments_with_live_sound_have_the_same_bytes() {
    for (run, kills) in [(1, [23.0, 27.4, 41.9]), (2, [25.1, 29.9, 33.3])] {
        let folder = tempfile::tempdir().unwrap();
        let mut heard = Heard::new(folder.path(), false);
        heard.run(18.0, 0.0, 0.0);
        heard.connect();
        for kill in kills {
            let left = kill - heard.now().as_secs_f64();
            heard.run(left, 0.25, 0.0);
            heard.restart(false);
            // The source connects again at once, or not.
            if run == 1 {
                heard.connect();
            }
        }
        heard.process().writer = None;
        heard.run(20.0, 0.25, 0.0);
        let sound = heard.sound();
        let silent = (24_000..sound.len() - 9_600).step_by(4_800).filter(|at| {
            let peak = sound[*at..at + 4_800].iter().fold(0.0_f32, |most, frame| most.max(frame[0].abs()));
            peak < 0.03
        });
        assert_eq!(silent.collect::<Vec<_>>(), Vec::<usize>::new(), "run {run}");
    }
}

#[test]
fn a_voice_is_above_the_program_which_is_lower_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut heard = Heard::new(folder.path(), true);
    heard.run(20.0, 0.0, 0.0);
    let program = amplitude(&heard.sound(), 48_000 * 8, PROGRAM_HERTZ).0;
    heard.connect();
    heard.run(15.0, 0.25, 0.0);
    heard.process().writer = None;
    heard.run(20.0, 0.0, 0.0);
    let sound = heard.sound();
    let (first, last) = audible(&sound, LIVE_HERTZ, 0.25);
    assert!(first < 26.0 && last > 37.0, "{first} {last}");
    let below = amplitude(&sound, ((first + 3.0) * 48_000.0) as usize, PROGRAM_HERTZ).0 / program;
    assert!((0.15..0.25).contains(&below), "{below}");
    let after = amplitude(&sound, ((last + 4.0) * 48_000.0) as usize, PROGRAM_HERTZ).0 / program;
    assert!((0.95..1.05).contains(&after), "{after}");
    assert!(heard.titles.iter().all(|title| title.starts_with("Playlist")));
}

#[test]
fn a_source_with_a_faster_clock_is_heard_without_a_growing_buffer() {
    let folder = tempfile::tempdir().unwrap();
    let mut heard = Heard::new(folder.path(), false);
    heard.run(10.0, 0.0, 0.0);
    heard.connect();
    heard.run(150.0, 0.25, 300.0);
    let status = heard.process().mount.status();
    assert_eq!((status.state, status.losses), ("on_air", 0));
    // It takes some minutes until the speeds are equal. The unit tests of the drift have an hour.
    assert!((10.0..=300.0).contains(&status.drift_ppm), "{status:?}");
    assert!(heard.process().input.status().waiting < 24_000);
    let sound = heard.sound();
    let phases: Vec<f64> =
        (48_000 * 30..sound.len() - 48_000).step_by(48_000).map(|at| amplitude(&sound, at, LIVE_HERTZ).1).collect();
    // The pitch is never wrong by more than 300 ppm and nothing is skipped: in a second the phase turns by less than 2 radians.
    assert!(phases.windows(2).all(|pair| (pair[1] - pair[0]).cos() > -0.45), "{phases:?}");
}
