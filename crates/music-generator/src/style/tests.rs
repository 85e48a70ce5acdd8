//! The measures of the specification on ten minutes of each style.

use crate::compose::measures::*;
use crate::types::bar::Bar;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};

const KEYS: [Instrument; 8] = [
    Instrument::ElectricPiano,
    Instrument::FeltPiano,
    Instrument::GrandPiano,
    Instrument::Guitar,
    Instrument::Pad,
    Instrument::Strings,
    Instrument::Stab,
    Instrument::Organ,
];

/// Checks ten minutes of a style against the measures that do not depend on its sound.
fn check(style: Style, seeds: std::ops::RangeInclusive<u64>) {
    let count = seeds.clone().count() as f32;
    let (mut peaks, mut turns, mut rises) = (0.0, 0.0, 0.0);
    for seed in seeds {
        let (bars, repeats) = bars(seed, &target_of(style, 0.5), 600.0);
        assert_eq!((duplicates(&bars), repeats), ([0; 5], 0), "{style:?} {seed}");
        check_scale(style, seed, &bars);
        if matches!(style, Style::Lofi | Style::IndianLofi | Style::House) {
            let drums = groove_consistency(&bars, true);
            assert!((0.80..=0.95).contains(&drums), "{style:?} {seed}: groove {drums}");
        }
        check_chords(style, seed, &bars);
        if matches!(style, Style::Lofi | Style::Piano | Style::Cinematic) {
            let found = melody(&bars);
            check_melody(style, seed, &found);
            peaks += found.peak / count;
            turns += found.turns / count;
            rises += found.leaps_up / count;
        }
    }
    if turns > 0.0 {
        assert!((0.38..=0.75).contains(&peaks), "{style:?} peak {peaks}");
        assert!(turns >= 0.44, "{style:?} turns {turns}");
        assert!((0.40..=0.80).contains(&rises), "{style:?} leaps up {rises}");
    }
}

fn check_scale(style: Style, seed: u64, bars: &[Bar]) {
    let (inside, outside) = (scale_consistency(bars), borrowed(bars));
    assert!(inside >= 0.95 && outside <= 0.06, "{style:?} {seed}: {inside} {outside}");
    let entropy = entropy_of_blocks(bars);
    let least = if matches!(style, Style::House | Style::IndianLofi | Style::Ambient) { 1.5 } else { 2.2 };
    assert!((least..=2.9).contains(&entropy), "{style:?} {seed}: {entropy}");
}

fn check_chords(style: Style, seed: u64, bars: &[Bar]) {
    for keys in KEYS {
        let leading = voice_leading(bars, keys);
        // A share of fewer changes says little.
        if leading.changes < 40 {
            continue;
        }
        let text = format!("{style:?} {seed} {keys:?} {leading:?}");
        assert!(leading.moved <= 6.0 && leading.small_top >= 0.75 && leading.leaping_top < 0.08, "{text}");
        // Triads of three voices have fewer common tones than chords of four.
        assert!(leading.common >= if style == Style::Piano { 0.6 } else { 0.7 }, "{text}");
        if matches!(style, Style::Cinematic | Style::Piano) {
            let (parallel, changes) = parallels(bars, keys);
            // The root that the bass doubles makes octaves.
            let most = 0.1;
            assert!(parallel < most || changes < 40, "{text} parallels {parallel} of {changes}");
        }
        let rough = chord_roughness(bars, keys);
        assert!(rough <= 1.3, "{text} roughness {rough}");
    }
}

fn check_melody(style: Style, seed: u64, found: &Melody) {
    let text = format!("{style:?} {seed} {found:.2?}");
    let [repeats, steps, thirds, fourths, larger] = found.intervals;
    // One motif for the whole story: its intervals weigh more than those of many motifs.
    let (least_steps, most_thirds) = if style == Style::Cinematic { (0.30, 0.40) } else { (0.36, 0.34) };
    assert!((0.04..=0.26).contains(&repeats) && (least_steps..=0.66).contains(&steps), "{text}");
    assert!((0.10..=most_thirds).contains(&thirds) && (0.03..=0.2).contains(&fourths) && larger <= 0.1, "{text}");
    let rest = if style == Style::Lofi { 0.28..=0.62 } else { 0.15..=0.6 };
    assert!(style != Style::Lofi || found.breathless == 0, "{text}");
    assert!(rest.contains(&found.rest) && (7.0..=20.0).contains(&found.range), "{text}");
}

