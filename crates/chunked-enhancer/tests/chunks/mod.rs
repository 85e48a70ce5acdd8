//! Chunks whose bytes everybody knows, for tests of stores.
#![allow(dead_code, reason = "each test file uses its own part")]

use enhance_server::store::{ChunkId, Claim, Making, RenditionKey, Store, Stored};

/// Chunk `index` of one of 256 renditions.
pub fn id(rendition: u8, index: u32) -> ChunkId {
    let mut key = [0x5a; 32];
    key[0] = rendition;
    ChunkId { rendition: RenditionKey(key), index }
}

/// A generator that gives the same numbers every time (xorshift64*, Vigna 2016).
pub struct Dice(pub u64);

impl Dice {
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

/// The payload of a chunk: it follows from its name.
pub fn bytes_of(id: &ChunkId, length: u64) -> Vec<u8> {
    let mut dice = Dice(u64::from(id.rendition.0[0]) << 32 | u64::from(id.index) | 1 << 63);
    let words = std::iter::repeat_with(|| dice.next().to_le_bytes());
    words.flatten().take(usize::try_from(length).unwrap()).collect()
}

pub fn read(stored: &Stored) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(stored.len()).unwrap()];
    assert_eq!(stored.read_at(0, &mut bytes).unwrap(), bytes.len());
    bytes
}

/// All of a chunk's bytes appended.
pub fn started(mut making: Box<dyn Making>, id: &ChunkId, length: u64) -> Box<dyn Making> {
    bytes_of(id, length).chunks(10_000).for_each(|part| making.append(part).unwrap());
    making
}

/// The right to make a chunk that nobody has.
pub fn claim(store: &dyn Store, id: &ChunkId, length: u64) -> Box<dyn Making> {
    match store.claim(id, length).unwrap() {
        Claim::Mine(making) => making,
        Claim::Done(_) => panic!("{id:?} is there already"),
        Claim::Theirs(_) => panic!("{id:?} is somebody else's"),
    }
}

/// Makes a chunk that nobody has.
pub fn make(store: &dyn Store, id: &ChunkId, length: u64) -> Stored {
    started(claim(store, id, length), id, length).commit().unwrap()
}
