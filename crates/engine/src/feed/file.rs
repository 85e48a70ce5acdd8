//! Files as the source of streamed tracks.

use std::path::Path;
use std::sync::Arc;

use crowd_media::Reader;

use super::input::{Input, InputError, InputInfo};
use crate::types::error::Result;
use crate::types::units::{Frames, SampleRate};

/// The function that opens the file.
type OpenFn = dyn Fn() -> std::result::Result<Reader, crowd_media::Error> + Send + Sync;

/// Frames after which a decoder whose output depends on everything it decoded before is started anew.
const RESTART_INTERVAL: u64 = 1 << 16;

/// A file of any format that crowd-media reads, read in blocks: mono becomes two equal channels, more than two are
/// mixed down. A frame always has the same samples, whether the file was read up to it or sought to it.
pub struct FileInput {
    reader: Reader,
    /// Opens the file again.
    open: Option<Arc<OpenFn>>,
    rate: SampleRate,
    /// The restart interval of AAC and Opus files. An AAC decoder fills in random numbers whose sequence continues from
    /// packet to packet, and the output of an Opus decoder for speech depends on all packets before it. Such a file is
    /// read in spans of this many frames, each from a fresh start, so that the samples depend on the position only.
    restart_interval: Option<u64>,
    /// The frame that the reader returns next, and the first frame that is wanted.
    at: u64,
    from: u64,
}

crate::types::opaque::opaque_debug!(FileInput);

impl FileInput {
    /// Opens a file, to be read at `rate`, or at its own rate. A file whose headers do not state its length is read
    /// through once.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) with the file, the place and the cause;
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) when the engine does not support its own rate.
    pub fn open(path: &Path, rate: Option<SampleRate>) -> Result<(Self, InputInfo)> {
        let path = path.to_owned();
        Self::from_opener(move || Reader::open(&path), rate)
    }

    /// Reads the file that `open` opens; each reader that `open` returns must be at the beginning of the file. This is
    /// for files that no longer have a name, for example.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_opener(
        open: impl Fn() -> std::result::Result<Reader, crowd_media::Error> + Send + Sync + 'static,
        rate: Option<SampleRate>,
    ) -> Result<(Self, InputInfo)> {
        let reader = open()?;
        let rate = rate.map_or_else(|| SampleRate::new(reader.sample_rate()), Ok)?;
        Self::new(reader, Some(Arc::new(open)), rate)
    }

    /// Makes an input from a reader; `open` opens the file a second time.
    pub(crate) fn new(reader: Reader, open: Option<Arc<OpenFn>>, rate: SampleRate) -> Result<(Self, InputInfo)> {
        let input = Self::with_reader(reader, open, rate)?;
        let frames = Frames(input.reader.frames());
        let info = InputInfo { frames, sample_rate: rate, channels: usize::from(input.reader.channels()) };
        Ok((input, info))
    }

    fn with_reader(reader: Reader, open: Option<Arc<OpenFn>>, rate: SampleRate) -> Result<Self> {
        let restart_interval = matches!(&*reader.info().codec, "aac" | "opus").then_some(RESTART_INTERVAL);
        let reader = reader.to_stereo()?.resampled(rate.get())?;
        Ok(Self { reader, open, rate, restart_interval, at: 0, from: 0 })
    }

    /// The file's own description.
    pub fn info(&self) -> &crowd_media::Info {
        self.reader.info()
    }

    /// Bits per sample when the samples are exactly the whole numbers of the file: a lossless file at its own rate,
    /// mono or stereo.
    pub fn bits(&self) -> Option<u32> {
        let info = self.info();
        info.bits.filter(|_| info.channels <= 2 && info.sample_rate == self.rate.get())
    }

    /// The gain in dB, negative, by which the whole file is lowered because the stereo mix of its channels would clip;
    /// `None` when it is not lowered.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.reader.downmix_gain_db()
    }
}

impl Input for FileInput {
    /// A file that ends early is reported from the start, other damage once it is read.
    fn warnings(&self) -> Vec<String> {
        self.reader.warnings()
    }

    fn seek(&mut self, frame: u64) -> std::result::Result<(), InputError> {
        self.from = frame;
        self.at = frame - self.restart_interval.map_or(0, |interval| frame % interval);
        Ok(self.reader.seek(self.at)?)
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, InputError> {
        let mono = self.reader.channels() == 1;
        let width = if mono { 1 } else { 2 };
        loop {
            let Some(block) = self.reader.next_block()? else { return Ok(false) };
            let read = (block.len() / width) as u64;
            let room = self.restart_interval.map_or(read, |interval| interval - self.at % interval);
            let wanted = self.from.saturating_sub(self.at).min(read) as usize..read.min(room) as usize;
            let block = block.get(width * wanted.start..width * wanted.end).unwrap_or_default();
            if mono {
                frames.extend(block.iter().map(|sample| [*sample; 2]));
            } else {
                frames.extend_from_slice(block.as_chunks().0);
            }
            let some = !block.is_empty();
            self.at += read.min(room);
            if self.restart_interval.is_some_and(|interval| self.at.is_multiple_of(interval)) {
                self.reader.seek(self.at)?;
            }
            if some {
                return Ok(true);
            }
        }
    }

    /// A seek in an AAC or Opus file reads from a multiple of the restart interval up to the frame.
    fn seek_step(&self) -> u64 {
        self.restart_interval.unwrap_or(1)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        let open = self.open.as_ref()?;
        Some(Box::new(Self::with_reader(open().ok()?, Some(open.clone()), self.rate).ok()?))
    }
}
