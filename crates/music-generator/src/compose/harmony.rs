//! Chord progressions: the loops of a style, functional chains of chords, cadences, variation, and the share of borrowed chords.

use super::chord::Chord;
use super::scale::Scale;
use crate::types::dice::Dice;

/// The chords of one bar; each lasts an equal part of it.
pub type BarChords = Vec<Chord>;

/// The share of the time in which chords with notes outside the scale may sound.
pub const BORROWED_SHARE: f32 = 0.06;

/// A progression of a style: the symbols of its bars, and how often it is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// One word for each bar; `+` separates the chords of a bar.
    pub bars: &'static str,
    /// Its weight among the loops that fit the scale.
    pub weight: f32,
}

/// How often a chord gets a tone above its seventh, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    /// Ninths.
    pub ninth: f32,
    /// Elevenths of minor chords.
    pub eleventh: f32,
    /// Thirteenths of dominants.
    pub thirteenth: f32,
    /// Whether the tonic on which a phrase of four bars begins is calmer than the chord before it, see [`settle`].
    pub settled: bool,
}

/// Reads the symbols of a progression. A symbol that is not understood is left out.
pub fn parse(bars: &str) -> Vec<BarChords> {
    let bar = |word: &str| word.split('+').filter_map(Chord::parse).collect::<BarChords>();
    bars.split_whitespace().map(bar).filter(|bar| !bar.is_empty()).collect()
}

/// The share of the time in which the chords have notes outside the scale.
pub fn borrowed_share(bars: &[BarChords], scale: &Scale) -> f32 {
    let share = |bar: &BarChords| {
        bar.iter().filter(|chord| !chord.borrowed(scale).is_empty()).count() as f32 / bar.len().max(1) as f32
    };
    bars.iter().map(share).sum::<f32>() / bars.len().max(1) as f32
}

/// Chooses one of the loops by weight among those with a tonic in the scale and at most this share of borrowed chords; the diatonic
/// chords of a functional chain when none fits.
pub fn choose(loops: &[Loop], scale: &Scale, most_borrowed: f32, dice: &mut Dice) -> Vec<BarChords> {
    let parsed: Vec<Vec<BarChords>> = loops.iter().map(|item| parse(item.bars)).collect();
    let fits = |bars: &Vec<BarChords>| {
        let tonic = bars.iter().flatten().find(|chord| chord.root == 0);
        // A loop without a tonic belongs to the scale in which its chords are not borrowed.
        let right_third =
            tonic.is_none_or(|chord| !(chord.has(3) && !scale.is_minor() || chord.has(4) && scale.is_minor()));
        right_third && borrowed_share(bars, scale) <= most_borrowed
    };
    let weights: Vec<f32> =
        loops.iter().zip(&parsed).map(|(item, bars)| if fits(bars) { item.weight } else { 0.0 }).collect();
    if weights.iter().all(|weight| *weight <= 0.0) {
        return chain(scale, 8, dice);
    }
    parsed.into_iter().nth(dice.pick(&weights)).unwrap_or_default()
}

/// Semitones of the roots of the major table above the tonic.
const MAJOR_ROOTS: [u8; 6] = [0, 2, 4, 5, 7, 9];
/// Chances of the next chord in a major key, in the order of [`MAJOR_ROOTS`].
const MAJOR: [[f32; 6]; 6] = [
    [0.0, 0.20, 0.14, 0.28, 0.10, 0.22],
    [0.08, 0.0, 0.08, 0.06, 0.66, 0.06],
    [0.06, 0.14, 0.0, 0.26, 0.04, 0.46],
    [0.26, 0.16, 0.16, 0.0, 0.24, 0.08],
    [0.48, 0.02, 0.10, 0.10, 0.0, 0.26],
    [0.04, 0.30, 0.10, 0.34, 0.16, 0.0],
];
/// Semitones of the roots of the minor table above the tonic.
const MINOR_ROOTS: [u8; 7] = [0, 2, 3, 5, 7, 8, 10];
/// Chances of the next chord in a minor key, in the order of [`MINOR_ROOTS`].
const MINOR: [[f32; 7]; 7] = [
    [0.0, 0.06, 0.12, 0.26, 0.12, 0.24, 0.20],
    [0.15, 0.0, 0.03, 0.05, 0.70, 0.03, 0.04],
    [0.08, 0.04, 0.0, 0.26, 0.06, 0.36, 0.20],
    [0.28, 0.08, 0.08, 0.0, 0.22, 0.12, 0.22],
    [0.62, 0.02, 0.04, 0.06, 0.0, 0.18, 0.08],
    [0.18, 0.08, 0.18, 0.14, 0.12, 0.0, 0.30],
    [0.38, 0.0, 0.28, 0.10, 0.06, 0.18, 0.0],
];

