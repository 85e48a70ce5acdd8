//! Finds the piece with an AAC frame in a program without live sound.

use std::ops::Range;

use crowd_streaming::aac::AacFrame;

use super::piece::Piece;
use super::pieces::Pieces;
use crate::program::{PlacedItem, Program};

/// The number of items that are searched for one with pieces of its own. If all of them are too short, the joined sound ends there.
const SEARCHED_ITEMS: u64 = 64;

/// An item with pieces of its own, and the AAC frames of all of them in the program.
struct PlacedPieces {
    placed: PlacedItem,
    pieces: Pieces,
    frames: Range<u64>,
}

/// The piece with an AAC frame of a program without live sound.
pub fn find_piece(version: u64, frame: u64, program: &mut Program) -> Piece {
    let number = program.timeline(version).item_at(frame.saturating_mul(AacFrame::LENGTH)).number;
    let first = program.timeline(version).first();
    let before = (first..=number)
        .rev()
        .find_map(|number| pieces_of(version, number, program).filter(|item| item.frames.start <= frame));
    if let Some(PlacedPieces { placed, pieces, frames }) = &before
        && frames.contains(&frame)
    {
        let first = placed.start.0 / AacFrame::LENGTH;
        let piece = pieces.piece_at(frame - first);
        return Piece { frames: first + piece.start..first + piece.end, items: vec![placed.clone()] };
    }
    let (start, from) = before.map_or((0, first), |item| (item.frames.end, item.placed.number + 1));
    let piece = Pieces::of_range(joined_range(version, frame, start, from, program)).piece_at(frame);
    let mut piece = Piece { frames: piece, items: Vec::new() };
    let Range { start, end } = piece.needed();
    piece.items = program.timeline(version).items(start * AacFrame::LENGTH..end * AacFrame::LENGTH);
    piece
}

/// The AAC frames around `frame` that are in no item's own pieces. They begin at `start` or later, and `from` is the number of the first
/// item that could have pieces after them.
fn joined_range(version: u64, frame: u64, mut start: u64, mut from: u64, program: &mut Program) -> Range<u64> {
    loop {
        let until = from + SEARCHED_ITEMS;
        let end = match (from..until).find_map(|number| pieces_of(version, number, program)) {
            Some(item) => item.frames.start,
            None => program.timeline(version).item(until).start.0 / AacFrame::LENGTH,
        };
        if frame < end {
            return start..end;
        }
        (start, from) = (end, until);
    }
}

fn pieces_of(version: u64, number: u64, program: &mut Program) -> Option<PlacedPieces> {
    let placed = program.timeline(version).item(number);
    let (first, phase) = (placed.start.0 / AacFrame::LENGTH, placed.start.0 % AacFrame::LENGTH);
    let not_alone = placed.overlap.max(placed.fade_out);
    let pieces = Pieces::of_item(placed.frames, phase, not_alone)?;
    let Range { start, end } = pieces.frames();
    Some(PlacedPieces { placed, pieces, frames: first + start..first + end })
}
