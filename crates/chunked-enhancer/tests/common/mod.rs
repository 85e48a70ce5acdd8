//! A server for each test, with real files and a real socket.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};
use serde_json::Value;
use tempfile::TempDir;

/// Real files of every codec, from crowd-media's tests.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/tests/fixtures")
}

/// Music in which a seam between chunks would be audible: a quiet intro, a loud entry, silence in the middle, a loud end.
pub fn music(rate: u32, seconds: f64) -> Vec<f32> {
    let frames = (seconds * f64::from(rate)) as usize;
    let mut noise = 1u32;
    (0..frames)
        .flat_map(|n| {
            let (t, share) = (n as f64 / f64::from(rate), n as f64 / frames as f64);
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = f64::from(noise) / f64::from(u32::MAX) - 0.5;
            let level = if share < 0.3 {
                0.02
            } else if (0.55..0.65).contains(&share) {
                0.0
            } else {
                0.6
            };
            let beat = (-12.0 * (t * 2.0).fract()).exp();
            let wave = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
            let mid = 0.5 * wave(55.0) * beat + 0.2 * wave(220.0) + 0.1 * wave(1_760.0) + 0.3 * white * beat;
            let side = 0.1 * wave(330.0);
            [(level * (mid + side)) as f32, (level * (mid - side)) as f32]
        })
        .collect()
}

pub fn write(path: &Path, samples: Vec<f32>, rate: u32, container: Container, depth: SampleFormat) {
    let audio = Audio::new(Samples::F32(samples), rate, 2).unwrap();
    crowd_media::write(path, &audio, AudioFormat::new(container, depth).unwrap(), &Tags::default()).unwrap();
}

/// A folder of music and one for the cache.
pub struct Folders {
    pub music: TempDir,
    pub cache: TempDir,
}

impl Folders {
    pub fn new() -> Self {
        Self { music: TempDir::new().unwrap(), cache: TempDir::new().unwrap() }
    }

    /// The folders with a file of this many seconds: `music.wav`.
    pub fn with_music(seconds: f64) -> Self {
        let folders = Self::new();
        folders.add("music.wav", seconds);
        folders
    }

    pub fn add(&self, name: &str, seconds: f64) {
        let path = self.music.path().join(name);
        write(&path, music(44_100, seconds), 44_100, Container::Wav, SampleFormat::I16);
    }

    pub fn serve(&self, flags: &[&str]) -> Server {
        Server::start(self.music.path(), self.cache.path(), flags)
    }
}

pub struct Server {
    child: Child,
    pub url: String,
    agent: ureq::Agent,
}

pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Server {
    pub fn start(library: &Path, cache: &Path, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_enhance-server"))
            .args(["--port", "0", "--rescan", "1", "--library"])
            .arg(library)
            .arg("--cache-dir")
            .arg(cache)
            .args(flags)
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let log_text = log_until_listening(&mut log);
        // A full pipe that is not read would block the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let (_, url) = log_text.trim_end().rsplit_once("listening on ").unwrap();
        let url = url.split_whitespace().next().unwrap().to_owned();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0).build().into();
        let server = Self { child, url, agent };
        server.wait_for("its first scan", |server| server.get("/healthz").json()["scans"] != 0);
        server
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and reads the whole body; `Err` when the connection is closed before its end.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        self.ask_url(method, &format!("{}{path}", self.url), headers)
    }

    fn ask_url(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.agent.run(request.body(()).unwrap()).map_err(|e| e.to_string())?;
        let (parts, body) = response.into_parts();
        let mut bytes = Vec::new();
        body.into_reader().read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes })
    }

    pub fn get_url(&self, url: &str) -> Answer {
        self.ask_url("GET", url, &[]).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).unwrap()
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        let request = ureq::http::Request::builder().method("POST").uri(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json").body(body.to_owned()).unwrap();
        let (parts, body) = self.agent.run(request).unwrap().into_parts();
        let mut bytes = Vec::new();
        body.into_reader().read_to_end(&mut bytes).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes }
    }

    pub fn range(&self, path: &str, range: &str) -> Answer {
        self.ask("GET", path, &[("range", range)]).unwrap()
    }

    /// The id of a file.
    pub fn track(&self, path: &str) -> String {
        let tracks = self.get("/api/tracks").json();
        let found = tracks.as_array().unwrap().iter().find(|track| track["path"] == path);
        found.unwrap_or_else(|| panic!("no {path} in {tracks:#}"))["id"].as_str().unwrap().to_owned()
    }

    /// A value of /metrics.
    pub fn metric(&self, name: &str) -> f64 {
        let text = String::from_utf8(self.get("/metrics").body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("enhance_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    pub fn wait_for(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "waited a minute for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The log of a server up to the line that says that it listens.
pub fn log_until_listening(log: &mut impl BufRead) -> String {
    let mut text = String::new();
    while !text.contains("listening on ") {
        assert!(log.read_line(&mut text).unwrap() > 0, "the server ended: {text}");
    }
    text
}

/// The bytes that `render` writes for the same request.
pub fn render(input: &Path, name: &str, flags: &[&str]) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let to = folder.path().join(name);
    let done = assert_cmd::Command::new(env!("CARGO_BIN_EXE_enhance-server"))
        .arg("render")
        .args([input, &to])
        .args(flags)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::read(to).unwrap()
}
