//! Finds the samples of a CAF file (Apple, Core Audio Format Specification) that the demuxer would refuse. Such a file has a chunk that
//! is larger than the file, or damage after the samples.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mpeg_frames::ReadAt;

/// The largest number of chunks that are read.
const MAX_CHUNKS: usize = 10_000;
/// A data chunk is corrected only if it begins before this byte, because all bytes before it are read into memory.
const MAX_HEADER: u64 = 64 << 20;
/// Bytes of a chunk's type and size, and of the edit count that the data chunk begins with.
const HEADER: u64 = 12;
const EDIT_COUNT: u64 = 4;

/// The layout of a CAF file.
pub(super) struct CafLayout {
    /// The bytes of the file before its samples, with the real size of the data chunk.
    pub head: Vec<u8>,
    /// The bytes of the samples.
    pub body: Range<u64>,
    /// The number of bytes of samples that are included in the chunk's size and missing in the file.
    pub missing: u64,
}

/// Finds the data chunk. `None` if there is none, and also if its size was not written, because the demuxer handles this case.
pub(super) fn find(input: &Input) -> io::Result<Option<CafLayout>> {
    let mut at = 8;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, size @ ..]) = input.array::<12>(at)? else { break };
        let start = at + HEADER;
        // A size of -1 means that the chunk extends to the end of the file.
        let Ok(size) = u64::try_from(i64::from_be_bytes(size)) else { break };
        if &[a, b, c, d] == b"data" {
            let left = input.len.saturating_sub(start);
            if size.min(left) <= EDIT_COUNT || start > MAX_HEADER {
                break;
            }
            let held = size.min(left);
            let mut head = input.bytes(0..start + EDIT_COUNT)?;
            let field = (at + 4) as usize;
            if let Some(slot) = head.get_mut(field..field + 8) {
                slot.copy_from_slice(&held.to_be_bytes());
            }
            return Ok(Some(CafLayout { head, body: start + EDIT_COUNT..start + held, missing: size - held }));
        }
        let Some(next) = start.checked_add(size) else { break };
        at = next;
    }
    Ok(None)
}
