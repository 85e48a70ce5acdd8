//! Phrases: motifs set in call and answer, with rests between phrases. What the melodies of several styles share.

use super::melody::{Line, Place, arch};
use super::motif::{Motif, MotifShape, Operator};
use super::scale::Scale;
use super::scene::Scene;
use crate::types::dice::Dice;
use crate::types::stem::Stem;

/// How a style builds its phrases.
#[derive(Clone, Copy, Debug)]
pub struct PhraseRules {
    /// The stream of random numbers.
    pub name: &'static str,
    /// Its motifs.
    pub shape: &'static MotifShape,
    /// Degrees of the melody in minor and in major scales; other degrees of the scale are left out.
    pub degrees: [&'static [u8]; 2],
    /// Bars of rest after a phrase, with weights.
    pub rests: &'static [(u64, f32)],
    /// The energy from which on a phrase begins.
    pub gate: f32,
    /// The lowest and the highest key around which a section moves.
    pub centre: (i32, i32),
    /// Keys below and above the centre that are used.
    pub reach: (i32, i32),
    /// How often a phrase brings back the first one of the same material of the arc.
    pub recall: f32,
    /// How often a note on a weak beat belongs to the chord when it is shorter than a quarter and a half.
    pub weak_in_chord: f32,
}

/// A phrase that may come back: what it was made of.
#[derive(Clone, Debug)]
struct Theme {
    arc: u64,
    material: u8,
    first_bar: u64,
    motif: Motif,
    centre: i32,
}

/// A note of a phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseNote {
    /// The sixteenth of the bar at which it begins.
    pub step: usize,
    /// Its length in sixteenths.
    pub length: i32,
    /// Its MIDI number.
    pub key: i32,
    /// The key of a grace note before it.
    pub grace: Option<i32>,
    /// How high the phrase is here, 0 to 1.
    pub height: f32,
    /// Whether it may be left out at a low density.
    pub optional: bool,
    /// Whether it ends a phrase.
    pub closing: bool,
}

/// The state of the phrases of a voice.
#[derive(Clone, Debug)]
pub struct Phrases {
    rules: &'static PhraseRules,
    line: Line,
    /// The motifs that were used, with the bar in which each was new.
    motifs: Vec<(u64, Motif)>,
    motif: Motif,
    unit: Motif,
    /// The first bar of the phrase that sounds or sounded last, and its length.
    phrase: (u64, u64),
    /// The bar from which on the next phrase may begin.
    rest_until: u64,
    centre: i32,
    /// The first phrases of the materials of the arc.
    themes: Vec<Theme>,
    /// The first bar of the phrase that the present one brings back, or its own.
    origin: u64,
}

/// A motif is kept for at least this many bars.
const MOTIF_BARS: u64 = 16;
/// After this many bars an old motif may come back.
const RETURN_BARS: u64 = 32;

impl Phrases {
    /// Phrases of a style, before the first.
    pub fn new(rules: &'static PhraseRules) -> Self {
        Self {
            rules,
            line: Line::new(),
            motifs: Vec::new(),
            motif: Motif::default(),
            unit: Motif::default(),
            phrase: (0, 0),
            rest_until: 0,
            centre: rules.centre.0,
            themes: Vec::new(),
            origin: 0,
        }
    }

    /// The key around which the section moves.
    pub fn centre(&self) -> i32 {
        self.centre
    }

    /// The motif of the section.
    pub fn motif(&self) -> &Motif {
        &self.motif
    }

    /// Keeps one motif for all sections.
    pub fn set_motif(&mut self, motif: Motif) {
        self.motif = motif;
    }

