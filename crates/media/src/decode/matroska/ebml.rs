//! Elements of EBML (RFC 8794): a number, a size, a body.

use std::io::{self, Read};

/// Numbers of elements (RFC 9559, section 5).
pub mod id {
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const INFO: u32 = 0x1549_A966;
    pub const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
    pub const DURATION: u32 = 0x4489;
    pub const TITLE: u32 = 0x7BA9;
    pub const TRACKS: u32 = 0x1654_AE6B;
    pub const TRACK_ENTRY: u32 = 0xAE;
    pub const TRACK_NUMBER: u32 = 0xD7;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const CODEC_ID: u32 = 0x86;
    pub const CODEC_PRIVATE: u32 = 0x63A2;
    pub const CONTENT_ENCODINGS: u32 = 0x6D80;
    pub const TAGS: u32 = 0x1254_C367;
    pub const TAG: u32 = 0x7373;
    pub const SIMPLE_TAG: u32 = 0x67C8;
    pub const TAG_NAME: u32 = 0x45A3;
    pub const TAG_STRING: u32 = 0x4487;
    pub const CLUSTER: u32 = 0x1F43_B675;
    pub const TIMESTAMP: u32 = 0xE7;
    pub const SIMPLE_BLOCK: u32 = 0xA3;
    pub const BLOCK_GROUP: u32 = 0xA0;
    pub const BLOCK: u32 = 0xA1;
    pub const DISCARD_PADDING: u32 = 0x75A2;
}

/// The header of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    pub id: u32,
    /// Bytes of the body; `None` where a live recording left the size open.
    pub size: Option<u64>,
    /// Bytes of the header.
    pub head: u64,
}

/// Reads the header of an element; `None` at the end, or if there is no valid one.
pub fn element(from: &mut impl Read) -> io::Result<Option<Element>> {
    let Some((id, id_bytes)) = number(from, 4, true)? else { return Ok(None) };
    let Some((size, size_bytes)) = number(from, 8, false)? else { return Ok(None) };
    let open = (1_u64 << (7 * size_bytes)) - 1;
    let size = (size != open).then_some(size);
    Ok(u32::try_from(id).ok().map(|id| Element { id, size, head: id_bytes + size_bytes }))
}

/// A number of variable length, and its number of bytes. With `keep` the leading 1 bit that gives the length is kept, as in ids.
fn number(from: &mut impl Read, most: u64, keep: bool) -> io::Result<Option<(u64, u64)>> {
    let Some(first) = byte(from)? else { return Ok(None) };
    let length = u64::from(first.leading_zeros()) + 1;
    if length > most {
        return Ok(None);
    }
    let mut value = u64::from(if keep { first } else { first & (0xff_u32 >> length) as u8 });
    for _ in 1..length {
        let Some(next) = byte(from)? else { return Ok(None) };
        value = value << 8 | u64::from(next);
    }
    Ok(Some((value, length)))
}

fn byte(from: &mut impl Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    match from.read_exact(&mut byte) {
        Ok(()) => Ok(Some(byte[0])),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e),
    }
}

/// The complete elements in a body.
pub fn children(mut body: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let element = element(&mut body).ok()??;
        let size = usize::try_from(element.size?).ok()?;
        let (child, rest) = body.split_at_checked(size)?;
        body = rest;
        Some((element.id, child))
    })
}

/// An unsigned body.
pub fn unsigned(body: &[u8]) -> u64 {
    body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// A signed body.
pub fn signed(body: &[u8]) -> i64 {
    let negative = body.first().is_some_and(|byte| byte & 0x80 != 0);
    body.iter().fold(if negative { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte))
}

/// A float body; 0 if its length is wrong.
pub fn float(body: &[u8]) -> f64 {
    match *body {
        [a, b, c, d] => f64::from(f32::from_be_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => 0.0,
    }
}

/// A body of text, without padding zeros.
pub fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).trim_end_matches('\0').to_owned()
}

/// A number of variable length at the beginning of `bytes`, and the bytes after it.
pub fn vint(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (value, _) = number(&mut bytes, 8, false).ok()??;
    Some((value, bytes))
}

/// A signed number of variable length, as EBML lacing writes differences: the value less half its range.
pub fn signed_vint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (value, rest) = vint(bytes)?;
    let length = bytes.len() - rest.len();
    Some((value as i64 - ((1_i64 << (7 * length - 1)) - 1), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_elements_are_read() {
        let found = |bytes: &[u8]| element(&mut &bytes[..]).unwrap();
        assert_eq!(found(&[0xA3, 0x82]), Some(Element { id: id::SIMPLE_BLOCK, size: Some(2), head: 2 }));
        assert_eq!(found(&[0x1F, 0x43, 0xB6, 0x75, 0xff]), Some(Element { id: id::CLUSTER, size: None, head: 5 }));
        let open = [0x18, 0x53, 0x80, 0x67, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(found(&open), Some(Element { id: id::SEGMENT, size: None, head: 12 }));
        assert_eq!(found(&[0xA3, 0x40, 0x7f]), Some(Element { id: id::SIMPLE_BLOCK, size: Some(127), head: 3 }));
        for no in [&[][..], &[0xA3], &[0, 0x81], &[0xA3, 0]] {
            assert_eq!(found(no), None, "{no:?}");
        }
    }

    #[test]
    fn numbers_and_children_are_read() {
        assert_eq!(
            (unsigned(&[1, 0]), signed(&[0xff, 0]), signed(&[1, 0]), text(b"ab\0")),
            (256, -256, 256, "ab".into())
        );
        assert_eq!(signed_vint(&[0xBF, 9]), Some((0, &[9][..])));
        assert_eq!(signed_vint(&[0x5F, 0xBF]), Some((-64, &[][..])));
        let body = [0xD7, 0x81, 5, 0x86, 0x82, b'x', b'y', 0xA3, 0x89, 1];
        let found: Vec<_> = children(&body).collect();
        assert_eq!(found, [(id::TRACK_NUMBER, &[5][..]), (id::CODEC_ID, b"xy")]);
    }
}
