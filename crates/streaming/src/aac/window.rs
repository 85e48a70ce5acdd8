//! Reads the transform windows of an encoded frame.

/// The windows of a frame (ISO/IEC 14496-3, table 4.6, `ics_info`). The aliasing of two consecutive frames cancels only if their windows
/// fit together. So frames of two encoders may follow each other only where both encoders use the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// 0: one long window, 1: long with a short end, 2: eight short windows, 3: long with a short start.
    sequence: u8,
    /// 0: sine, 1: Kaiser-Bessel derived.
    shape: u8,
}

impl Window {
    /// The ID of a channel pair element (table 4.85).
    const CHANNEL_PAIR: u32 = 1;

    pub(super) fn of(frame: &[u8]) -> Option<Self> {
        let bits = u32::from_be_bytes(*frame.first_chunk()?);
        // 3 bits: the kind of the element. 4 bits: its tag. 1 bit: common windows. 1 bit: reserved. 2 bits: sequence. 1 bit: shape.
        let (kind, common) = (bits >> 29, bits >> 24 & 1);
        (kind == Self::CHANNEL_PAIR && common == 1)
            .then_some(Self { sequence: (bits >> 21 & 3) as u8, shape: (bits >> 20 & 1) as u8 })
    }

    /// Whether the frame has one long window.
    pub fn is_long(self) -> bool {
        self.sequence == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_channel_pair_are_read() {
        // 001 0000 1 | 0 10 1 ....
        let short = Window::of(&[0b0010_0001, 0b0101_0000, 0, 0]).unwrap();
        assert_eq!(short, Window { sequence: 2, shape: 1 });
        assert!(!short.is_long() && Window::of(&[0x21, 0, 0, 0]).unwrap().is_long());
        // Two windows of their own, a single channel, too few bytes.
        for frame in [&[0x20, 0, 0, 0][..], &[0x01, 0, 0, 0], &[0x21, 0]] {
            assert_eq!(Window::of(frame), None);
        }
    }
}
