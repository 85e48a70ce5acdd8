//! Bytes that were read, and are lines or announced bytes.

use crate::provider::fault::Fault;

/// Bytes are moved to the front when so many are read.
const COMPACT: usize = 1 << 16;

/// Bytes that were read and not used yet. It never has more than the longest line and one read.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Where the unused bytes begin.
    start: usize,
    /// How many of the unused bytes have no line end.
    searched: usize,
    longest_line: usize,
}

impl Inbox {
    pub fn new(longest_line: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, searched: 0, longest_line }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if self.start >= COMPACT || self.start == self.bytes.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn unused(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// The number of bytes that are not used.
    pub fn len(&self) -> usize {
        self.unused().len()
    }

    /// The next line without its end; none when it is not there yet.
    pub fn line(&mut self) -> Result<Option<&[u8]>, Fault> {
        let unused = self.unused();
        let end = unused.iter().skip(self.searched).position(|byte| *byte == b'\n').map(|at| at + self.searched);
        let length = end.unwrap_or(unused.len());
        if length > self.longest_line {
            return Err(Fault::LongLine { most: self.longest_line });
        }
        let Some(end) = end else {
            self.searched = length;
            return Ok(None);
        };
        let from = self.start;
        self.start += end + 1;
        self.searched = 0;
        let line = self.bytes.get(from..from + end).unwrap_or_default();
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// So many bytes; none when they are not there yet.
    pub fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        let bytes = self.unused().get(..count)?.to_vec();
        self.start += count;
        self.searched = 0;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_announced_bytes_are_found_however_they_arrive() {
        let stream = b"{\"a\":1}\r\nheader\n\n\n\n\x00next\n";
        for size in 1..stream.len() {
            let mut inbox = Inbox::new(10);
            let mut lines: Vec<Vec<u8>> = Vec::new();
            let mut raw = None;
            for piece in stream.chunks(size) {
                inbox.push(piece);
                loop {
                    if lines.last().is_some_and(|line| line == b"header") && raw.is_none() {
                        raw = inbox.take(4);
                        if raw.is_none() {
                            break;
                        }
                    }
                    let Some(line) = inbox.line().unwrap().map(<[u8]>::to_vec) else { break };
                    lines.push(line);
                }
            }
            assert_eq!(lines, [&b"{\"a\":1}"[..], b"header", b"next"], "{size}");
            assert_eq!((raw, inbox.len()), (Some(b"\n\n\n\0".to_vec()), 0));
        }
    }

    #[test]
    fn a_long_line_is_refused_before_it_has_ended() {
        let mut inbox = Inbox::new(1_000);
        inbox.push(&[b'x'; 1_000]);
        assert_eq!(inbox.line(), Ok(None));
        inbox.push(b"x");
        assert_eq!(inbox.line(), Err(Fault::LongLine { most: 1_000 }));
    }

    #[test]
    fn a_stream_of_lines_needs_little_memory() {
        let mut inbox = Inbox::new(1_000);
        for _ in 0..10_000 {
            inbox.push(&[b'x'; 99]);
            inbox.push(b"\n");
            assert_eq!(inbox.line().unwrap().unwrap().len(), 99);
        }
        assert!(inbox.bytes.capacity() < 4 * COMPACT);
    }
}
