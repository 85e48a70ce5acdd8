//! A cursor: a reader at one position of a streamed track.

use super::input::{Input, InputError};
use crate::dsp::{OnsetFinder, seam, silence};
use crate::rt::PAGE;
use crate::types::cast::count;
use crate::types::onset::Onset;

/// The number of frames after an onset that the onset finder needs before it reports the onset.
const ONSET_DELAY: usize = 2_048;

/// Reads the pages of an input one after another. Only a jump needs a seek.
pub(super) struct Cursor {
    input: Box<dyn Input>,
    finder: OnsetFinder,
    /// The frame at which the finder began.
    origin: u64,
    onsets: Vec<Onset>,
    /// Decoded frames that are in no page yet.
    decoded: Vec<[f32; 2]>,
    /// The position of the first of these frames.
    first: u64,
    /// The last frames that were decoded, for the fade-out of an input that ends before its stated length.
    latest: Vec<[f32; 2]>,
    ended: bool,
    /// The pass of the feeder in which the cursor was last used.
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

    /// The input's warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.input.warnings()
    }

    /// Opens the input again.
    pub fn another(&self) -> Option<Box<dyn Input>> {
        self.input.another()
    }

    /// The number of pages that the cursor reads before page `number`. `None` when that page is earlier than the cursor.
    pub fn distance(&self, number: u64) -> Option<u64> {
        number
            .checked_sub(self.first.div_ceil(PAGE as u64))
            .filter(|_| self.first <= number.saturating_mul(PAGE as u64))
    }

    /// The number of frames that are decoded and in no page yet.
    pub fn buffered(&self) -> usize {
        self.decoded.len()
    }

    /// Marks the position as unknown, so that the next page is read after a seek.
    pub fn invalidate(&mut self) {
        (self.first, self.used) = (u64::MAX, 0);
    }

    /// Seeks to one page before page `number`, because the onset finder needs the frames before the page.
    pub fn jump(&mut self, number: u64) -> Result<(), InputError> {
        self.invalidate();
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

    /// Reads page `number`, which must not be earlier than the cursor, and passes it to `put`.
    pub fn read_page(&mut self, number: u64, put: impl FnOnce(&[[f32; 2]], &[Onset])) -> Result<(), InputError> {
        let start = number * PAGE as u64;
        let end = start + PAGE as u64;
        while !self.ended && self.first + (self.decoded.len() as u64) < end + ONSET_DELAY as u64 {
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
            // Frames before the page are not needed any more.
            self.discard_before(start);
        }
        self.discard_before(start);
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
        self.discard_before(end);
        Ok(())
    }

    /// Drops the decoded frames before frame `until`.
    fn discard_before(&mut self, until: u64) {
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
