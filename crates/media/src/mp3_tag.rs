//! What an MP3 says about itself in its first frame: the Xing or Info tag, and what LAME adds to it.
//!
//! Programs that place cues in an MP3 disagree about its frame 0, and which of them do is told by this tag: see
//! [`TagClass`]. Read from the file's first frame, behind ID3v2 tags; nothing is decoded.
//!
//! ```no_run
//! use crowd_media::mp3_tag::{self, TagClass};
//!
//! # fn main() -> Result<(), crowd_media::Error> {
//! if let Some(tag) = mp3_tag::read("track.mp3".as_ref())? {
//!     println!("{}: {:?} frames of delay", tag.class, tag.delay);
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crc::{CRC_16_ARC, Crc};

use crate::Error;

/// Bytes behind the ID3v2 tags in which the first frame is looked for.
const REACH: usize = 1 << 16;
/// ID3v2 tags one after another; files have one, seldom two.
const MOST_ID3: usize = 8;
/// Bytes of LAME's extension, from the encoder's name to the tag's own checksum.
const EXTENSION: usize = 36;
/// Bytes of it up to and with delay and padding.
const SHORTEST: usize = 24;

/// What kind of tag the first frame of an MP3 holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagClass {
    /// Neither Xing nor Info: the first frame is sound. (A VBRI tag, which some encoders write instead, counts as none.)
    Absent,
    /// Xing or Info, and no extension by LAME: none at all, or that of another encoder (`Lavc`, `Lavf`, `GOGO`...).
    Info,
    /// LAME's extension with a checksum that does not fit, or is 0.
    LameBadCrc,
    /// LAME's extension with the checksum that fits.
    Lame,
}

impl fmt::Display for TagClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no Xing or Info tag",
            Self::Info => "an Info tag without LAME's extension",
            Self::LameBadCrc => "a LAME tag whose checksum does not fit",
            Self::Lame => "a LAME tag whose checksum fits",
        })
    }
}

/// The tag of an MP3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its kind.
    pub class: TagClass,
    /// MPEG frames of sound, when it says so (the one with the tag is not counted).
    pub frames: Option<u32>,
    /// The encoder as it names itself: "LAME3.100", "Lavc59.37".
    pub encoder: Option<String>,
    /// Frames of silence that the encoder put in front; a decoder adds 529 of its own. Absent where no encoder that is known
    /// to write it has written the extension.
    pub delay: Option<u32>,
    /// Frames that the encoder put behind the end to fill its last MPEG frame. Absent as `delay` is.
    pub padding: Option<u32>,
}

/// The tag of the file `path`; absent when it is no MP3 (MPEG-1, 2 or 2.5 layer III, by its content and not its name).
///
/// # Errors
/// [`Error::Io`] when the file cannot be read.
pub fn read(path: &Path) -> Result<Option<Tag>, Error> {
    let io = |source| Error::io(path, "read", source);
    let mut file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    let mut at = 0;
    for _ in 0..MOST_ID3 {
        let Some(length) = id3_length(&start(&mut file, at, 10).map_err(io)?) else { break };
        at += length;
    }
    let bytes = start(&mut file, at, 16).map_err(io)?;
    if is_other(&bytes) {
        return Ok(None);
    }
    let bytes = start(&mut file, at, REACH).map_err(io)?;
    Ok(first_frame(&bytes).map(parse))
}

