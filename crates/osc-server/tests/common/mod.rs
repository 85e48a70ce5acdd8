//! Shared helpers: sounds, and an app on an engine without a device.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

#[cfg(unix)]
pub mod server;

use audio_server::app::{App, DecodeFn, FileAccess, Loader, OutputStatus, STEMS_PER_DECK, Settings};
use audio_server::datagram;
use crossbeam_channel::{Receiver, Sender, unbounded};
use crowd_engine::tempo::MovementConfig;
use crowd_engine::{Engine, Offline, SampleRate, Status, Track};
use crowd_library::MediaRoot;
use rosc::{OscMessage, OscPacket, OscType, encoder};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub const RATE: u64 = 44_100;
/// The frames in a second.
pub const SECOND: usize = RATE as usize;
/// The frames that are rendered between two ticks of the app.
pub const BLOCK: usize = 1_024;

/// A mono track whose sample in frame n is `(n + 1) / frames`, so that each sample shows its frame.
pub fn staircase(frames: usize) -> Track {
    let samples: Vec<f32> = (1..=frames).map(|n| n as f32 / frames as f32).collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

/// Checks that the staircase of `frames` steps plays from frame `from` on, starting with its step `step`.
pub fn assert_staircase(sound: &[f32], from: usize, step: usize, frames: usize, gain: f32) {
    for n in 0..(frames - step).min(4_000) {
        let expected = gain * (step + n + 1) as f32 / frames as f32;
        let got = sound[from + n];
        assert!((got - expected).abs() < 1e-6, "frame {} + {n}: {got}, not {expected}", from);
    }
}

/// Writes a 16-bit stereo WAV file with two identical channels.
pub fn write_wav(path: &Path, samples: &[i16]) {
    let both: Vec<i16> = samples.iter().flat_map(|x| [*x, *x]).collect();
    let audio = crowd_media::Audio::new(crowd_media::Samples::I16(both), 44_100, 2).unwrap();
    crowd_media::wav::write(path, &audio, crowd_media::SampleFormat::I16).unwrap();
}

/// The left channel of a WAV file.
pub fn read_wav(path: &Path) -> Vec<f32> {
    let audio = crowd_media::open(path, &crowd_media::DecodeOptions::default()).unwrap();
    audio.to_f32().as_chunks::<2>().0.iter().map(|[left, _]| *left).collect()
}

/// One hertz, in radians per frame.
pub const RADIANS_PER_FRAME: f64 = std::f64::consts::TAU / RATE as f64;

/// The frequency of a tone, computed from its first and last rising zero crossing.
pub fn hertz(sound: &[f32]) -> f64 {
    let rises: Vec<f64> = sound
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(n, pair)| n as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    let (first, last) = (rises[0], rises[rises.len() - 1]);
    (rises.len() - 1) as f64 / (last - first) * RATE as f64
}

/// The distance of a frequency from `expected`, in cents.
pub fn cents(hertz: f64, expected: f64) -> f64 {
    1_200.0 * (hertz / expected).log2()
}

pub fn packet(addr: &str, args: &[OscType]) -> Vec<u8> {
    encoder::encode(&OscPacket::Message(OscMessage { addr: addr.into(), args: args.to_vec() })).unwrap()
}

/// The messages of a reply, in order: those of a bundle, or a single one.
pub fn read_packet(bytes: &[u8]) -> Vec<OscMessage> {
    datagram::split(bytes).unwrap().iter().map(|raw| datagram::decode(raw.bytes).unwrap()).collect()
}

pub fn client(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The path of a file that exists, for the loader to resolve. Its content is the track that the test sends to
/// [`Rig::files`].
pub fn any_file() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

/// An app on an offline engine. The test decides when files are loaded.
pub struct Rig {
    pub app: App,
    pub offline: Offline,
    /// Everything that was rendered, left channel.
    pub sound: Vec<f32>,
    /// The results of the loads, one after the other.
    pub files: Sender<Result<Track, String>>,
    pub replies: Vec<(SocketAddr, OscMessage)>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(MovementConfig::default(), |_| {})
    }

    pub fn with(movement: MovementConfig, change: impl FnOnce(&mut Settings)) -> Self {
        let (files, results): (_, Receiver<Result<Track, String>>) = unbounded();
        let decode: DecodeFn = Arc::new(move |_, _| results.recv().unwrap_or_else(|_| Err("the test is over".into())));
        Self::with_files(FileAccess::new(MediaRoot::unrestricted(), decode), files, movement, change)
    }

    /// An app that loads `files`, whose decoder may receive from the same channel.
    pub fn with_files(
        from: FileAccess,
        files: Sender<Result<Track, String>>,
        movement: MovementConfig,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::new(SampleRate::CD, movement);
        change(&mut settings);
        let app = App::new(&settings, Loader::start(from).unwrap());
        let offline = Engine::builder().stems(STEMS_PER_DECK).stretch(settings.stretch).offline().unwrap();
        let mut rig = Self { app, offline, sound: Vec::new(), files, replies: Vec::new() };
        rig.tick();
        rig
    }

    pub fn tick(&mut self) {
        self.app.tick(self.offline.engine(), OutputStatus { block: BLOCK as u32, ..OutputStatus::default() });
        let replies = self.app.replies();
        for (to, bytes) in replies {
            self.replies.extend(read_packet(&bytes).into_iter().map(|message| (to, message)));
        }
    }

    /// Renders `blocks` blocks, with ticks of the app between them.
    pub fn run(&mut self, blocks: usize) {
        for _ in 0..blocks {
            self.tick();
            let out = self.offline.render_frames(BLOCK);
            self.sound.extend(out.as_chunks::<2>().0.iter().map(|[left, _]| left));
            self.tick();
        }
    }

    /// Renders until there are at least this many seconds of sound.
    pub fn run_to(&mut self, seconds: f64) {
        while (self.sound.len() as f64) < seconds * RATE as f64 {
            self.run(1);
        }
    }

    pub fn send(&mut self, addr: &str, args: &[OscType]) {
        self.app.handle_datagram(client(1), &packet(addr, args));
        self.app.flush(self.offline.engine());
    }

    /// Ends one load with `result`, and waits until the app has taken it.
    pub fn finish_load(&mut self, result: Result<Track, String>) {
        assert!(self.app.loader().signal().is_empty());
        self.files.send(result).unwrap();
        self.take_load();
    }

    /// Waits until a load has ended, and ticks the app so that it takes it.
    pub fn take_load(&mut self) {
        let signal = self.app.loader().signal().clone();
        let mut select = crossbeam_channel::Select::new();
        select.recv(&signal);
        select.ready();
        self.tick();
    }

    pub fn status(&mut self) -> Status {
        self.offline.engine().status()
    }

    /// The replies to `addr`, in order.
    pub fn replies_to(&self, addr: &str) -> Vec<&OscMessage> {
        self.replies.iter().map(|(_, message)| message).filter(|message| message.addr == addr).collect()
    }

    /// The first frame that is not silent.
    pub fn first_sound(&self) -> Option<usize> {
        self.sound.iter().position(|x| *x != 0.0)
    }
}

pub fn s(text: &str) -> OscType {
    OscType::String(text.into())
}

pub fn f(number: f32) -> OscType {
    OscType::Float(number)
}

pub fn i(number: i32) -> OscType {
    OscType::Int(number)
}
