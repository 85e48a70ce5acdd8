//! Signals: the first ends the program in order, the second at once.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::process::Command;

use common::server::Server;

fn signal(server: &Server, name: &str) {
    assert!(Command::new("kill").args([name, &server.child.id().to_string()]).status().unwrap().success());
}

#[test]
fn the_first_signal_of_any_kind_ends_the_server_in_order() {
    for name in ["-INT", "-TERM", "-HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("night.wav");
        // The program that runs this test may ignore SIGHUP.
        let mut launcher = Command::new("env");
        launcher.arg("--default-signal=HUP");
        let mut server = Server::start_by(launcher, &["--output", "null", "--record", recording.to_str().unwrap()]);
        server.wait_until(0.2);
        signal(&server, name);
        let (status, log) = server.ended();
        assert!(status.success(), "{name}: {status}");
        assert!(log.contains("stopping; a second signal ends the program at once"), "{log}");
        assert!(log.contains("messages, none refused"), "{log}");
        assert!(crowd_media::probe(&recording).unwrap().frames.is_some(), "{name}");
    }
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let server = Server::start(&["--output", "null"]);
    // Both signals are delivered when the server continues, as on a server that is slow to end.
    signal(&server, "-STOP");
    signal(&server, "-INT");
    signal(&server, "-TERM");
    signal(&server, "-CONT");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(130), "{log}");
    assert!(!log.contains("messages, none refused"), "{log}");
}

#[test]
fn under_nohup_the_server_plays_on_when_the_terminal_is_gone() {
    let mut server = Server::start_by(Command::new("nohup"), &["--output", "null"]);
    signal(&server, "-HUP");
    server.wait_until(0.2);
    signal(&server, "-TERM");
    let (status, log) = server.ended();
    assert!(status.success() && log.matches("stopping").count() == 1, "{status}: {log}");
}