/// A functional chain of diatonic chords, one a bar: it begins on the tonic, each fourth bar is a dominant, and the last chord leads
/// back to the tonic.
pub fn chain(scale: &Scale, bars: usize, dice: &mut Dice) -> Vec<BarChords> {
    let mut root = 0_u8;
    let mut chords = Vec::new();
    for bar in 0..bars {
        if bar > 0 {
            root = if bar % 4 == 3 { dominant_root(scale) } else { next_root(root, scale, dice) };
        }
        chords.push(vec![diatonic(scale, root)]);
    }
    chords
}

fn next_root(root: u8, scale: &Scale, dice: &mut Dice) -> u8 {
    let (roots, rows): (&[u8], Vec<&[f32]>) = if scale.is_minor() {
        (&MINOR_ROOTS, MINOR.iter().map(|row| &row[..]).collect())
    } else {
        (&MAJOR_ROOTS, MAJOR.iter().map(|row| &row[..]).collect())
    };
    let from = roots.iter().position(|candidate| *candidate == root).unwrap_or(0);
    let weight = |(candidate, chance): (&u8, &f32)| {
        let whole_fifth = diatonic(scale, *candidate).has(7);
        if scale.degrees.contains(candidate) && whole_fifth { *chance } else { 0.0 }
    };
    let weights: Vec<f32> = roots.iter().zip(rows[from]).map(weight).collect();
    roots.get(dice.pick(&weights)).copied().unwrap_or(0)
}

/// The root of the chord that leads to the tonic: the fifth degree, or the seventh when the chord on the fifth has no perfect fifth.
fn dominant_root(scale: &Scale) -> u8 {
    if scale.degrees.contains(&7) && diatonic(scale, 7).has(7) { 7 } else { 10 }
}

/// The seventh chord of the scale on a degree, in thirds.
pub fn diatonic(scale: &Scale, root: u8) -> Chord {
    let at = scale.degrees.iter().position(|degree| *degree == root).unwrap_or(0);
    let count = scale.degrees.len();
    let tone = |thirds: usize| {
        let index = at + 2 * thirds;
        let degree = scale.degrees.get(index % count.max(1)).copied().unwrap_or(0);
        (u32::from(degree) + 12 * (index / count.max(1)) as u32).saturating_sub(u32::from(root)) as u8
    };
    Chord { root, tones: (0..4).map(tone).collect(), bass: None }
}

/// The function of a chord: 0 tonic, 1 subdominant, 2 dominant.
pub fn function(root: u8, minor: bool) -> u8 {
    match (root, minor) {
        (2 | 5 | 6, _) => 1,
        (7 | 11, _) | (10, true) => 2,
        (10 | 1, false) | (1, true) => 1,
        _ => 0,
    }
}

/// The bars of a section: the loop repeated, with one chord exchanged for another of its function in some of the repeats, and a
/// second chord that leads back in the last bar of each eight.
///
/// `change` is the probability of such a change in each repeat.
pub fn unroll(cycle: &[BarChords], bars: usize, scale: &Scale, change: f32, dice: &mut Dice) -> Vec<BarChords> {
    let length = cycle.len().max(1);
    let mut section: Vec<BarChords> = cycle.iter().cycle().take(bars).cloned().collect();
    for repeat in 1..bars.div_ceil(length) {
        if !dice.chance(change) {
            continue;
        }
        let bar = repeat * length + 1 + dice.below(length.saturating_sub(1));
        if let Some(chord) = section.get_mut(bar).and_then(|chords| chords.first_mut()) {
            *chord = substitute(chord, scale, dice);
        }
    }
    for bar in (7..bars).step_by(8) {
        let next_is_tonic = cycle.first().and_then(|chords| chords.first()).is_some_and(|chord| chord.root == 0);
        let Some(chords) = section.get_mut(bar) else { continue };
        let [only] = &chords[..] else { continue };
        if next_is_tonic && function(only.root, scale.is_minor()) != 2 && dice.chance(0.6) {
            let mut lead = diatonic(scale, dominant_root(scale));
            if !scale.is_minor() && lead.has(4) && lead.has(10) && scale.degrees.contains(&0) && dice.chance(0.4) {
                lead = Chord { root: lead.root, tones: vec![0, 5, 7, 10], bass: None };
            }
            chords.push(lead);
        }
    }
    section
}

/// Makes the cadences rest: a tonic that follows another chord at the start of four bars has a ninth in place of the major seventh,
/// which leads on, and no eleventh. `before` is the last chord before these bars.
pub fn settle(bars: &mut [BarChords], before: Option<&Chord>) {
    for bar in (0..bars.len()).step_by(4) {
        let last = if bar == 0 { before } else { bars[bar - 1].last() };
        let arrives = last.is_some_and(|last| last.root != 0);
        if let Some(chord) = bars[bar].first_mut().filter(|chord| arrives && chord.root == 0) {
            if chord.has(11) && !chord.has(14) {
                chord.tones.push(14);
            }
            chord.tones.retain(|tone| !matches!(tone, 11 | 17));
        }
    }
}

