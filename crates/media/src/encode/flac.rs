//! FLAC writing (RFC 9639): 16 and 24 bits, compressed without loss.

mod blocks;

use std::fmt;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flac_codec::encode::{FlacSampleWriter, Options, OptionsError};
use flac_codec::metadata::VorbisComment;

pub use self::blocks::{BLOCK as BLOCK_FRAMES, BlockEncoder};
use super::spec::{AudioSpec, SampleFormat};

use super::dither::Quantiser;
use super::spec::no_floats;
use super::tags::{check_tags, comments};
use crate::atomic::AtomicFile;
use crate::audio::{check_rate, check_shape};
use crate::downmix::layout;
use crate::error::Subject;
use crate::{Error, ErrorKind, Tags};

/// The largest number of channels of a FLAC stream.
pub const MAX_CHANNELS: u16 = 8;

/// The highest sample rate of a FLAC stream, in Hz. It was the limit of the format until RFC 9639, and is still that of many readers.
pub const MAX_RATE: u32 = 655_350;

/// The number of frames in a block.
const BLOCK: usize = 4096;

/// Residuals are split into at most two partitions. With more, flac-codec 1.3.3 writes a damaged last block if that has up to 16 frames
/// and its first partitions are inside the predictor's warm-up: it leaves these partitions out and counts the others wrongly. The limit
/// costs 0.2 to 0.7 % of size. Longer predictors save more than that (the default order is 8).
const MAX_PARTITION_ORDER: u32 = 1;
const MAX_LPC_ORDER: u8 = 12;

/// A streaming FLAC writer over anything that can seek.
///
/// Memory grows only by 32 bytes for each block of 4096 frames. [`finish`](Self::finish), or [`commit`](Self::commit) for a file, writes
/// the length, the MD5 sum of the samples and a seek point every ten seconds into the header. A writer that is dropped leaves a stream
/// without them.
pub struct Writer<W: Write + Seek> {
    encoder: Box<FlacSampleWriter<SharedSink<W>>>,
    sink: SharedSink<W>,
    subject: Subject,
    spec: AudioSpec,
    quantiser: Quantiser,
    frames: u64,
    scratch: Vec<i32>,
}

impl<W: Write + Seek> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("subject", &self.subject).field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Writer<AtomicFile> {
    /// Starts the file `path`, which appears on [`commit`](Self::commit).
    ///
    /// # Errors
    /// As [`Writer::new`] and [`AtomicFile::create`].
    pub fn create(path: &Path, spec: AudioSpec, tags: &Tags) -> Result<Self, Error> {
        check(spec, tags)?;
        Self::about(AtomicFile::create(path)?, spec, tags, Subject::File(path.to_owned()))
    }

