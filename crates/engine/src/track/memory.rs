//! Tracks in memory.

use std::sync::Arc;

use super::audio::{Inner, Pcm, Sound, Track};
use crate::dsp::{OnsetFinder, silence};
use crate::types::cast::index;
use crate::types::error::Result;
use crate::types::error_reasons::TrackError;
use crate::types::loop_region::LoopRegion;
use crate::types::onset::Onset;
use crate::types::units::{Frames, SampleRate};

impl Track {
    /// A track from interleaved samples.
    ///
    /// Samples [close to silence](crate::dsp::silence) become zero, and [onsets](Self::onsets) are detected. For five minutes of music
    /// this takes some 150 ms, so it is not for an audio thread.
    ///
    /// # Errors
    /// [`Error::Track`](crate::Error::Track) when there are no frames, the channels are not 1 or 2, the length is not a whole
    /// number of frames, or a sample is not finite.
    pub fn new(pcm: Pcm, rate: SampleRate, channels: usize) -> Result<Self> {
        Self::with_warnings(pcm, rate, channels, Vec::new())
    }

    pub(super) fn with_warnings(
        mut pcm: Pcm,
        rate: SampleRate,
        channels: usize,
        warnings: Vec<String>,
    ) -> Result<Self> {
        check_channels(channels)?;
        if pcm.len() == 0 {
            return Err(TrackError::NoFrames.into());
        }
        if !pcm.len().is_multiple_of(channels) {
            return Err(TrackError::PartialFrame { samples: pcm.len(), channels }.into());
        }
        if let Pcm::F32(samples) = &pcm
            && let Some(at) = samples.iter().position(|x| !x.is_finite())
        {
            return Err(TrackError::NotFinite { frame: Frames((at / channels) as u64) }.into());
        }
        if let Pcm::F32(samples) = &mut pcm {
            silence::flush(samples.iter_mut());
        }
        let frames = pcm.len() / channels;
        let onsets = find_onsets(&pcm, rate, channels);
        let sound = Sound::Loaded { pcm, onsets };
        let inner = Inner { sound, rate, channels, warnings: warnings.into(), downmix_gain_db: None };
        Ok(Self { inner: Arc::new(inner), frames })
    }

    /// A track from interleaved float samples.
    ///
    /// # Errors
    /// As [`Track::new`].
    pub fn from_interleaved(samples: impl Into<Box<[f32]>>, rate: SampleRate, channels: usize) -> Result<Self> {
        Self::new(Pcm::F32(samples.into()), rate, channels)
    }

    /// The same track, ending before frame `end`. It shares the samples. An `end` after the track's end changes nothing.
    ///
    /// # Errors
    /// [`Error::Track`](crate::Error::Track) when nothing would be left.
    pub fn until(&self, end: Frames) -> Result<Self> {
        let frames = index(end.0).min(self.frames);
        if frames == 0 {
            return Err(TrackError::NoFrames.into());
        }
        Ok(Self { inner: self.inner.clone(), frames })
    }

    /// The whole track as a region that repeats.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) when it is shorter than a loop may be.
    pub fn whole_loop(&self) -> Result<LoopRegion> {
        LoopRegion::new(Frames::ZERO, self.frames())
    }
}

/// Refuses what is neither mono nor stereo.
pub(super) fn check_channels(channels: usize) -> Result<()> {
    if (1..=2).contains(&channels) {
        return Ok(());
    }
    Err(TrackError::Channels { channels }.into())
}

fn find_onsets(pcm: &Pcm, rate: SampleRate, channels: usize) -> Box<[Onset]> {
    let mut finder = OnsetFinder::new(rate.get());
    let mut onsets = Vec::new();
    let mut keep = |onset| onsets.push(onset);
    match pcm {
        Pcm::F32(samples) => {
            let frames = samples.chunks_exact(channels).map(|frame| [frame[0], frame[channels - 1]]);
            finder.push(frames, &mut keep);
        }
        Pcm::I16(samples) => {
            let sides = |frame: &[i16]| [Pcm::float(frame[0]), Pcm::float(frame[channels - 1])];
            let frames = samples.chunks_exact(channels).map(sides);
            finder.push(frames, &mut keep);
        }
    }
    finder.finish(keep);
    onsets.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_track_there_is_silence() {
        let track = Track::new(Pcm::I16(vec![16_384, -16_384, 8_192, 0].into()), SampleRate::CD, 2).unwrap();
        let (mut left, mut right) = ([9.0; 5], [9.0; 5]);
        track.copy(-2, [&mut left, &mut right]);
        assert_eq!(left, [0.0, 0.0, 0.5, 0.25, 0.0]);
        assert_eq!(right, [0.0, 0.0, -0.5, 0.0, 0.0]);
        track.copy(1, [&mut left, &mut right]);
        assert_eq!(left, [0.25, 0.0, 0.0, 0.0, 0.0]);
        track.copy(i64::MAX - 9, [&mut left, &mut right]);
        assert_eq!(left, [0.0; 5]);
        track.copy(i64::MIN + 9, [&mut left, &mut right]);
        assert_eq!(left, [0.0; 5]);
    }

    #[test]
    fn a_track_that_ends_early_fades_out_from_there() {
        let track = Track::from_interleaved(vec![0.1, 0.2, 0.3, 0.4], SampleRate::CD, 1).unwrap();
        let early = track.until(Frames(2)).unwrap();
        let (mut left, mut right) = ([9.0; 4], [9.0; 4]);
        early.copy(0, [&mut left, &mut right]);
        assert_eq!(left[..2], [0.1, 0.2]);
        assert!(left[2] > 0.199 && left[3] > 0.199 && left[3] < left[2], "{left:?}");
        early.copy(2 + 175, [&mut left, &mut right]);
        assert!(left[0] > 0.0 && left[1..] == [0.0; 3] && left == right, "{left:?}");
        assert_eq!(early.rings(), 176);
        assert_eq!((early.frames(), track.frames()), (Frames(2), Frames(4)));
        assert_eq!(track.until(Frames(99)).unwrap().frames(), Frames(4));
        assert!(track.until(Frames(0)).is_err());
    }

    #[test]
    fn a_mono_track_sounds_on_both_sides() {
        let track = Track::from_interleaved(vec![0.5, 0.25], SampleRate::CD, 1).unwrap();
        let (mut left, mut right) = ([0.0; 2], [0.0; 2]);
        track.copy(0, [&mut left, &mut right]);
        assert_eq!((left, right), ([0.5, 0.25], [0.5, 0.25]));
    }

    #[test]
    fn samples_that_are_no_track_are_refused_with_the_reason() {
        let nan = Track::from_interleaved(vec![0.0, 0.0, f32::NAN, 0.0], SampleRate::CD, 2).unwrap_err();
        assert!(nan.to_string().contains("frame 1"), "{nan}");
        assert!(Track::from_interleaved(vec![], SampleRate::CD, 2).is_err());
        assert!(Track::from_interleaved(vec![0.0; 3], SampleRate::CD, 2).is_err());
        assert!(Track::from_interleaved(vec![0.0; 6], SampleRate::CD, 6).is_err());
    }

    #[test]
    fn sixteen_bit_music_costs_two_bytes_a_sample() {
        let track = Track::new(Pcm::I16(vec![0; 2_000].into()), SampleRate::CD, 2).unwrap();
        assert_eq!(track.bytes(), 4_000);
    }
}
