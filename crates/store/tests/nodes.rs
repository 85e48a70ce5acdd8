//! The promises of nodes that share a bucket, with moto's S3 server on this machine.
#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;
mod moto;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, thread};

use chunks::{TestRng, append_all, bytes_of, claim, id, make, open, path, read};
use crowd_store::s3::{BACKOFF, LEASE, S3Store};
use crowd_store::{ChunkId, Claim, RemoteStatus, Store};
use moto::{Server, eventually, has_credentials, with_credentials};

fn node(server: &Server, cache: &Path) -> S3Store {
    node_of(server, cache, "s3://chunks/mastered/v1")
}

fn node_of(server: &Server, cache: &Path, url: &str) -> S3Store {
    S3Store::open(open(cache, 1 << 30), url, Some(&server.endpoint())).unwrap()
}

fn remote(store: &S3Store) -> RemoteStatus {
    store.status().remote.unwrap()
}

/// Gets a chunk from this node, which may fetch or make it. Returns whether the node made it.
fn obtain(store: &S3Store, id: &ChunkId, length: u64) -> bool {
    let mut made = false;
    let stored = loop {
        match store.claim(id, length).unwrap() {
            Claim::Available(stored) => break stored,
            Claim::HeldElsewhere(wait) => thread::sleep(wait),
            Claim::Granted(writer) => {
                made = true;
                break append_all(writer, id, length).commit().unwrap();
            }
        }
    };
    assert_eq!(read(&stored), bytes_of(id, length));
    made
}

