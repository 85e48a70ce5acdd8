//! The AAC frames of the program, whichever are asked for.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crowd_streaming::aac::{AacFrame, AacSettings, splice_index};

use super::piece::Piece;
use super::piece_encoder::encode;
use super::piece_store::PieceStore;
use super::pieces::{Pieces, SEARCH};
use super::program_sound::ProgramSound;
use crate::error::Error;
use crate::program::{PlacedItem, Program};

/// The number of pieces that are held in memory.
const HELD: usize = 6;
/// The number of items that are searched for one with pieces of its own. If all of them are too short, the joined sound ends there.
const SEARCHED_ITEMS: u64 = 64;

/// The encoded program. The sound, and with it the program, is passed to each call, because several encoders use the same.
pub struct EncodedProgram {
    store: PieceStore,
    held: VecDeque<Arc<EncodedPiece>>,
    /// How often the program had been changed when these pieces were made.
    changes: u64,
    uneven_changes: u64,
}

/// A piece with its AAC frames.
#[derive(Debug)]
struct EncodedPiece {
    /// The frame from which on the timeline is used in which the piece was found.
    version: u64,
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
    /// Encoded frames whose pieces are kept in `store`.
    pub fn new(store: PieceStore) -> Self {
        Self { store, held: VecDeque::new(), changes: 0, uneven_changes: 0 }
    }

    /// The settings of the encoder.
    pub fn settings(&self) -> AacSettings {
        self.store.settings()
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
    pub fn frames(&mut self, range: Range<u64>, sound: &mut ProgramSound) -> Result<Vec<AacFrame>, Error> {
        // Two changes can have the same frame, so the version of a held piece does not say whether it is still valid.
        if self.changes != sound.changes() {
            self.held.clear();
            self.changes = sound.changes();
        }
        let mut frames = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let version = sound.program().version(at * AacFrame::LENGTH);
            // Where the timeline changes, the sound of both is the same for a while.
            let changed = version.start.div_ceil(AacFrame::LENGTH);
            let until = version.end.div_ceil(AacFrame::LENGTH);
            let (version, end) = if version.start > 0 && at < changed + SEARCH {
                let change = self.change_between(changed, sound)?;
                if at < change { (version.start - 1, change) } else { (version.start, changed + SEARCH) }
            } else {
                (version.start, until)
            };
            let end = end.min(until).min(range.end);
            frames.extend(self.frames_of(version, at..end, sound)?);
            at = end;
        }
        Ok(frames)
    }

    /// The AAC frame at which the stream changes from one timeline to the next one, which is used from the AAC frame `start` on.
    fn change_between(&mut self, start: u64, sound: &mut ProgramSound) -> Result<u64, Error> {
        let (among, frame) = (start..start + SEARCH, start * AacFrame::LENGTH);
        let from = sound.program().version(frame).start;
        let (before, after) = (self.frames_of(from - 1, among.clone(), sound)?, self.frames_of(from, among, sound)?);
        Ok(start + self.splice(&before, &after))
    }

    fn splice(&mut self, before: &[AacFrame], after: &[AacFrame]) -> u64 {
        let index = splice_index(before, after).unwrap_or_else(|| {
            self.uneven_changes += 1;
            SEARCH as usize / 2
        });
        index as u64
    }

    /// The AAC frames of a range, by the timeline as it was known at the frame `version`.
    fn frames_of(&mut self, version: u64, range: Range<u64>, sound: &mut ProgramSound) -> Result<Vec<AacFrame>, Error> {
        let mut frames = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let piece = self.piece_at(version, at, sound)?;
            let start = self.change_into(&piece, sound)?;
            let (piece, end) = if at < start {
                (self.piece_at(version, piece.piece.frames.start - 1, sound)?, start)
            } else {
                let next = self.piece_at(version, piece.piece.frames.end, sound)?;
                let end = self.change_into(&next, sound)?;
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
    fn change_into(&mut self, piece: &EncodedPiece, sound: &mut ProgramSound) -> Result<u64, Error> {
        let start = piece.piece.frames.start;
        if let Some(change) = piece.change.get().copied().or((start == 0).then_some(0)) {
            return Ok(change);
        }
        let before = self.piece_at(piece.version, start - 1, sound)?;
        let among = start..start + SEARCH;
        let index = self.splice(before.get(&among), piece.get(&among));
        Ok(*piece.change.get_or_init(|| start + index))
    }

    /// The piece with an AAC frame, encoded.
    fn piece_at(&mut self, version: u64, frame: u64, sound: &mut ProgramSound) -> Result<Arc<EncodedPiece>, Error> {
        let version = sound.program().version(version).start;
        let is_it = |held: &&Arc<EncodedPiece>| held.version == version && held.piece.frames.contains(&frame);
        if let Some(held) = self.held.iter().find(is_it) {
            return Ok(held.clone());
        }
        let mut piece = find_piece(version, frame, sound.program());
        piece.items = sound.program().sounding(piece.items, piece.frames.start * AacFrame::LENGTH);
        let frames = match self.store.read(&piece) {
            Some(frames) => frames,
            None => {
                let frames = encode(&piece, self.store.settings(), sound.sounds())?;
                // On a full disk the piece is made again when it is needed again.
                if let Err(error) = self.store.write(&piece, &frames) {
                    tracing::warn!("an encoded piece is not kept: {error}");
                }
                frames
            }
        };
        let encoded = Arc::new(EncodedPiece { version, piece, frames, change: OnceLock::new() });
        self.held.truncate(HELD - 1);
        self.held.push_front(encoded.clone());
        Ok(encoded)
    }
}

/// The piece with an AAC frame.
fn find_piece(version: u64, frame: u64, program: &mut Program) -> Piece {
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
