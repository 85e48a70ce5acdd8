use std::io;

use axum::body::to_bytes;

use super::*;
use crate::stream_slots::StreamSlots;

fn client() -> crate::Client {
    std::net::IpAddr::from([127, 0, 0, 1]).into()
}

/// Three chunks. Each byte follows from its position. The chunk `broken` cannot be read.
struct Numbers {
    broken: Option<usize>,
}

impl ChunkReader for Numbers {
    type Error = io::Error;

    fn count(&self) -> usize {
        3
    }

    async fn read(&mut self, index: usize, at: u64, most: u64) -> io::Result<Vec<u8>> {
        if self.broken == Some(index) {
            return Err(io::Error::other("broken"));
        }
        let length = [10_u64, 0, 100_000][index];
        // Reads of a chunk that is being made are short.
        let end = length.min(at + most.min(30_000)).max(at.min(length));
        Ok((at..end).map(|byte| (byte % 251) as u8 ^ index as u8).collect())
    }
}

fn file(lengths: Option<Vec<u64>>) -> ChunkedFile {
    ChunkedFile { header: Bytes::from_static(b"head"), lengths }
}

async fn read(file: ChunkedFile, range: Range<u64>, broken: Option<usize>) -> Result<Vec<u8>, axum::Error> {
    let slot = StreamSlots::new("streams", 1).take(client()).unwrap();
    let body = file.body(range, Numbers { broken }, slot);
    to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec())
}

#[tokio::test]
async fn any_range_has_the_bytes_of_the_whole_file() {
    let known = || file(Some(vec![10, 0, 100_000]));
    let length = known().length().unwrap();
    assert_eq!(length, 4 + 10 + 100_000);
    let whole = read(known(), 0..length, None).await.unwrap();
    assert_eq!((whole.len() as u64, &whole[..4]), (length, &b"head"[..]));
    for (from, to) in [(0, 1), (3, 5), (4, 14), (13, 15), (14, 14), (100_000, length), (2, length)] {
        let bytes = read(known(), from..to, None).await.unwrap();
        assert_eq!(bytes, whole[from as usize..to as usize], "{from}..{to}");
    }
    assert_eq!([0, 4, 13, 14, length - 1].map(|byte| known().chunk_at(byte)), [0, 0, 0, 2, 2]);
    // Without lengths the file is read from its beginning to its end.
    assert_eq!(file(None).length(), None);
    assert_eq!(read(file(None), 0..u64::MAX, None).await.unwrap(), whole);
}

#[tokio::test]
async fn a_chunk_that_cannot_be_read_ends_the_body_with_an_error() {
    assert!(read(file(None), 0..u64::MAX, Some(2)).await.is_err());
    assert!(
        read(file(Some(vec![10, 0, 100_000])), 0..10, Some(2)).await.is_ok(),
        "the broken chunk is not needed here"
    );
}

#[tokio::test]
async fn a_slot_is_held_until_the_body_is_sent_or_dropped() {
    let slots = StreamSlots::new("streams", 1);
    let body = file(None).body(0..u64::MAX, Numbers { broken: None }, slots.take(client()).unwrap());
    assert_eq!(slots.taken(), 1);
    drop(body);
    assert_eq!(slots.taken(), 0);
}
