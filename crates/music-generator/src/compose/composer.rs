//! The composer: walks through form and harmony, lets the style write each bar, and has a bar written again that repeats what was
//! heard.

use std::collections::BTreeSet;

use super::density;
use super::form::{Form, Section, energy_at};
use super::harmony::{self, BORROWED_SHARE, BarChords};
use super::memory::Memory;
use super::scale::Scale;
use super::scene::{Scene, Score};
use crate::prompt::mapping;
use crate::prompt::stand_in::take_over;
use crate::style::{self, Composes};
use crate::types::bar::{Bar, ChordSpan};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::pitch::Pitch;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};
use crate::types::ticks::Ticks;

/// How often a bar is written at most.
const MOST_ATTEMPTS: u64 = 12;
/// The lead in share that another style needs to take over.
const STYLE_HYSTERESIS: f32 = 0.1;
/// Semitones from the key of one arc to that of the next.
const ARC_SHIFTS: [u8; 6] = [0, 5, 7, 3, 9, 10];

/// Composes bars.
pub struct Composer {
    seed: u64,
    style: Box<dyn Composes>,
    form: Form,
    section: Section,
    /// Tonic of the arc.
    tonic: u8,
    scale: Scale,
    harmony: Vec<BarChords>,
    /// The progressions of the arc by material.
    materials: Vec<(u8, Vec<BarChords>)>,
    /// What the harmony was made for.
    asked: (Option<u8>, Option<Mode>, Option<String>),
    memory: Memory,
    bar: u64,
    start: Ticks,
    seconds: f64,
    beats: u32,
    borrowed: (f32, f32),
    repeats: u64,
    /// The instruments that the styles have played so far.
    played: BTreeSet<Instrument>,
}

impl Composer {
    /// A composer at its first bar.
    pub fn new(seed: u64, target: &Target) -> Self {
        let style = style::composer(target.style(), seed);
        let form = Form::new(style.rules().parts, 0);
        let mut composer = Self {
            seed,
            style,
            form,
            section: Section {
                number: 0,
                name: "intro",
                first_bar: 0,
                bars: 0,
                energy: 0.0,
                material: 0,
                ramp: 0.0,
                shift: 0,
                arc: 0,
            },
            tonic: 0,
            scale: Scale::of_mode(0, Mode::Dorian),
            harmony: Vec::new(),
            materials: Vec::new(),
            asked: (None, None, None),
            memory: Memory::default(),
            bar: 0,
            start: Ticks::ZERO,
            seconds: 0.0,
            beats: 4,
            borrowed: (0.0, 0.0),
            repeats: 0,
            played: BTreeSet::new(),
        };
        composer.begin_arc(target);
        composer.begin_section(target);
        composer
    }

    /// When the next bar begins.
    pub fn next_start(&self) -> Ticks {
        self.start
    }

    /// The number of stems' bars that repeat a block of the last ten minutes although they were written again and varied.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// The tempo that a target asks for, in quarter notes a minute: its own, or that of the style, moved by the mood.
    pub fn tempo(&self, target: &Target) -> f64 {
        if let Some(bpm) = target.bpm {
            return bpm.clamp(40.0, 200.0);
        }
        let (slow, usual, fast) = self.style.rules().tempo;
        let mut dice = Dice::new(self.seed, "tempo", 0, 0);
        let spread = f64::from(dice.unit() + dice.unit() - 1.0);
        let base =
            if spread < 0.0 { usual + spread * (usual - slow) * 0.6 } else { usual + spread * (fast - usual) * 0.6 };
        let mood = libm::exp2(0.38 * f64::from(target.arousal) + 0.04 * f64::from(target.valence));
        libm::round((base * mood * target.tempo_factor).clamp(slow * 0.85, fast * 1.15))
    }

