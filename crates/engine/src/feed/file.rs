//! Files as the source of streamed tracks.

use std::path::Path;
use std::sync::Arc;

use crowd_media::Reader;

use super::input::{Input, InputError, InputInfo};
use crate::types::error::Result;
use crate::types::units::{Frames, SampleRate};

/// The function that opens the file.
type OpenFn = dyn Fn() -> std::result::Result<Reader, crowd_media::Error> + Send + Sync;

/// A decoder whose output depends on everything that it decoded before is started anew at multiples of this many frames.
const RESTART_INTERVAL: u64 = 1 << 16;

/// Reads a file of any format that crowd-media supports, block by block. A mono file gives two equal channels. More than
/// two channels are mixed to stereo. A frame always has the same samples, whether the file was read up to it or sought to
/// it.
pub struct FileInput {
    reader: Reader,
    /// Opens the file again.
    open: Option<Arc<OpenFn>>,
    rate: SampleRate,
    /// The restart interval of AAC and Opus files. An AAC decoder fills in random numbers whose sequence continues from
    /// packet to packet, and the output of an Opus decoder for speech depends on all packets before it. Such a file is
    /// read in spans of this many frames, each from a fresh start, so that the samples depend on the position only.
    restart_interval: Option<u64>,
    /// The frame that the reader returns next.
    at: u64,
    /// The first frame that was requested. Earlier frames are read and discarded.
    from: u64,
}

crate::types::opaque::opaque_debug!(FileInput);

impl FileInput {
    /// Opens a file. Its sound is converted to `rate`, if that is given. If the headers do not state the length, the whole
    /// file is read once.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) with the file, the place and the cause.
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) when the engine does not support the file's own rate.
    pub fn open(path: &Path, rate: Option<SampleRate>) -> Result<(Self, InputInfo)> {
        let path = path.to_owned();
        Self::from_opener(move || Reader::open(&path), rate)
    }

    /// Reads the file that `open` opens. Each reader that `open` returns must be at the beginning of the file. An example
    /// of its use is a file that no longer has a name.
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

    /// Makes an input from a reader. `open` opens the file another time.
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

    /// The number of bits of each sample, if the samples are exactly the integers of the file. This is so for a lossless file
    /// that is mono or stereo and is read at its own rate.
    pub fn bits(&self) -> Option<u32> {
        let info = self.info();
        info.bits.filter(|_| info.channels <= 2 && info.sample_rate == self.rate.get())
    }

    /// The gain in dB, a negative number, by which the whole file is lowered because the stereo mix of its channels would
    /// clip. `None` when it is not lowered.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.reader.downmix_gain_db()
    }
}

impl Input for FileInput {
    /// An early end of the file is reported from the start. Other damage is reported once it has been read.
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
