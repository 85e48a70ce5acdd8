//! Reads the sound of one item.

use std::ops::{ControlFlow, Range};

use crowd_engine::chunk::{ChunkGrid, Chunked};
use crowd_engine::feed::FileInput;
use crowd_engine::{Frames, SampleRate};
use crowd_library::ContentIndex;
use crowd_mastering::{Mastering, MasteringSettings};

use super::reader_thread::Sound;
use crate::error::Error;
use crate::item::Item;

/// The chunks in which sound is made: 1.4 s at 48 kHz.
const CHUNK: Frames = Frames(16 * ChunkGrid::ALIGN.0);
/// The memory of the chain is exact, so chunks need no overlap.
const NO_OVERLAP: Frames = Frames(0);
/// The largest true peak. AAC of 128 kbit/s and more decodes to at most 0.6 dB above it.
const CEILING_DBTP: f32 = -1.0;

/// The range of gains in decibels. Music that needs more is noise.
pub const GAINS_DB: (f64, f64) = (-24.0, 24.0);

/// The gain in decibels that brings a loudness to the target, both in LUFS; 0 for silence, which has none.
pub fn gain_db(loudness: f64, target: f64) -> f32 {
    let gain = if loudness.is_finite() { target - loudness } else { 0.0 };
    gain.clamp(GAINS_DB.0, GAINS_DB.1) as f32
}

/// The chain that gives an item the loudness of the station: a gain and a true-peak limiter.
pub fn chain(gain_db: f32, rate: SampleRate) -> Result<Mastering, crowd_engine::Error> {
    let settings =
        MasteringSettings { make_up_db: gain_db, ceiling_dbtp: CEILING_DBTP, ..MasteringSettings::default() };
    Mastering::new(&settings, rate)
}

/// The sound of an item. A frame has the same samples whenever and in whatever order it is read.
pub struct ItemSound {
    chunked: Chunked<Mastering, FileInput>,
    /// The chunk that was made last.
    chunk: Vec<[f32; 2]>,
    /// The frames of that chunk.
    made: Range<u64>,
}

impl ItemSound {
    /// Opens the file of an item.
    ///
    /// # Errors
    /// [`Error::Changed`] when the file has other content than the item says; the errors of opening it.
    pub fn open(item: &Item, rate: SampleRate, contents: &ContentIndex) -> Result<Self, Error> {
        let music = contents.open(&item.file)?;
        if music.hash().is_none_or(|hash| hash.to_string() != item.hash) {
            return Err(Error::Changed(item.file.clone()));
        }
        let (input, info) = FileInput::from_opener(move || music.reader(), Some(rate))?;
        if info.frames != item.frames {
            return Err(Error::Changed(item.file.clone()));
        }
        let grid = ChunkGrid::new(item.frames, CHUNK)?;
        Ok(Self {
            chunked: Chunked::new(chain(item.gain_db, rate)?, input, grid, NO_OVERLAP),
            chunk: Vec::new(),
            made: 0..0,
        })
    }

    fn make(&mut self, index: usize) -> Result<(), Error> {
        self.chunk.clear();
        let chunk = &mut self.chunk;
        self.chunked.make(index, |block| {
            chunk.extend_from_slice(block);
            ControlFlow::Continue(())
        })?;
        self.made = self.chunked.grid().span(index).unwrap_or_default();
        Ok(())
    }
}

impl Sound for ItemSound {
    fn block(&mut self, range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        let mut block = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if !self.made.contains(&at) {
                let Some(index) = self.chunked.grid().index_at(Frames(at)) else { break };
                self.make(index)?;
            }
            let end = self.made.end.min(range.end);
            let offset = |frame: u64| usize::try_from(frame - self.made.start).unwrap_or(usize::MAX);
            let Some(frames) = self.chunk.get(offset(at)..offset(end)).filter(|frames| !frames.is_empty()) else {
                break;
            };
            block.extend_from_slice(frames);
            at = end;
        }
        Ok(block)
    }
}
