//! The program as its users run it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;

use super::{RATE, chords, write};

/// Prepares a station of tracks with these names and seconds, and a jingle of a second before each, in segments of a second.
pub fn prepare(folder: &Path, tracks: &[(&str, usize)], flags: &[&str]) {
    for name in ["music", "jingles"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for (key, (name, seconds)) in tracks.iter().enumerate() {
        let sound = chords(seconds * RATE as usize + 331 + 100 * key, 5 * key);
        write(&folder.join("music"), &format!("{name}.wav"), &sound);
    }
    write(&folder.join("jingles"), "j.wav", &chords(RATE as usize + 77, 12));
    run_setup(folder, flags);
}

/// Runs `crowd-radio setup` for the files in the folder.
pub fn run_setup(folder: &Path, flags: &[&str]) {
    let mut setup = Command::new(cargo_bin("crowd-radio"));
    let seconds: &[&str] = if flags.contains(&"--segment-seconds") { &[] } else { &["--segment-seconds", "1"] };
    setup.args(["setup", "--quiet", "--cycle", "1"]).args(seconds).args(flags).arg("--music").arg(folder.join("music"));
    setup.arg("--jingles").arg(folder.join("jingles")).arg("--out").arg(folder.join("out"));
    setup.arg("--filler").arg(folder.join("jingles/j.wav"));
    assert!(setup.status().unwrap().success());
}

/// A station that runs until it is dropped.
pub struct Station {
    process: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

impl Station {
    /// Starts the station that was prepared in the folder, with these flags.
    pub fn start(folder: &Path, flags: &[&str]) -> Self {
        Self::start_by(Command::new(cargo_bin("crowd-radio")), folder, flags)
    }

    /// Starts it by a command that ends with the program.
    pub fn start_by(mut command: Command, folder: &Path, flags: &[&str]) -> Self {
        command.arg("stream").arg("--processed").arg(folder.join("out")).arg("--state").arg(folder.join("state"));
        Self::spawn(command, flags)
    }

    /// Runs the configuration `station.toml` in the folder, with everything that it makes in `data`.
    pub fn run(folder: &Path, flags: &[&str]) -> Self {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        command.arg("run").arg("--config").arg(folder.join("station.toml")).arg("--data").arg(folder.join("data"));
        Self::spawn(command, flags)
    }

    fn spawn(mut command: Command, flags: &[&str]) -> Self {
        command.args(["--port", "0", "--window", "5"]).args(flags).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let lines = Arc::new(Mutex::new(String::new()));
        let noted = lines.clone();
        let note = move |line: &str| *noted.lock().unwrap() += &format!("{line}\n");
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .inspect(|line| note(line))
            .find_map(|line| Some(line.split_once("listening on ")?.1.split("/stream").next()?.to_owned()));
        std::thread::spawn(move || log.map_while(Result::ok).for_each(|line| note(&line)));
        Self { process, address: address.unwrap(), log: lines }
    }

    /// What was logged until now.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// What `/healthz` says.
    pub fn health(&self) -> serde_json::Value {
        serde_json::from_slice(&self.get("healthz").unwrap()).unwrap()
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    /// A connection to the server.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address.trim_start_matches("http://")).unwrap()
    }

    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        ureq::get(self.url(path)).call().ok()?.body_mut().read_to_vec().ok()
    }

    /// The playlist with this name, as soon as there is one.
    pub fn playlist(&self, name: &str) -> Playlist {
        let start = Instant::now();
        loop {
            if let Some(text) = self.get(name) {
                return Playlist::parse(&String::from_utf8(text).unwrap());
            }
            assert!(start.elapsed() < Duration::from_secs(30), "no playlist");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it in order, by a signal.
    pub fn stop(mut self) -> ExitStatus {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
        self.process.wait().unwrap()
    }

    /// The system's way to end a process at any moment.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A media playlist.
#[derive(Debug, PartialEq)]
pub struct Playlist {
    pub sequence: u64,
    /// The URI of the initialization segment.
    pub map: Option<String>,
    /// Date, duration in nanoseconds and URI of each segment.
    pub segments: Vec<(String, u64, String)>,
}

impl Playlist {
    pub fn parse(text: &str) -> Self {
        let (mut sequence, mut date, mut duration, mut segments) = (0, String::new(), 0, Vec::new());
        let mut map = None;
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                sequence = number.parse().unwrap();
            } else if let Some(value) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
                value.clone_into(&mut date);
            } else if let Some(value) = line.strip_prefix("#EXTINF:") {
                duration = value.trim_end_matches(',').replace('.', "").parse().unwrap();
            } else if let Some(uri) = line.strip_prefix("#EXT-X-MAP:URI=") {
                map = Some(uri.trim_matches('"').to_owned());
            } else if !line.starts_with('#') {
                segments.push((date.clone(), duration, line.to_owned()));
            }
        }
        assert!(!text.contains("ENDLIST") && !segments.is_empty(), "{text}");
        Self { sequence, map, segments }
    }
}
