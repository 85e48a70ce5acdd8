//! Bytes that are read when they are sent.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Where the bytes of a file are. They must not change as long as an index has the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On disk.
    File(Arc<Path>),
    /// In memory.
    Bytes(Arc<[u8]>),
}

/// A part of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPart {
    /// Where the bytes are.
    pub source: Source,
    /// Which of them, from the beginning of the source.
    pub range: Range<u64>,
}

/// The bytes of a response: parts of sources, one after the other. Nothing is read before they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    parts: Vec<BodyPart>,
}

impl Body {
    /// A part of one source.
    pub fn part(source: Source, range: Range<u64>) -> Self {
        let mut body = Self::default();
        body.push(source, range);
        body
    }

    /// Adds a part at the end. A part without bytes is left out.
    pub fn push(&mut self, source: Source, range: Range<u64>) {
        if range.start < range.end {
            self.parts.push(BodyPart { source, range });
        }
    }

    /// Adds bytes at the end.
    pub fn push_bytes(&mut self, bytes: impl Into<Arc<[u8]>>) {
        let bytes = bytes.into();
        let range = 0..bytes.len() as u64;
        self.push(Source::Bytes(bytes), range);
    }

    /// Adds the parts of another body at the end.
    pub fn append(&mut self, other: Self) {
        self.parts.extend(other.parts);
    }

    /// The parts, for a server that sends files in its own way.
    pub fn parts(&self) -> &[BodyPart] {
        &self.parts
    }

    /// The length in bytes.
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.range.end - part.range.start).sum()
    }

    /// The bytes in a range of the body, for an HTTP range request. What is after the end is left out.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut slice = Self::default();
        let mut position = 0;
        for part in &self.parts {
            let end = position + (part.range.end - part.range.start);
            let (from, to) = (range.start.max(position), range.end.min(end));
            if from < to {
                let start = part.range.start + (from - position);
                slice.push(part.source.clone(), start..start + (to - from));
            }
            position = end;
        }
        slice
    }

    /// Reads the parts and writes them. It blocks, and keeps at most 8 KiB of a file in memory.
    ///
    /// # Errors
    /// Those of the system. [`io::ErrorKind::UnexpectedEof`] when a file has become shorter.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        for BodyPart { source, range } in &self.parts {
            let length = range.end - range.start;
            let written = match source {
                Source::File(path) => {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(range.start))?;
                    io::copy(&mut file.take(length), writer)?
                }
                Source::Bytes(bytes) => {
                    let place = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                    let bytes = place.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                    writer.write_all(bytes)?;
                    bytes.len() as u64
                }
            };
            if written < length {
                let name = match source {
                    Source::File(path) => path.display().to_string(),
                    Source::Bytes(_) => "a source in memory".to_owned(),
                };
                let problem = format!("{name} has {} bytes less than when it was published", length - written);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, problem));
            }
        }
        Ok(())
    }

    /// Reads all bytes.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }
}
