//! The boxes of MP4 that make playback gapless: edit lists (ISO/IEC 14496-12, 8.6.6) and Apple's iTunSMPB tag.

use std::io::{self, Read, Seek, SeekFrom};

/// The largest number of boxes that are read.
const MAX_BOXES: usize = 10_000;
/// The last box is corrected only if it begins before this byte, because all bytes before it are held in memory.
const MAX_HEADER: u64 = 256 << 20;

/// The first edit of a track that plays media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    pub track: u32,
    /// Ticks per second of `start`.
    pub media_scale: u32,
    /// First media tick that is played.
    pub start: u64,
    /// Ticks per second of `length`.
    pub movie_scale: u32,
    /// Length of the edit.
    pub length: u64,
}

/// The span of a decoded stream that is returned. `skip` leading frames are dropped, and the next `keep` frames are kept. This removes an
/// encoder's delay and padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GaplessTrim {
    pub skip: u64,
    pub keep: Option<u64>,
}

impl GaplessTrim {
    /// The number of frames that are kept of `decoded` frames.
    pub fn kept(&self, decoded: u64) -> u64 {
        decoded.saturating_sub(self.skip).min(self.keep.unwrap_or(u64::MAX))
    }
}

impl Edit {
    /// The trim at `rate`, if the track decodes to `decoded` frames in all.
    ///
    /// The edit's length is counted in movie ticks, often milliseconds. Where the decoded length agrees with it to a tick, the decoded
    /// length is used, which is exact.
    pub fn trim(&self, rate: u32, decoded: Option<u64>) -> GaplessTrim {
        let frames = |ticks: u64, scale: u32| -> u64 {
            let scale = u128::from(scale.max(1));
            u64::try_from((u128::from(ticks) * u128::from(rate) + scale / 2) / scale).unwrap_or(u64::MAX)
        };
        let skip = frames(self.start, self.media_scale);
        let length = frames(self.length, self.movie_scale);
        let tick = u64::from(rate / self.movie_scale.max(1)) + 1;
        let keep = match decoded.map(|n| n.saturating_sub(skip)) {
            Some(rest) if self.length == 0 || length.abs_diff(rest) <= tick => Some(rest),
            Some(rest) => Some(length.min(rest)),
            None => Some(length).filter(|&n| n > 0),
        };
        GaplessTrim { skip, keep }
    }
}

/// Reads an iTunSMPB value: hexadecimal words, of which the second is the delay, the third the padding and the fourth
/// the length, all in frames.
pub(super) fn itunsmpb(value: &str) -> Option<GaplessTrim> {
    let mut words = value.split_whitespace().skip(1).map(|w| u64::from_str_radix(w, 16).ok());
    let (delay, _padding, length) = (words.next()??, words.next()??, words.next()??);
    (length > 0).then_some(GaplessTrim { skip: delay, keep: Some(length) })
}

/// For each track in the file, the first edit that plays media. Malformed boxes are skipped here. The demuxer reports them.
pub(super) fn edits(file: &mut (impl Read + Seek), len: u64) -> io::Result<Vec<Edit>> {
    let mut found = Vec::new();
    let mut movie_scale = 0;
    for (kind, start, end) in boxes(file, 0, len)? {
        if &kind != b"moov" {
            continue;
        }
        for (kind, start, end) in boxes(file, start, end)? {
            match &kind {
                b"mvhd" => movie_scale = scale(file, start, end)?,
                b"trak" => found.extend(track(file, start, end)?),
                _ => {}
            }
        }
    }
    found.iter_mut().for_each(|edit: &mut Edit| edit.movie_scale = movie_scale);
    found.retain(|edit| edit.movie_scale > 0 && edit.media_scale > 0);
    Ok(found)
}

/// The kinds of sample entries that describe the streams of the file: "mp4a", "alac".
pub(super) fn sample_entries(file: &mut (impl Read + Seek), len: u64) -> io::Result<Vec<[u8; 4]>> {
    let mut spans = vec![(0, len)];
    for wanted in [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"] {
        let mut inner = Vec::new();
        for (start, end) in spans {
            let found = boxes(file, start, end)?.into_iter().filter(|(kind, ..)| kind == wanted);
            inner.extend(found.map(|(_, start, end)| (start, end)));
        }
        spans = inner;
    }
    let mut kinds = Vec::new();
    for (start, end) in spans {
        // Version, flags and the number of entries come first.
        kinds.extend(boxes(file, start + 8, end)?.into_iter().map(|(kind, ..)| kind));
    }
    Ok(kinds)
}

