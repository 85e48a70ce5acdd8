//! Base path, TLS, limits of connections and open files, signals.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use common::{Folders, Server};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};

#[test]
fn with_a_base_path_all_addresses_are_under_it() {
    let folders = Folders::with_music(2.0);
    let server = folders.serve(&["--base-path", "/music/enhanced/", "--token", "a secret"]);
    assert!(server.url.ends_with("/music/enhanced"), "{}", server.url);
    let page = server.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    // The requests of the page are relative to it.
    for path in ["/page/app.js", "/page/ask.js", "/healthz"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get("/api/tracks").status, 401);
    let tracks = server.get("/api/tracks?access_token=a%20secret").json();
    let stream = format!("/stream/{}?access_token=a%20secret", tracks[0]["id"].as_str().unwrap());
    let part = server.range(&stream, "bytes=0-43");
    assert_eq!((part.status, &part.body[..4]), (206, &b"RIFF"[..]));
    let outside = server.url.strip_suffix("/music/enhanced").unwrap().to_owned();
    for (path, status) in [("/", 404), ("/api/tracks", 404), ("/music/enhancedx/", 404), ("/music/enhanced", 200)] {
        assert_eq!(server.get_url(&format!("{outside}{path}")).status, status, "{path}");
    }
}

#[test]
fn a_base_path_without_a_slash_is_a_wrong_command_line() {
    let done = Command::new(env!("CARGO_BIN_EXE_enhance-server"))
        .args(["--library", "/", "--base-path", "music"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("give one like /music"));
}

/// A connection from one of the addresses of this machine.
fn connect(from: [u8; 4], server: &Server) -> TcpStream {
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    // Unread bytes stay in the buffer of the sender.
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket.into()
}

/// The head of a response, and at most `most` bytes of its body.
fn answer(mut stream: &TcpStream, most: usize) -> (String, Vec<u8>) {
    let (mut all, mut end) = (Vec::new(), None);
    let mut part = [0; 4_096];
    while end.is_none_or(|end| all.len() < end + most) {
        match stream.read(&mut part) {
            Ok(n @ 1..) => all.extend_from_slice(&part[..n]),
            _ => break,
        }
        end = all.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    }
    let body = all.split_off(end.unwrap_or(all.len()));
    (String::from_utf8(all).unwrap(), body)
}

fn ask(from: [u8; 4], server: &Server, path: &str) -> TcpStream {
    let mut stream = connect(from, server);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream
}

#[test]
fn a_client_with_its_full_share_of_connections_and_streams_does_not_keep_others_from_playing() {
    const ONE: [u8; 4] = [127, 0, 0, 1];
    const OTHER: [u8; 4] = [127, 0, 0, 2];
    let folders = Folders::with_music(60.0);
    folders.add("other.wav", 2.0);
    let server = folders.serve(&["--max-connections", "40", "--max-streams", "8"]);
    let (long, short) = (server.track("music.wav"), server.track("other.wav"));
    let whole = server.get(&format!("/stream/{short}")).body;
    let original = fs::read(folders.music.path().join("music.wav")).unwrap();

    let paused: Vec<_> = (0..16).map(|_| ask(ONE, &server, &format!("/original/{long}"))).collect();
    let heads: Vec<_> = paused.iter().map(|stream| answer(stream, 1)).collect();
    let served = heads.iter().filter(|(head, _)| head.starts_with("HTTP/1.1 200 ")).count();
    assert_eq!(served, 4, "half of the streams are one client's share");
    let half: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(ONE, &server);
            // The connection may be closed already.
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\n");
            stream
        })
        .collect();
    let (head, _) = answer(&ask(OTHER, &server, "/healthz"), 1);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let (head, body) = answer(&ask(OTHER, &server, &format!("/stream/{short}")), whole.len());
    assert!(head.starts_with("HTTP/1.1 200 ") && body == whole, "{head}");

    // A paused stream continues where it was.
    let (mut stream, (_, mut body)) = paused.iter().zip(heads).find(|(_, (head, _))| head.contains(" 200 ")).unwrap();
    let begun = body.len();
    body.resize(original.len(), 0);
    stream.read_exact(&mut body[begun..]).unwrap();
    assert!(body == original);
    drop(half);
}

