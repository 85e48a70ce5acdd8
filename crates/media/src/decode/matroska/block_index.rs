//! An index of the blocks of a track.

use std::io::{Read, Seek};

use symphonia::core::errors::Result as SymphoniaResult;
use symphonia::core::meta::MetadataRevision;

use super::block_scanner::{BlockScanner, ScannedElement};
use super::ebml::{self, id};
use super::tags;
use super::tracks::{self, MatroskaTrack};

/// Frames between two entries: half a second.
const APART: u64 = 24_000;

/// The track that is read, its length and its index, from reading the headers of all blocks.
pub struct BlockIndex {
    /// The track that is read.
    pub stream: MatroskaTrack,
    /// The byte and the first frame of some blocks, in order.
    blocks: Vec<(u64, u64)>,
    /// Frames in all, with the pre-skip and without the padding at the end.
    pub frames: u64,
    /// Frames by the header of a file that ends early.
    pub promised: Option<u64>,
    pub tags: MetadataRevision,
}

impl BlockIndex {
    /// Reads all of the file; `None` if it holds no Opus. Afterwards the scanner is at the first block.
    pub fn make(scanner: &mut BlockScanner<impl Read + Seek>) -> SymphoniaResult<Option<Self>> {
        let mut stream = None;
        let mut blocks: Vec<(u64, u64)> = Vec::new();
        let mut tags = tags::TagCollector::default();
        let mut length = 0.0;
        loop {
            match scanner.next()? {
                ScannedElement::Description(id::TRACKS, body) if stream.is_none() => {
                    stream = tracks::parse(&body).into_iter().find(MatroskaTrack::is_opus);
                    scanner.stream = stream.as_ref().map_or(0, |stream| stream.number);
                }
                ScannedElement::Description(id::INFO, body) => {
                    for (id, body) in ebml::children(&body) {
                        match id {
                            id::TIMESTAMP_SCALE => scanner.scale = ebml::unsigned(body),
                            id::DURATION => length = ebml::float(body),
                            id::TITLE => tags.title(&ebml::text(body)),
                            _ => {}
                        }
                    }
                }
                ScannedElement::Description(id::TAGS, body) => tags.add(&body),
                ScannedElement::Description(..) => {}
                ScannedElement::Block(at, packets) => {
                    let frame = packets.first().map_or(0, |packet| packet.frame);
                    if blocks.last().is_none_or(|&(_, last)| frame >= last + APART) {
                        blocks.push((at, frame));
                    }
                }
                ScannedElement::End => break,
            }
            // Blocks before their description cannot be read.
            if stream.is_none() && scanner.frame > 0 {
                break;
            }
        }
        let Some((stream, &(at, frame))) = stream.zip(blocks.first()) else { return Ok(None) };
        let frames = scanner.frame;
        let promised = scanner.is_cut.then_some((length * scanner.scale as f64 * 48e-6) as u64);
        scanner.jump(at, frame)?;
        Ok(Some(Self { stream, blocks, frames, promised, tags: tags.build() }))
    }

    /// The last entry whose first frame is `frame` or before it.
    pub fn before(&self, frame: u64) -> (u64, u64) {
        let after = self.blocks.partition_point(|&(_, first)| first <= frame);
        self.blocks.get(after.saturating_sub(1)).copied().unwrap_or_default()
    }
}
