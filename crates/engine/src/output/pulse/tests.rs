//! Tests of the client, with a small sound server that sends what a real one sends under load and when its devices go.

use std::ffi::CString;
use std::io::{BufReader, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

use assert_no_alloc::assert_no_alloc;
use pulseaudio::protocol::{
    AuthReply, Command, CommandReply, CreatePlaybackStreamReply, MAX_VERSION, PlaybackStreamParams, Prop, Props,
    PulseError, Request, SetClientNameReply, Underflow, read_command_message, read_descriptor, write_command_message,
    write_error, write_reply_message,
};

use super::pulse_stream::PulseStream;
use super::*;
use crate::output::audio::FRAME_BYTES;
use crate::output::backend::{OpenedDevice, StreamSetup};
use crate::output::health::{Health, HealthCounters};
use crate::output::loss_detector::LossDetector;
use crate::rt::Slot;
use crate::types::output_error::OutputErrorKind;
use crate::types::units::SampleRate;
use crate::{Command as EngineCommand, Engine, Frames, Gain, When};

const CHANNEL: u32 = 7;

/// The server's end of a connection.
struct FakeServer(BufReader<UnixStream>);

impl FakeServer {
    fn read_command(&mut self) -> (u32, Command) {
        read_command_message(&mut self.0, MAX_VERSION).unwrap()
    }

    fn answer(&mut self, sequence: u32, reply: &impl CommandReply) {
        write_reply_message(self.0.get_mut(), sequence, reply, MAX_VERSION).unwrap();
    }

    fn send(&mut self, command: &Command) {
        write_command_message(self.0.get_mut(), u32::MAX, command, MAX_VERSION).unwrap();
    }

    fn request(&mut self, frames: usize) {
        self.send(&Command::Request(Request { channel: CHANNEL, length: (frames * FRAME_BYTES) as u32 }));
    }

    /// The left samples of the next packets, `frames` in all.
    fn sound(&mut self, frames: usize) -> Vec<f32> {
        let mut left = Vec::new();
        while left.len() < frames {
            let packet = read_descriptor(&mut self.0).unwrap();
            assert_eq!((packet.channel, packet.offset, packet.length as usize % FRAME_BYTES), (CHANNEL, 0, 0));
            let mut bytes = vec![0; packet.length as usize];
            self.0.read_exact(&mut bytes).unwrap();
            let samples = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
            left.extend(samples.step_by(2));
        }
        assert_eq!(left.len(), frames, "no more than was requested");
        left
    }

    /// Creates the stream that the client requests, with a first request of `frames`; returns the client's parameters.
    fn stream(&mut self, frames: usize) -> PlaybackStreamParams {
        let (sequence, Command::CreatePlaybackStream(wanted)) = self.read_command() else {
            panic!("no stream is requested")
        };
        let requested_bytes = (frames * FRAME_BYTES) as u32;
        self.answer(
            sequence,
            &CreatePlaybackStreamReply { channel: CHANNEL, requested_bytes, ..CreatePlaybackStreamReply::default() },
        );
        wanted
    }
}

/// A client and its server.
fn connected() -> (Server, FakeServer) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = std::thread::spawn(move || {
        let mut fake = FakeServer(BufReader::new(theirs));
        let (sequence, Command::Auth(auth)) = fake.read_command() else { panic!("a client sends its cookie first") };
        assert_eq!(auth.cookie, b"cookie");
        fake.answer(sequence, &AuthReply { version: MAX_VERSION, use_memfd: false, use_shm: false });
        let (sequence, Command::SetClientName(_)) = fake.read_command() else { panic!("a client sends its name") };
        fake.answer(sequence, &SetClientNameReply { client_id: 1 });
        fake
    });
    let client = Server::handshake(ours, b"cookie".to_vec()).unwrap();
    (client, server.join().unwrap())
}

/// An engine that plays a tone, its stream to the server, and the server.
struct ConnectedStream {
    _engine: Engine,
    meter: Arc<HealthCounters>,
    opened: OpenedDevice,
    fake: FakeServer,
}

impl ConnectedStream {
    fn health(&self) -> Health {
        self.meter.health()
    }

