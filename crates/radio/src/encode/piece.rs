//! A part of the program that one encoder encodes.

use std::ops::Range;

use crowd_streaming::aac::AacSettings;

use super::pieces::{LOOKAHEAD, PRE_ROLL, SEARCH};
use crate::program::PlacedItem;

/// Changes when pieces get other frames from the same sound, so that frames of an older version are not used.
const VERSION: u32 = 1;

/// A part of the program that one encoder encodes. AAC frames are counted from the beginning of the station.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The AAC frames from the start of this piece to the start of the next one.
    pub frames: Range<u64>,
    /// The items whose sound it has, including what its encoder needs before and after it.
    pub items: Vec<PlacedItem>,
}

impl Piece {
    /// The AAC frames that the encoder makes: those of the piece, and those in which the change to the next piece is searched.
    pub fn encoded(&self) -> Range<u64> {
        self.frames.start..self.frames.end + SEARCH
    }

    /// The AAC frames whose sound the encoder needs.
    pub fn needed(&self) -> Range<u64> {
        self.frames.start.saturating_sub(PRE_ROLL)..self.frames.end + SEARCH + LOOKAHEAD
    }

    /// The key of the encoded piece. Equal keys mean equal bytes.
    pub fn key(&self, settings: AacSettings) -> String {
        let AacSettings { rate, bit_rate } = settings;
        let origin = self.needed().start * crowd_streaming::aac::AacFrame::LENGTH;
        let length = self.frames.end - self.frames.start;
        let pre_roll = self.frames.start - self.needed().start;
        let mut key = format!("{VERSION} {} {bit_rate} {pre_roll} {length}", rate.hertz());
        for placed in &self.items {
            let offset = i128::from(placed.start.0) - i128::from(origin);
            key += &format!(" {} {:08x} {offset}", placed.item.hash, placed.item.gain_db.to_bits());
            if placed.frames != placed.item.frames {
                key += &format!(" {} {}", placed.frames.0, placed.fade_out.0);
            }
        }
        blake3::hash(key.as_bytes()).to_hex()[..32].to_owned()
    }
}
