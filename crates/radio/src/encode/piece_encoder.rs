//! Encodes a piece.

use std::ops::Range;

use crowd_streaming::aac::{AacEncoder, AacFrame, AacSettings};

use super::piece::Piece;
use super::piece_store::PieceStore;
use super::pieces::{LOOKAHEAD, Pieces};
use crate::error::Error;
use crate::program::{PlacedItem, read_joined};
use crate::sound::SoundCache;

/// The number of AAC frames whose sound is read at once.
const READ: u64 = 64;

/// Samples of 16 bits. They are not dithered: AAC adds more noise than the rounding does.
fn to_16_bits(frame: [f32; 2]) -> [i16; 2] {
    // The conversion from a float saturates.
    frame.map(|sample| (sample * 32_768.0).round() as i16)
}

/// Encodes the frames of a piece, as far as they are asked for.
pub struct PieceEncoder {
    encoder: AacEncoder,
    /// The AAC frames whose sound it still needs.
    needed: Range<u64>,
    /// The number of AAC frames that are discarded, because the encoder still adapts.
    discarded: u64,
    first: u64,
}

impl PieceEncoder {
    /// The encoder of a piece.
    ///
    /// # Errors
    /// Those of the encoder.
    pub fn new(piece: &Piece, settings: AacSettings) -> Result<Self, Error> {
        let (needed, first) = (piece.needed(), piece.encoded().start);
        Ok(Self { encoder: AacEncoder::new(settings)?, discarded: first - needed.start, needed, first })
    }

    /// Encodes up to the end of this piece, which begins where the piece of this encoder begins.
    pub fn set_end(&mut self, piece: &Piece) {
        self.needed.end = piece.needed().end;
    }

    /// Appends to `frames` the AAC frames before the AAC frame `until` that were not made before. `sound` returns the sound of audio frames.
    ///
    /// # Errors
    /// Those of `sound` and of the encoder.
    pub fn encode(
        &mut self,
        until: u64,
        mut sound: impl FnMut(Range<u64>) -> Result<Vec<[f32; 2]>, Error>,
        frames: &mut Vec<AacFrame>,
    ) -> Result<(), Error> {
        let end = (until + LOOKAHEAD).min(self.needed.end);
        while self.needed.start < end {
            let next = (self.needed.start + READ).min(end);
            let sound = sound(self.needed.start * AacFrame::LENGTH..next * AacFrame::LENGTH);
            // No frame of the piece is used when a part of it cannot be made.
            let sound = sound.map_err(|error| error.from_frame(self.first * AacFrame::LENGTH))?;
            let sound: Vec<[i16; 2]> = sound.into_iter().map(to_16_bits).collect();
            for block in sound.chunks(AacFrame::LENGTH as usize) {
                let Some(frame) = self.encoder.encode(block)? else { continue };
                if self.discarded > 0 {
                    self.discarded -= 1;
                } else {
                    frames.push(frame);
                }
            }
            self.needed.start = next;
        }
        Ok(())
    }
}

/// The AAC frames of a piece: [those that its encoder makes](Piece::encoded).
///
/// # Errors
/// Those of decoding and encoding.
pub fn encode(piece: &Piece, settings: AacSettings, sounds: &mut SoundCache) -> Result<Vec<AacFrame>, Error> {
    let made = piece.encoded();
    let mut frames = Vec::new();
    let sound = |range| read_joined(&piece.items, range, sounds);
    PieceEncoder::new(piece, settings)?.encode(made.end, sound, &mut frames)?;
    // The encoder has returned all frames but those of its lookahead, which are not needed.
    debug_assert_eq!(frames.len() as u64, made.end - made.start);
    Ok(frames)
}

/// Encodes those pieces of an item that are not stored yet, for an item that starts at the beginning of an AAC frame.
///
/// # Errors
/// Those of decoding, encoding and writing.
pub fn encode_item(
    item: &PlacedItem,
    pieces: &Pieces,
    store: &PieceStore,
    sounds: &mut SoundCache,
) -> Result<(), Error> {
    for index in 0..pieces.count() {
        let piece = Piece { frames: pieces.piece(index), items: vec![item.clone()] };
        if !store.contains(&piece) {
            store.write(&piece, &encode(&piece, store.settings(), sounds)?)?;
        }
    }
    Ok(())
}
