//! Starts providers that are written in Python, and checks that nothing is left of them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::external::ExternalSettings;
use music_generator::provider::{
    AudioChunk, BuiltIn, Control, ExternalProvider, Fault, NoEvent, Provider, ProviderEvent, ProviderSession, Warning,
};

/// Long enough for a busy machine.
pub const LONG: Duration = Duration::from_secs(60);

/// What the scripts begin with.
const PRELUDE: &str = r#"
import base64, json, os, signal, struct, subprocess, sys, threading, time
FOLDER = os.path.dirname(os.path.abspath(__file__))
START = len(open(FOLDER + "/pids").read().split()) if os.path.exists(FOLDER + "/pids") else 0
with open(FOLDER + "/pids", "a") as file:
    file.write(f"{os.getpid()}\n")
def note(name, text):
    with open(FOLDER + "/" + name, "a") as file:
        file.write(text)
def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
def send(message):
    write(json.dumps(message).encode() + b"\n")
def receive():
    line = sys.stdin.buffer.readline()
    note("received", line.decode())
    return json.loads(line) if line else None
def ready(rate=48000, channels=2, **more):
    send({"setupComplete": {"capabilities": {"sampleRate": rate, "channels": channels, **more}}})
def pcm(frames, first=0, channels=2):
    return b"".join(struct.pack("<h", (first + frame) % 30000) * channels for frame in range(frames))
def audio(data, mime="audio/l16;rate=48000;channels=2", **more):
    send({"serverContent": {"audioChunks": [{"data": base64.b64encode(data).decode(), "mimeType": mime, **more}]}})
def until(what):
    while True:
        message = receive()
        if message is None:
            sys.exit(0)
        if what in message and (what != "playbackControl" or message[what] == "PLAY"):
            return message
"#;

/// Python 3, which these tests need.
pub fn python() -> String {
    let found = Command::new("python3").arg("--version").output();
    assert!(found.is_ok_and(|output| output.status.success()), "python3 is needed for the tests of music providers");
    "python3".to_owned()
}

/// Short times.
pub fn quick() -> ExternalSettings {
    ExternalSettings {
        start_timeout: LONG,
        chunk_timeout: LONG,
        end_timeout: Duration::from_secs(1),
        first_restart: Duration::from_millis(50),
        longest_restart: Duration::from_millis(200),
        ..ExternalSettings::default()
    }
}

pub fn prompt(text: &str, weight: f64) -> WeightedPrompt {
    WeightedPrompt { text: text.to_owned(), weight }
}

/// A provider that is a script in a folder of its own.
pub struct Script {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Script {
    pub fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("provider.py");
        fs::write(&path, format!("{PRELUDE}{body}")).unwrap();
        Self { folder, path }
    }

    pub fn provider(&self, settings: ExternalSettings) -> ExternalProvider {
        let words = vec![python(), "-B".to_owned(), self.path.to_str().unwrap().to_owned()];
        ExternalProvider::command(words).unwrap().with(settings)
    }

    /// Opens a session, with a prompt, and plays.
    pub fn play(&self, settings: ExternalSettings) -> Arc<dyn ProviderSession> {
        let session = self.provider(settings).open().unwrap();
        session.set_prompts(&[prompt("rain", 1.0)]).unwrap();
        session.control(Control::Play).unwrap();
        Arc::from(session)
    }

    /// What the script noted; empty when it has noted nothing.
    pub fn notes(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The numbers of the processes that were started.
    pub fn pids(&self) -> Vec<u32> {
        self.notes("pids").lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Checks that no process is left, neither running nor as a zombie. It is called after the session was closed or dropped.
    pub fn check_nothing_left(&self) {
        let marker = self.folder.path().to_str().unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let left: Vec<String> = processes()
                .into_iter()
                .filter(|(pid, command)| self.pids().contains(pid) || command.contains(marker))
                .map(|(pid, command)| format!("{pid} {command}"))
                .collect();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "left: {left:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// All processes with their command lines.
fn processes() -> Vec<(u32, String)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&command).replace('\0', " ")))
    };
    entries.filter_map(process).collect()
}

/// The built-in provider beside another one.
pub struct Beside(Box<dyn ProviderSession>);

impl Beside {
    pub fn play() -> Self {
        let session = BuiltIn::new().unwrap().open().unwrap();
        session.control(Control::Play).unwrap();
        Self(session)
    }

    /// Checks that its music goes on.
    pub fn check(&self) {
        let mut next = None;
        for _ in 0..20 {
            let audio = next_audio(&*self.0);
            assert!(next.is_none_or(|frame| frame == audio.frame));
            next = Some(audio.frame + audio.frames() as u64);
        }
    }
}

/// The next event.
pub fn next(session: &dyn ProviderSession) -> ProviderEvent {
    session.next_event(LONG).unwrap()
}

/// The next audio. There is nothing else before it.
pub fn next_audio(session: &dyn ProviderSession) -> AudioChunk {
    match next(session) {
        ProviderEvent::Audio(audio) => audio,
        other => panic!("{other:?} and no audio"),
    }
}

/// The audio before the next fault, and the fault.
pub fn next_fault(session: &dyn ProviderSession) -> (Vec<AudioChunk>, Fault) {
    let mut chunks = Vec::new();
    loop {
        match next(session) {
            ProviderEvent::Audio(audio) => chunks.push(audio),
            ProviderEvent::Warning(Warning::Restarts { fault, .. }) => return (chunks, fault),
            ProviderEvent::Warning(_) | ProviderEvent::Filtered { .. } => {}
            ProviderEvent::Closed { reason } => panic!("{reason}"),
        }
    }
}

/// Closes a session, and returns how long that takes.
pub fn close(session: &dyn ProviderSession) -> Duration {
    let start = Instant::now();
    session.close();
    loop {
        match session.next_event(LONG) {
            Ok(ProviderEvent::Closed { .. }) => break,
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(session.next_event(LONG), Err(NoEvent::Ended));
    assert_eq!(session.control(Control::Play).unwrap_err().name(), "closed");
    start.elapsed()
}
