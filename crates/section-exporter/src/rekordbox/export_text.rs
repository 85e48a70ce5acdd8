//! The text of an export. It is decoded block by block, and never held in memory as a whole.
//!
//! The standard library decodes UTF-16. The crate `encoding_rs` is not used, because it would add tables for thirty more
//! encodings.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read, Write};

use super::error::RekordboxError;

/// The largest size of an export, in bytes. The export of 100,000 tracks has some 300 million bytes.
pub const MAX_BYTES: u64 = 1 << 30;

/// The largest number of bytes from one tag to the next. The tag of a track has some 2,000 bytes.
pub const MAX_TAG_BYTES: usize = 1 << 20;

/// The number of bytes that are read at once.
const READ_BYTES: usize = 1 << 16;

/// The encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
}

/// The text of an export in UTF-8, whatever its encoding. It counts the lines of the text that was consumed.
#[derive(Debug)]
pub(super) struct ExportText<R> {
    file: R,
    /// Bytes that were read but not decoded yet: an incomplete character.
    raw: Vec<u8>,
    /// Text that was decoded.
    text: String,
    /// The number of bytes at the start of `text` that were consumed.
    consumed: usize,
    encoding: Option<Encoding>,
    byte_order_mark: bool,
    /// The encoding that the file declares, when it is not supported.
    declared: Option<String>,
    /// The number of bytes of the file that were read.
    bytes: u64,
    /// The number of bytes of text that were decoded.
    end: u64,
    /// The position at which the current element begins.
    element: u64,
    /// The positions of the line breaks after the position that was passed last.
    breaks: VecDeque<u64>,
    /// The line of the position that was passed last, from 1.
    line: usize,
    /// The line on which invalid bytes were replaced.
    lossy: Option<usize>,
    /// The error that stopped the reading.
    failure: Option<RekordboxError>,
}

fn bad(line: usize, cause: impl Into<String>) -> RekordboxError {
    RekordboxError::Invalid { line, cause: cause.into() }
}

impl<R: Read> ExportText<R> {
    /// Detects UTF-8 and UTF-16 by the first bytes of the file, because the declared encoding is often wrong.
    pub fn new(file: R) -> Self {
        Self {
            file,
            raw: Vec::new(),
            text: String::new(),
            consumed: 0,
            encoding: None,
            byte_order_mark: false,
            declared: None,
            bytes: 0,
            end: 0,
            element: 0,
            breaks: VecDeque::new(),
            line: 1,
            lossy: None,
            failure: None,
        }
    }

    /// Marks the text before `position` as done: the next element begins there. Returns the line of the position.
    pub fn pass(&mut self, position: u64) -> usize {
        self.element = position;
        while self.breaks.front().is_some_and(|at| *at < position) {
            self.breaks.pop_front();
            self.line += 1;
        }
        self.line
    }

    /// The line of a position that is not before the last passed one.
    pub fn line_of(&self, position: u64) -> usize {
        self.line + self.breaks.iter().take_while(|at| **at < position).count()
    }

    /// The line on which invalid bytes were replaced.
    pub fn lossy(&self) -> Option<usize> {
        self.lossy
    }

    /// The error that stopped the reading, if it came from this text and not from the XML.
    pub fn take_failure(&mut self) -> Option<RekordboxError> {
        self.failure.take()
    }

    /// A writer that encodes text as this file is encoded, with a byte order mark if it has one.
    pub fn encoder<W: Write>(&self, to: W) -> TextEncoder<W> {
        TextEncoder { to, encoding: self.encoding.unwrap_or(Encoding::Utf8), mark: self.byte_order_mark }
    }

    /// Takes text of at most `most` bytes, which ends with a whole character. `None` if `most` is 0, and at the end.
    pub fn take_text(&mut self, most: u64) -> io::Result<Option<String>> {
        if most == 0 || self.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let rest = self.text.get(self.consumed..).unwrap_or_default();
        let text = rest.get(..usize::try_from(most).unwrap_or(usize::MAX).min(rest.len())).map(str::to_owned);
        let length = text.as_ref().map_or(0, String::len);
        self.consume(length);
        self.pass(self.element + length as u64);
        Ok(text)
    }

    fn refill(&mut self) -> Result<(), RekordboxError> {
        self.text.clear();
        self.consumed = 0;
        while self.text.is_empty() {
            let before = self.raw.len();
            let read = (&mut self.file).take(READ_BYTES as u64).read_to_end(&mut self.raw);
            read.map_err(|error| RekordboxError::Io { path: Default::default(), cause: error.to_string() })?;
            let at_end = self.raw.len() == before;
            self.bytes += (self.raw.len() - before) as u64;
            let encoding = *self.encoding.get_or_insert_with(|| {
                let (encoding, mark) = encoding_of(&self.raw);
                self.byte_order_mark = mark > 0;
                self.raw.drain(..mark);
                encoding
            });
            let replaced = match encoding {
                Encoding::Utf8 => utf8(&mut self.raw, &mut self.text, at_end),
                _ => utf16(&mut self.raw, &mut self.text, encoding, at_end),
            };
            self.check_decoded(replaced)?;
            if at_end {
                break;
            }
        }
        Ok(())
    }

