//! The tracks of a Matroska file.

use std::io;

use super::ebml::{self, Element, id};
use crate::decode::input::Input;

/// The largest number of elements that are read before the description of the tracks.
const MOST: usize = 1_000;
/// The largest size of that description, bytes.
pub const LONGEST: u64 = 4 << 20;

/// A track of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatroskaTrack {
    pub number: u64,
    pub audio: bool,
    /// The codec's name in Matroska: "A_OPUS", "A_VORBIS".
    pub codec: String,
    /// The codec's own header.
    pub private: Vec<u8>,
    /// Whether its blocks are compressed or encrypted in addition.
    pub encoded: bool,
}

impl MatroskaTrack {
    /// Whether it is a track of Opus that can be read.
    pub fn is_opus(&self) -> bool {
        self.audio && self.codec == "A_OPUS" && !self.encoded
    }
}

/// The tracks of the file that begins at `start`; none if it is damaged before their description.
pub fn tracks(input: &Input, start: u64) -> io::Result<Vec<MatroskaTrack>> {
    let mut at = start;
    for _ in 0..MOST {
        let head = input.bytes(at..at.saturating_add(16))?;
        let Some(Element { id, size, head }) = ebml::element(&mut &head[..])? else { break };
        match (id, size) {
            (id::SEGMENT, _) => at += head,
            (id::TRACKS, Some(size)) => {
                let body = at + head..(at + head).saturating_add(size.min(LONGEST));
                return Ok(parse(&input.bytes(body)?));
            }
            (id::CLUSTER, _) | (_, None) => break,
            (_, Some(size)) => at = at.saturating_add(head).saturating_add(size),
        }
    }
    Ok(Vec::new())
}

/// The tracks that the body of a Tracks element describes.
pub fn parse(body: &[u8]) -> Vec<MatroskaTrack> {
    let entries = ebml::children(body).filter(|(id, _)| *id == id::TRACK_ENTRY);
    entries
        .map(|(_, entry)| {
            let mut stream = MatroskaTrack::default();
            for (id, body) in ebml::children(entry) {
                match id {
                    id::TRACK_NUMBER => stream.number = ebml::unsigned(body),
                    id::TRACK_TYPE => stream.audio = ebml::unsigned(body) == 2,
                    id::CODEC_ID => stream.codec = ebml::text(body),
                    id::CODEC_PRIVATE => stream.private = body.to_vec(),
                    id::CONTENT_ENCODINGS => stream.encoded = true,
                    _ => {}
                }
            }
            stream
        })
        .collect()
}
