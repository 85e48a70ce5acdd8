//! Chords: how they are written in the tables of a style, which tones they have, and what they are called.
//!
//! The tables write a chord as musicians do: a roman numeral relative to the major scale of the tonic (`bVII` is ten semitones
//! above it), lower case for a minor third, and the extension: `ii9`, `V13`, `bVImaj7`, `IV6/9`, `V7sus`, `vii0`, `I5`.

use super::scale::Scale;

/// A chord relative to a tonic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chord {
    /// Semitones of the root above the tonic, 0 to 11.
    pub root: u8,
    /// Semitones of the tones above the root, ascending, from 0; tones above 11 are extensions.
    pub tones: Vec<u8>,
    /// Semitones of the lowest tone above the tonic when it is not the root.
    pub bass: Option<u8>,
}

/// The endings of chord symbols with their tones, for a major third and for a minor third. An empty list is a mistake in a table.
const ENDINGS: [(&str, &[u8], &[u8]); 24] = [
    ("", &[0, 4, 7], &[0, 3, 7]),
    ("5", &[0, 7], &[0, 7]),
    ("6", &[0, 4, 7, 9], &[0, 3, 7, 8]),
    ("m6", &[0, 3, 7, 9], &[0, 3, 7, 9]),
    ("6/9", &[0, 4, 7, 9, 14], &[0, 3, 7, 9, 14]),
    ("7", &[0, 4, 7, 10], &[0, 3, 7, 10]),
    ("9", &[0, 4, 7, 10, 14], &[0, 3, 7, 10, 14]),
    ("11", &[0, 5, 7, 10, 14], &[0, 3, 7, 10, 14, 17]),
    ("13", &[0, 4, 7, 10, 14, 21], &[0, 3, 7, 10, 14, 21]),
    ("7b9", &[0, 4, 7, 10, 13], &[0, 3, 7, 10, 13]),
    ("maj7", &[0, 4, 7, 11], &[0, 3, 7, 11]),
    ("maj9", &[0, 4, 7, 11, 14], &[0, 3, 7, 11, 14]),
    ("maj7#11", &[0, 4, 7, 11, 18], &[0, 3, 7, 11, 18]),
    ("add9", &[0, 4, 7, 14], &[0, 3, 7, 14]),
    ("sus", &[0, 5, 7], &[0, 5, 7]),
    ("sus2", &[0, 2, 7], &[0, 2, 7]),
    ("7sus", &[0, 5, 7, 10], &[0, 5, 7, 10]),
    ("9sus", &[0, 5, 7, 10, 14], &[0, 5, 7, 10, 14]),
    ("add9sus", &[0, 5, 7, 14], &[0, 5, 7, 14]),
    ("0", &[0, 3, 6], &[0, 3, 6]),
    ("07", &[0, 3, 6, 10], &[0, 3, 6, 10]),
    ("o7", &[0, 3, 6, 9], &[0, 3, 6, 9]),
    ("q", &[0, 5, 10], &[0, 5, 10]),
    ("q9", &[0, 2, 5, 7], &[0, 2, 5, 7]),
];

const NUMERALS: [(&str, u8); 7] = [("VII", 11), ("III", 4), ("VI", 9), ("IV", 5), ("II", 2), ("V", 7), ("I", 0)];

impl Chord {
    /// Reads the symbol of a chord; none when it is not understood. `/3`, `/5` or `/7` at the end names the tone of the bass, `/1`
    /// the tonic of the key.
    pub fn parse(symbol: &str) -> Option<Self> {
        let (symbol, bass) = match symbol.rsplit_once('/') {
            Some((front, over @ ("1" | "3" | "5" | "7"))) => (front, Some(over)),
            _ => (symbol, None),
        };
        let sharps = symbol.bytes().take_while(|byte| *byte == b'#').count();
        let flats = symbol.bytes().take_while(|byte| *byte == b'b').count();
        let rest = symbol.get(sharps + flats..)?;
        let matches = |numeral: &str| {
            rest.get(..numeral.len()).is_some_and(|front| front == numeral || front == numeral.to_ascii_lowercase())
        };
        let (numeral, degree) = NUMERALS.into_iter().find(|(numeral, _)| matches(numeral))?;
        let (numeral, ending) = rest.split_at_checked(numeral.len())?;
        let minor = numeral.bytes().all(|byte| byte.is_ascii_lowercase());
        let (_, major_tones, minor_tones) = ENDINGS.into_iter().find(|(name, ..)| *name == ending)?;
        let tones = if minor { minor_tones } else { major_tones }.to_vec();
        let root = ((i32::from(degree) + sharps as i32 - flats as i32).rem_euclid(12)) as u8;
        let bass = bass.map(|over| match over {
            "1" => 0,
            "3" => (root + tones.iter().copied().find(|tone| matches!(tone, 3..=5)).unwrap_or(0)) % 12,
            "5" => (root + 7) % 12,
            _ => (root + tones.iter().copied().find(|tone| matches!(tone, 10 | 11)).unwrap_or(0)) % 12,
        });
        Some(Self { root, tones, bass })
    }

    /// The pitch class of the root in a key.
    pub fn root_class(&self, tonic: u8) -> u8 {
        (tonic + self.root) % 12
    }

    /// The pitch class of the lowest tone in a key.
    pub fn bass_class(&self, tonic: u8) -> u8 {
        (tonic + self.bass.unwrap_or(self.root)) % 12
    }

