//! What the tests share: sounds, and an app on an engine without a device.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

#[cfg(unix)]
pub mod server;

use audio_server::app::{App, Decode, Files, Loader, STEMS, Settings, Vitals};
use audio_server::guard;
use crossbeam_channel::{Receiver, Sender, unbounded};
use crowd_engine::tempo::MovementConfig;
use crowd_engine::{Engine, Offline, SampleRate, Status, Track};
use crowd_library::MediaRoot;
use rosc::{OscMessage, OscPacket, OscType, encoder};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub const RATE: u64 = 44_100;
/// Frames of a second.
pub const SECOND: usize = RATE as usize;
/// Frames rendered between two looks at the app.
pub const BLOCK: usize = 1_024;

/// A mono track whose sample in frame n is `(n + 1) / frames`: every sample says where it comes from.
pub fn staircase(frames: usize) -> Track {
    let samples: Vec<f32> = (1..=frames).map(|n| n as f32 / frames as f32).collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

/// Checks that the staircase of `frames` steps sounds from frame `from` on, starting with its step `step`.
pub fn assert_staircase(sound: &[f32], from: usize, step: usize, frames: usize, gain: f32) {
    for n in 0..(frames - step).min(4_000) {
        let expected = gain * (step + n + 1) as f32 / frames as f32;
        let got = sound[from + n];
        assert!((got - expected).abs() < 1e-6, "frame {} + {n}: {got}, not {expected}", from);
    }
}

/// Writes a 16-bit stereo WAV file with both channels alike.
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

/// A hertz, in radians a frame.
pub const TURN: f64 = std::f64::consts::TAU / RATE as f64;

/// The frequency of a tone, from where it first and last rises through zero.
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

/// How far a frequency is off, in cents.
pub fn cents(hertz: f64, wanted: f64) -> f64 {
    1_200.0 * (hertz / wanted).log2()
}

pub fn packet(addr: &str, args: &[OscType]) -> Vec<u8> {
    encoder::encode(&OscPacket::Message(OscMessage { addr: addr.into(), args: args.to_vec() })).unwrap()
}

/// The messages of a reply, in order: those of a bundle, or the only one.
pub fn read_packet(bytes: &[u8]) -> Vec<OscMessage> {
    guard::unpack(bytes).unwrap().iter().map(|packed| guard::decode(packed.bytes).unwrap()).collect()
}

pub fn client(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A file that really is there, for the loader to find; what it "holds" is up to [`Rig::files`].
pub fn any_file() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

/// An app on an offline engine, with files that come when the test says so.
pub struct Rig {
    pub app: App,
    pub offline: Offline,
    /// Everything rendered, left channel.
    pub sound: Vec<f32>,
    /// What the loads find, one after the other.
    pub files: Sender<Result<Track, String>>,
    pub replies: Vec<(SocketAddr, OscMessage)>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(MovementConfig::default(), |_| {})
    }

    pub fn with(movement: MovementConfig, change: impl FnOnce(&mut Settings)) -> Self {
        let (files, contents): (_, Receiver<Result<Track, String>>) = unbounded();
        let decode: Decode = Arc::new(move |_, _| contents.recv().unwrap_or_else(|_| Err("the test is over".into())));
        Self::reading(Files::new(MediaRoot::unrestricted(), decode), files, movement, change)
    }

    /// An app that reads `files`, which may know of the same channel.
    pub fn reading(
        from: Files,
        files: Sender<Result<Track, String>>,
        movement: MovementConfig,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::new(SampleRate::CD, movement);
        change(&mut settings);
        let app = App::new(&settings, Loader::start(from).unwrap());
        let offline = Engine::builder().stems(STEMS).stretch(settings.stretch).offline().unwrap();
        let mut rig = Self { app, offline, sound: Vec::new(), files, replies: Vec::new() };
        rig.tick();
        rig
    }

    pub fn tick(&mut self) {
        self.app.tick(self.offline.engine(), Vitals { block: BLOCK as u32, ..Vitals::default() });
        let replies = self.app.replies();
        for (to, bytes) in replies {
            self.replies.extend(read_packet(&bytes).into_iter().map(|message| (to, message)));
        }
    }

    /// Renders `blocks` blocks, looking at the app between them.
    pub fn run(&mut self, blocks: usize) {
        for _ in 0..blocks {
            self.tick();
            let out = self.offline.render_frames(BLOCK);
            self.sound.extend(out.as_chunks::<2>().0.iter().map(|[left, _]| left));
            self.tick();
        }
    }

    /// Runs until everything rendered is at least this many seconds.
    pub fn run_to(&mut self, seconds: f64) {
        while (self.sound.len() as f64) < seconds * RATE as f64 {
            self.run(1);
        }
    }

    pub fn send(&mut self, addr: &str, args: &[OscType]) {
        self.app.datagram(client(1), &packet(addr, args));
        self.app.flush(self.offline.engine());
    }

    /// Lets one load that was asked for find `found`, and waits until the app has taken it.
    pub fn arrive(&mut self, found: Result<Track, String>) {
        assert!(self.app.loader().signal().is_empty());
        self.files.send(found).unwrap();
        self.take_load();
    }

    /// Waits until a load has ended, and lets the app take it.
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
    pub fn heard(&self, addr: &str) -> Vec<&OscMessage> {
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