    /// Writes the next bar. `bpm` is the tempo at its start.
    pub fn compose(&mut self, target: &Target, bpm: f64) -> Bar {
        self.follow(target);
        let at = (self.bar - self.section.first_bar) as u32;
        let rules = self.style.rules();
        let mut scene = Scene {
            seed: self.seed,
            attempts: [0; Stem::COUNT],
            bar: self.bar,
            at,
            start: self.start,
            beats: self.beats,
            bpm,
            swing: target.swing.unwrap_or_else(|| rules.swing.at(bpm)),
            section: &self.section,
            energy: energy_at(self.section.energy_in(at), target.density),
            scale: &self.scale,
            harmony: &self.harmony,
            target,
        };
        if at == 0 {
            self.style.begin(&scene);
        }
        let begun = self.style.copy();
        let mut score = Score::default();
        let ends = self.seconds + f64::from(self.beats) * 60.0 / bpm;
        for attempt in 0..MOST_ATTEMPTS {
            score.notes.clear();
            self.style.write(&scene, &mut score);
            density::spread(&mut score.notes, self.seed, self.start);
            let repeated = self.memory.repeated(&audible(&score.notes, target), self.start, ends);
            if target.temperature <= 0.0 || repeated == [false; Stem::COUNT] {
                break;
            }
            if attempt + 1 == MOST_ATTEMPTS {
                for stem in Stem::ALL.into_iter().filter(|stem| repeated[stem.index()]) {
                    self.memory.vary(&mut score.notes, stem, self.start, target.density, ends);
                }
                let left = self.memory.repeated(&audible(&score.notes, target), self.start, ends);
                self.repeats += left.into_iter().map(u64::from).sum::<u64>();
                break;
            }
            for (stem, again) in repeated.into_iter().enumerate() {
                scene.attempts[stem] += u64::from(again);
            }
            self.style = begun.copy();
        }
        self.memory.remember(&audible(&score.notes, target), self.start, ends);
        self.played.extend(score.notes.iter().map(|note| note.instrument));
        take_over(&mut score.notes, target, &self.played, self.start, self.bar);
        score.notes.iter_mut().for_each(|note| mapping::play(note, target));
        score.notes.sort_by_key(|note| (note.start, note.stem, note.instrument, (note.pitch.0 * 100.0) as i64));
        let bar = self.finish(at, bpm, score.notes);
        self.seconds = ends;
        self.bar += 1;
        self.start = self.start + Ticks::beats(i64::from(self.beats));
        if self.bar >= self.section.first_bar + u64::from(self.section.bars) {
            self.next_section(target);
        }
        bar
    }

    fn finish(&mut self, at: u32, bpm: f64, notes: Vec<Note>) -> Bar {
        let chords = self.harmony.get(at as usize).map_or(&[][..], |chords| &chords[..]);
        let length = Ticks(Ticks::beats(i64::from(self.beats)).0 / chords.len().max(1) as i64);
        let span = |(index, chord): (usize, &super::chord::Chord)| ChordSpan {
            start: self.start + Ticks(length.0 * index as i64),
            length,
            name: chord.name(&self.scale),
            root: Pitch(f32::from(36 + chord.root_class(self.scale.tonic))),
            borrowed: chord.borrowed(&self.scale),
        };
        let chords: Vec<ChordSpan> = chords.iter().enumerate().map(span).collect();
        let share =
            chords.iter().filter(|chord| !chord.borrowed.is_empty()).count() as f32 / chords.len().max(1) as f32;
        self.borrowed.0 += share;
        self.borrowed.1 += 1.0;
        Bar {
            number: self.bar,
            start: self.start,
            length: Ticks::beats(i64::from(self.beats)),
            bpm,
            section: self.section.name,
            scale: self.scale.classes(),
            scale_name: self.scale.name(),
            chords,
            notes,
        }
    }

    /// Follows what a target asks of style, key and mode: the style at the start of a phrase of four bars, or at the next bar when
    /// more than half of the shares changed; key and mode at the next bar.
    fn follow(&mut self, target: &Target) {
        let at = (self.bar - self.section.first_bar) as u32;
        let style = target.style();
        let current = self.style.rules().style;
        let lead = share(target, style) - share(target, current);
        if style != current && lead > STYLE_HYSTERESIS && (at.is_multiple_of(4) || lead > 0.5) {
            self.style = style::composer(style, self.seed);
            self.form = Form::new(self.style.rules().parts, self.section.arc + 1);
            self.section.number += 1;
            self.begin_arc(target);
            self.begin_section(target);
            return;
        }
        let asked = asked(target);
        if asked != self.asked {
            let moved = asked.0.is_some_and(|tonic| tonic != self.scale.tonic);
            self.asked = asked;
            self.set_key(target);
            self.materials.clear();
            self.plan_harmony(target);
            if moved && at > 0 {
                // The dominant of the new key leads into it.
                let lead = harmony::chain(&self.scale, 4, &mut Dice::new(self.seed, "pivot", self.bar, 0)).pop();
                if let (Some(bar), Some(lead)) = (self.harmony.get_mut(at as usize), lead) {
                    *bar = lead;
                }
            }
        }
    }

    fn next_section(&mut self, target: &Target) {
        let arc = self.section.arc;
        self.begin_section(target);
        if self.section.arc != arc {
            self.begin_arc(target);
            self.plan_harmony(target);
        }
    }