/// Whether the file has the `moov` box, without which no sample can be found.
pub(super) fn has_index(file: &mut (impl Read + Seek), len: u64) -> io::Result<bool> {
    Ok(boxes(file, 0, len)?.iter().any(|(kind, _, _)| kind == b"moov"))
}

/// For a file that ends inside its last box: the bytes up to the payload of that box, with the box's real size. The demuxer refuses a
/// box that is larger than the file.
pub(super) fn header_of_cut(file: &mut (impl Read + Seek), len: u64) -> io::Result<Option<Vec<u8>>> {
    let at = boxes(file, 0, len)?.last().map_or(0, |(_, _, end)| *end);
    if len - at < 16 || at > MAX_HEADER {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at))?;
    let [s0, s1, s2, s3, kind @ ..] = array::<8>(file)?;
    // Zeros or other bytes after the last box are not a box.
    if !kind.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
        return Ok(None);
    }
    let is_wide = u32::from_be_bytes([s0, s1, s2, s3]) == 1;
    file.seek(SeekFrom::Start(0))?;
    let mut head = vec![0; at as usize + if is_wide { 16 } else { 8 }];
    file.read_exact(&mut head)?;
    let size = len - at;
    let (field, bytes) =
        if is_wide { (8, size.to_be_bytes().to_vec()) } else { (0, fits_u32(size).to_be_bytes().to_vec()) };
    let start = at as usize + field;
    if let Some(slot) = head.get_mut(start..start + bytes.len()) {
        slot.copy_from_slice(&bytes);
    }
    Ok(Some(head))
}

/// A size in 32 bits, where 0 means up to the end of the file.
fn fits_u32(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(0)
}

