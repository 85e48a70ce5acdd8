//! A full disk affects the cache and not the readers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chunks::{MIB, arguments, bytes_of, claim, files, id, make, open, read, spawn_test};
use crowd_store::{Claim, Store};

/// The disk has one megabyte. Readers can read every chunk to its end.
#[test]
#[ignore = "run by a_full_disk_is_named_and_playback_goes_on"]
fn serve_from_a_full_disk() {
    let arguments = arguments();
    let directory = Path::new(&arguments[0]);
    let store = open(&directory.join("cache"), 100 * MIB);
    let length = 1_500_000;
    let mut writer = claim(&store, &id(1, 1), length);
    let bytes = bytes_of(&id(1, 1), length);
    let mut readers = Vec::new();
    for block in bytes.chunks(100_000) {
        writer.append(block).unwrap();
        readers.push(writer.written());
    }
    readers.push(writer.commit().unwrap());
    for reader in &readers {
        assert_eq!(read(reader), bytes[..usize::try_from(reader.len()).unwrap()], "the bytes do not change");
    }
    assert_eq!(readers.last().unwrap().len(), length);
    assert!(files(directory).iter().all(|file| file.0.extension().is_none()), "no partial file is left");
    let status = store.status();
    let error = status.error.unwrap();
    assert!(error.contains("cannot write the chunk file") && error.contains(&arguments[1]), "{error}");
    assert_eq!((status.unkept, status.chunks), (1, 0));
    drop(readers);

    // The memory is limited. A chunk beyond the limit is refused with an error that names it.
    let mut held = Vec::new();
    let refusal = loop {
        let chunk = id(2, held.len() as u32);
        let mut writer = claim(&store, &chunk, 16 * MIB);
        match bytes_of(&chunk, 16 * MIB).chunks(MIB as usize).try_for_each(|block| writer.append(block)) {
            Ok(()) => held.push(writer.commit().unwrap()),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(held.len(), 4);
    assert!(refusal.contains("in memory") && refusal.contains(&arguments[1]), "{refusal}");

    // A chunk that fits on the disk is kept.
    make(&store, &id(3, 1), 300_000);
    assert_eq!(store.status().error, None);
    assert!(store.has(&id(3, 1)));
    println!("served");
}

#[test]
#[ignore = "run by a_full_disk_is_named_and_playback_goes_on"]
fn make_room_on_a_full_disk() {
    let directory = PathBuf::from(&arguments()[0]).join("cache");
    let store = open(&directory, 100 * MIB);
    for index in 1..20 {
        make(&store, &id(1, index), 300_000);
    }
    let status = store.status();
    assert!(status.evicted > 10 && status.unkept == 0, "{status:?}");
    assert!(store.has(&id(1, 19)) && !store.has(&id(1, 1)), "older chunks are evicted");
    println!("served");
}

#[test]
fn a_full_disk_is_named_and_playback_goes_on() {
    let run = |wrapper: &[&str], test: &str, arguments: &[&str]| {
        let output = spawn_test(wrapper, test, arguments).wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("served"), "{out}{err}");
    };
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    // A disk of a megabyte, which is unmounted when the process ends.
    let mount = format!("mount -t tmpfs -o size=1m none '{directory}' && exec \"$@\"");
    let may_mount = |unshare: &&[&str]| {
        let done = Command::new(unshare[0]).args(&unshare[1..]).args(["sh", "-c", &mount, "sh", "true"]).output();
        done.is_ok_and(|output| output.status.success())
    };
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    let Some(unshare) = ways.into_iter().find(may_mount) else {
        eprintln!("NOT TESTED: a full file system: mounting is not permitted here (unshare --map-root-user --mount)");
        return;
    };
    let mounted = [unshare, &["sh", "-c", &mount, "sh"]].concat();
    run(&mounted, "serve_from_a_full_disk", &[directory, "make room on this disk"]);
    run(&mounted, "make_room_on_a_full_disk", &[directory]);
}

#[test]
fn a_chunk_that_cannot_be_written_to_the_disk_is_served_from_memory() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    // A file exists at the path of the directory.
    fs::write(home.path().join("01"), b"").unwrap();
    let mut writer = claim(&store, &id(1, 1), 1000);
    assert!(matches!(store.claim(&id(1, 1), 1000).unwrap(), Claim::HeldElsewhere(_)), "it is claimed");
    writer.append(&bytes_of(&id(1, 1), 1000)).unwrap();
    assert_eq!(read(&writer.commit().unwrap()), bytes_of(&id(1, 1), 1000));
    let status = store.status();
    assert_eq!((status.unkept, status.chunks), (1, 0));
    assert!(status.error.unwrap().starts_with("cannot make the chunk file "));
    assert!(store.get(&id(1, 1)).unwrap().is_none());
}
