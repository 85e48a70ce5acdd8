//! What a store of chunks promises, on a real disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use chunks::{Dice, bytes_of, claim, id, make, read, started};
use enhance_server::store::disk::DiskStore;
use enhance_server::store::format::{HEADER, Header};
use enhance_server::store::{ChunkId, Claim, Store};

const MIB: u64 = 1 << 20;

fn open(directory: &Path, limit: u64) -> DiskStore {
    DiskStore::open(directory, limit).unwrap()
}

fn path(directory: &Path, id: &ChunkId) -> PathBuf {
    let rendition = id.rendition.to_string();
    directory.join(&rendition[..2]).join(&rendition).join(id.index.to_string())
}

/// Every file under `directory` and its size.
fn files(directory: &Path) -> Vec<(PathBuf, u64)> {
    walkdir::WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Some((entry.path().to_owned(), entry.metadata().ok()?.len())))
        .collect()
}

#[test]
fn a_chunk_can_be_read_while_it_grows_and_is_the_same_when_it_is_done() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    let (id, bytes) = (id(1, 3), bytes_of(&id(1, 3), 100_000));
    let mut making = claim(&store, &id, 100_000);
    assert!(making.so_far().is_empty());
    for (part, until) in bytes.chunks(30_000).zip([30_000, 60_000, 90_000, 100_000]) {
        making.append(part).unwrap();
        assert_eq!(read(&making.so_far()), bytes[..until]);
        assert!(store.get(&id).unwrap().is_none(), "half a chunk is none");
    }
    let while_growing = making.so_far();
    assert_eq!(read(&making.commit().unwrap()), bytes);
    assert_eq!(read(&while_growing), bytes);
    assert_eq!(read(&store.get(&id).unwrap().unwrap()), bytes);
    let mut tail = [0; 10];
    assert_eq!(while_growing.read_at(99_996, &mut tail).unwrap(), 4, "it ends where it ends");
    assert_eq!(tail[..4], bytes[99_996..]);
    assert_eq!(while_growing.read_at(u64::MAX, &mut tail).unwrap(), 0);
}

#[test]
fn a_chunk_in_the_making_is_nobody_elses_in_this_process_or_another() {
    let home = tempfile::tempdir().unwrap();
    // Two stores share no memory, as two processes do not.
    let (here, there) = (open(home.path(), MIB), open(home.path(), MIB));
    let making = claim(&here, &id(1, 0), 10);
    for store in [&here, &there] {
        assert!(matches!(store.claim(&id(1, 0), 10).unwrap(), Claim::Theirs(wait) if wait > Duration::ZERO));
    }
    drop(making);
    assert!(files(home.path()).is_empty(), "what is dropped leaves nothing behind");
    let mut making = claim(&there, &id(1, 0), 10);
    making.append(b"0123456789").unwrap();
    let kept_open = making.commit().unwrap();
    for store in [&here, &there] {
        assert!(matches!(store.claim(&id(1, 0), 10).unwrap(), Claim::Done(stored) if read(&stored) == b"0123456789"));
    }
    // A reader of a finished chunk holds nobody up.
    fs::remove_file(path(home.path(), &id(1, 0))).unwrap();
    drop(claim(&here, &id(1, 0), 10));
    assert_eq!(read(&kept_open), b"0123456789");
}

#[test]
fn more_bytes_than_claimed_are_an_error_and_fewer_are_the_whole_chunk() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    let mut making = claim(&store, &id(1, 1), 10);
    assert!(making.append(&[0; 11]).unwrap_err().to_string().contains("10 bytes were claimed and 11 made"));
    making.append(&[7; 9]).unwrap();
    assert_eq!(read(&making.commit().unwrap()), [7; 9]);
    let again = open(home.path(), MIB);
    assert_eq!(read(&again.get(&id(1, 1)).unwrap().unwrap()), [7; 9]);
}

#[test]
fn what_was_kept_is_there_after_a_restart_in_the_order_of_its_use() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    for index in 1..=5 {
        make(&store, &id(1, index), 1000);
        // Times of files may be as coarse as the system's clock.
        thread::sleep(Duration::from_millis(20));
    }
    assert!(store.get(&id(1, 1)).unwrap().is_some());
    drop(store);
    let store = open(home.path(), 3 * (1000 + HEADER));
    assert_eq!((store.status().chunks, store.status().evicted), (3, 2));
    for (index, there) in [(1, true), (2, false), (3, false), (4, true), (5, true)] {
        assert_eq!(store.has(&id(1, index)), there, "chunk {index}");
        assert_eq!(store.get(&id(1, index)).unwrap().is_some(), there, "chunk {index}");
    }
    assert_eq!(store.status().hits, 3);
}

