use super::{blended, blended_with, target, vocabulary};
use crate::prompt::mapping;
use crate::types::config::{Config, Mode};
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Noise, Style, Target};

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() < 1e-4
}

#[test]
fn one_prompt_gives_the_numbers_of_its_word() {
    let calm = target("calm");
    assert!(near(calm.valence, 0.4) && near(calm.arousal, -0.7));
    assert!(near(calm.density, 0.5 + 0.3 * -0.7 - 0.2));
    assert!(near(calm.brightness, 0.5 + 0.2 * -0.7 + 0.12 * 0.4 - 0.2));
    assert!((calm.tempo_factor - 0.92).abs() < 1e-6);
    assert!(near(calm.reverb_db, 2.1));
}

#[test]
fn weights_are_normalised_and_agreement_adds() {
    let weights = |a, b| blended(&[("sad", a), ("calm", b)]).target;
    assert_eq!(weights(1.0, 3.0), weights(2.0, 6.0));
    // (0.25 * -0.7 + 0.75 * 0.4) * 1.15
    assert!(near(weights(1.0, 3.0).valence, 0.14375));
    assert!(near(blended(&[("sad", 1.0), ("sad", 1.0)]).target.valence, -0.7 * 1.15));
    assert!(near(blended(&[("sad", 1.0), ("sad", 1.0), ("sad", 1.0), ("sad", 1.0)]).target.valence, -0.7 * 1.3));
    // Tempo factors are averaged geometrically and do not add up: "slow" is 0.85, "fast" 1.2.
    let factor = blended(&[("slow", 1.0), ("fast", 1.0)]).target.tempo_factor;
    assert!((factor - (0.85_f64 * 1.2).sqrt()).abs() < 1e-6, "{factor}");
    let slow = blended(&[("slow", 1.0), ("slow", 2.0)]).target.tempo_factor;
    assert!((slow - 0.85).abs() < 1e-6, "{slow}");
    let tempo = blended(&[("60 bpm", 1.0), ("90 bpm", 1.0)]).target.bpm.unwrap();
    assert!((tempo - 73.485).abs() < 1e-3, "{tempo}");
}

#[test]
fn prompts_that_are_not_understood_have_no_effect() {
    let blend = blended(&[("sad", 1.0), ("zzgrmpf", 9.0)]);
    assert!(blend.readings[0].is_ok() && blend.readings[1].is_err());
    assert_eq!(blend.target, target("sad"));
    let playing = target("techno");
    assert_eq!(blended_with(&[("zzgrmpf", 1.0)], &Config::default(), Some(&playing)).target, playing);
    assert_eq!(blended(&[]).target, Target::default());
}

#[test]
fn the_style_is_the_largest_share_with_hysteresis() {
    let style = |lofi, techno, before: Option<&Target>| {
        blended_with(&[("lofi", lofi), ("techno", techno)], &Config::default(), before).target.style()
    };
    assert_eq!(style(0.6, 0.4, None), Style::Lofi);
    assert_eq!(style(0.4, 0.6, None), Style::House);
    let lofi = target("lofi");
    assert_eq!(style(0.47, 0.53, Some(&lofi)), Style::Lofi);
    assert_eq!(style(0.44, 0.56, Some(&lofi)), Style::House);
    // No prompt names a style: the style that plays stays. An instrument may suggest one.
    let techno = target("techno");
    assert_eq!(blended_with(&[("calm", 1.0)], &Config::default(), Some(&techno)).target.style(), Style::House);
    assert_eq!(target("calm").style(), Style::Lofi);
    assert_eq!(target("calm sitar").style(), Style::IndianLofi);
    assert_eq!(target("calm sitar, techno").style(), Style::House);
    assert_eq!(target("no techno").style(), Style::Lofi);
}

#[test]
fn the_second_style_lends_lead_and_texture_from_a_quarter_on() {
    let lent = |lofi, ambient, piano| {
        mapping::lent(&blended(&[("lofi", lofi), ("ambient", ambient), ("piano", piano)]).target)
    };
    let both = lent(0.5, 0.3, 0.2);
    assert_eq!((both.lead_and_texture, both.texture), (Some(Style::Ambient), Some(Style::Piano)));
    let texture = lent(0.78, 0.2, 0.02);
    assert_eq!((texture.lead_and_texture, texture.texture), (None, Some(Style::Ambient)));
}

