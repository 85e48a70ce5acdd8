//! The logical streams of an Ogg file (RFC 3533). A chained file, as radio stations and recorders write it, has several in a row.
//!
//! The crate `ogg` reads packets and does not give the bytes at which a stream begins and ends, which are needed here.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mpeg_frames::ReadAt;
use crate::ogg_checksum::OGG;

/// Bytes at the start of a stream in which the demuxer needs all pages to be intact.
const START: u64 = 4 * 65_307;
/// Bytes of a page header before its segment table.
const HEADER: usize = 27;
/// After a damaged page, the next page is searched for in this number of bytes: two of the largest pages.
const MAX_SEARCH: u64 = 2 * 65_307;

/// The pages from the first one of a stream to the first one of the next stream, or the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OggStream {
    pub bytes: Range<u64>,
    /// Its first pages without damaged ones, if any of them is damaged; `bytes` follows them then. Later damaged pages are left out by
    /// the demuxer.
    pub head: Vec<u8>,
    /// Whether the last page is marked as the last. If it is not, the stream was cut off, or it was recorded from a longer stream.
    pub is_ended: bool,
    /// The number of bytes between its pages that belong to no page, and the first of them.
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

/// Finds the streams of a file that begins with a page.
pub(super) fn find(input: &Input) -> io::Result<Vec<OggStream>> {
    let mut found: Vec<OggStream> = Vec::new();
    let (mut at, mut lost) = (0, None);
    // The first pages of multiplexed streams come in a row.
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

/// Leaves out the pages at the start of a stream whose checksum is wrong.
fn leave_out_damaged(input: &Input, stream: &mut OggStream) -> io::Result<()> {
    let (mut at, mut head) = (stream.bytes.start, Vec::new());
    let mut resume = None;
    while at < stream.bytes.end.min(stream.bytes.start + START) {
        let bytes = page(input, at)?.map_or(1, |page| page.bytes);
        let whole = input.bytes(at..at + bytes)?;
        at += bytes;
        if bytes > 1 && is_intact(&whole) {
            head.extend_from_slice(&whole);
        } else {
            resume = Some((at, head.len()));
        }
    }
    if let Some((at, length)) = resume {
        head.truncate(length);
        stream.junk.0 += at - stream.bytes.start - length as u64;
        stream.junk.1 = if stream.junk.1 == 0 { stream.bytes.start + length as u64 } else { stream.junk.1 };
        (stream.head, stream.bytes.start) = (head, at);
    }
    Ok(())
}

/// Whether the checksum of a page is right.
fn is_intact(page: &[u8]) -> bool {
    let Some(stored) = page.get(22..26) else { return false };
    let mut digest = OGG.digest();
    digest.update(page.get(..22).unwrap_or_default());
    digest.update(&[0; 4]);
    digest.update(page.get(26..).unwrap_or_default());
    digest.finalize().to_le_bytes() == *stored
}