    /// Checks the encoding and the limits of the text that was decoded last, and notes its line breaks.
    fn check_decoded(&mut self, replaced: Option<usize>) -> Result<(), RekordboxError> {
        if self.end == 0 {
            self.declared = declared(&self.text);
        }
        if let (Some(name), Some(Encoding::Utf8), false) = (&self.declared, self.encoding, self.text.is_ascii()) {
            return Err(bad(1, format!("the encoding {name:?} is not read: save the file as UTF-8")));
        }
        self.breaks.extend(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| self.end + at as u64));
        if let (Some(at), None) = (replaced, self.lossy) {
            self.lossy = Some(self.line_of(self.end + at as u64));
        }
        self.end += self.text.len() as u64;
        if self.end - self.element > MAX_TAG_BYTES as u64 + 2 * READ_BYTES as u64 {
            return Err(bad(self.line_of(self.element), format!("more than {MAX_TAG_BYTES} bytes without a new tag")));
        }
        if self.bytes > MAX_BYTES {
            return Err(bad(self.line_of(self.end), format!("the file has more than {MAX_BYTES} bytes")));
        }
        Ok(())
    }
}

impl<R: Read> Read for ExportText<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..count), available.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for ExportText<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed >= self.text.len()
            && let Err(failure) = self.refill()
        {
            self.failure = Some(failure);
            return Err(io::Error::other("the export cannot be read"));
        }
        Ok(self.text.as_bytes().get(self.consumed..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count;
    }
}

/// The encoding of a text that begins with these bytes, and the length of its byte order mark.
fn encoding_of(bytes: &[u8]) -> (Encoding, usize) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Little, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Big, 2),
        [b'<', 0, ..] => (Encoding::Utf16Little, 0),
        [0, b'<', ..] => (Encoding::Utf16Big, 0),
        _ => (Encoding::Utf8, 0),
    }
}

/// The encoding that a text declares, if it is no encoding of Unicode.
fn declared(text: &str) -> Option<String> {
    let head = text.trim_start();
    let declaration = head.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or("", |(head, _)| head);
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let name = value.get(1..).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or_default();
    let unicode = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("utf"));
    (!unicode).then(|| name.to_owned())
}

/// Decodes the complete characters. Returns the position of the first character that replaces invalid bytes.
fn utf8(raw: &mut Vec<u8>, text: &mut String, at_end: bool) -> Option<usize> {
    if let Ok(whole) = std::str::from_utf8(raw) {
        text.push_str(whole);
        raw.clear();
        return None;
    }
    let (mut replaced, mut rest) = (None, 0);
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        let unfinished = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        if unfinished && !at_end {
            rest = invalid.len();
        } else if !invalid.is_empty() {
            replaced.get_or_insert(text.len());
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    raw.drain(..raw.len() - rest);
    replaced
}

/// Decodes the complete characters of UTF-16. Returns the same as [`utf8`].
fn utf16(raw: &mut Vec<u8>, text: &mut String, encoding: Encoding, at_end: bool) -> Option<usize> {
    let unit = |pair: [u8; 2]| match encoding {
        Encoding::Utf16Big => u16::from_be_bytes(pair),
        _ => u16::from_le_bytes(pair),
    };
    let (pairs, odd) = raw.as_chunks::<2>();
    // The second half of the last character may be in the next block.
    let half = pairs.last().is_some_and(|pair| (0xd800..0xdc00).contains(&unit(*pair)));
    let rest = if at_end { 0 } else { odd.len() + if half { 2 } else { 0 } };
    let mut replaced = None;
    let whole = raw.get(..raw.len() - rest).unwrap_or_default();
    let (pairs, odd) = whole.as_chunks::<2>();
    for unit in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        if unit.is_err() {
            replaced.get_or_insert(text.len());
        }
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !odd.is_empty() {
        replaced.get_or_insert(text.len());
    }
    raw.drain(..raw.len() - rest);
    replaced
}

/// Encodes text as the export is encoded.
#[derive(Debug)]
pub(super) struct TextEncoder<W> {
    to: W,
    encoding: Encoding,
    mark: bool,
}

impl<W: Write> TextEncoder<W> {
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        if std::mem::take(&mut self.mark) {
            self.write("\u{feff}")?;
        }
        let bytes: Vec<u8> = match self.encoding {
            Encoding::Utf8 => return self.to.write_all(text.as_bytes()),
            Encoding::Utf16Little => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Big => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        self.to.write_all(&bytes)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
