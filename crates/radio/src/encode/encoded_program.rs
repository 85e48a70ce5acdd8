//! The AAC frames of the program, whichever are asked for.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crowd_streaming::aac::{AacFrame, AacSettings, splice_index};

use super::piece::Piece;
use super::piece_encoder::encode;
use super::piece_store::PieceStore;
use super::pieces::{Pieces, SEARCH};
use crate::error::Error;
use crate::program::{PlacedItem, Timeline};
use crate::sound::SoundCache;

/// The number of pieces that are held in memory.
const HELD: usize = 4;
/// The number of items that are searched for one with pieces of its own. If all of them are too short, the joined sound ends there.
const SEARCHED_ITEMS: u64 = 64;

/// The encoded program.
pub struct EncodedProgram {
    timeline: Timeline,
    store: PieceStore,
    sounds: SoundCache,
    held: VecDeque<Arc<EncodedPiece>>,
    uneven_changes: u64,
}

/// A piece with its AAC frames.
#[derive(Debug)]
struct EncodedPiece {
    piece: Piece,
    frames: Vec<AacFrame>,
    /// The AAC frame at which the stream changes to this piece, once it is known.
    change: OnceLock<u64>,
}

impl EncodedPiece {
    /// The frames of a range, which must be among those that were encoded.
    fn get(&self, range: &Range<u64>) -> &[AacFrame] {
        let index = |frame: u64| usize::try_from(frame.saturating_sub(self.piece.frames.start)).unwrap_or(usize::MAX);
        self.frames.get(index(range.start)..index(range.end)).unwrap_or_default()
    }
}

/// An item with pieces of its own, and the AAC frames of all of them in the program.
struct PlacedPieces {
    placed: PlacedItem,
    pieces: Pieces,
    frames: Range<u64>,
}

impl EncodedProgram {
    /// The program of `timeline`, whose pieces are kept in `store`.
    pub fn new(timeline: Timeline, store: PieceStore, sounds: SoundCache) -> Self {
        Self { timeline, store, sounds, held: VecDeque::new(), uneven_changes: 0 }
    }

    /// The settings of the encoder.
    pub fn settings(&self) -> AacSettings {
        self.store.settings()
    }

    /// The timeline.
    pub fn timeline(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// How often the stream changed from one encoder to another although they had different windows. The sound of one AAC frame may then
    /// be uneven.
    pub fn uneven_changes(&self) -> u64 {
        self.uneven_changes
    }

    /// The AAC frames of a range of the program, counted from the beginning of the station.
    ///
    /// # Errors
    /// Those of decoding and encoding.
    pub fn frames(&mut self, range: Range<u64>) -> Result<Vec<AacFrame>, Error> {
        let mut frames = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let piece = self.piece_at(at)?;
            let start = self.change_into(&piece)?;
            let (piece, end) = if at < start {
                (self.piece_at(piece.piece.frames.start - 1)?, start)
            } else {
                let next = self.piece_at(piece.piece.frames.end)?;
                let end = self.change_into(&next)?;
                (piece, end)
            };
            let end = end.min(range.end);
            let found = piece.get(&(at..end));
            if found.len() as u64 != end - at {
                let advice = "this is a fault of crowd-radio, please report it";
                return Err(Error::Invalid(format!("the AAC frames {at} to {end} are missing: {advice}")));
            }
            frames.extend_from_slice(found);
            at = end;
        }
        Ok(frames)
    }

    /// The AAC frame at which the stream changes to a piece from the one before it.
    fn change_into(&mut self, piece: &EncodedPiece) -> Result<u64, Error> {
        let start = piece.piece.frames.start;
        if let Some(change) = piece.change.get().copied().or((start == 0).then_some(0)) {
            return Ok(change);
        }
        let before = self.piece_at(start - 1)?;
        let among = start..start + SEARCH;
        let index = splice_index(before.get(&among), piece.get(&among)).unwrap_or_else(|| {
            self.uneven_changes += 1;
            SEARCH as usize / 2
        });
        Ok(*piece.change.get_or_init(|| start + index as u64))
    }

    /// The piece with an AAC frame, encoded.
    fn piece_at(&mut self, frame: u64) -> Result<Arc<EncodedPiece>, Error> {
        if let Some(held) = self.held.iter().find(|held| held.piece.frames.contains(&frame)) {
            return Ok(held.clone());
        }
        let piece = self.find_piece(frame);
        let frames = match self.store.read(&piece) {
            Some(frames) => frames,
            None => {
                let frames = encode(&piece, self.store.settings(), &mut self.sounds)?;
                // On a full disk the piece is made again when it is needed again.
                if let Err(error) = self.store.write(&piece, &frames) {
                    tracing::warn!("an encoded piece is not kept: {error}");
                }
                frames
            }
        };
        let encoded = Arc::new(EncodedPiece { piece, frames, change: OnceLock::new() });
        self.held.truncate(HELD - 1);
        self.held.push_front(encoded.clone());
        Ok(encoded)
    }

    /// The piece with an AAC frame.
    fn find_piece(&mut self, frame: u64) -> Piece {
        let number = self.timeline.item_at(frame.saturating_mul(AacFrame::LENGTH)).number;
        let before =
            (0..=number).rev().find_map(|number| self.pieces_of(number).filter(|item| item.frames.start <= frame));
        if let Some(PlacedPieces { placed, pieces, frames }) = &before
            && frames.contains(&frame)
        {
            let first = placed.start.0 / AacFrame::LENGTH;
            let piece = pieces.piece_at(frame - first);
            return Piece { frames: first + piece.start..first + piece.end, items: vec![placed.clone()] };
        }
        let (start, from) = before.map_or((0, 0), |item| (item.frames.end, item.placed.number + 1));
        let piece = Pieces::of_range(self.joined_range(frame, start, from)).piece_at(frame);
        let mut piece = Piece { frames: piece, items: Vec::new() };
        let Range { start, end } = piece.needed();
        piece.items = self.timeline.items(start * AacFrame::LENGTH..end * AacFrame::LENGTH);
        piece
    }

    /// The AAC frames around `frame` that are in no item's own pieces. They begin at `start` or later, and `from` is the number of the first
    /// item that could have pieces after them.
    fn joined_range(&mut self, frame: u64, mut start: u64, mut from: u64) -> Range<u64> {
        loop {
            let until = from + SEARCHED_ITEMS;
            let end = match (from..until).find_map(|number| self.pieces_of(number)) {
                Some(item) => item.frames.start,
                None => self.timeline.item(until).start.0 / AacFrame::LENGTH,
            };
            if frame < end {
                return start..end;
            }
            (start, from) = (end, until);
        }
    }

    fn pieces_of(&mut self, number: u64) -> Option<PlacedPieces> {
        let placed = self.timeline.item(number);
        let (first, phase) = (placed.start.0 / AacFrame::LENGTH, placed.start.0 % AacFrame::LENGTH);
        let overlap = self.timeline.longest_overlap();
        let pieces = Pieces::of_item(placed.item.frames, phase, overlap)?;
        let Range { start, end } = pieces.frames();
        Some(PlacedPieces { placed, pieces, frames: first + start..first + end })
    }
}
