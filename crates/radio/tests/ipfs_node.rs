//! A station publishes on IPFS by a node. Most tests have a node of their own, which is as strict as Kubo; one has a real node.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "ipfs_node/kubo.rs"]
mod kubo;
#[path = "publishers/status.rs"]
mod status;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::Station;
use crowd_ipfs::{FileDag, Profile};
use crowd_radio::publish::IpfsNode;
use crowd_radio::station::{Format, Published, Segment};
use kubo::Kubo;
use status::{is_publishing, until};

/// The segments that can be fetched: those of the playlist, and some before them.
const FETCHABLE: usize = 17;

/// Publishes updates with a new segment each.
fn publish(node: &mut IpfsNode, published: &mut Published, numbers: std::ops::Range<u64>) -> Result<(), String> {
    for number in numbers {
        let bytes = (0..2_000).map(|at: u64| ((at * 2_654_435_761 + number * 97) >> 13) as u8).collect();
        published.segments.push(Arc::new(Segment::new(Format::Ts, bytes, &format!("{number}.ts"))));
        if published.segments.len() > FETCHABLE {
            published.segments.remove(0);
        }
        let playlist = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{number}\n");
        published.playlists.insert("stream.m3u8".to_owned(), playlist.into());
        node.publish(published)?;
    }
    Ok(())
}

fn pins_stay_bounded(updates: u64) {
    let folder = tempfile::tempdir().unwrap();
    let kubo = Kubo::start(true);
    let mut published = Published::default();
    let mut node = IpfsNode::open(folder.path(), kubo.url().parse().unwrap()).unwrap();
    let half = updates / 2;
    publish(&mut node, &mut published, 0..half).unwrap();
    // After a kill, what was pinned is known.
    let mut node = IpfsNode::open(folder.path(), kubo.url().parse().unwrap()).unwrap();
    publish(&mut node, &mut published, half..updates).unwrap();
    let (pins, most) = kubo.pins();
    println!("{updates} updates: {} roots are pinned, {most} at most", pins.len());
    assert!(pins.len() <= 2 && most <= 4, "{pins:?} {most}");
    assert_eq!(kubo.names().len(), 1);
    assert!(pins.contains(&kubo.names()[0].1["/ipfs/".len()..]));
    // Each segment was sent once, and all of the last ones again after the restart: two directories and a playlist are in each update.
    let blocks = kubo.blocks() as u64;
    assert!(blocks <= updates * 4 + FETCHABLE as u64 && blocks >= updates * 4, "{blocks}");
}

#[test]
fn pins_stay_bounded_over_1_000_updates() {
    pins_stay_bounded(1_000);
}

#[test]
#[ignore = "takes two minutes"]
fn pins_stay_bounded_over_10_000_updates() {
    pins_stay_bounded(10_000);
}

#[test]
fn a_node_that_has_lost_everything_receives_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let kubo = Kubo::start(true);
    let mut published = Published::default();
    let mut node = IpfsNode::open(folder.path(), kubo.url().parse().unwrap()).unwrap();
    publish(&mut node, &mut published, 0..20).unwrap();
    kubo.forget();
    let problem = publish(&mut node, &mut published, 20..21).unwrap_err();
    assert!(problem.contains("block was not found locally"), "{problem}");
    publish(&mut node, &mut published, 21..22).unwrap();
    assert_eq!(kubo.names().len(), 1);
}

