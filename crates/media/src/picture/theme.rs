//! The colours of charts: one dark theme.

/// An opaque colour, red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

pub(super) const BACKGROUND: Color = Color(0x11, 0x14, 0x19);
pub(super) const LANE: Color = Color(0x18, 0x1c, 0x23);
pub(super) const GRID: Color = Color(0x27, 0x2d, 0x37);
pub(super) const ZERO: Color = Color(0x3a, 0x43, 0x50);
pub(super) const TEXT: Color = Color(0xd6, 0xdc, 0xe4);
pub(super) const DIM: Color = Color(0x8a, 0x94, 0xa3);
pub(super) const PEAK: Color = Color(0x2f, 0x62, 0x82);
pub(super) const RMS: Color = Color(0x6f, 0xc3, 0xea);
pub(super) const CLIP: Color = Color(0xff, 0x5c, 0x5c);

/// The colours of curves, in the order in which curves are added. They differ in hue and in lightness, so that colour-blind readers can
/// distinguish them.
pub(super) const SERIES: [Color; 6] = [
    Color(0x5a, 0xb8, 0xff),
    Color(0xff, 0xa6, 0x57),
    Color(0x7e, 0xd9, 0x87),
    Color(0xc7, 0x9b, 0xf2),
    Color(0xf2, 0xd0, 0x60),
    Color(0xff, 0x7b, 0x93),
];
