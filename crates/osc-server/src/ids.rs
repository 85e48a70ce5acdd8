//! The names clients use for decks, bands, stems and methods.

use clap::ValueEnum;
use crowd_engine::StretchMethod;
use std::fmt;

/// One of the four decks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the letters are the names")]
pub enum Deck {
    A,
    B,
    C,
    D,
}

impl Deck {
    /// All decks in order.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The deck called `name`, upper or lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim() {
            "A" | "a" => Some(Self::A),
            "B" | "b" => Some(Self::B),
            "C" | "c" => Some(Self::C),
            "D" | "d" => Some(Self::D),
            _ => None,
        }
    }

    /// 0 for A to 3 for D.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The capital letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// The buffer that `/cue` and `/play` fill: 100, 1100, 2100, 3100.
    #[must_use]
    pub const fn first_buffer(self) -> BufferId {
        BufferId(BufferId::FIRST + self as u16 * BufferId::PER_DECK)
    }
}

impl fmt::Display for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// How a deck changes speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Stretch {
    /// Faster is higher, as on a turntable
    PlaybackRate,
    /// Pitch stays; time domain, light
    #[value(alias = "audiotsm")]
    Wsola,
    /// Pitch stays; best sound, more work
    #[value(alias = "pyrubberband", alias = "hq")]
    HighQuality,
}

impl Stretch {
    /// The method called `name`, upper or lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name.trim(), true).ok()
    }

    /// The engine's method.
    #[must_use]
    pub const fn method(self) -> StretchMethod {
        match self {
            Self::PlaybackRate => StretchMethod::PlaybackRate,
            Self::Wsola => StretchMethod::Wsola,
            Self::HighQuality => StretchMethod::Hq,
        }
    }
}

/// A stem's number; it says which deck the stem belongs to: A 100–1099, B 1100–2099, C 2100–3099, D 3100–4099.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(u16);

impl BufferId {
    /// The lowest id.
    pub const FIRST: u16 = 100;
    /// The highest id.
    pub const LAST: u16 = 4099;
    const PER_DECK: u16 = 1000;

    /// `id`, if it is between [`FIRST`](Self::FIRST) and [`LAST`](Self::LAST).
    #[must_use]
    pub fn new(id: i64) -> Option<Self> {
        u16::try_from(id).ok().filter(|id| (Self::FIRST..=Self::LAST).contains(id)).map(Self)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The deck this stem plays in.
    #[must_use]
    pub const fn deck(self) -> Deck {
        match (self.0 - Self::FIRST) / Self::PER_DECK {
            0 => Deck::A,
            1 => Deck::B,
            2 => Deck::C,
            _ => Deck::D,
        }
    }
}

impl fmt::Display for BufferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the three bands of the equaliser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Band {
    /// Below 200 Hz.
    Low,
    /// 200 Hz to 2 kHz.
    Mid,
    /// Above 2 kHz.
    High,
}

impl Band {
    /// The band whose name starts with `lo`, `mi` or `hi`, in any case: "low", "MID", "highs".
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "lo" => Some(Self::Low),
            "mi" => Some(Self::Mid),
            "hi" => Some(Self::High),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_belong_to_their_deck() {
        for (id, deck) in [
            (100, Deck::A),
            (1099, Deck::A),
            (1100, Deck::B),
            (2099, Deck::B),
            (2100, Deck::C),
            (3099, Deck::C),
            (3100, Deck::D),
            (4099, Deck::D),
        ] {
            assert_eq!(BufferId::new(id).unwrap().deck(), deck, "{id}");
        }
        for id in [i64::MIN, -1, 0, 99, 4100, 65_636, i64::MAX] {
            assert_eq!(BufferId::new(id), None, "{id}");
        }
    }

    #[test]
    fn a_deck_plays_its_first_buffer() {
        for deck in Deck::ALL {
            assert_eq!(deck.first_buffer().deck(), deck);
        }
        assert_eq!(Deck::ALL.map(|d| d.first_buffer().get()), [100, 1100, 2100, 3100]);
    }

    #[test]
    fn bands_go_by_their_prefix() {
        for (name, band) in [("low", Band::Low), ("LO", Band::Low), ("Mids", Band::Mid), ("high", Band::High)] {
            assert_eq!(Band::from_name(name), Some(band), "{name}");
        }
        for name in ["", "l", "bass", "é", "ل"] {
            assert_eq!(Band::from_name(name), None, "{name}");
        }
    }
}
