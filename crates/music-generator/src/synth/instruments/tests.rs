//! What sounds, compared with measured instruments, and against clicks, offsets and remains.

use crate::mix::{StemSound, StyleSound};
use crate::synth::{Player, QUANTUM, SILENCE};
use crate::types::instrument::Instrument;
use crate::types::note::{Glide, Note};
use crate::types::pitch::Pitch;
use crate::types::stem::Stem;
use crate::types::ticks::Ticks;

const RATE: usize = 48_000;

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

fn dry_player(rate: u32) -> Player {
    let mut player = Player::new(rate, 1);
    let dry = StemSound { room_db: -90.0, echo_db: -90.0, width: 1.0, low_cut: 10.0, ..StemSound::default() };
    player.set_sound(&StyleSound { stems: [dry; 5], high_cut: 22_000.0, ..StyleSound::default() });
    player
}

/// Both channels added, from the first frame of the note on.
fn render(player: &mut Player, frames: usize) -> Vec<f32> {
    let mut out = Vec::new();
    while out.len() < frames {
        let mut stems = SILENCE;
        player.render(&mut stems);
        out.extend(stems[Stem::Harmony.index()].iter().map(|[left, right]| 0.5 * (left + right)));
    }
    out
}

fn sound(instrument: Instrument, pitch: f32, seconds: f32, held: f32) -> Vec<f32> {
    let mut player = dry_player(48_000);
    player.start(&note(instrument, pitch), 0.0, 0, held);
    let latency = player.latency();
    render(&mut player, (seconds * RATE as f32) as usize + latency).split_off(latency)
}

/// The level over time: RMS of 5 ms.
fn envelope(samples: &[f32]) -> Vec<f32> {
    samples
        .chunks_exact(240)
        .map(|chunk| (chunk.iter().map(|x| x * x).sum::<f32>() / chunk.len() as f32).sqrt())
        .collect()
}

/// The amplitude of a frequency in a span, with a Hann window.
fn amplitude(samples: &[f32], hertz: f32) -> f32 {
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    let len = samples.len() as f64;
    for (n, x) in samples.iter().enumerate() {
        let n = n as f64;
        let window = 0.5 - 0.5 * libm::cos(core::f64::consts::TAU * n / len);
        let turns = n * f64::from(hertz) / RATE as f64;
        re += f64::from(*x) * window * libm::cos(core::f64::consts::TAU * turns);
        im += f64::from(*x) * window * libm::sin(core::f64::consts::TAU * turns);
    }
    (4.0 * (re * re + im * im).sqrt() / len) as f32
}

/// Milliseconds from the start to nine tenths of the loudest 5 ms.
fn attack_ms(samples: &[f32]) -> f32 {
    let envelope = envelope(samples);
    let peak = envelope.iter().copied().fold(0.0, f32::max);
    5.0 * envelope.iter().position(|x| *x >= 0.9 * peak).unwrap_or(0) as f32
}

/// Seconds from the loudest 5 ms until the level has fallen by 20 dB for good.
fn t20(samples: &[f32]) -> f32 {
    let envelope = envelope(samples);
    let peak = envelope.iter().copied().fold(0.0, f32::max);
    let at = envelope.iter().position(|x| *x >= peak).unwrap_or(0);
    let last = envelope.iter().rposition(|x| *x >= 0.1 * peak).unwrap_or(0);
    0.005 * (last - at) as f32
}

