//! ADTS: a header before each AAC frame (ISO/IEC 14496-3, clause 1.A.2.2).

use super::frame::{AacFrame, AacRate};
use crate::error::Error;

/// Bytes of a header without a checksum.
pub(crate) const HEADER: usize = 7;
/// The syncword, MPEG-4, layer 0, no checksum.
const SYNC: [u8; 2] = [0xFF, 0xF1];

/// Appends a header and the frame.
pub fn write_adts(rate: AacRate, frame: &AacFrame, out: &mut Vec<u8>) {
    let bytes = frame.bytes();
    // A frame has at most 1,536 bytes, and the field has 13 bits.
    let [_, _, high, low] = ((bytes.len() + HEADER) as u32).to_be_bytes();
    // Profile AAC-LC (1), the rate, two channels (2).
    let profile_and_rate = 1 << 6 | rate.index() << 2;
    out.extend(SYNC);
    out.extend([profile_and_rate, 2 << 6 | high >> 3, high << 5 | low >> 3, low << 5 | 0x1F, 0xFC]);
    out.extend(bytes);
}

/// The rate and the frames of an ADTS stream of stereo AAC-LC without checksums, as [`write_adts`] writes it.
///
/// # Errors
/// [`Error::Adts`] with the position of the first header that is not of this kind, or whose frame is not complete.
pub fn adts_frames(stream: &[u8]) -> Result<(AacRate, Vec<AacFrame>), Error> {
    let (mut rest, mut frames, mut rate) = (stream, Vec::new(), None);
    while !rest.is_empty() {
        let position = stream.len() - rest.len();
        let (this_rate, frame, after) = first_frame(rest).ok_or(Error::Adts { position })?;
        if *rate.get_or_insert(this_rate) != this_rate {
            return Err(Error::Adts { position });
        }
        frames.push(frame);
        rest = after;
    }
    Ok((rate.ok_or(Error::Adts { position: 0 })?, frames))
}

/// The first frame of a stream, its rate, and what follows it.
fn first_frame(stream: &[u8]) -> Option<(AacRate, AacFrame, &[u8])> {
    let (&[sync, kind, profile, channels, length, last, _], rest) = stream.split_first_chunk::<HEADER>()?;
    let stereo = (profile & 1) << 2 | channels >> 6;
    if [sync, kind] != SYNC || profile >> 6 != 1 || stereo != 2 {
        return None;
    }
    let index = profile >> 2 & 0xF;
    let rate = [AacRate::Hz32000, AacRate::Hz44100, AacRate::Hz48000].into_iter().find(|rate| rate.index() == index)?;
    let bytes = usize::from(channels & 3) << 11 | usize::from(length) << 3 | usize::from(last >> 5);
    let (frame, rest) = rest.split_at_checked(bytes.checked_sub(HEADER)?)?;
    Some((rate, AacFrame::new(frame.to_vec())?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> AacFrame {
        AacFrame::new((0..bytes).map(|n| n as u8).collect()).unwrap()
    }

    #[test]
    fn a_header_has_the_fields_of_the_standard() {
        let mut out = Vec::new();
        write_adts(AacRate::Hz44100, &frame(371), &mut out);
        // 371 + 7 = 378 = 0b0000101111010 in 13 bits.
        assert_eq!(out[..7], [0xFF, 0xF1, 0x50, 0x80, 0x2F, 0x5F, 0xFC]);
        assert_eq!(out.len(), 378);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for rate in [AacRate::Hz32000, AacRate::Hz44100, AacRate::Hz48000] {
            let frames: Vec<AacFrame> = [1, 300, AacFrame::MAX_BYTES].map(frame).into();
            let mut out = Vec::new();
            frames.iter().for_each(|frame| write_adts(rate, frame, &mut out));
            assert_eq!(adts_frames(&out), Ok((rate, frames)));
        }
    }

    #[test]
    fn a_damaged_stream_is_refused_with_the_position() {
        let mut out = Vec::new();
        (0..3).for_each(|_| write_adts(AacRate::Hz48000, &frame(20), &mut out));
        for (position, change) in [(0, 0), (27, 27), (54, 56)] {
            let mut damaged = out.clone();
            damaged[change] ^= 0x40;
            assert_eq!(adts_frames(&damaged), Err(Error::Adts { position }));
        }
        assert_eq!(adts_frames(&out[..60]), Err(Error::Adts { position: 54 }));
        assert_eq!(adts_frames(b""), Err(Error::Adts { position: 0 }));
    }
}