#[test]
fn notes_are_in_the_scale_or_in_a_declared_chord() {
    for style in [Style::Cinematic, Style::House, Style::Piano] {
        for seed in 1..=6 {
            let (bars, _) = bars(seed, &target_of(style, 0.9), 400.0);
            for bar in &bars {
                let declared = |class: u8| {
                    bar.scale.contains(&class) || bar.chords.iter().any(|chord| chord.borrowed.contains(&class))
                };
                let pitched = bar.notes.iter().filter(|note| !matches!(note.stem, Stem::Drums | Stem::Texture));
                let outside = pitched.filter(|note| !declared(note.pitch.class())).count();
                assert_eq!(outside, 0, "{style:?} {seed} bar {} {}", bar.number, bar.section);
            }
        }
    }
}

#[test]
fn the_kick_of_house_is_never_missing_for_more_than_32_bars() {
    for (seed, density) in [(1, 0.0), (2, 0.0), (3, 0.2), (4, 0.0), (5, 1.0)] {
        let (bars, _) = bars(seed, &target_of(Style::House, density), 900.0);
        let (mut missing, mut most, mut drops) = (0, 0, 0);
        let mut before = "";
        for bar in &bars {
            let has = |instrument: Instrument| bar.notes.iter().any(|note| note.instrument == instrument);
            missing = if has(Instrument::Kick) { 0 } else { missing + 1 };
            most = most.max(missing);
            if bar.section == "drop" && before == "break" {
                drops += 1;
                let bass = bar.notes.iter().any(|note| note.stem == Stem::Bass);
                assert!(has(Instrument::Kick) && bass, "{seed}: a drop has kick and bass");
            }
            before = bar.section;
        }
        assert!(most <= 32 && drops >= 4, "{seed} {density}: {most} {drops}");
    }
}

#[test]
fn house_and_techno_have_their_tempos_and_both_occur() {
    let tempos: Vec<f64> = (1..=40)
        .map(|seed| {
            let target = target_of(Style::House, 0.5);
            crate::compose::composer::Composer::new(seed, &target).tempo(&target)
        })
        .collect();
    assert!(tempos.iter().all(|bpm| (120.0..=132.0).contains(bpm)), "{tempos:?}");
    assert!(tempos.iter().any(|bpm| *bpm > 128.0) && tempos.iter().any(|bpm| *bpm < 124.0), "{tempos:?}");
}

#[test]
fn a_tempo_that_breathes_stays_near_the_beats() {
    for style in [Style::Piano, Style::Cinematic] {
        for seed in 1..=3 {
            let (bars, _) = bars(seed, &target_of(style, 0.5), 300.0);
            let notes: Vec<_> = bars.iter().flat_map(|bar| &bar.notes).collect();
            let early = notes.iter().map(|note| note.late_ms).fold(0.0, f32::min);
            let mean = notes.iter().map(|note| note.late_ms).sum::<f32>() / notes.len() as f32;
            // Bars are written 200 ms before they begin.
            // The strings of a score begin early by half of their attack.
            let most = if style == Style::Cinematic { 60.0 } else { 30.0 };
            assert!(early > -200.0 && mean.abs() < most, "{style:?} {seed}: {early} {mean}");
            let late = |bar: &Bar| bar.notes.iter().map(|note| note.late_ms).sum::<f32>() / bar.notes.len() as f32;
            let spread =
                bars.iter().map(late).fold(f32::MIN, f32::max) - bars.iter().map(late).fold(f32::MAX, f32::min);
            assert!(spread > 60.0, "{style:?} {seed}: {spread}");
        }
    }
}

#[test]
fn lofi_has_the_measures_of_music() {
    check(Style::Lofi, 1..=2);
}

#[test]
fn indian_lofi_has_the_measures_of_music() {
    check(Style::IndianLofi, 1..=2);
}

#[test]
fn ambient_has_the_measures_of_music() {
    check(Style::Ambient, 1..=2);
}

#[test]
fn cinematic_has_the_measures_of_music() {
    check(Style::Cinematic, 1..=2);
}

#[test]
fn house_has_the_measures_of_music() {
    check(Style::House, 1..=2);
}

#[test]
fn piano_has_the_measures_of_music() {
    check(Style::Piano, 1..=2);
}

#[test]
fn more_seeds_have_the_measures_of_music() {
    Style::ALL.into_iter().for_each(|style| check(style, 3..=7));
}

