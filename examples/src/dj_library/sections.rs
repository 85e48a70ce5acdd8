//! The sections that every track of the library has.

/// Bars of four beats in a section, and in a track.
pub const SECTION_BARS: usize = 4;
pub const BARS: usize = SECTION_BARS * SECTIONS.len();
/// The sections, in order.
pub const SECTIONS: [&str; 8] = ["intro", "verse", "chorus", "break", "verse", "chorus", "inst", "outro"];
