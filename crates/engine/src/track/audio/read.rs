//! Reads the frames of a track on the audio thread, including the silence before its start and after its end.

use super::handle::{Pcm, Sound, Track};
use crate::dsp::seam;
use crate::stretch::Source;
use crate::types::cast::index;
use crate::types::onset::Onset;

impl Track {
    /// The first onset in frames `from..until`.
    pub(crate) fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        if let Some(stream) = self.stream_inside() {
            return stream.onset(from, until.min(self.frames as i64));
        }
        let onsets = self.onsets();
        let first = onsets.partition_point(|onset| onset.frame < from);
        onsets.get(first).copied().filter(|onset| onset.frame < until)
    }

    /// Blocks until frames are loaded. Returns false when they cannot be read. Only for engines that render offline.
    pub(crate) fn wait(&self, from: i64, until: i64) -> bool {
        match &self.inner.sound {
            Sound::Loaded { .. } => true,
            Sound::Streamed(fed) => fed.wait(from, until),
            Sound::Live(live) => live.wait(from, until),
        }
    }

    /// Copies frames from `first` on, one slice per channel. Before the start and after the end there is silence.
    pub(crate) fn copy(&self, first: i64, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let (wanted, end) = (left.len().min(right.len()), self.end());
        let before = index(first.min(0).unsigned_abs()).min(wanted);
        let from = first.max(0).unsigned_abs().min(end);
        let inside = index((end - from).min((wanted - before) as u64));
        left[..before].fill(0.0);
        right[..before].fill(0.0);
        let behind = before + inside;
        if behind < wanted {
            self.ring_out(first.saturating_add(behind as i64), [&mut left[behind..wanted], &mut right[behind..wanted]]);
        }
        let left = &mut left[before..before + inside];
        let right = &mut right[before..before + inside];
        let span = || index(from) * self.inner.channels..(index(from) + inside) * self.inner.channels;
        match &self.inner.sound {
            Sound::Loaded { pcm: Pcm::F32(samples), .. } => {
                spread(&samples[span()], self.inner.channels, left, right, |x| x);
            }
            Sound::Loaded { pcm: Pcm::I16(samples), .. } => {
                spread(&samples[span()], self.inner.channels, left, right, Pcm::float);
            }
            Sound::Streamed(fed) => fed.stream.copy(from, left, right),
            Sound::Live(live) => live.stream.copy(from, left, right),
        }
    }

    /// Copies frames from frame `first` on into two channels. This neither waits nor allocates.
    ///
    /// Before the start and after the end of the track there is silence. If the track ends in the middle of a sound, there is a fade
    /// after the end. Frames of a [streamed](crate::feed) track that are not in memory are silent.
    pub fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        self.copy(first, out);
    }

    /// The length in frames of the fade after the end of a track that ends in the middle of a sound. 0 for other tracks.
    pub(crate) fn rings(&self) -> usize {
        if self.last() == [0.0; 2] { 0 } else { self.inner.rate.frames_in(seam::FADE) }
    }

    /// The last frame of a track that ends in the middle of a sound. Zero for other tracks.
    fn last(&self) -> [f32; 2] {
        let mut around = [[0.0; seam::AROUND]; 2];
        let end = self.end();
        let known = index(end.min(seam::AROUND as u64));
        let [left, right] = &mut around;
        self.copy((end - known as u64) as i64, [&mut left[..known], &mut right[..known]]);
        around.map(|side| seam::held_sample(&side[..known]))
    }

    /// Writes the fade after the end of the track, from frame `first` on, which must not be before the end.
    fn ring_out(&self, first: i64, [left, right]: [&mut [f32]; 2]) {
        left.fill(0.0);
        right.fill(0.0);
        let fade = self.inner.rate.frames_in(seam::FADE);
        let into = index(first.max(0).unsigned_abs().saturating_sub(self.end()));
        if into >= fade {
            return;
        }
        let last = self.last();
        if last == [0.0; 2] {
            return;
        }
        for ((at, left), right) in (into..fade).zip(left).zip(right) {
            let rest = seam::fade_gain(at, fade);
            (*left, *right) = (last[0] * rest, last[1] * rest);
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
