use std::path::Path;

use super::test_file::sine_font;
use super::*;
use crate::mix::{StemSound, StyleSound};
use crate::synth::{Player, QUANTUM, SILENCE};
use crate::types::note::{Glide, Note};
use crate::types::pitch::Pitch;
use crate::types::stem::Stem;
use crate::types::ticks::Ticks;

const RATE: u32 = 48_000;

fn font(programs: &[u8]) -> SoundFont {
    SoundFont::from_bytes(Path::new("sine.sf2"), &sine_font(programs)).unwrap()
}

fn note(instrument: Instrument, pitch: f32) -> Note {
    Note {
        stem: Stem::Harmony,
        instrument,
        start: Ticks::ZERO,
        length: Ticks::BEAT,
        late_ms: 0.0,
        pitch: Pitch(pitch),
        velocity: 0.7,
        from_density: 0.0,
        glide: None,
        legato: false,
    }
}

/// What the harmony plays in some quanta, the left channel.
fn play(player: &mut Player, quanta: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for _ in 0..quanta {
        let mut stems = SILENCE;
        player.render(&mut stems);
        out.extend(stems[Stem::Harmony.index()].iter().map(|frame| frame[0]));
    }
    out
}

/// A player without rooms and delays.
fn player(font: Option<&SoundFont>) -> Player {
    let mut player = Player::new(RATE, 1);
    let dry = StemSound { room_db: -80.0, echo_db: -80.0, width: 1.0, ..StemSound::default() };
    player.set_sound(&StyleSound { stems: [dry; Stem::COUNT], ..StyleSound::default() });
    if let Some(font) = font {
        player.set_sound_font(font).unwrap();
    }
    player
}

fn root_mean_square(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
}

/// The frequency by the zero crossings upwards, in hertz.
fn hertz(samples: &[f32]) -> f32 {
    let crossings: Vec<usize> = (1..samples.len()).filter(|n| samples[n - 1] < 0.0 && samples[*n] >= 0.0).collect();
    let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
    (crossings.len() - 1) as f32 * RATE as f32 / (last - first) as f32
}

#[test]
fn a_sampled_note_is_in_tune_as_loud_as_the_built_in_one_and_ends() {
    let font = font(&[0, 73]);
    let mut levels = Vec::new();
    for sampled in [true, false] {
        let mut player = player(sampled.then_some(&font));
        player.start(&note(Instrument::Flute, 64.3), 0.0, 0, 1.0);
        let sound = play(&mut player, 1_125);
        if sampled {
            let wanted = Pitch(64.3).hertz();
            assert!((hertz(&sound[8_000..40_000]) / wanted - 1.0).abs() < 0.001, "{} Hz", hertz(&sound[8_000..40_000]));
            let end = sound.len() - 4_800;
            assert!(root_mean_square(&sound[end..]) < 1e-4, "the note ends: {}", root_mean_square(&sound[end..]));
        }
        levels.push(root_mean_square(&sound));
    }
    let difference = 20.0 * (levels[0] / levels[1]).log10();
    assert!(difference.abs() < 3.0, "{difference} dB louder than the built-in flute");
}

#[test]
fn a_glide_bends_the_channel() {
    let font = font(&[73]);
    let mut player = player(Some(&font));
    let glide = Some(Glide { from: -5.0, after_ms: 400.0, over_ms: 100.0 });
    player.start(&Note { glide, ..note(Instrument::Flute, 69.0) }, 0.0, 0, 2.0);
    let sound = play(&mut player, 1_200);
    let (before, after) = (hertz(&sound[4_800..16_000]), hertz(&sound[30_000..60_000]));
    assert!(
        (before / Pitch(64.0).hertz() - 1.0).abs() < 0.002 && (after / 440.0 - 1.0).abs() < 0.002,
        "{before} {after}"
    );
}

#[test]
fn instruments_that_the_file_lacks_are_built_in() {
    let font = font(&[73]);
    assert_eq!(font.instruments().collect::<Vec<_>>(), [Instrument::Flute]);
    let (mut with, mut without) = (player(Some(&font)), player(None));
    for player in [&mut with, &mut without] {
        player.start(&note(Instrument::GrandPiano, 60.0), 0.0, 0, 1.0);
    }
    assert_eq!(play(&mut with, 200), play(&mut without, 200));
}

#[test]
fn a_key_that_is_played_again_sounds_for_the_length_of_the_second_note() {
    let font = font(&[73]);
    let mut player = player(Some(&font));
    player.start(&note(Instrument::Flute, 69.0), 0.0, 0, 0.2);
    play(&mut player, 75);
    player.start(&note(Instrument::Flute, 69.0), 0.0, 0, 1.0);
    let sound = play(&mut player, 600);
    assert!(root_mean_square(&sound[28_000..38_000]) > 0.01, "{}", root_mean_square(&sound[28_000..38_000]));
}

#[test]
fn files_that_are_no_sound_fonts_are_errors_that_name_the_file() {
    let whole = sine_font(&[0]);
    let path = Path::new("broken.sf2");
    for length in (0..whole.len()).step_by(37) {
        let error = SoundFont::from_bytes(path, &whole[..length]).unwrap_err().to_string();
        assert!(error.contains("broken.sf2"), "{error}");
    }
    let drums_only = SoundFont::from_bytes(path, &sine_font(&[120])).unwrap_err();
    assert!(matches!(drums_only, SoundFontError::NoInstrument { .. }), "{drums_only}");
    let missing = SoundFont::read(Path::new("missing.sf2")).unwrap_err();
    assert!(missing.to_string().contains("missing.sf2"), "{missing}");
    let slow = Player::new(8_000, 1).set_sound_font(&font(&[0])).unwrap_err();
    assert!(slow.to_string().contains("8000"), "{slow}");
}

#[test]
fn damaged_tables_are_errors_or_play_without_a_panic() {
    let whole = sine_font(&[0, 73]);
    for place in (0..whole.len()).rev().take(700) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0xff;
        let Ok(font) = SoundFont::from_bytes(Path::new("damaged.sf2"), &damaged) else { continue };
        let mut player = Player::new(16_000, 1);
        player.set_sound(&StyleSound::default());
        if player.set_sound_font(&font).is_ok() {
            player.start(&note(Instrument::Flute, 60.0), 0.0, 0, 0.05);
            assert!(play(&mut player, 40).len() == 40 * QUANTUM);
        }
    }
}
