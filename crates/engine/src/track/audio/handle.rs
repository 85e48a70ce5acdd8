//! The handle of a track, which both halves use.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crate::feed::{FedStream, LiveTrack};
use crate::rt::{LiveStem, Stream};
use crate::types::loop_region::LoopRegion;
use crate::types::onset::Onset;
use crate::types::units::{Frames, SampleRate};

/// The interleaved samples of a [`Track`]. 16-bit music stays 16-bit, because it needs half the memory and sounds the same.
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
    Live(LiveTrack),
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
/// If the sample rate of a track is not the engine's, the deck interpolates the track while it plays, so that the pitch is right.
/// `Track::open` avoids this: it resamples the track once.
///
/// `Track::open` decodes a file into memory, and `Track::stream` reads a file while it plays. [`Track::from_interleaved`] takes
/// samples. [`Track::from_input`] plays what a program computes.
#[derive(Clone, Debug)]
pub struct Track {
    pub(in crate::track) inner: Arc<Inner>,
    /// The number of frames of the track. There may be more samples after them, which are not played.
    pub(in crate::track) frames: usize,
}

/// A reference to a [`Track`] that does not keep its samples in memory. [`Track::downgrade`] makes one.
#[derive(Clone, Debug)]
pub struct WeakTrack {
    inner: Weak<Inner>,
    frames: usize,
}

impl WeakTrack {
    /// The track, if a clone of it still exists. This is not for an audio thread, because the returned track may be the last clone when
    /// it is dropped.
    pub fn upgrade(&self) -> Option<Track> {
        Some(Track { inner: self.inner.upgrade()?, frames: self.frames })
    }
}

impl Track {
    /// Its length in frames at its own rate. Of a track whose [length](Self::length) is not known, the most that a track can have.
    pub fn frames(&self) -> Frames {
        Frames(self.frames as u64)
    }

    /// The sample rate.
    pub fn sample_rate(&self) -> SampleRate {
        self.inner.rate
    }

    /// The beginnings of notes and drum hits, in order. The methods that keep the pitch leave the transients there unchanged. Empty for
    /// a streamed track, whose onsets are known only around the playheads.
    pub fn onsets(&self) -> &[Onset] {
        let Sound::Loaded { onsets, .. } = &self.inner.sound else { return &[] };
        let inside = onsets.partition_point(|onset| onset.frame < self.frames as i64);
        &onsets[..inside]
    }

    /// The number of channels, 1 or 2.
    pub fn channels(&self) -> usize {
        self.inner.channels
    }

    /// Sentences that describe the damage of the file: frames that are missing, or that are silent because they are damaged. For a
    /// streamed track this is the damage that was known when it was opened. [`stream_event`](Self::stream_event) reports other damage.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// The gain in dB, a negative number, by which the track was lowered because the stereo mix of its channels would clip. `None` when
    /// it was not lowered.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.inner.downmix_gain_db
    }

    /// The number of bytes of samples in memory. For a streamed track it changes with time.
    pub fn bytes(&self) -> usize {
        match &self.inner.sound {
            Sound::Loaded { pcm: Pcm::I16(samples), .. } => size_of_val(&**samples),
            Sound::Loaded { pcm: Pcm::F32(samples), .. } => size_of_val(&**samples),
            Sound::Streamed(fed) => fed.stream.bytes(),
            Sound::Live(live) => live.stream.bytes(),
        }
    }

    /// Whether the track is read while it plays.
    pub fn is_streamed(&self) -> bool {
        self.stream_inside().is_some()
    }

    /// Whether it is a stem of a [live input](crate::feed::LiveInput), which cannot be sought.
    pub fn is_live(&self) -> bool {
        matches!(self.inner.sound, Sound::Live(_))
    }

    pub(in crate::track) fn fed(&self) -> Option<&FedStream> {
        match &self.inner.sound {
            Sound::Loaded { .. } | Sound::Live(_) => None,
            Sound::Streamed(fed) => Some(fed),
        }
    }

    /// What the audio thread sees of a streamed track or of a stem of a live input.
    pub(crate) fn stream_inside(&self) -> Option<&Stream> {
        match &self.inner.sound {
            Sound::Loaded { .. } => None,
            Sound::Streamed(fed) => Some(&fed.stream),
            Sound::Live(live) => Some(&live.stream),
        }
    }

    /// What the audio thread sees of a stem of a live input.
    pub(crate) fn live_inside(&self) -> Option<&LiveStem> {
        self.stream_inside().and_then(Stream::live)
    }

    /// Its length as the audio thread sees it: that of a live input is known when it has ended.
    pub(crate) fn end(&self) -> u64 {
        match &self.inner.sound {
            Sound::Live(live) => live.stream.end(),
            _ => self.frames as u64,
        }
    }

    /// Its length in frames at its own rate, when it is known: not of an input without an end, and of a live input only when it has
    /// ended.
    pub fn length(&self) -> Option<Frames> {
        let frames = match &self.inner.sound {
            Sound::Streamed(fed) => fed.stream.frames.min(self.frames as u64),
            _ => self.end(),
        };
        Some(Frames(frames)).filter(|frames| *frames < LoopRegion::LAST_FRAME && frames.0 < usize::MAX as u64)
    }

    /// The number of underruns of a streamed track. An underrun is a fade-out because frames are missing, or a sound that does not begin
    /// within a quarter of a second after a start or jump.
    pub fn underruns(&self) -> u64 {
        self.stream_inside().map_or(0, |stream| stream.underruns.load(Ordering::Relaxed))
    }

    /// The number of frames of output for which a deck was silent because frames of a streamed track were missing. It includes the
    /// silence after jumps to positions that were not loaded.
    pub fn missed(&self) -> Frames {
        Frames(self.stream_inside().map_or(0, |stream| stream.missed.load(Ordering::Relaxed)))
    }

    /// The number of clones of the track, including this one.
    pub fn shares(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// A reference that does not keep the samples in memory.
    pub fn downgrade(&self) -> WeakTrack {
        WeakTrack { inner: Arc::downgrade(&self.inner), frames: self.frames }
    }

    /// Whether both tracks share their samples, in memory or streamed. Their lengths may differ.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}
