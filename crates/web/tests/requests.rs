//! Requests that come slowly, in another protocol, or through a proxy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::time::Duration;

use common::{ONE, OTHER, Server, client, head_and_first_byte, rest};
use crowd_web::Limits;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_refused_and_a_steady_one_is_not() {
    let limits = Limits { body: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(10, 10, limits, &[]).await;
    let head = "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    let mut slow = server.write(ONE, &format!("{head}some bytes")).await;
    let (answer, body) = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(body, "{\"error\":\"the request's body comes too slowly: send each 16 KiB of it within 300ms\"}");

    let mut steady = server.write(ONE, head).await;
    for _ in 0..5 {
        steady.write_all(&[0; 20_000]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(head_and_first_byte(&mut steady).await.0.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn http_2_is_refused_with_a_reason() {
    let server = Server::start(10, 10, Limits::default(), &[]).await;
    // curl sends these bytes first when it uses HTTP/2 without an upgrade: the preface and its settings.
    let mut stream = server.write(ONE, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0").await;
    let (head, body) = rest(&mut stream).await;
    assert!(
        head.starts_with("HTTP/1.1 505 HTTP Version Not Supported\r\n") && head.contains("connection: close"),
        "{head}"
    );
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert_eq!(body, "{\"error\":\"this server supports HTTP/1.1 and not HTTP/2: use HTTP/1.1\"}");
    let mut stream = server.write(ONE, "PRI * HTTP/2.0\r\n\r\n").await;
    assert!(rest(&mut stream).await.0.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let server = Server::start(10, 10, Limits::default(), &[]).await;
    for headers in [format!("X: {}\r\n", "y".repeat(100_000)), "X: y\r\n".repeat(200)] {
        let (head, _) = server.get(ONE, "/healthz", &headers).await;
        assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    }
}

#[tokio::test]
async fn the_client_that_a_proxy_names_is_used_of_a_trusted_proxy_only() {
    let server = Server::start(20, 20, Limits::default(), &["127.0.0.2"]).await;
    let forwarded = "X-Forwarded-For: 203.0.113.5, 198.51.100.7\r\n";
    assert_eq!(server.get(OTHER, "/client", forwarded).await.1, "198.51.100.7");
    assert_eq!(server.get(ONE, "/client", forwarded).await.1, client(ONE).to_string());
    // Each client of the proxy has its share of the streams, and the proxy may have all connections.
    let long = "/file/16000000";
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(server.request(OTHER, long, forwarded).await);
        assert!(head_and_first_byte(streams.last_mut().unwrap()).await.0.starts_with("HTTP/1.1 200 "));
    }
    assert!(server.get(OTHER, long, forwarded).await.0.starts_with("HTTP/1.1 503 "));
    let mut another = server.request(OTHER, long, "X-Forwarded-For: 198.51.100.8\r\n").await;
    assert!(head_and_first_byte(&mut another).await.0.starts_with("HTTP/1.1 200 "));
}
