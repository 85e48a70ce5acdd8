//! A piece of music, in memory or read from disk as it plays, shared between threads.

mod end;
#[cfg(feature = "decode")]
mod file;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crate::cast::index;
use crate::command::LoopRegion;
use crate::dsp::silence;
use crate::error::{Error, Result};
use crate::feed::{Fed, Input, News, Shape, Stream};
use crate::stretch::{Onset, OnsetFinder, Source};
use crate::units::{Frames, SampleRate};

/// Samples of a [`Track`], interleaved. Sixteen-bit material is held as such: half the memory, same sound.
#[derive(Debug)]
pub enum Pcm {
    /// Sixteen-bit samples, full scale 32,768.
    I16(Box<[i16]>),
    /// Float samples, full scale 1.
    F32(Box<[f32]>),
}

impl Pcm {
    fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }
}

/// Where the samples are.
#[derive(Debug)]
enum Sound {
    Loaded { pcm: Pcm, onsets: Box<[Onset]> },
    Streamed(Fed),
}

#[derive(Debug)]
struct Inner {
    sound: Sound,
    rate: SampleRate,
    channels: usize,
    warnings: Box<[String]>,
    downmix_gain_db: Option<f32>,
}

/// A piece of music: mono or stereo, in memory or [streamed](crate::feed). A clone shares the samples.
///
/// A track of another sample rate than the engine's plays at its right pitch through the deck's
/// interpolator; [resampling it when it is loaded](https://docs.rs/crowd-media) leaves the decks nothing to do.
#[derive(Clone, Debug)]
pub struct Track {
    inner: Arc<Inner>,
    /// Frames that count; the samples may go on behind them.
    frames: usize,
}

/// A [`Track`] that is not held: it can be had again as long as something else holds it.
#[derive(Clone, Debug)]
pub struct WeakTrack {
    inner: Weak<Inner>,
    frames: usize,
}

impl WeakTrack {
    /// The track, if it is still held. Not a call for an audio thread: what comes back may be the last clone by then.
    pub fn upgrade(&self) -> Option<Track> {
        Some(Track { inner: self.inner.upgrade()?, frames: self.frames })
    }
}

impl Track {
    /// A track from interleaved samples. Those [next to silence](crate::dsp::silence) become zero, and all are searched for [onsets](Self::onsets), which takes some 150 ms for five
    /// minutes of music: not a call for an audio thread.
    ///
    /// # Errors
    /// [`Error::BadTrack`] when there are no frames, the channels are not 1 or 2, the length is not a whole
    /// number of frames, or a sample is not finite.
    pub fn new(pcm: Pcm, rate: SampleRate, channels: usize) -> Result<Self> {
        Self::with_warnings(pcm, rate, channels, Vec::new())
    }

