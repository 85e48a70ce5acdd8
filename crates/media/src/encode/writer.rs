//! Writes files of any format, streaming or at once.

use std::path::Path;

use super::spec::{AudioFormat, AudioSpec, Container, SampleFormat};
use super::{dither, flac, wav};
#[cfg(doc)]
use crate::ErrorKind;
use crate::atomic::AtomicFile;
use crate::audio::{Audio, Samples};
use crate::{Error, Tags};

/// Writes a file in any [`AudioFormat`], block by block. The file appears on [`commit`](Self::commit), complete.
#[derive(Debug)]
#[non_exhaustive]
pub enum AudioWriter {
    /// A WAV file.
    Wav(wav::Writer<AtomicFile>),
    /// A FLAC file.
    Flac(flac::Writer<AtomicFile>),
}

impl AudioWriter {
    /// Starts the file `path` in `container` with these `tags`.
    ///
    /// # Errors
    /// As [`wav::Writer::create`] and [`flac::Writer::create`].
    pub fn create(path: &Path, container: Container, spec: AudioSpec, tags: &Tags) -> Result<Self, Error> {
        Ok(match container {
            Container::Wav => {
                let mut writer = wav::Writer::create(path, spec)?;
                writer.set_tags(tags)?;
                Self::Wav(writer)
            }
            Container::Flac => Self::Flac(flac::Writer::create(path, spec, tags)?),
        })
    }

    /// Appends whole interleaved frames with full scale 1.0. In integer formats louder samples are clamped, and dither is added if the
    /// spec has it. Samples that are not finite become 0, and are counted in [`non_finite_samples`](Self::non_finite_samples).
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, [`ErrorKind::DiskFull`] and the other kinds of the system.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<(), Error> {
        match self {
            Self::Wav(writer) => writer.write_f32(samples),
            Self::Flac(writer) => writer.write_f32(samples),
        }
    }

    /// Appends whole interleaved frames of 16-bit samples, which every sample format holds exactly.
    ///
    /// # Errors
    /// As [`write_f32`](Self::write_f32).
    pub fn write_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        match self {
            Self::Wav(writer) => writer.write_i16(samples),
            Self::Flac(writer) => writer.write_i16(samples),
        }
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        match self {
            Self::Wav(writer) => writer.frames(),
            Self::Flac(writer) => writer.frames(),
        }
    }

    /// The number of samples that were not finite and were written as 0.
    pub fn non_finite_samples(&self) -> u64 {
        match self {
            Self::Wav(writer) => writer.non_finite_samples(),
            Self::Flac(writer) => writer.non_finite_samples(),
        }
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`ErrorKind::DiskFull`] and the other kinds of the system, [`ErrorKind::Empty`] for a FLAC file without a frame; no file
    /// is left then.
    pub fn commit(self) -> Result<(), Error> {
        match self {
            Self::Wav(writer) => writer.commit(),
            Self::Flac(writer) => writer.commit(),
        }
    }
}

/// Writes `audio` to the file `path`, which appears complete or not at all. If the sample format can represent every sample exactly, the
/// samples are unchanged. This is always so for 16-bit audio. Otherwise an integer format gets dither.
///
/// ```no_run
/// use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};
///
/// # fn main() -> Result<(), crowd_media::Error> {
/// let second_of_silence = Audio::new(Samples::F32(vec![0.0; 2 * 48_000]), 48_000, 2)?;
/// let format = AudioFormat::new(Container::Wav, SampleFormat::I24)?;
/// crowd_media::write("silence.wav".as_ref(), &second_of_silence, format, &Tags::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ErrorKind::SampleRate`], [`ErrorKind::FrameShape`], [`ErrorKind::FormatLimit`] for more channels than the format has or a tag over
/// 64 KiB, [`ErrorKind::Empty`] for a FLAC file without a frame, [`ErrorKind::DiskFull`] and the other kinds of the system. No file is
/// left then, and an older file stays unchanged.
pub fn write(path: &Path, audio: &Audio, format: AudioFormat, tags: &Tags) -> Result<(), Error> {
    let dither = match (&audio.samples, format.sample_format()) {
        (Samples::I16(_), _) | (_, SampleFormat::F32) => false,
        (Samples::F32(v), integer) => !dither::on_grid(v, integer.bits()),
    };
    let spec = AudioSpec {
        dither,
        speakers: audio.speakers,
        ..AudioSpec::new(audio.sample_rate, audio.channels, format.sample_format())
    };
    let mut writer = AudioWriter::create(path, format.container(), spec, tags)?;
    let step = usize::from(audio.channels.max(1)) * 4096;
    match &audio.samples {
        Samples::I16(v) => v.chunks(step).try_for_each(|block| writer.write_i16(block))?,
        Samples::F32(v) => v.chunks(step).try_for_each(|block| writer.write_f32(block))?,
    }
    writer.commit()
}

/// Writes `audio` as the WAV file `path`, as [`write`](crate::write()) does.
///
/// # Errors
/// As [`write`](crate::write()).
pub fn write_wav(path: &Path, audio: &Audio, format: SampleFormat) -> Result<(), Error> {
    write(path, audio, AudioFormat::new(Container::Wav, format)?, &Tags::default())
}