#[test]
fn a_proxy_that_is_not_an_address_is_a_wrong_command_line() {
    let done = Command::new(env!("CARGO_BIN_EXE_enhance-server"))
        .args(["--library", "/", "--trusted-proxy", "proxy.example"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        done.status.code() == Some(2) && message.contains("\"proxy.example\" is not a network: write 192"),
        "{message}"
    );
}

/// A server that is started by another program, and ends with the test.
struct StartedServer {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// The log until it listened.
    log: String,
}

impl StartedServer {
    fn through(program: &[&str], folders: &Folders, flags: &[&str]) -> Self {
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .args([env!("CARGO_BIN_EXE_enhance-server"), "--port", "0", "--library"])
            .arg(folders.music.path())
            .arg("--cache-dir")
            .arg(folders.cache.path())
            .args(flags)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let log = common::log_until_listening(&mut stderr);
        Self { child, stderr, log }
    }
}

impl Drop for StartedServer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The log of a server with this limit of open files.
fn log_under(limit: &str, flags: &[&str]) -> String {
    StartedServer::through(&["prlimit", limit], &Folders::with_music(1.0), flags).log.clone()
}

#[test]
fn the_limit_of_open_files_is_raised_or_a_warning_is_logged() {
    let message = log_under("--nofile=100:500", &["--max-connections", "1000"]);
    assert!(message.contains("the system allows 500: raise its limit"), "{message}");
    let quiet = log_under("--nofile=100:500", &["--max-connections", "50", "--max-streams", "50"]);
    assert!(!quiet.contains("the system allows"), "{quiet}");
}

#[test]
fn with_a_certificate_only_https_is_served() {
    let folders = Folders::with_music(2.0);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folders.cache.path().join(name));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = StartedServer::through(&["env"], &folders, &flags);
    let (_, address) = server.log.split_once("listening on https://").unwrap();
    let address = address.split_whitespace().next().unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let client =
        ClientConnection::new(Arc::new(config.with_no_client_auth()), ServerName::try_from("localhost").unwrap());
    let mut stream = StreamOwned::new(client.unwrap(), TcpStream::connect(address).unwrap());
    stream.write_all(b"GET /api/presets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"punchy\""), "{answer}");

    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut message = Vec::new();
    let _closed = plain.read_to_end(&mut message);
    assert!(!message.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&message));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_before_anything_is_served() {
    let folders = Folders::with_music(1.0);
    let run = |flags: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_enhance-server"));
        let done = program.arg("--library").arg(folders.music.path()).args(["--port", "0"]).args(flags).output();
        let done = done.unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (status, message) = run(&["--tls-cert", "none.pem"]);
    assert!(status == Some(2) && message.contains("--tls-key"), "{message}");
    let (status, message) = run(&["--tls-cert", "none.pem", "--tls-key", "none.pem"]);
    assert!(status == Some(1) && message.contains("cannot serve HTTPS: none.pem: No such file"), "{message}");
}

#[test]
fn a_signal_ends_it_in_order_and_under_nohup_the_end_of_a_terminal_does_not() {
    let folders = Folders::with_music(1.0);
    let mut server = StartedServer::through(&["nohup"], &folders, &[]);
    let id = server.child.id().to_string();
    let signal = |name: &str| Command::new("kill").args([name, &id]).status().unwrap().success();
    assert!(signal("-HUP"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(signal("-TERM"));
    let mut log = String::new();
    server.stderr.read_to_string(&mut log).unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(0), "{log}");
    assert_eq!(log.matches("stopping; a second signal ends the program at once").count(), 1, "{log}");
}
