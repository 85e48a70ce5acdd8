//! Whole players: brightness, stems, repeatability.

use super::*;
use crate::synth::SILENCE;
use crate::types::pitch::Pitch;
use crate::types::target::Style;
use crate::types::ticks::Ticks;

fn note(stem: Stem, instrument: Instrument, pitch: f32) -> Note {
    Note {
        stem,
        instrument,
        start: Ticks::ZERO,
        length: Ticks::BEAT,
        late_ms: 0.0,
        pitch: Pitch(pitch),
        velocity: 0.8,
        from_density: 0.0,
        glide: None,
        legato: false,
    }
}

fn target(style: Style) -> Target {
    let mut target = Target { styles: [0.0; 6], ..Target::default() };
    if let Some(share) = target.styles.get_mut(style.index()) {
        *share = 1.0;
    }
    target
}

/// A second of a bar with voices of all kinds.
fn bar(player: &mut Player) -> Vec<Stems> {
    for at in [0, 12_000, 24_000, 36_007] {
        player.start(&note(Stem::Drums, Instrument::Kick, 36.0), 0.0, at, 0.2);
        player.start(&note(Stem::Drums, Instrument::HatClosed, 42.0), 0.0, at + 6_000, 0.1);
        player.start(&note(Stem::Bass, Instrument::Upright, 36.0), 0.0, at, 0.2);
        player.start(&note(Stem::Lead, Instrument::Flute, 72.0), 0.0, at + 300, 0.2);
    }
    for pitch in [60.0, 64.0, 67.0] {
        player.start(&note(Stem::Harmony, Instrument::ElectricPiano, pitch), 0.0, 0, 0.9);
        player.start(&note(Stem::Harmony, Instrument::Strings, pitch), 0.0, 0, 0.9);
    }
    (0..750)
        .map(|_| {
            let mut stems = SILENCE;
            player.render(&mut stems);
            stems
        })
        .collect()
}

/// The mean frequency of a stem in hertz, from zero crossings of its slope: a measure of brightness without a spectrum.
fn brightness_of(stems: &[Stems], stem: Stem) -> f64 {
    let samples: Vec<f64> = stems.iter().flat_map(|s| s[stem.index()].map(|[left, _]| f64::from(left))).collect();
    let slope: f64 = samples.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).sum();
    let power: f64 = samples.iter().map(|x| x * x).sum();
    (slope / power).sqrt() * 48_000.0 / std::f64::consts::TAU
}