#[test]
fn no_block_returns_within_ten_minutes_at_any_density() {
    for style in [Style::Lofi, Style::IndianLofi, Style::Ambient] {
        for (seed, density) in [(11, 0.2), (12, 0.5), (13, 0.8), (14, 0.0), (15, 1.0)] {
            let (bars, repeats) = bars(seed, &target_of(style, density), 600.0);
            assert_eq!((duplicates(&bars), repeats), ([0; 5], 0), "{style:?} {seed} {density}");
        }
    }
}

#[test]
fn more_temperature_varies_more() {
    for style in [Style::Lofi, Style::IndianLofi] {
        let likeness = |temperature: f32| {
            let all = (1..=4).map(|seed| {
                let target = Target { temperature, ..target_of(style, 0.5) };
                groove_consistency(&bars(seed, &target, 300.0).0, true)
            });
            all.sum::<f32>() / 4.0
        };
        let likenesses = [0.0, 1.1, 3.0].map(likeness);
        assert!(likenesses.windows(2).all(|pair| pair[0] > pair[1] + 0.01), "{style:?} {likenesses:?}");
    }
}

#[test]
fn the_melody_of_lofi_sounds_in_about_half_of_the_time() {
    for seed in 1..=6 {
        let (bars, _) = bars(seed, &target_of(Style::Lofi, 0.5), 600.0);
        let silence = silence_of_lead(&bars);
        assert!((0.35..=0.65).contains(&silence), "{seed}: {silence}");
    }
}

#[test]
fn the_sections_of_lofi_with_other_material_have_other_chords() {
    for seed in 1..=8 {
        let (bars, _) = bars(seed, &target_of(Style::Lofi, 0.5), 200.0);
        let opening = |name: &str| -> Vec<String> {
            let section = bars.iter().skip_while(|bar| bar.section != name).take(4);
            section.flat_map(|bar| &bar.chords).map(|chord| chord.name.clone()).collect()
        };
        assert_ne!(opening("A"), opening("B"), "{seed}");
    }
}

#[test]
fn voices_keep_their_offset_with_correlated_jitter() {
    for seed in 1..=3 {
        let (bars, _) = bars(seed, &target_of(Style::Lofi, 0.5), 600.0);
        for (instrument, offsets, sigma) in [
            (Instrument::Kick, -3.0..=3.0, 4.0),
            (Instrument::HatClosed, -7.0..=9.0, 4.0),
            (Instrument::Upright, 5.0..=21.0, 12.0),
            (Instrument::SubBass, 5.0..=21.0, 12.0),
        ] {
            let (mean, deviation, correlation) = microtiming(&bars, instrument, true);
            if deviation > 0.0 {
                let text = format!("{seed} {instrument:?} {mean} {deviation} {correlation}");
                assert!(offsets.contains(&mean) && deviation < sigma && (0.3..=0.8).contains(&correlation), "{text}");
            }
        }
    }
}

#[test]
fn density_adds_notes_in_every_style() {
    for style in Style::ALL {
        let count = |density: f32| {
            let (bars, _) = bars(3, &target_of(style, density), 100.0);
            bars.iter().map(|bar| bar.notes.len()).sum::<usize>()
        };
        let counts = [0.0, 0.25, 0.5, 0.75, 1.0].map(count);
        assert!(counts.windows(2).all(|pair| pair[0] < pair[1]), "{style:?} {counts:?}");
    }
}

#[test]
fn a_style_begins_at_a_phrase_and_a_key_at_the_next_bar() {
    let mut composer = crate::compose::composer::Composer::new(4, &Target::default());
    let lofi = Target::default();
    (0..6).for_each(|_| drop(composer.compose(&lofi, 78.0)));
    let moved = Target { tonic: Some(9), mode: Some(crate::types::config::Mode::Dorian), ..Target::default() };
    assert_eq!(composer.compose(&moved, 78.0).scale_name, "A dorian");
    let mut mixed = moved.clone();
    mixed.styles = [0.35, 0.0, 0.0, 0.0, 0.65, 0.0];
    let claps = |bar: &Bar| bar.section == "intro" && bar.notes.iter().any(|note| note.stem == Stem::Drums);
    let until = (0..5).position(|_| claps(&composer.compose(&mixed, 78.0)));
    assert!(until.is_some_and(|bars| bars <= 4), "{until:?}");
}
