//! Files as inputs.

use std::path::Path;
use std::sync::Arc;

use crowd_media::Reader;

use super::input::{Fault, Input, Shape};
use crate::types::error::Result;
use crate::types::units::{Frames, SampleRate};

/// Opens a file.
type Open = dyn Fn() -> std::result::Result<Reader, crowd_media::Error> + Send + Sync;

/// Frames after which a decoder that makes up noise of its own is started anew.
const SEGMENT: u64 = 1 << 16;

/// A file of any format crowd-media knows, read piece by piece: mono becomes two equal channels, more than two are mixed
/// down. A frame is always the same, whether it was read up to or sought.
pub struct FileInput {
    reader: Reader,
    /// Opens it again.
    open: Option<Arc<Open>>,
    rate: SampleRate,
    /// What an AAC encoder leaves to the decoder is random numbers, which go on from packet to packet, and what Opus makes of
    /// speech depends on all of it that came before. So that they belong to a place, such a file is read in segments, each
    /// from a fresh start.
    segment: Option<u64>,
    /// The frame the reader gives next, and from which on frames are wanted.
    at: u64,
    from: u64,
}

crate::types::opaque::opaque_debug!(FileInput);

impl FileInput {
    /// Opens a file, to be read at `rate`, or at its own. A file that does not tell its length is read through once.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) with the file, the place and the cause; [`Error::OutOfRange`](crate::Error::OutOfRange)
    /// when its own rate is none the engine knows.
    pub fn open(path: &Path, rate: Option<SampleRate>) -> Result<(Self, Shape)> {
        let path = path.to_owned();
        Self::over(move || Reader::open(&path), rate)
    }

    /// Reads what `open` opens, each time from its beginning: a file that lost its name, say.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn over(
        open: impl Fn() -> std::result::Result<Reader, crowd_media::Error> + Send + Sync + 'static,
        rate: Option<SampleRate>,
    ) -> Result<(Self, Shape)> {
        let reader = open()?;
        let rate = rate.map_or_else(|| SampleRate::new(reader.sample_rate()), Ok)?;
        Self::new(reader, Some(Arc::new(open)), rate)
    }

    /// Takes a reader; `open` opens it a second time.
    pub(crate) fn new(reader: Reader, open: Option<Arc<Open>>, rate: SampleRate) -> Result<(Self, Shape)> {
        let input = Self::read_by(reader, open, rate)?;
        let frames = Frames(input.reader.frames());
        let shape = Shape { frames, sample_rate: rate, channels: usize::from(input.reader.channels()) };
        Ok((input, shape))
    }

    fn read_by(reader: Reader, open: Option<Arc<Open>>, rate: SampleRate) -> Result<Self> {
        let segment = matches!(&*reader.info().codec, "aac" | "opus").then_some(SEGMENT);
        let reader = reader.to_stereo()?.resampled(rate.get())?;
        Ok(Self { reader, open, rate, segment, at: 0, from: 0 })
    }

    /// What the file says about itself.
    pub fn info(&self) -> &crowd_media::Info {
        self.reader.info()
    }

    /// Bits of a sample, where what is read is what the file holds, in whole numbers: lossless, at its own rate, mono or stereo.
    pub fn bits(&self) -> Option<u32> {
        let info = self.info();
        info.bits.filter(|_| info.channels <= 2 && info.sample_rate == self.rate.get())
    }

    /// By how many decibels all of it is lowered because the stereo mix of its channels would clip, negative; `None` when it
    /// is not.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.reader.downmix_gain_db()
    }
}

impl Input for FileInput {
    /// That a file ends early is known from the start, other damage once it is met.
    fn warnings(&self) -> Vec<String> {
        self.reader.warnings()
    }

    fn seek(&mut self, frame: u64) -> std::result::Result<(), Fault> {
        self.from = frame;
        self.at = frame - self.segment.map_or(0, |segment| frame % segment);
        Ok(self.reader.seek(self.at)?)
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, Fault> {
        let mono = self.reader.channels() == 1;
        let width = if mono { 1 } else { 2 };
        loop {
            let Some(block) = self.reader.next_block()? else { return Ok(false) };
            let read = (block.len() / width) as u64;
            let room = self.segment.map_or(read, |segment| segment - self.at % segment);
            let wanted = self.from.saturating_sub(self.at).min(read) as usize..read.min(room) as usize;
            let block = block.get(width * wanted.start..width * wanted.end).unwrap_or_default();
            if mono {
                frames.extend(block.iter().map(|sample| [*sample; 2]));
            } else {
                frames.extend_from_slice(block.as_chunks().0);
            }
            let some = !block.is_empty();
            self.at += read.min(room);
            if self.segment.is_some_and(|segment| self.at.is_multiple_of(segment)) {
                self.reader.seek(self.at)?;
            }
            if some {
                return Ok(true);
            }
        }
    }

    /// Between its multiples AAC and Opus are read up to.
    fn seek_step(&self) -> u64 {
        self.segment.unwrap_or(1)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        let open = self.open.as_ref()?;
        Some(Box::new(Self::read_by(open().ok()?, Some(open.clone()), self.rate).ok()?))
    }
}
