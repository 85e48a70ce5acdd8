//! The broadcast sends what is played, and disturbs neither the output nor the recording, whatever the server does.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

#[path = "../common/mod.rs"]
mod common;
mod icecast_server;

use common::server::{Server, TIMEOUT};
use common::write_wav;
use icecast_server::{Behaviour, IcecastServer};
use rosc::OscType;
use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PASSWORD: &str = "hackme-4711";
/// The sample rate of decoded Opus.
const OPUS_RATE: u32 = 48_000;
/// The signal-to-noise ratio of the broadcast against the recording, in decibels.
const LEAST_SNR: f64 = 20.0;

/// A running server that plays a melody, records it and broadcasts it.
struct Broadcaster {
    server: Server,
    folder: tempfile::TempDir,
}

/// Fields of `/status`.
#[derive(Debug)]
struct BroadcastStatus {
    seconds: f64,
    recording_lost: f32,
    broadcast: String,
    connected: f32,
    lost: f32,
    reconnects: i32,
}

impl Broadcaster {
    fn start(icecast: &IcecastServer, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [music, password, recording] =
            ["Tanz - müde.wav", "password", "set.wav"].map(|name| folder.path().join(name));
        write_wav(&music, &melody(60 * common::SECOND));
        std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        let url = format!("icecast://{}/dance.ogg", icecast.address);
        let args = [
            &["--output", "null", "--vol", "1", "--a", music.to_str().unwrap()],
            &["--record", recording.to_str().unwrap(), "--broadcast", &url] as &[&str],
            &["--broadcast-password-file", password.to_str().unwrap(), "--broadcast-name", "The dance floor"],
            args,
        ];
        let server = Server::start(&args.concat());
        Self { server, folder }
    }

    fn status(&mut self) -> BroadcastStatus {
        let args = self.server.status_args();
        let &[
            OscType::Float(recording_lost),
            OscType::String(ref broadcast),
            OscType::Float(connected),
            OscType::Float(lost),
            OscType::Int(reconnects),
        ] = &args[23..28]
        else {
            panic!("{args:?}");
        };
        let seconds = args[0].clone().float().unwrap().into();
        BroadcastStatus { seconds, recording_lost, broadcast: broadcast.clone(), connected, lost, reconnects }
    }

