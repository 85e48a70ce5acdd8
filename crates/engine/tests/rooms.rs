//! Which part of the engine may use which. What stands on a floor uses what stands below it, and nothing beside or above.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "common/source.rs"]
mod source;

use source::{code, files, root};

/// The folders and files of `src`, from the ground up.
const FLOORS: [&[&str]; 9] = [
    &["plain", "worker"],
    &["dsp", "rt", "buffer", "event", "tempo"],
    &["stretch", "feed"],
    &["track", "chunk"],
    &["command", "export"],
    &["audio"],
    &["output"],
    &["control"],
    &["builder", "offline"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The folder or file of `src` that a path lies in.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// What a source names by `crate::`, with the line it does so in.
fn named(source: &str) -> Vec<(usize, String)> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let source = code(source);
    let lines = source.lines().enumerate();
    lines.flat_map(|(n, line)| line.split("crate::").skip(1).map(move |rest| (n + 1, word(rest)))).collect()
}

#[test]
fn every_part_uses_only_what_stands_below_it() {
    let mut arrows = 0;
    let mut wrong = Vec::new();
    for (path, source) in
        files(&root()).into_iter().filter(|(path, _)| path != "lib.rs" && !path.ends_with("/tests.rs"))
    {
        let here = floor(room(&path)).unwrap_or_else(|| panic!("src/{path} stands on no floor"));
        for (line, name) in named(&source).into_iter().filter(|(_, name)| name != room(&path)) {
            arrows += 1;
            // What is no part of its own is re-exported by lib.rs, which stands above all.
            if floor(&name).is_none_or(|there| there >= here) {
                wrong.push(format!("src/{path}:{line}: crate::{name}"));
            }
        }
    }
    assert!(arrows > 200, "only {arrows} uses found");
    assert!(wrong.is_empty(), "used from below, or by way of lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn uses_are_found_wherever_they_stand_but_not_in_tests() {
    let source = "\
//! crate::comment
use crate::plain::units::Frames;
fn f(a: crate::rt::Tape) { crate::dsp::g(crate::Error) }
#[cfg(test)]
mod tests {
    use crate::builder::Builder;
}
";
    let found = named(source);
    let found: Vec<_> = found.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, [(2, "plain"), (3, "rt"), (3, "dsp"), (3, "Error")]);
}
