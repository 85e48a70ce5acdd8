//! Decodes a file into one sample vector.

use std::path::PathBuf;

use super::DecodeOptions;
use super::reader::Reader;
use crate::{Audio, Damage, Error, ErrorKind, Samples};

/// The number of frames between two progress reports.
const REPORT: u64 = 1 << 18;

impl Reader {
    /// Decodes the whole file, as [`open`](crate::open) does. Call this before anything is read.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`], [`ErrorKind::Empty`], [`ErrorKind::TooLarge`], [`ErrorKind::OutOfMemory`], or the system's error.
    pub fn into_audio(mut self, options: &DecodeOptions) -> Result<Audio, Error> {
        let mut collector = SampleCollector::new(&self, options)?;
        let mut reported = 0;
        while let Some(block) = self.next_block()? {
            collector.push(block)?;
            let frames = self.position();
            if let (Some(progress), true) = (&options.progress, frames - reported >= REPORT) {
                reported = frames;
                progress(frames, Some(self.frames()));
            }
        }
        let frames = self.position();
        check_damage(&self, frames)?;
        if let Some(progress) = &options.progress {
            progress(frames, Some(frames));
        }
        collector.shrink();
        let info = self.info();
        Ok(Audio {
            samples: collector.samples,
            sample_rate: info.sample_rate,
            channels: info.channels,
            speakers: info.speakers,
            non_finite_samples: self.non_finite_samples(),
            downmix_gain_db: None,
            warnings: self.warnings(),
        })
    }
}

/// The error for a file that is too damaged to be audio.
fn check_damage(reader: &Reader, frames: u64) -> Result<(), Error> {
    let streams = reader.streams();
    let damaged = |at, damage| Error::damaged(streams.path(), Some(at), damage);
    let damage = streams.damage();
    // Executables contain bytes that look like MPEG audio. They would be played as loud noise.
    if let Some((at, first)) = damage.first.filter(|_| damage.damaged > damage.good) {
        let packets = damage.damaged + damage.good;
        return Err(damaged(at, Damage::Undecodable { damaged: damage.damaged, packets, first }));
    }
    if frames > 0 {
        return Ok(());
    }
    Err(match damage.stopped {
        Some((at, cause)) => damaged(at, Damage::Other(cause)),
        None => Error::new(ErrorKind::Empty).with_path(streams.path()),
    })
}

/// Collects samples in their narrowest type, up to a limit.
struct SampleCollector {
    path: PathBuf,
    samples: Samples,
    limit: u64,
}

impl SampleCollector {
    /// Reserves memory for the number of samples that the header states, but at most 32 bytes of samples for each byte of the file. This
    /// is enough for any lossy codec. If more is needed, the memory grows with the samples.
    fn new(reader: &Reader, options: &DecodeOptions) -> Result<Self, Error> {
        let samples = match reader.info().bits {
            Some(..=16) => Samples::I16(Vec::new()),
            _ => Samples::F32(Vec::new()),
        };
        let path = reader.streams().path().to_owned();
        let mut collector = Self { path, samples, limit: options.max_bytes.unwrap_or(u64::MAX) };
        let promised = reader.frames().saturating_mul(u64::from(reader.channels()));
        collector.check_limit(promised)?;
        let plausible = reader.streams().file_len().saturating_mul(32) / collector.sample_bytes();
        collector.reserve(usize::try_from(promised.min(plausible)).unwrap_or(usize::MAX))?;
        Ok(collector)
    }

    fn sample_bytes(&self) -> u64 {
        match self.samples {
            Samples::I16(_) => 2,
            Samples::F32(_) => 4,
        }
    }

    fn check_limit(&self, samples: u64) -> Result<(), Error> {
        let at_least = samples.saturating_mul(self.sample_bytes());
        if at_least > self.limit {
            return Err(Error::new(ErrorKind::TooLarge { at_least, limit: self.limit }).with_path(&self.path));
        }
        Ok(())
    }

    fn reserve(&mut self, more: usize) -> Result<(), Error> {
        let bytes = more.saturating_mul(self.sample_bytes() as usize);
        match &mut self.samples {
            Samples::I16(v) => v.try_reserve_exact(more),
            Samples::F32(v) => v.try_reserve_exact(more),
        }
        .map_err(|_| Error::new(ErrorKind::OutOfMemory { bytes }))
    }

    /// Appends a block. The memory grows by at least an eighth, so that samples are rarely moved.
    fn push(&mut self, block: &[f32]) -> Result<(), Error> {
        self.check_limit((self.samples.len() + block.len()) as u64)?;
        let spare = self.samples.bytes() / self.sample_bytes() as usize - self.samples.len();
        if spare < block.len() {
            self.reserve(block.len().max(self.samples.len() / 8))?;
        }
        match &mut self.samples {
            // The decoder has divided integers of 16 bits or fewer by 32768. This multiplication restores them exactly.
            Samples::I16(v) => v.extend(block.iter().map(|s| (s * 32768.0) as i16)),
            Samples::F32(v) => v.extend_from_slice(block),
        }
        Ok(())
    }

    /// Frees spare memory if there is more of it than a 64th, because the samples may have to be moved.
    fn shrink(&mut self) {
        let held = self.samples.bytes() as u64;
        let used = self.samples.len() as u64 * self.sample_bytes();
        if held - used > held / 64 {
            match &mut self.samples {
                Samples::I16(v) => v.shrink_to_fit(),
                Samples::F32(v) => v.shrink_to_fit(),
            }
        }
    }
}
