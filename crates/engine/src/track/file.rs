//! Tracks from files.

use std::sync::Arc;

use super::audio::{Pcm, Track};
use crate::feed::FileInput;
use crate::types::error::Result;
use crate::types::units::SampleRate;

impl Track {
    /// Decodes a file of any format that crowd-media reads, into memory, and resamples it to `rate`.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) with the file, the place and the cause.
    pub fn open(path: impl AsRef<std::path::Path>, rate: SampleRate) -> Result<Self> {
        let audio = crowd_media::open(path.as_ref(), &crowd_media::DecodeOptions::default())?;
        Self::from_audio(audio, rate)
    }

    /// A file that is read from disk while it plays, for files that are too long for the memory. It may have any format that
    /// crowd-media reads, and is resampled to `rate`. The samples are those of [`Track::open`]. If an MP3 does not state its length, the
    /// whole file is read once.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) with the file, the place and the cause.
    pub fn stream(path: impl AsRef<std::path::Path>, rate: SampleRate) -> Result<Self> {
        let path = path.as_ref().to_owned();
        Self::stream_from(move || crowd_media::Reader::open(&path), rate)
    }

    /// As [`Track::stream`], but reads the file that `open` opens. `open` is called again on the feeder thread: for each position that
    /// is read in parallel with another one, and after a failure.
    ///
    /// # Errors
    /// As [`Track::stream`].
    pub fn stream_from(
        open: impl Fn() -> std::result::Result<crowd_media::Reader, crowd_media::Error> + Send + Sync + 'static,
        rate: SampleRate,
    ) -> Result<Self> {
        let (input, info) = FileInput::from_opener(open, Some(rate))?;
        let gain_db = input.downmix_gain_db();
        Ok(Self::from_input(input, info)?.lowered(gain_db))
    }

    /// As [`Track::stream`], but takes an open reader. Jumps take longer, because the file cannot be opened a second time.
    ///
    /// # Errors
    /// As [`Track::stream`].
    pub fn from_reader(reader: crowd_media::Reader, rate: SampleRate) -> Result<Self> {
        let (input, info) = FileInput::new(reader, None, rate)?;
        let gain_db = input.downmix_gain_db();
        Ok(Self::from_input(input, info)?.lowered(gain_db))
    }

    /// Makes a track from decoded audio, and resamples it to `rate`. More than two channels are mixed to stereo.
    ///
    /// # Errors
    /// [`Error::Media`](crate::Error::Media) when it cannot be resampled, [`Error::Track`](crate::Error::Track) when it is empty.
    pub fn from_audio(audio: crowd_media::Audio, rate: SampleRate) -> Result<Self> {
        let audio = if audio.channels > 2 { audio.to_stereo() } else { audio };
        let audio = if audio.sample_rate == rate.get() { audio } else { audio.resampled(rate.get())? };
        let channels = usize::from(audio.channels);
        let pcm = match audio.samples {
            crowd_media::Samples::I16(samples) => Pcm::I16(samples.into_boxed_slice()),
            crowd_media::Samples::F32(samples) => Pcm::F32(samples.into_boxed_slice()),
        };
        Ok(Self::with_warnings(pcm, rate, channels, audio.warnings)?.lowered(audio.downmix_gain_db))
    }

    /// Stores the gain by which the audio was lowered. Call this before the track is cloned.
    fn lowered(mut self, gain_db: Option<f32>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.downmix_gain_db = gain_db;
        }
        self
    }
}
