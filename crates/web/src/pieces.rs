//! Files that are sent while they are made, piece after piece.

use std::future::Future;
use std::ops::Range;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::places::Place;

/// Bytes sent at a time.
const BLOCK: u64 = 1 << 16;

/// The pieces of a file, which wait to be made while they are read.
pub trait Pieces: Send + 'static {
    /// Why a piece cannot be had. The connection is closed before the told length is reached.
    type Error: Into<BoxError> + Send + 'static;

    /// How many there are.
    fn count(&self) -> usize;

    /// The next bytes of a piece from `at` on, as soon as there are any, `most` of them at most; none at its end.
    fn read(&mut self, index: usize, at: u64, most: u64) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// A file of pieces behind a header. Where the pieces' lengths are not known it can only be read from the start.
#[derive(Debug)]
pub struct PiecedFile {
    /// The bytes before the first piece.
    pub header: Bytes,
    /// Bytes of each piece, where they are known.
    pub lengths: Option<Vec<u64>>,
}

impl PiecedFile {
    /// Its length in bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        Some(self.header.len() as u64 + self.lengths.as_ref()?.iter().sum::<u64>())
    }

    /// The piece a byte lies in, and the bytes before that piece.
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

    /// The piece a byte lies in. Where lengths are not known, that is told of the first byte only.
    pub fn piece_at(&self, byte: u64) -> usize {
        match &self.lengths {
            Some(_) => self.locate(byte).0,
            None if byte == 0 => 0,
            None => usize::MAX,
        }
    }

    /// The bytes of a range as they come. `place` is kept until they are sent or the client is gone, and counts while
    /// they are asked for.
    pub fn read<P: Pieces>(self, range: Range<u64>, pieces: P, place: Place) -> Body {
        let header = self.header.len() as u64;
        let (index, before) = if range.start < header { (0, header) } else { self.locate(range.start) };
        let at = range.start.max(header) - before;
        let reading = Reading { header: self.header, range, pieces, index, at };
        place.around(Body::from_stream(stream::try_unfold(reading, Reading::step)))
    }
}

struct Reading<P> {
    header: Bytes,
    /// Bytes of the file that are still to be sent.
    range: Range<u64>,
    pieces: P,
    /// The piece that is being sent, and how much of it has been.
    index: usize,
    at: u64,
}

impl<P: Pieces> Reading<P> {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, P::Error> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let header = self.header.len() as u64;
        if self.range.start < header {
            let until = self.range.end.min(header);
            let bytes = self.header.slice(self.range.start as usize..until as usize);
            self.range.start = until;
            return Ok(Some((bytes, self)));
        }
        loop {
            if self.index >= self.pieces.count() {
                return Ok(None);
            }
            let most = BLOCK.min(self.range.end - self.range.start);
            let bytes = self.pieces.read(self.index, self.at, most).await?;
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