    /// Waits until the stream has ended and returns the reason.
    fn end_reason(&self) -> String {
        let mut detector = LossDetector::new(Instant::now());
        loop {
            if let Some(why) = detector.check(&self.opened.link, Instant::now()) {
                return why;
            }
            std::thread::yield_now();
        }
    }
}

fn sink(hertz: u32) -> Sink {
    Sink { index: 3, name: "stage".into(), description: "ConnectedStream".into(), channels: 2, hertz }
}

/// A stream in blocks of `block` frames to a server that at first requests `frames`.
fn stage(block: u32, frames: usize) -> ConnectedStream {
    let (mut engine, renderer) = Engine::builder().sample_rate(SampleRate::DAT).split().unwrap();
    let gain = Gain::new(0.5).unwrap();
    engine.send(EngineCommand::Tone { hertz: 440.0, gain, length: Frames(1 << 40) }, When::NextBlock).unwrap();
    let slot = Arc::new(Slot::empty());
    assert!(slot.put(Box::new(renderer)).is_none());
    let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::DAT));
    let setup = StreamSetup { slot, meter: meter.clone(), buffer_frames: Some(block) };
    let (server, mut fake) = connected();
    let fake = std::thread::spawn(move || {
        let wanted = fake.stream(frames);
        assert_eq!(wanted.buffer_attr.target_length, 2 * block * FRAME_BYTES as u32);
        assert_eq!((wanted.sink_index, wanted.sample_spec.sample_rate), (Some(3), 48_000));
        assert!(wanted.buffer_attr.pre_buffering <= FRAME_BYTES as u32, "after an underrun it continues at once");
        fake
    });
    let mut opened = server.open(&sink(48_000), &setup, Some(SampleRate::DAT)).unwrap();
    opened.stream.start().unwrap();
    ConnectedStream { _engine: engine, meter, opened, fake: fake.join().unwrap() }
}

#[test]
fn requested_sound_is_rendered_in_blocks_and_continues_without_a_step() {
    let mut stage = stage(256, 512);
    let mut sound = stage.fake.sound(512);
    for frames in [256, 1, 700, 255, 4_096] {
        stage.fake.request(frames);
        sound.extend(stage.fake.sound(frames));
    }
    assert_eq!(stage.opened.name, "pulseaudio:stage");
    assert_eq!(stage.health().callback_frames, Some(1..=256));
    let begin = sound.iter().position(|x| x.abs() > 0.1).unwrap();
    let step = 2.0 * (std::f32::consts::TAU * 440.0 / 48_000.0).cos();
    let off = sound[begin..].windows(3).map(|x| (x[2] - (step * x[1] - x[0])).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "the sine continues: {off}");
}

#[test]
fn an_underrun_is_counted_and_the_stream_continues_with_the_next_block() {
    let mut stage = stage(256, 512);
    stage.fake.sound(512);
    for gaps in 1..=100 {
        stage.fake.send(&Command::Underflow(Underflow { channel: CHANNEL, offset: 0 }));
        stage.fake.request(512);
        assert!(stage.fake.sound(512).iter().any(|x| x.abs() > 0.3));
        assert_eq!(stage.health().xruns, gaps);
    }
    let mut detector = LossDetector::new(Instant::now());
    assert_eq!(detector.check(&stage.opened.link, Instant::now()), None, "a gap is no loss");
    assert_eq!(stage.opened.link.errors(), 0);
}

#[test]
fn irrelevant_messages_are_skipped_however_long() {
    let mut stage = stage(64, 128);
    stage.fake.sound(128);
    stage.fake.send(&Command::Started(CHANNEL));
    stage.fake.send(&Command::Underflow(Underflow { channel: CHANNEL + 1, offset: 0 }));
    stage.fake.send(&Command::PlaybackStreamKilled(CHANNEL + 1));
    let mut props = Props::new();
    props.set(Prop::MediaName, CString::new("x".repeat(60_000)).unwrap());
    stage.fake.send(&Command::SetClientName(props));
    stage.fake.request(64);
    stage.fake.sound(64);
    assert_eq!(stage.health().xruns, 0);
    assert!(!stage.opened.link.is_fatal());
}

