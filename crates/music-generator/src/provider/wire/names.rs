//! The names of scales.

use crate::types::config::Mode;

/// The scales by the tonic of their major key. Each stands for a major key and the minor key with the same notes.
const SCALES: [&str; 12] = [
    "C_MAJOR_A_MINOR",
    "D_FLAT_MAJOR_B_FLAT_MINOR",
    "D_MAJOR_B_MINOR",
    "E_FLAT_MAJOR_C_MINOR",
    "E_MAJOR_D_FLAT_MINOR",
    "F_MAJOR_D_MINOR",
    "G_FLAT_MAJOR_E_FLAT_MINOR",
    "G_MAJOR_E_MINOR",
    "A_FLAT_MAJOR_F_MINOR",
    "A_MAJOR_G_FLAT_MINOR",
    "B_FLAT_MAJOR_G_MINOR",
    "B_MAJOR_A_FLAT_MINOR",
];

/// The names of the pitch classes.
const TONICS: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];

/// The name of a key, as in `D dorian`.
pub fn key_name(tonic: u8, mode: Mode) -> String {
    format!("{} {}", TONICS.get(usize::from(tonic % 12)).copied().unwrap_or_default(), mode.name())
}

/// The tonic of the major scale with the same notes.
pub fn parent_scale(tonic: u8, mode: Mode) -> u8 {
    let degree = match mode {
        Mode::Ionian => 0,
        Mode::Dorian => 2,
        Mode::Phrygian => 4,
        Mode::Lydian => 5,
        Mode::Mixolydian => 7,
        Mode::Aeolian => 9,
    };
    (tonic % 12 + 12 - degree) % 12
}

/// The name of the scale with the notes of a mode: `C_MAJOR_A_MINOR` for D dorian.
pub fn scale_name(tonic: u8, mode: Mode) -> &'static str {
    SCALES.get(usize::from(parent_scale(tonic, mode))).copied().unwrap_or_default()
}

/// The tonic of the major key of a scale.
pub fn scale_of(name: &str) -> Option<u8> {
    (0..).zip(SCALES).find_map(|(tonic, known)| known.eq_ignore_ascii_case(name).then_some(tonic))
}