#[test]
fn the_mode_follows_a_majority_of_moods_or_a_key() {
    assert_eq!(target("dreamy").mode, Some(Mode::Lydian));
    assert_eq!(blended(&[("dreamy", 1.0), ("sad", 1.0)]).target.mode, None);
    assert_eq!(blended(&[("dreamy", 1.0), ("sad", 1.1)]).target.mode, Some(Mode::Aeolian));
    let keyed = blended(&[("dreamy", 5.0), ("D dorian", 1.0)]).target;
    assert_eq!((keyed.tonic, keyed.mode), (Some(2), Some(Mode::Dorian)));
    assert_eq!([-0.8, -0.5, -0.2, 0.0, 0.5, 0.9].map(mapping::mode), Mode::darkest_first());
}

impl Mode {
    fn darkest_first() -> [Self; 6] {
        [Self::Phrygian, Self::Aeolian, Self::Dorian, Self::Mixolydian, Self::Ionian, Self::Lydian]
    }
}

#[test]
fn what_is_excluded_is_silent_whatever_its_weight() {
    let target = blended(&[("drums, cello, rain, calm", 100.0), ("no drums, no cello, no rain", 0.001)]).target;
    assert!(target.muted[Stem::Drums.index()]);
    assert!(target.excluded.contains(&Instrument::Cello) && !target.instruments.contains_key(&Instrument::Cello));
    assert!(target.noises.is_empty());
}

#[test]
fn named_instruments_are_louder_by_their_weight() {
    assert!(near(target("cello").instruments[&Instrument::Cello], 2.0));
    let shared = blended(&[("cello", 1.0), ("flute", 3.0)]).target;
    assert!(near(shared.instruments[&Instrument::Cello], 0.5) && near(shared.instruments[&Instrument::Flute], 1.5));
    assert!(near(target("rain").noises[&Noise::Rain], 0.6));
}

#[test]
fn settings_replace_prompts() {
    let mut muted = [false; Stem::COUNT];
    muted[Stem::Bass.index()] = true;
    let config = Config {
        bpm: Some(100.0),
        scale: Some((9, Mode::Phrygian)),
        density: Some(0.9),
        brightness: Some(0.1),
        muted,
        temperature: 2.0,
        ..Config::default()
    };
    let set = blended_with(&[("happy raga yaman, 80 bpm, no drums", 1.0)], &config, None).target;
    assert_eq!((set.bpm, set.tonic, set.mode, set.raga), (Some(100.0), Some(9), Some(Mode::Phrygian), None));
    assert_eq!((set.density, set.brightness, set.temperature), (0.9, 0.1, 2.0));
    assert!(set.muted[Stem::Bass.index()] && set.muted[Stem::Drums.index()]);
    let hypnotic = blended_with(&[("hypnotic", 1.0)], &config, None).target;
    assert!(near(hypnotic.temperature, 1.5));
}

#[test]
fn density_and_brightness_follow_the_amount_of_a_word() {
    let amounts = ["slightly", "", "very", "extremely"];
    let rising = |word: &str, value: fn(&Target) -> f32| {
        amounts.map(|amount| value(&target(&format!("{amount} {word}")))).is_sorted_by(|a, b| a < b)
    };
    assert!(rising("groovy", |target| target.density));
    assert!(rising("airy", |target| target.brightness));
    assert!(rising("groovy", |target| target.arousal));
}

#[test]
fn tempi_stay_within_the_limits_of_the_style_unless_a_number_is_given() {
    assert!((mapping::bpm(&target("lofi")) - 78.0 * 2.0_f64.powf(0.38 * -0.4 + 0.04 * 0.3)).abs() < 1e-3);
    assert!((mapping::bpm(&target("lofi, very slow, sleepy")) - 68.0 * 0.85).abs() < 1e-9);
    assert_eq!(mapping::bpm(&target("lofi, 50 bpm")), 50.0);
}

#[test]
fn equal_prompts_give_equal_targets() {
    let prompts = [("rainy night, slow bansuri", 1.0), ("epic drums", 0.3), ("vinyl, 1980s", 0.7)];
    assert_eq!(blended(&prompts), blended(&prompts));
    let ragas: Vec<&str> = vocabulary().ragas().iter().map(|raga| raga.key.as_str()).collect();
    assert_eq!(ragas.first(), Some(&"yaman"));
}
