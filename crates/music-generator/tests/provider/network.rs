//! External providers at a network address.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use music_generator::provider::{Control, ExternalProvider, Provider, ProviderSession};

use crate::harness::{Beside, close, next_audio, next_fault, quick};

fn open(address: &str) -> Box<dyn ProviderSession> {
    let session = ExternalProvider::new(address).unwrap().with(quick()).open().unwrap();
    session.control(Control::Play).unwrap();
    session
}

/// Serves one connection: a chunk of two frames after PLAY. Returns the lines that it gets until the end.
fn serve(stream: TcpStream, ends: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        // The other end may be closed before everything was read.
        let Ok(line) = line else { break };
        let answer = match &line {
            setup if setup.contains("setup") => "{\"setupComplete\":{}}\n",
            play if play.contains("PLAY") => "{\"serverContent\":{\"audioChunks\":[{\"data\":\"AQACAAMABAA=\"}]}}\n",
            _ => "",
        };
        lines.push(line);
        (&stream).write_all(answer.as_bytes()).unwrap();
        if ends && answer.contains("data") {
            break;
        }
    }
    lines
}

#[test]
fn a_connection_works_and_is_made_again_when_it_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        serve(listener.accept().unwrap().0, true);
        serve(listener.accept().unwrap().0, false)
    });
    let beside = Beside::play();
    let session = open(&address);
    assert_eq!(next_audio(&*session).pcm, [1, 2, 3, 4]);
    let (_, fault) = next_fault(&*session);
    assert!(matches!(fault.name(), "output_closed" | "io"), "{fault}");
    let audio = next_audio(&*session);
    assert_eq!((audio.frame, audio.starts_anew), (2, true));
    beside.check();
    close(&*session);
    let lines = server.join().unwrap();
    assert_eq!(lines.last().unwrap(), "{\"playbackControl\":\"STOP\"}");
}

#[test]
fn an_address_without_a_listener_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let session = open(&format!("tcp://{address}"));
    assert_eq!(next_fault(&*session).1.name(), "not_reached");
    assert_eq!(next_fault(&*session).1.name(), "not_reached");
    let listener = TcpListener::bind(address).unwrap();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0, false));
    loop {
        if let music_generator::provider::ProviderEvent::Audio(audio) = crate::harness::next(&*session) {
            assert_eq!(audio.frame, 0);
            break;
        }
    }
    drop(session);
    server.join().unwrap();
}

#[test]
fn addresses_are_checked() {
    for wrong in
        ["http://localhost:1", "tcp://localhost", "tcp://localhost:0", "tcp://:7", "tcp://a@b:7", "tcp://h:7/x"]
    {
        assert_eq!(ExternalProvider::new(wrong).unwrap_err().name(), "address", "{wrong}");
    }
    for right in ["tcp://localhost:7000", "tcp://[::1]:7000", "tcp://10.0.0.1:1/"] {
        assert_eq!(ExternalProvider::new(right).unwrap().name(), right);
    }
}
