//! The code of the audio thread must not lock, allocate, print or read the clock. Sanitizers miss some of these (an uncontended
//! lock, a sleep), so the source is searched for words.
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

/// The folders, at any depth, of the audio thread's code. All other code belongs to the control half, which may do all of this.
const AUDIO: [&str; 5] = ["types", "dsp", "rt", "stretch", "audio"];

/// Functions in those folders in which a word is allowed, with the reason: the audio thread does not call them, or the word is
/// harmless.
const ALLOWED: [(&str, &str, &str); 4] = [
    ("types/units.rs", "serialize", "called by the program, never by the renderer"),
    (
        "output/audio/driver.rs",
        "block",
        "measures around render; reading the clock is no system call on any platform here",
    ),
    ("dsp/sinc.rs", "build", "fills the tables before the first block"),
    ("dsp/sinc.rs", "tables", "fills the tables before the first block"),
];

/// Whether a file is in a folder of the audio thread and has no tests.
fn is_audio(path: &str) -> bool {
    let is_code = |file: &str| !file.ends_with("tests.rs");
    path.rsplit_once('/')
        .is_some_and(|(folders, file)| is_code(file) && folders.split('/').any(|folder| AUDIO.contains(&folder)))
}

fn is_constructor(function: &str) -> bool {
    ["new", "with", "from_", "open", "default"].iter().any(|start| function.starts_with(start))
}

/// The forbidden words in a source: line, function, word.
fn forbidden_words(source: &str) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    // The open braces, each with the function that it begins, if any.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut pending = None;
    for (number, line) in code(source).lines().enumerate() {
        if let Some(at) = line.find("fn ").filter(|at| *at == 0 || line[..*at].ends_with([' ', '('])) {
            let name: String = line[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            pending = (!name.is_empty()).then_some(name);
        }
        for word in WORDS.iter().filter(|word| line.contains(**word)) {
            let function = pending.clone().or_else(|| open.iter().rev().flatten().next().cloned());
            found.push((number + 1, function.unwrap_or_default(), *word));
        }
        for c in line.chars() {
            match c {
                '{' => open.push(pending.take()),
                '}' => {
                    open.pop();
                }
                ';' => pending = None,
                _ => {}
            }
        }
    }
    found
}

#[test]
fn the_audio_thread_has_no_forbidden_words() {
    let mut checked = 0;
    let mut found = Vec::new();
    let mut needed = Vec::new();
    for (name, source) in files(&root()).into_iter().filter(|(name, _)| is_audio(name)) {
        checked += 1;
        for (line, function, word) in forbidden_words(&source) {
            if let Some(allowed) = ALLOWED.iter().find(|(file, allowed, _)| *file == name && *allowed == function) {
                needed.push(allowed);
            } else if !is_constructor(&function) {
                found.push(format!("src/{name}:{line}: `{word}` in `{function}`"));
            }
        }
    }
    assert!(checked >= 60, "only {checked} files");
    assert!(found.is_empty(), "forbidden in the code of the audio thread:\n{}", found.join("\n"));
    // Every allowance is still needed.
    for allowed in &ALLOWED {
        assert!(needed.contains(&allowed), "{} {}: this allowance is not needed any more", allowed.0, allowed.1);
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
    let found = forbidden_words(source);
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
