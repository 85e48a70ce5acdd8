//! WAV writing: 16-bit, 24-bit and 32-bit float. Files over 4 GiB are RF64 (EBU Tech 3306).
//!
//! The crate `hound` is not used, because it writes no RF64, no tags, and no header for samples that are written later.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::dither::Quantiser;
use super::id3;
use super::pcm::pack_with;
use super::tags::check_tags;
use crate::atomic::AtomicFile;
use crate::audio::{check_rate, check_shape, from_i16};
use crate::downmix::layout;
use crate::error::Subject;
use crate::{Error, ErrorKind, Tags};

use super::spec::{AudioSpec, SampleFormat};
pub use super::writer::write_wav as write;

/// The header is updated after this many data bytes, so that the file is playable after a crash.
const REFRESH: u64 = 8 << 20;
/// Data bytes of the `ds64` chunk; a `JUNK` chunk of that size reserves the space while the file is small.
const DS64: u32 = 28;

/// A streaming WAV writer over anything that can seek.
///
/// The header is valid from the start. It is updated every 8 MiB and on [`flush`](Self::flush). When the file becomes too large for the
/// 32-bit sizes of RIFF, the header becomes one of RF64.
///
/// At the end call [`finish`](Self::finish), or [`commit`](Self::commit) for a file. When the writer is dropped instead, the bytes that are
/// still buffered are lost.
#[derive(Debug)]
pub struct Writer<W: Write + Seek> {
    sink: BufWriter<W>,
    subject: Subject,
    spec: AudioSpec,
    quantiser: Quantiser,
    data_bytes: u64,
    header_covers: u64,
    tags: Vec<u8>,
    scratch: Vec<u8>,
}

impl Writer<AtomicFile> {
    /// Starts the file `path`, which appears on [`commit`](Self::commit).
    ///
    /// # Errors
    /// As [`Writer::new`] and [`AtomicFile::create`].
    pub fn create(path: &Path, spec: AudioSpec) -> Result<Self, Error> {
        Self::about(AtomicFile::create(path)?, spec, Subject::File(path.to_owned()))
    }