/// Decaying instruments: note, T20 in seconds, levels of partials 1 to 4 in decibels at 0.15 to 0.65 s as measured on sampled
/// instruments (`NONE` where they are not harmonic or lie in the noise).
const NONE: f32 = -99.0;
#[rustfmt::skip]
const DECAYING: [(Instrument, f32, f32, [f32; 4]); 13] = [
    (Instrument::GrandPiano, 60.0, 1.4, [0.0, -8.0, -21.0, -16.0]),
    (Instrument::FeltPiano, 60.0, 1.4, [0.0, -9.0, -21.0, -21.0]),
    (Instrument::ElectricPiano, 60.0, 3.0, [0.0, -7.0, -22.0, NONE]),
    (Instrument::Vibraphone, 67.0, 1.0, [0.0, NONE, NONE, -30.0]),
    (Instrument::Celesta, 72.0, 0.62, [0.0, NONE, NONE, NONE]),
    (Instrument::MusicBox, 72.0, 0.56, [0.0, NONE, NONE, NONE]),
    (Instrument::Kalimba, 72.0, 0.24, [0.0, NONE, NONE, NONE]),
    (Instrument::Guitar, 60.0, 0.86, [0.0, -11.0, -13.0, -8.0]),
    (Instrument::Harp, 60.0, 0.82, [0.0, NONE, NONE, NONE]),
    (Instrument::Koto, 60.0, 0.44, [-1.0, -3.0, 0.0, -22.0]),
    (Instrument::Pizzicato, 60.0, 0.22, [0.0, NONE, NONE, NONE]),
    (Instrument::Upright, 36.0, 1.4, [0.0, -12.0, -22.0, -24.0]),
    (Instrument::Sitar, 60.0, 0.9, [NONE, NONE, NONE, NONE]),
];

#[test]
fn decaying_instruments_have_the_decay_and_the_partials_of_sampled_ones() {
    for (instrument, pitch, decay, partials) in DECAYING {
        let samples = sound(instrument, pitch, 4.0, 4.0);
        let measured = t20(&samples);
        assert!((measured / decay).ln().abs() < 0.25, "{instrument:?}: T20 {measured} s, not {decay} s");
        let span = &samples[(0.15 * RATE as f32) as usize..(0.65 * RATE as f32) as usize];
        let hertz = Pitch(pitch).hertz();
        let levels: Vec<f32> = (1..=4)
            .map(|k| {
                // Strings are stiff: partials are up to a percent higher.
                let near = (0..6).map(|n| amplitude(span, hertz * k as f32 * (1.0 + 0.002 * n as f32)));
                20.0 * near.fold(1e-9, f32::max).log10()
            })
            .collect();
        let top = levels.iter().copied().fold(-200.0, f32::max);
        for (k, (level, wanted)) in levels.iter().zip(partials).enumerate() {
            assert!(
                wanted == NONE || (level - top - wanted).abs() < 5.0,
                "{instrument:?}: partial {} at {}",
                k + 1,
                level - top
            );
        }
    }
}

/// Drums: T20 in seconds.
#[rustfmt::skip]
const DRUMS: [(Instrument, f32, f32, f32); 13] = [
    (Instrument::Kick, 0.29, 30.0, 120.0), (Instrument::Snare, 0.12, 500.0, 2_500.0), (Instrument::Rim, 0.018, 1_500.0, 4_000.0),
    (Instrument::Clap, 0.12, 1_500.0, 4_000.0), (Instrument::HatClosed, 0.09, 8_000.0, 12_000.0),
    (Instrument::HatOpen, 0.45, 8_000.0, 12_000.0), (Instrument::Ride, 0.46, 8_000.0, 11_500.0),
    (Instrument::Shaker, 0.034, 8_000.0, 11_500.0), (Instrument::TablaNa, 0.5, 200.0, 800.0), (Instrument::TablaTin, 0.84, 200.0, 600.0),
    (Instrument::TablaTun, 1.07, 150.0, 500.0), (Instrument::TablaGe, 0.68, 60.0, 200.0), (Instrument::TablaTe, 0.09, 400.0, 2_500.0),
];

/// The centre of the power spectrum of the first 85 ms, in hertz.
fn centroid(samples: &[f32]) -> f32 {
    let span = &samples[..4_096];
    // Steps of about 20 Hz up to 400 Hz, of a sixth of an octave above.
    let (mut sum, mut power, mut hertz) = (0.0, 0.0, 20.0_f32);
    while hertz < 18_000.0 {
        let width = (hertz * 0.06).max(12.0);
        let level = amplitude(span, hertz);
        sum += level * level * hertz * width;
        power += level * level * width;
        hertz += width;
    }
    sum / power
}

