//! Where the blocks of a stream stand.

use std::io::{Read, Seek};

use symphonia::core::errors::Result;
use symphonia::core::meta::MetadataRevision;

use super::ebml::{self, id};
use super::tags;
use super::tracks::{self, Stream};
use super::walk::{Step, Walk};

/// Frames between two entries: half a second.
const APART: u64 = 24_000;

/// All that is learnt by looking at a whole file.
pub struct Index {
    /// The stream that is read.
    pub stream: Stream,
    /// Blocks by byte and first frame, in order.
    blocks: Vec<(u64, u64)>,
    /// Frames in all, with those before the music and without those behind it.
    pub frames: u64,
    /// Frames that a file promises which ends early.
    pub promised: Option<u64>,
    pub tags: MetadataRevision,
}

impl Index {
    /// Looks at all of the file; `None` where it holds no Opus. The walk is at the first block then.
    pub fn make(walk: &mut Walk<impl Read + Seek>) -> Result<Option<Self>> {
        let mut stream = None;
        let mut blocks: Vec<(u64, u64)> = Vec::new();
        let mut tags = tags::Collector::default();
        let mut length = 0.0;
        loop {
            match walk.next()? {
                Step::About(id::TRACKS, body) if stream.is_none() => {
                    stream = tracks::parse(&body).into_iter().find(Stream::is_opus);
                    walk.stream = stream.as_ref().map_or(0, |stream| stream.number);
                }
                Step::About(id::INFO, body) => {
                    for (id, body) in ebml::children(&body) {
                        match id {
                            id::TIMESTAMP_SCALE => walk.scale = ebml::unsigned(body),
                            id::DURATION => length = ebml::float(body),
                            id::TITLE => tags.title(&ebml::text(body)),
                            _ => {}
                        }
                    }
                }
                Step::About(id::TAGS, body) => tags.add(&body),
                Step::About(..) => {}
                Step::Block(at, pieces) => {
                    let frame = pieces.first().map_or(0, |piece| piece.frame);
                    if blocks.last().is_none_or(|&(_, last)| frame >= last + APART) {
                        blocks.push((at, frame));
                    }
                }
                Step::End => break,
            }
            // Blocks before their description are of no use.
            if stream.is_none() && walk.frame > 0 {
                break;
            }
        }
        let Some((stream, &(at, frame))) = stream.zip(blocks.first()) else { return Ok(None) };
        let frames = walk.frame;
        let promised = walk.is_cut.then_some((length * walk.scale as f64 * 48e-6) as u64);
        walk.jump(at, frame)?;
        Ok(Some(Self { stream, blocks, frames, promised, tags: tags.build() }))
    }

    /// The last entry whose first frame is `frame` or before it.
    pub fn before(&self, frame: u64) -> (u64, u64) {
        let behind = self.blocks.partition_point(|&(_, first)| first <= frame);
        self.blocks.get(behind.saturating_sub(1)).copied().unwrap_or_default()
    }
}
