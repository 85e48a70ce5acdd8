//! Chunks whose bytes are determined by their names, for tests of stores.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crowd_store::{ChunkBytes, ChunkId, ChunkKind, ChunkWriter, Claim, DiskStore, Pinning, Store, StoreKey};

/// The kind of the chunks in these tests, which is that of enhance-server.
pub const KIND: ChunkKind = ChunkKind { magic: *b"crowdchk", version: 1, pinning: Pinning::FIRST_CHUNKS };

pub const MIB: u64 = 1 << 20;

pub fn open(directory: &Path, limit: u64) -> DiskStore {
    DiskStore::open(directory, limit, KIND).unwrap()
}

/// The path of a chunk's file.
pub fn path(directory: &Path, id: &ChunkId) -> PathBuf {
    let key = id.key.to_string();
    directory.join(&key[..2]).join(&key).join(id.index.to_string())
}

/// Every file under `directory` and its size.
pub fn files(directory: &Path) -> Vec<(PathBuf, u64)> {
    walkdir::WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Some((entry.path().to_owned(), entry.metadata().ok()?.len())))
        .collect()
}

/// Runs one of the ignored tests of this program in another process, through the command `wrapper` if it is not empty.
pub fn spawn_test(wrapper: &[&str], test: &str, arguments: &[&str]) -> Child {
    let this = std::env::current_exe().unwrap();
    let mut words = wrapper.iter().copied().chain([this.to_str().unwrap()]);
    Command::new(words.next().unwrap())
        .args(words)
        .args([test, "--exact", "--ignored", "--nocapture", "--quiet"])
        .env("STORE_TEST", arguments.join("\n"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The arguments of [`spawn_test`].
pub fn arguments() -> Vec<String> {
    std::env::var("STORE_TEST").expect("run by another test of this file").lines().map(str::to_owned).collect()
}

/// Chunk `index` of one of 256 keys.
pub fn id(first: u8, index: u32) -> ChunkId {
    let mut key = [0x5a; 32];
    key[0] = first;
    ChunkId { key: StoreKey(key), index }
}

/// A random number generator that returns the same numbers every time (xorshift64*, Vigna 2016).
pub struct TestRng(pub u64);

impl TestRng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The payload of a chunk, which is determined by its name.
pub fn bytes_of(id: &ChunkId, length: u64) -> Vec<u8> {
    let mut rng = TestRng(u64::from(id.key.0[0]) << 32 | u64::from(id.index) | 1 << 63);
    let words = std::iter::repeat_with(|| rng.next().to_le_bytes());
    words.flatten().take(usize::try_from(length).unwrap()).collect()
}

pub fn read(stored: &ChunkBytes) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(stored.len()).unwrap()];
    assert_eq!(stored.read_at(0, &mut bytes).unwrap(), bytes.len());
    bytes
}

/// Appends all bytes of a chunk.
pub fn append_all(mut writer: Box<dyn ChunkWriter>, id: &ChunkId, length: u64) -> Box<dyn ChunkWriter> {
    bytes_of(id, length).chunks(10_000).for_each(|block| writer.append(block).unwrap());
    writer
}

/// The writer of a chunk that does not exist yet.
pub fn claim(store: &dyn Store, id: &ChunkId, length: u64) -> Box<dyn ChunkWriter> {
    match store.claim(id, length).unwrap() {
        Claim::Granted(writer) => writer,
        Claim::Available(_) => panic!("{id:?} exists already"),
        Claim::HeldElsewhere(_) => panic!("{id:?} is being made elsewhere"),
    }
}

/// Makes a chunk that does not exist yet.
pub fn make(store: &dyn Store, id: &ChunkId, length: u64) -> ChunkBytes {
    append_all(claim(store, id, length), id, length).commit().unwrap()
}
