//! The bytes of an export, as text.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::RekordboxError;

/// An export may have at most this many bytes; a library of 100,000 tracks has some 300 million.
pub const MAX_BYTES: u64 = 1 << 30;

/// Between two `<` at most this many bytes may stand; what a DJ writes about a track takes some 2,000.
pub const MAX_TAG_BYTES: usize = 1 << 20;

/// How the text was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
}

/// An export as text.
#[derive(Debug)]
pub(super) struct Source {
    pub text: String,
    encoding: Encoding,
    byte_order_mark: bool,
    /// Whether bytes were replaced that could not be understood.
    pub lossy: bool,
}

fn bad(line: usize, cause: impl Into<String>) -> RekordboxError {
    RekordboxError::Bad { line, cause: cause.into() }
}

/// Reads a file piece by piece, so that what is far too long is refused before it fills the memory.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, RekordboxError> {
    let io = |e: std::io::Error| RekordboxError::Io { path: path.to_owned(), cause: e.to_string() };
    let mut file = File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    let mut tag = 0;
    loop {
        if (&mut file).take(1 << 18).read_to_end(&mut bytes).map_err(io)? == 0 {
            return Ok(bytes);
        }
        tag = last_tag(&bytes, tag)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(bad(lines(&bytes), format!("the file has more than {MAX_BYTES} bytes")));
        }
    }
}

/// The place of the last `<`, going on from an earlier one.
fn last_tag(bytes: &[u8], mut last: usize) -> Result<usize, RekordboxError> {
    loop {
        let rest = bytes.get(last + 1..).unwrap_or_default();
        let window = rest.get(..MAX_TAG_BYTES).unwrap_or(rest);
        match window.iter().rposition(|&byte| byte == b'<') {
            Some(place) => last += 1 + place,
            None if window.len() == MAX_TAG_BYTES => {
                return Err(bad(lines(bytes), format!("more than {MAX_TAG_BYTES} bytes without a new tag")));
            }
            None => return Ok(last),
        }
    }
}

/// The number of the last line.
pub(super) fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count() + 1
}

impl Source {
    /// Understands UTF-8 and UTF-16, told apart by their first bytes: what the declaration says is often wrong.
    pub fn new(bytes: Vec<u8>) -> Result<Self, RekordboxError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(bad(1, format!("the file has more than {MAX_BYTES} bytes")));
        }
        last_tag(&bytes, 0)?;
        let (encoding, mark) = match bytes.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Little, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Big, 2),
            [b'<', 0, ..] => (Encoding::Utf16Little, 0),
            [0, b'<', ..] => (Encoding::Utf16Big, 0),
            _ => (Encoding::Utf8, 0),
        };
        let byte_order_mark = mark > 0;
        let (text, lossy) = match encoding {
            Encoding::Utf8 => utf8(bytes, mark),
            _ => utf16(bytes.get(mark..).unwrap_or_default(), encoding),
        };
        let source = Self { text, encoding, byte_order_mark, lossy };
        source.check_declaration()?;
        Ok(source)
    }

    /// An encoding that is declared, is not known and is made use of is an error; plain ASCII is the same in all.
    fn check_declaration(&self) -> Result<(), RekordboxError> {
        let head = self.text.trim_start();
        let declaration =
            head.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or("", |(head, _)| head);
        let Some((_, value)) = declaration.split_once("encoding") else {
            return Ok(());
        };
        let value = value.trim_start().trim_start_matches('=').trim_start();
        let name = value.get(1..).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or_default();
        let unicode = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("utf"));
        if self.encoding == Encoding::Utf8 && !unicode && !self.text.is_ascii() {
            return Err(bad(1, format!("the encoding {name:?} is not read: save the file as UTF-8")));
        }
        Ok(())
    }

    /// Another text, stored as this one was.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        let mark = if self.byte_order_mark { "\u{feff}" } else { "" };
        let units = || mark.encode_utf16().chain(text.encode_utf16());
        match self.encoding {
            Encoding::Utf8 => [mark.as_bytes(), text.as_bytes()].concat(),
            Encoding::Utf16Little => units().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Big => units().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

fn utf8(mut bytes: Vec<u8>, mark: usize) -> (String, bool) {
    bytes.drain(..mark);
    match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    }
}

fn utf16(bytes: &[u8], encoding: Encoding) -> (String, bool) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| match encoding {
        Encoding::Utf16Big => u16::from_be_bytes(pair),
        _ => u16::from_le_bytes(pair),
    });
    let mut lossy = !rest.is_empty();
    let mut text = String::with_capacity(bytes.len() / 2);
    for unit in char::decode_utf16(units) {
        lossy |= unit.is_err();
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    (text, lossy)
}
