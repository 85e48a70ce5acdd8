//! The sound of the program, for encoders that read the same range one after the other.

use std::collections::VecDeque;
use std::ops::Range;

use crate::error::Error;
use crate::live::{LiveSound, LiveSpan};
use crate::program::{PlacedItem, Program, read_joined};
use crate::sound::SoundCache;

/// The number of frames in a block: 0.7 s at 48 kHz.
const BLOCK: u64 = 32_768;
/// The number of blocks that are kept: 8 s at 48 kHz. So a segment of usual length is decoded once for all encoders.
const KEPT: usize = 12;

/// The sound of the program, of which the blocks that were read last are kept.
pub struct ProgramSound {
    program: Program,
    sounds: SoundCache,
    live: LiveSound,
    /// How often the program was changed.
    changes: u64,
    /// Blocks with their numbers, the latest last.
    blocks: VecDeque<(u64, Vec<[f32; 2]>)>,
}

impl ProgramSound {
    /// The sound of a program.
    pub fn new(program: Program, sounds: SoundCache) -> Self {
        Self { program, sounds, live: LiveSound::default(), changes: 0, blocks: VecDeque::new() }
    }

    /// The same program with live sound.
    #[must_use]
    pub fn with_live(self, live: LiveSound) -> Self {
        Self { live, ..self }
    }

    /// The program.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// The program, to be changed. What was read before is read again.
    pub fn change(&mut self) -> &mut Program {
        self.blocks.clear();
        self.changes += 1;
        &mut self.program
    }

    /// The live sound.
    pub fn live(&self) -> &LiveSound {
        &self.live
    }

    /// Begins a live span. What was read before is read again.
    pub fn begin_live(&mut self, span: LiveSpan) {
        self.change();
        self.live.begin(span);
    }

    /// The live sound, to which more is appended.
    pub fn live_mut(&mut self) -> &mut LiveSound {
        &mut self.live
    }

    /// How often the program was changed. What was made of it before may not be used after another change.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The files of the items.
    pub fn sounds(&mut self) -> &mut SoundCache {
        &mut self.sounds
    }

    /// The sound of a range, in frames from the beginning of the station.
    ///
    /// # Errors
    /// Those of reading the items; [`Error::NotReceived`] for live sound that was not received yet.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        let mut sound = Vec::new();
        for number in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let block = number * BLOCK..(number + 1) * BLOCK;
            let wanted = range.start.max(block.start)..range.end.min(block.end);
            if self.live.knows(&block) {
                let index = (wanted.start - block.start) as usize..(wanted.end - block.start) as usize;
                sound.extend_from_slice(self.block(number, block)?.get(index).unwrap_or_default());
            } else {
                // The rest of the block is not known yet.
                sound.extend(self.make(block.start, wanted)?);
            }
        }
        Ok(sound)
    }

    fn block(&mut self, number: u64, range: Range<u64>) -> Result<&[[f32; 2]], Error> {
        let index = match self.blocks.iter().position(|(kept, _)| *kept == number) {
            Some(index) => index,
            None => {
                let block = self.make(range.start, range)?;
                if self.blocks.len() == KEPT {
                    self.blocks.pop_front();
                }
                self.blocks.push_back((number, block));
                self.blocks.len() - 1
            }
        };
        Ok(self.blocks.get(index).map_or(&[], |(_, block)| block))
    }

    /// The sound of a range, by the timeline as it was known at the frame `version`.
    fn make(&mut self, version: u64, range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        let items = self.program.timeline(version).items(range.clone());
        let items = self.program.sounding(items, version);
        self.heard(&items, range)
    }

    /// The sound of these items in a range, with the live sound.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn heard(&mut self, items: &[PlacedItem], range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        if !self.live.knows(&range) {
            return Err(Error::NotReceived);
        }
        let first = range.start;
        // Files whose sound is not heard are not read, and so cannot delay a live source.
        let mut sound = if self.live.hides(&range) {
            vec![[0.0; 2]; (range.end - first) as usize]
        } else {
            read_joined(items, range, &mut self.sounds)?
        };
        self.live.mix(first, &mut sound);
        Ok(sound)
    }
}
