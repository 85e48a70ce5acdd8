//! The track as both halves hold it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crate::feed::FedStream;
use crate::rt::Stream;
use crate::types::onset::Onset;
use crate::types::units::{Frames, SampleRate};

/// Samples of a [`Track`], interleaved. Sixteen-bit material is held as such: half the memory, same sound.
#[derive(Debug)]
pub enum Pcm {
    /// Sixteen-bit samples, full scale 32,768.
    I16(Box<[i16]>),
    /// Float samples, full scale 1.
    F32(Box<[f32]>),
}

impl Pcm {
    pub(in crate::track) fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }

    /// A sample of sixteen bits at full scale 1.
    #[inline(always)]
    pub(in crate::track) fn float(sample: i16) -> f32 {
        f32::from(sample) * (1.0 / 32_768.0)
    }
}

/// Where the samples are.
#[derive(Debug)]
pub(in crate::track) enum Sound {
    Loaded { pcm: Pcm, onsets: Box<[Onset]> },
    Streamed(FedStream),
}

#[derive(Debug)]
pub(in crate::track) struct Inner {
    pub(in crate::track) sound: Sound,
    pub(in crate::track) rate: SampleRate,
    pub(in crate::track) channels: usize,
    pub(in crate::track) warnings: Box<[String]>,
    pub(in crate::track) downmix_gain_db: Option<f32>,
}

/// Recorded music: mono or stereo, in memory or [streamed](crate::feed). A clone shares the samples.
///
/// A track whose sample rate is not the engine's plays at its right pitch through the deck's interpolator; `Track::open` resamples
/// it once instead.
///
/// `Track::open` decodes a file into memory, and `Track::stream` reads a file while it plays. [`Track::from_interleaved`] takes
/// samples. [`Track::from_input`] plays what a program computes.
#[derive(Clone, Debug)]
pub struct Track {
    pub(in crate::track) inner: Arc<Inner>,
    /// Frames that count; the samples may go on behind them.
    pub(in crate::track) frames: usize,
}

/// A reference to a [`Track`] that does not keep its samples in memory; see [`Track::downgrade`].
#[derive(Clone, Debug)]
pub struct WeakTrack {
    inner: Weak<Inner>,
    frames: usize,
}

impl WeakTrack {
    /// The track, if a clone of it still exists. Not a call for an audio thread: the returned track may be its last clone by then.
    pub fn upgrade(&self) -> Option<Track> {
        Some(Track { inner: self.inner.upgrade()?, frames: self.frames })
    }
}

impl Track {
    /// Its length in frames at its own rate.
    pub fn frames(&self) -> Frames {
        Frames(self.frames as u64)
    }

    /// Its sample rate.
    pub fn sample_rate(&self) -> SampleRate {
        self.inner.rate
    }

    /// Where notes and drum hits begin, in order: the methods that keep the pitch leave these transients untouched. Empty for a
    /// streamed track, whose onsets are known around the playheads only.
    pub fn onsets(&self) -> &[Onset] {
        let Sound::Loaded { onsets, .. } = &self.inner.sound else { return &[] };
        let inside = onsets.partition_point(|onset| onset.frame < self.frames as i64);
        &onsets[..inside]
    }

    /// Channels, 1 or 2.
    pub fn channels(&self) -> usize {
        self.inner.channels
    }

    /// Damage of the file it was read from, in words: frames that are missing, or broken and silent. For a streamed track, what was
    /// known before it played; [`stream_event`](Self::stream_event) has the rest.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// By how many decibels it was lowered because the stereo mix of its channels would clip: negative, or `None` when it was not.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.inner.downmix_gain_db
    }

    /// Bytes of samples in memory; of a streamed track those in memory at this moment.
    pub fn bytes(&self) -> usize {
        match &self.inner.sound {
            Sound::Loaded { pcm: Pcm::I16(samples), .. } => size_of_val(&**samples),
            Sound::Loaded { pcm: Pcm::F32(samples), .. } => size_of_val(&**samples),
            Sound::Streamed(fed) => fed.stream.bytes(),
        }
    }

    /// Whether it is read while it plays.
    pub fn is_streamed(&self) -> bool {
        self.fed().is_some()
    }

    pub(in crate::track) fn fed(&self) -> Option<&FedStream> {
        match &self.inner.sound {
            Sound::Loaded { .. } => None,
            Sound::Streamed(fed) => Some(fed),
        }
    }

    /// What the audio thread sees of a streamed track.
    pub(crate) fn stream_inside(&self) -> Option<&Stream> {
        self.fed().map(|fed| &*fed.stream)
    }

    /// How often the sound of a streamed track faded out because frames were missing, or did not begin within a quarter of a
    /// second of a start or jump.
    pub fn underruns(&self) -> u64 {
        self.stream_inside().map_or(0, |stream| stream.underruns.load(Ordering::Relaxed))
    }

    /// Frames of output for which a deck that played a streamed track had no music: underruns, and jumps to what was not
    /// there yet.
    pub fn missed(&self) -> Frames {
        Frames(self.stream_inside().map_or(0, |stream| stream.missed.load(Ordering::Relaxed)))
    }

    /// The number of clones of the track, this one included.
    pub fn shares(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// A reference that does not keep the samples in memory.
    pub fn downgrade(&self) -> WeakTrack {
        WeakTrack { inner: Arc::downgrade(&self.inner), frames: self.frames }
    }

    /// Whether both are the same samples, in memory or streamed, however much of them counts.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}
