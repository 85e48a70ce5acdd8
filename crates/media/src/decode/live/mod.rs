//! Decodes an endless stream while it arrives.
//!
//! The demuxers of symphonia are not used, because they stop at damage, at a new Ogg chain, or wait for more bytes than a packet has.

mod comments;
mod event;
mod flac;
mod format;
mod mpeg;
mod ogg;
mod sniff;
mod sound;
mod stream_bytes;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use event::{StreamEvent, StreamSplitter};
use format::ADVICE;
use sound::LiveSound;
use stream_bytes::StreamBytes;

pub use format::LiveFormat;

use crate::Error;
#[cfg(doc)]
use crate::ErrorKind;

/// Sound of a [`LiveReader`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveBlock<'a> {
    /// The samples, interleaved in two channels, with full scale 1. Some of them may exceed it.
    pub samples: &'a [f32],
    /// The sample rate in Hz. Another title of the same source may have another rate.
    pub sample_rate: u32,
}

/// Decodes an endless stream from a source that cannot seek, such as a socket, while it arrives.
///
/// - The format is recognised by the bytes: MP3 (also after an ID3v2 tag, and MP1 and MP2), AAC-LC in ADTS, FLAC, and Ogg with Vorbis, Opus
///   or FLAC. Each is decoded if its feature of this crate is enabled.
/// - Sound is returned as soon as its packet has arrived. A FLAC frame outside Ogg is complete when the next one begins.
/// - Mono becomes two equal channels. More channels are mixed as by [`Audio::to_stereo`](crate::Audio::to_stereo), but not lowered when
///   the mix exceeds full scale, because the later sound is not known.
/// - A new chain of an Ogg stream may have another codec, rate and number of channels.
/// - Damaged bytes are skipped and counted in [`damaged`](Self::damaged).
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// let socket = std::net::TcpStream::connect("radio.example:8000").map_err(|e| crowd_media::Error::io("", "open", e))?;
/// let mut reader = crowd_media::LiveReader::open("the relay".as_ref(), socket)?;
/// while let Some(block) = reader.next_block()? {
///     println!("{} frames at {} Hz", block.samples.len() / 2, block.sample_rate);
/// }
/// # Ok(())
/// # }
/// ```
pub struct LiveReader {
    name: PathBuf,
    bytes: StreamBytes,
    splitter: Box<dyn StreamSplitter>,
    format: LiveFormat,
    sound: Option<LiveSound>,
    title: Option<String>,
    damaged: u64,
    block: Vec<f32>,
}

impl fmt::Debug for LiveReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, format, title, damaged, .. } = self;
        let mut reader = f.debug_struct("LiveReader");
        reader.field("name", name).field("format", format).field("title", title);
        reader.field("damaged", damaged).finish_non_exhaustive()
    }
}

impl LiveReader {
    /// Reads as many bytes as are needed to recognise the format. Errors have `name` as their path.
    ///
    /// # Errors
    /// [`ErrorKind::NotAudio`] or [`ErrorKind::UnsupportedCodec`] for bytes of another format, [`ErrorKind::Empty`] for a stream without
    /// bytes, and the errors of `source`.
    pub fn open(name: &Path, source: impl Read + Send + 'static) -> Result<Self, Error> {
        let mut bytes = StreamBytes::new(Box::new(source));
        let format = sniff::format(name, &mut bytes)?;
        let splitter: Box<dyn StreamSplitter> = match format {
            LiveFormat::Mpeg | LiveFormat::Adts => Box::new(mpeg::MpegSplitter::default()),
            LiveFormat::Ogg => Box::new(ogg::OggSplitter::default()),
            LiveFormat::Flac => Box::new(flac::FlacSplitter::default()),
        };
        let name = name.to_owned();
        Ok(Self { name, bytes, splitter, format, sound: None, title: None, damaged: 0, block: Vec::new() })
    }

    /// The format by the first bytes.
    pub fn format(&self) -> LiveFormat {
        self.format
    }

    /// "Artist - Title" of the sound that was returned last, from the comments of an Ogg or FLAC stream. Only one of the two if the other
    /// is missing.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The number of places at which bytes were skipped, because they are damaged.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next sound. It waits for the source. `None` at the end of the stream.
    ///
    /// # Errors
    /// [`ErrorKind::UnsupportedCodec`] or [`ErrorKind::MissingFeature`] for a codec that is not decoded, and the errors of the source.
    pub fn next_block(&mut self) -> Result<Option<LiveBlock<'_>>, Error> {
        self.block.clear();
        loop {
            let next = self.splitter.next(&mut self.bytes);
            match next.map_err(|error| Error::io(&self.name, "read", error))? {
                None => return Ok(None),
                Some(StreamEvent::Start(params, skip)) => {
                    self.sound = Some(LiveSound::new(&self.name, *params, skip)?);
                }
                Some(StreamEvent::Unsupported(codec)) => {
                    return Err(Error::unsupported_codec(&self.name, codec, ADVICE));
                }
                Some(StreamEvent::Title(title)) => self.title = title,
                Some(StreamEvent::Damage) => self.damaged += 1,
                Some(StreamEvent::Nothing) => {}
                Some(StreamEvent::Packet(packet, most)) => {
                    let Some(sound) = &mut self.sound else { continue };
                    match sound.decode(&packet, most, &mut self.block) {
                        Ok((sample_rate, frames)) => {
                            self.splitter.decoded(frames);
                            if !self.block.is_empty() {
                                return Ok(Some(LiveBlock { samples: &self.block, sample_rate }));
                            }
                        }
                        Err(_) => self.damaged += 1,
                    }
                }
            }
        }
    }
}
