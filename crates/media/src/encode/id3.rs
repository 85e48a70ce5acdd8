//! The tags of a WAV: an `id3 ` chunk of ID3v2.3 (id3.org, "ID3 tag version 2.3.0") and a `LIST INFO` chunk.
//!
//! The crate `id3` writes tags into complete files; here tags are written before the samples.

use super::tags::bpm_text;
use crate::Tags;

/// Both chunks; none without tags.
pub(super) fn chunks(tags: &Tags) -> Vec<u8> {
    let bpm = tags.bpm.and_then(bpm_text);
    let frames = [
        (b"TIT2", tags.title.as_deref()),
        (b"TPE1", tags.artist.as_deref()),
        (b"TALB", tags.album.as_deref()),
        (b"TBPM", bpm.as_deref()),
        (b"TKEY", tags.key.as_deref()),
    ];
    let mut id3 = Vec::new();
    for (id, text) in frames.into_iter().filter_map(|(id, text)| Some((id, text?))) {
        frame(&mut id3, id, text);
    }
    let mut out = Vec::new();
    if !id3.is_empty() {
        let mut tag = b"ID3\x03\0\0".to_vec();
        let length = id3.len() as u32;
        // Seven bits per byte, so that no byte is mistaken for the sync of an MPEG frame.
        tag.extend([21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8));
        tag.extend(id3);
        chunk(&mut out, b"id3 ", &tag);
    }
    let mut info = b"INFO".to_vec();
    for (id, text) in [(b"INAM", &tags.title), (b"IART", &tags.artist), (b"IPRD", &tags.album)] {
        if let Some(text) = text {
            chunk(&mut info, id, &[text.as_bytes(), b"\0"].concat());
        }
    }
    if info.len() > 4 {
        chunk(&mut out, b"LIST", &info);
    }
    out
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend(id);
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

/// A text frame: Latin-1 where the text is ASCII, else UTF-16 with its byte order mark.
fn frame(out: &mut Vec<u8>, id: &[u8; 4], text: &str) {
    let mut body = Vec::new();
    if text.is_ascii() {
        body.push(0);
        body.extend(text.as_bytes());
    } else {
        body.extend([1, 0xff, 0xfe]);
        body.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
    out.extend(id);
    out.extend((body.len() as u32).to_be_bytes());
    out.extend([0, 0]);
    out.extend(body);
}
