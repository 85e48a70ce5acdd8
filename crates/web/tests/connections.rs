//! One client cannot take the streams and connections of others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::time::Duration;

use axum::http::StatusCode;
use common::{ONE, OTHER, Server, all, bytes, head_and_first_byte, rest};
use crowd_web::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HALF: &str = "GET /healthz HTTP/1.1\r\nHost: x";
/// More bytes than the system buffers for a client that does not read.
const LONG: u64 = 16 << 20;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Reads `length` bytes of a body.
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
async fn half_sent_requests_of_one_client_leave_connections_for_others() {
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
    // One client may have half of the connections and half of the reserve. The others were closed at once.
    assert_eq!(server.metric("connections_closed_total{reason=\"refused\"}").await, 200.0 - 20.0 - 16.0);
    let mut answered = half.remove(0);
    answered.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(
        status(&head_and_first_byte(&mut answered).await.0),
        200,
        "a slow request is answered when it is complete within the time limit"
    );
}

#[tokio::test]
async fn half_sent_requests_leave_connections_for_their_own_client_and_are_closed_in_time() {
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
async fn beyond_the_limit_only_the_vital_paths_are_served() {
    let server = Server::start(2, 10, Limits::default(), &[]).await;
    let mut first = server.request(ONE, &format!("/file/{LONG}"), "").await;
    let mut second = server.request(OTHER, &format!("/file/{LONG}"), "").await;
    assert_eq!(
        [status(&head_and_first_byte(&mut first).await.0), status(&head_and_first_byte(&mut second).await.0)],
        [200, 200]
    );
    for third in [ONE, [127, 0, 0, 3]] {
        let mut stream = server.request(third, "/healthz", "").await;
        let (head, body) = rest(&mut stream).await;
        assert!(status(&head) == 200 && body == "well" && head.contains("connection: close\r\n"), "{head}");
        let mut stream = server.request(third, "/client", "").await;
        let (head, body) = rest(&mut stream).await;
        assert_eq!(status(&head), 503);
        assert!(head.contains("retry-after: 2\r\n") && head.contains("connection: close\r\n"), "{head}");
        assert!(body.starts_with(b"{\"error\":\"all connections are in use"), "{body:?}");
    }
    // An idle connection is closed for another at once.
    drop(second);
    assert!(exactly(&mut first, LONG - 1).await == bytes(1..LONG));
    server.wait_for("connections{state=\"idle\"}", |idle| idle == 1.0).await;
    let mut others = Vec::new();
    for other in [OTHER, [127, 0, 0, 3]] {
        others.push(server.request(other, &format!("/file/{LONG}"), "").await);
        assert_eq!(status(&head_and_first_byte(others.last_mut().unwrap()).await.0), 200);
    }
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn streams_that_one_client_does_not_read_leave_streams_for_others() {
    let server = Server::start(100, 8, Limits { stalled: millis(2_000), ..Limits::default() }, &[]).await;
    let long = format!("/file/{LONG}");
    let mut stalled = Vec::new();
    for _ in 0..4 {
        let mut stream = server.request(ONE, &long, "").await;
        assert_eq!(status(&head_and_first_byte(&mut stream).await.0), 200);
        stalled.push(stream);
    }
    let (head, body) = server.get(ONE, &long, "").await;
    assert!(status(&head) == 503 && body.starts_with(b"{\"error\":\"streams: 8 at once"), "{head}{body:?}");
    assert!(server.get(OTHER, "/file/3000000", "").await.1 == bytes(0..3_000_000));
    // Streams that have not been read for a while count in no share, and continue when they are read again.
    server.wait_for("streams_at_rest", |count| count == 4.0).await;
    assert!(server.get(ONE, "/file/3000000", "").await.1 == bytes(0..3_000_000));
    assert!(exactly(&mut stalled[0], 2_000_000).await == bytes(1..2_000_001));
}

#[tokio::test]
async fn a_stalled_connection_is_closed_when_there_is_no_room_and_its_bytes_continue_on_another() {
    let server = Server::start(8, 100, Limits { stalled: millis(200), ..Limits::default() }, &[]).await;
    let long = format!("/file/{LONG}");
    let mut other = server.request(OTHER, &long, "").await;
    assert_eq!(status(&head_and_first_byte(&mut other).await.0), 200);
    let mut streams = Vec::new();
    for number in 0..12 {
        let mut stream = server.request(ONE, &long, "").await;
        assert_eq!(status(&head_and_first_byte(&mut stream).await.0), 200, "{number}");
        streams.push(stream);
        // Each connection is stalled before the next one comes.
        tokio::time::sleep(millis(300)).await;
    }
    let displaced = server.metric("connections_closed_total{reason=\"gave_way\"}").await;
    assert!(displaced >= 5.0, "{displaced}");
    let begin = all(&mut streams[0]).await;
    let from = 1 + begin.len() as u64;
    assert!(from < LONG && begin == bytes(1..from), "it was closed after {from}");
    let (head, resumed) = server.get(ONE, &long, &format!("Range: bytes={from}-\r\nIf-Range: \"v1\"\r\n")).await;
    assert_eq!((status(&head), resumed == bytes(from..LONG)), (206, true));
    // The only connection of the other client has been stalled for the longest time, and was not closed.
    assert!(exactly(&mut other, LONG - 1).await == bytes(1..LONG));
}

#[tokio::test]
async fn a_paused_player_continues_with_the_right_bytes_even_when_the_system_has_all_of_them() {
    let limits = Limits { stalled: millis(50), idle: millis(100), ..Limits::default() };
    let server = Server::start(100, 100, limits, &[]).await;
    // The server has sent all of the second length long before the client reads it.
    for length in [LONG, 100_000] {
        for headers in ["", "Connection: close\r\n"] {
            let mut stream = server.request(ONE, &format!("/file/{length}"), headers).await;
            assert_eq!(head_and_first_byte(&mut stream).await.1, bytes(0..1)[0]);
            tokio::time::sleep(millis(500)).await;
            assert!(exactly(&mut stream, length - 1).await == bytes(1..length), "{length} {headers}");
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "idle for too long");
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_not_read_for_very_long_is_closed() {
    let server = Server::start(100, 100, Limits { abandoned: millis(300), ..Limits::default() }, &[]).await;
    let mut stream = server.request(ONE, &format!("/file/{LONG}"), "").await;
    assert_eq!(status(&head_and_first_byte(&mut stream).await.0), 200);
    server.wait_for("connections_closed_total{reason=\"stalled\"}", |count| count == 1.0).await;
    assert!((all(&mut stream).await.len() as u64) < LONG - 1);
}