    /// Completes the header and gives the file its name.
    ///
    /// # Errors
    /// As [`finish`](Self::finish). After an error no file is left.
    pub fn commit(self) -> Result<(), Error> {
        self.finish()?.commit()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a FLAC stream at the position of `sink`, with `tags` as Vorbis comments (DJ programs read tempo and key from `BPM` and
    /// `INITIALKEY`).
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`] or [`ErrorKind::FrameShape`] for an impossible spec, [`ErrorKind::FormatLimit`] for floats, a rate over
    /// [`MAX_RATE`], more than [`MAX_CHANNELS`] channels or a tag over 64 KiB, an I/O error of the sink.
    pub fn new(sink: W, spec: AudioSpec, tags: &Tags) -> Result<Self, Error> {
        check(spec, tags)?;
        Self::about(sink, spec, tags, STREAM)
    }

    fn about(sink: W, spec: AudioSpec, tags: &Tags, subject: Subject) -> Result<Self, Error> {
        let sink = SharedSink(Arc::new(Mutex::new(BufWriter::with_capacity(1 << 16, sink))));
        let bits = spec.sample_format.bits();
        let channels = spec.channels as u8;
        let mut options = options(MAX_LPC_ORDER)?;
        if let Some(comments) = comment_block(spec, tags) {
            options = options.comment(comments);
        }
        let encoder = FlacSampleWriter::new(sink.clone(), options, spec.sample_rate, bits, channels, None)
            .map_err(|e| refused(&subject, e))?;
        let quantiser = Quantiser::new(spec.dither);
        let encoder = Box::new(encoder);
        Ok(Self { encoder, sink, subject, spec, quantiser, frames: 0, scratch: Vec::new() })
    }

    /// The rate, channels and sample format of the stream.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The number of samples that were not finite and were written as 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.quantiser.non_finite_samples()
    }

    /// Appends whole interleaved frames with full scale 1.0. Louder samples are clamped. Samples that are not finite become 0,
    /// and are counted in [`non_finite_samples`](Self::non_finite_samples).
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, or an I/O error of the sink.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<(), Error> {
        let bits = self.spec.sample_format.bits();
        self.append(samples, |quantiser, s| quantiser.round(s, bits))
    }

    /// Appends whole interleaved frames of 16-bit samples, which both sample formats hold exactly.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, an I/O error of the sink.
    pub fn write_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        let shift = self.spec.sample_format.bits() - 16;
        self.append(samples, |_, s| i32::from(s) << shift)
    }

    fn append<T: Copy>(&mut self, samples: &[T], integer: impl Fn(&mut Quantiser, T) -> i32) -> Result<(), Error> {
        let channels = usize::from(self.spec.channels);
        check_shape(samples.len(), self.spec.channels)?;
        for block in samples.chunks(BLOCK * channels) {
            self.scratch.clear();
            self.scratch.extend(block.iter().map(|&s| integer(&mut self.quantiser, s)));
            self.encoder.write(&self.scratch).map_err(|e| refused(&self.subject, e))?;
            self.frames += (block.len() / channels) as u64;
        }
        Ok(())
    }

    /// Writes the last block, completes the header and returns the sink.
    ///
    /// # Errors
    /// An I/O error of the sink. [`ErrorKind::Empty`] when nothing was written, because readers treat a FLAC stream without a block as
    /// damaged.
    pub fn finish(self) -> Result<W, Error> {
        let Self { encoder, sink, subject, frames, .. } = self;
        if frames == 0 {
            return Err(Error::new(ErrorKind::Empty).about(subject));
        }
        encoder.finalize().map_err(|e| refused(&subject, e))?;
        let unfinished = || io::Error::other("the encoder kept the file");
        let sink = Arc::into_inner(sink.0).ok_or_else(unfinished).and_then(|sink| {
            let sink = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
            sink.into_inner().map_err(io::IntoInnerError::into_error)
        });
        sink.map_err(|e| Error::of_system(subject, "write", e))
    }
}

fn check(spec: AudioSpec, tags: &Tags) -> Result<(), Error> {
    check_tags(tags)?;
    check_rate(spec.sample_rate)?;
    check_shape(0, spec.channels)?;
    if spec.sample_format == SampleFormat::F32 {
        return Err(no_floats());
    }
    if spec.sample_rate > MAX_RATE {
        let (value, advice) = (format!("{} Hz", spec.sample_rate), "choose 655350 Hz or less, or write a WAV");
        return Err(Error::refusal(ErrorKind::FormatLimit, "the sample rate of a FLAC file", value, advice));
    }
    if spec.channels > MAX_CHANNELS {
        let (what, advice) = ("the number of channels of a FLAC file", "choose 1..=8, or write a WAV");
        return Err(Error::refusal(ErrorKind::FormatLimit, what, spec.channels.to_string(), advice));
    }
    Ok(())
}

fn options(lpc_order: u8) -> Result<Options, Error> {
    let unknown = |e: OptionsError| Error::library(ENCODER_ERROR, ADVICE, e);
    let options = Options::default().max_partition_order(MAX_PARTITION_ORDER).map_err(unknown)?;
    // Trying all ways to pair channels in full takes 1.7 times as long and saves 0.2 to 0.6 % of size.
    options.fast_channel_correlation(true).max_lpc_order(Some(lpc_order)).map_err(unknown)
}

fn comment_block(spec: AudioSpec, tags: &Tags) -> Option<VorbisComment> {
    let mut fields = comments(tags);
    // RFC 9639, section 8.6.2: only a layout that differs from the usual one is named.
    let mask = layout(spec.channels, spec.speakers);
    if spec.channels > 2 && mask != layout(spec.channels, 0) {
        fields.push(("WAVEFORMATEXTENSIBLE_CHANNEL_MASK", format!("0x{mask:X}")));
    }
    let mut block = VorbisComment::default();
    for (field, text) in &fields {
        block.insert(field, text);
    }
    (!fields.is_empty()).then_some(block)
}

fn refused(subject: &Subject, error: flac_codec::Error) -> Error {
    match error {
        flac_codec::Error::Io(source) => Error::of_system(subject.clone(), "write", source),
        other => Error::library(ENCODER_ERROR, ADVICE, other),
    }
}

const ENCODER_ERROR: &str = "the error of the FLAC encoder";
const ADVICE: &str = "write it as WAV";
/// The name of a stream without a path in errors.
const STREAM: Subject = Subject::Stream("the FLAC stream");

/// The sink, which the encoder and the writer share. The encoder never returns the sink. The writer has to flush it itself, because an
/// error of the flush means that the file is incomplete.
#[derive(Debug)]
struct SharedSink<W: Write>(Arc<Mutex<BufWriter<W>>>);

impl<W: Write> Clone for SharedSink<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Write> SharedSink<W> {
    fn sink(&self) -> MutexGuard<'_, BufWriter<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Write for SharedSink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink().flush()
    }
}

impl<W: Write + Seek> Seek for SharedSink<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.sink().seek(to)
    }
}