/// What the name of a node stands for is what the station serves.
fn check_published(station: &Station, get: impl Fn(&str) -> Option<Vec<u8>>, path: &str) {
    let start = Instant::now();
    let text = loop {
        match get(&format!("{path}/stream.m3u8")) {
            Some(text) => break String::from_utf8(text).unwrap(),
            None => assert!(start.elapsed() < Duration::from_secs(10), "no {path}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let uris: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(text.starts_with("#EXTM3U") && uris.len() == 5, "{text}");
    for uri in uris {
        let bytes = station.get(uri).unwrap();
        let cid = FileDag::of_bytes(&bytes, Profile::V1).unwrap().root();
        assert_eq!(get(&format!("/ipfs/{cid}")).unwrap(), bytes, "{uri}");
    }
}

fn start(folder: &Path, url: &str) -> Station {
    Station::start(folder, &["--publish", "ipfs", "--ipfs-api", url, "-vv"])
}

#[test]
fn the_stream_goes_on_while_a_node_is_down() {
    for imports_keys in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        common::station::prepare(folder, &[("a", 20)], &[]);
        let kubo = Kubo::start(imports_keys);
        let station = start(folder, &kubo.url());
        until(&station, "ipfs", "published", is_publishing);
        let names = kubo.names();
        // A node that imports keys has the name that the station has without a node.
        let own = crowd_ipfs::IpnsKey::open(&folder.join("state/ipns.key")).unwrap().unwrap().name().to_string();
        assert_eq!(names[0].0 == own, imports_keys, "{names:?}");
        assert!(station.log().contains(&format!("/ipns/{}/stream.m3u8", names[0].0)), "{}", station.log());
        kubo.set_down(true);
        let (publisher, _) = until(&station, "ipfs", "down", |one| one["state"] == "waiting");
        assert!(publisher["last_error"].as_str().unwrap().contains("the node http://127.0.0.1:"), "{publisher}");
        let segments = station.health()["published_segments"].as_u64().unwrap();
        std::thread::sleep(Duration::from_secs(3));
        assert!(station.health()["published_segments"].as_u64().unwrap() >= segments + 2);
        kubo.set_down(false);
        let (publisher, time) = until(&station, "ipfs", "up", is_publishing);
        println!("published again after {:.1} s", time.as_secs_f64());
        assert!(publisher["reconnections"] == 1 && time < Duration::from_secs(4), "{publisher}");
        assert!(station.get("ipns/x").is_none(), "there is no gateway of its own");
        assert!(kubo.pins().1 <= 4);
    }
}

#[test]
fn wrong_values_are_named_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    common::station::prepare(folder.path(), &[("a", 9)], &[]);
    for (flags, code, expected) in [
        (&["--ipfs-api", "http://127.0.0.1:5001"][..], 1, "--ipfs-api needs --publish ipfs"),
        (&["--publish", "ipfs", "--ipfs-api", "127.0.0.1"], 2, "like http://127.0.0.1:5001"),
        (&["--publish", "ipfs", "--ipfs-api", "http://u:p@a"], 2, "every user of this machine can see a password"),
    ] {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        command.args(["stream", "--port", "0", "--processed"]).arg(folder.path().join("out")).args(flags);
        let output = command.arg("--state").arg(folder.path().join("state")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && text.contains(expected), "{text}");
    }
}

/// The address of a real node is in IPFS_NODE_API, and that of its gateway in IPFS_NODE_GATEWAY.
#[test]
#[ignore = "needs an IPFS node: read crates/ipfs/tests/oracles/README.md"]
fn a_real_node_has_what_the_station_serves() {
    let [api, gateway] = ["IPFS_NODE_API", "IPFS_NODE_GATEWAY"].map(|name| std::env::var(name).expect(name));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 20)], &[]);
    let post = |path: &str| {
        let mut response = ureq::post(format!("{api}/api/v0/{path}")).send_empty().unwrap();
        serde_json::from_str::<serde_json::Value>(&response.body_mut().read_to_string().unwrap()).unwrap()
    };
    let pins = || post("pin/ls?type=recursive")["Keys"].as_object().unwrap().len();
    let before = pins();
    let station = start(folder, &api);
    until(&station, "ipfs", "published", is_publishing);
    std::thread::sleep(Duration::from_secs(5));
    let log = station.log();
    let name = log.split_once("/ipns/").unwrap().1.split('/').next().unwrap();
    let get = |path: &str| ureq::get(format!("{gateway}{path}")).call().ok()?.body_mut().read_to_vec().ok();
    let resolved = post(&format!("name/resolve?arg={name}&recursive=true"));
    check_published(&station, get, resolved["Path"].as_str().unwrap());
    assert!(pins() <= before + 3, "{} {before}", pins());
    assert!(is_publishing(&station.health()["publishers"][0]), "{}", station.health());
}
