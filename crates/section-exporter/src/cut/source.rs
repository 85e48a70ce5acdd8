//! The frames of a track that a part is made of.

use std::path::Path;

use crowd_engine::{SampleRate, Track};
use crowd_media::{Audio, Container, Info, Reader, SampleFormat, Samples, Tags};

use super::error::{CutError, LONGEST};

/// Seconds of the track that are read before and behind the part: the stretchers look around, at most half a second.
const AROUND: f64 = 1.0;
/// Seconds by which an end cue may lie behind the track's end.
const SHORT: f64 = 0.5;

/// A part of a file with what surrounds it.
pub struct Source {
    reader: Reader,
    samples: Vec<f32>,
    /// The frame of the file that `samples` begin with.
    pub first: u64,
    /// The part's first frame in the file, and its length.
    pub start: u64,
    length: u64,
    pub sample_rate: u32,
    pub channels: u16,
    pub warnings: Vec<String>,
}

/// The depth that suits a file's own samples.
pub fn own_depth(info: &Info, container: Container) -> SampleFormat {
    match info.bits {
        Some(..=16) => SampleFormat::I16,
        Some(..=24) => SampleFormat::I24,
        _ if container == Container::Flac => SampleFormat::I24,
        Some(_) => SampleFormat::F32,
        None if info.codec.starts_with("pcm_f") => SampleFormat::F32,
        None => SampleFormat::I24,
    }
}

/// Whether that depth holds them as they are. (Of 32-bit integers the reader gives 24 bits.)
pub fn is_exact(info: &Info, container: Container) -> bool {
    match info.bits {
        Some(bits) => bits <= 24,
        None => own_depth(info, container) == SampleFormat::F32,
    }
}

impl Source {
    /// Opens a file for the part between two places in seconds.
    pub fn open(path: &Path, from: f64, until: f64) -> Result<Self, CutError> {
        // Written so that a NaN is refused.
        let sound = from >= 0.0 && from < until && until - from <= LONGEST && until <= 1e6;
        if !sound {
            return Err(CutError::NoPart { from, until });
        }
        let reader = Reader::open(path)?;
        let (sample_rate, channels) = (reader.sample_rate(), reader.channels());
        let in_frames = |seconds: f64| (seconds * f64::from(sample_rate)).round() as u64;
        let start = in_frames(from);
        Ok(Self {
            samples: Vec::new(),
            first: start.saturating_sub(in_frames(AROUND)),
            start,
            length: in_frames(until - from),
            sample_rate,
            channels,
            warnings: Vec::new(),
            reader,
        })
    }

    /// Reads the part, which ends at `until` seconds, and what surrounds it.
    pub fn read(&mut self, until: f64) -> Result<(), CutError> {
        let channels = usize::from(self.channels);
        let around = (AROUND * f64::from(self.sample_rate)) as u64;
        let wanted = (self.start - self.first + self.length + around) as usize * channels;
        self.reader.seek(self.first)?;
        while self.samples.len() < wanted {
            let Some(block) = self.reader.next_block()? else { break };
            let room = wanted - self.samples.len();
            self.samples.extend_from_slice(&block[..block.len().min(room)]);
        }
        let held = self.first + (self.samples.len() / channels) as u64;
        let end = held as f64 / f64::from(self.sample_rate);
        if held <= self.start || until - end > SHORT {
            // Behind a seek over the end, only the file itself knows where that is.
            let end = if self.samples.is_empty() { self.reader.frames() } else { held };
            return Err(CutError::TooShort { end: end as f64 / f64::from(self.sample_rate), until });
        }
        if held < self.start + self.length {
            self.warnings.push(format!("the track ends at {end:.2} s: behind that the part is silent"));
        }
        if self.reader.non_finite_samples() > 0 {
            self.warnings
                .push(format!("{} samples of it were no numbers and are silent", self.reader.non_finite_samples()));
        }
        self.warnings.extend(self.reader.warnings());
        Ok(())
    }

    /// The depth that suits the file's own samples.
    pub fn depth(&self, container: Container) -> SampleFormat {
        own_depth(self.reader.info(), container)
    }

    /// Whether that depth holds them as they are.
    pub fn is_exact(&self, container: Container) -> bool {
        is_exact(self.reader.info(), container)
    }

    pub fn tags(&self) -> Tags {
        self.reader.info().tags.clone()
    }

    /// The part's own samples; what is behind the track's end is silent.
    pub fn part(&self) -> Result<Audio, CutError> {
        let channels = usize::from(self.channels);
        let from = (self.start - self.first) as usize * channels;
        let until = (from + self.length as usize * channels).min(self.samples.len());
        let mut samples = self.samples[from..until].to_vec();
        samples.resize(self.length as usize * channels, 0.0);
        self.audio(samples)
    }

    fn audio(&self, samples: Vec<f32>) -> Result<Audio, CutError> {
        let mut audio = Audio::new(Samples::F32(samples), self.sample_rate, self.channels)?;
        audio.speakers = self.reader.info().speakers;
        Ok(audio)
    }

    /// By how many decibels its stereo mix is lowered, as that of the whole file would be; `None` when it is not.
    pub fn downmix_gain_db(&self) -> Result<Option<f32>, CutError> {
        let gain = self.reader.downmix_gain()?;
        Ok((gain < 1.0).then(|| 20.0 * gain.log10()))
    }

    /// All of it as a track, in one or two channels, more mixed as the whole file would be; its frame 0 is [`first`](Self::first).
    pub fn into_track(mut self, rate: SampleRate) -> Result<Track, CutError> {
        let samples = std::mem::take(&mut self.samples);
        let audio = self.audio(samples)?;
        let audio = if self.channels > 2 { audio.to_stereo_by(self.reader.downmix_gain()?) } else { audio };
        let channels = usize::from(audio.channels);
        Ok(Track::from_interleaved(audio.into_f32(), rate, channels)?)
    }
}
