//! What the audio thread runs has no business with locks, memory, the terminal or the clock. Sanitizers miss some of
//! these (a lock nobody else holds, a sleep); the source tells.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

const WORDS: [&str; 27] = [
    "Mutex",
    "RwLock",
    "Condvar",
    "mpsc",
    "Arc::new",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "log::",
    "tracing::",
    "format!",
    ".to_string()",
    ".to_owned()",
    "String::",
    "vec!",
    "Vec::new",
    "with_capacity",
    ".to_vec()",
    ".collect",
    "Box::new",
    "sleep",
    "park",
    "Instant::now",
    "SystemTime",
    "std::fs",
];

/// Files the audio thread never enters. A file that is not named here is judged.
const CONTROL_HALF: [(&str, &str); 43] = [
    ("chunk.rs", "chunks of long tracks, on the caller's thread"),
    ("chunk/grid.rs", "counts and errors"),
    ("chunk/reader.rs", "reads the input of chunks"),
    ("stretch/lookout.rs", "threads of an export"),
    ("stretch/course.rs", "the way of an export, made by the control half"),
    ("stretch/export.rs", "whole tracks and parts of them, on the caller's thread"),
    ("command.rs", "plain data and its checks at the sender"),
    ("config.rs", "builds engines"),
    ("engine.rs", "the control half"),
    ("error.rs", "no error is made on the audio thread"),
    ("event.rs", "plain data"),
    ("offline.rs", "both halves in a thread that nobody waits for"),
    ("track/file.rs", "opens files for the control half"),
    ("units.rs", "checks at the edge"),
    ("tempo/grid.rs", "grids are asked by the control half; only a pulse, plain data, crosses over"),
    ("tempo/movement.rs", "movement is followed by the control half"),
    ("buffer.rs", "decides beside the audio thread"),
    ("feed/mod.rs", "starts feeders and hears of them"),
    ("feed/cursor.rs", "the feeder's own thread"),
    ("feed/feeder.rs", "the feeder's own thread"),
    ("feed/file.rs", "the feeder's own thread"),
    ("feed/plan.rs", "the feeder's own thread"),
    ("output/mod.rs", "opens and closes"),
    ("output/adaptive.rs", "asked by the supervisor"),
    ("output/device.rs", "opens and closes"),
    ("output/health.rs", "a lock for what only control threads touch; the counters are atomics"),
    ("output/link.rs", "a lock for the text of a stream's first error, only ever tried"),
    ("output/cpal.rs", "opens streams, and slows down threads of streams that only report errors"),
    ("output/rtkit.rs", "a thread of its own that asks for priority"),
    ("output/sounds.rs", "opens streams and lists devices"),
    ("output/pulse/mod.rs", "opens streams and lists sinks"),
    ("output/pulse/tests.rs", "tests"),
    ("output/paced.rs", "a thread of its own that waits for the time of the next block"),
    ("output/recording/mod.rs", "starts and ends the thread that writes the file"),
    ("output/recording/disk.rs", "the recorder's own thread"),
    ("output/recording/progress.rs", "a lock between the recorder's thread and control threads"),
    ("output/recording/writer.rs", "the recorder's own thread"),
    ("output/recording/tests.rs", "tests"),
    ("output/supervisor.rs", "the supervisor's own thread"),
    ("output/supervisor/tests.rs", "tests"),
    ("output/watch.rs", "the supervisor's own thread"),
    ("worker.rs", "starts and ends threads"),
    ("deck/helper.rs", "a thread of its own that makes frames in the meantime"),
];

/// Functions in files of the audio thread that it does not call, or where the word is right.
const ALLOWED: [(&str, &str, &str); 10] = [
    ("track.rs", "find_onsets", "when a track is made"),
    ("track.rs", "until", "the control half shortens a track"),
    ("render/publish.rs", "decode", "the control half reads a snapshot"),
    ("rt/snapshot.rs", "read", "the control half reads a snapshot"),
    ("output/driver.rs", "block", "measures around render; reading the clock is no system call on any platform here"),
    ("output/pulse/playing.rs", "start", "before the first block"),
    ("output/pulse/playing.rs", "run", "says why the stream is over, when it is"),
    ("output/pulse/playing.rs", "hear", "says why the stream is over, when it is"),
    ("dsp/sinc.rs", "build", "fills the tables before the first block"),
    ("dsp/sinc.rs", "tables", "fills the tables before the first block"),
];

