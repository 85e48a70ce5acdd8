//! Names of decks and stems.

use std::fmt;

/// One of the engine's decks. An engine has 1 to 16, four by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeckId(pub(super) u8);

impl DeckId {
    /// The largest number of decks of an engine.
    pub const LIMIT: usize = 16;
    /// The first deck.
    pub const A: Self = Self(0);
    /// The second deck.
    pub const B: Self = Self(1);
    /// The third deck.
    pub const C: Self = Self(2);
    /// The fourth deck.
    pub const D: Self = Self(3);

    /// The index, 0 for deck A.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for DeckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'A' + self.0))
    }
}

/// One stem of a deck, by its index. `StemId(0)` is the first stem. By default a deck has eight stems, so `StemId(7)` is the last
/// ([`Builder::stems`](crate::Builder::stems)).
///
/// A deck can play several tracks in step, the stems of one piece of music. Each stem has its own gain. The equaliser and the fader
/// of the deck apply to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StemId(pub u8);

impl StemId {
    /// The first stem, into which a track is loaded unless another is chosen.
    pub const FIRST: Self = Self(0);

    /// The index within the deck.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
