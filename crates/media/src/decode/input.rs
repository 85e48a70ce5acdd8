//! The bytes of a file, and the ranges of them that demuxers read.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

use crate::mpeg_frames::ReadAt;
use crate::{Error, ErrorKind, FileVersion};

/// The largest number of bytes per read, so that the reported position is near the damage.
const MOST_READ: usize = 4096;

/// A reader that can seek.
pub(super) trait ReadSeek: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> ReadSeek for T {}

/// An open file, which its streams share.
#[derive(Clone)]
pub(super) struct Input {
    file: Arc<Mutex<PositionedFile>>,
    /// Size of the file, bytes.
    pub len: u64,
    /// The version of the file, if it is settled.
    pub id: Option<FileVersion>,
}

struct PositionedFile {
    file: BufReader<Box<dyn ReadSeek>>,
    at: u64,
}

impl Input {
    pub fn open(path: &Path) -> Result<Self, Error> {
        // A pipe or device could block for ever, and its bytes cannot be read twice.
        let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
        if !meta.is_file() {
            let advice = "name a regular file (not a directory, pipe or device)";
            let error = Error::refusal(ErrorKind::NotAFile, "the input path", path.display().to_string(), advice);
            return Err(error.with_path(path));
        }
        let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
        let id = FileVersion::of(&file).ok().and_then(FileVersion::if_settled);
        Ok(Self::over(path, Box::new(file))?.known_as(id))
    }

    /// Marks the input as the bytes of a file of this version.
    pub fn known_as(self, id: Option<FileVersion>) -> Self {
        Self { id, ..self }
    }

    /// An input that reads `file`; errors name it `path`.
    pub fn over(path: &Path, file: Box<dyn ReadSeek>) -> Result<Self, Error> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let len = file.seek(SeekFrom::End(0)).map_err(|e| Error::io(path, "read", e))?;
        Ok(Self { file: Arc::new(Mutex::new(PositionedFile { file, at: len })), len, id: None })
    }

    /// The bytes of a range, fewer where the file ends.
    pub fn bytes(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let end = range.end.min(self.len);
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(range.start)).unwrap_or(0)];
        let got = self.read_at(range.start, &mut bytes)?;
        bytes.truncate(got);
        Ok(bytes)
    }

    fn read_some(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut shared = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.at != at {
            match i64::try_from(at).ok().zip(i64::try_from(shared.at).ok()) {
                Some((to, from)) => shared.file.seek_relative(to - from)?,
                None => return Err(io::ErrorKind::InvalidInput.into()),
            }
            shared.at = at;
        }
        let got = shared.file.read(out)?;
        shared.at += got as u64;
        Ok(got)
    }
}

impl ReadAt for Input {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut got = 0;
        while let Some(rest) = out.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.read_some(at + got as u64, rest)? {
                0 => break,
                n => got += n,
            }
        }
        Ok(got)
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// A range of a file after a header of its own. It reports how far it was read.
pub(super) struct StreamInput {
    input: Input,
    /// The header.
    head: Arc<[u8]>,
    body: Range<u64>,
    at: u64,
    position: Arc<AtomicU64>,
}

impl StreamInput {
    /// `position` is set to the byte up to which the file was read.
    pub fn new(input: Input, head: Arc<[u8]>, body: Range<u64>, position: Arc<AtomicU64>) -> Self {
        position.store(body.start, Ordering::Relaxed);
        Self { input, head, body, at: 0, position }
    }

    fn end(&self) -> u64 {
        self.head.len() as u64 + (self.body.end - self.body.start)
    }
}

impl Read for StreamInput {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let head = usize::try_from(self.at).ok().and_then(|at| self.head.get(at..)).unwrap_or_default();
        let left = if head.is_empty() { self.end().saturating_sub(self.at) } else { head.len() as u64 };
        let want = out.len().min(MOST_READ).min(usize::try_from(left).unwrap_or(MOST_READ));
        let Some(out) = out.get_mut(..want) else { return Ok(0) };
        let got = if head.is_empty() {
            let at = self.body.start + (self.at - self.head.len() as u64);
            let got = self.input.read_some(at, out)?;
            self.position.store(at + got as u64, Ordering::Relaxed);
            got
        } else {
            out.copy_from_slice(head.get(..want).unwrap_or_default());
            want
        };
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for StreamInput {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end().checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek outside the file"))?;
        Ok(self.at)
    }
}

impl MediaSource for StreamInput {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end())
    }
}