fn is_constructor(function: &str) -> bool {
    ["new", "with", "from_", "open", "default"].iter().any(|start| function.starts_with(start))
}

/// The source without comments and without its tests.
fn code(source: &str) -> String {
    let mut lines = Vec::new();
    let mut in_tests = false;
    for line in source.lines() {
        if line.starts_with("#[cfg(") && line.contains("test") {
            in_tests = true;
        }
        // rustfmt closes an item at the margin with a brace of its own, or keeps it on one line.
        let kept = if in_tests { "" } else { line };
        if line == "}" || (line.ends_with(';') && !line.starts_with([' ', '#'])) {
            in_tests = false;
        }
        lines.push(kept.find("//").map_or(kept, |at| &kept[..at]));
    }
    lines.join("\n")
}

/// Each word found: line, function, word.
fn words(source: &str) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    // Open braces, each with the function it opens, if any.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut announced = None;
    for (number, line) in code(source).lines().enumerate() {
        if let Some(at) = line.find("fn ").filter(|at| *at == 0 || line[..*at].ends_with([' ', '('])) {
            let name: String = line[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            announced = (!name.is_empty()).then_some(name);
        }
        for word in WORDS.iter().filter(|word| line.contains(**word)) {
            let function = announced.clone().or_else(|| open.iter().rev().flatten().next().cloned());
            found.push((number + 1, function.unwrap_or_default(), *word));
        }
        for c in line.chars() {
            match c {
                '{' => open.push(announced.take()),
                '}' => {
                    open.pop();
                }
                ';' => announced = None,
                _ => {}
            }
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

#[test]
fn the_audio_thread_has_no_forbidden_words() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut judged = 0;
    let mut complaints = Vec::new();
    let mut needed = Vec::new();
    for path in files(&source) {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
        if CONTROL_HALF.iter().any(|(file, _)| *file == name) {
            needed.push(name);
            continue;
        }
        judged += 1;
        for (line, function, word) in words(&fs::read_to_string(&path).unwrap()) {
            if let Some(allowed) = ALLOWED.iter().find(|(file, allowed, _)| *file == name && *allowed == function) {
                needed.push(format!("{} {}", allowed.0, allowed.1));
            } else if !is_constructor(&function) {
                complaints.push(format!("src/{name}:{line}: `{word}` in `{function}`"));
            }
        }
    }
    assert!(judged >= 20, "only {judged} files");
    assert!(complaints.is_empty(), "the audio thread runs this:\n{}", complaints.join("\n"));
    // Nothing stays excused that is no longer there.
    for name in CONTROL_HALF.iter().map(|(file, _)| file.to_string()).chain(ALLOWED.map(|(f, w, _)| format!("{f} {w}")))
    {
        assert!(needed.contains(&name), "{name} needs no excuse any more");
    }
}

#[test]
fn the_judge_sees_what_it_should_and_nothing_else() {
    let source = "\
//! vec! in a comment
pub fn render(&mut self) {
    let all = vec![1]; // Mutex
    if all.is_empty() {
        sleep();
    }
}

impl Deck {
    pub fn new() -> Self {
        Self { all: Box::new(1) }
    }

    fn many(
        &self,
    ) -> Vec<f32> {
        self.all.to_vec()
    }
}

#[cfg(test)]
mod tests {
    fn f() {
        format!(\"\");
    }
}

fn after() -> Instant { Instant::now() }
";
    let found = words(source);
    let found: Vec<_> = found.iter().map(|(line, function, word)| (*line, function.as_str(), *word)).collect();
    assert_eq!(
        found,
        [
            (3, "render", "vec!"),
            (5, "render", "sleep"),
            (11, "new", "Box::new"),
            (17, "many", ".to_vec()"),
            (28, "after", "Instant::now")
        ]
    );
}
