//! Large files, which are streamed before they are hashed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use common::{Folders, Server, render};

/// Bytes after the music, in a RIFF chunk that players skip: they occupy no disk space, but reading them takes a while.
const JUNK_BYTES: u32 = 1 << 30;

/// Makes a file large, and waits until any later change would change its times.
fn enlarge(path: &Path) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let bytes = u32::try_from(file.metadata().unwrap().len()).unwrap();
    file.write_all_at(&[b"junk".as_slice(), &JUNK_BYTES.to_le_bytes()].concat(), bytes.into()).unwrap();
    file.write_all_at(&(bytes + JUNK_BYTES).to_le_bytes(), 4).unwrap();
    file.set_len(u64::from(bytes) + 8 + u64::from(JUNK_BYTES)).unwrap();
    std::thread::sleep(Duration::from_millis(2_100));
}

/// The tag of a track's stream, if it has one already.
fn tag(server: &Server, path: &str) -> Option<String> {
    let head = server.ask("HEAD", path, &[]).unwrap();
    assert_eq!((head.status, head.header("accept-ranges")), (200, "bytes"));
    Some(head.header("etag").to_owned()).filter(|tag| !tag.is_empty())
}

#[test]
fn a_large_file_is_streamed_before_it_is_hashed_and_cached_and_tagged_by_its_hash_afterwards() {
    let folders = Folders::with_music(65.0);
    let want = render(&folders.music.path().join("music.wav"), "out.wav", &[]);
    enlarge(&folders.music.path().join("music.wav"));
    let server = folders.serve(&[]);
    let id = server.track("music.wav");
    let path = format!("/stream/{id}");
    // The first request starts the hashing; there is no tag yet.
    assert_eq!(tag(&server, &path), None);
    assert!(server.get(&path).body == want);
    let part = server.range(&path, "bytes=1000000-1999999");
    assert!(part.status == 206 && part.body == want[1_000_000..2_000_000]);
    let original = server.range(&format!("/original/{id}"), "bytes=0-3");
    assert_eq!((original.status, &*original.body), (206, b"RIFF".as_slice()));
    server.wait_for("the file to be read", |server| tag(server, &path).is_some());
    let known = tag(&server, &path);
    assert!(server.get(&path).body == want);
    assert_ne!(server.get("/api/status").json()["cache"]["chunks"], 0);
    assert!(server.ask("GET", &path, &[("if-none-match", known.as_deref().unwrap())]).unwrap().status == 304);
    // The last chunk is stored after its last byte was sent.
    server.wait_for("the work to end", |server| server.metric("work_running") == 0.0);
    // After a restart the hash is known at once, and nothing is made or read again.
    server.kill();
    let server = folders.serve(&[]);
    assert_eq!(tag(&server, &path), known);
    assert!(server.get(&path).body == want);
    assert_eq!(server.metric("chunks_made_total"), 0.0);
    // A change of any byte, even far from the music, makes it another file.
    let file = File::options().write(true).open(folders.music.path().join("music.wav")).unwrap();
    file.write_all_at(b"other", u64::from(JUNK_BYTES)).unwrap();
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(tag(&server, &path), None);
    server.wait_for("the file to be read", |server| tag(server, &path).is_some());
    assert_ne!(tag(&server, &path), known);
    assert!(fs::read_dir(folders.cache.path().join("records/content")).unwrap().count() == 2);
}
