//! A publisher and an RTMP server on this machine.
#![cfg(feature = "rtmp-client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crowd_streaming::rtmp::{RtmpConnection, RtmpMetadata, RtmpTarget};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{ServerSession, ServerSessionConfig, ServerSessionEvent, ServerSessionResult};

const KEY: &str = "s3cr3t";

/// What a server does.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Receives,
    Refuses,
    ReadsNothing,
}

/// A target at a server that serves one connection, and the media that it receives.
fn server(kind: Server) -> (RtmpTarget, Receiver<(bool, u32, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, received) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut waiting = handshake(&mut stream);
        let (mut session, first) = ServerSession::new(ServerSessionConfig::new()).unwrap();
        let mut results = first;
        loop {
            for result in std::mem::take(&mut results) {
                match result {
                    ServerSessionResult::OutboundResponse(packet) => stream.write_all(&packet.bytes).unwrap(),
                    ServerSessionResult::RaisedEvent(event) => match event {
                        ServerSessionEvent::ConnectionRequested { request_id, .. } if kind == Server::Refuses => {
                            let text = format!("no\n{KEY}");
                            let code = "NetConnection.Connect.Rejected";
                            results.extend(session.reject_request(request_id, code, &text).unwrap());
                        }
                        ServerSessionEvent::ConnectionRequested { request_id, app_name } => {
                            assert_eq!(app_name, "live2");
                            results.extend(session.accept_request(request_id).unwrap());
                        }
                        ServerSessionEvent::PublishStreamRequested { request_id, stream_key, .. } => {
                            assert_eq!(stream_key, KEY);
                            results.extend(session.accept_request(request_id).unwrap());
                        }
                        ServerSessionEvent::StreamMetadataChanged { .. } if kind == Server::ReadsNothing => {
                            std::thread::sleep(Duration::from_secs(60));
                        }
                        ServerSessionEvent::AudioDataReceived { data, timestamp, .. } => {
                            send.send((false, timestamp.value, data.len())).unwrap();
                        }
                        ServerSessionEvent::VideoDataReceived { data, timestamp, .. } => {
                            send.send((true, timestamp.value, data.len())).unwrap();
                        }
                        _ => {}
                    },
                    ServerSessionResult::UnhandleableMessageReceived(_) => {}
                }
            }
            if !results.is_empty() {
                continue;
            }
            if waiting.is_empty() {
                waiting = receive(&mut stream);
                if waiting.is_empty() {
                    return;
                }
            }
            results = session.handle_input(&std::mem::take(&mut waiting)).unwrap();
        }
    });
    (target(port), received)
}

fn target(port: u16) -> RtmpTarget {
    let (host, app, key) = ("127.0.0.1".to_owned(), "live2".to_owned(), KEY.to_owned());
    RtmpTarget { host, port, tls: false, app, key }
}

fn metadata() -> RtmpMetadata {
    let (width, height, video_bit_rate, audio_bit_rate) = (1_280, 720, 3_000_000, 128_000);
    RtmpMetadata { width, height, video_bit_rate, audio_bit_rate, sample_rate: 48_000, encoder: "test/1".to_owned() }
}

fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let received = stream.read(&mut buffer).unwrap_or(0);
    buffer.truncate(received);
    buffer
}

fn handshake(stream: &mut TcpStream) -> Vec<u8> {
    let mut handshake = Handshake::new(PeerType::Server);
    stream.write_all(&handshake.generate_outbound_p0_and_p1().unwrap()).unwrap();
    loop {
        match handshake.process_bytes(&receive(stream)).unwrap() {
            HandshakeProcessResult::InProgress { response_bytes } => stream.write_all(&response_bytes).unwrap(),
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                stream.write_all(&response_bytes).unwrap();
                return remaining_bytes;
            }
        }
    }
}

#[test]
fn times_go_on_after_4_hours_and_begin_again_after_49_days() {
    let (target, received) = server(Server::Receives);
    let mut connection = RtmpConnection::open(&target, &metadata()).unwrap();
    // The times of the chunks have 24 bits, or 32 bits after that.
    let starts = [0, (1 << 24) - 100, (1 << 31) - 100, (1 << 32) - 100, (1 << 33) - 100];
    let times: Vec<u64> = starts.into_iter().flat_map(|start| (0..20).map(move |n| start + 21 * n)).collect();
    for (number, time) in times.iter().enumerate() {
        connection.video(*time, vec![0x27; 6_000 + number]).unwrap();
        connection.audio(time + 5, vec![0xAF; 300]).unwrap();
        connection.send().unwrap();
        connection.poll(Duration::from_millis(1)).unwrap();
    }
    for (number, time) in times.iter().enumerate() {
        let next = || received.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(next(), (true, *time as u32, 6_000 + number));
        assert_eq!(next(), (false, (time + 5) as u32, 300));
    }
}

#[test]
fn a_refusal_is_told_without_the_key() {
    let (target, _) = server(Server::Refuses);
    let error = RtmpConnection::open(&target, &metadata()).unwrap_err();
    assert_eq!(error, "the server refused the application \"live2\": no(key)");
}

#[test]
fn a_server_that_reads_nothing_is_disconnected() {
    let (target, _) = server(Server::ReadsNothing);
    let mut connection = RtmpConnection::open(&target, &metadata()).unwrap();
    let start = Instant::now();
    let mut sent = 0;
    let error = loop {
        connection.video(sent, vec![0; 50_000]).unwrap();
        if let Err(error) = connection.send() {
            break error;
        }
        sent += 1;
    };
    assert!(error.contains("took no data for 5 s"), "{error}");
    // What was sent is in the buffers of the system, which are bounded.
    assert!(start.elapsed() < Duration::from_secs(12) && sent < 400, "{:?} {sent}", start.elapsed());
}

#[test]
fn nonsense_causes_no_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..200 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = target(listener.local_addr().unwrap().port());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            };
            let bytes: Vec<u8> = (0..2_000).map(|_| random()).collect();
            // After the handshake, or in place of it.
            if round % 4 != 0 {
                handshake(&mut stream);
            }
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
            state
        });
        assert!(RtmpConnection::open(&target, &metadata()).is_err());
        state = server.join().unwrap();
    }
}
