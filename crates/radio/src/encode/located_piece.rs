//! Finds the piece with an AAC frame.

use std::ops::Range;

use super::find_piece::find_piece;
use super::live_regions::{live_piece, live_regions};
use super::piece::Piece;
use super::program_sound::ProgramSound;

/// A piece of the program, and where it is used.
#[derive(Clone, Debug)]
pub struct LocatedPiece {
    /// The frame from which on the timeline is used in which the piece was found.
    pub version: u64,
    /// The piece. It is the same wherever live sound begins and ends.
    pub piece: Piece,
    /// The AAC frames from the start of this piece to the start of the next one, as far as there is no live sound.
    pub used: Range<u64>,
    /// Whether the piece has live sound. It then has all items of the program in its range, and is not stored.
    pub is_live: bool,
}

/// What tells one piece from another: its version, and the first AAC frame in which it is used.
pub type PieceKey = (u64, u64);

impl LocatedPiece {
    /// What tells it from other pieces.
    pub fn key(&self) -> PieceKey {
        (self.version, self.used.start)
    }
}

/// The piece with an AAC frame. `version` is the first frame of a timeline.
pub fn locate(version: u64, frame: u64, sound: &mut ProgramSound) -> LocatedPiece {
    let regions = live_regions(version, sound);
    if let Some(region) = regions.iter().find(|region| region.contains(&frame)) {
        let used = live_piece(region, frame);
        return LocatedPiece { version, piece: Piece { frames: used.clone(), items: Vec::new() }, used, is_live: true };
    }
    let piece = find_piece(version, frame, sound.program());
    let after = regions.iter().map(|region| region.end).filter(|end| *end <= frame).max().unwrap_or(0);
    let before = regions.iter().map(|region| region.start).filter(|start| *start > frame).min().unwrap_or(u64::MAX);
    let used = piece.frames.start.max(after)..piece.frames.end.min(before);
    LocatedPiece { version, piece, used, is_live: false }
}