#[test]
fn more_brightness_is_brighter_in_every_stem_and_style() {
    for style in [Style::Lofi, Style::Ambient, Style::House] {
        let mut before = [0.0; Stem::COUNT];
        for brightness in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let mut player = Player::new(48_000, 1);
            player.set_target(&Target { brightness, ..target(style) });
            let stems = bar(&mut player);
            for stem in [Stem::Drums, Stem::Harmony, Stem::Lead, Stem::Texture] {
                let now = brightness_of(&stems, stem);
                assert!(now > before[stem.index()], "{style:?}, {}: {now} Hz at {brightness}", stem.name());
                before[stem.index()] = now;
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_every_instruction_set() {
    let run = |simd| {
        let mut player = Player::new(48_000, 7);
        player.simd = simd;
        let mut wet = target(Style::Lofi);
        wet.noises.insert(Noise::Rain, 0.5);
        wet.medium = Medium { wow: 2.0, low_cut: 100.0, high_cut: 6_000.0, bits: 12, mono: false };
        player.set_target(&wet);
        bar(&mut player)
    };
    let (best, base) = (run(Simd::detect()), run(Simd::baseline()));
    assert!(best == base);
    assert!(best == run(Simd::detect()));
}

#[test]
fn a_muted_stem_is_silent_and_moves_no_other_stem() {
    let run = |gain| {
        let mut player = Player::new(48_000, 7);
        player.set_target(&target(Style::House));
        player.set_stem_gain(Stem::Drums, gain);
        bar(&mut player)
    };
    let (all, muted) = (run(1.0), run(0.0));
    for (all, muted) in all.iter().zip(&muted) {
        assert!(all[1..] == muted[1..]);
    }
    let last = &muted[700][Stem::Drums.index()];
    assert!(last.as_flattened().iter().all(|x| *x == 0.0));
}

#[test]
fn a_mute_of_the_texture_fades_the_noises_without_a_click() {
    let mut player = Player::new(48_000, 1);
    let mut rain = target(Style::Lofi);
    rain.noises.insert(Noise::Rain, 1.0);
    player.set_target(&rain);
    let mut run = |gain, quanta: usize| {
        player.set_stem_gain(Stem::Texture, gain);
        let mut samples = Vec::new();
        for _ in 0..quanta {
            let mut stems = SILENCE;
            player.render(&mut stems);
            samples.extend(stems[Stem::Texture.index()].map(|[left, _]| left));
        }
        samples
    };
    let step = |samples: &[f32]| samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    let before = run(1.0, 2_250);
    let muted = run(0.0, 750);
    assert!(step(&before[96_000..]) > 0.003);
    assert!(step(&muted) <= step(&before[96_000..]));
    assert!(muted[9_600..].iter().all(|x| *x == 0.0));
    let after = run(1.0, 750);
    assert!(step(&after[24_000..]) > 0.001 && step(&after) <= 1.5 * step(&before[96_000..]));
}

#[test]
fn the_kick_has_the_pitch_of_its_note_in_every_key() {
    use crate::synth::instruments::{Kit, Sound, Stroke, sound};
    for kit in [Kit::Lofi, Kit::Dry, Kit::House] {
        for tonic in 0..12_u8 {
            let pitch = crate::compose::rhythm::kick_key(tonic);
            let hertz = Pitch(pitch).hertz();
            let stroke = Stroke { pitch, hertz, velocity: 0.8, seconds: 0.2, kit };
            let Sound::Drum(spec) = sound(Instrument::Kick, &stroke) else { panic!("a drum") };
            let cents = 1_200.0 * libm::log2f(spec.tones[0].end / hertz);
            assert!(cents.abs() < 5.0, "{kit:?}, tonic {tonic}: {cents} cents");
        }
    }
}

#[test]
fn a_kick_lowers_the_pad_and_the_level_returns() {
    let mut player = Player::new(48_000, 1);
    player.set_target(&target(Style::House));
    player.start(&note(Stem::Harmony, Instrument::Organ, 60.0), 0.0, 0, 4.0);
    player.start(&note(Stem::Drums, Instrument::Kick, 36.0), 0.0, 48_000, 0.2);
    let levels: Vec<f32> = (0..1_500)
        .map(|_| {
            let mut stems = SILENCE;
            player.render(&mut stems);
            let power: f32 = stems[Stem::Harmony.index()].as_flattened().iter().map(|x| x * x).sum();
            10.0 * libm::log10f(power + 1e-12)
        })
        .collect();
    let mean = |from: usize, to: usize| levels[from..to].iter().sum::<f32>() / (to - from) as f32;
    let (before, ducked, after) = (mean(600, 740), mean(758, 778), mean(1_200, 1_400));
    assert!((4.0..9.0).contains(&(before - ducked)), "{before} {ducked}");
    assert!((before - after).abs() < 1.5, "{before} {after}");
}

#[test]
fn after_everything_has_ended_the_stems_are_silent_and_numbers_stay_normal() {
    for style in [Style::Lofi, Style::House] {
        let mut player = Player::new(48_000, 1);
        let mut quiet = target(style);
        quiet.noises.clear();
        let mut sound = StyleSound::of(&quiet);
        sound.noises = [0.0; Noise::ALL.len()];
        player.set_target(&quiet);
        player.set_sound(&sound);
        bar(&mut player);
        let mut stems = SILENCE;
        for _ in 0..750 * 12 {
            player.render(&mut stems);
            let subnormal = stems.as_flattened().as_flattened().iter().any(|x| x.is_subnormal());
            assert!(!subnormal);
        }
        assert_eq!(player.sounding(), 0);
        let peak = stems.as_flattened().as_flattened().iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(peak < 1e-6, "{style:?}: {peak}");
    }
}

#[test]
fn a_medium_limits_the_band_and_the_width() {
    let mut player = Player::new(48_000, 1);
    let medium = Medium { high_cut: 3_000.0, mono: true, ..Medium::default() };
    player.set_target(&Target { medium, ..target(Style::Lofi) });
    let narrow = bar(&mut player);
    let mut player = Player::new(48_000, 1);
    player.set_target(&target(Style::Lofi));
    let wide = bar(&mut player);
    assert!(brightness_of(&narrow, Stem::Drums) < 0.7 * brightness_of(&wide, Stem::Drums));
    let side: f32 = narrow.iter().flat_map(|s| s[2]).map(|[left, right]| (left - right).abs()).fold(0.0, f32::max);
    assert!(side < 1e-4, "{side}");
}