    /// Completes the header and gives the file its name.
    ///
    /// # Errors
    /// [`ErrorKind::DiskFull`] and the other kinds of the system. After an error no file is left.
    pub fn commit(self) -> Result<(), Error> {
        self.finish()?.commit()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Writes an empty WAV to `sink`, from its start.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`] or [`ErrorKind::FrameShape`] for an impossible spec, an I/O error of the sink.
    pub fn new(sink: W, spec: AudioSpec) -> Result<Self, Error> {
        Self::about(sink, spec, Subject::Stream("the WAV stream"))
    }

    fn about(sink: W, spec: AudioSpec, subject: Subject) -> Result<Self, Error> {
        check_rate(spec.sample_rate)?;
        check_shape(0, spec.channels)?;
        let mut writer = Self {
            sink: BufWriter::with_capacity(1 << 16, sink),
            subject,
            spec,
            quantiser: Quantiser::new(spec.dither),
            data_bytes: 0,
            header_covers: 0,
            tags: Vec::new(),
            scratch: Vec::new(),
        };
        let header = writer.header();
        writer.put(&header)?;
        Ok(writer)
    }

    /// The rate, channels and sample format of the file.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Sets the tags. Call this before the first sample is written. The tags are written twice: in an `id3 ` chunk, from which DJ
    /// programs read tempo and key, and in a `LIST INFO` chunk, which other players read.
    ///
    /// # Errors
    /// [`ErrorKind::FormatLimit`] for a tag over 64 KiB, [`ErrorKind::InvalidCall`] when samples were written, or an I/O error of the
    /// sink.
    pub fn set_tags(&mut self, tags: &Tags) -> Result<(), Error> {
        check_tags(tags)?;
        if self.data_bytes > 0 {
            let (what, advice) = (
                "the frame at which tags were set",
                "set them before the first sample, because they are in the header",
            );
            return Err(Error::refusal(ErrorKind::InvalidCall, what, self.frames().to_string(), advice));
        }
        self.tags = id3::chunks(tags);
        self.refresh(self.header().len() as u64)
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        self.data_bytes / self.spec.frame_bytes()
    }

    /// The number of samples that were not finite and were written as 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.quantiser.non_finite_samples()
    }

    /// Appends whole interleaved frames with full scale 1.0. In integer formats louder samples are clamped. Samples that are not
    /// finite become 0, and are counted in [`non_finite_samples`](Self::non_finite_samples).
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, an I/O error of the sink.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<(), Error> {
        check_shape(samples.len(), self.spec.channels)?;
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        pack_with(&mut self.quantiser, samples, self.spec.sample_format, &mut bytes);
        let written = self.append(&bytes);
        self.scratch = bytes;
        written
    }

    /// Appends whole interleaved frames of 16-bit samples, which every sample format holds exactly.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, an I/O error of the sink.
    pub fn write_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        check_shape(samples.len(), self.spec.channels)?;
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        for &s in samples {
            match self.spec.sample_format {
                SampleFormat::I16 => bytes.extend(s.to_le_bytes()),
                SampleFormat::I24 => bytes.extend(&(i32::from(s) << 8).to_le_bytes()[..3]),
                SampleFormat::F32 => bytes.extend(from_i16(s).to_le_bytes()),
            }
        }
        let written = self.append(&bytes);
        self.scratch = bytes;
        written
    }

    /// Updates the header, and writes all buffered bytes to the sink. The sink then has a complete WAV.
    ///
    /// # Errors
    /// An I/O error of the sink.
    pub fn flush(&mut self) -> Result<(), Error> {
        let end = self.header().len() as u64 + self.data_bytes;
        self.refresh(end)?;
        self.sink.flush().map_err(|e| Error::of_system(self.subject.clone(), "write", e))
    }

    /// Pads the data chunk to an even length, completes the header and returns the sink.
    ///
    /// # Errors
    /// An I/O error of the sink.
    pub fn finish(mut self) -> Result<W, Error> {
        if self.data_bytes % 2 == 1 {
            self.put(&[0])?;
        }
        let end = self.header().len() as u64 + self.data_bytes.next_multiple_of(2);
        self.refresh(end)?;
        self.sink.into_inner().map_err(|e| Error::of_system(self.subject, "write", e.into_error()))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.put(bytes)?;
        self.data_bytes += bytes.len() as u64;
        if self.data_bytes - self.header_covers >= REFRESH {
            let end = self.header().len() as u64 + self.data_bytes;
            self.refresh(end)?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sink.write_all(bytes).map_err(|e| Error::of_system(self.subject.clone(), "write", e))
    }

    /// Rewrites the header and returns to `end`.
    fn refresh(&mut self, end: u64) -> Result<(), Error> {
        let header = self.header();
        let rewrite = |sink: &mut BufWriter<W>| -> io::Result<()> {
            sink.seek(SeekFrom::Start(0))?;
            sink.write_all(&header)?;
            sink.seek(SeekFrom::Start(end))?;
            Ok(())
        };
        rewrite(&mut self.sink).map_err(|e| Error::of_system(self.subject.clone(), "write", e))?;
        self.header_covers = self.data_bytes;
        Ok(())
    }

    /// The header for the data written so far. Its length depends only on the spec and the tags.
    fn header(&self) -> Vec<u8> {
        riff(self.spec, self.frames(), &self.tags)
    }
}

/// The header of a WAV of `frames` frames without tags: the bytes that a [`Writer`] writes before the samples. Over 4 GiB it is RF64. The
/// header is followed by the samples, as [`pcm::pack`](crate::pcm::pack) packs them. If they have an odd number of bytes, a byte of 0
/// follows.
///
/// # Errors
/// [`ErrorKind::SampleRate`] or [`ErrorKind::FrameShape`] for an impossible spec, [`ErrorKind::FormatLimit`] for a length whose number of
/// bytes does not fit 64 bits.
pub fn header(spec: AudioSpec, frames: u64) -> Result<Vec<u8>, Error> {
    check_rate(spec.sample_rate)?;
    check_shape(0, spec.channels)?;
    // The bytes before and after the samples are far fewer than the rest of the range.
    if frames.checked_mul(spec.frame_bytes()).is_none_or(|bytes| bytes > u64::MAX / 2) {
        let (value, advice) = (format!("{frames} frames"), "check how it was counted");
        return Err(Error::refusal(ErrorKind::FormatLimit, "the length of a WAV file", value, advice));
    }
    Ok(riff(spec, frames, &[]))
}

/// The header for `frames` frames. `tags` are complete chunks.
fn riff(spec: AudioSpec, frames: u64, tags: &[u8]) -> Vec<u8> {
    let AudioSpec { sample_rate, channels, sample_format: format, speakers, .. } = spec;
    let data_bytes = frames * spec.frame_bytes();
    let bits = format.bytes() * 8;
    // WAVEFORMATEXTENSIBLE is required for more than two channels or more than 16 integer bits. Without it, old readers misread such
    // files.
    let extensible = channels > 2 || format == SampleFormat::I24;
    let tag: u16 = if format == SampleFormat::F32 { 3 } else { 1 };
    let mut fmt = Vec::new();
    fmt.extend(if extensible { 0xfffe_u16 } else { tag }.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(sample_rate.to_le_bytes());
    fmt.extend((u64::from(sample_rate) * spec.frame_bytes()).min(u64::from(u32::MAX)).to_le_bytes().iter().take(4));
    fmt.extend((spec.frame_bytes() as u16).to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    if extensible {
        fmt.extend(22_u16.to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        fmt.extend(layout(channels, speakers).to_le_bytes());
        fmt.extend(tag.to_le_bytes());
        fmt.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    } else if format == SampleFormat::F32 {
        fmt.extend(0_u16.to_le_bytes());
    }
    // Every format tag except that of plain PCM needs the frame count in a fact chunk.
    let fact_bytes = if extensible || format == SampleFormat::F32 { 12 } else { 0 };
    let head_bytes = 4 + 8 + u64::from(DS64) + 8 + fmt.len() as u64 + fact_bytes + tags.len() as u64 + 8;
    let riff_bytes = head_bytes + data_bytes.next_multiple_of(2);
    // 0xffffffff itself means "see ds64" (EBU Tech 3306), or "unknown" to readers without support for RF64.
    let big = riff_bytes >= u64::from(u32::MAX);
    let small = |n: u64| if big { u32::MAX } else { n as u32 };

    let mut header = Vec::new();
    header.extend(if big { b"RF64" } else { b"RIFF" });
    header.extend(small(riff_bytes).to_le_bytes());
    header.extend(b"WAVE");
    header.extend(if big { b"ds64" } else { b"JUNK" });
    header.extend(DS64.to_le_bytes());
    for n in [riff_bytes, data_bytes, frames] {
        header.extend(if big { n } else { 0 }.to_le_bytes());
    }
    header.extend(0_u32.to_le_bytes());
    header.extend(b"fmt ");
    header.extend((fmt.len() as u32).to_le_bytes());
    header.extend(fmt);
    if fact_bytes > 0 {
        header.extend(b"fact");
        header.extend(4_u32.to_le_bytes());
        header.extend(small(frames).to_le_bytes());
    }
    header.extend(tags);
    header.extend(b"data");
    header.extend(small(data_bytes).to_le_bytes());
    header
}

#[cfg(test)]
mod tests;
