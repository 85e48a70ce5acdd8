//! One client cannot take from others what there is a limited number of.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::time::Duration;

use axum::http::StatusCode;
use common::{ONE, OTHER, Server, all, begun, bytes, rest};
use crowd_web::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HALF: &str = "GET /healthz HTTP/1.1\r\nHost: x";
/// More than the system takes in for a client that does not read.
const LONG: u64 = 16 << 20;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// So many bytes of a body.
async fn exactly(stream: &mut TcpStream, length: u64) -> Vec<u8> {
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    body
}

fn status(head: &str) -> u16 {
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).and_then(|n| StatusCode::from_u16(n).ok());
    status.unwrap_or_else(|| panic!("no answer: {head:?}")).as_u16()
}

#[tokio::test]
async fn half_sent_requests_of_one_client_keep_nobody_else_out() {
    let long = Duration::from_secs(100);
    let limits = Limits { slow_head: long, head: long, reserve_head: long, ..Limits::default() };
    let server = Server::start(40, 10, limits, &[]).await;
    let mut half = Vec::new();
    for _ in 0..200 {
        half.push(server.write(ONE, HALF).await);
    }
    for path in ["/healthz", "/file/100000"] {
        let (head, body) = server.get(OTHER, path, "").await;
        assert!(status(&head) == 200 && !body.is_empty(), "{path}: {head}");
    }
    // Half of the connections, and half of the reserve, are what one may have; the rest was closed at once.
    assert_eq!(server.metric("connections_closed_total{reason=\"refused\"}").await, 200.0 - 20.0 - 16.0);
    let mut answered = half.remove(0);
    answered.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(status(&begun(&mut answered).await.0), 200, "what is slow is answered while it is in time");
}

#[tokio::test]
async fn half_sent_requests_do_not_keep_their_own_client_out_and_end_in_time() {
    let limits = Limits { slow_head: millis(50), head: millis(2_000), reserve_head: millis(500), ..Limits::default() };
    let server = Server::start(40, 10, limits, &[]).await;
    let mut half = Vec::new();
    for _ in 0..200 {
        half.push(server.write(ONE, HALF).await);
    }
    tokio::time::sleep(millis(100)).await;
    let (head, body) = server.get(ONE, "/file/100000", "").await;
    assert_eq!((status(&head), body.len()), (200, 100_000));
    for stream in &mut half {
        assert_eq!(rest(stream).await.0, "", "it is closed without an answer");
    }
    assert!(server.metric("connections_closed_total{reason=\"slow_request\"}").await >= 20.0);
}

