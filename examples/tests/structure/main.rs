//! Tests of the structure that ARCHITECTURE.md describes: which packages and modules may use which, and whether the tests that
//! docs/invariants.md names exist.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod layers;
mod source;

use serde_json::Value;
use source::{Crate, files};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The layers of packages, the lowest first. A package may use packages in lower layers.
const LAYERS: [&[&str]; 6] = [
    &["crowd-media"],
    &["crowd-cli", "crowd-engine"],
    &["crowd-library", "crowd-mastering", "crowd-store"],
    &["crowd-ipfs", "crowd-streaming", "crowd-web", "music-generator"],
    &["audio-server", "crowd-radio", "enhance-server", "live-music", "music-generator", "section-export"],
    &["crowd-engine-benches", "crowd-engine-examples"],
];

/// Libraries that only the listed packages may use.
const RESTRICTED: [(&str, &[&str]); 4] = [
    ("cpal", &["crowd-engine"]),
    ("rosc", &["audio-server", "crowd-engine-examples", "crowd-engine-benches"]),
    ("symphonia", &["crowd-media"]),
    ("tokio", &["crowd-radio", "crowd-store", "crowd-web", "enhance-server"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The packages of the workspace: name, folder, and dependencies without those of tests.
fn packages() -> Vec<(String, PathBuf, BTreeSet<String>)> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let package = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let used = dependencies.filter(|dependency| dependency["kind"] != "dev").map(|it| text(&it["name"]));
        let folder = PathBuf::from(text(&package["manifest_path"])).parent().unwrap().to_owned();
        (text(&package["name"]), folder, used.collect())
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn layer(package: &str) -> Option<usize> {
    LAYERS.iter().position(|packages| packages.contains(&package))
}

#[test]
fn a_package_uses_only_packages_in_layers_below_its_own() {
    for (name, _, used) in packages() {
        let own = layer(&name).unwrap_or_else(|| panic!("{name} is in no layer"));
        for other in &used {
            if let Some(layer) = layer(other) {
                assert!(layer < own, "{name} (layer {own}) uses {other} (layer {layer})");
            }
        }
    }
}

#[test]
fn a_restricted_library_is_used_only_by_the_packages_listed_for_it() {
    for (name, _, used) in packages() {
        for (library, users) in RESTRICTED {
            assert!(!used.contains(library) || users.contains(&name.as_str()), "{name} uses {library}");
        }
    }
    let engine = root().join("crates/engine/src");
    for file in files(&engine).into_iter().filter(|file| !file.ends_with("output/cpal.rs")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("use ::cpal") && !text.contains("use cpal::"), "{} uses cpal", file.display());
    }
}

#[test]
fn no_files_depend_on_each_other_in_a_cycle() {
    let cycles: Vec<_> = packages()
        .into_iter()
        .filter(|(_, folder, _)| folder.join("src").is_dir())
        .flat_map(|(name, folder, _)| {
            let cycles = Crate::read(&folder.join("src")).cycles();
            cycles.into_iter().map(move |files| format!("{name}: {}", files.join(", ")))
        })
        .collect();
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn no_change_that_cargo_mutants_made_is_left_in_a_source() {
    let mark = concat!("changed by cargo", "-mutants");
    for file in packages().iter().flat_map(|(_, folder, _)| files(folder)) {
        assert!(!fs::read_to_string(&file).unwrap().contains(mark), "{}", file.display());
    }
}

#[test]
fn no_source_file_is_longer_than_450_lines() {
    let mut long = Vec::new();
    for file in packages().iter().flat_map(|(_, folder, _)| files(folder)) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        if lines > 450 {
            long.push(format!("{} has {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_test_that_docs_invariants_names_exists() {
    let tests: BTreeSet<String> = packages()
        .iter()
        .flat_map(|(_, folder, _)| files(folder))
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let names = text.lines().filter_map(|line| {
                let name = line.trim_start().strip_prefix("async ").unwrap_or(line.trim_start()).strip_prefix("fn ")?;
                Some(name.split(['(', '<']).next().unwrap().to_owned())
            });
            names.collect::<Vec<_>>()
        })
        .collect();
    let page = fs::read_to_string(root().join("docs/invariants.md")).unwrap();
    let mut named = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        for word in line.split('`').skip(1).step_by(2) {
            if word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
                assert!(tests.contains(word), "docs/invariants.md: there is no test {word}");
                named += 1;
            }
        }
    }
    assert!(named > 80, "only {named} tests are named");
}
