//! The AAC frames that have pieces of their own because of live sound.

use std::ops::Range;

use crowd_streaming::aac::AacFrame;

use super::find_piece::find_piece;
use super::pieces::{PRE_ROLL, SEARCH};
use super::program_sound::ProgramSound;

/// The number of AAC frames in a piece with live sound: 10 s at 48 kHz. When the program changes, it is encoded again from its beginning.
const LIVE_PIECE: u64 = 469;

/// The ranges of AAC frames in which the pieces have live sound. They are far apart enough that the program has pieces between them.
///
/// A region begins where the span became known, before its sound, so that encoders can change over, and ends after its sound. Where a piece
/// of the program would be too short to change over to it and from it, the region begins later or ends later.
pub fn live_regions(version: u64, sound: &mut ProgramSound) -> Vec<Range<u64>> {
    let spans: Vec<_> = sound.live().spans().map(|span| (span.known_from, span.end)).collect();
    let mut regions: Vec<Range<u64>> = Vec::new();
    for (known_from, end) in spans {
        let start = region_start(known_from, sound);
        let end = end.map_or(u64::MAX, |end| end.div_ceil(AacFrame::LENGTH) + PRE_ROLL);
        match regions.last_mut().filter(|last| start <= last.end) {
            Some(last) => last.end = region_end(version, last.start..end.max(last.end), sound),
            None => regions.push(start..region_end(version, start..end, sound)),
        }
    }
    regions
}

/// The piece of a region with an AAC frame.
pub fn live_piece(region: &Range<u64>, frame: u64) -> Range<u64> {
    let start = region.start + (frame - region.start) / LIVE_PIECE * LIVE_PIECE;
    // The last piece can be a little longer.
    let last = region.end.saturating_sub(region.start) / LIVE_PIECE * LIVE_PIECE;
    let start = start.min((region.start + last).saturating_sub(LIVE_PIECE)).max(region.start);
    let end = start + LIVE_PIECE;
    start..if region.end < end + LIVE_PIECE { region.end } else { end }
}

fn region_start(known_from: u64, sound: &mut ProgramSound) -> u64 {
    let start = known_from.div_ceil(AacFrame::LENGTH);
    let piece = find_piece(sound.program().version(known_from).start, start, sound.program()).frames;
    start.max(if piece.start == 0 { 0 } else { piece.start + SEARCH })
}

/// The end of a region: after a whole number of pieces, or a little later.
fn region_end(version: u64, region: Range<u64>, sound: &mut ProgramSound) -> u64 {
    if region.end == u64::MAX {
        return u64::MAX;
    }
    let end = region.start + (region.end - region.start).div_ceil(LIVE_PIECE) * LIVE_PIECE;
    let piece = find_piece(version, end, sound.program()).frames;
    if piece.end - end <= SEARCH { piece.end } else { end }
}
