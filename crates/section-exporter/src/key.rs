//! Musical keys in every notation a DJ library uses.

use std::fmt;
use std::str::FromStr;

/// Major or minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// "d" in Open Key, "B" on the Camelot wheel.
    Major,
    /// "m" in Open Key, "A" on the Camelot wheel.
    Minor,
}

/// A key: one of twelve tonics, major or minor. Spellings that sound the same (C#, Db) are one key.
///
/// ```
/// use section_export::key::Key;
///
/// # fn main() -> Result<(), section_export::key::KeyError> {
/// let key: Key = "a♭ minor".parse()?;
/// assert_eq!(key, "G#m".parse()?);
/// assert_eq!(key, "1A".parse()?);
/// assert_eq!((key.to_string(), key.camelot(), key.open_key()), ("Abm".into(), "1A".into(), "6m".into()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Semitones above C, 0 to 11.
    tonic: u8,
    mode: Mode,
}

/// A key that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a key: write it as a name (Gm, F# minor, Bb), on the Camelot wheel (6A) or in Open Key (11m)")]
pub struct KeyError {
    /// The text that was read.
    pub text: String,
}

/// The names that DJ programs write, by semitones above C.
const NAMES: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

impl Key {
    /// The key on a tonic `semitones` above C, counted around the octave.
    pub const fn new(semitones: u8, mode: Mode) -> Self {
        Self { tonic: semitones % 12, mode }
    }

    /// The tonic, in semitones above C: 0 to 11.
    pub const fn tonic(self) -> u8 {
        self.tonic
    }

    /// Major or minor.
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// The hour on the Camelot wheel: 1 to 12. A fifth up is one hour later; relative major and minor share an hour.
    pub const fn hour(self) -> u8 {
        let major = match self.mode {
            Mode::Major => self.tonic,
            Mode::Minor => self.tonic + 3,
        };
        (7 * major + 7) % 12 + 1
    }

    const fn from_hour(hour: u8, mode: Mode) -> Self {
        // This inverts `hour`: 7 is its own inverse modulo 12. The wheel begins at B and Abm.
        let major = (7 * (hour - 1) + 11) % 12;
        match mode {
            Mode::Major => Self::new(major, mode),
            Mode::Minor => Self::new(major + 9, mode),
        }
    }

    /// The name on the Camelot wheel: "8A" is A minor, "8B" C major.
    pub fn camelot(self) -> String {
        format!("{}{}", self.hour(), if self.mode == Mode::Minor { 'A' } else { 'B' })
    }

    /// The name in Open Key: "1m" is A minor, "1d" C major.
    pub fn open_key(self) -> String {
        format!("{}{}", (self.hour() + 4) % 12 + 1, if self.mode == Mode::Minor { 'm' } else { 'd' })
    }

    /// Whether the two mix well by the Camelot rule: the same key, an hour apart in the same mode, or the same hour in
    /// the other mode.
    pub fn is_compatible(self, other: Self) -> bool {
        let hours = (12 + self.hour() - other.hour()) % 12;
        if self.mode == other.mode { matches!(hours, 0 | 1 | 11) } else { hours == 0 }
    }

