//! Any format, written piece by piece or in one go.

use std::path::Path;

use super::spec::{AudioFormat, AudioSpec, Container, SampleFormat};
use super::{dither, flac, wav};
#[cfg(doc)]
use crate::ErrorKind;
use crate::atomic::AtomicFile;
use crate::audio::{Audio, Samples};
use crate::{Error, Tags};

/// A streaming writer of a file in any [`AudioFormat`]; the file appears, whole, on [`commit`](Self::commit).
#[derive(Debug)]
pub enum AudioWriter {
    /// A WAV file.
    Wav(wav::Writer<AtomicFile>),
    /// A FLAC file.
    Flac(flac::Writer<AtomicFile>),
}

impl AudioWriter {
    /// Starts the file `path` in `container`, which `spec` describes and `tags` names.
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

    /// Appends whole interleaved frames, full scale 1.0. Integers are dithered if the spec says so and clamp what is
    /// louder; NaN and infinities become 0 and are counted in [`non_finite_samples`](Self::non_finite_samples).
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, [`ErrorKind::DiskFull`] and the other kinds of the system.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<(), Error> {
        match self {
            Self::Wav(writer) => writer.write_f32(samples),
            Self::Flac(writer) => writer.write_f32(samples),
        }
    }

    /// Appends whole interleaved frames of 16-bit samples, exactly in every format.
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

    /// How many non-finite samples were written as 0.
    pub fn non_finite_samples(&self) -> u64 {
        match self {
            Self::Wav(writer) => writer.non_finite_samples(),
            Self::Flac(writer) => writer.non_finite_samples(),
        }
    }

    /// Completes the file and puts it in its place.
    ///
    /// # Errors
    /// [`ErrorKind::DiskFull`] and the other kinds of the system, [`ErrorKind::Empty`] for a FLAC file without a frame; nothing is
    /// left behind then.
    pub fn commit(self) -> Result<(), Error> {
        match self {
            Self::Wav(writer) => writer.commit(),
            Self::Flac(writer) => writer.commit(),
        }
    }
}

/// Writes `audio` to the file `path` in one go, atomically. Samples that fit the depth are kept exactly, 16-bit audio
/// always; others are dithered when the depth is an integer one.
///
/// # Errors
/// [`ErrorKind::SampleRate`], [`ErrorKind::FrameShape`], [`ErrorKind::FormatLimit`] for more channels than the format has or a tag
/// over 64 KiB, [`ErrorKind::Empty`] for a FLAC file without a frame, [`ErrorKind::DiskFull`] and the other kinds of the system.
/// Nothing is left behind then, and an older file stays.
pub fn write(path: &Path, audio: &Audio, format: AudioFormat, tags: &Tags) -> Result<(), Error> {
    let dither = match (&audio.samples, format.sample_format()) {
        (Samples::I16(_), _) | (_, SampleFormat::F32) => false,
        (Samples::F32(v), depth) => !dither::on_grid(v, depth.bits()),
    };
    let spec = AudioSpec {
        dither,
        speakers: audio.speakers,
        ..AudioSpec::new(audio.sample_rate, audio.channels, format.sample_format())
    };
    let mut writer = AudioWriter::create(path, format.container(), spec, tags)?;
    let step = usize::from(audio.channels.max(1)) * 4096;
    match &audio.samples {
        Samples::I16(v) => v.chunks(step).try_for_each(|piece| writer.write_i16(piece))?,
        Samples::F32(v) => v.chunks(step).try_for_each(|piece| writer.write_f32(piece))?,
    }
    writer.commit()
}

/// Writes `audio` as a WAV file in one go, atomically. Samples that fit `format` are kept exactly, 16-bit audio
/// always; others are dithered when `format` is an integer one.
///
/// # Errors
/// As [`write`].
pub fn write_wav(path: &Path, audio: &Audio, format: SampleFormat) -> Result<(), Error> {
    write(path, audio, AudioFormat::new(Container::Wav, format)?, &Tags::default())
}