    /// Draws register and motif of a section: a new motif after 16 bars, in half of the cases an old one.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice(self.rules.name, u32::MAX);
        let mood = 4.0 * scene.target.arousal + 2.0 * scene.target.valence;
        let bright = if scene.target.brightness > 0.8 { 3 } else { 0 };
        let (low, high) = self.rules.centre;
        self.centre = low + dice.below((high - low + 1).max(1) as usize) as i32 + libm::roundf(mood) as i32 + bright;
        let newest = self.motifs.last().map(|(bar, _)| *bar);
        if newest.is_some_and(|newest| scene.bar < newest + MOTIF_BARS) {
            return;
        }
        let old: Vec<&Motif> =
            self.motifs.iter().filter(|(bar, _)| bar + RETURN_BARS <= scene.bar).map(|(_, motif)| motif).collect();
        let back = dice.chance(0.5);
        self.motif = match old.get(dice.below(old.len())) {
            Some(motif) if back => (*motif).clone(),
            _ if self.rules.recall > 0.0 => Motif::singable(self.rules.shape, &mut dice),
            _ => Motif::new(self.rules.shape, &mut dice),
        };
        self.motifs.push((scene.bar, self.motif.clone()));
        if self.motifs.len() > 8 {
            self.motifs.remove(0);
        }
    }

    /// Whether a bar lies in a phrase that has begun.
    pub fn sounds_in(&self, bar: u64) -> bool {
        bar < self.phrase.0 + self.phrase.1
    }

    /// The notes of the bar; none in a rest.
    pub fn bar(&mut self, scene: &Scene<'_>) -> Vec<PhraseNote> {
        let (first, length) = self.phrase;
        let left = u64::from(scene.section.bars - scene.at);
        let over = scene.bar >= first + length;
        let begins = scene.energy >= self.rules.gate && scene.at.is_multiple_of(4) && scene.bar >= self.rest_until;
        if over && begins && left >= 4 {
            let length = left.min(8) / 4 * 4;
            let weights: Vec<f32> = self.rules.rests.iter().map(|(_, weight)| *weight).collect();
            let drawn = scene.pattern_dice(self.rules.name, 4).pick(&weights);
            self.phrase = (scene.bar, length);
            self.rest_until = scene.bar + length + self.rules.rests.get(drawn).map_or(4, |(bars, _)| *bars);
            self.begin_phrase(scene);
        }
        let (first, length) = self.phrase;
        if scene.bar >= first + length || scene.energy < self.rules.gate - 0.1 {
            return Vec::new();
        }
        self.notes(scene, scene.bar - first, length)
    }

    /// A new phrase, or the first one of this material again, with its motif and register. Where four bars would be the same as
    /// before, the composer has the last of them written again: the phrase ends in another way.
    fn begin_phrase(&mut self, scene: &Scene<'_>) {
        let (arc, material) = (scene.section.arc, scene.section.material);
        self.origin = scene.bar;
        self.themes.retain(|theme| theme.arc == arc);
        let mut dice = Dice::new(scene.seed, "theme", scene.bar, 0);
        let cool = (2.0 - scene.target.temperature / 1.1).max(0.0);
        match self.themes.iter().find(|theme| theme.material == material) {
            Some(theme) if dice.chance(self.rules.recall * cool) => {
                self.origin = theme.first_bar;
                self.motif = theme.motif.clone();
                self.centre = theme.centre;
            }
            Some(_) => {}
            None => {
                let (motif, centre) = (self.motif.clone(), self.centre);
                self.themes.push(Theme { arc, material, first_bar: scene.bar, motif, centre });
            }
        }
    }

    /// Call, answer with the rhythm of the call, varied call, answer: two bars each.
    fn notes(&mut self, scene: &Scene<'_>, at: u64, bars: u64) -> Vec<PhraseNote> {
        let mut dice = Dice::new(scene.seed, self.rules.name, self.origin + at, scene.attempts[Stem::Lead.index()]);
        let answer = at / 2 % 2 == 1;
        if at.is_multiple_of(4) {
            let strength = (scene.target.temperature / 1.1).min(2.5) * if at == 0 { 0.6 } else { 1.4 };
            self.unit = self.motif.varied(self.rules.shape, strength, &mut dice);
            self.line.breathe();
        } else if answer && at.is_multiple_of(2) && dice.chance(scene.change(0.3)) {
            self.unit = self.unit.apply(Operator::Ornament, self.rules.shape, &mut dice);
        }
        let scale = scene.scale.only(self.rules.degrees[usize::from(!scene.scale.is_minor())]);
        let steps = scene.steps() as i32;
        let from = (at % 2) as i32 * steps;
        let count = self.unit.notes.len();
        let mut notes = Vec::new();
        for (index, note) in self.unit.notes.iter().enumerate() {
            if !(from..from + steps).contains(&note.step) {
                continue;
            }
            let step = (note.step - from) as usize;
            let Some(chord) = scene.chord(step) else { continue };
            let height = arch(at as f32 + step as f32 / scene.steps() as f32, bars as f32);
            let strong = step.is_multiple_of(scene.steps() / 2)
                || note.length >= 6
                || (step.is_multiple_of(4) && dice.chance(self.rules.weak_in_chord));
            // Of a short figure only the last note, so that it keeps its intervals.
            let closing = answer && index + if count > 4 { 2 } else { 1 } >= count;
            let register = self.centre as f32 - 5.0 + 10.0 * height;
            let place = Place { rise: note.rise, strong, closing, register };
            // The highest notes are kept for the peak of the phrase.
            let high = self.centre + if height > 0.85 { self.rules.reach.1 } else { self.rules.reach.1 - 4 };
            let key = self.line.next(place, &scale, chord, (self.centre - self.rules.reach.0, high), &mut dice);
            let grace = (note.grace && step > 0).then(|| neighbour(&scale, key));
            notes.push(PhraseNote { step, length: note.length, key, grace, height, optional: index % 3 == 2, closing });
        }
        notes
    }
}

/// The next key of the scale above a key.
fn neighbour(scale: &Scale, key: i32) -> i32 {
    scale.key_of_step(scale.step_near(key) + 1)
}
