//! A file read piece by piece, from any place on, in memory that does not grow with it.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::Info;
use super::file_facts;
use super::input::Input;
use super::joined_streams::JoinedStreams;
use super::resample_stage::{ResampleStage, scaled};
use crate::downmix::StereoMix;
use crate::resample::Converter;
use crate::{Error, FileVersion, audio, downmix};

/// Reads a file in blocks, and from any frame on: for what is too long to be held as a whole.
///
/// The frames are those that [`open`](crate::open) gives, sample for sample, wherever reading began: what a codec carries
/// over from packet to packet (MP3's bit reservoir, the overlap of AAC and Vorbis blocks) is decoded first and dropped.
/// One thing differs after a [`seek`](Self::seek): noise that an AAC encoder left to the decoder to make up has other
/// random numbers, at the same level.
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// let mut reader = crowd_media::Reader::open("set.flac".as_ref())?.to_stereo()?.resampled(44_100)?;
/// reader.seek(30 * 60 * 44_100)?;
/// while let Some(block) = reader.next_block()? {
///     assert!(block.len() % 2 == 0);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Reader {
    streams: JoinedStreams,
    mix: Option<StereoMix>,
    resample: Option<ResampleStage>,
    /// Frames before they are mixed down.
    wide: Vec<f32>,
    /// What the latest call gave out.
    block: Vec<f32>,
    /// Whether the place that was sought lies behind the end.
    past: bool,
    /// The frame the next block begins with.
    position: u64,
    /// Frames in all, as delivered.
    frames: u64,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, frames, .. } = self;
        let mut reader = f.debug_struct("Reader");
        reader.field("path", &self.streams.path()).field("info", &self.streams.info);
        reader.field("position", position).field("frames", frames).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file. Where its header does not tell how many frames it holds, or tells what cannot be, its packets are counted,
    /// which reads the whole file and decodes nothing.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(JoinedStreams::open(path, Input::open(path)?)?))
    }

    /// Reads bytes from somewhere else than a file; `name` stands for the path in errors.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn from_bytes(name: &Path, bytes: impl Read + Seek + Send + Sync + 'static) -> Result<Self, Error> {
        Ok(Self::new(JoinedStreams::open(name, Input::over(name, Box::new(bytes))?)?))
    }

    /// Reads `bytes`, which are those of the open `file`: what was learnt about it when it was read before, in this process,
    /// is not looked for again.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn from_bytes_of(
        name: &Path,
        bytes: impl Read + Seek + Send + Sync + 'static,
        file: &File,
    ) -> Result<Self, Error> {
        let id = FileVersion::of(file).ok().and_then(FileVersion::if_settled);
        Ok(Self::new(JoinedStreams::open(name, Input::over(name, Box::new(bytes))?.known_as(id))?))
    }

    pub(super) fn new(streams: JoinedStreams) -> Self {
        let frames = streams.frames();
        Self {
            streams,
            mix: None,
            resample: None,
            wide: Vec::new(),
            block: Vec::new(),
            past: false,
            position: 0,
            frames,
        }
    }

    /// Brings more than two channels to two, as [`Audio::to_stereo`](crate::Audio::to_stereo) does; mono stays mono. To be
    /// called before anything is read. Of more than two channels, see [`downmix_gain`](Self::downmix_gain).
    ///
    /// # Errors
    /// As [`downmix_gain`](Self::downmix_gain).
    pub fn to_stereo(mut self) -> Result<Self, Error> {
        if self.streams.info.channels > 2 && self.resample.is_none() {
            let gain = self.downmix_gain()?;
            self.mix = Some(StereoMix::new(self.streams.info.channels, self.streams.info.speakers, gain));
        }
        Ok(self)
    }

    /// What the stereo mix of the whole file is multiplied by, so that it does not clip: 1 where it would not. A file with
    /// more than two channels is decoded once to find that out, and not again in this process as long as it is the same.
    ///
    /// # Errors
    /// The system's, when the file cannot be read.
    pub fn downmix_gain(&self) -> Result<f32, Error> {
        let Info { channels, speakers, .. } = self.streams.info;
        if channels <= 2 {
            return Ok(1.0);
        }
        if let Some(mix) = &self.mix {
            return Ok(mix.gain());
        }
        let id = self.streams.id();
        if let Some(peak) = file_facts::recall(id).downmix_peak {
            return Ok(downmix::headroom(peak));
        }
        let mix = StereoMix::new(channels, speakers, 1.0);
        let (mut peak, mut wide, mut mixed) = (0.0_f32, Vec::new(), Vec::new());
        let mut streams = self.streams.again()?;
        while streams.next(&mut wide)? {
            mix.apply(&wide, |s| s, &mut mixed);
            peak = peak.max(downmix::peak(&mixed));
            wide.clear();
            mixed.clear();
        }
        file_facts::remember(id, |facts| facts.downmix_peak = Some(peak));
        Ok(downmix::headroom(peak))
    }

    /// By how many decibels all of it is lowered because its stereo mix would clip, negative; `None` when it is not.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.mix.as_ref().and_then(|mix| downmix::decibels(mix.gain()))
    }

    /// Brings it to `rate` Hz; the samples are those of [`Audio::resampled`](crate::Audio::resampled), behind a seek too.
    /// To be called before anything is read.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`](crate::ErrorKind), or [`ErrorKind::Library`](crate::ErrorKind) when the resampler refuses the two
    /// rates.
    pub fn resampled(mut self, rate: u32) -> Result<Self, Error> {
        audio::check_rate(rate)?;
        let from = self.streams.info.sample_rate;
        if rate != from {
            self.resample = Some(ResampleStage::new(Converter::new(from, rate, usize::from(self.channels()))?));
            self.frames = scaled(self.frames, from, rate);
        }
        Ok(self)
    }

    /// What the file says about itself.
    pub fn info(&self) -> &Info {
        &self.streams.info
    }

    /// Frames per second, as delivered.
    pub fn sample_rate(&self) -> u32 {
        self.resample.as_ref().map_or(self.streams.info.sample_rate, |resample| resample.converter.to)
    }

    /// Channels, as delivered.
    pub fn channels(&self) -> u16 {
        if self.mix.is_some() { 2 } else { self.streams.info.channels }
    }

    /// Frames in all, as delivered: counted, never estimated. Only a file whose damage lies behind its header holds fewer,
    /// which [`warnings`](Self::warnings) says once it was read so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The frame the next block begins with.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples that were not finite and became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.streams.non_finite_samples()
    }

    /// What is wrong with the file as far as it was read, in words, each with its place and extent; none for a sound file. That
    /// it ends early is known from the start.
    pub fn warnings(&self) -> Vec<String> {
        self.streams.warnings()
    }

    /// Goes to `frame`, which the next block then begins with; behind the end there is no block.
    ///
    /// How long it takes depends on the format: an MP3 has no index, so all packets from the start (or, forwards, from
    /// here) are looked at.
    ///
    /// # Errors
    /// The system's, when the file cannot be read.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        self.block.clear();
        self.position = frame;
        self.past = frame >= self.frames;
        if self.past {
            return Ok(());
        }
        let from = self.resample.as_mut().map_or(frame, |resample| resample.seek(frame));
        self.streams.seek(from)
    }

    /// The next frames, interleaved, full scale 1: a packet's or a block of the resampler's. `None` at the end.
    ///
    /// # Errors
    /// The system's, when the file cannot be read. What is damaged is silent instead, and told by
    /// [`warnings`](Self::warnings).
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, Error> {
        if self.past {
            return Ok(None);
        }
        let width = usize::from(self.channels());
        self.block.clear();
        let Self { streams, mix, resample, wide, block, .. } = self;
        let mut more = |into: &mut Vec<f32>| match mix {
            None => streams.next(into),
            Some(mix) => {
                wide.clear();
                let more = streams.next(wide)?;
                mix.apply(wide, |s| s, into);
                Ok(more)
            }
        };
        while block.is_empty() {
            let more = match resample {
                None => more(block)?,
                Some(resample) => resample.next(block, &mut more)?,
            };
            if !more {
                return Ok(None);
            }
        }
        self.position += (self.block.len() / width) as u64;
        Ok(Some(&self.block))
    }

    /// How decoding went, and what it reads.
    pub(super) fn streams(&self) -> &JoinedStreams {
        &self.streams
    }
}