#[test]
fn a_damaged_file_is_removed_counted_and_made_again() {
    let home = tempfile::tempdir().unwrap();
    let (chunk, length) = (id(7, 2), 70_000);
    let path = |id: &ChunkId| path(home.path(), id);
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 8] = [
        ("a bit of the payload", |path| flip(path, 50_000)),
        ("a bit of the checksum", |path| flip(path, HEADER - 1)),
        ("a bit of the magic", |path| flip(path, 0)),
        ("a bit of the length", |path| flip(path, 50)),
        ("cut off", |path| cut(path, HEADER + 69_999)),
        ("cut off in the header", |path| cut(path, 40)),
        ("empty", |path| cut(path, 0)),
        ("grown", |path| cut(path, HEADER + 70_001)),
    ];
    for (name, damage) in damages {
        drop(make(&open(home.path(), MIB), &chunk, length));
        damage(&path(&chunk));
        let store = open(home.path(), MIB);
        assert!(store.get(&chunk).unwrap().is_none(), "{name}");
        assert_eq!((store.status().damaged, store.status().chunks), (1, 0), "{name}");
        assert!(!path(&chunk).exists(), "{name}");
        make(&store, &chunk, length);
        assert_eq!(read(&store.get(&chunk).unwrap().unwrap()), bytes_of(&chunk, length), "{name}");
        fs::remove_file(path(&chunk)).unwrap();
    }
    // A file of the right shape that is another chunk.
    for other in [id(7, 3), id(8, 2)] {
        make(&open(home.path(), MIB), &other, length);
        fs::create_dir_all(path(&chunk).parent().unwrap()).unwrap();
        fs::copy(path(&other), path(&chunk)).unwrap();
        let store = open(home.path(), MIB);
        assert!(store.get(&chunk).unwrap().is_none());
        assert_eq!(store.status().damaged, 1);
        assert!(store.get(&other).unwrap().is_some());
    }
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

#[test]
fn files_that_are_no_chunks_are_left_alone_and_leftovers_are_swept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    make(&store, &id(1, 1), 100);
    let rendition = path(home.path(), &id(1, 1)).parent().unwrap().to_owned();
    let foreign =
        [home.path().join("README"), rendition.join("01"), rendition.join("notes.part"), rendition.join("-1")];
    for path in &foreign {
        fs::write(path, b"mine").unwrap();
    }
    fs::write(rendition.join("9.part"), b"left by a maker that was killed").unwrap();
    let making = claim(&store, &id(1, 2), 100);
    let fresh = open(home.path(), MIB);
    assert_eq!(fresh.status().chunks, 1);
    assert!(foreign.iter().all(|path| path.exists()));
    assert!(!rendition.join("9.part").exists());
    assert!(rendition.join("2.part").exists(), "its maker is alive");
    drop(making);
    // What a maker left while this process lives is taken over with the claim.
    fs::write(rendition.join("3.part"), b"left by a maker that was killed").unwrap();
    make(&fresh, &id(1, 3), 100);
    assert!(!rendition.join("3.part").exists());
}

#[test]
fn evicting_a_chunk_breaks_nobody_who_reads_it() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 10_000);
    make(&store, &id(1, 1), 6000);
    let reading = store.get(&id(1, 1)).unwrap().unwrap();
    make(&store, &id(1, 2), 6000);
    assert!(!store.has(&id(1, 1)));
    assert_eq!(files(home.path()).len(), 1);
    assert_eq!(read(&reading), bytes_of(&id(1, 1), 6000));
}

#[test]
fn a_chunk_larger_than_the_cap_is_served_and_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 1000);
    make(&store, &id(1, 1), 500);
    let stored = make(&store, &id(1, 2), 2000);
    assert!(files(home.path()).is_empty());
    assert_eq!(read(&stored), bytes_of(&id(1, 2), 2000));
    let status = store.status();
    assert_eq!((status.unkept, status.bytes), (1, 0));
    assert!(status.trouble.unwrap().contains("2088 bytes, and the cache may have 1000"));
    make(&store, &id(1, 3), 500);
    assert_eq!(store.status().trouble, None, "and that is over when a chunk is kept again");
}