#[test]
fn drums_have_the_decay_and_the_colour_of_the_table() {
    for (instrument, decay, low, high) in DRUMS {
        let samples = sound(instrument, 60.0, 2.0, 0.2);
        let measured = t20(&samples);
        assert!((measured / decay).ln().abs() < 0.4, "{instrument:?}: T20 {measured} s, not {decay} s");
        let centre = centroid(&samples);
        assert!((low..high).contains(&centre), "{instrument:?}: centroid {centre} Hz");
    }
}

#[test]
fn instruments_that_last_have_their_attack_and_hold_their_level() {
    #[rustfmt::skip]
    let table = [
        (Instrument::Flute, 72.0, 40.0, 300.0), (Instrument::Bansuri, 67.0, 40.0, 200.0), (Instrument::Shakuhachi, 72.0, 30.0, 250.0),
        (Instrument::Organ, 60.0, 0.0, 40.0), (Instrument::SubBass, 36.0, 0.0, 40.0), (Instrument::SynthLead, 69.0, 0.0, 60.0),
        (Instrument::Cello, 48.0, 40.0, 2_400.0), (Instrument::Horn, 53.0, 60.0, 2_400.0), (Instrument::Strings, 60.0, 80.0, 2_400.0),
        (Instrument::Pad, 60.0, 150.0, 2_400.0), (Instrument::Choir, 60.0, 150.0, 2_500.0), (Instrument::Brass, 53.0, 15.0, 2_400.0),
    ];
    for (instrument, pitch, least, most) in table {
        let samples = sound(instrument, pitch, 3.0, 3.5);
        let attack = attack_ms(&samples);
        assert!((least..=most).contains(&attack), "{instrument:?}: attack {attack} ms");
        let rms = |span: &[f32]| (span.iter().map(|x| x * x).sum::<f32>() / span.len() as f32).sqrt();
        let (early, late) = (rms(&samples[RATE / 2..RATE]), rms(&samples[2 * RATE..5 * RATE / 2]));
        assert!((late / early).ln().abs() < 0.8, "{instrument:?}: {early} then {late}");
    }
}

#[test]
fn every_instrument_sounds_ends_and_leaves_no_offset_and_no_click() {
    for instrument in Instrument::ALL {
        let samples = sound(instrument, 60.0, 3.0, 0.8);
        assert!(samples.iter().all(|x| x.is_finite()), "{instrument:?}");
        let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!((0.02..1.5).contains(&peak), "{instrument:?}: peak {peak}");
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        assert!(mean.abs() < 3e-4, "{instrument:?}: offset {mean}");
        // No step: between frames the change is at most what the highest partials explain. The end of a held note, at 0.8 s, is not
        // a step either.
        let end = &samples[(0.79 * RATE as f32) as usize..(0.83 * RATE as f32) as usize];
        let before = &samples[(0.70 * RATE as f32) as usize..(0.79 * RATE as f32) as usize];
        let step = |span: &[f32]| span.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step(end) < 1.6 * step(before) + 1e-3, "{instrument:?}: {} after {}", step(end), step(before));
    }
}

