//! Keys, names and records of IPNS.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crowd_ipfs::{Error, FileDag, IpnsKey, IpnsName, IpnsPublisher, IpnsRecord, IpnsTimes, Profile};

const HOUR: Duration = Duration::from_secs(3600);

fn value(number: u32) -> String {
    format!("/ipfs/{}", FileDag::of_bytes(&number.to_le_bytes(), Profile::V1).unwrap().root())
}

fn times() -> IpnsTimes {
    IpnsTimes::new(24 * HOUR, Duration::from_secs(1)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_key_file_is_made_once_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ipns.key");
    let name = IpnsKey::open_or_create(&path).unwrap().name();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(IpnsKey::open_or_create(&path).unwrap().name(), name);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(names(folder.path()), ["ipns.key"], "no temporary file is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!format!("{:?}", IpnsKey::open(&path).unwrap().unwrap()).contains(&format!("{:?}", &bytes[4..20])));
    let error = IpnsKey::open_or_create(Path::new("/nonexistent/ipns.key")).unwrap_err();
    assert!(matches!(&error, Error::Io { action: "write", .. }), "{error}");
}

#[test]
fn two_processes_that_make_a_key_at_once_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("ipns.key");
    let made: Vec<IpnsName> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| IpnsKey::open_or_create(path).unwrap().name())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|name| *name == made[0]));
}

#[test]
fn a_damaged_key_file_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ipns.key");
    let name = IpnsKey::open_or_create(&path).unwrap().name();
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = IpnsKey::open_or_create(&path).unwrap_err();
        assert!(matches!(&error, Error::KeyFile { .. }), "{length} bytes: {error}");
        let text = error.to_string();
        assert!(text.contains("ipns.key") && text.contains("restore the file"), "{text}");
        assert_eq!(fs::read(&path).unwrap(), &bytes[..length]);
    }
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        assert!(IpnsKey::open_or_create(&path).is_err(), "byte {place}");
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(IpnsKey::open_or_create(&path).unwrap().name(), name);
}

#[test]
fn a_name_is_read_in_all_its_forms() {
    let name = IpnsKey::generate().name();
    let text = name.to_string();
    assert!(text.starts_with("k51qzi5uqu5d") && text.len() == 62, "{text}");
    assert!(name.peer_id().starts_with("12D3KooW"));
    assert_eq!(text.parse::<IpnsName>().unwrap(), name);
    assert_eq!(name.peer_id().parse::<IpnsName>().unwrap(), name);
    let cid = value(1);
    for other in ["", "k51", "radio.example", cid.trim_start_matches("/ipfs/"), "k51qzi5uqu5d\u{0}"] {
        assert!(other.parse::<IpnsName>().is_err(), "{other}");
    }
}

#[test]
fn times_that_kubo_refuses_are_refused() {
    assert!(IpnsTimes::new(HOUR, HOUR).is_ok());
    let error = IpnsTimes::new(HOUR, 2 * HOUR).unwrap_err().to_string();
    assert_eq!(error, "a TTL of 7200s is longer than the lifetime of 3600s: choose a TTL of at most the lifetime");
    for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
        assert!(matches!(IpnsTimes::new(lifetime, Duration::ZERO), Err(Error::Lifetime(_))), "{lifetime:?}");
    }
}

#[test]
fn a_record_says_what_was_signed() {
    let key = IpnsKey::generate();
    let now = SystemTime::now();
    let signed = IpnsRecord::sign(&key, &(value(1) + "/live.m3u8"), 7, times(), now).unwrap();
    let read = IpnsRecord::parse(signed.bytes()).unwrap();
    assert_eq!((read.value(), read.sequence(), read.ttl()), (signed.value(), 7, Duration::from_secs(1)));
    assert_eq!(read.valid_until(), now + 24 * HOUR);
    read.validate(&key.name(), now).unwrap();
    read.validate(&key.name(), now + 24 * HOUR).unwrap();
    let late = read.validate(&key.name(), now + 25 * HOUR).unwrap_err();
    assert!(matches!(late, Error::Expired(_)), "{late}");
    assert!(matches!(read.validate(&IpnsKey::generate().name(), now), Err(Error::Record(_))));
    for other in ["", "/ipfs/", "/ipfs/x", "/ipns/k51", &value(1)[1..], &format!("{}/{}", value(1), "a".repeat(4096))] {
        assert!(matches!(IpnsRecord::sign(&key, other, 1, times(), now), Err(Error::Value(_))), "{other}");
    }
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert!(matches!(IpnsRecord::sign(&key, &value(1), 1, times(), far), Err(Error::Record(_))));
}

#[test]
fn a_changed_record_is_not_valid() {
    let key = IpnsKey::generate();
    let now = SystemTime::now();
    let signed = IpnsRecord::sign(&key, &value(1), 7, times(), now).unwrap();
    let valid = |bytes: &[u8]| {
        let record = IpnsRecord::parse(bytes).ok()?;
        record.validate(&key.name(), now).ok().map(|()| record)
    };
    for place in 0..signed.bytes().len() {
        let mut bytes = signed.bytes().to_vec();
        bytes[place] ^= 1;
        // Only the signature of version 1 is not checked, because it is never used alone.
        if let Some(record) = valid(&bytes) {
            let said = |record: &IpnsRecord| {
                (record.value().to_owned(), record.sequence(), record.ttl(), record.valid_until())
            };
            assert_eq!(said(&record), said(&signed), "byte {place}");
        }
        assert!(valid(&bytes[..place]).is_none(), "{place} bytes");
    }
}

