//! Servers that share a bucket, which is moto's S3 server on this machine.
#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;
#[path = "../../store/tests/moto/mod.rs"]
mod moto;

use std::{env, thread};

use moto::{KEY, Server, eventually, run, with_credentials};

#[test]
fn two_servers_stream_the_same_bytes_and_make_each_chunk_once() {
    if env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == KEY) {
        two_servers();
    } else {
        // The servers get the address of the bucket by environment variables.
        let server = Server::start();
        let mut this = with_credentials();
        this.env("AWS_ENDPOINT_URL", server.endpoint());
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
    // Both have ended, and a third server with an empty cache fetches all chunks.
    servers.into_iter().for_each(common::Server::kill);
    let third = serve(2);
    assert!(third.get(&path).body == bodies[0]);
    let status = third.get("/api/status").json();
    assert_eq!((made(&third), remote(&third, "fetched")), (0.0, Some(4)), "{status:#}");
}
