//! Decodes AAC, and compares sound.

use std::io::Cursor;

use crowd_media::Reader;
use crowd_streaming::aac::{AacFrame, AacRate, write_adts};

/// The sound of consecutive AAC frames.
pub fn decode(rate: AacRate, frames: &[AacFrame]) -> Vec<[f32; 2]> {
    let mut adts = Vec::new();
    frames.iter().for_each(|frame| write_adts(rate, frame, &mut adts));
    let mut reader = Reader::from_bytes("a.aac".as_ref(), Cursor::new(adts)).unwrap();
    let mut sound = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        sound.extend(block.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
    }
    sound
}

/// The signal-to-noise ratio of a range, in dB.
pub fn ratio(wanted: &[[f32; 2]], found: &[[f32; 2]]) -> f64 {
    let (mut signal, mut noise) = (1e-9, 1e-9);
    for (wanted, found) in wanted.as_flattened().iter().zip(found.as_flattened()) {
        signal += f64::from(wanted * wanted);
        noise += f64::from((wanted - found).powi(2));
    }
    10.0 * (signal / noise).log10()
}
