//! The names of decks and bands, and the ids of stem buffers, in messages.

use crowd_engine::{Band, DeckId};
use std::fmt;

/// The decks of the server, in order.
pub const DECKS: [DeckId; 4] = [DeckId::A, DeckId::B, DeckId::C, DeckId::D];

/// The bands of the equaliser, lowest first.
pub const BANDS: [Band; 3] = [Band::Low, Band::Mid, Band::High];

/// The deck called `name`, in upper or lower case.
#[must_use]
pub fn deck(name: &str) -> Option<DeckId> {
    name.parse().ok().filter(|deck| DECKS.contains(deck))
}

/// The band whose name starts with `lo`, `mi` or `hi`, in any case: "low", "MID", "highs".
#[must_use]
pub fn band(name: &str) -> Option<Band> {
    match name.trim().get(..2)?.to_ascii_lowercase().as_str() {
        "lo" => Some(Band::Low),
        "mi" => Some(Band::Mid),
        "hi" => Some(Band::High),
        _ => None,
    }
}

/// The id of a stem's buffer. It determines the deck of the stem: A has the ids 100–1099, B 1100–2099, C 2100–3099, and D
/// 3100–4099.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(u16);

impl BufferId {
    /// The lowest id.
    pub const FIRST: u16 = 100;
    /// The highest id.
    pub const LAST: u16 = 4099;
    /// The number of ids of a deck.
    const PER_DECK: u16 = 1000;

    /// `id`, if it is between [`FIRST`](Self::FIRST) and [`LAST`](Self::LAST).
    #[must_use]
    pub fn new(id: i64) -> Option<Self> {
        u16::try_from(id).ok().filter(|id| (Self::FIRST..=Self::LAST).contains(id)).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The deck in which this stem plays.
    #[must_use]
    pub const fn deck(self) -> DeckId {
        DECKS[((self.0 - Self::FIRST) / Self::PER_DECK) as usize]
    }

    /// The buffer of one of [`DECKS`] into which `/cue` and `/play` load: 100, 1100, 2100 or 3100.
    #[must_use]
    pub const fn first_of(deck: DeckId) -> Self {
        Self(Self::FIRST + deck.index() as u16 * Self::PER_DECK)
    }
}

impl fmt::Display for BufferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_belong_to_their_deck() {
        for (id, deck) in [
            (100, DeckId::A),
            (1099, DeckId::A),
            (1100, DeckId::B),
            (2099, DeckId::B),
            (2100, DeckId::C),
            (3099, DeckId::C),
            (3100, DeckId::D),
            (4099, DeckId::D),
        ] {
            assert_eq!(BufferId::new(id).unwrap().deck(), deck, "{id}");
        }
        for id in [i64::MIN, -1, 0, 99, 4100, 65_636, i64::MAX] {
            assert_eq!(BufferId::new(id), None, "{id}");
        }
    }

    #[test]
    fn the_first_buffer_of_a_deck_belongs_to_it() {
        for deck in DECKS {
            assert_eq!(BufferId::first_of(deck).deck(), deck);
        }
        assert_eq!(DECKS.map(|deck| BufferId::first_of(deck).get()), [100, 1100, 2100, 3100]);
    }

    #[test]
    fn bands_are_found_by_their_prefix() {
        for (name, band) in [("low", Band::Low), ("LO", Band::Low), ("Mids", Band::Mid), ("high", Band::High)] {
            assert_eq!(super::band(name), Some(band), "{name}");
        }
        for name in ["", "l", "bass", "é", "ل"] {
            assert_eq!(super::band(name), None, "{name}");
        }
    }

    #[test]
    fn only_the_first_four_decks_have_names() {
        assert_eq!(["A", "b", " C ", "d"].map(deck), DECKS.map(Some));
        assert_eq!(["E", "p", "", "AB", "1"].map(deck), [None; 5]);
    }
}
