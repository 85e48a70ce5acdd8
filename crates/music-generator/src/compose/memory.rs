//! Long memory: the blocks of four bars that were heard in the last ten minutes.

use std::collections::{BTreeMap, VecDeque};

use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::ticks::{TICKS_PER_BEAT, Ticks};

/// The length of a block in bars.
pub const BLOCK_BARS: usize = 4;

/// The content of one bar of a stem: places on the grid, keys and instruments; not velocities and not deviations in time.
fn fingerprint(notes: &[Note], start: Ticks, stem: Stem) -> Option<u64> {
    let mut events: Vec<u64> = notes
        .iter()
        .filter(|note| note.stem == stem)
        .map(|note| {
            let grid = (note.start - start).0 * 12 / TICKS_PER_BEAT;
            let key = libm::roundf(note.pitch.0) as i64;
            ((grid as u64) << 24) ^ ((key as u64 & 0xff) << 8) ^ note.instrument as u64
        })
        .collect();
    if events.is_empty() {
        return None;
    }
    events.sort_unstable();
    Some(hash(&events))
}

/// FNV-1a over words.
fn hash(words: &[u64]) -> u64 {
    words
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23))
}

/// How a note is changed so that a block does not return.
#[derive(Clone, Copy, Debug)]
enum Variation {
    LeaveOut,
    Later,
    Higher,
    Lower,
}

impl Variation {
    fn of(stem: Stem) -> &'static [Self] {
        match stem {
            Stem::Drums => &[Self::LeaveOut, Self::Later],
            Stem::Bass | Stem::Texture => &[Self::Higher, Self::LeaveOut, Self::Later],
            Stem::Harmony | Stem::Lead => &[Self::LeaveOut, Self::Later, Self::Higher, Self::Lower],
        }
    }

    fn apply(self, note: &mut Note, index: usize, left_out: &mut Vec<usize>) {
        match self {
            Self::LeaveOut => left_out.push(index),
            Self::Later => note.start = note.start + Ticks::STEP,
            Self::Higher => note.pitch.0 += 12.0,
            Self::Lower => note.pitch.0 -= 12.0,
        }
    }
}

/// The blocks of each stem that were heard, with the second at which they ended.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    bars: [VecDeque<u64>; Stem::COUNT],
    blocks: [BTreeMap<u64, f64>; Stem::COUNT],
}

/// How long a block is remembered, in seconds.
const REMEMBERED_SECONDS: f64 = 600.0;
/// The fingerprint of a bar in which a stem is silent.
const SILENCE: u64 = 0;

impl Memory {
    /// The stems whose last four bars, with the bar of these notes as the fourth, were heard in the last ten minutes before
    /// `seconds`. A block with a silent bar is no repetition unless all of it is the same.
    pub fn repeated(&self, notes: &[Note], start: Ticks, seconds: f64) -> [bool; Stem::COUNT] {
        Stem::ALL.map(|stem| {
            fingerprint(notes, start, stem)
                .and_then(|bar| self.block(stem, bar))
                .and_then(|block| self.blocks[stem.index()].get(&block))
                .is_some_and(|heard| seconds - heard < REMEMBERED_SECONDS)
        })
    }

    /// Changes notes of a stem until its last four bars were not heard in the last ten minutes: one or two of its soft notes are left
    /// out, come a sixteenth later, or lie an octave away; when nothing helps the stem rests. Only notes that sound at `density` count.
    pub fn vary(&self, notes: &mut Vec<Note>, stem: Stem, start: Ticks, density: f32, seconds: f64) {
        let sounds = |note: &Note| note.stem == stem && note.from_density <= density;
        let mut soft: Vec<usize> = (0..notes.len()).filter(|index| sounds(&notes[*index])).collect();
        // The note on the downbeat comes last: it carries the bar.
        soft.sort_by(|a, b| {
            let key = |index: &usize| (notes[*index].start <= start, notes[*index].velocity);
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let single = soft.iter().flat_map(|index| Variation::of(stem).iter().map(|kind| (*index, *kind)));
        let single: Vec<(usize, Variation)> = single.collect();
        let pairs = single.iter().flat_map(|first| single.iter().map(|second| vec![*first, *second]));
        for changes in single.iter().map(|change| vec![*change]).chain(pairs) {
            let mut changed = notes.clone();
            let mut left_out = Vec::new();
            for (index, kind) in changes {
                kind.apply(&mut changed[index], index, &mut left_out);
            }
            left_out.sort_unstable();
            left_out.dedup();
            for index in left_out.into_iter().rev() {
                changed.remove(index);
            }
            let heard: Vec<Note> = changed.iter().filter(|note| sounds(note)).copied().collect();
            if !heard.is_empty() && !self.repeated(&heard, start, seconds)[stem.index()] {
                *notes = changed;
                return;
            }
        }
        // The stem rests.
        notes.retain(|note| !sounds(note));
    }

    /// Remembers a bar that ends at `seconds`.
    pub fn remember(&mut self, notes: &[Note], start: Ticks, seconds: f64) {
        for stem in Stem::ALL {
            let bar = fingerprint(notes, start, stem).unwrap_or(SILENCE);
            if let Some(block) = self.block(stem, bar) {
                self.blocks[stem.index()].insert(block, seconds);
            }
            let bars = &mut self.bars[stem.index()];
            bars.push_back(bar);
            if bars.len() >= BLOCK_BARS {
                bars.pop_front();
            }
            self.blocks[stem.index()].retain(|_, heard| seconds - *heard < REMEMBERED_SECONDS);
        }
    }

    /// The hash of the last three bars and this one; none when there are fewer, or when the stem is silent in two of them.
    fn block(&self, stem: Stem, bar: u64) -> Option<u64> {
        let bars = &self.bars[stem.index()];
        let silent = bars.iter().filter(|bar| **bar == SILENCE).count();
        if bars.len() + 1 < BLOCK_BARS || bar == SILENCE || silent > 1 {
            return None;
        }
        let words: Vec<u64> = bars.iter().copied().chain([bar]).collect();
        Some(hash(&words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::instrument::Instrument;
    use crate::types::pitch::Pitch;

    fn bar(number: i64, key: f32) -> (Vec<Note>, Ticks) {
        let note = Note {
            stem: Stem::Bass,
            instrument: Instrument::Upright,
            start: Ticks::beats(4 * number),
            length: Ticks::BEAT,
            late_ms: 0.0,
            pitch: Pitch(key),
            velocity: 0.5,
            from_density: 0.0,
            glide: None,
            legato: false,
        };
        (vec![note], Ticks::beats(4 * number))
    }

    #[test]
    fn a_block_is_found_again_for_ten_minutes() {
        let mut memory = Memory::default();
        for number in 0..7 {
            let (notes, start) = bar(number, 40.0 + (number % 4) as f32);
            assert_eq!(memory.repeated(&notes, start, number as f64), [false; 5]);
            memory.remember(&notes, start, number as f64);
        }
        let (notes, start) = bar(7, 43.0);
        assert_eq!(memory.repeated(&notes, start, 7.0), [false, true, false, false, false]);
        assert_eq!(memory.repeated(&notes, start, 700.0), [false; 5]);
        let mut varied = notes.clone();
        memory.vary(&mut varied, Stem::Bass, start, 0.5, 7.0);
        assert_eq!((varied.len(), memory.repeated(&varied, start, 7.0)), (1, [false; 5]));
        let (other, _) = bar(7, 44.0);
        assert_eq!(memory.repeated(&other, start, 7.0), [false; 5]);
    }
}
