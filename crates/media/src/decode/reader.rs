//! Reads a file block by block, from any frame on, in constant memory.

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
use crate::{Error, FileVersion, audio, downmix};

/// Reads a file in blocks, from any frame on, for files that are too long to be held in memory.
///
/// The frames are those that [`open`](crate::open) returns, sample for sample, from whichever frame the file is read. Codecs carry state
/// from packet to packet (MP3's bit reservoir, the overlap of AAC and Vorbis blocks). So after a [`seek`](Self::seek), packets before
/// the position are decoded first and discarded. There is one difference after a seek: the noise that an AAC decoder generates
/// (perceptual noise substitution) has other random numbers, at the same level.
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// let reader = crowd_media::Reader::open("set.flac".as_ref())?;
/// let mut reader = reader.to_stereo()?.resampled(44_100)?;
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
    /// The frames of a packet before they are mixed to stereo.
    wide: Vec<f32>,
    /// The block that was returned last.
    block: Vec<f32>,
    /// Whether the latest seek was to a frame after the end.
    after_end: bool,
    /// The first frame of the next block.
    position: u64,
    /// The number of frames of the file, at the rate of the blocks.
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
    /// Opens a file. If its header states no number of frames, or an impossible one, its packets are counted. This reads the whole file
    /// and decodes nothing.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(JoinedStreams::open(path, Input::open(path)?)?))
    }

    /// Reads bytes that need not be a file. Errors have `name` as their path.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn from_bytes(name: &Path, bytes: impl Read + Seek + Send + Sync + 'static) -> Result<Self, Error> {
        Ok(Self::new(JoinedStreams::open(name, Input::over(name, Box::new(bytes))?)?))
    }

    /// Reads `bytes`, which are the content of the open `file`. If the same file was read before in this process, its counted frames and
    /// its downmix gain are reused.
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
            after_end: false,
            position: 0,
            frames,
        }
    }

    /// Mixes more than two channels to stereo, as [`Audio::to_stereo`](crate::Audio::to_stereo) does. Mono stays mono. Call this before
    /// anything is read. A file with more than two channels is decoded once, to measure its [`downmix_gain`](Self::downmix_gain).
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

    /// The gain with which the stereo mix of the whole file does not clip. It is 1 if the mix would not clip anyway. To measure it, a
    /// file with more than two channels is decoded. The result is reused in this process as long as the file does not change.
    ///
    /// # Errors
    /// The system's error, when the file cannot be read.
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

    /// [`downmix_gain`](Self::downmix_gain) in dB, a negative number. `None` when the mix is not lowered.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.mix.as_ref().and_then(|mix| downmix::decibels(mix.gain()))
    }

    /// Resamples to `rate` Hz. The samples are those of [`Audio::resampled`](crate::Audio::resampled), also after a seek. Call this
    /// before anything is read.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`](crate::ErrorKind), or [`ErrorKind::Library`](crate::ErrorKind) when the resampler refuses the two
    /// rates.
    pub fn resampled(mut self, rate: u32) -> Result<Self, Error> {
        audio::check_rate(rate)?;
        let from = self.streams.info.sample_rate;
        if rate != from {
            self.resample = Some(ResampleStage::new(from, rate, self.channels())?);
            self.frames = scaled(self.frames, from, rate);
        }
        Ok(self)
    }

    /// The file's header and tags. They do not change with [`to_stereo`](Self::to_stereo) and [`resampled`](Self::resampled).
    pub fn info(&self) -> &Info {
        &self.streams.info
    }

    /// The sample rate of the blocks.
    pub fn sample_rate(&self) -> u32 {
        self.resample.as_ref().map_or(self.streams.info.sample_rate, |resample| resample.to)
    }

    /// The number of channels of the blocks.
    pub fn channels(&self) -> u16 {
        if self.mix.is_some() { 2 } else { self.streams.info.channels }
    }

    /// The number of frames of the file, at the rate of the blocks. It is never an estimate. Only a file that is damaged after its header
    /// can have fewer frames. [`warnings`](Self::warnings) reports this once the damage has been read.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The first frame of the next block.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The number of samples that were not finite and became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.streams.non_finite_samples()
    }

    /// Sentences that describe the damage of the file as far as it was read, with positions and extents. Empty for an intact file. An
    /// early end of the file is reported from the start on.
    pub fn warnings(&self) -> Vec<String> {
        self.streams.warnings()
    }

    /// Seeks, so that `frame` is the first frame of the next block. If `frame` is after the end, there is no next block.
    ///
    /// The time that a seek takes depends on the format. An MP3 has no index, so all packets from the start are read, though not
    /// decoded. A seek forwards reads them from the present position.
    ///
    /// # Errors
    /// The system's error, when the file cannot be read.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        self.block.clear();
        self.position = frame;
        self.after_end = frame >= self.frames;
        if self.after_end {
            return Ok(());
        }
        let from = self.resample.as_mut().map_or(frame, |resample| resample.seek(frame));
        self.streams.seek(from)
    }

    /// The next block of interleaved frames, with full scale 1. It is the frames of a packet, or a block of the resampler. `None` at the
    /// end.
    ///
    /// # Errors
    /// The system's error, when the file cannot be read. Damaged packets are silent, and
    /// [`warnings`](Self::warnings) reports them.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, Error> {
        if self.after_end {
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

    /// The streams that are read.
    pub(super) fn streams(&self) -> &JoinedStreams {
        &self.streams
    }
}