#[test]
fn no_instrument_is_a_bare_sine() {
    // A decaying sine obeys x[n + d] = a x[n] + b x[n - d]; what the best a and b do not explain is something else.
    const APART: usize = 24;
    for instrument in Instrument::ALL {
        let samples = sound(instrument, 60.0, 0.3, 1.0);
        let mut sums = [0.0_f64; 5];
        let mut power = 0.0;
        for n in APART..samples.len() - APART {
            let [x, y, z] = [samples[n], samples[n - APART], samples[n + APART]].map(f64::from);
            for (sum, product) in sums.iter_mut().zip([x * x, x * y, y * y, x * z, y * z]) {
                *sum += product;
            }
            power += z * z;
        }
        let [xx, xy, yy, xz, yz] = sums;
        let determinant = (xx * yy - xy * xy).max(1e-30);
        let (a, b) = ((xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant);
        let rest = power - a * xz - b * yz;
        assert!(rest > 1e-4 * power, "{instrument:?}: {rest} of {power}");
    }
}

#[test]
fn voices_are_free_after_their_end() {
    let mut player = dry_player(48_000);
    for instrument in Instrument::ALL {
        player.start(&note(instrument, 60.0), 0.0, 17, 0.2);
    }
    render(&mut player, QUANTUM);
    assert!(player.sounding() > 40, "{}", player.sounding());
    render(&mut player, 40 * RATE);
    assert_eq!(player.sounding(), 0);
    let rest = render(&mut player, RATE / 10);
    assert!(rest.iter().all(|x| x.abs() < 1e-6));
}

#[test]
fn hits_of_a_drum_differ_and_repeat_with_the_seed() {
    let hits = |seed| {
        let mut player = Player::new(48_000, seed);
        let dry = StemSound { room_db: -90.0, echo_db: -90.0, width: 1.0, low_cut: 10.0, ..StemSound::default() };
        player.set_sound(&StyleSound { stems: [dry; 5], high_cut: 22_000.0, ..StyleSound::default() });
        [(); 2].map(|()| {
            player.start(&note(Instrument::Snare, 60.0), 0.0, 0, 0.2);
            render(&mut player, RATE)
        })
    };
    let [first, second] = hits(1);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let alike = dot(&first, &second) / (dot(&first, &first) * dot(&second, &second)).sqrt();
    assert!(alike < 0.995, "{alike}");
    assert_eq!(hits(1)[0], first);
    assert_ne!(hits(2)[0], first);
}

#[test]
fn a_legato_note_glides_without_a_new_attack() {
    let mut player = dry_player(48_000);
    player.start(&note(Instrument::Bansuri, 67.0), 0.0, 0, 0.5);
    let glide = Some(Glide { from: -5.0, after_ms: 0.0, over_ms: 200.0 });
    player.start(&Note { legato: true, glide, ..note(Instrument::Bansuri, 72.0) }, 0.0, RATE / 2, 0.5);
    let samples = render(&mut player, RATE);
    assert_eq!(player.sounding(), 1);
    let hertz =
        |from: f32, pitch: f32| amplitude(&samples[(from * RATE as f32) as usize..][..4_800], Pitch(pitch).hertz());
    assert!(hertz(0.35, 67.0) > 5.0 * hertz(0.35, 72.0));
    assert!(hertz(0.85, 72.0) > 5.0 * hertz(0.85, 67.0));
    assert!(hertz(0.56, 69.5) > 2.0 * hertz(0.56, 67.0));
    let level = envelope(&samples[RATE / 2 - 4_800..RATE / 2 + 9_600]);
    let (least, most) = level.iter().fold((1.0_f32, 0.0_f32), |(a, b), x| (a.min(*x), b.max(*x)));
    assert!(least > 0.6 * most, "{least} to {most}");
}

#[test]
fn more_notes_than_voices_do_not_click() {
    let mut player = dry_player(48_000);
    for n in 0..120_u16 {
        let at = usize::from(n) * 600;
        player.start(&note(Instrument::Pad, 40.0 + f32::from(n % 37)), 0.0, at, 4.0);
    }
    let samples = render(&mut player, 2 * RATE);
    assert!(player.sounding() <= 20);
    let steps: Vec<f32> = samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted[sorted.len() - sorted.len() / 1_000];
    let most = sorted[sorted.len() - 1];
    assert!(most < 4.0 * usual, "{most} against {usual}");
}

#[test]
fn every_sample_rate_sounds_alike() {
    for rate in [8_000, 44_100, 96_000, 192_000] {
        let mut player = dry_player(rate);
        for instrument in Instrument::ALL {
            player.start(&note(instrument, 60.0), 0.0, 0, 0.1);
        }
        let samples = render(&mut player, rate as usize / 4);
        assert!(samples.iter().all(|x| x.is_finite() && x.abs() < 20.0), "{rate} Hz");
        assert!(samples.iter().any(|x| x.abs() > 0.05), "{rate} Hz");
    }
}
