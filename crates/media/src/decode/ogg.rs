//! The logical streams of an Ogg file, page by page (RFC 3533): several one behind the other are a chained file, as stations
//! and recorders write them.
//!
//! The crate `ogg` reads packets and does not say where in the file a stream begins and ends, which is what is asked here.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mpeg_frames::ReadAt;
use crate::ogg_checksum::OGG;

/// Bytes at the start of a stream whose pages have to be sound for the demuxer to begin.
const START: u64 = 4 * 65_307;
/// Bytes of a page header before its table of segments.
const HEADER: usize = 27;
/// Bytes in which the next page is looked for behind a damaged one: two of the largest pages.
const MAX_SEARCH: u64 = 2 * 65_307;

/// What lies between the first page of a stream and the first page of the next, or the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OggStream {
    pub bytes: Range<u64>,
    /// Its first pages, where one of them is damaged and left out: stands before `bytes` then. Behind its first pages the
    /// demuxer leaves out such pages itself.
    pub head: Vec<u8>,
    /// Whether its last page says so: else it was cut off, or is a recording of a stream that went on.
    pub is_ended: bool,
    /// Bytes between its pages that belong to none, and where the first of them stand.
    pub junk: (u64, u64),
}

struct Page {
    first: bool,
    last: bool,
    bytes: u64,
}

fn page(input: &Input, at: u64) -> io::Result<Option<Page>> {
    let mut head = [0; HEADER + 255];
    let got = input.read_at(at, &mut head)?;
    let (Some([b'O', b'g', b'g', b'S', 0, flags, ..]), Some(&count)) = (head.get(..6), head.get(HEADER - 1)) else {
        return Ok(None);
    };
    let Some(table) = head.get(HEADER..HEADER + usize::from(count)).filter(|_| got >= HEADER + usize::from(count))
    else {
        return Ok(None);
    };
    let body: u64 = table.iter().map(|&n| u64::from(n)).sum();
    let bytes = (HEADER + usize::from(count)) as u64 + body;
    Ok((at + bytes <= input.len).then_some(Page { first: flags & 2 != 0, last: flags & 4 != 0, bytes }))
}

/// The streams of a file that begins with a page.
pub(super) fn find(input: &Input) -> io::Result<Vec<OggStream>> {
    let mut found: Vec<OggStream> = Vec::new();
    let (mut at, mut lost) = (0, None);
    // Streams that run side by side begin with their first pages in a row.
    let mut among_first = false;
    while at < input.len {
        let Some(Page { first, last, bytes }) = page(input, at)? else {
            lost.get_or_insert(at);
            let bytes = input.bytes(at + 1..at + 1 + MAX_SEARCH)?;
            let Some(next) = bytes.windows(4).position(|four| four == b"OggS") else { break };
            at += 1 + next as u64;
            continue;
        };
        if first && !among_first {
            found.push(OggStream { bytes: at..at, head: Vec::new(), is_ended: false, junk: (0, 0) });
        }
        among_first = first;
        if let Some(stream) = found.last_mut() {
            if let Some(from) = lost.take() {
                stream.junk.0 += at - from;
                stream.junk.1 = if stream.junk.1 == 0 { from } else { stream.junk.1 };
            }
            stream.is_ended |= last;
            stream.bytes.end = at + bytes;
        }
        lost = None;
        at += bytes;
    }
    if let (Some(stream), Some(from)) = (found.last_mut(), lost) {
        stream.junk = (stream.junk.0 + input.len - from, if stream.junk.1 == 0 { from } else { stream.junk.1 });
    }
    for stream in &mut found {
        leave_out_damaged(input, stream)?;
    }
    Ok(found)
}

/// Leaves out what of a stream's first pages fails its checksum.
fn leave_out_damaged(input: &Input, stream: &mut OggStream) -> io::Result<()> {
    let (mut at, mut head) = (stream.bytes.start, Vec::new());
    let mut behind = None;
    while at < stream.bytes.end.min(stream.bytes.start + START) {
        let bytes = page(input, at)?.map_or(1, |page| page.bytes);
        let whole = input.bytes(at..at + bytes)?;
        at += bytes;
        if bytes > 1 && is_sound(&whole) {
            head.extend_from_slice(&whole);
        } else {
            behind = Some((at, head.len()));
        }
    }
    if let Some((at, length)) = behind {
        head.truncate(length);
        stream.junk.0 += at - stream.bytes.start - length as u64;
        stream.junk.1 = if stream.junk.1 == 0 { stream.bytes.start + length as u64 } else { stream.junk.1 };
        (stream.head, stream.bytes.start) = (head, at);
    }
    Ok(())
}

/// Whether a page has the checksum that stands in it.
fn is_sound(page: &[u8]) -> bool {
    let Some(told) = page.get(22..26) else { return false };
    let mut digest = OGG.digest();
    digest.update(page.get(..22).unwrap_or_default());
    digest.update(&[0; 4]);
    digest.update(page.get(26..).unwrap_or_default());
    digest.finalize().to_le_bytes() == *told
}
