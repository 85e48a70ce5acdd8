//! A clip of H.264 that is repeated without an end (ITU-T H.264, annex B).

use std::ops::Range;

use crate::error::Error;

/// The types of NAL units (ITU-T H.264, table 7-1).
const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;

/// A clip of whole closed groups of pictures, in which pictures are decoded in the order in which they are shown. After the last picture
/// the first one may follow, so the clip can be repeated.
#[derive(Clone, Debug)]
pub struct H264Clip {
    bytes: Vec<u8>,
    pictures: Vec<(Range<usize>, bool)>,
    group: usize,
    sps: Vec<u8>,
    pps: Vec<u8>,
}

/// A picture with the NAL units before it: its access unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H264Picture<'a> {
    /// The NAL units, each after a start code.
    pub bytes: &'a [u8],
    /// Whether decoding can begin with this picture.
    pub is_key: bool,
}

impl H264Clip {
    /// Reads a clip of groups of `group` pictures. Each access unit begins with a delimiter. Pictures after the last whole group are left
    /// out.
    ///
    /// # Errors
    /// [`Error::H264`] for bytes that are not such a clip; [`Error::ShortClip`] for less than one group.
    pub fn parse(bytes: Vec<u8>, group: usize) -> Result<Self, Error> {
        let invalid = |problem: &str| Error::H264(problem.to_owned());
        let units: Vec<Range<usize>> = nal_units(&bytes).collect();
        let kind = |unit: &Range<usize>| bytes.get(unit.start).map_or(0, |first| first & 0x1F);
        let (mut pictures, mut sps, mut pps) = (Vec::<(Range<usize>, bool)>::new(), None, None);
        let mut has_slice = false;
        for (index, unit) in units.iter().enumerate() {
            let first = index.checked_sub(1).and_then(|before| units.get(before)).map_or(0, |before| before.end);
            match kind(unit) {
                DELIMITER => {
                    if !pictures.is_empty() && !has_slice {
                        return Err(invalid("an access unit has no picture"));
                    }
                    has_slice = false;
                    pictures.push((first..unit.end, false));
                }
                SPS => sps = sps.or_else(|| bytes.get(unit.clone())),
                PPS => pps = pps.or_else(|| bytes.get(unit.clone())),
                _ => {}
            }
            let (place, is_key) =
                pictures.last_mut().ok_or_else(|| invalid("it does not begin with an access unit"))?;
            place.end = unit.end;
            *is_key |= kind(unit) == IDR_SLICE;
            has_slice |= matches!(kind(unit), SLICE | IDR_SLICE);
        }
        if !has_slice {
            return Err(invalid("it has no complete picture"));
        }
        let group = group.max(1);
        pictures.truncate(pictures.len() / group * group);
        if pictures.is_empty() {
            return Err(Error::ShortClip { group });
        }
        if let Some((number, _)) =
            pictures.iter().enumerate().find(|(number, (_, is_key))| *is_key != (number % group == 0))
        {
            return Err(Error::H264(format!("picture {number} is at the wrong place in a group of {group} pictures")));
        }
        let sps = sps.filter(|sps| sps.len() >= 4).ok_or_else(|| invalid("it has no parameters of the sequence"))?;
        let (sps, pps) = (sps.to_vec(), pps.ok_or_else(|| invalid("it has no parameters of pictures"))?.to_vec());
        Ok(Self { bytes, pictures, group, sps, pps })
    }

    /// The number of pictures before the clip is repeated.
    pub fn pictures(&self) -> u64 {
        self.pictures.len() as u64
    }

    /// The number of pictures in a group. The first one of each is a key picture.
    pub fn group(&self) -> u64 {
        self.group as u64
    }