    fn with_warnings(mut pcm: Pcm, rate: SampleRate, channels: usize, warnings: Vec<String>) -> Result<Self> {
        let bad = |cause: String| Err(Error::BadTrack { cause });
        if !(1..=2).contains(&channels) {
            return bad(format!("{channels} channels: mix it down to mono or stereo first"));
        }
        if pcm.len() == 0 || !pcm.len().is_multiple_of(channels) {
            return bad(format!("{} samples are not a whole number of {channels}-channel frames", pcm.len()));
        }
        if let Pcm::F32(samples) = &pcm
            && let Some(at) = samples.iter().position(|x| !x.is_finite())
        {
            return bad(format!("the sample of frame {} is not a finite number", at / channels));
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

    /// A track that is read while it plays, by a thread of its own that ends with the last clone. Up to 4 MiB of it are in
    /// memory (48 kHz; twice as much for each doubling of that). Its start is being made ready when this returns.
    ///
    /// # Errors
    /// [`Error::BadTrack`] when there are no frames, too many of them, the channels are not 1 or 2, or there is no thread.
    pub fn from_input(input: impl Input + 'static, shape: Shape) -> Result<Self> {
        let bad = |cause: String| Err(Error::BadTrack { cause });
        if !(1..=2).contains(&shape.channels) {
            return bad(format!("{} channels: mix it down to mono or stereo first", shape.channels));
        }
        if shape.frames == Frames::ZERO || shape.frames > LoopRegion::LAST_FRAME {
            return bad(format!("{} frames: 1 to {} are possible", shape.frames.0, LoopRegion::LAST_FRAME.0));
        }
        let frames = index(shape.frames.0);
        let warnings = input.warnings().into();
        let fed = Fed::new(Box::new(input), shape)?;
        fed.announce(0);
        let Shape { sample_rate: rate, channels, .. } = shape;
        let inner = Inner { sound: Sound::Streamed(fed), rate, channels, warnings, downmix_gain_db: None };
        Ok(Self { inner: Arc::new(inner), frames })
    }

    /// The same track, ending before frame `end`; shares the samples. An `end` behind the track's own changes nothing.
    ///
    /// # Errors
    /// [`Error::BadTrack`] when nothing would be left.
    pub fn until(&self, end: Frames) -> Result<Self> {
        let frames = index(end.0).min(self.frames);
        if frames == 0 {
            return Err(Error::BadTrack { cause: "it would end where it begins".to_owned() });
        }
        Ok(Self { inner: self.inner.clone(), frames })
    }

    /// Its length in frames at its own rate.
    pub fn frames(&self) -> Frames {
        Frames(self.frames as u64)
    }

    /// Its sample rate.
    pub fn sample_rate(&self) -> SampleRate {
        self.inner.rate
    }

    /// Where notes and hits begin, in order: what the methods that keep the pitch leave untouched. Of a streamed track they
    /// are known around the playheads only, and none are told here.
    pub fn onsets(&self) -> &[Onset] {
        let Sound::Loaded { onsets, .. } = &self.inner.sound else { return &[] };
        let inside = onsets.partition_point(|onset| onset.frame < self.frames as i64);
        &onsets[..inside]
    }

    /// The first onset in frames `from..until`.
    pub(crate) fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        if let Some(stream) = self.stream_inside() {
            return stream.onset(from, until.min(self.frames as i64));
        }
        let onsets = self.onsets();
        let first = onsets.partition_point(|onset| onset.frame < from);
        onsets.get(first).copied().filter(|onset| onset.frame < until)
    }

    /// Channels, 1 or 2.
    pub fn channels(&self) -> usize {
        self.inner.channels
    }

    /// What is wrong with the file it was read from, in words: frames that are missing, or damaged and silent. Of a streamed
    /// track what was known before it played; [`news`](Self::news) tells the rest.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// By how many decibels all of it was lowered because the stereo mix of its channels would clip, negative; `None` when it
    /// was not.
    pub fn downmix_gain_db(&self) -> Option<f32> {
        self.inner.downmix_gain_db
    }

    /// Bytes of samples held.
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

    fn fed(&self) -> Option<&Fed> {
        match &self.inner.sound {
            Sound::Loaded { .. } => None,
            Sound::Streamed(fed) => Some(fed),
        }
    }

    /// What the audio thread sees of a streamed track.
    pub(crate) fn stream_inside(&self) -> Option<&Stream> {
        self.fed().map(|fed| &*fed.stream)
    }

    /// Has the surroundings of a frame made ready, so that a start from there sounds at once. The latest two places are
    /// kept, beside the cues and positions of the decks that hold the track. In memory all is ready always.
    pub fn prepare(&self, at: Frames) {
        if let Some(fed) = self.fed() {
            fed.announce(at.min(self.frames()).0 as i64);
        }
    }

    /// Whether a start from this frame sounds at once, by whatever method it is stretched.
    pub fn is_ready(&self, at: Frames) -> bool {
        self.fed().is_none_or(|fed| fed.is_ready(at.min(self.frames()).0 as i64))
    }

    /// What a streamed track's feeder has to tell, oldest first.
    pub fn news(&self) -> Option<News> {
        self.fed().and_then(Fed::news)
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

    /// Waits until frames are there; false when they cannot be read. For engines that nobody listens to.
    pub(crate) fn wait(&self, from: i64, until: i64) -> bool {
        self.fed().is_none_or(|fed| fed.wait(from, until))
    }

    /// How many clones of the track there are, this one included.
    pub fn shares(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// The same track, without holding it.
    pub fn downgrade(&self) -> WeakTrack {
        WeakTrack { inner: Arc::downgrade(&self.inner), frames: self.frames }
    }

    /// Whether both are the same samples, in memory or streamed, however much of them counts.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Copies frames from `first` on into planar stereo; before the start and behind the end there is silence.
    pub(crate) fn copy(&self, first: i64, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let wanted = left.len().min(right.len());
        let before = index(first.min(0).unsigned_abs()).min(wanted);
        let from = index(first.max(0).unsigned_abs()).min(self.frames);
        let inside = (wanted - before).min(self.frames - from);
        left[..before].fill(0.0);
        right[..before].fill(0.0);
        let behind = before + inside;
        if behind < wanted {
            self.ring_out(first + behind as i64, [&mut left[behind..wanted], &mut right[behind..wanted]]);
        }
        let left = &mut left[before..before + inside];
        let right = &mut right[before..before + inside];
        let span = from * self.inner.channels..(from + inside) * self.inner.channels;
        match &self.inner.sound {
            Sound::Loaded { pcm: Pcm::F32(samples), .. } => {
                spread(&samples[span], self.inner.channels, left, right, |x| x);
            }
            Sound::Loaded { pcm: Pcm::I16(samples), .. } => {
                spread(&samples[span], self.inner.channels, left, right, |x| f32::from(x) * (1.0 / 32_768.0));
            }
            Sound::Streamed(fed) => fed.stream.copy(from as u64, left, right),
        }
    }
}

impl Source for Track {
    fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        self.copy(first, out);
    }

    fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        Self::onset(self, from, until)
    }
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
            let float = |x: i16| f32::from(x) * (1.0 / 32_768.0);
            let frames = samples.chunks_exact(channels).map(|frame| [float(frame[0]), float(frame[channels - 1])]);
            finder.push(frames, &mut keep);
        }
    }
    finder.finish(keep);
    onsets.into()
}

#[inline(always)]
fn spread<T: Copy>(
    samples: &[T],
    channels: usize,
    left: &mut [f32],
    right: &mut [f32],
    to_float: impl Fn(T) -> f32 + Copy,
) {
    if channels == 1 {
        for ((sample, l), r) in samples.iter().zip(left).zip(right) {
            *l = to_float(*sample);
            *r = *l;
        }
    } else {
        for ((frame, l), r) in samples.chunks_exact(2).zip(left).zip(right) {
            *l = to_float(frame[0]);
            *r = to_float(frame[1]);
        }
    }
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
    fn what_cannot_be_a_track_is_refused_with_the_reason() {
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
