//! The bytes of a file as the decoder sees them.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::MediaSource;

use super::mp4;
use crate::Error;

/// Reads are handed on in pieces this small, so that the reported position is near the trouble.
const PIECE: usize = 4096;
/// More chunks than any sound file has.
const MAX_CHUNKS: usize = 10_000;

/// A file, with a few header bytes replaced and its end possibly moved forward, that tells how far it was read.
///
/// The replacements let a reader of plain RIFF read the rest of the family: RF64 and BW64 (EBU Tech 3306, ITU-R
/// BS.2088) differ from RIFF only in keeping their sizes in a `ds64` chunk, and recorders that crashed leave RIFF
/// files with a wrong total size.
pub(super) struct Source {
    file: BufReader<Box<dyn Bytes>>,
    at: u64,
    end: u64,
    patches: Vec<(u64, [u8; 4])>,
    position: Arc<AtomicU64>,
}

/// What bytes can come from.
pub(super) trait Bytes: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Bytes for T {}

/// What was learnt about the file before the decoder saw it.
pub(super) struct Opened {
    pub source: Source,
    /// Where reading has come to, bytes.
    pub position: Arc<AtomicU64>,
    /// Size of the file, bytes.
    pub len: u64,
    /// Size of an RF64 data chunk, bytes.
    pub rf64_data: Option<u64>,
    /// Edit lists of MP4 tracks.
    pub edits: Vec<mp4::Edit>,
}

impl Source {
    pub fn open(path: &Path) -> Result<Opened, Error> {
        // A pipe or device could block for ever, and nothing here can be read twice from one.
        let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
        if !meta.is_file() {
            return Err(Error::Invalid {
                what: "the input path",
                value: path.display().to_string(),
                way_out: "name a regular file (not a directory, pipe or device)",
            });
        }
        let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
        Self::over(path, Box::new(file))
    }

    /// Looks at the first bytes of `file`, which is named `path` in errors.
    pub fn over(path: &Path, file: Box<dyn Bytes>) -> Result<Opened, Error> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let len = file.seek(SeekFrom::End(0)).map_err(|e| Error::io(path, "read", e))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| Error::io(path, "read", e))?;
        let mut head = Vec::new();
        file.by_ref().take(12).read_to_end(&mut head).map_err(|e| Error::io(path, "read", e))?;

        let mut patches = Vec::new();
        let (mut end, mut rf64_data, mut edits) = (len, None, Vec::new());
        match (head.get(..4), head.get(4..8), head.get(8..12)) {
            (Some(b"RIFF"), _, Some(b"WAVE")) => patches.push((4, [0xff; 4])),
            (Some(b"RF64" | b"BW64"), _, Some(b"WAVE")) => {
                let found = find_rf64_data(&mut file, len).map_err(|e| Error::io(path, "read", e))?;
                let Some((start, bytes)) = found else {
                    return Err(Error::Malformed {
                        path: path.to_owned(),
                        offset: Some(12),
                        cause: "this RF64 file lacks its ds64 or data chunk".into(),
                    });
                };
                patches.extend([(0, *b"RIFF"), (4, [0xff; 4]), (start - 4, [0xff; 4])]);
                end = len.min(start.saturating_add(bytes));
                rf64_data = Some(bytes);
            }
            (_, Some(b"ftyp"), _) => edits = mp4::edits(&mut file, len).map_err(|e| Error::io(path, "read", e))?,
            _ => {}
        }
        file.seek(SeekFrom::Start(0)).map_err(|e| Error::io(path, "read", e))?;
        let position = Arc::new(AtomicU64::new(0));
        let source = Self { file, at: 0, end, patches, position: position.clone() };
        Ok(Opened { source, position, len, rf64_data, edits })
    }
}

/// Start and true size of the data chunk.
fn find_rf64_data(file: &mut (impl Read + Seek), len: u64) -> io::Result<Option<(u64, u64)>> {
    let mut at = 12;
    let mut ds64 = None;
    for _ in 0..MAX_CHUNKS {
        if at + 8 > len {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let (id, size) = (array::<4>(file)?, u32::from_le_bytes(array(file)?));
        match (&id, ds64) {
            (b"ds64", _) if at + 8 + 24 <= len => {
                file.seek(SeekFrom::Current(8))?;
                ds64 = Some(u64::from_le_bytes(array(file)?));
            }
            (b"data", Some(bytes)) => {
                return Ok(Some((at + 8, if size == u32::MAX { bytes } else { u64::from(size) })));
            }
            _ => {}
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
    Ok(None)
}

pub(super) fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let want = out.len().min(PIECE).min(usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(PIECE));
        let Some(out) = out.get_mut(..want) else { return Ok(0) };
        let got = self.file.read(out)?;
        for (start, patch) in &self.patches {
            for (at, &new) in (*start..).zip(patch) {
                let here = at.checked_sub(self.at).and_then(|i| usize::try_from(i).ok()).filter(|&i| i < got);
                if let Some(byte) = here.and_then(|i| out.get_mut(i)) {
                    *byte = new;
                }
            }
        }
        self.at += got as u64;
        self.position.store(self.at, Ordering::Relaxed);
        Ok(got)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let target = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek outside the file"))?;
        self.at = self.file.seek(SeekFrom::Start(target))?;
        Ok(self.at)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end)
    }
}