    /// The picture with this number. The clip is repeated for ever.
    pub fn picture(&self, number: u64) -> H264Picture<'_> {
        let picture = self.pictures.get((number % self.pictures()) as usize);
        let (place, is_key) = picture.cloned().unwrap_or_default();
        H264Picture { bytes: self.bytes.get(place).unwrap_or_default(), is_key }
    }

    /// The sequence parameter set, without a start code. It has at least four bytes.
    pub fn sequence_parameters(&self) -> &[u8] {
        &self.sps
    }

    /// The picture parameter set, without a start code.
    pub fn picture_parameters(&self) -> &[u8] {
        &self.pps
    }

    /// The bytes of the clip.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> H264Picture<'a> {
    /// The NAL units of the picture itself, without start codes: no delimiter and no parameter sets.
    pub fn nal_units(self) -> impl Iterator<Item = &'a [u8]> {
        let units = nal_units(self.bytes).filter_map(|unit| self.bytes.get(unit));
        units.filter(|unit| unit.first().is_some_and(|first| !matches!(first & 0x1F, SPS | PPS | DELIMITER)))
    }
}

/// The places of the NAL units between start codes (ITU-T H.264, clause B.1), without the zeros before a start code.
fn nal_units(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let next_start = |from: usize| {
        let mut codes = memchr::memmem::find_iter(bytes.get(from..).unwrap_or_default(), &[0, 0, 1]);
        codes.next().map(|place| from + place)
    };
    let mut next = next_start(0);
    std::iter::from_fn(move || {
        let start = next? + 3;
        next = next_start(start);
        let mut end = next.unwrap_or(bytes.len());
        while next.is_some() && end > start && bytes.get(end - 1) == Some(&0) {
            end -= 1;
        }
        Some(start..end)
    })
    .filter(|unit| !unit.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: [u8; 4] = [0, 0, 0, 1];

    /// A clip in which each picture has its number as its only byte.
    pub fn clip(pictures: usize, group: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in 0..pictures {
            bytes.extend([&START[..], &[DELIMITER, 0xF0]].concat());
            if number % group == 0 {
                bytes.extend([&START[..], &[0x67, 0x64, 0, 0x1F, 7], &START, &[0x68, 8]].concat());
            }
            let slice = if number % group == 0 { 0x65 } else { 0x41 };
            bytes.extend([&[0, 0, 1, slice][..], &[number as u8 + 1]].concat());
        }
        bytes
    }

    #[test]
    fn pictures_repeat_and_have_no_parameters_among_their_units() {
        let bytes = clip(7, 3);
        let parsed = H264Clip::parse(bytes.clone(), 3).unwrap();
        assert_eq!((parsed.pictures(), parsed.group()), (6, 3));
        assert_eq!(parsed.sequence_parameters(), [0x67, 0x64, 0, 0x1F, 7]);
        assert_eq!(parsed.picture_parameters(), [0x68, 8]);
        for number in 0..20 {
            let picture = parsed.picture(number);
            assert_eq!(picture.is_key, number % 3 == 0);
            let units: Vec<&[u8]> = picture.nal_units().collect();
            assert_eq!((units.len(), units[0][1]), (1, (number % 6 + 1) as u8));
        }
        let joined: Vec<u8> = (0..6).flat_map(|number| parsed.picture(number).bytes.to_vec()).collect();
        assert_eq!(joined, bytes[..joined.len()]);
    }

    #[test]
    fn what_is_no_such_clip_is_refused() {
        for (bytes, group, expected) in [
            (Vec::new(), 3, "no complete picture"),
            (b"GIF89a".to_vec(), 3, "no complete picture"),
            (clip(2, 3), 3, "fewer than the 3 pictures"),
            (clip(6, 3), 2, "picture 2 is at the wrong place"),
            (clip(6, 2), 3, "picture 2 is at the wrong place"),
            ([&START[..], &[0x65, 1]].concat(), 1, "does not begin"),
            ([&START[..], &[9, 1], &START, &[0x65, 1]].concat(), 1, "parameters of the sequence"),
            ([&clip(3, 3)[..], &START, &[9, 1]].concat(), 3, "no complete picture"),
        ] {
            let error = H264Clip::parse(bytes, group).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let whole = clip(6, 3);
        for length in 0..whole.len() {
            let _ = H264Clip::parse(whole[..length].to_vec(), 3);
        }
    }
}
