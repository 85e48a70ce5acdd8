//! The names of notes in a key: each degree has its own letter, so F minor has Ab and E major has G#.

/// The letters of the white keys with their pitch classes.
const LETTERS: [(char, i32); 7] = [('C', 0), ('D', 2), ('E', 4), ('F', 5), ('G', 7), ('A', 9), ('B', 11)];
/// Names with at most one sign, for notes that would need two.
const PLAIN: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// How many letters a degree lies above the tonic. The tritone is a raised fourth in a scale without a fourth, and otherwise a lowered
/// fifth.
fn letters_up(degree: u8, degrees: &[u8]) -> usize {
    let raised_fourth = !degrees.contains(&5);
    [0, 1, 1, 2, 2, 3, if raised_fourth { 3 } else { 4 }, 4, 5, 5, 6, 6][usize::from(degree % 12)]
}

/// Flats (negative) or sharps that a letter needs for a pitch class.
fn signs(letter: usize, class: i32) -> i32 {
    let natural = LETTERS.get(letter % 7).map_or(0, |(_, class)| *class);
    (class - natural + 6).rem_euclid(12) - 6
}

/// The letter of a tonic: of those that need at most one sign the one whose scale needs the fewest, with flats when two are equal.
fn tonic_letter(tonic: u8, degrees: &[u8]) -> usize {
    let class = i32::from(tonic);
    let all = |letter: &usize| -> i32 {
        degrees
            .iter()
            .map(|degree| signs(letter + letters_up(*degree, degrees), class + i32::from(*degree)).abs())
            .sum()
    };
    let possible = (0..7).filter(|letter| signs(*letter, class).abs() <= 1);
    possible.min_by_key(|letter| (all(letter), signs(*letter, class) > 0)).unwrap_or(0)
}

/// The name of a degree above a tonic, in a scale of these degrees.
pub fn degree_name(tonic: u8, degrees: &[u8], degree: u8) -> String {
    let class = (tonic + degree) % 12;
    let letter = tonic_letter(tonic, degrees) + letters_up(degree, degrees);
    let name = LETTERS.get(letter % 7).map_or('C', |(name, _)| *name);
    match signs(letter, i32::from(class)) {
        0 => name.to_string(),
        1 => format!("{name}#"),
        -1 => format!("{name}b"),
        _ => PLAIN[usize::from(class)].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    #[test]
    fn each_degree_has_its_own_letter() {
        let names = |tonic: u8, mode: Mode| -> String {
            let degrees = mode.degrees();
            degrees.iter().map(|degree| degree_name(tonic, &degrees, *degree)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(5, Mode::Aeolian), "F G Ab Bb C Db Eb");
        assert_eq!(names(4, Mode::Ionian), "E F# G# A B C# D#");
        assert_eq!(names(6, Mode::Aeolian), "F# G# A B C# D E");
        assert_eq!(names(1, Mode::Dorian), "C# D# E F# G# A# B");
        assert_eq!(names(1, Mode::Ionian), "Db Eb F Gb Ab Bb C");
        assert_eq!(names(0, Mode::Lydian), "C D E F# G A B");
        assert_eq!(names(10, Mode::Mixolydian), "Bb C D Eb F G Ab");
    }

    #[test]
    fn borrowed_notes_are_named_from_the_tonic_and_never_with_two_signs() {
        let minor = Mode::Aeolian.degrees();
        assert_eq!(degree_name(9, &minor, 1), "Bb");
        assert_eq!(degree_name(9, &minor, 11), "G#");
        for tonic in 0..12 {
            for degree in 0..12 {
                assert!(degree_name(tonic, &minor, degree).len() <= 2, "{tonic} {degree}");
            }
        }
    }
}
