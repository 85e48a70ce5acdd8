//! The sound of the program, for encoders that read the same range one after the other.

use std::collections::VecDeque;
use std::ops::Range;

use crate::error::Error;
use crate::program::{Program, read_joined};
use crate::sound::SoundCache;

/// The number of frames in a block: 0.7 s at 48 kHz.
const BLOCK: u64 = 32_768;
/// The number of blocks that are kept: 8 s at 48 kHz. So a segment of usual length is decoded once for all encoders.
const KEPT: usize = 12;

/// The sound of the program, of which the blocks that were read last are kept.
pub struct ProgramSound {
    program: Program,
    sounds: SoundCache,
    /// How often the program was changed.
    changes: u64,
    /// Blocks with their numbers, the latest last.
    blocks: VecDeque<(u64, Vec<[f32; 2]>)>,
}

impl ProgramSound {
    /// The sound of a program.
    pub fn new(program: Program, sounds: SoundCache) -> Self {
        Self { program, sounds, changes: 0, blocks: VecDeque::new() }
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
    /// Those of reading the items.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        let mut sound = Vec::new();
        for number in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let start = number * BLOCK;
            let index = |frame: u64| frame.clamp(start, start + BLOCK) - start;
            let wanted = index(range.start) as usize..index(range.end) as usize;
            sound.extend_from_slice(self.block(number)?.get(wanted).unwrap_or_default());
        }
        Ok(sound)
    }

    fn block(&mut self, number: u64) -> Result<&[[f32; 2]], Error> {
        let index = match self.blocks.iter().position(|(kept, _)| *kept == number) {
            Some(index) => index,
            None => {
                let range = number * BLOCK..(number + 1) * BLOCK;
                let items = self.program.timeline(range.start).items(range.clone());
                let items = self.program.sounding(items, range.start);
                let block = read_joined(&items, range, &mut self.sounds)?;
                if self.blocks.len() == KEPT {
                    self.blocks.pop_front();
                }
                self.blocks.push_back((number, block));
                self.blocks.len() - 1
            }
        };
        Ok(self.blocks.get(index).map_or(&[], |(_, block)| block))
    }
}