#[test]
fn the_cap_holds_while_many_write_at_once() {
    const LIMIT: u64 = 2_000_000;
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), LIMIT);
    let write = |writer: u64| {
        let mut dice = Dice(writer + 1);
        for _ in 0..60 {
            let chunk = id(dice.below(20) as u8, dice.below(6) as u32);
            let length = 50_000 + 7_000 * u64::from(chunk.index);
            let stored = loop {
                match store.claim(&chunk, length).unwrap() {
                    Claim::Done(stored) => break stored,
                    Claim::Mine(making) => break started(making, &chunk, length).commit().unwrap(),
                    Claim::Theirs(_) => thread::sleep(Duration::from_millis(1)),
                }
            };
            assert_eq!(read(&stored), bytes_of(&chunk, length));
        }
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || write(writer))).collect();
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            // A file that is about to be unlinked is seen for a moment: two for each writer at most.
            let bytes = files(home.path()).iter().map(|file| file.1).sum::<u64>();
            assert!(bytes <= LIMIT + 2 * 8 * 90_000, "{bytes} bytes");
            thread::sleep(Duration::from_millis(5));
        }
    });
    let (status, there) = (store.status(), files(home.path()));
    assert!(status.bytes <= LIMIT && status.evicted > 0, "{status:?}");
    assert!(status.pinned <= LIMIT / 4 && status.pinned > 0, "{status:?}");
    assert_eq!(there.iter().map(|file| file.1).sum::<u64>(), status.bytes, "what it knows is what is there");
    assert_eq!(status.unkept, 0);
    assert_eq!(open(home.path(), LIMIT).status().bytes, status.bytes);
}

