//! Files that end in the middle of a sound and loops whose end does not match their start: there is no click, no attack is softened,
//! and a seamless loop keeps every bit.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::f64::consts::TAU;
use std::sync::Arc;

use common::{largest_step, left, offline};
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{
    Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Event, Frames, SampleRate, StemId, StretchMethod, Track, When,
};

const HERTZ: f64 = 500.0;
/// The largest step of the tone itself.
const OWN: f32 = 0.5 * (TAU * HERTZ / 44_100.0) as f32;
/// The largest step that a fade of 4 ms adds, from twice the amplitude of the tone.
const FADE: f32 = 1.5 / 176.0;

/// An input in memory, and its position.
struct Memory(Arc<Vec<f32>>, usize);

impl Input for Memory {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.1 = frame as usize;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let end = (self.1 + 1_000).min(self.0.len());
        let Some(samples) = self.0.get(self.1..end).filter(|samples| !samples.is_empty()) else { return Ok(false) };
        out.extend(samples.iter().map(|x| [*x; 2]));
        self.1 = end;
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(Self(self.0.clone(), 0)))
    }
}

/// The same music loaded and streamed.
fn both(samples: &[f32]) -> [Track; 2] {
    let info = InputInfo { frames: Frames(samples.len() as u64), sample_rate: SampleRate::CD, channels: 1 };
    let streamed = Track::from_input(Memory(Arc::new(samples.to_vec()), 0), info).unwrap();
    [Track::from_interleaved(samples.to_vec(), SampleRate::CD, 1).unwrap(), streamed]
}

fn tone(frames: usize, phase: f64) -> Vec<f32> {
    (0..frames).map(|n| (0.5 * (TAU * (HERTZ * n as f64 / 44_100.0 + phase)).sin()) as f32).collect()
}

/// The left channel of a deck that plays a track, once or in a loop.
fn played(track: &Track, looped: bool, method: StretchMethod, tempo: f64, frames: usize) -> Vec<f32> {
    let mut offline = offline();
    let engine = offline.engine();
    engine.mix().tempo(Bpm::new(tempo).unwrap()).unwrap();
    let region = looped.then(|| track.whole_loop().unwrap());
    let (deck, stem, track, cue) = (DeckId::A, StemId::FIRST, track.clone(), Frames::ZERO);
    engine
        .send(Command::Deck(deck, DeckCommand::Load { stem, track, cue, region, keeps_gain: false }), When::NextBlock)
        .unwrap();
    engine.deck(deck).stretch(method).unwrap().play().unwrap();
    left(&offline.render_frames(frames))
}

/// The sound of a loaded track. A streamed one must give the same bits.
fn sound(samples: &[f32], looped: bool, method: StretchMethod, tempo: f64, frames: usize) -> Vec<f32> {
    let [loaded, streamed] = both(samples).map(|track| played(&track, looped, method, tempo, frames));
    assert!(loaded == streamed, "{method} at {tempo}: the streamed track differs");
    loaded
}

fn methods() -> impl Iterator<Item = (StretchMethod, f64)> {
    StretchMethod::ALL.iter().flat_map(|method| [120.0, 113.0, 127.0].map(|tempo| (*method, tempo)))
}

#[test]
fn a_file_that_ends_in_the_middle_of_a_sound_ends_without_a_click() {
    for (method, tempo) in methods() {
        for (nth, length) in [20_000, 20_022, 20_031, 20_044, 20_067].into_iter().enumerate() {
            // The tone ends anywhere between its peak and its steepest point.
            let samples = tone(length, 0.05 * nth as f64);
            let sound = sound(&samples, false, method, tempo, 30_000);
            let own = OWN * if method.keeps_pitch() { 1.0 } else { 127.0 / 120.0 };
            // The beginning has no fade-in.
            let step = largest_step(&sound[64..]);
            assert!(step <= 1.2 * own + 0.5 * FADE, "{method} at {tempo}, {length} frames: {step} against {own}");
            let end = (length as f64 * 120.0 / tempo) as usize;
            let rest = &sound[end + if method.keeps_pitch() { 2_700 } else { 400 }..];
            assert!(rest.iter().all(|x| *x == 0.0), "{method} at {tempo}: the sound does not end");
        }
    }
}

#[test]
fn at_speed_1_the_end_fades_out_after_the_last_frame_and_no_frame_of_the_music_changes() {
    let mut samples = tone(20_000, 0.0);
    samples.push(0.5);
    samples.extend([0.45; 40]);
    for &method in StretchMethod::ALL {
        let sound = sound(&samples, false, method, 120.0, 30_000);
        assert!(sound[..samples.len()] == samples[..], "{method}");
        let after = &sound[samples.len()..];
        assert!(after.is_sorted_by(|a, b| a >= b) && after[0] > 0.44 && after[88] > 0.2 && after[176] == 0.0);
        // A file that ends near zero, within a step of the tone, is followed by silence.
        for end in [19_846, 19_890] {
            let near_zero = &tone(end, 0.0);
            assert!(near_zero[end - 1].abs() < 0.04);
            let sound = self::sound(near_zero, false, method, 120.0, 30_000);
            assert!(sound[..end] == near_zero[..], "{method}");
            assert!(sound[end..].iter().all(|x| *x == 0.0), "{method}");
        }
    }
}

#[test]
fn a_loop_whose_end_does_not_match_its_start_makes_no_click() {
    for (method, tempo) in methods() {
        for (length, phase) in [(8_000, 0.0), (8_022, 0.25), (8_040, 0.4), (4_445, 0.1), (700, 0.3)] {
            let sound = sound(&tone(length, phase), true, method, tempo, 60_000);
            // Half of the jumps lead to another phase of the tone. A vocoder may make larger steps from two phases at once.
            let most = if method.keeps_pitch() { 2.0 } else { 1.2 * 127.0 / 120.0 };
            let own = OWN;
            // The beginning has no fade-in.
            let step = largest_step(&sound[64..]);
            // The step that the fade conceals is at most from peak to peak.
            assert!(step <= most * own + FADE, "{method} at {tempo}, {length} frames: {step} against {own}");
        }
    }
}

