//! The sections that every track of the library has.

/// The number of bars in a section. A bar has four beats.
pub const SECTION_BARS: usize = 4;
/// The number of bars in a track.
pub const BARS: usize = SECTION_BARS * SECTIONS.len();
/// The sections, in order.
pub const SECTIONS: [&str; 8] = ["intro", "verse", "chorus", "break", "verse", "chorus", "inst", "outro"];