    /// The pitch classes of its tones in a key, in the order of [`Chord::tones`].
    pub fn classes(&self, tonic: u8) -> Vec<u8> {
        self.tones.iter().map(|tone| (tonic + self.root + tone) % 12).collect()
    }

    /// The pitch classes of root, third (or fourth) and fifth.
    pub fn triad(&self, tonic: u8) -> Vec<u8> {
        self.tones.iter().filter(|tone| **tone < 9).map(|tone| (tonic + self.root + tone) % 12).collect()
    }

    /// Whether it has this tone.
    pub fn has(&self, tone: u8) -> bool {
        self.tones.contains(&tone)
    }

    /// Whether its third is minor.
    pub fn is_minor(&self) -> bool {
        self.has(3)
    }

    /// Whether it is a dominant: a major third or a fourth with a minor seventh.
    pub fn is_dominant(&self) -> bool {
        (self.has(4) || (self.has(5) && !self.has(3))) && self.has(10)
    }

    /// The pitch classes that are not in the scale: borrowed notes.
    pub fn borrowed(&self, scale: &Scale) -> Vec<u8> {
        self.classes(scale.tonic).into_iter().filter(|class| !scale.contains(*class)).collect()
    }

    /// Adds an extension when the chord can bear it: it lies in the scale, and no minor ninth arises with a tone of the chord.
    pub fn extend(&mut self, tone: u8, scale: &Scale) {
        let clash = self.tones.iter().any(|other| (tone + 24 - other) % 12 == 1);
        let in_scale = scale.contains((scale.tonic + self.root + tone) % 12);
        if in_scale && !clash && !self.has(tone) && !self.has(tone % 12) {
            self.tones.push(tone);
            self.tones.sort_unstable();
        }
    }

    /// Its name in a key, as in `Am9`.
    pub fn name(&self, scale: &Scale) -> String {
        let mut name = format!("{}{}", scale.degree_name(self.root), self.ending());
        if let Some(bass) = self.bass.filter(|bass| *bass != self.root) {
            name = format!("{name}/{}", scale.degree_name(bass));
        }
        name
    }

    fn ending(&self) -> String {
        let highest = [(21, "13"), (17, "11"), (14, "9")].into_iter().find(|(tone, _)| self.has(*tone));
        let third = match (self.has(3), self.has(4), self.has(5), self.has(2)) {
            (true, false, ..) => "m",
            (_, true, ..) => "",
            (_, _, true, _) => "sus4",
            (_, _, _, true) => "sus2",
            _ => "5",
        };
        let seventh = if self.has(11) { "maj" } else { "" };
        let number = match (self.has(10) || self.has(11), highest, self.has(9)) {
            (true, Some((_, number)), _) => number,
            (true, None, _) => "7",
            (false, Some((14, _)), true) => "6/9",
            (false, _, true) => "6",
            (false, Some((14, _)), false) => "add9",
            _ => "",
        };
        let altered = match (self.has(6), self.has(13), self.has(18)) {
            (true, ..) => "b5",
            (_, true, _) => "b9",
            (_, _, true) => "#11",
            _ => "",
        };
        if third.starts_with("sus") {
            format!("{seventh}{number}{third}{altered}")
        } else {
            format!("{third}{seventh}{number}{altered}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    #[test]
    fn symbols_are_read_and_named() {
        let scale = Scale::of_mode(0, Mode::Ionian);
        for (symbol, root, tones, name) in [
            ("ii9", 2, &[0, 3, 7, 10, 14][..], "Dm9"),
            ("V13", 7, &[0, 4, 7, 10, 14, 21], "G13"),
            ("bIIImaj9", 3, &[0, 4, 7, 11, 14], "Ebmaj9"),
            ("V7sus", 7, &[0, 5, 7, 10], "G7sus4"),
            ("VI7b9", 9, &[0, 4, 7, 10, 13], "A7b9"),
            ("ivm6", 5, &[0, 3, 7, 9], "Fm6"),
            ("#iv0", 6, &[0, 3, 6], "Gbmb5"),
            ("IV6/9", 5, &[0, 4, 7, 9, 14], "F6/9"),
            ("Iadd9", 0, &[0, 4, 7, 14], "Cadd9"),
        ] {
            let chord = Chord::parse(symbol).unwrap();
            assert_eq!((chord.root, &chord.tones[..], &chord.name(&scale)[..]), (root, tones, name), "{symbol}");
        }
        let inverted = Chord::parse("V/7").unwrap();
        assert_eq!((inverted.root, inverted.bass), (7, Some(7)));
        assert_eq!(Chord::parse("V7/7").unwrap().bass, Some(5));
        assert!(["", "H7", "Vx", "b"].iter().all(|symbol| Chord::parse(symbol).is_none()));
    }

    #[test]
    fn an_extension_that_clashes_or_leaves_the_scale_is_not_added() {
        let scale = Scale::of_mode(0, Mode::Ionian);
        let mut extended = Chord::parse("iii7").unwrap();
        extended.extend(14, &scale);
        assert_eq!(extended, Chord::parse("iii7").unwrap());
        let mut major = Chord::parse("Imaj7").unwrap();
        major.extend(17, &scale);
        assert_eq!(major, Chord::parse("Imaj7").unwrap());
        let mut minor = Chord::parse("ii7").unwrap();
        [14, 17].into_iter().for_each(|tone| minor.extend(tone, &scale));
        assert_eq!(minor, Chord::parse("ii11").unwrap());
        assert_eq!(Chord::parse("ivm6").unwrap().borrowed(&scale), [8]);
    }
}
