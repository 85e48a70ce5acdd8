//! Pages of an Ogg stream (RFC 3533) whose packets all have one length.
//!
//! The crate `ogg` writes pages in order; here each page is made on its own, from its number.

use crate::ogg_checksum::OGG;

/// The largest number of entries of the table of lengths in a page, each for 255 bytes or the rest of a packet.
const ENTRIES: usize = 255;
/// Bytes before that table.
const HEADER: usize = 27;

/// The header of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub serial: u32,
    pub number: u32,
    /// The granule position: frames decoded at the end of the page.
    pub granule: u64,
    /// Whether it is the first or the last page of the stream.
    pub first: bool,
    pub last: bool,
}

impl Page {
    /// Bytes of a page of `packets` packets of `bytes` bytes.
    pub fn bytes(packets: usize, bytes: usize) -> usize {
        HEADER + packets * (bytes / 255 + 1 + bytes)
    }

    /// Appends the page with the body `body`: whole packets of `bytes` bytes.
    pub fn write(&self, body: &[u8], bytes: usize, out: &mut Vec<u8>) {
        let lengths: Vec<u8> = body.chunks(bytes).flat_map(|packet| lengths(packet.len())).collect();
        self.put(&lengths, body, false, out);
    }

    fn put(&self, lengths: &[u8], body: &[u8], goes_on: bool, out: &mut Vec<u8>) {
        let from = out.len();
        out.extend(b"OggS\0");
        out.push(u8::from(goes_on) | u8::from(self.first) << 1 | u8::from(self.last) << 2);
        out.extend(self.granule.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.extend(self.number.to_le_bytes());
        out.extend([0; 4]);
        out.push(lengths.len() as u8);
        out.extend(lengths);
        out.extend(body);
        let sum = OGG.checksum(out.get(from..).unwrap_or_default());
        if let Some(field) = out.get_mut(from + 22..from + 26) {
            field.copy_from_slice(&sum.to_le_bytes());
        }
    }
}

/// The pages before the sound, and their number: the first has the identification header, the others have the comments.
pub(super) fn header(head: &[u8], comments: &[u8], serial: u32) -> (Vec<u8>, u32) {
    let mut out = Vec::new();
    let mut page = Page { serial, number: 0, granule: 0, first: true, last: false };
    page.write(head, head.len(), &mut out);
    page.first = false;
    let lengths: Vec<u8> = lengths(comments.len()).collect();
    let mut rest = comments;
    let pages = lengths.chunks(ENTRIES);
    let count = pages.len();
    for (n, lengths) in pages.enumerate() {
        let bytes: usize = lengths.iter().map(|&length| usize::from(length)).sum();
        let (body, after) = rest.split_at(bytes);
        rest = after;
        page.number += 1;
        // A page on which no packet ends has no position.
        page.granule = if n + 1 == count { 0 } else { u64::MAX };
        page.put(lengths, body, n > 0, &mut out);
    }
    (out, page.number + 1)
}

fn lengths(bytes: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(255, bytes / 255).chain([(bytes % 255) as u8])
}
