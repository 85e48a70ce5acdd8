//! The tag in the first frame of an MP3: the Xing or Info tag, and LAME's extension of it.
//!
//! DJ programs may disagree about which sample of an MP3 is the first. Whether they do depends on this tag: see [`TagClass`]. The tag is
//! read from the first frame after ID3v2 tags; nothing is decoded.
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

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crc::{CRC_16_ARC, Crc};

use crate::Error;
use crate::mpeg_frames::{self, FrameHeader, ReadAt};

/// Bytes of LAME's extension, from the encoder's name to the tag's own checksum.
const EXTENSION: usize = 36;
/// Bytes of the extension up to and including its delay and padding.
const SHORTEST: usize = 24;

/// The kind of tag in the first frame of an MP3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagClass {
    /// Neither Xing nor Info: the first frame is sound. (A VBRI tag, which some encoders write instead, counts as none.)
    Absent,
    /// Xing or Info, and no extension by LAME: none at all, or that of another encoder (`Lavc`, `Lavf`, `GOGO`...).
    Info,
    /// LAME's extension with a checksum that is wrong or 0.
    LameBadCrc,
    /// LAME's extension with the right checksum.
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
#[non_exhaustive]
pub struct Tag {
    /// The kind of tag.
    pub class: TagClass,
    /// MPEG frames of sound, without the one with the tag; `None` if the tag does not state it.
    pub frames: Option<u32>,
    /// Bytes from the first frame, the one with the tag, to the end of the last; `None` if the tag does not state it.
    pub bytes: Option<u32>,
    /// The name of the encoder: "LAME3.100", "Lavc59.37".
    pub encoder: Option<String>,
    /// Samples per channel of silence that the encoder put before the sound; a decoder adds 529 of its own. `None` unless LAME, Lavc or
    /// Lavf wrote the extension.
    pub delay: Option<u32>,
    /// Samples per channel that the encoder put after the end to fill its last MPEG frame. `None` where `delay` is.
    pub padding: Option<u32>,
}

/// Reads the tag of the file `path`; `None` if the file is not an MP3 (MPEG-1, 2 or 2.5 layer III, judged by its content and not its
/// name).
///
/// # Errors
/// The system's error, when the file cannot be read.
pub fn read(path: &Path) -> Result<Option<Tag>, Error> {
    let io = |source| Error::io(path, "read", source);
    let opened = BufferedFile::new(path).map_err(|source| Error::io(path, "open", source))?;
    let mut start = [0; 12];
    let got = opened.read_at(mpeg_frames::after_id3(&opened).map_err(io)?, &mut start).map_err(io)?;
    if is_other(start.get(..got).unwrap_or_default()) {
        return Ok(None);
    }
    let Some((at, header, _)) =
        mpeg_frames::first(&opened).map_err(io)?.filter(|(_, header, _)| header.kind.layer == 3)
    else {
        return Ok(None);
    };
    let mut frame = vec![0; usize::try_from(header.bytes).unwrap_or(0)];
    let got = opened.read_at(at, &mut frame).map_err(io)?;
    Ok(Some(parse(frame.get(..got).unwrap_or_default())))
}

/// A buffered file that is read at any position.
struct BufferedFile {
    file: RefCell<BufReader<File>>,
    len: u64,
}

impl BufferedFile {
    fn new(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self { file: RefCell::new(BufReader::new(file)), len })
    }
}

impl ReadAt for BufferedFile {
    fn read_at(&self, at: u64, out: &mut [u8]) -> std::io::Result<usize> {
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(at))?;
        let mut got = 0;
        while let Some(rest) = out.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match file.read(rest)? {
                0 => break,
                n => got += n,
            }
        }
        Ok(got)
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// Whether these bytes begin a file of another kind, whose data may contain a frame header by chance.
fn is_other(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 10] =
        [b"RIFF", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS", b"caff", b"wvpk", b"riff", &[0x1a, 0x45, 0xdf, 0xa3]];
    MAGIC.iter().any(|magic| bytes.starts_with(magic)) || bytes.get(4..8) == Some(b"ftyp")
}

/// Parses the tag in the first frame of a file. `frame` begins with the frame header and has the length that it states.
pub fn parse(frame: &[u8]) -> Tag {
    let none = Tag { class: TagClass::Absent, frames: None, bytes: None, encoder: None, delay: None, padding: None };
    let tag = FrameHeader::parse(frame).and_then(|header| frame.get(header.tag..));
    let Some(tag) = tag.filter(|tag| tag.starts_with(b"Xing") || tag.starts_with(b"Info")) else {
        return none;
    };
    let info = Tag { class: TagClass::Info, ..none };
    let number =
        |at: usize| tag.get(at..at + 4).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
    let Some(flags) = number(4) else { return info };
    let has = |flag: u32| flags & flag != 0;
    let bytes = number(if has(1) { 12 } else { 8 }).filter(|_| has(2));
    let info = Tag { frames: number(8).filter(|_| has(1)), bytes, ..info };
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
