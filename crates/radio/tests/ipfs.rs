//! The stream on IPFS: what a client gets by the name is what the station serves, and the name survives a kill.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use assert_cmd::cargo::cargo_bin;
use common::station::Station;
use crowd_ipfs::{FileDag, IpnsKey, IpnsName, IpnsRecord, Profile};

fn name(folder: &Path) -> IpnsName {
    IpnsKey::open(&folder.join("state/ipns.key")).unwrap().unwrap().name()
}

/// The record of the name, once there is one that is newer than `sequence`.
fn record(station: &Station, name: &IpnsName, sequence: u64) -> IpnsRecord {
    let start = Instant::now();
    loop {
        let record = station.get(&format!("routing/v1/ipns/{name}")).and_then(|bytes| IpnsRecord::parse(&bytes).ok());
        if let Some(record) = record.filter(|record| record.sequence() > sequence) {
            record.validate(name, SystemTime::now()).unwrap();
            return record;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "no record after {sequence}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_client_gets_the_same_bytes_by_the_name_and_the_sequence_grows_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 20)], &[]);
    let mut sequence = 0;
    let mut known = None;
    for round in 0..6 {
        let station = Station::start(folder, &["--publish", "ipfs"]);
        let name = name(folder);
        assert_eq!(*known.get_or_insert(name), name, "the name changed");
        let record = record(&station, &name, sequence);
        sequence = record.sequence();
        let root = record.value().to_owned();
        let playlist = String::from_utf8(station.get(&format!("{root}/stream.m3u8")[1..]).unwrap()).unwrap();
        let uris: Vec<&str> = playlist.lines().filter(|line| line.starts_with("segments/")).collect();
        assert_eq!(uris.len(), 5, "{playlist}");
        for uri in uris {
            let bytes = station.get(&format!("{root}/{uri}")[1..]).unwrap();
            assert!(station.get(uri).is_none_or(|served| served == bytes));
            // Each is also there by its own CID.
            let cid = FileDag::of_bytes(&bytes, Profile::V1).unwrap().root();
            assert_eq!(station.get(&format!("ipfs/{cid}")).unwrap(), bytes);
            let providers = String::from_utf8(station.get(&format!("routing/v1/providers/{cid}")).unwrap()).unwrap();
            assert!(providers.contains("/ip4/127.0.0.1/tcp/") && providers.contains("/http"), "{providers}");
        }
        let by_name = format!("ipns/{name}/stream.m3u8");
        assert!(station.get(&by_name).unwrap().starts_with(b"#EXTM3U"));
        std::thread::sleep(Duration::from_millis(150 * round));
        station.kill();
    }
}

#[test]
fn an_address_that_is_no_multiaddr_and_a_damaged_key_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    common::station::prepare(folder.path(), &[("a", 9)], &[]);
    let start = |flags: &[&str]| {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        command.args(["stream", "--port", "0", "--publish", "ipfs", "--processed"]).arg(folder.path().join("out"));
        let output = command.arg("--state").arg(folder.path().join("state")).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let text = start(&["--ipfs-address", "https://radio.example"]);
    assert!(text.contains("--ipfs-address \"https://radio.example\": write it like /dns4/"), "{text}");
    std::fs::write(folder.path().join("state/ipns.key"), "nonsense").unwrap();
    let text = start(&[]);
    assert!(text.contains("ipns.key"), "{text}");
    assert_eq!(std::fs::read(folder.path().join("state/ipns.key")).unwrap(), b"nonsense");
}
