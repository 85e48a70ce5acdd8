//! What nodes that share a bucket promise, with moto's S3 server on this machine.
#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;
mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, thread};

use chunks::{Dice, bytes_of, claim, id, make, read, started};
use enhance_server::store::disk::DiskStore;
use enhance_server::store::s3::{LEASE, REST, S3Store};
use enhance_server::store::{ChunkId, Claim, RemoteStatus, Store};

/// One request at a time, so that what is put on a condition is put as S3 promises: moto alone looks and puts in two steps.
const SERVER: &str = "
import threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
moto, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()
def one_at_a_time(environ, start_response):
    with lock:
        return list(moto(environ, start_response))
server = make_server('127.0.0.1', 0, one_at_a_time, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
";

const KEY: &str = "of-this-test";

/// An S3 server with a bucket `chunks`. It ends with this value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let cache = env::var_os("XDG_CACHE_HOME")
            .map_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"), PathBuf::from);
        let python = cache.join("crowd-engine/moto/bin/python");
        assert!(
            python.exists(),
            "moto, an S3 server for tests, is not at {}: run scripts/setup.sh test",
            python.display()
        );
        let mut child =
            Command::new(python).args(["-c", SERVER]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let server = Self { child, port: line.trim().parse().expect("the server says its port") };
        server.put("/chunks", b"");
        server
    }

    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "PUT {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: AWS of-this-test:unchecked\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    fn node(&self, cache: &Path) -> S3Store {
        self.node_of(cache, "s3://chunks/mastered/v1")
    }

    fn node_of(&self, cache: &Path, url: &str) -> S3Store {
        let front = DiskStore::open(cache, 1 << 30).unwrap();
        S3Store::open(front, url, Some(&format!("http://127.0.0.1:{}", self.port))).unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the test of this name in a process that has credentials, and says whether this is it.
fn has_credentials(test: &str) -> bool {
    if env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == KEY) {
        return true;
    }
    run(with_credentials(), test);
    false
}

fn run(mut this: Command, test: &str) {
    let output = this.args([test, "--exact", "--nocapture"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
    println!("{out}");
}

fn with_credentials() -> Command {
    let mut this = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        this.env_remove(name);
    }
    this.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "eu-west-1");
    this
}

fn remote(store: &S3Store) -> RemoteStatus {
    store.status().remote.unwrap()
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} has not come about");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The chunk from this node, however it comes by it, and whether it made it.
fn obtain(store: &S3Store, id: &ChunkId, length: u64) -> bool {
    let mut mine = false;
    let stored = loop {
        match store.claim(id, length).unwrap() {
            Claim::Done(stored) => break stored,
            Claim::Theirs(wait) => thread::sleep(wait),
            Claim::Mine(making) => {
                mine = true;
                break started(making, id, length).commit().unwrap();
            }
        }
    };
    assert_eq!(read(&stored), bytes_of(id, length));
    mine
}

#[test]
fn two_nodes_make_each_chunk_once() {
    if !has_credentials("two_nodes_make_each_chunk_once") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let nodes = [0, 1].map(|node: usize| server.node(homes[node].path()));
    let made = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for (seed, node) in [&nodes[0], &nodes[1], &nodes[0], &nodes[1]].into_iter().enumerate() {
            let made = &made;
            scope.spawn(move || {
                let mut dice = Dice(seed as u64 + 1);
                let mut wanted: Vec<_> = (0..30).collect();
                while !wanted.is_empty() {
                    let index = wanted.swap_remove(dice.below(wanted.len() as u64) as usize);
                    if obtain(node, &id(1, index), 20_000) {
                        made.lock().unwrap().push(index);
                    }
                }
            });
        }
    });
    let made = made.into_inner().unwrap();
    assert_eq!((made.len(), made.iter().collect::<BTreeSet<_>>().len()), (30, 30), "{made:?}");
    eventually("the last upload", || nodes.iter().map(|node| remote(node).uploaded).sum::<u64>() == 30);
    assert_eq!(nodes.iter().map(|node| remote(node).fetched).sum::<u64>(), 30, "and fetched by the other node");
    for node in &nodes {
        assert_eq!((remote(node).failures, remote(node).trouble), (0, None));
        assert_eq!(node.status().chunks, 30);
    }
}