#[test]
fn a_device_that_is_removed_is_lost_at_once() {
    let mut stage = stage(64, 128);
    stage.fake.send(&Command::PlaybackStreamKilled(CHANNEL));
    assert_eq!(stage.end_reason(), "the sound server removed the device");
}

#[test]
fn a_server_that_exits_loses_the_device_at_once() {
    let stage = stage(64, 128);
    drop(stage.fake);
    let mut detector = LossDetector::new(Instant::now());
    let why = loop {
        if let Some(why) = detector.check(&stage.opened.link, Instant::now()) {
            break why;
        }
        std::thread::yield_now();
    };
    assert!(why.starts_with("the sound server"), "{why}");
}

#[test]
fn a_stream_closes_while_its_server_neither_requests_nor_reads_anything() {
    let mut stage = stage(8_192, 16_384);
    // More than a socket holds: the thread blocks until the server reads it.
    stage.fake.request(1 << 20);
    drop(stage.opened);
    // A stream that was never started has no thread.
    let (server, mut fake) = connected();
    let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::DAT));
    let setup = StreamSetup { slot: Arc::new(Slot::empty()), meter, buffer_frames: None };
    let fake = std::thread::spawn(move || fake.stream(64));
    drop(server.open(&sink(48_000), &setup, None).unwrap());
    fake.join().unwrap();
}

#[test]
fn a_refusal_of_the_server_has_its_words() {
    let (mut server, mut fake) = connected();
    let fake = std::thread::spawn(move || {
        let (sequence, Command::GetSinkInfo(_)) = fake.read_command() else { panic!("the default sink is requested") };
        write_error(fake.0.get_mut(), sequence, &PulseError::NoEntity).unwrap();
    });
    let cause = server.default_sink().err().unwrap();
    assert_eq!((cause.kind, &*cause.message), (OutputErrorKind::NotFound, "NoEntity"));
    fake.join().unwrap();
    assert!(server.default_sink().is_err(), "the server has closed the connection");
}

#[test]
fn a_device_of_another_rate_plays_at_its_own_and_one_of_an_odd_rate_through_the_servers_conversion() {
    for (hertz, stream) in [(44_100, 44_100), (44_101, 48_000)] {
        let (server, mut fake) = connected();
        let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::DAT));
        let setup = StreamSetup { slot: Arc::new(Slot::empty()), meter, buffer_frames: None };
        let fake = std::thread::spawn(move || fake.stream(64).sample_spec.sample_rate);
        let opened = server.open(&sink(hertz), &setup, Some(SampleRate::DAT)).unwrap();
        assert_eq!((fake.join().unwrap(), opened.rate.get()), (stream, stream));
    }
}

#[test]
fn between_blocks_nothing_is_allocated() {
    let (_engine, renderer) = Engine::builder().sample_rate(SampleRate::DAT).split().unwrap();
    let slot = Arc::new(Slot::empty());
    assert!(slot.put(Box::new(renderer)).is_none());
    let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::DAT));
    let setup = StreamSetup { slot, meter: meter.clone(), buffer_frames: Some(64) };
    let driver = setup.driver(SampleRate::DAT, None).unwrap();
    let (server, mut fake) = connected();
    let stream = CreatePlaybackStreamReply { channel: CHANNEL, ..CreatePlaybackStreamReply::default() };
    let mut pulse_stream = PulseStream::new(server, &stream, driver, meter.clone(), 64).unwrap();
    let mut playing = pulse_stream.take_playback().unwrap();
    for frames in [64, 128, 3, 1_000] {
        fake.send(&Command::Underflow(Underflow { channel: CHANNEL, offset: 0 }));
        fake.request(frames);
        assert_no_alloc(|| {
            assert!(playing.receive().is_ok_and(|over| over.is_none()));
            assert!(playing.receive().is_ok_and(|over| over.is_none()));
            assert!(playing.send_requested().is_ok());
        });
        fake.sound(frames);
    }
    assert_eq!((meter.health().xruns, meter.health().blocks), (4, 1 + 2 + 1 + 16));
}