#[test]
fn a_restart_with_ten_thousand_chunks_takes_less_than_a_second() {
    let home = tempfile::tempdir().unwrap();
    for rendition in 0..500_u32 {
        let mut chunk = id(0, 0);
        chunk.rendition.0[..4].copy_from_slice(&rendition.wrapping_mul(0x9e37_79b9).to_be_bytes());
        fs::create_dir_all(path(home.path(), &chunk).parent().unwrap()).unwrap();
        for index in 0..20 {
            chunk.index = index;
            let mut header = Header::new(&chunk);
            header.update(b"abcd");
            fs::write(path(home.path(), &chunk), [&header.finish()[..], b"abcd"].concat()).unwrap();
        }
    }
    let start = Instant::now();
    let store = open(home.path(), MIB * 10);
    let took = start.elapsed();
    println!("restart with 10,000 chunks: {took:.1?}");
    assert_eq!(store.status().chunks, 10_000);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_directory_that_cannot_be_had_is_named() {
    let error = DiskStore::open(Path::new("/proc/none"), MIB).err().unwrap().to_string();
    assert!(error.starts_with("cannot open the cache directory /proc/none: "), "{error}");
}

/// Runs one of the ignored tests below in a process of its own, `wrapped` in another command if there is one.
fn another(wrapped: &[&str], test: &str, arguments: &[&str]) -> Child {
    let this = env::current_exe().unwrap();
    let mut words = wrapped.iter().copied().chain([this.to_str().unwrap()]);
    Command::new(words.next().unwrap())
        .args(words)
        .args([test, "--exact", "--ignored", "--nocapture", "--quiet"])
        .env("STORE_TEST", arguments.join("\n"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn arguments() -> Vec<String> {
    env::var("STORE_TEST").expect("run by another test of this file").lines().map(str::to_owned).collect()
}

const RENDITIONS: u64 = 6;
const CHUNKS: u64 = 8;

fn filled_length(chunk: &ChunkId) -> u64 {
    20_000 + 10_000 * u64::from(chunk.index)
}

#[test]
#[ignore = "run by a_maker_that_is_killed_leaves_no_wrong_byte"]
fn fill_until_killed() {
    let store = open(Path::new(&arguments()[0]), 800_000);
    let fill = |seed: u64| {
        let mut dice = Dice(seed * 7919 + u64::from(std::process::id()));
        loop {
            let chunk = id(dice.below(RENDITIONS) as u8, dice.below(CHUNKS) as u32);
            if let Claim::Mine(making) = store.claim(&chunk, filled_length(&chunk)).unwrap() {
                started(making, &chunk, filled_length(&chunk)).commit().unwrap();
            }
        }
    };
    thread::scope(|scope| (1..=3).for_each(|seed| drop(scope.spawn(move || fill(seed)))));
}

#[test]
fn a_maker_that_is_killed_leaves_no_wrong_byte() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    let mut dice = Dice(42);
    let (mut checked, mut half_made, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..200 {
        let mut child = another(&[], "fill_until_killed", &[directory]);
        thread::sleep(Duration::from_micros(3_000 + dice.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        half_made += files(home.path()).iter().filter(|file| file.0.extension().is_some()).count();
        let start = Instant::now();
        let store = open(home.path(), 800_000);
        slowest = slowest.max(start.elapsed());
        assert!(files(home.path()).iter().all(|file| file.0.extension().is_none()), "round {round}: half made is left");
        for chunk in
            (0..RENDITIONS).flat_map(|rendition| (0..CHUNKS).map(move |index| id(rendition as u8, index as u32)))
        {
            if let Some(stored) = store.get(&chunk).unwrap() {
                assert_eq!(read(&stored), bytes_of(&chunk, filled_length(&chunk)), "round {round}: {chunk:?}");
                checked += 1;
            }
        }
        let status = store.status();
        assert_eq!(status.damaged, 0, "round {round}");
        assert!(status.bytes <= 800_000, "round {round}: {status:?}");
        // Otherwise there would soon be nothing left to make.
        let rendition = path(home.path(), &id(dice.below(RENDITIONS) as u8, 0));
        let _ = fs::remove_dir_all(rendition.parent().unwrap());
    }
    println!("{checked} chunks checked, {half_made} found half made, the slowest start took {slowest:.1?}");
    assert!(checked > 1000 && half_made > 20, "{checked} chunks checked, {half_made} half made: kill at other moments");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[test]
#[ignore = "run by processes_that_share_a_directory_make_each_chunk_once"]
fn make_all_of_a_rendition() {
    let arguments = arguments();
    let store = open(Path::new(&arguments[0]), 100 * MIB);
    let mut dice = Dice(arguments[1].parse().unwrap());
    let mut missing: Vec<_> = (0..40).collect();
    while !missing.is_empty() {
        let at = dice.below(missing.len() as u64) as usize;
        let chunk = id(9, missing[at]);
        match store.claim(&chunk, 30_000).unwrap() {
            Claim::Theirs(_) => thread::sleep(Duration::from_millis(1)),
            Claim::Done(stored) => {
                assert_eq!(read(&stored), bytes_of(&chunk, 30_000));
                missing.swap_remove(at);
            }
            Claim::Mine(making) => {
                println!("made {}", chunk.index);
                started(making, &chunk, 30_000).commit().unwrap();
            }
        }
    }
}

#[test]
fn processes_that_share_a_directory_make_each_chunk_once() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    let children = ["1", "2", "3", "4"].map(|seed| another(&[], "make_all_of_a_rendition", &[directory, seed]));
    let mut made = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        made.extend(text.lines().filter_map(|line| line.split_once("made ")?.1.parse::<u32>().ok()));
    }
    assert_eq!(made.len(), 40, "{made:?}");
    assert_eq!(made.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

/// The disk takes a megabyte: whoever listens hears every chunk to its end.
#[test]
#[ignore = "run by a_full_disk_is_named_and_the_music_goes_on"]
fn serve_from_a_full_disk() {
    let arguments = arguments();
    let directory = Path::new(&arguments[0]);
    let store = open(&directory.join("cache"), 100 * MIB);
    let length = 1_500_000;
    let mut making = claim(&store, &id(1, 1), length);
    let bytes = bytes_of(&id(1, 1), length);
    let mut readers = Vec::new();
    for part in bytes.chunks(100_000) {
        making.append(part).unwrap();
        readers.push(making.so_far());
    }
    readers.push(making.commit().unwrap());
    for reader in &readers {
        assert_eq!(read(reader), bytes[..usize::try_from(reader.len()).unwrap()], "what was read stays right");
    }
    assert_eq!(readers.last().unwrap().len(), length);
    assert!(files(directory).iter().all(|file| file.0.extension().is_none()), "nothing half made is left");
    let status = store.status();
    let trouble = status.trouble.unwrap();
    assert!(trouble.contains("cannot write the chunk file") && trouble.contains(&arguments[1]), "{trouble}");
    assert_eq!((status.unkept, status.chunks), (1, 0));
    drop(readers);

    // What memory holds is bounded: chunks beyond it are refused by name.
    let mut held = Vec::new();
    let refused = loop {
        let chunk = id(2, held.len() as u32);
        let mut making = claim(&store, &chunk, 16 * MIB);
        match bytes_of(&chunk, 16 * MIB).chunks(MIB as usize).try_for_each(|part| making.append(part)) {
            Ok(()) => held.push(making.commit().unwrap()),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(held.len(), 4);
    assert!(refused.contains("in memory") && refused.contains(&arguments[1]), "{refused}");

    // A chunk that fits is kept as ever.
    make(&store, &id(3, 1), 300_000);
    assert_eq!(store.status().trouble, None);
    assert!(store.has(&id(3, 1)));
    println!("served");
}

#[test]
#[ignore = "run by a_full_disk_is_named_and_the_music_goes_on"]
fn make_room_on_a_full_disk() {
    let directory = PathBuf::from(&arguments()[0]).join("cache");
    let store = open(&directory, 100 * MIB);
    for index in 1..20 {
        make(&store, &id(1, index), 300_000);
    }
    let status = store.status();
    assert!(status.evicted > 10 && status.unkept == 0, "{status:?}");
    assert!(store.has(&id(1, 19)) && !store.has(&id(1, 1)), "older chunks give way");
    println!("served");
}

#[test]
fn a_full_disk_is_named_and_the_music_goes_on() {
    let run = |wrapped: &[&str], test: &str, arguments: &[&str]| {
        let output = another(wrapped, test, arguments).wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("served"), "{out}{err}");
    };
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    // A disk of a megabyte that is gone with the process that mounted it.
    let mount = format!("mount -t tmpfs -o size=1m none '{directory}' && exec \"$@\"");
    let may_mount = |unshare: &&[&str]| {
        let done = Command::new(unshare[0]).args(&unshare[1..]).args(["sh", "-c", &mount, "sh", "true"]).output();
        done.is_ok_and(|output| output.status.success())
    };
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    let Some(unshare) = ways.into_iter().find(may_mount) else {
        eprintln!("NOT TESTED: a full file system: nobody may mount one here (unshare --map-root-user --mount)");
        return;
    };
    let mounted = [unshare, &["sh", "-c", &mount, "sh"]].concat();
    run(&mounted, "serve_from_a_full_disk", &[directory, "make room on this disk"]);
    run(&mounted, "make_room_on_a_full_disk", &[directory]);
}

#[test]
fn what_cannot_go_to_the_disk_at_all_is_served_from_memory() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    // A file where a directory has to be.
    fs::write(home.path().join("01"), b"").unwrap();
    let mut making = claim(&store, &id(1, 1), 1000);
    assert!(matches!(store.claim(&id(1, 1), 1000).unwrap(), Claim::Theirs(_)), "one maker is enough");
    making.append(&bytes_of(&id(1, 1), 1000)).unwrap();
    assert_eq!(read(&making.commit().unwrap()), bytes_of(&id(1, 1), 1000));
    let status = store.status();
    assert_eq!((status.unkept, status.chunks), (1, 0));
    assert!(status.trouble.unwrap().starts_with("cannot make the chunk file "));
    assert!(store.get(&id(1, 1)).unwrap().is_none());
}

#[test]
#[ignore = "figures, not promises: cargo test --release -p enhance-server --test store -- --ignored --nocapture figures"]
fn figures() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 1 << 30);
    let (beginning, whole) = (44_100 * 4, 30 * 44_100 * 4);
    let time = |what: &str, times: u32, run: &mut dyn FnMut(u32)| {
        let timed = |index| {
            let start = Instant::now();
            run(index);
            start.elapsed()
        };
        let mut took: Vec<_> = (0..times).map(timed).collect();
        took.sort_unstable();
        println!("{what}: median {:.1?}, worst {:.1?} of {times}", took[took.len() / 2], took[took.len() - 1]);
    };
    let begin = |index| started(claim(&store, &id(202, index), whole), &id(202, index), whole);
    let mut ready: Vec<_> = (0..50).map(begin).collect();
    time("commit of 30 s", 50, &mut |_| drop(ready.pop().unwrap().commit().unwrap()));
    let bytes = bytes_of(&id(0, 0), whole);
    time("append of 30 s in blocks of 64 KiB", 50, &mut |index| {
        let mut making = claim(&store, &id(200, index), whole);
        bytes.chunks(1 << 16).for_each(|part| making.append(part).unwrap());
    });
    for index in 0..50 {
        make(&store, &id(201, index), beginning);
    }
    let store = open(home.path(), 1 << 30);
    time("first get of 30 s, checked", 50, &mut |index| drop(store.get(&id(202, index)).unwrap().unwrap()));
    time("first get of 1 s, checked", 50, &mut |index| drop(store.get(&id(201, index)).unwrap().unwrap()));
    time("get of a warm chunk", 1000, &mut |index| drop(store.get(&id(201, index % 50)).unwrap().unwrap()));
}
