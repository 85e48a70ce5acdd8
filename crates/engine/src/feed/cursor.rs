//! One reader of a track, at one place of it.

use super::input::{Fault, Input};
use crate::dsp::{OnsetFinder, seam, silence};
use crate::rt::PAGE;
use crate::types::cast::count;
use crate::types::onset::Onset;

/// Frames by which the onset finder is late.
const LATE: usize = 2_048;

/// Reads pages, one behind the other without a jump.
pub(super) struct Cursor {
    input: Box<dyn Input>,
    finder: OnsetFinder,
    /// Where the finder began.
    origin: u64,
    onsets: Vec<Onset>,
    /// Decoded frames, and the frame the first of them is.
    decoded: Vec<[f32; 2]>,
    first: u64,
    /// The latest frames that were decoded, for the fade-out of an input that ends sooner than it said.
    latest: Vec<[f32; 2]>,
    ended: bool,
    /// When it was last used, in turns.
    pub used: u64,
    sample_rate: u32,
}

impl Cursor {
    /// A cursor at the start of a fresh input.
    pub fn new(input: Box<dyn Input>, sample_rate: u32) -> Self {
        Self {
            input,
            finder: OnsetFinder::new(sample_rate),
            origin: 0,
            onsets: Vec::new(),
            decoded: Vec::new(),
            first: 0,
            latest: Vec::new(),
            ended: false,
            used: 0,
            sample_rate,
        }
    }

    /// What is wrong with what was read so far.
    pub fn warnings(&self) -> Vec<String> {
        self.input.warnings()
    }

    /// Another input of the same.
    pub fn another(&self) -> Option<Box<dyn Input>> {
        self.input.another()
    }

    /// Pages to be read before page `number` comes, when it lies ahead.
    pub fn distance(&self, number: u64) -> Option<u64> {
        number
            .checked_sub(self.first.div_ceil(PAGE as u64))
            .filter(|_| self.first <= number.saturating_mul(PAGE as u64))
    }

    /// Frames that are decoded and not in a page yet.
    pub fn waiting(&self) -> usize {
        self.decoded.len()
    }

    /// Forgets where it is: the next page is jumped to.
    pub fn lose(&mut self) {
        (self.first, self.used) = (u64::MAX, 0);
    }

    /// Jumps to before page `number`. One page ahead, so that the onset finder knows what came before.
    pub fn jump(&mut self, number: u64) -> Result<(), Fault> {
        self.lose();
        self.decoded.clear();
        self.onsets.clear();
        self.latest.clear();
        self.finder = OnsetFinder::new(self.sample_rate);
        self.ended = false;
        self.origin = number.saturating_sub(1) * PAGE as u64;
        self.input.seek(self.origin)?;
        self.first = self.origin;
        Ok(())
    }

    /// Hands page `number`, which must not lie behind, to `put`.
    pub fn page(&mut self, number: u64, put: impl FnOnce(&[[f32; 2]], &[Onset])) -> Result<(), Fault> {
        let start = number * PAGE as u64;
        let end = start + PAGE as u64;
        while !self.ended && self.first + (self.decoded.len() as u64) < end + LATE as u64 {
            let from = self.decoded.len();
            self.ended = !self.input.read(&mut self.decoded)?;
            silence::flush(self.decoded[from..].as_flattened_mut());
            let (onsets, origin) = (&mut self.onsets, self.origin as i64);
            let mut keep = |onset: Onset| onsets.push(Onset { frame: onset.frame + origin, ..onset });
            self.finder.push(self.decoded[from..].iter().copied(), &mut keep);
            self.latest.extend_from_slice(&self.decoded[from.max(self.decoded.len().saturating_sub(seam::AROUND))..]);
            self.latest.drain(..self.latest.len().saturating_sub(seam::AROUND));
            if self.ended {
                let fade = count((seam::FADE * f64::from(self.sample_rate)).round());
                self.decoded.extend(seam::fade_out(&self.latest, fade));
                std::mem::replace(&mut self.finder, OnsetFinder::new(self.sample_rate)).finish(keep);
            }
            // What lies before the page is not needed any more.
            self.forget(start);
        }
        self.forget(start);
        let skip = usize::try_from(start - self.first).unwrap_or(usize::MAX).min(self.decoded.len());
        let frames = self.decoded.get(skip..).unwrap_or_default();
        let known = self.onsets.partition_point(|onset| onset.frame < end as i64);
        let onsets = self.onsets.get(..known).unwrap_or_default();
        match frames.first_chunk::<PAGE>() {
            Some(page) => put(page, onsets),
            None => {
                let mut page = [[0.0; 2]; PAGE];
                page.iter_mut().zip(frames).for_each(|(to, from)| *to = *from);
                put(&page, onsets);
            }
        }
        self.forget(end);
        Ok(())
    }

    /// Drops what lies before frame `until`.
    fn forget(&mut self, until: u64) {
        let count = usize::try_from(until.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.decoded.len());
        self.decoded.drain(..count);
        self.first += count as u64;
        if self.ended && self.decoded.is_empty() {
            self.first = self.first.max(until);
        }
        let old = self.onsets.partition_point(|onset| onset.frame < until as i64);
        self.onsets.drain(..old);
    }
}