    /// Parses keys separated by commas, as in "Gm, 5A". Empty entries are left out.
    ///
    /// # Errors
    /// [`KeyError`] with the first entry that is no key.
    pub fn list(text: &str) -> Result<Vec<Self>, KeyError> {
        text.split(',').filter(|entry| !entry.trim().is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Key {
    /// The name as Rekordbox writes it: "Gm", "F#m", "Db".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.get(usize::from(self.tonic)).copied().unwrap_or_default();
        let mode = if self.mode == Mode::Minor { "m" } else { "" };
        f.pad(&format!("{name}{mode}"))
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// Parses a key, ignoring case and the blanks around it. "GM" is G minor, as "gm" is: write "Gmaj" for the major
    /// key.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        // No key is longer than "a sharp minor", so longer texts are not parsed.
        let key = if text.len() <= 64 { read(&text.trim().to_lowercase()) } else { None };
        key.ok_or_else(|| KeyError { text: text.trim().chars().take(64).collect() })
    }
}

fn read(text: &str) -> Option<Key> {
    if text.starts_with(|c: char| c.is_ascii_digit()) { wheel(text) } else { name(text) }
}

/// A key on a wheel: "8a", "08A", "12b" of Camelot; "1m", "12d" of Open Key.
fn wheel(text: &str) -> Option<Key> {
    let letter = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, letter) = text.split_at(letter);
    let number = number.parse::<u8>().ok().filter(|n| (1..=12).contains(n) && text.len() <= 4)?;
    // Open Key begins at C and Am, which are at eight o'clock on the Camelot wheel.
    let open = (number + 6) % 12 + 1;
    match letter.trim_start() {
        "a" => Some(Key::from_hour(number, Mode::Minor)),
        "b" => Some(Key::from_hour(number, Mode::Major)),
        "m" => Some(Key::from_hour(open, Mode::Minor)),
        "d" => Some(Key::from_hour(open, Mode::Major)),
        _ => None,
    }
}

/// A key by name: "g", "f#m", "ab minor", "b major", "a sharp min".
fn name(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    let letter: i32 = match chars.next()? {
        'c' => 0,
        'd' => 2,
        'e' => 4,
        'f' => 5,
        'g' => 7,
        'a' => 9,
        'b' => 11,
        _ => return None,
    };
    let mut rest = chars.as_str();
    let mut shift = 0;
    for (sign, by) in [("#", 1), ("♯", 1), ("b", -1), ("♭", -1), ("sharp", 1), ("flat", -1)] {
        let mut after = rest.trim_start_matches([' ', '-']);
        let mut times = 0;
        while times < 2
            && let Some(more) = after.strip_prefix(sign)
        {
            (after, times) = (more, times + 1);
        }
        if times > 0 {
            (rest, shift) = (after, by * times);
            break;
        }
    }
    let mode = match rest.trim_start_matches([' ', '-', '_']).trim_end_matches('.') {
        "" | "maj" | "major" | "dur" => Mode::Major,
        "m" | "min" | "minor" | "moll" => Mode::Minor,
        _ => return None,
    };
    u8::try_from((letter + shift).rem_euclid(12)).ok().map(|tonic| Key::new(tonic, mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn every_notation_of_a_key_is_that_key() {
        for (shown, camelot, open, spellings) in [
            ("C", "8B", "1d", "C|c|C major|c maj|CMaj|B#|8b|08B|1D|01d|  C  |Dbb"),
            ("Db", "3B", "8d", "C#|Db|c# major|D♭|C♯|c sharp|D flat major|db|C#maj"),
            ("D", "10B", "3d", "D|d major|10b|3d|C##"),
            ("Eb", "5B", "10d", "D#|Eb|eb maj.|E♭ major"),
            ("E", "12B", "5d", "E|Fb|e|F♭"),
            ("F", "7B", "12d", "F|E#|07B|12D"),
            ("F#", "2B", "7d", "F#|Gb|gb major|f♯"),
            ("G", "9B", "2d", "G|g|GMAJ|F##"),
            ("Ab", "4B", "9d", "Ab|ab|G#|A flat"),
            ("A", "11B", "4d", "A|a|a major|A Major"),
            ("Bb", "6B", "11d", "Bb|bb|BB|A#|B♭|b flat|bb major"),
            ("B", "1B", "6d", "B|b|B major|bmaj|Cb|1b|01B"),
            ("Cm", "5A", "10m", "Cm|cm|CM|C minor|c min|Cmin|B#m|5a|05A"),
            ("Dbm", "12A", "5m", "c# minor|C#m|Dbm|D♭m|C♯ minor|12a|C# min"),
            ("Dm", "7A", "12m", "Dm|07A|7a|12M|D-minor"),
            ("Ebm", "2A", "7m", "Ebm|D#m|eb minor"),
            ("Em", "9A", "2m", "Em|Fbm|e_minor"),
            ("Fm", "4A", "9m", "Fm|E#m"),
            ("F#m", "11A", "4m", "F#m|Gbm|f# min|G flat minor"),
            ("Gm", "6A", "11m", "Gm|gm|Gmin|G minor| GM "),
            ("Abm", "1A", "6m", "Abm|G#m|a♭ minor|abm"),
            ("Am", "8A", "1m", "Am|am|A minor|AMIN|8 a|1 m"),
            ("Bbm", "3A", "8m", "Bbm|bbm|A#m|Bb minor"),
            ("Bm", "10A", "3m", "Bm|bm|b minor|Cbm|B min"),
        ] {
            for text in spellings.split('|').chain([shown, camelot, open]) {
                let key = key(text);
                assert_eq!(key.to_string(), shown, "{text:?}");
                assert_eq!((key.camelot(), key.open_key()), (camelot.into(), open.into()), "{text:?}");
            }
        }
    }

    #[test]
    fn an_invalid_key_is_refused_with_the_valid_notations() {
        for text in
            ["", " ", "H", "13A", "0A", "8C", "8", "m", "Gq", "A8", "Cmm", "Cbbb", "99999999999a", "G m x", "🚀"]
        {
            let error = text.parse::<Key>().unwrap_err();
            assert_eq!(error.text, text.trim());
            assert!(error.to_string().contains("Gm") && error.to_string().contains("6A"), "{error}");
        }
        assert!("x".repeat(1_000_000).parse::<Key>().unwrap_err().text.len() <= 64);
        assert_eq!(Key::list("Gm, 5A ,11m").unwrap(), [key("Gm"), key("Cm"), key("Gm")]);
        assert_eq!(Key::list("Gm,Hm,Cm").unwrap_err().text, "Hm");
        assert_eq!(Key::list("Gm,,Cm, ").unwrap(), [key("Gm"), key("Cm")]);
        assert_eq!(Key::list("").unwrap(), []);
    }

    #[test]
    fn compatible_keys_are_the_neighbours_on_the_wheel() {
        let of = |text: &str| {
            let all = (1..=12).flat_map(|hour| [format!("{hour}A"), format!("{hour}B")]);
            all.filter(|other| key(text).is_compatible(key(other))).collect::<Vec<_>>()
        };
        assert_eq!(of("8A"), ["7A", "8A", "8B", "9A"]);
        assert_eq!(of("1B"), ["1A", "1B", "2B", "12B"]);
        assert_eq!(of("12A"), ["1A", "11A", "12A", "12B"]);
    }

    proptest! {
        #[test]
        fn a_written_key_parses_to_the_same_key(tonic in 0u8..12, minor: bool) {
            let this = Key::new(tonic, if minor { Mode::Minor } else { Mode::Major });
            for text in [this.to_string(), this.camelot(), this.open_key()] {
                prop_assert_eq!(key(&text), this);
                prop_assert_eq!(key(&text.to_uppercase()), this);
                prop_assert_eq!(key(&text.to_lowercase()), this);
            }
        }

        #[test]
        fn any_text_is_a_key_or_an_error(text in "\\PC*") {
            let _ = text.parse::<Key>();
        }
    }
}