    fn begin_arc(&mut self, target: &Target) {
        let mut dice = Dice::new(self.seed, "key", self.section.arc, 0);
        let first = self.bar == 0;
        let shift = ARC_SHIFTS.get(dice.below(ARC_SHIFTS.len())).copied().unwrap_or(0);
        self.tonic = if first { dice.below(12) as u8 } else { (self.tonic + shift) % 12 };
        let rules = self.style.rules();
        let weights: Vec<f32> = rules.beats.iter().map(|(_, weight)| *weight).collect();
        let drawn = rules.beats.get(dice.pick(&weights)).map_or(4, |(beats, _)| *beats);
        self.beats = target.beats_per_bar.map_or(drawn, u32::from).clamp(2, 8);
        self.style.begin_arc(self.beats, &mut Dice::new(self.seed, "arc", self.section.arc, 0));
        self.materials.clear();
        self.asked = asked(target);
        self.set_key(target);
    }

    fn set_key(&mut self, target: &Target) {
        let tonic =
            target.tonic.unwrap_or((i32::from(self.tonic) + i32::from(self.section.shift)).rem_euclid(12) as u8);
        self.scale =
            self.style.scale(target, tonic, &self.section, &mut Dice::new(self.seed, "mode", self.section.arc, 0));
    }

    fn begin_section(&mut self, target: &Target) {
        let number = self.section.number + u64::from(self.bar > 0);
        let mut dice = Dice::new(self.seed, "form", number, 0);
        self.section = self.form.next(number, self.bar, &mut dice);
        self.set_key(target);
        self.plan_harmony(target);
    }

    /// New chords for the section; in styles that ask for it, other ones than those of the other sections of the arc.
    fn new_harmony(&mut self, allowed: f32, change: f32, dice: &mut Dice) -> Vec<BarChords> {
        let mut chords = self.style.harmony(&self.section, &self.scale, allowed, change, dice);
        for _ in 0..MOST_ATTEMPTS {
            let known = self
                .materials
                .iter()
                .any(|(material, bars)| *material != self.section.material && opening(bars) == opening(&chords));
            if !known || !self.style.distinct_materials() {
                break;
            }
            chords = self.style.harmony(&self.section, &self.scale, allowed, change, dice);
        }
        chords
    }

    /// The chords of the section: those of an earlier section of the same material in one of two cases, otherwise new ones.
    fn plan_harmony(&mut self, target: &Target) {
        let (bars, length) = self.borrowed;
        // The share that keeps the total below its bound when the section has these chords.
        let section = self.section.bars as f32;
        let allowed = ((BORROWED_SHARE * (length + section) - bars) / section).max(0.0);
        let change = (target.temperature / 1.1).min(2.5);
        let mut dice = Dice::new(self.seed, "harmony", self.section.number, 0);
        let same = self.materials.iter().find(|(material, _)| *material == self.section.material);
        let known = same.map(|(_, chords)| chords.clone());
        let before = self.harmony.last().and_then(|bar| bar.last()).cloned();
        self.harmony = match &known {
            Some(chords) if harmony::borrowed_share(chords, &self.scale) <= allowed => {
                let bars = self.section.bars as usize;
                if self.style.rules().change > 0.0 {
                    harmony::unroll(chords, bars, &self.scale, 0.5 * change, &mut dice)
                } else {
                    chords.iter().cycle().take(bars).cloned().collect()
                }
            }
            _ => self.new_harmony(allowed, change, &mut dice),
        };
        if known.is_none() {
            self.materials.push((self.section.material, self.harmony.iter().take(8).cloned().collect()));
        }
        if self.style.rules().colours.settled {
            harmony::settle(&mut self.harmony, before.as_ref());
        }
    }
}

/// The roots of the first chords of a progression.
fn opening(bars: &[BarChords]) -> Vec<u8> {
    bars.iter().take(4).flatten().map(|chord| chord.root).collect()
}

/// The notes that sound at the density of the target.
fn audible(notes: &[Note], target: &Target) -> Vec<Note> {
    notes.iter().filter(|note| note.from_density <= target.density).copied().collect()
}

fn share(target: &Target, style: Style) -> f32 {
    target.styles.get(style.index()).copied().unwrap_or(0.0)
}

/// What of a target decides the harmony.
fn asked(target: &Target) -> (Option<u8>, Option<Mode>, Option<String>) {
    let mood = if target.mode.is_some() || target.valence.abs() < 0.1 {
        target.mode
    } else {
        // Without noise, so that a small change of the mood does not move the harmony of a section.
        let quarter = libm::roundf(target.valence * 4.0) / 4.0;
        Some(style::mode(&Target { valence: quarter, ..Target::default() }, &[], &mut Dice::new(0, "mood", 0, 0)))
    };
    (target.tonic, mood, target.raga.clone())
}
