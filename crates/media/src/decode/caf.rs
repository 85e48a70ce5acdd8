//! Where the sound of a CAF file lies (Apple, Core Audio Format Specification): the demuxer refuses a chunk that is larger than the
//! file, and a file in which what stands behind the sound is damaged.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mpeg_frames::ReadAt;

/// More chunks than any sound file has.
const MAX_CHUNKS: usize = 10_000;
/// A data chunk further from the start than this, bytes, is left as it is: what stands before it is held in memory.
const MAX_HEADER: u64 = 64 << 20;
/// Bytes of a chunk's type and size, and of the edit count that the data chunk begins with.
const HEADER: u64 = 12;
const EDIT_COUNT: u64 = 4;

/// Where the data chunk is.
pub(super) struct CafLayout {
    /// The file up to its sound, with the size that the chunk has in truth.
    pub head: Vec<u8>,
    /// The sound.
    pub body: Range<u64>,
    /// Bytes of sound that the chunk promises and the file does not have.
    pub missing: u64,
}

/// Looks for the data chunk; of one whose size was never written nothing needs to be known.
pub(super) fn find(input: &Input) -> io::Result<Option<CafLayout>> {
    let mut at = 8;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, size @ ..]) = input.array::<12>(at)? else { break };
        let start = at + HEADER;
        // A size of -1 stands for all up to the end.
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
