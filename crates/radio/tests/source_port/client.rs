//! A port for sources, its station, and clients for it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crowd_engine::SampleRate;
use crowd_radio::live::{LiveInput, MountSettings, SourcePort, SourcePortSettings};

pub const RATE: u32 = 48_000;
/// `anna:secret` and `ben:hidden`.
pub const ANNA: &str = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
pub const BEN: &str = "Authorization: Basic YmVuOmhpZGRlbg==\r\n";

/// A port with the mounts `/live` and `/other`, and their inputs.
pub struct Port {
    pub port: SourcePort,
    pub live: Arc<LiveInput>,
    pub other: Arc<LiveInput>,
}

impl Port {
    pub fn open(recordings: Option<&Path>) -> Self {
        let [live, other] = [(); 2].map(|()| Arc::new(LiveInput::new(SampleRate::new(RATE).unwrap())));
        let users = || vec![("anna".to_owned(), "secret".to_owned()), ("ben".to_owned(), "hidden".to_owned())];
        let mount = |mount: &str, input: &Arc<LiveInput>| MountSettings {
            mount: mount.to_owned(),
            input: input.clone(),
            users: users(),
        };
        let settings = SourcePortSettings {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            mounts: vec![mount("/live", &live), mount("/other", &other)],
            recordings: recordings.map(Path::to_owned),
        };
        Self { port: SourcePort::open(settings).unwrap(), live, other }
    }

    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.port.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        socket
    }

    /// Sends a request, and returns all of the reply.
    pub fn ask(&self, head: &str) -> String {
        let mut socket = self.connect();
        socket.write_all(head.as_bytes()).unwrap();
        let mut reply = Vec::new();
        let _ = socket.read_to_end(&mut reply);
        String::from_utf8(reply).unwrap()
    }

    /// Connects as anna, up to the reply 200.
    pub fn source(&self, mount: &str, headers: &str) -> TcpStream {
        let mut socket = self.connect();
        write!(socket, "SOURCE {mount} HTTP/1.0\r\n{headers}\r\n").unwrap();
        // If a part of the reply was not read, the connection would be reset at its end, and the last bytes lost.
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            reply.extend(byte);
        }
        assert!(reply.starts_with(b"HTTP/1.0 200 OK\r\n"));
        socket
    }

    /// The address of a mount for ffmpeg.
    pub fn url(&self, user: &str, mount: &str) -> String {
        format!("icecast://{user}@{}{mount}", self.port.address())
    }
}

/// What the station received, and the titles in order.
pub struct Received {
    pub frames: Vec<[f32; 2]>,
    pub titles: Vec<String>,
}

/// Takes all sound of the next source until it has ended.
pub fn receive(input: &Arc<LiveInput>) -> JoinHandle<Received> {
    let (input, from, begin) = (input.clone(), input.status().connections, Instant::now());
    std::thread::spawn(move || {
        let mut received = Received { frames: Vec::new(), titles: Vec::new() };
        loop {
            assert!(begin.elapsed() < Duration::from_secs(60), "no source has connected and ended");
            let status = input.status();
            let title = status.title.filter(|title| received.titles.last() != Some(title));
            received.titles.extend(title);
            received.frames.extend(input.take(4_800));
            if status.connections > from && status.source.is_none() && status.waiting == 0 {
                return received;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    })
}

/// Waits until a condition is true.
pub fn wait(what: &str, most: Duration, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < most, "{what}: not in {most:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// ffmpeg that makes 1,000 Hz at half scale on the left and 500 Hz at a quarter on the right. `output` is its encoder and its output.
pub fn ffmpeg(seconds: u32, rate: u32, real_time: bool, output: &[&str]) -> Child {
    let sound = format!("aevalsrc=0.5*sin(2*PI*1000*t)|0.25*sin(2*PI*500*t):s={rate}:d={seconds}");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(real_time.then_some("-re"));
    command.args(["-f", "lavfi", "-i", &sound]).args(output);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What ffmpeg wrote to its standard error.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The bytes that ffmpeg encodes.
pub fn encoded(folder: &Path, name: &str, seconds: u32, rate: u32, arguments: &[&str]) -> Vec<u8> {
    let path = folder.join(name);
    let output = [arguments, &[path.to_str().unwrap()]].concat();
    let output = ffmpeg(seconds, rate, false, &output).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    std::fs::read(path).unwrap()
}

/// The frequency in Hz and the RMS level of each channel, without half a second at both ends.
pub fn tones(frames: &[[f32; 2]]) -> [(f64, f64); 2] {
    let frames = &frames[RATE as usize / 2..frames.len() - RATE as usize / 2];
    [0, 1].map(|channel| {
        let rising = frames.windows(2).filter(|pair| pair[0][channel] < 0.0 && pair[1][channel] >= 0.0).count();
        let power: f64 = frames.iter().map(|frame| f64::from(frame[channel]).powi(2)).sum();
        let seconds = frames.len() as f64 / f64::from(RATE);
        (rising as f64 / seconds, (power / frames.len() as f64).sqrt())
    })
}

/// Asserts that the sound is that of [`ffmpeg`], without a gap.
pub fn assert_tones(frames: &[[f32; 2]], what: &str) {
    for ((hertz, level), (wanted, amplitude)) in tones(frames).into_iter().zip([(1_000.0, 0.5), (500.0, 0.25)]) {
        let wanted_level = amplitude / 2_f64.sqrt();
        assert!((hertz - wanted).abs() < 1.5, "{what}: {hertz} Hz");
        // LAME lowers the sound by 5 %.
        assert!((level / wanted_level - 1.0).abs() < 0.06, "{what}: {level} and not {wanted_level}");
    }
}