#[test]
fn the_sequence_number_grows_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let (key_path, path) = (folder.path().join("ipns.key"), folder.path().join("ipns.json"));
    let mut last = 0;
    for number in 0..20 {
        let key = IpnsKey::open_or_create(&key_path).unwrap();
        let name = key.name();
        let mut publisher = IpnsPublisher::open(&path, key, times()).unwrap();
        assert!(publisher.state_fault().is_none());
        assert_eq!(publisher.last().map(IpnsRecord::sequence).unwrap_or_default(), last);
        // The clock goes back: that makes no difference as long as there is a state.
        let now = SystemTime::now() - number * HOUR;
        let record = publisher.publish(&value(number), now).unwrap();
        record.validate(&name, now).unwrap();
        assert!(if number == 0 { record.sequence() > 1_700_000_000_000 } else { record.sequence() == last + 1 });
        last = record.sequence();
    }
    assert_eq!(names(folder.path()), ["ipns.json", "ipns.key"]);
}

#[test]
fn a_damaged_state_is_told_and_the_sequence_number_still_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ipns.json");
    let key = IpnsKey::generate();
    let mut now = SystemTime::now();
    let mut publisher = IpnsPublisher::open(&path, key.clone(), times()).unwrap();
    for number in 0..5 {
        publisher.publish(&value(number), now).unwrap();
    }
    let mut last = publisher.last().unwrap().sequence();
    let state = fs::read(&path).unwrap();
    let with = |from: &str, to: &str| String::from_utf8(state.clone()).unwrap().replacen(from, to, 1).into_bytes();
    let mut damaged: Vec<Vec<u8>> = (0..state.len() - 1).step_by(5).map(|length| state[..length].to_vec()).collect();
    damaged.push(with(&last.to_string(), "3"));
    damaged.push(with(&value(4), &value(5)));
    damaged.push(vec![0; 4096]);
    for bytes in damaged {
        now += Duration::from_millis(10);
        fs::write(&path, &bytes).unwrap();
        let mut publisher = IpnsPublisher::open(&path, key.clone(), times()).unwrap();
        publisher.raise_sequence(2);
        let fault = publisher.state_fault().map(Error::to_string).unwrap_or_default();
        assert!(fault.contains("ipns.json") && fault.contains("the next record replaces it"), "{fault}");
        assert!(publisher.last().is_none());
        let sequence = publisher.publish(&value(1), now).unwrap().sequence();
        assert!(sequence > last, "{sequence} after {last}");
        assert!(publisher.state_fault().is_none());
        last = sequence;
        assert_eq!(IpnsPublisher::open(&path, key.clone(), times()).unwrap().last().unwrap().sequence(), last);
    }
    let other = IpnsPublisher::open(&path, IpnsKey::generate(), times()).unwrap();
    assert!(other.state_fault().is_some(), "the state of another key is not used");
}

#[test]
fn a_record_that_cannot_be_saved_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/ipns.json");
    fs::create_dir(path.parent().unwrap()).unwrap();
    let mut publisher = IpnsPublisher::open(&path, IpnsKey::generate(), times()).unwrap();
    let now = SystemTime::now();
    let first = publisher.publish(&value(1), now).unwrap().sequence();
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    let error = publisher.publish(&value(2), now).unwrap_err();
    assert!(error.to_string().contains("ipns.json"), "{error}");
    assert_eq!(publisher.last().unwrap().sequence(), first);
    fs::create_dir(path.parent().unwrap()).unwrap();
    publisher.raise_sequence(first + 10);
    publisher.raise_sequence(3);
    assert_eq!(publisher.publish(&value(2), now).unwrap().sequence(), first + 11);
    publisher.raise_sequence(u64::MAX);
    assert!(matches!(publisher.publish(&value(3), now), Err(Error::Sequence)));
}

#[test]
#[ignore = "needs node and a folder IPFS_TOOLS with the npm package ipns"]
fn another_implementation_accepts_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record");
    let publisher = IpnsPublisher::open(&folder.path().join("ipns.json"), IpnsKey::generate(), times());
    let mut publisher = publisher.unwrap();
    for number in 0..3 {
        let name = publisher.name().to_string();
        let record = publisher.publish(&value(number), SystemTime::now()).unwrap().clone();
        fs::write(&path, record.bytes()).unwrap();
        let said = common::node("ipns.mjs", &[path.to_str().unwrap(), &name]);
        let said: Vec<&str> = said.split_whitespace().collect();
        let sequence = record.sequence().to_string();
        assert_eq!(
            [said[0], said[1], said[3], said[4], said[5]],
            [&value(number), &sequence, "1000000000", "64", "64"]
        );
        assert!(said[2].ends_with('Z') && said[2].contains('T'), "{said:?}");
    }
}