#[test]
fn what_one_node_made_outlives_it_and_is_fetched_once() {
    if !has_credentials("what_one_node_made_outlives_it_and_is_fetched_once") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let first = server.node(homes[0].path());
    make(&first, &id(1, 7), 3_000_000);
    drop(first);
    let second = server.node(homes[1].path());
    assert!(second.get(&id(1, 8)).unwrap().is_none());
    assert!(!second.has(&id(1, 7)), "it is not on this machine yet");
    assert_eq!(read(&second.get(&id(1, 7)).unwrap().unwrap()), bytes_of(&id(1, 7), 3_000_000));
    drop(server);
    assert_eq!(read(&second.get(&id(1, 7)).unwrap().unwrap()), bytes_of(&id(1, 7), 3_000_000));
    assert_eq!(remote(&second).fetched, 1);
}

#[test]
#[ignore = "run by a_node_that_is_killed_is_taken_over_and_one_that_is_slow_is_not"]
fn claim_and_never_finish() {
    let arguments = env::var("NODES_TEST").expect("run by another test of this file");
    let (endpoint, cache) = arguments.split_once(' ').unwrap();
    let front = DiskStore::open(Path::new(cache), 1 << 30).unwrap();
    let store = S3Store::open(front, "s3://chunks/mastered/v1", Some(endpoint)).unwrap();
    let mut making = claim(&store, &id(1, 1), 1000);
    making.append(&[0; 500]).unwrap();
    println!("claimed");
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_node_that_is_killed_is_taken_over_and_one_that_is_slow_is_not() {
    if !has_credentials("a_node_that_is_killed_is_taken_over_and_one_that_is_slow_is_not") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut slow = with_credentials()
        .args(["claim_and_never_finish", "--exact", "--ignored", "--nocapture"])
        .env("NODES_TEST", format!("http://127.0.0.1:{} {}", server.port, homes[0].path().display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(slow.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("claimed")));
    let node = server.node(homes[1].path());
    let start = Instant::now();
    while start.elapsed() < 2 * LEASE {
        assert!(matches!(node.claim(&id(1, 1), 1000).unwrap(), Claim::Theirs(_)), "it lives and renews its claim");
        thread::sleep(Duration::from_millis(100));
    }
    slow.kill().unwrap();
    slow.wait().unwrap();
    let start = Instant::now();
    assert!(obtain(&node, &id(1, 1), 1000), "nobody else could have made it");
    let took = start.elapsed();
    println!("taken over after {took:.1?}");
    assert!(took < LEASE + Duration::from_secs(1), "{took:?}");
    assert_eq!(remote(&node).failures, 0);
}

#[test]
fn a_bucket_that_goes_away_stops_nobody() {
    if !has_credentials("a_bucket_that_goes_away_stops_nobody") {
        return;
    }
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let node = server.node(home.path());
    make(&node, &id(1, 0), 1000);
    eventually("the first upload", || remote(&node).uploaded == 1);

    // It hangs while a chunk is made...
    let mut making = claim(&node, &id(1, 1), 1000);
    server.signal("-STOP");
    making.append(&bytes_of(&id(1, 1), 1000)).unwrap();
    let start = Instant::now();
    assert_eq!(read(&making.commit().unwrap()), bytes_of(&id(1, 1), 1000));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    // ... and when the next ones are asked for: one waits for a while, the others do not.
    let start = Instant::now();
    make(&node, &id(1, 2), 1000);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let start = Instant::now();
    for index in 3..20 {
        assert!(node.get(&id(1, index)).unwrap().is_none());
        make(&node, &id(1, index), 1000);
    }
    println!("17 chunks without the bucket: {:.1?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let status = remote(&node);
    let trouble = status.trouble.unwrap();
    assert!(status.failures > 0 && trouble.contains("s3://chunks/mastered/v1"), "{trouble}");

    // It comes back.
    server.signal("-CONT");
    thread::sleep(REST);
    eventually("work with the bucket", || {
        obtain(&node, &id(2, 0), 1000);
        let index = u32::try_from(remote(&node).uploaded).unwrap();
        obtain(&node, &id(3, index), 1000);
        remote(&node).trouble.is_none() && remote(&node).uploaded > 2
    });

    // And it goes for good.
    let making = claim(&node, &id(4, 0), 1000);
    drop(server);
    started(making, &id(4, 0), 1000).commit().unwrap();
    let start = Instant::now();
    for index in 1..20 {
        make(&node, &id(4, index), 1000);
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let start = Instant::now();
    drop(node);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_damaged_object_is_removed_counted_and_made_again() {
    if !has_credentials("a_damaged_object_is_removed_counted_and_made_again") {
        return;
    }
    let server = Server::start();
    let homes = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let first = server.node(homes[0].path());
    let damaged = [id(1, 0), id(1, 1), id(1, 2)];
    for chunk in &damaged {
        make(&first, chunk, 1000);
    }
    eventually("three uploads", || remote(&first).uploaded == 3);
    let path = |id: &ChunkId| {
        let rendition = id.rendition.to_string();
        format!("{}/{rendition}/{}", &rendition[..2], id.index)
    };
    for (chunk, damage) in damaged.iter().zip([
        (|bytes| bytes[500] ^= 1) as fn(&mut Vec<u8>),
        |bytes| bytes.truncate(700),
        |bytes| bytes.clear(),
    ]) {
        let mut bytes = std::fs::read(homes[0].path().join(path(chunk))).unwrap();
        damage(&mut bytes);
        server.put(&format!("/chunks/mastered/v1/{}", path(chunk)), &bytes);
    }
    let second = server.node(homes[1].path());
    assert!(second.get(&damaged[0]).unwrap().is_none());
    for (index, chunk) in damaged.iter().enumerate() {
        assert!(obtain(&second, chunk, 1000), "{chunk:?} is made again");
        assert_eq!(remote(&second).damaged, index as u64 + 1);
    }
    eventually("three more uploads", || remote(&second).uploaded == 3);
    let third = server.node(homes[2].path());
    for chunk in &damaged {
        assert!(!obtain(&third, chunk, 1000));
    }
    assert_eq!((remote(&third).fetched, remote(&third).damaged), (3, 0));
}

#[test]
fn a_bucket_or_url_that_is_none_is_named() {
    if !has_credentials("a_bucket_or_url_that_is_none_is_named") {
        return;
    }
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    for url in ["http://chunks", "s3://", "s3:///v1", "chunks"] {
        let front = DiskStore::open(home.path(), 1000).unwrap();
        let error = S3Store::open(front, url, None).err().unwrap().to_string();
        assert_eq!(error, format!("cannot use the object store {url}: give s3://bucket or s3://bucket/prefix"));
    }
    let node = server.node_of(home.path(), "s3://no-such-bucket");
    make(&node, &id(1, 1), 1000);
    let trouble = remote(&node).trouble.unwrap();
    assert!(trouble.contains("no-such-bucket") && trouble.contains("NoSuchBucket"), "{trouble}");
}

#[test]
fn two_servers_stream_the_same_bytes_and_make_each_chunk_once() {
    if env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == KEY) {
        two_servers();
    } else {
        // They learn of the bucket as programs do.
        let server = Server::start();
        let mut this = with_credentials();
        this.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port));
        run(this, "two_servers_stream_the_same_bytes_and_make_each_chunk_once");
    }
}

fn two_servers() {
    let folders = [common::Folders::with_music(65.0), common::Folders::new(), common::Folders::new()];
    let serve = |node: usize| {
        let (music, cache) = (folders[0].music.path(), folders[node].cache.path());
        common::Server::start(music, cache, &["--share", "s3://chunks/mastered"])
    };
    let servers = [serve(0), serve(1)];
    let path = format!("/stream/{}?preset=warm", servers[0].track("music.wav"));
    let bodies = thread::scope(|scope| {
        let both = servers.each_ref().map(|server| scope.spawn(|| server.get(&path).body));
        both.map(|one| one.join().unwrap())
    });
    assert!(bodies[0].len() > 65 * 44_100 * 4 && bodies[0] == bodies[1]);
    let made = |server: &common::Server| server.metric("chunks_made_total");
    assert_eq!(servers.iter().map(made).sum::<f64>(), 4.0, "a second, the rest of 30, 30, and 5");
    let remote =
        |server: &common::Server, what: &str| server.get("/api/status").json()["cache"]["remote"][what].as_u64();
    eventually("the last upload", || {
        servers.iter().map(|server| remote(server, "uploaded").unwrap()).sum::<u64>() == 4
    });
    // Both are gone, and a third with nothing of its own has it all.
    servers.into_iter().for_each(common::Server::kill);
    let third = serve(2);
    assert!(third.get(&path).body == bodies[0]);
    let status = third.get("/api/status").json();
    assert_eq!((made(&third), remote(&third, "fetched")), (0.0, Some(4)), "{status:#}");
}