/// Another chord of the scale with the same function and at least two common tones; the chord itself when there is none.
fn substitute(chord: &Chord, scale: &Scale, dice: &mut Dice) -> Chord {
    let minor = scale.is_minor();
    let classes = chord.classes(0);
    let candidates: Vec<Chord> = scale
        .degrees
        .iter()
        .filter(|root| **root != chord.root && function(**root, minor) == function(chord.root, minor))
        .map(|root| diatonic(scale, *root))
        .filter(|other| other.has(7) && other.classes(0).iter().filter(|class| classes.contains(class)).count() >= 2)
        .collect();
    candidates.get(dice.below(candidates.len())).cloned().unwrap_or_else(|| chord.clone())
}

/// Adds the tones above the seventh that the dice give the chord, where the scale has them and nothing clashes.
pub fn colour(chord: &mut Chord, scale: &Scale, colours: &Colours, dice: &mut Dice) {
    let chances = [(14, colours.ninth), (17, colours.eleventh), (21, colours.thirteenth)];
    for (tone, chance) in chances {
        let wanted = dice.chance(chance);
        let suits = match tone {
            17 => chord.is_minor(),
            21 => chord.is_dominant(),
            _ => true,
        };
        if wanted && suits {
            chord.extend(tone, scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    #[test]
    fn chords_of_the_scale_are_built_in_thirds() {
        let scale = Scale::of_mode(0, Mode::Ionian);
        assert_eq!(diatonic(&scale, 2), Chord::parse("ii7").unwrap());
        assert_eq!(diatonic(&scale, 5), Chord::parse("IVmaj7").unwrap());
        assert_eq!(diatonic(&scale, 7), Chord::parse("V7").unwrap());
        assert_eq!(diatonic(&scale, 11), Chord::parse("vii07").unwrap());
    }

    #[test]
    fn chains_stay_in_the_scale_and_end_on_a_dominant() {
        for (mode, seed) in
            [(Mode::Ionian, 1), (Mode::Aeolian, 2), (Mode::Dorian, 3), (Mode::Phrygian, 4), (Mode::Lydian, 5)]
        {
            let scale = Scale::of_mode(5, mode);
            let chords = chain(&scale, 8, &mut Dice::new(seed, "test", 0, 0));
            assert_eq!(borrowed_share(&chords, &scale), 0.0, "{mode:?}");
            assert!(chords.iter().flatten().all(|chord| chord.has(7)), "{chords:?}");
            assert!(matches!(chords[7][0].root, 7 | 10));
        }
    }

    #[test]
    fn the_tables_lead_from_the_second_to_the_fifth_degree_in_two_of_three_cases() {
        let scale = Scale::of_mode(0, Mode::Ionian);
        let mut dice = Dice::new(1, "test", 0, 0);
        let fifths = (0..3000).filter(|_| next_root(2, &scale, &mut dice) == 7).count();
        assert!((2000..2250).contains(&fifths), "{fifths}");
    }

    #[test]
    fn a_loop_of_another_mode_is_not_chosen() {
        let loops = [Loop { bars: "ii9 V13 Imaj9 vi9", weight: 1.0 }, Loop { bars: "i9 bVImaj7 iv9 v7", weight: 0.01 }];
        let scale = Scale::of_mode(0, Mode::Aeolian);
        let chosen = choose(&loops, &scale, 0.0, &mut Dice::new(1, "test", 0, 0));
        assert_eq!(chosen, parse("i9 bVImaj7 iv9 v7"));
        let borrowed = parse("IVmaj7 ivm6 iii7 VI7b9");
        assert_eq!(borrowed_share(&borrowed, &Scale::of_mode(0, Mode::Ionian)), 0.5);
    }

    #[test]
    fn the_tonic_rests_where_a_phrase_arrives_at_it() {
        let mut bars = parse("Imaj9 vi9 ii9 V13 Imaj9 vi9 ii9 V13 ii9 V13 Imaj9 I Imaj9");
        settle(&mut bars, None);
        assert_eq!(bars, parse("Imaj9 vi9 ii9 V13 Iadd9 vi9 ii9 V13 ii9 V13 Imaj9 I Imaj9"));
        settle(&mut bars, Chord::parse("V13").as_ref());
        assert_eq!(bars[0], parse("Iadd9")[0]);
    }

    #[test]
    fn a_section_varies_its_loop_and_stays_in_the_scale() {
        let scale = Scale::of_mode(3, Mode::Aeolian);
        let cycle = parse("i9 bVImaj7 iv9 v7");
        let section = unroll(&cycle, 16, &scale, 1.0, &mut Dice::new(1, "test", 0, 0));
        assert_eq!(section.len(), 16);
        assert_eq!(section[..4], cycle);
        assert!((1..4).filter(|repeat| section[4 * repeat..4 * repeat + 4] != cycle).count() >= 2);
        assert_eq!(borrowed_share(&section, &scale), 0.0);
    }
}