#[test]
fn two_nodes_make_each_chunk_once() {
    if !has_credentials("two_nodes_make_each_chunk_once") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let nodes = [0, 1].map(|nth: usize| node(&server, homes[nth].path()));
    let made = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for (seed, node) in [&nodes[0], &nodes[1], &nodes[0], &nodes[1]].into_iter().enumerate() {
            let made = &made;
            scope.spawn(move || {
                let mut rng = TestRng(seed as u64 + 1);
                let mut missing: Vec<_> = (0..30).collect();
                while !missing.is_empty() {
                    let index = missing.swap_remove(rng.below(missing.len() as u64) as usize);
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
    assert_eq!(nodes.iter().map(|node| remote(node).fetched).sum::<u64>(), 30, "each is fetched by the other node");
    for node in &nodes {
        assert_eq!((remote(node).failures, remote(node).error), (0, None));
        assert_eq!(node.status().chunks, 30);
    }
}

#[test]
fn chunks_of_a_node_are_there_after_it_has_ended_and_are_fetched_once() {
    if !has_credentials("chunks_of_a_node_are_there_after_it_has_ended_and_are_fetched_once") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let first = node(&server, homes[0].path());
    make(&first, &id(1, 7), 3_000_000);
    drop(first);
    let second = node(&server, homes[1].path());
    assert!(second.get(&id(1, 8)).unwrap().is_none());
    assert!(!second.has(&id(1, 7)), "it is not on this machine yet");
    assert_eq!(read(&second.get(&id(1, 7)).unwrap().unwrap()), bytes_of(&id(1, 7), 3_000_000));
    drop(server);
    assert_eq!(read(&second.get(&id(1, 7)).unwrap().unwrap()), bytes_of(&id(1, 7), 3_000_000));
    assert_eq!(remote(&second).fetched, 1);
}

#[test]
#[ignore = "run by the_claim_of_a_killed_node_is_taken_over_and_that_of_a_slow_node_is_not"]
fn claim_and_never_finish() {
    let arguments = env::var("NODES_TEST").expect("run by another test of this file");
    let (endpoint, cache) = arguments.split_once(' ').unwrap();
    let store = S3Store::open(open(Path::new(cache), 1 << 30), "s3://chunks/mastered/v1", Some(endpoint)).unwrap();
    let mut writer = claim(&store, &id(1, 1), 1000);
    writer.append(&[0; 500]).unwrap();
    println!("claimed");
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn the_claim_of_a_killed_node_is_taken_over_and_that_of_a_slow_node_is_not() {
    if !has_credentials("the_claim_of_a_killed_node_is_taken_over_and_that_of_a_slow_node_is_not") {
        return;
    }
    let server = Server::start();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut slow = with_credentials()
        .args(["claim_and_never_finish", "--exact", "--ignored", "--nocapture"])
        .env("NODES_TEST", format!("{} {}", server.endpoint(), homes[0].path().display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(slow.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("claimed")));
    let node = node(&server, homes[1].path());
    let start = Instant::now();
    while start.elapsed() < 2 * LEASE {
        assert!(
            matches!(node.claim(&id(1, 1), 1000).unwrap(), Claim::HeldElsewhere(_)),
            "the node runs and renews its claim"
        );
        thread::sleep(Duration::from_millis(100));
    }
    slow.kill().unwrap();
    slow.wait().unwrap();
    let start = Instant::now();
    assert!(obtain(&node, &id(1, 1), 1000), "no other node could have made it");
    let took = start.elapsed();
    println!("taken over after {took:.1?}");
    assert!(took < LEASE + Duration::from_secs(1), "{took:?}");
    assert_eq!(remote(&node).failures, 0);
}

#[test]
fn nodes_work_without_the_bucket() {
    if !has_credentials("nodes_work_without_the_bucket") {
        return;
    }
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let node = node(&server, home.path());
    make(&node, &id(1, 0), 1000);
    eventually("the first upload", || remote(&node).uploaded == 1);

    // The bucket does not respond while a chunk is made.
    let mut writer = claim(&node, &id(1, 1), 1000);
    server.signal("-STOP");
    writer.append(&bytes_of(&id(1, 1), 1000)).unwrap();
    let start = Instant::now();
    assert_eq!(read(&writer.commit().unwrap()), bytes_of(&id(1, 1), 1000));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    // It does not respond either when the next ones are made. The first of them waits for a timeout, the others do not wait.
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
    let error = status.error.unwrap();
    assert!(status.failures > 0 && error.contains("s3://chunks/mastered/v1"), "{error}");

    // The bucket is available again.
    server.signal("-CONT");
    thread::sleep(BACKOFF);
    eventually("work with the bucket", || {
        obtain(&node, &id(2, 0), 1000);
        let index = u32::try_from(remote(&node).uploaded).unwrap();
        obtain(&node, &id(3, index), 1000);
        remote(&node).error.is_none() && remote(&node).uploaded > 2
    });

    // The bucket is stopped.
    let writer = claim(&node, &id(4, 0), 1000);
    drop(server);
    append_all(writer, &id(4, 0), 1000).commit().unwrap();
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
    let first = node(&server, homes[0].path());
    let damaged = [id(1, 0), id(1, 1), id(1, 2)];
    for chunk in &damaged {
        make(&first, chunk, 1000);
    }
    eventually("three uploads", || remote(&first).uploaded == 3);
    let prefix = Path::new("/chunks/mastered/v1");
    for (chunk, damage) in damaged.iter().zip([
        (|bytes| bytes[500] ^= 1) as fn(&mut Vec<u8>),
        |bytes| bytes.truncate(700),
        |bytes| bytes.clear(),
    ]) {
        let mut bytes = std::fs::read(path(homes[0].path(), chunk)).unwrap();
        damage(&mut bytes);
        server.put(path(prefix, chunk).to_str().unwrap(), &bytes);
    }
    let second = node(&server, homes[1].path());
    assert!(second.get(&damaged[0]).unwrap().is_none());
    for (index, chunk) in damaged.iter().enumerate() {
        assert!(obtain(&second, chunk, 1000), "{chunk:?} is made again");
        assert_eq!(remote(&second).damaged, index as u64 + 1);
    }
    eventually("three more uploads", || remote(&second).uploaded == 3);
    let third = node(&server, homes[2].path());
    for chunk in &damaged {
        assert!(!obtain(&third, chunk, 1000));
    }
    assert_eq!((remote(&third).fetched, remote(&third).damaged), (3, 0));
}

#[test]
fn a_wrong_bucket_or_url_is_named() {
    if !has_credentials("a_wrong_bucket_or_url_is_named") {
        return;
    }
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    for url in ["http://chunks", "s3://", "s3:///v1", "chunks"] {
        let error = S3Store::open(open(home.path(), 1000), url, None).err().unwrap().to_string();
        assert_eq!(error, format!("cannot use the object store {url}: give s3://bucket or s3://bucket/prefix"));
    }
    let node = node_of(&server, home.path(), "s3://no-such-bucket");
    make(&node, &id(1, 1), 1000);
    let error = remote(&node).error.unwrap();
    assert!(error.contains("no-such-bucket") && error.contains("NoSuchBucket"), "{error}");
}