#[tokio::test]
async fn beyond_the_limit_only_questions_about_the_server_are_answered() {
    let server = Server::start(2, 10, Limits::default(), &[]).await;
    let mut first = server.ask(ONE, &format!("/file/{LONG}"), "").await;
    let mut second = server.ask(OTHER, &format!("/file/{LONG}"), "").await;
    assert_eq!([status(&begun(&mut first).await.0), status(&begun(&mut second).await.0)], [200, 200]);
    for third in [ONE, [127, 0, 0, 3]] {
        let mut stream = server.ask(third, "/healthz", "").await;
        let (head, body) = rest(&mut stream).await;
        assert!(status(&head) == 200 && body == "well" && head.contains("connection: close\r\n"), "{head}");
        let mut stream = server.ask(third, "/client", "").await;
        let (head, body) = rest(&mut stream).await;
        assert_eq!(status(&head), 503);
        assert!(head.contains("retry-after: 2\r\n") && head.contains("connection: close\r\n"), "{head}");
        assert!(body.starts_with(b"{\"error\":\"all connections are in use"), "{body:?}");
    }
    // One that is idle gives way at once.
    drop(second);
    assert!(exactly(&mut first, LONG - 1).await == bytes(1..LONG));
    server.wait_for("connections{state=\"idle\"}", |idle| idle == 1.0).await;
    let mut others = Vec::new();
    for other in [OTHER, [127, 0, 0, 3]] {
        others.push(server.ask(other, &format!("/file/{LONG}"), "").await);
        assert_eq!(status(&begun(others.last_mut().unwrap()).await.0), 200);
    }
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn streams_that_one_client_does_not_read_keep_nobody_else_from_playing() {
    let server = Server::start(100, 8, Limits { stalled: millis(2_000), ..Limits::default() }, &[]).await;
    let long = format!("/file/{LONG}");
    let mut stalled = Vec::new();
    for _ in 0..4 {
        let mut stream = server.ask(ONE, &long, "").await;
        assert_eq!(status(&begun(&mut stream).await.0), 200);
        stalled.push(stream);
    }
    let (head, body) = server.get(ONE, &long, "").await;
    assert!(status(&head) == 503 && body.starts_with(b"{\"error\":\"streams: 8 at once"), "{head}{body:?}");
    assert!(server.get(OTHER, "/file/3000000", "").await.1 == bytes(0..3_000_000));
    // When they have been at rest for a while they are nobody's share, and go on when they are read.
    server.wait_for("streams_at_rest", |count| count == 4.0).await;
    assert!(server.get(ONE, "/file/3000000", "").await.1 == bytes(0..3_000_000));
    assert!(exactly(&mut stalled[0], 2_000_000).await == bytes(1..2_000_001));
}

#[tokio::test]
async fn a_stalled_connection_gives_way_when_there_is_no_room_and_its_bytes_go_on_elsewhere() {
    let server = Server::start(8, 100, Limits { stalled: millis(200), ..Limits::default() }, &[]).await;
    let long = format!("/file/{LONG}");
    let mut other = server.ask(OTHER, &long, "").await;
    assert_eq!(status(&begun(&mut other).await.0), 200);
    let mut streams = Vec::new();
    for number in 0..12 {
        let mut stream = server.ask(ONE, &long, "").await;
        assert_eq!(status(&begun(&mut stream).await.0), 200, "{number}");
        streams.push(stream);
        // Each is paused before the next comes.
        tokio::time::sleep(millis(300)).await;
    }
    let gave_way = server.metric("connections_closed_total{reason=\"gave_way\"}").await;
    assert!(gave_way >= 5.0, "{gave_way}");
    let part = all(&mut streams[0]).await;
    let from = 1 + part.len() as u64;
    assert!(from < LONG && part == bytes(1..from), "it was closed after {from}");
    let (head, resumed) = server.get(ONE, &long, &format!("Range: bytes={from}-\r\nIf-Range: \"v1\"\r\n")).await;
    assert_eq!((status(&head), resumed == bytes(from..LONG)), (206, true));
    // The other client's only one is stalled longest, and was not closed.
    assert!(exactly(&mut other, LONG - 1).await == bytes(1..LONG));
}

#[tokio::test]
async fn a_player_that_is_paused_goes_on_with_the_right_bytes_even_when_all_was_handed_to_the_system() {
    let limits = Limits { stalled: millis(50), idle: millis(100), ..Limits::default() };
    let server = Server::start(100, 100, limits, &[]).await;
    // The second is at its end for the server long before it is read.
    for length in [LONG, 100_000] {
        for headers in ["", "Connection: close\r\n"] {
            let mut stream = server.ask(ONE, &format!("/file/{length}"), headers).await;
            assert_eq!(begun(&mut stream).await.1, bytes(0..1)[0]);
            tokio::time::sleep(millis(500)).await;
            assert!(exactly(&mut stream, length - 1).await == bytes(1..length), "{length} {headers}");
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "idle for too long");
        }
    }
}

#[tokio::test]
async fn a_connection_that_nobody_reads_for_very_long_is_closed() {
    let server = Server::start(100, 100, Limits { abandoned: millis(300), ..Limits::default() }, &[]).await;
    let mut stream = server.ask(ONE, &format!("/file/{LONG}"), "").await;
    assert_eq!(status(&begun(&mut stream).await.0), 200);
    server.wait_for("connections_closed_total{reason=\"stalled\"}", |count| count == 1.0).await;
    assert!((all(&mut stream).await.len() as u64) < LONG - 1);
}
