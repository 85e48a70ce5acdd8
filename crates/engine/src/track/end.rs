//! What is heard behind the last frame of a track.

use super::Track;
use crate::cast::index;
use crate::dsp::seam;

impl Track {
    /// Frames in which something still sounds behind its last one: a track that ends in the middle of a sound fades out.
    pub(crate) fn rings(&self) -> usize {
        if self.last() == [0.0; 2] { 0 } else { self.inner.rate.frames_in(seam::FADE) }
    }

    /// What it ends with and silence does not follow from; nothing where it ends like silence.
    fn last(&self) -> [f32; 2] {
        let mut around = [[0.0; seam::AROUND]; 2];
        let known = seam::AROUND.min(self.frames);
        let [left, right] = &mut around;
        self.copy((self.frames - known) as i64, [&mut left[..known], &mut right[..known]]);
        around.map(|side| seam::ends_with(&side[..known]))
    }

    /// What is heard from frame `first` on, at or behind the end.
    pub(super) fn ring_out(&self, first: i64, [left, right]: [&mut [f32]; 2]) {
        left.fill(0.0);
        right.fill(0.0);
        let fade = self.inner.rate.frames_in(seam::FADE);
        let into = index(first.max(0).unsigned_abs()).saturating_sub(self.frames);
        if into >= fade {
            return;
        }
        let last = self.last();
        if last == [0.0; 2] {
            return;
        }
        for ((at, left), right) in (into..fade).zip(left).zip(right) {
            let rest = seam::left_of_it(at, fade);
            (*left, *right) = (last[0] * rest, last[1] * rest);
        }
    }
}