#[test]
fn a_seamless_loop_keeps_every_bit() {
    // 45 periods of 98 frames, and a hit that has decayed before the next one begins.
    let round: Vec<f32> = (0..98 * 45).map(|n| (0.5 * (TAU * f64::from(n) / 98.0 + 1.0).sin()) as f32).collect();
    let hit: Vec<f32> = (0..9_000)
        .map(|n| ((-f64::from(n) / 400.0).exp() * (f64::from(n) * 0.2).cos() * 0.8) as f32)
        .map(|x| if x.abs() < 1e-5 { 0.0 } else { x })
        .collect();
    for samples in [round, hit] {
        for &method in StretchMethod::ALL {
            let sound = sound(&samples, true, method, 120.0, 40_000);
            assert!(sound.iter().zip(samples.iter().cycle()).all(|(a, b)| a == b), "{method}");
        }
    }
}

#[test]
fn an_attack_at_the_start_of_a_loop_is_neither_late_nor_soft_and_the_old_sound_fades_out_under_it() {
    // A hit that starts at its peak, over a hum that continues to the end.
    let samples: Vec<f32> = (0..9_000)
        .map(|n| {
            let hum = 0.1 * (f64::from(n) * 0.01).sin();
            (hum + (-f64::from(n) / 300.0).exp() * (f64::from(n) * 0.3).cos() * 0.7) as f32
        })
        .collect();
    let last = samples[8_999];
    assert!(last > 0.05, "{last}");
    for &method in StretchMethod::ALL {
        let sound = sound(&samples, true, method, 120.0, 20_000);
        for round in [9_000, 18_000] {
            let under: Vec<f32> = (0..400).map(|n| sound[round + n] - samples[n]).collect();
            assert!((under[0] - last).abs() < 1e-3, "{method}: {} of {last}", under[0]);
            assert!(under[176..].iter().all(|x| *x == 0.0), "{method}");
            assert!(under.windows(2).all(|pair| pair[1] <= pair[0] + 1e-6), "{method}");
        }
        assert!(sound[8_000..9_000] == samples[8_000..], "{method}: the samples before the jump do not change");
    }
}

#[test]
fn a_track_ends_in_the_first_quantum_after_its_last_sound_and_not_before() {
    // Without a fade the sound ends 48 frames after the track, which is the reach of the interpolator.
    for (length, last, sounds) in [(1_000, 0.0, 48), (1_040, 0.0, 48), (1_041, 0.0, 48), (1_000, 0.5, 176)] {
        let mut samples = vec![0.0; length];
        samples[length - 20..].fill(last);
        for at in [0, 64 * 7, 1_000] {
            for track in both(&samples) {
                let mut offline = offline();
                offline.engine().deck(DeckId::A).load(&track).unwrap();
                offline.engine().deck(DeckId::A).at(When::At(Frames(at))).play().unwrap();
                offline.render_frames(4_000);
                let ended = offline.engine().events().find_map(|event| match event {
                    Event::Ended { at, .. } => Some(at.0),
                    _ => None,
                });
                let silent = at + (length + sounds) as u64;
                assert_eq!(ended, Some(silent.next_multiple_of(64)), "{length} frames from {at}, {last} at the end");
            }
        }
    }
}

#[test]
fn a_loaded_track_plays_at_full_gain_whatever_the_gain_of_its_stem_was() {
    let mut offline = offline();
    let [loud, next] = [0.25, 0.5].map(|x| common::constant_track(x, 44_100));
    let engine = offline.engine();
    engine.deck(DeckId::A).load(&loud).unwrap().play().unwrap();
    let (deck, stem) = (DeckId::A, StemId::FIRST);
    let gain = crowd_engine::Gain::new(0.5).unwrap();
    engine
        .send(
            Command::Deck(
                deck,
                DeckCommand::StemGain { stems: stem.into(), gain, over: Frames::ZERO, law: CrossfadeLaw::Linear },
            ),
            When::At(Frames(1_000)),
        )
        .unwrap();
    assert_eq!(left(&offline.render_frames(3_000))[2_900], 0.125);
    offline.engine().deck(DeckId::A).load(&next).unwrap().play().unwrap();
    assert_eq!(left(&offline.render_frames(3_000))[2_900], 0.5);
    // A track that joins late gets the gain that was set for it before.
    let engine = offline.engine();
    engine
        .send(
            Command::Deck(
                deck,
                DeckCommand::StemGain { stems: stem.into(), gain, over: Frames::ZERO, law: CrossfadeLaw::Linear },
            ),
            When::NextBlock,
        )
        .unwrap();
    let join = Command::Deck(deck, DeckCommand::Join { stem, track: loud, cue: Frames::ZERO, region: None });
    engine.send(join, When::NextBlock).unwrap();
    assert_eq!(left(&offline.render_frames(3_000))[2_900], 0.125);
}

#[test]
fn frames_at_the_end_of_all_numbers_are_silent() {
    let track = Track::from_interleaved(vec![0.5; 8], SampleRate::CD, 2).unwrap();
    for first in [i64::MIN, i64::MAX - 3, i64::MAX] {
        let (mut left, mut right) = ([9.0; 4], [9.0; 4]);
        track.read(first, [&mut left, &mut right]);
        assert_eq!((left, right), ([0.0; 4], [0.0; 4]), "from {first}");
    }
}
