//! The bytes of a stream that cannot seek.

use std::io::{self, Read};

/// The most bytes of one read. A read returns what has arrived, so a slow stream is never waited for longer than needed.
const READ: usize = 16 << 10;

/// The bytes of a stream from its present position on, as far as they were needed.
pub(super) struct StreamBytes {
    source: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// The number of bytes at the start of `bytes` that are no longer needed.
    consumed: usize,
    ended: bool,
}

impl StreamBytes {
    pub fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, bytes: Vec::new(), consumed: 0, ended: false }
    }

    /// The bytes that were read and are not consumed.
    pub fn get(&self) -> &[u8] {
        self.bytes.get(self.consumed..).unwrap_or_default()
    }

    /// Reads until at least this number of bytes is there. Returns false if the stream ends earlier.
    pub fn fill(&mut self, count: usize) -> io::Result<bool> {
        while self.get().len() < count && !self.ended {
            self.bytes.drain(..std::mem::take(&mut self.consumed));
            let length = self.bytes.len();
            self.bytes.resize(length + READ, 0);
            let result = self.source.read(self.bytes.get_mut(length..).unwrap_or_default());
            self.bytes.truncate(length + *result.as_ref().unwrap_or(&0));
            match result {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.get().len() >= count)
    }

    /// Drops bytes that were read.
    pub fn consume(&mut self, count: usize) {
        self.consumed = (self.consumed + count).min(self.bytes.len());
    }

    /// Drops bytes, read or not, without holding them. Returns false if the stream ends earlier.
    pub fn skip(&mut self, mut count: u64) -> io::Result<bool> {
        while count > 0 {
            if !self.fill(1)? {
                return Ok(false);
            }
            let step = usize::try_from(count).unwrap_or(usize::MAX).min(self.get().len());
            self.consume(step);
            count -= step as u64;
        }
        Ok(true)
    }

    /// Takes bytes that were read.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.get().get(..count).unwrap_or_default().to_vec();
        self.consume(count);
        bytes
    }
}
