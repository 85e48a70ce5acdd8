//! Form: sections with an energy, and the voices that their energy lets sound.

use crate::types::dice::Dice;

/// A part of the form of a style.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its name, as in `A`.
    pub name: &'static str,
    /// The numbers of bars it may have, one of which is drawn.
    pub bars: &'static [u32],
    /// Its energy, 0 to 1.
    pub energy: f32,
    /// The material it brings back: parts with the same letter share their harmony within an arc.
    pub material: u8,
    /// How much the energy changes from its first to its last bars.
    pub ramp: f32,
    /// Semitones by which it may lie above the key of the arc, one of which is drawn.
    pub shifts: &'static [i8],
}

/// A section: a part of the form at its place in the session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Its number, from 0.
    pub number: u64,
    /// Its name.
    pub name: &'static str,
    /// Its first bar.
    pub first_bar: u64,
    /// The number of its bars.
    pub bars: u32,
    /// Its energy, 0 to 1, before the density is taken into account.
    pub energy: f32,
    /// Its material within the arc.
    pub material: u8,
    /// How much the energy changes from its first to its last bars.
    pub ramp: f32,
    /// Semitones above the key of the arc.
    pub shift: i8,
    /// The number of the arc to which it belongs: one walk through the form.
    pub arc: u64,
}

impl Section {
    /// The energy in its bar `at`, which changes every four bars.
    pub fn energy_in(&self, at: u32) -> f32 {
        let blocks = self.bars.div_ceil(4);
        let place = if blocks > 1 { (at / 4) as f32 / (blocks - 1) as f32 } else { 0.5 };
        self.energy + self.ramp * (place - 0.5)
    }
}

/// The walk through the parts of a form, again and again.
#[derive(Clone, Debug)]
pub struct Form {
    parts: &'static [Part],
    next_part: usize,
    arc: u64,
}

impl Form {
    /// The form of a style, from its first part in this arc.
    pub fn new(parts: &'static [Part], arc: u64) -> Self {
        Self { parts, next_part: 0, arc }
    }

    /// The next section, which begins with `first_bar`. Its energy deviates by up to 0.1 from that of the part.
    pub fn next(&mut self, number: u64, first_bar: u64, dice: &mut Dice) -> Section {
        if self.next_part >= self.parts.len() {
            self.next_part = 0;
            self.arc += 1;
        }
        let part = self.parts.get(self.next_part).copied();
        self.next_part += 1;
        let part = part.unwrap_or(Part { name: "A", bars: &[16], energy: 0.5, material: 0, ramp: 0.0, shifts: &[0] });
        let bars = part.bars.get(dice.below(part.bars.len())).copied().unwrap_or(8);
        let energy = (part.energy + dice.between(-0.06, 0.06)).clamp(0.0, 1.0);
        let shift = part.shifts.get(dice.below(part.shifts.len())).copied().unwrap_or(0);
        let (name, material, ramp) = (part.name, part.material, part.ramp);
        Section { number, name, first_bar, bars, energy, material, ramp, shift, arc: self.arc }
    }
}

/// The energy from which each kind of voice sounds.
pub mod gate {
    /// Pads.
    pub const PAD: f32 = 0.1;
    /// Chords.
    pub const KEYS: f32 = 0.25;
    /// The bass.
    pub const BASS: f32 = 0.35;
    /// Drums without snare and ghost notes.
    pub const DRUMS_LIGHT: f32 = 0.4;
    /// The melody.
    pub const LEAD: f32 = 0.5;
    /// All drums.
    pub const DRUMS_FULL: f32 = 0.6;
    /// A second melody.
    pub const COUNTER: f32 = 0.75;
    /// Shakers and other percussion.
    pub const PERCUSSION: f32 = 0.8;
}

/// The energy at a density: more density lets more voices sound.
pub fn energy_at(energy: f32, density: f32) -> f32 {
    (energy + 0.35 * (density - 0.5)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: &[Part] = &[
        Part { name: "intro", bars: &[4, 8], energy: 0.2, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "A", bars: &[16], energy: 0.5, material: 0, ramp: 0.0, shifts: &[0] },
    ];

    #[test]
    fn the_form_returns_after_its_last_part() {
        let mut form = Form::new(PARTS, 0);
        let mut bar = 0;
        let sections: Vec<Section> = (0..4)
            .map(|number| {
                let section = form.next(number, bar, &mut Dice::new(1, "test", number, 0));
                bar += u64::from(section.bars);
                section
            })
            .collect();
        assert_eq!(sections.iter().map(|section| section.name).collect::<Vec<_>>(), ["intro", "A", "intro", "A"]);
        assert_eq!(sections.iter().map(|section| section.arc).collect::<Vec<_>>(), [0, 0, 1, 1]);
        assert_eq!(sections[1].first_bar, u64::from(sections[0].bars));
        assert!(energy_at(0.5, 1.0) > energy_at(0.5, 0.0));
    }
}
