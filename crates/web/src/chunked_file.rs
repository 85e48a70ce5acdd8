//! Files that are sent chunk after chunk while they are made.

use std::future::Future;
use std::ops::Range;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::stream_slots::StreamSlot;

/// The most bytes that are sent at a time.
const BLOCK: u64 = 1 << 16;

/// Reads the chunks of a file. A read of a chunk that is not made yet completes when the chunk has bytes.
pub trait ChunkReader: Send + 'static {
    /// The reason why a chunk cannot be read. The connection is then closed before the announced length is reached.
    type Error: Into<BoxError> + Send + 'static;

    /// The number of chunks.
    fn count(&self) -> usize;

    /// Waits until the chunk has bytes from byte `at` on, and returns at most `most` of them. Returns none at the end of the chunk.
    fn read(&mut self, index: usize, at: u64, most: u64) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// A file that consists of a header and chunks. When the lengths of the chunks are not known, it can only be read from the start.
#[derive(Debug)]
pub struct ChunkedFile {
    /// The bytes before the first chunk.
    pub header: Bytes,
    /// The length of each chunk in bytes, if the lengths are known.
    pub lengths: Option<Vec<u64>>,
}

impl ChunkedFile {
    /// The length of the file in bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        Some(self.header.len() as u64 + self.lengths.as_ref()?.iter().sum::<u64>())
    }

    /// The chunk that contains a byte, and the number of bytes before that chunk.
    fn locate(&self, byte: u64) -> (usize, u64) {
        let mut before = self.header.len() as u64;
        for (index, length) in self.lengths.iter().flatten().enumerate() {
            if byte < before + length {
                return (index, before);
            }
            before += length;
        }
        (self.lengths.as_ref().map_or(0, Vec::len), before)
    }

    /// The chunk that contains a byte. When the lengths are not known, this is 0 for the first byte and `usize::MAX` for all
    /// others.
    pub fn chunk_at(&self, byte: u64) -> usize {
        match &self.lengths {
            Some(_) => self.locate(byte).0,
            None if byte == 0 => 0,
            None => usize::MAX,
        }
    }

    /// A body with the bytes of a range. It holds `slot` until all bytes are sent or the client has gone. The slot counts while the body is
    /// read.
    pub fn body<R: ChunkReader>(self, range: Range<u64>, reader: R, slot: StreamSlot) -> Body {
        let header = self.header.len() as u64;
        let (index, before) = if range.start < header { (0, header) } else { self.locate(range.start) };
        let at = range.start.max(header) - before;
        let state = BodyState { header: self.header, range, reader, index, at };
        slot.hold_for(Body::from_stream(stream::try_unfold(state, BodyState::next)))
    }
}

struct BodyState<R> {
    header: Bytes,
    /// The bytes of the file that are still to be sent.
    range: Range<u64>,
    reader: R,
    /// The chunk that is being sent.
    index: usize,
    /// How many bytes of that chunk have been sent.
    at: u64,
}

impl<R: ChunkReader> BodyState<R> {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, R::Error> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let header = self.header.len() as u64;
        if self.range.start < header {
            let end = self.range.end.min(header);
            let bytes = self.header.slice(self.range.start as usize..end as usize);
            self.range.start = end;
            return Ok(Some((bytes, self)));
        }
        loop {
            if self.index >= self.reader.count() {
                return Ok(None);
            }
            let most = BLOCK.min(self.range.end - self.range.start);
            let bytes = self.reader.read(self.index, self.at, most).await?;
            if bytes.is_empty() {
                self.index += 1;
                self.at = 0;
                continue;
            }
            self.at += bytes.len() as u64;
            self.range.start += bytes.len() as u64;
            return Ok(Some((bytes.into(), self)));
        }
    }
}

#[cfg(test)]
mod tests;
