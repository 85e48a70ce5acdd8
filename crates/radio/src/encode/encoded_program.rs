//! The AAC frames of the program, whichever are asked for.

use std::collections::VecDeque;
use std::ops::Range;

use crowd_streaming::aac::{AacFrame, AacSettings, splice_index};

use super::located_piece::{LocatedPiece, PieceKey, locate};
use super::piece_encoder::{PieceEncoder, encode};
use super::piece_store::PieceStore;
use super::pieces::SEARCH;
use super::program_sound::ProgramSound;
use crate::error::Error;

/// The number of pieces that are held in memory.
const HELD: usize = 6;

/// The encoded program. The sound, and with it the program, is passed to each call, because several encoders use the same.
pub struct EncodedProgram {
    store: PieceStore,
    /// The pieces that were used last, the latest first.
    held: VecDeque<EncodedPiece>,
    /// How often the program had been changed when these pieces were made.
    changes: u64,
    uneven_changes: u64,
}

/// A piece with its AAC frames.
struct EncodedPiece {
    located: LocatedPiece,
    frames: Vec<AacFrame>,
    /// The encoder, for a piece with live sound. It makes frames as sound is received.
    encoder: Option<PieceEncoder>,
    /// The AAC frame at which the stream changes to this piece, once it is known.
    change: Option<u64>,
}

impl EncodedPiece {
    /// Encodes the frames before the AAC frame `until`, if they have live sound. Others are encoded from the beginning.
    fn encode(&mut self, until: u64, sound: &mut ProgramSound) -> Result<(), Error> {
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        encoder.set_end(&self.located.piece);
        let (version, made_at) = (self.located.version, self.located.used.start * AacFrame::LENGTH);
        let read = |range: Range<u64>| {
            let items = sound.program().timeline(version).items(range.clone());
            let items = sound.program().sounding(items, made_at);
            sound.heard(&items, range)
        };
        encoder.encode(until, read, &mut self.frames)
    }

    /// The frames of a range, which must be among those that were encoded.
    fn get(&self, range: &Range<u64>) -> &[AacFrame] {
        let first = self.located.piece.frames.start;
        let index = |frame: u64| usize::try_from(frame.saturating_sub(first)).unwrap_or(usize::MAX);
        self.frames.get(index(range.start)..index(range.end)).unwrap_or_default()
    }
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
        Ok(start + self.counted(splice_index(&before, &after)))
    }

    /// The index of a change; counted, if there is no even one.
    fn counted(&mut self, index: Option<usize>) -> u64 {
        let index = index.unwrap_or_else(|| {
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
            let located = self.locate(version, at, sound);
            let start = self.change_into(&located, sound)?;
            let (located, end) = if at < start {
                (self.locate(version, located.used.start - 1, sound), start)
            } else if range.end <= located.used.end {
                (located, range.end)
            } else {
                let next = self.locate(version, located.used.end, sound);
                (located, self.change_into(&next, sound)?)
            };
            let end = end.min(range.end);
            let key = self.encode(&located, end, sound)?;
            let found = self.held(key).map(|piece| piece.get(&(at..end))).unwrap_or_default();
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
    fn change_into(&mut self, located: &LocatedPiece, sound: &mut ProgramSound) -> Result<u64, Error> {
        let start = located.used.start;
        let known = self.held(located.key()).and_then(|piece| piece.change);
        if let Some(change) = known.or((start == 0).then_some(0)) {
            return Ok(change);
        }
        let among = start..start + SEARCH;
        let before = self.locate(located.version, start - 1, sound);
        let (before, after) = (self.encode(&before, among.end, sound)?, self.encode(located, among.end, sound)?);
        let frames = |key| self.held(key).map(|piece| piece.get(&among)).unwrap_or_default();
        let index = splice_index(frames(before), frames(after));
        let change = start + self.counted(index);
        if let Some(piece) = self.held.iter_mut().find(|piece| piece.located.key() == after) {
            piece.change = Some(change);
        }
        Ok(change)
    }

    /// Encodes a piece, at least to before the AAC frame `until`, and holds it.
    fn encode(&mut self, located: &LocatedPiece, until: u64, sound: &mut ProgramSound) -> Result<PieceKey, Error> {
        let key = located.key();
        let index = self.held.iter().position(|piece| piece.located.key() == key);
        let mut piece = match index.and_then(|index| self.held.remove(index)) {
            // A live region that goes on can get another end.
            Some(piece) => EncodedPiece { located: located.clone(), ..piece },
            None => self.begin(located.clone(), sound)?,
        };
        let encoded = piece.encode(until, sound);
        self.held.truncate(HELD - 1);
        self.held.push_front(piece);
        encoded.map(|()| key)
    }

    fn begin(&self, mut located: LocatedPiece, sound: &mut ProgramSound) -> Result<EncodedPiece, Error> {
        let settings = self.store.settings();
        if located.is_live {
            let encoder = Some(PieceEncoder::new(&located.piece, settings)?);
            return Ok(EncodedPiece { located, frames: Vec::new(), encoder, change: None });
        }
        let piece = &mut located.piece;
        let items = std::mem::take(&mut piece.items);
        piece.items = sound.program().sounding(items, piece.frames.start * AacFrame::LENGTH);
        let frames = match self.store.read(piece) {
            Some(frames) => frames,
            None => {
                let frames = encode(piece, settings, sound.sounds())?;
                // On a full disk the piece is made again when it is needed again.
                if let Err(error) = self.store.write(piece, &frames) {
                    tracing::warn!("an encoded piece is not kept: {error}");
                }
                frames
            }
        };
        Ok(EncodedPiece { located, frames, encoder: None, change: None })
    }

    fn held(&self, key: PieceKey) -> Option<&EncodedPiece> {
        self.held.iter().find(|piece| piece.located.key() == key)
    }

    /// The piece with an AAC frame.
    fn locate(&mut self, version: u64, frame: u64, sound: &mut ProgramSound) -> LocatedPiece {
        let version = sound.program().version(version).start;
        let is_it = |held: &&EncodedPiece| held.located.version == version && held.located.used.contains(&frame);
        match self.held.iter().find(is_it) {
            // Where live sound goes on is known anew each time.
            Some(held) if held.encoder.is_none() => held.located.clone(),
            _ => locate(version, frame, sound),
        }
    }
}
