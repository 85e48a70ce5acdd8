//! Scales: the pitch classes of a section, and their places on the keyboard.

use super::note_names::degree_name;
use crate::types::config::Mode;
use crate::types::pitch::Pitch;

/// A tonic with the degrees above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The pitch class of the tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Semitones above the tonic, ascending, from 0.
    pub degrees: Vec<u8>,
    /// The name of the degrees, as in `dorian`.
    pub kind: String,
}

impl Scale {
    /// The scale of a mode.
    pub fn of_mode(tonic: u8, mode: Mode) -> Self {
        Self { tonic: tonic % 12, degrees: mode.degrees().to_vec(), kind: mode.name().to_owned() }
    }

    /// A scale of these degrees.
    pub fn new(tonic: u8, degrees: &[u8], kind: &str) -> Self {
        Self { tonic: tonic % 12, degrees: degrees.to_vec(), kind: kind.to_owned() }
    }

    /// Its name, as in `D dorian`.
    pub fn name(&self) -> String {
        format!("{} {}", self.degree_name(0), self.kind)
    }

    /// The name of the note so many semitones above the tonic, spelled as in this key.
    pub fn degree_name(&self, degree: u8) -> String {
        degree_name(self.tonic, &self.degrees, degree)
    }

    /// Its pitch classes, from the tonic upwards.
    pub fn classes(&self) -> Vec<u8> {
        self.degrees.iter().map(|degree| (self.tonic + degree) % 12).collect()
    }

    /// Whether a pitch class belongs to it.
    pub fn contains(&self, class: u8) -> bool {
        self.degrees.contains(&((class + 12 - self.tonic) % 12))
    }

    /// Whether the third above the tonic is minor.
    pub fn is_minor(&self) -> bool {
        self.degrees.contains(&3) && !self.degrees.contains(&4)
    }

    /// The scale without the degrees that are not in `kept`; itself when fewer than four would be left.
    pub fn only(&self, kept: &[u8]) -> Self {
        let degrees: Vec<u8> = self.degrees.iter().copied().filter(|degree| kept.contains(degree)).collect();
        if degrees.len() < 4 { self.clone() } else { Self { tonic: self.tonic, degrees, kind: self.kind.clone() } }
    }

    /// The MIDI number of a step of the scale: step 0 is the tonic in the octave of middle C (60 to 71), the step after the last
    /// degree is the tonic an octave higher.
    pub fn key_of_step(&self, step: i32) -> i32 {
        let count = self.degrees.len().max(1) as i32;
        let degree = self.degrees.get(step.rem_euclid(count) as usize).copied().unwrap_or(0);
        60 + i32::from(self.tonic) + 12 * step.div_euclid(count) + i32::from(degree)
    }

    /// The step whose key is nearest to a MIDI number; the lower one of two.
    pub fn step_near(&self, key: i32) -> i32 {
        let count = self.degrees.len().max(1) as i32;
        let octave = (key - 60 - i32::from(self.tonic)).div_euclid(12);
        let steps = (octave - 1) * count..=(octave + 2) * count;
        steps.min_by_key(|step| (self.key_of_step(*step) - key).abs()).unwrap_or(0)
    }
}

/// The MIDI number of a pitch.
pub fn key(pitch: Pitch) -> i32 {
    libm::roundf(pitch.0) as i32
}

/// The pitch of a MIDI number.
pub fn pitch(key: i32) -> Pitch {
    Pitch(key as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_keys_are_inverse() {
        let scale = Scale::of_mode(2, Mode::Dorian);
        assert_eq!(scale.name(), "D dorian");
        assert_eq!(scale.classes(), [2, 4, 5, 7, 9, 11, 0]);
        assert_eq!([0, 1, 7, -1].map(|step| scale.key_of_step(step)), [62, 64, 74, 60]);
        assert!((-20..20).all(|step| scale.step_near(scale.key_of_step(step)) == step));
        assert!(scale.contains(11) && !scale.contains(10) && scale.is_minor());
        assert_eq!(scale.only(&[0, 3, 5, 7, 10]).classes(), [2, 5, 7, 9, 0]);
    }
}
