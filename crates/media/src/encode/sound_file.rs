//! Stereo files of a known length, in the formats for listening.

use std::io::Write;
use std::path::Path;

use super::opus::{SpanEncoder, Stream};
use super::spec::{AudioSpec, Container, SampleFormat};
use super::writer::AudioWriter;
use crate::Error;
use crate::atomic::AtomicFile;
use crate::tags::Tags;

/// The bit rate of Opus, bit/s: transparent for most music.
const OPUS_BIT_RATE: u32 = 160_000;
/// Samples that are collected before they are written.
const BUFFER: usize = 1 << 16;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundFormat {
    /// WAV or FLAC.
    Lossless(Container, SampleFormat),
    /// Opus in Ogg.
    Opus,
}

impl SoundFormat {
    /// The format for the extension of a path: 24-bit WAV or FLAC, or Opus; `None` for another one.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_string_lossy().to_lowercase();
        Self::of_extension(&extension)
    }

    /// The format for an extension in lower case: `wav`, `flac` or `opus`.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "wav" => Some(Self::Lossless(Container::Wav, SampleFormat::I24)),
            "flac" => Some(Self::Lossless(Container::Flac, SampleFormat::I24)),
            "opus" => Some(Self::Opus),
            _ => None,
        }
    }
}

/// A stereo file that appears whole or not at all.
#[allow(missing_debug_implementations, reason = "encoders have none")]
pub struct SoundFile {
    encoder: Encoder,
    buffer: Vec<f32>,
}

enum Encoder {
    Lossless(Box<AudioWriter>),
    Opus(Box<OpusFile>),
}

impl SoundFile {
    /// Starts a file of this many frames.
    ///
    /// # Errors
    /// Those of the file and of the format.
    pub fn create(path: &Path, format: SoundFormat, rate: u32, frames: u64, tags: &Tags) -> Result<Self, Error> {
        let encoder = match format {
            SoundFormat::Lossless(container, format) => {
                let spec = AudioSpec { dither: format != SampleFormat::F32, ..AudioSpec::new(rate, 2, format) };
                Encoder::Lossless(Box::new(AudioWriter::create(path, container, spec, tags)?))
            }
            SoundFormat::Opus => Encoder::Opus(Box::new(OpusFile::create(path, rate, frames, tags)?)),
        };
        Ok(Self { encoder, buffer: Vec::new() })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// Those of the file.
    pub fn write(&mut self, frames: &[[f32; 2]]) -> Result<(), Error> {
        self.buffer.extend_from_slice(frames.as_flattened());
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        match &mut self.encoder {
            Encoder::Lossless(writer) => writer.write_f32(&self.buffer)?,
            Encoder::Opus(file) => file.push(&self.buffer)?,
        }
        self.buffer.clear();
        Ok(())
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// Those of the file.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush()?;
        match self.encoder {
            Encoder::Lossless(writer) => writer.commit(),
            Encoder::Opus(file) => file.file.commit(),
        }
    }
}

/// An Opus stream of a known length, span by span. The encoder of a span begins with frames before it, so the last frames are kept.
struct OpusFile {
    file: AtomicFile,
    stream: Stream,
    /// The encoder of the span, with its frames that are missing.
    encoder: Option<(SpanEncoder, std::ops::Range<u64>)>,
    next_span: u64,
    /// The last frames, interleaved, and the frame of the first of them.
    recent: Vec<f32>,
    recent_from: u64,
    pages: Vec<u8>,
}

impl OpusFile {
    fn create(path: &Path, rate: u32, frames: u64, tags: &Tags) -> Result<Self, Error> {
        let stream = Stream::new(rate, frames, OPUS_BIT_RATE, 1, tags)?;
        let mut file = AtomicFile::create(path)?;
        file.write_all(stream.header()).map_err(|error| Error::io(path, "write", error))?;
        Ok(Self { file, stream, encoder: None, next_span: 0, recent: Vec::new(), recent_from: 0, pages: Vec::new() })
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        self.recent.extend_from_slice(samples);
        let end = self.recent_from + self.recent.len() as u64 / 2;
        loop {
            let (mut encoder, mut missing) = match self.encoder.take() {
                Some(open) => open,
                None => {
                    let Some(span) = self.stream.span(self.next_span) else { return Ok(()) };
                    if span.frames.start >= end {
                        return Ok(());
                    }
                    let encoder = self.stream.encoder(self.next_span)?;
                    self.next_span += 1;
                    (encoder, span.frames)
                }
            };
            let until = missing.end.min(end);
            let at = |frame: u64| 2 * (frame - self.recent_from) as usize;
            let ready = self.recent.get(at(missing.start)..at(until)).unwrap_or_default();
            encoder.push(ready, &mut self.pages)?;
            let written = self.file.write_all(&self.pages);
            written.map_err(|error| Error::io(self.file.path(), "write", error))?;
            self.pages.clear();
            missing.start = until;
            if !missing.is_empty() {
                self.encoder = Some((encoder, missing));
                self.forget(until);
                return Ok(());
            }
        }
    }

    /// Forgets frames that neither this span nor the next needs.
    fn forget(&mut self, done: u64) {
        let next = self.stream.span(self.next_span).map_or(done, |span| span.frames.start);
        let count = done.min(next).saturating_sub(self.recent_from);
        self.recent.drain(..(2 * count as usize).min(self.recent.len()));
        self.recent_from += count;
    }
}
