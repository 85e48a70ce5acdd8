//! Reads the source of the engine.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the source.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file under `folder`: its relative path, with slashes, and its content.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
    paths(folder).iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { paths(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The source without comments and without its tests.
pub fn code(source: &str) -> String {
    let mut lines = Vec::new();
    let mut in_tests = false;
    for line in source.lines() {
        if line.starts_with("#[cfg(") && line.contains("test") {
            in_tests = true;
        }
        // rustfmt ends an item with a brace at the margin, or keeps it on one line.
        let kept = if in_tests { "" } else { line };
        if line == "}" || (line.ends_with(';') && !line.starts_with([' ', '#'])) {
            in_tests = false;
        }
        lines.push(kept.find("//").map_or(kept, |at| &kept[..at]));
    }
    lines.join("\n")
}