/// Up to `most` bytes from `at` on.
fn start(file: &mut File, at: u64, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(most);
    file.seek(SeekFrom::Start(at))?;
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of the ID3v2 tag that begins here, header and footer included.
fn id3_length(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = bytes else { return None };
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    let size = size.get(..4)?.iter().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
    Some(10 + size + footer)
}

/// Whether these bytes begin a file of another kind, in whose data a frame's header could stand by chance.
fn is_other(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 10] =
        [b"RIFF", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS", b"caff", b"wvpk", b"riff", &[0x1a, 0x45, 0xdf, 0xa3]];
    MAGIC.iter().any(|magic| bytes.starts_with(magic)) || bytes.get(4..8) == Some(b"ftyp")
}

/// What the header of an MPEG layer III frame says.
#[derive(Clone, Copy, PartialEq)]
struct Header {
    /// Bytes of the frame.
    size: usize,
    /// Where the tag stands in it: behind header and side information.
    tag: usize,
    /// Version and sample rate, which are the same in all frames of a file.
    kind: (u8, u8),
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        const MPEG1: [usize; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const MPEG2: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let &[0xff, second, third, fourth, ..] = bytes else { return None };
        let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
        // Version 1 is reserved; layer 1 stands for III.
        if second & 0xe0 != 0xe0 || version == 1 || layer != 1 {
            return None;
        }
        let mpeg1 = version == 3;
        let rates = if mpeg1 { &MPEG1 } else { &MPEG2 };
        let bits = 1_000 * rates.get(usize::from(third >> 4).checked_sub(1)?)?;
        let rate = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let rate = match version {
            3 => rate,
            2 => rate / 2,
            _ => rate / 4,
        };
        let padding = usize::from(third >> 1 & 1);
        let mono = fourth >> 6 == 3;
        let (slots, side) = match (mpeg1, mono) {
            (true, false) => (144, 32),
            (true, true) => (144, 17),
            (false, false) => (72, 17),
            (false, true) => (72, 9),
        };
        Some(Self { size: slots * bits / rate + padding, tag: 4 + side, kind: (version, third >> 2 & 3) })
    }
}

/// The first frame: one that others of its kind follow, or the end of the bytes.
fn first_frame(bytes: &[u8]) -> Option<&[u8]> {
    (0..bytes.len().saturating_sub(4)).find_map(|at| {
        let rest = bytes.get(at..)?;
        let first = Header::read(rest)?;
        // Junk in front of the first frame may look like one: then more of them have to follow.
        let follow = if at == 0 { 1 } else { 3 };
        let mut next = first.size;
        for _ in 0..follow {
            match rest.get(next..).filter(|rest| rest.len() >= 4) {
                Some(rest) => next += Header::read(rest).filter(|header| header.kind == first.kind)?.size,
                None => break,
            }
        }
        rest.get(..first.size)
    })
}

/// The tag in a file's first frame, which begins with its header and is as long as that says.
pub fn parse(frame: &[u8]) -> Tag {
    let none = Tag { class: TagClass::Absent, frames: None, encoder: None, delay: None, padding: None };
    let tag = Header::read(frame).and_then(|header| frame.get(header.tag..));
    let Some(tag) = tag.filter(|tag| tag.starts_with(b"Xing") || tag.starts_with(b"Info")) else {
        return none;
    };
    let info = Tag { class: TagClass::Info, ..none };
    let number =
        |at: usize| tag.get(at..at + 4).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
    let Some(flags) = number(4) else { return info };
    let has = |flag: u32| flags & flag != 0;
    let info = Tag { frames: number(8).filter(|_| has(1)), ..info };
    let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
    let begin = 8 + fields.iter().filter(|(flag, _)| has(*flag)).map(|(_, bytes)| bytes).sum::<usize>();
    let Some(extension) = tag.get(begin..).filter(|extension| extension.len() >= SHORTEST) else { return info };
    let name: String =
        extension.iter().take(9).take_while(|byte| byte.is_ascii_graphic()).map(|&b| b as char).collect();
    let is_lame = name.starts_with("LAME");
    let writes_delay = is_lame || name.starts_with("Lavc") || name.starts_with("Lavf");
    let trim = number(begin + SHORTEST - 4).map(|word| word & 0xff_ffff).filter(|_| writes_delay);
    let class = match (is_lame, extension.get(EXTENSION - 2..EXTENSION)) {
        (false, _) => TagClass::Info,
        (true, Some(&[high, low])) => {
            let written = u16::from_be_bytes([high, low]);
            let covered = frame.len() - extension.len() + EXTENSION - 2;
            let computed = frame.get(..covered).map(|bytes| Crc::<u16>::new(&CRC_16_ARC).checksum(bytes));
            if written != 0 && computed == Some(written) { TagClass::Lame } else { TagClass::LameBadCrc }
        }
        (true, _) => TagClass::LameBadCrc,
    };
    Tag {
        class,
        encoder: Some(name).filter(|name| !name.is_empty()),
        delay: trim.map(|trim| trim >> 12),
        padding: trim.map(|trim| trim & 0xfff),
        ..info
    }
}

#[cfg(test)]
mod tests;
