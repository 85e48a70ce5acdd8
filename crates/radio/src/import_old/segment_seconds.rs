//! The length of a segment of AAC.

use crowd_streaming::transport_stream_sound;

/// The byte with which each packet of a transport stream begins.
const SYNC: u8 = 0x47;
/// The bytes of a packet of a transport stream.
const PACKET: usize = 188;
/// The sample rates of AAC, by their numbers in ADTS headers.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// The bytes of an ADTS header without a checksum.
const HEADER: usize = 7;

/// The length of a segment in seconds, from its AAC frames: a transport stream, or ADTS with or without a tag (ID3) before it.
///
/// # Errors
/// The reason in words.
pub fn segment_seconds(segment: &[u8]) -> Result<f64, String> {
    let packets = segment.first() == Some(&SYNC) && segment.get(PACKET).is_none_or(|byte| *byte == SYNC);
    if packets && !segment.len().is_multiple_of(PACKET) {
        return Err("it does not end with a whole packet".to_owned());
    }
    if packets {
        return adts_seconds(&transport_stream_sound(segment).map_err(|error| error.to_string())?);
    }
    adts_seconds(segment.get(id3_bytes(segment)..).unwrap_or_default())
}

/// The length of the tag with which packed audio begins.
fn id3_bytes(segment: &[u8]) -> usize {
    match segment {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].iter().fold(0, |size, byte| size << 7 | usize::from(**byte & 0x7F))
        }
        _ => 0,
    }
}

fn adts_seconds(stream: &[u8]) -> Result<f64, String> {
    let (mut rest, mut seconds) = (stream, 0.0);
    while !rest.is_empty() {
        let place = stream.len() - rest.len();
        let (frame, bytes) = frame(rest).ok_or_else(|| format!("no AAC frame at byte {place} of its sound"))?;
        seconds += frame;
        rest = rest.get(bytes..).ok_or_else(|| "its last AAC frame is not complete".to_owned())?;
    }
    if seconds == 0.0 { Err("it has no AAC".to_owned()) } else { Ok(seconds) }
}

/// The length in seconds and in bytes of the frame with which a stream begins.
fn frame(stream: &[u8]) -> Option<(f64, usize)> {
    let &[sync, kind, profile, channels, length, last, blocks] = stream.first_chunk::<HEADER>()?;
    if sync != 0xFF || kind & 0xF6 != 0xF0 {
        return None;
    }
    let rate = RATES.get(usize::from(profile >> 2 & 0xF))?;
    let bytes = usize::from(channels & 3) << 11 | usize::from(length) << 3 | usize::from(last >> 5);
    let blocks = f64::from((blocks & 3) + 1);
    (bytes >= HEADER).then_some((1_024.0 * blocks / f64::from(*rate), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of mono at 44.1 kHz.
    fn adts(payload: usize) -> Vec<u8> {
        let length = (payload + HEADER) as u32;
        let [_, _, high, low] = length.to_be_bytes();
        let head = [0xFF, 0xF1, 0x50, 1 << 6 | high >> 3, high << 5 | low >> 3, low << 5 | 0x1F, 0xFC];
        [head.to_vec(), vec![7; payload]].concat()
    }

    #[test]
    fn frames_are_counted() {
        let stream = [adts(10), adts(300), adts(0)].concat();
        assert!((segment_seconds(&stream).unwrap() - 3.0 * 1_024.0 / 44_100.0).abs() < 1e-12);
        let tagged = [b"ID3\x04\0\0\0\0\0\x03abc".to_vec(), stream.clone()].concat();
        assert_eq!(segment_seconds(&tagged), segment_seconds(&stream));
    }

    #[test]
    fn damage_is_told() {
        let stream = [adts(10), adts(300)].concat();
        for cut in 0..stream.len() {
            assert_eq!(segment_seconds(&stream[..cut]).is_ok(), cut == 17, "{cut}");
        }
        assert!(segment_seconds(&[SYNC; 3 * PACKET]).is_err());
        assert!(segment_seconds(&[0xFF; 999]).is_err());
    }
}
