//! What the audio thread runs has no business with locks, memory, the terminal or the clock. Sanitizers miss some of
//! these (a lock nobody else holds, a sleep); the source tells.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "common/source.rs"]
mod source;

use source::{code, files, root};

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

/// Folders of what the audio thread runs, wherever they stand; everything else is the control half's, and may do all of this.
const AUDIO: [&str; 5] = ["types", "dsp", "rt", "stretch", "audio"];

/// Functions in those folders that the audio thread does not call, or where the word is right.
const ALLOWED: [(&str, &str, &str); 5] = [
    ("types/units.rs", "serialize", "called by the program, never by the renderer"),
    ("types/config.rs", "check", "before there is an engine"),
    (
        "output/audio/driver.rs",
        "block",
        "measures around render; reading the clock is no system call on any platform here",
    ),
    ("dsp/sinc.rs", "build", "fills the tables before the first block"),
    ("dsp/sinc.rs", "tables", "fills the tables before the first block"),
];

/// Whether a path lies in a folder of the audio thread, and is no file of tests.
fn is_audio(path: &str) -> bool {
    let is_code = |file: &str| !file.ends_with("tests.rs");
    path.rsplit_once('/')
        .is_some_and(|(folders, file)| is_code(file) && folders.split('/').any(|folder| AUDIO.contains(&folder)))
}

fn is_constructor(function: &str) -> bool {
    ["new", "with", "from_", "open", "default"].iter().any(|start| function.starts_with(start))
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

#[test]
fn the_audio_thread_has_no_forbidden_words() {
    let mut judged = 0;
    let mut complaints = Vec::new();
    let mut needed = Vec::new();
    for (name, source) in files(&root()).into_iter().filter(|(name, _)| is_audio(name)) {
        judged += 1;
        for (line, function, word) in words(&source) {
            if let Some(allowed) = ALLOWED.iter().find(|(file, allowed, _)| *file == name && *allowed == function) {
                needed.push(allowed);
            } else if !is_constructor(&function) {
                complaints.push(format!("src/{name}:{line}: `{word}` in `{function}`"));
            }
        }
    }
    assert!(judged >= 60, "only {judged} files");
    assert!(complaints.is_empty(), "the audio thread runs this:\n{}", complaints.join("\n"));
    // Nothing stays excused that is no longer there.
    for allowed in &ALLOWED {
        assert!(needed.contains(&allowed), "{} {} needs no excuse any more", allowed.0, allowed.1);
    }
}

#[test]
fn the_code_of_the_audio_thread_is_recognised_by_its_path() {
    for path in
        ["audio/renderer.rs", "audio/deck/voice.rs", "output/audio/driver.rs", "track/audio/read.rs", "rt/slot.rs"]
    {
        assert!(is_audio(path), "{path}");
    }
    for path in ["builder.rs", "control/engine.rs", "output/health.rs", "track/memory.rs", "feed/feeder.rs", "audio.rs"]
    {
        assert!(!is_audio(path), "{path}");
    }
}

#[test]
fn forbidden_words_are_found_in_code_and_not_in_comments_or_tests() {
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
