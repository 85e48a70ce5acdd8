//! Which part of the engine may use which. What stands on a floor uses what stands below it, and nothing beside or above.

use std::fs;

use super::root;
use super::source::Crate;

/// The folders and files of the engine's `src`, from the ground up.
const FLOORS: [&[&str]; 10] = [
    &["types", "worker"],
    &["dsp", "rt", "buffer", "event", "tempo"],
    &["stretch", "feed"],
    &["track", "chunk"],
    &["command", "export"],
    &["audio"],
    &["output"],
    &["control"],
    &["builder"],
    &["offline"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The folder or file of `src` that a file lies in.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The uses that go up, or by way of lib.rs, which stands above all; and how many uses there are.
fn wrong(sources: &Crate) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut uses = 0;
    for (file, named) in sources.uses.iter().filter(|(file, _)| *file != "lib.rs") {
        let here = floor(room(file)).unwrap_or_else(|| panic!("src/{file} stands on no floor"));
        for (path, to) in named.iter().filter(|(_, to)| room(to) != room(file)) {
            uses += 1;
            if floor(room(to)).is_none_or(|there| there >= here) || sources.is_of_root(path) {
                wrong.push(format!("src/{file}: {}", path.join("::")));
            }
        }
    }
    (wrong, uses)
}

#[test]
fn every_module_uses_only_modules_in_layers_below_its_own() {
    let (wrong, uses) = wrong(&Crate::read(&root().join("crates/engine/src")));
    assert!(uses > 200, "only {uses} uses found");
    assert!(wrong.is_empty(), "used from below, or by way of lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn uses_are_found_everywhere_in_a_file_but_not_in_tests() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("lib.rs", "mod builder; mod event; mod types; mod stretch; pub use types::Error;");
    write("builder.rs", "pub struct Builder;");
    write("event.rs", "pub struct Event;");
    write("types.rs", "pub struct Error;");
    write(
        "stretch.rs",
        "\
//! crate::builder::comment
use crate::types::Error;
pub(crate) use crate::builder::Builder;
fn f(a: crate::Error) { assert!(super::builder::g(\"no crate::builder::text\") == crate::event::Event) }
#[cfg(all(test, unix))]
mod tests {
    use crate::builder::Tested;
}
",
    );
    let (wrong, uses) = wrong(&Crate::read(folder.path()));
    let wrong: Vec<_> = wrong.iter().map(|line| line.trim_start_matches("src/stretch.rs: ")).collect();
    assert_eq!((wrong, uses), (vec!["crate::Error", "super::builder::g", "crate::builder::Builder"], 5));
}
