//! A server whose limits a test can set, and clients with different addresses.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use crowd_web::metrics::Metrics;
use crowd_web::{
    Client, Connections, FileDescription, FileResponse, HttpService, Limits, Problem, Proxies, StreamSlots, disk,
    listen, serve,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub const ONE: [u8; 4] = [127, 0, 0, 1];
pub const OTHER: [u8; 4] = [127, 0, 0, 2];

/// The bytes of a file.
pub fn bytes(range: Range<u64>) -> Vec<u8> {
    range.map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

#[derive(Clone)]
struct App {
    streams: StreamSlots,
    connections: Connections,
}

/// `GET /file/{length}`.
async fn file(
    State(app): State<App>,
    Path(length): Path<u64>,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (length, tag, name) = (Some(length), Some("\"v1\"".to_owned()), "a.wav".to_owned());
    let file = FileDescription { length, tag, media_type: "audio/wav", name, attachment: false };
    let response = FileResponse::new(&method, &headers, file);
    let range = match response.byte_range() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    let slot = app.streams.take(client)?;
    Ok(response.with_body(disk::body(range, slot, |range| Ok::<_, io::Error>(bytes(range)))))
}

async fn metrics(State(app): State<App>) -> Metrics {
    let mut all = Metrics::new("test");
    all.gauge("streams", "Streams.", app.streams.taken() as f64);
    all.gauge("streams_at_rest", "Streams at rest.", app.streams.at_rest() as f64);
    app.connections.write_metrics(&mut all);
    all
}

async fn upload(body: axum::body::Body) -> Response {
    match to_bytes(body, 1 << 20).await {
        Ok(bytes) => bytes.len().to_string().into_response(),
        Err(error) => Problem::bad(error.to_string()).into_response(),
    }
}

pub struct Server {
    pub address: SocketAddr,
}

impl Server {
    pub async fn start(connections: usize, streams: usize, limits: Limits, proxies: &[&str]) -> Self {
        let proxies = Proxies::new(proxies.iter().map(|text| crowd_cli::network::parse(text).unwrap()).collect());
        let connections = Connections::new(connections, limits, proxies);
        let streams = StreamSlots::new("streams", streams).at_rest_after(limits.stalled);
        let app = App { streams, connections: connections.clone() };
        let router = Router::new()
            .route("/file/{length}", get(file))
            .route("/healthz", get(|| async { "well" }))
            .route("/client", get(|Extension(client): Extension<Client>| async move { client.to_string() }))
            .route("/metrics", get(metrics))
            .route("/upload", post(upload))
            .with_state(app);
        let listener = listen(SocketAddr::from((ONE, 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let vital_paths = vec!["/healthz".to_owned(), "/metrics".to_owned()];
        tokio::spawn(serve(HttpService { router, vital_paths, identity: None }, listener, connections, pending()));
        Self { address }
    }

    /// A connection from an address, with a small receive buffer.
    pub async fn connect(&self, from: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// A connection on which a text was written.
    pub async fn write(&self, from: [u8; 4], text: &str) -> TcpStream {
        let mut stream = self.connect(from).await;
        let _ = stream.write_all(text.as_bytes()).await;
        stream
    }

    /// A connection on which a request was written.
    pub async fn request(&self, from: [u8; 4], path: &str, headers: &str) -> TcpStream {
        self.write(from, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await
    }

    /// The head and the body of the response to a request; both are empty when the connection is closed without a response.
    pub async fn get(&self, from: [u8; 4], path: &str, headers: &str) -> (String, Bytes) {
        let mut stream = self.request(from, path, &format!("Connection: close\r\n{headers}")).await;
        rest(&mut stream).await
    }

    /// A value of the metrics, which are requested from an address that no test uses.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, body) = self.get([127, 0, 0, 99], "/metrics", "").await;
        let text = String::from_utf8(body.to_vec()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("test_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    pub async fn wait_for(&self, name: &str, right: impl Fn(f64) -> bool) {
        let start = Instant::now();
        loop {
            let value = self.metric(name).await;
            if right(value) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{name} stays {value}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// All bytes of a connection until it is closed.
pub async fn all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A connection that is reset because the server has not read all bytes returns an error.
    let _ =
        tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut all)).await.expect("it is not closed");
    all
}

/// The head of a response, and its body until the connection is closed.
pub async fn rest(stream: &mut TcpStream) -> (String, Bytes) {
    let mut all = all(stream).await;
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
    let body = Bytes::from(all.split_off(end));
    (String::from_utf8(all).unwrap(), body)
}

/// The head of a response and the first byte after it.
pub async fn head_and_first_byte(stream: &mut TcpStream) -> (String, u8) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    (String::from_utf8(head).unwrap(), stream.read_u8().await.unwrap_or_default())
}

/// An address of the loopback network.
pub fn client(address: [u8; 4]) -> Client {
    IpAddr::from(address).into()
}