fn track(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Option<Edit>> {
    let (mut id, mut media_scale, mut edit) = (0, 0, None);
    for (kind, start, end) in boxes(file, start, end)? {
        match &kind {
            // Version and flags, two times (4 or 8 bytes each), then the track's number.
            b"tkhd" if end - start >= 24 => {
                let wide = version(file, start)? == 1;
                file.seek(SeekFrom::Start(start + if wide { 20 } else { 12 }))?;
                id = u32::from_be_bytes(array(file)?);
            }
            b"mdia" => {
                for (kind, start, end) in boxes(file, start, end)? {
                    if &kind == b"mdhd" {
                        media_scale = scale(file, start, end)?;
                    }
                }
            }
            b"edts" => {
                for (kind, start, end) in boxes(file, start, end)? {
                    if &kind == b"elst" {
                        edit = first_playing_edit(file, start, end)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(edit.map(|(start, length)| Edit { track: id, media_scale, start, movie_scale: 0, length }))
}

/// Start and length of the first edit that plays media; empty edits (start -1) only delay it.
fn first_playing_edit(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    if end - start < 8 {
        return Ok(None);
    }
    let wide = version(file, start)? == 1;
    file.seek(SeekFrom::Start(start + 4))?;
    let entries = u32::from_be_bytes(array(file)?);
    let size: u64 = if wide { 20 } else { 12 };
    let fitting = (end - start - 8) / size;
    for _ in 0..u64::from(entries).min(fitting).min(MAX_BOXES as u64) {
        let (length, from) = if wide {
            (u64::from_be_bytes(array(file)?), i64::from_be_bytes(array(file)?))
        } else {
            (u64::from(u32::from_be_bytes(array(file)?)), i64::from(i32::from_be_bytes(array(file)?)))
        };
        let _rate: [u8; 4] = array(file)?;
        if let Ok(from) = u64::try_from(from) {
            return Ok(Some((from, length)));
        }
    }
    Ok(None)
}

/// The time scale of an mvhd or mdhd box.
fn scale(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<u32> {
    if end - start < 24 {
        return Ok(0);
    }
    let wide = version(file, start)? == 1;
    file.seek(SeekFrom::Start(start + if wide { 20 } else { 12 }))?;
    Ok(u32::from_be_bytes(array(file)?))
}

fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn version(file: &mut (impl Read + Seek), start: u64) -> io::Result<u8> {
    file.seek(SeekFrom::Start(start))?;
    Ok(array::<1>(file)?[0])
}

/// Kind, payload start and payload end of the boxes between `at` and `end`, as far as they are well-formed.
fn boxes(file: &mut (impl Read + Seek), mut at: u64, end: u64) -> io::Result<Vec<([u8; 4], u64, u64)>> {
    let mut found = Vec::new();
    while end.saturating_sub(at) >= 8 && found.len() < MAX_BOXES {
        file.seek(SeekFrom::Start(at))?;
        let size = u64::from(u32::from_be_bytes(array(file)?));
        let kind = array(file)?;
        let (size, header) = match size {
            0 => (end - at, 8),
            1 if end - at >= 16 => (u64::from_be_bytes(array(file)?), 16),
            size => (size, 8),
        };
        match at.checked_add(size) {
            Some(next) if size >= header && next <= end => {
                found.push((kind, at + header, next));
                at = next;
            }
            _ => break,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn atom(kind: &[u8; 4], payload: &[&[u8]]) -> Vec<u8> {
        let payload = payload.concat();
        [&(payload.len() as u32 + 8).to_be_bytes(), kind.as_slice(), &payload].concat()
    }

    fn movie(elst: &[u8]) -> Vec<u8> {
        let times = |scale: u32| [&[0; 12], scale.to_be_bytes().as_slice(), &[0; 12]].concat();
        let tkhd = [&[0; 12], 7_u32.to_be_bytes().as_slice(), &[0; 12]].concat();
        let trak = atom(
            b"trak",
            &[
                &atom(b"tkhd", &[&tkhd]),
                &atom(b"edts", &[&atom(b"elst", &[elst])]),
                &atom(b"mdia", &[&atom(b"mdhd", &[&times(44_100)])]),
            ],
        );
        atom(b"moov", &[&atom(b"mvhd", &[&times(1000)]), &trak])
    }

    #[test]
    fn the_first_edit_that_plays_media_is_found_after_an_empty_one() {
        let mut elst = vec![0, 0, 0, 0, 0, 0, 0, 2];
        for (length, start) in [(500_u32, -1_i32), (2000, 1024)] {
            elst.extend(length.to_be_bytes());
            elst.extend(start.to_be_bytes());
            elst.extend([0, 1, 0, 0]);
        }
        let bytes = movie(&elst);
        let found = edits(&mut Cursor::new(&bytes), bytes.len() as u64).unwrap();
        assert_eq!(found, [Edit { track: 7, media_scale: 44_100, start: 1024, movie_scale: 1000, length: 2000 }]);
        // Truncated at any byte, fewer edits are found and nothing panics.
        for cut in 0..bytes.len() {
            let _ = edits(&mut Cursor::new(&bytes[..cut]), cut as u64);
        }
    }

    #[test]
    fn the_exact_length_replaces_one_in_milliseconds() {
        let edit = Edit { track: 1, media_scale: 44_100, start: 1024, movie_scale: 1000, length: 1000 };
        assert_eq!(edit.trim(44_100, Some(1024 + 44_097)), GaplessTrim { skip: 1024, keep: Some(44_097) });
        assert_eq!(edit.trim(44_100, Some(1024 + 60_000)), GaplessTrim { skip: 1024, keep: Some(44_100) });
        assert_eq!(edit.trim(44_100, None), GaplessTrim { skip: 1024, keep: Some(44_100) });
    }

    #[test]
    fn itunsmpb_gives_delay_and_length() {
        let value = " 00000000 00000840 0000037C 000000000003F31F 00000000 00000000";
        assert_eq!(itunsmpb(value), Some(GaplessTrim { skip: 0x840, keep: Some(0x3f31f) }));
        assert_eq!(itunsmpb("garbage"), None);
        assert_eq!(itunsmpb(""), None);
    }
}