    /// Waits until `is_so` returns true for the status.
    fn until(&mut self, what: &str, is_so: impl Fn(&BroadcastStatus) -> bool) -> BroadcastStatus {
        let started = Instant::now();
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            let log = self.server.log.lock().unwrap().clone();
            assert!(started.elapsed() < TIMEOUT, "not so after a minute: {what}\n{status:?}\n{log}");
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Stops the server. Returns the left channel of the recording, at the rate of Opus, and the log.
    fn stop(self) -> (Vec<f32>, String) {
        let (status, log) = self.server.stop();
        assert!(status.success(), "{log}");
        assert!(!log.contains(PASSWORD), "{log}");
        (left_channel(&self.folder.path().join("set.wav")), log)
    }
}

/// Short notes that never repeat, so that each span of the sound occurs once.
fn melody(frames: usize) -> Vec<i16> {
    let random =
        |n: u64| (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let note = common::SECOND / 10;
    let sample = |frame: usize| {
        let (index, at) = ((frame / note) as u64, (frame % note) as f64);
        let envelope = (std::f64::consts::PI * at / note as f64).sin();
        let voice = |n: u64| {
            let hertz = 150.0 + (random(3 * index + n) >> 40) as f64 % 2_000.0;
            (hertz * common::RADIANS_PER_FRAME * at).sin()
        };
        (9_000.0 * envelope * (0..3).map(voice).sum::<f64>()) as i16
    };
    (0..frames).map(sample).collect()
}

/// The left channel of a file, at the rate of Opus.
fn left_channel(path: &Path) -> Vec<f32> {
    let audio = crowd_media::open(path, &crowd_media::DecodeOptions::default()).unwrap();
    let left: Vec<f32> = audio.to_f32().as_chunks::<2>().0.iter().map(|[left, _]| *left).collect();
    crowd_media::resample(&left, 1, audio.sample_rate, OPUS_RATE).unwrap()
}

/// The left channel of a stream.
fn decode(stream: &[u8]) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream.ogg");
    std::fs::write(&path, stream).unwrap();
    left_channel(&path)
}

/// Finds the place of `sound` in `recording`. Returns the place and the signal-to-noise ratio in decibels, both without the first
/// hundredth of a second of `sound`.
fn compare(sound: &[f32], recording: &[f32]) -> (usize, f64) {
    let probe: Vec<(usize, f32)> = sound.iter().copied().enumerate().skip(30_000).step_by(7).take(2_000).collect();
    let error = |place: &usize| -> f32 {
        probe.iter().map(|(n, x)| (recording.get(place + n).copied().unwrap_or_default() - x).powi(2)).sum()
    };
    let places = 0..recording.len();
    let place = places.min_by(|a, b| error(a).total_cmp(&error(b))).unwrap();
    let (mut signal, mut noise) = (0.0, 0.0);
    for (sent, recorded) in sound.iter().zip(&recording[place..]).skip(480) {
        signal += f64::from(*recorded).powi(2);
        noise += f64::from(recorded - sent).powi(2);
    }
    (place, 10.0 * (signal / noise).log10())
}

#[test]
fn the_broadcast_is_the_recording_to_the_last_frame() {
    for rate in ["48000", "44100"] {
        let icecast = IcecastServer::start(Behaviour::Accept);
        let mut broadcaster = Broadcaster::start(&icecast, &["--sample-rate", rate]);
        let status = broadcaster.until("it sends", |status| status.connected > 4.0);
        assert_eq!((status.broadcast.as_str(), status.reconnects, status.recording_lost), ("on", 0, 0.0));
        let command_line = std::fs::read(format!("/proc/{}/cmdline", broadcaster.server.child.id())).unwrap();
        assert!(!String::from_utf8_lossy(&command_line).contains(PASSWORD));
        let (recording, log) = broadcaster.stop();
        let titles = icecast.titles();
        assert!(titles.len() == 1 && titles[0].contains("&song=Tanz%20-%20m%C3%BCde&artist=Tanz&title="), "{titles:?}");
        let sources = icecast.until("the stream has ended", |sources| sources[0].ended.is_some());
        let head = &sources[0].head;
        assert!(head.starts_with("PUT /dance.ogg HTTP/1.1\r\n") && head.contains("\r\nContent-Type: audio/ogg\r\n"));
        assert!(head.contains("\r\nAuthorization: Basic c291cmNlOmhhY2ttZS00NzEx\r\n"), "{head}");
        assert!(head.contains("\r\nIce-Name: The dance floor\r\n"), "{head}");
        assert!(log.contains(&format!("sending to icecast://{}/dance.ogg", icecast.address)), "{log}");
        let sound = decode(&sources[0].stream);
        let (place, snr) = compare(&sound, &recording);
        // At 44,100 Hz the two may be half a frame apart, which limits the SNR.
        println!("{rate} Hz: {} frames from {place}, SNR {snr:.1} dB", sound.len());
        assert!(snr > LEAST_SNR, "{rate} Hz: SNR {snr} dB from frame {place}\n{log}");
        let missing = recording.len().abs_diff(place + sound.len());
        assert!(missing <= 2, "{rate} Hz: the last {missing} frames are missing");
    }
}

#[test]
fn after_a_lost_connection_a_new_stream_begins_within_two_seconds() {
    let icecast = IcecastServer::start(Behaviour::Accept);
    let mut broadcaster = Broadcaster::start(&icecast, &[]);
    broadcaster.until("it sends", |status| status.connected > 2.0);
    let closed = Instant::now();
    icecast.close_connections();
    broadcaster.until("it is lost", |status| status.broadcast == "waiting");
    let status = broadcaster.until("it sends again", |status| status.connected > 2.0);
    let sources = icecast.sources();
    let gap = sources[1].began - closed;
    println!("reconnected after {gap:?}, {:.2} s not sent", status.lost);
    assert!((1.0..2.5).contains(&gap.as_secs_f64()), "{gap:?}");
    assert!(status.reconnects == 1 && status.lost > 1.0 && status.lost < 6.0, "{status:?}");
    let (recording, log) = broadcaster.stop();
    assert!(log.contains("the server closed the connection") && log.contains("again;"), "{log}");
    let sources = icecast.until("the stream has ended", |sources| sources[1].ended.is_some());
    // Each stream has headers and a serial number of its own.
    assert!(sources[1].stream.starts_with(b"OggS\0\x02"));
    assert_ne!(sources[0].stream[14..18], sources[1].stream[14..18]);
    let [first, second] = [0, 1].map(|n| compare(&decode(&sources[n].stream), &recording));
    assert!(first.1 > LEAST_SNR && second.1 > LEAST_SNR, "{first:?}, {second:?}");
    assert!(second.0 - first.0 > 3 * OPUS_RATE as usize, "{first:?}, {second:?}");
}

#[test]
fn a_wrong_password_is_logged_and_tried_again_and_the_sound_goes_on() {
    let icecast = IcecastServer::start(Behaviour::RefuseLogin);
    let mut broadcaster = Broadcaster::start(&icecast, &[]);
    icecast.until("it was tried three times", |sources| sources.len() == 3);
    let status = broadcaster.until("it is refused", |status| status.broadcast == "waiting");
    assert!(status.connected == 0.0 && status.lost > 2.0 && status.recording_lost == 0.0, "{status:?}");
    let played = status.seconds;
    let (recording, log) = broadcaster.stop();
    assert!(log.contains("refuses the user or the password (401)"), "{log}");
    assert_eq!(log.matches("(401)").count(), 1, "a problem is logged once\n{log}");
    assert!(recording.len() as f64 > (played - 0.5) * f64::from(OPUS_RATE));
}

#[test]
fn a_server_that_reads_nothing_delays_neither_the_sound_nor_the_end() {
    let icecast = IcecastServer::start(Behaviour::ReadNothing);
    let mut broadcaster = Broadcaster::start(&icecast, &["--broadcast-bit-rate", "510000"]);
    let before = broadcaster.status();
    let (started, latest) = (Instant::now(), Cell::new(0.0_f64));
    let status = broadcaster.until("the connection is given up", |status| {
        let late = started.elapsed().as_secs_f64() - (status.seconds - before.seconds);
        latest.set(latest.get().max(late));
        status.broadcast == "waiting"
    });
    let (passed, latest) = (started.elapsed().as_secs_f64(), latest.get());
    println!("given up after {passed:.1} s, in which the sound was {:.0} ms late at most", 1_000.0 * latest);
    assert!(passed > 5.0 && latest < 1.0, "the sound was {latest} s late within {passed} s: {status:?}");
    // The second connection takes no data either when the server is to end.
    broadcaster.until("it is connected again", |status| status.broadcast == "on");
    thread::sleep(Duration::from_secs(6));
    let status = broadcaster.status();
    assert_eq!(status.recording_lost, 0.0);
    let stopping = Instant::now();
    let (recording, log) = broadcaster.stop();
    assert!(stopping.elapsed() < Duration::from_secs(6), "the end took {:?}", stopping.elapsed());
    assert!(log.contains("the server took no data for 5 s"), "{log}");
    assert!(recording.len() as f64 > (status.seconds - 0.5) * f64::from(OPUS_RATE), "{log}");
}

/// The exit status and the log of a server that does not start.
fn refused(args: &[&str], password: Option<&str>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audio-server"));
    command
        .args(["--port", "0", "--output", "null"])
        .args(args)
        .stdin(Stdio::null())
        .env_remove("CROWD_BROADCAST_PASSWORD");
    command.envs(password.map(|password| ("CROWD_BROADCAST_PASSWORD", password)));
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_password_in_the_url_is_refused_with_advice_and_not_printed() {
    let url = format!("icecast://source:{PASSWORD}@localhost/m");
    let (status, log) = refused(&["--broadcast", &url], None);
    assert!(status == Some(2) && log.contains("--broadcast-password-file") && !log.contains(PASSWORD), "{log}");
    let (status, log) = refused(&["--broadcast", "icecasts://localhost/m"], Some(PASSWORD));
    assert!(status == Some(2) && log.contains("icecasts:// is not supported"), "{log}");
    for (args, password, expected) in [
        (&[] as &[&str], None, "CROWD_BROADCAST_PASSWORD"),
        (&[], Some(""), "one line"),
        (&["--broadcast-password-file", "no/such/file"], Some(PASSWORD), "no/such/file"),
    ] {
        let (status, log) = refused(&[&["--broadcast", "icecast://localhost/m"], args].concat(), password);
        assert!(status == Some(1) && log.contains(expected) && !log.contains(PASSWORD), "{log}");
    }
}
