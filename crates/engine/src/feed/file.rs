//! Files as inputs.

use std::path::{Path, PathBuf};

use crowd_media::Reader;

use super::{Fault, Input, Shape};
use crate::error::Result;
use crate::units::{Frames, SampleRate};

/// A file, read at the engine's rate.
pub(crate) struct FileInput {
    reader: Reader,
    /// Where it can be opened again.
    path: Option<PathBuf>,
    rate: SampleRate,
}

impl FileInput {
    /// Takes a reader; `path` opens it a second time.
    pub fn new(reader: Reader, path: Option<&Path>, rate: SampleRate) -> Result<(Self, Shape)> {
        let mut reader = reader.to_stereo().resampled(rate.get())?;
        let frames = Frames(reader.measure()?);
        let shape = Shape { frames, sample_rate: rate, channels: usize::from(reader.channels()) };
        Ok((Self { reader, path: path.map(Path::to_owned), rate }, shape))
    }
}

impl Input for FileInput {
    fn seek(&mut self, frame: u64) -> std::result::Result<(), Fault> {
        Ok(self.reader.seek(frame)?)
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, Fault> {
        let mono = self.reader.channels() == 1;
        let Some(block) = self.reader.next_block()? else { return Ok(false) };
        if mono {
            frames.extend(block.iter().map(|sample| [*sample; 2]));
        } else {
            frames.extend_from_slice(block.as_chunks().0);
        }
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        let reader = Reader::open(self.path.as_deref()?).ok()?;
        let reader = reader.to_stereo().resampled(self.rate.get()).ok()?;
        Some(Box::new(Self { reader, path: self.path.clone(), rate: self.rate }))
    }
}
