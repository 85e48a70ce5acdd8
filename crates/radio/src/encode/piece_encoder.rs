//! Encodes a piece.

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

/// The AAC frames of a piece: [those that its encoder makes](Piece::encoded).
///
/// # Errors
/// Those of decoding and encoding.
pub fn encode(piece: &Piece, settings: AacSettings, sounds: &mut SoundCache) -> Result<Vec<AacFrame>, Error> {
    let (needed, made) = (piece.needed(), piece.encoded());
    let mut encoder = AacEncoder::new(settings)?;
    let mut encoded = Vec::new();
    let mut at = needed.start;
    while at < needed.end {
        let end = (at + READ).min(needed.end);
        let sound = read_joined(&piece.items, at * AacFrame::LENGTH..end * AacFrame::LENGTH, sounds);
        // No frame of the piece is used when a part of it cannot be made.
        let sound = sound.map_err(|error| error.from_frame(made.start * AacFrame::LENGTH))?;
        let sound: Vec<[i16; 2]> = sound.into_iter().map(to_16_bits).collect();
        for block in sound.chunks(AacFrame::LENGTH as usize) {
            encoded.extend(encoder.encode(block)?);
        }
        at = end;
    }
    // The encoder has returned all frames but those of its lookahead, which are not needed.
    debug_assert_eq!(encoded.len() as u64, needed.end - needed.start - LOOKAHEAD);
    encoded.drain(..(made.start - needed.start) as usize);
    Ok(encoded)
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
