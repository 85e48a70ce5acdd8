//! The memory of a gateway does not grow with the time that it runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::time::SystemTime;

use crowd_ipfs::{
    BlockIndex, Cid, Directory, FileDag, Gateway, IpnsKey, IpnsRecord, IpnsTimes, Profile, Request, Source,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const WINDOW: usize = 50;
const UPDATES: u64 = 10_000;

/// Publishes segments of two blocks with a window of [`WINDOW`], and gives the bytes of memory in use after each thousand updates.
fn publish(gateway: &mut Gateway, key: &IpnsKey) -> Vec<usize> {
    let mut window = Vec::new();
    let mut used = Vec::new();
    let long = FileDag::of_bytes(&common::bytes(300_000), Profile::V1).unwrap();
    for update in 0..UPDATES {
        // A segment is 7 bytes that are others each time, since hashing 3 GB would take long. Every tenth has the same two blocks.
        let segment = update.to_le_bytes();
        let dag = if update % 10 == 0 { long.clone() } else { FileDag::of_bytes(&segment[..7], Profile::V1).unwrap() };
        window.push(dag.link());
        if window.len() > WINDOW {
            window.remove(0);
        }
        let path = std::path::Path::new("segments").join(format!("{update}.ts"));
        gateway.index.insert_file("0.ts", dag, Source::File(path.into())).unwrap();
        let playlist = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{update}\n").into_bytes();
        let dag = FileDag::of_bytes(&playlist, Profile::V1).unwrap();
        let named = window.iter().enumerate().map(|(number, link)| (format!("{number}.ts"), *link));
        let directory = Directory::new(named.chain([("live.m3u8".to_owned(), dag.link())]), Profile::V1).unwrap();
        let keep: Vec<Cid> = window.iter().map(|link| link.cid).chain([dag.root(), directory.root()]).collect();
        let value = format!("/ipfs/{}", directory.root());
        gateway.index.insert_file("live.m3u8", dag, Source::Bytes(playlist.into())).unwrap();
        gateway.index.insert_directory(directory).unwrap();
        gateway.index.retain(|root| keep.contains(root));
        let record = IpnsRecord::sign(key, &value, update, IpnsTimes::default(), SystemTime::now()).unwrap();
        gateway.set_record(key.name(), record).unwrap();
        let target = format!("/ipns/{}/live.m3u8", key.name());
        assert_eq!(gateway.respond(&Request { target: &target, ..Request::default() }).status, 200);
        if update % 1000 == 999 {
            used.push(ALLOCATOR.current_usage());
        }
    }
    used
}

#[test]
fn ten_thousand_updates_take_no_more_memory_than_a_thousand() {
    let key = IpnsKey::generate();
    let before = ALLOCATOR.current_usage();
    let mut gateway = Gateway::new(BlockIndex::default(), key.name(), Vec::new());
    let used = publish(&mut gateway, &key);
    let first = used[0] - before;
    let last = used[used.len() - 1] - before;
    let stated = gateway.index.memory();
    println!("{first} bytes after 1000 updates, {last} after {UPDATES}; the index states {stated}");
    assert!(last < first + 4096, "{last} bytes after {UPDATES} updates, {first} after 1000");
    assert!(last < 2 * stated && stated < 2 * last, "{last} bytes, but the index states {stated}");
    assert!(gateway.index.objects() <= WINDOW + 2 && gateway.index.blocks() <= WINDOW + 4);
}
