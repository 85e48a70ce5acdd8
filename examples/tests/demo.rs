//! Interrupts the demo: its server stops too, and a second signal ends the demo at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that never answers and writes its process number to a file.
const SILENT: &str = "#!/bin/sh\necho $$ > \"$0.pid\"\necho started\nexec sleep 600\n";

fn demo(folder: &Path, server: &Path) -> Child {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    demo.arg("--out").arg(folder).arg("--server").arg(server).args(["--output", "file"]);
    demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(name: &str, process: &str) -> bool {
    Command::new("kill").args([name, process]).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn a_signal_before_the_server_answers_ends_both() {
    let folder = tempfile::tempdir().unwrap();
    let server = folder.path().join("server");
    fs::write(&server, SILENT).unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
    let mut demo = demo(folder.path(), &server);
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "started"));
    assert!(signal("-INT", &demo.id().to_string()));
    let mut output = String::new();
    demo.stderr.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!((demo.wait().unwrap().code(), output.as_str()), (Some(1), "demo: stopped before the server played\n"));
    let server = fs::read_to_string(folder.path().join("server.pid")).unwrap();
    assert!(!signal("-0", server.trim()), "the server still runs");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo(folder.path(), Path::new("/nowhere"));
    let process = demo.id().to_string();
    // The demo first generates the music, which takes seconds.
    while !folder.path().join("music").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(["-STOP", "-INT", "-TERM", "-CONT"].iter().all(|name| signal(name, &process)));
    assert_eq!(demo.wait().unwrap().code(), Some(130));
}
