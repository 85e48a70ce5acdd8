//! The frames of a track that an excerpt is made of.

use std::path::Path;

use crowd_engine::{SampleRate, Track};
use crowd_media::{Audio, Container, Info, Reader, SampleFormat, Samples, Tags};

use super::error::{CutError, MAX_SECONDS};

/// The seconds of the track that are read before and after the excerpt. Stretchers need at most half a second on each
/// side.
const MARGIN: f64 = 1.0;
/// The largest number of seconds by which an end cue may be later than the end of the track.
const END_TOLERANCE: f64 = 0.5;

/// The samples of an excerpt with the audio around it.
pub struct SourceAudio {
    reader: Reader,
    samples: Vec<f32>,
    /// The frame of the file that `samples` begin with.
    pub first: u64,
    /// The first frame of the excerpt in the file.
    pub start: u64,
    /// The length of the excerpt, in frames.
    length: u64,
    pub sample_rate: u32,
    pub channels: u16,
    pub warnings: Vec<String>,
}

/// The sample format that is written to `container` unless another one is requested. It suits the file's own samples.
pub fn own_sample_format(info: &Info, container: Container) -> SampleFormat {
    match info.bits {
        Some(..=16) => SampleFormat::I16,
        Some(..=24) => SampleFormat::I24,
        _ if container == Container::Flac => SampleFormat::I24,
        Some(_) => SampleFormat::F32,
        None if info.codec.starts_with("pcm_f") => SampleFormat::F32,
        None => SampleFormat::I24,
    }
}

/// Whether [`own_sample_format`] holds the file's samples bit for bit. The reader keeps only 24 bits of a 32-bit integer.
pub fn is_exact(info: &Info, container: Container) -> bool {
    match info.bits {
        Some(bits) => bits <= 24,
        None => own_sample_format(info, container) == SampleFormat::F32,
    }
}

impl SourceAudio {
    /// Opens a file for the excerpt between two times in seconds.
    pub fn open(path: &Path, from: f64, until: f64) -> Result<Self, CutError> {
        // This form of the condition refuses a NaN.
        let valid = from >= 0.0 && from < until && until - from <= MAX_SECONDS && until <= 1e6;
        if !valid {
            return Err(CutError::InvalidCues { from, until });
        }
        let reader = Reader::open(path)?;
        let (sample_rate, channels) = (reader.sample_rate(), reader.channels());
        let in_frames = |seconds: f64| (seconds * f64::from(sample_rate)).round() as u64;
        let start = in_frames(from);
        Ok(Self {
            samples: Vec::new(),
            first: start.saturating_sub(in_frames(MARGIN)),
            start,
            length: in_frames(until - from),
            sample_rate,
            channels,
            warnings: Vec::new(),
            reader,
        })
    }

    /// Reads the excerpt, which ends at `until` seconds, and the audio around it.
    pub fn read(&mut self, until: f64) -> Result<(), CutError> {
        let channels = usize::from(self.channels);
        let margin = (MARGIN * f64::from(self.sample_rate)) as u64;
        let needed = (self.start - self.first + self.length + margin) as usize * channels;
        self.reader.seek(self.first)?;
        while self.samples.len() < needed {
            let Some(block) = self.reader.next_block()? else { break };
            let missing = needed - self.samples.len();
            self.samples.extend_from_slice(&block[..block.len().min(missing)]);
        }
        let end_frame = self.first + (self.samples.len() / channels) as u64;
        let end = end_frame as f64 / f64::from(self.sample_rate);
        if end_frame <= self.start || until - end > END_TOLERANCE {
            // If nothing was read, the excerpt begins after the end of the track. Then only the header tells its length.
            let end = if self.samples.is_empty() { self.reader.frames() } else { end_frame };
            return Err(CutError::TooShort { end: end as f64 / f64::from(self.sample_rate), until });
        }
        if end_frame < self.start + self.length {
            self.warnings.push(format!("the track ends at {end:.2} s: after that the excerpt is silent"));
        }
        if self.reader.non_finite_samples() > 0 {
            self.warnings
                .push(format!("{} samples were not finite numbers and are silent", self.reader.non_finite_samples()));
        }
        self.warnings.extend(self.reader.warnings());
        Ok(())
    }

    /// The sample format that suits the file's own samples.
    pub fn sample_format(&self, container: Container) -> SampleFormat {
        own_sample_format(self.reader.info(), container)
    }

    /// Whether that sample format holds the file's samples bit for bit.
    pub fn is_exact(&self, container: Container) -> bool {
        is_exact(self.reader.info(), container)
    }

    pub fn tags(&self) -> Tags {
        self.reader.info().tags.clone()
    }

    /// The samples of the excerpt; silence after the end of the track.
    pub fn excerpt(&self) -> Result<Audio, CutError> {
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

    /// The gain of the stereo mix, in decibels. It is the gain that the mix of the whole file has. `None` when the mix is not lowered.
    pub fn downmix_gain_db(&self) -> Result<Option<f32>, CutError> {
        let gain = self.reader.downmix_gain()?;
        Ok((gain < 1.0).then(|| 20.0 * gain.log10()))
    }

    /// Everything that was read, as a track with one or two channels. More channels are mixed with the gain that the mix of
    /// the whole file has. Frame 0 of the track is the frame [`first`](Self::first) of the file.
    pub fn into_track(mut self, rate: SampleRate) -> Result<Track, CutError> {
        let samples = std::mem::take(&mut self.samples);
        let audio = self.audio(samples)?;
        let audio = if self.channels > 2 { audio.to_stereo_by(self.reader.downmix_gain()?) } else { audio };
        let channels = usize::from(audio.channels);
        Ok(Track::from_interleaved(audio.into_f32(), rate, channels)?)
    }
}
