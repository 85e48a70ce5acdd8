//! Tests of the layers of the engine. A module uses only modules in layers below its own.

use std::fs;

use super::root;
use super::source::Crate;

/// The layers of modules in the engine's `src`, the lowest first.
const LAYERS: [&[&str]; 10] = [
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

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The top-level module of a file of `src`.
fn top_module(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The forbidden uses, and the number of all uses. A use is forbidden if its module is not in a lower layer, or if it is of a
/// re-export in lib.rs, which is above all layers.
fn forbidden_uses(sources: &Crate) -> (Vec<String>, usize) {
    let mut forbidden = Vec::new();
    let mut uses = 0;
    for (file, used) in sources.uses.iter().filter(|(file, _)| *file != "lib.rs") {
        let own = layer(top_module(file)).unwrap_or_else(|| panic!("src/{file} is in no layer"));
        for (path, to) in used.iter().filter(|(_, to)| top_module(to) != top_module(file)) {
            uses += 1;
            if layer(top_module(to)).is_none_or(|layer| layer >= own) || sources.is_root_reexport(path) {
                forbidden.push(format!("src/{file}: {}", path.join("::")));
            }
        }
    }
    (forbidden, uses)
}

#[test]
fn every_module_uses_only_modules_in_layers_below_its_own() {
    let (forbidden, uses) = forbidden_uses(&Crate::read(&root().join("crates/engine/src")));
    assert!(uses > 200, "only {uses} uses found");
    assert!(forbidden.is_empty(), "forbidden uses:\n{}", forbidden.join("\n"));
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
    let (forbidden, uses) = forbidden_uses(&Crate::read(folder.path()));
    let forbidden: Vec<_> = forbidden.iter().map(|line| line.trim_start_matches("src/stretch.rs: ")).collect();
    assert_eq!((forbidden, uses), (vec!["crate::Error", "super::builder::g", "crate::builder::Builder"], 5));
}
