//! Recognises the format of a live stream.

use std::path::Path;

use super::format::{ADVICE, LiveFormat};
use super::mpeg::{self, Found};
use super::stream_bytes::StreamBytes;
use crate::{Error, ErrorKind};

/// The bytes in which the first frame has to begin, if the stream does not begin with a frame. A source that is relayed may begin inside
/// one.
const MAX_LEAD: usize = 32 << 10;

/// The formats that are not decoded, by the bytes at a position.
const OTHERS: [(usize, &[u8], &str); 8] = [
    (0, b"RIFF", "WAV"),
    (0, b"RF64", "WAV"),
    (0, b"\x1A\x45\xDF\xA3", "Matroska or WebM"),
    (4, b"ftyp", "MP4"),
    (0, b"FLV", "FLV"),
    (0, b"FORM", "AIFF"),
    (0, b".snd", "AU"),
    (0, b"\x30\x26\xB2\x75", "Windows Media"),
];

/// The format of the stream, which is then at its first frame or page.
pub(super) fn format(name: &Path, bytes: &mut StreamBytes) -> Result<LiveFormat, Error> {
    let read = |error| Error::io(name, "read", error);
    if !bytes.fill(1).map_err(read)? {
        return Err(Error::new(ErrorKind::Empty).with_path(name));
    }
    // The tags that come first.
    while bytes.fill(10).map_err(read)? {
        let Some(count) = mpeg::id3_bytes(bytes.get()) else { break };
        bytes.skip(count).map_err(read)?;
    }
    if bytes.get().starts_with(b"OggS") {
        return Ok(LiveFormat::Ogg);
    }
    if bytes.get().starts_with(b"fLaC") {
        return Ok(LiveFormat::Flac);
    }
    if let Some((_, _, other)) =
        OTHERS.iter().find(|(at, magic, _)| bytes.get().get(*at..).is_some_and(|rest| rest.starts_with(magic)))
    {
        return Err(Error::unsupported_codec(name, *other, ADVICE));
    }
    for _ in 0..MAX_LEAD {
        match mpeg::find(bytes, None).map_err(read)? {
            Found::Frame(header) if header.kind.layer == 0 => return Ok(LiveFormat::Adts),
            Found::Frame(_) => return Ok(LiveFormat::Mpeg),
            Found::Tag(_) | Found::Nothing => bytes.consume(1),
            Found::End => break,
        }
    }
    Err(Error::new(ErrorKind::NotAudio).with_path(name))
}
