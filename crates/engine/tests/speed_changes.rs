//! A change of speed makes no click: to speed 1 and from it, as a jump or a glide, at any frame.
//!
//! A click is a step that is larger than the steps of the sound itself. The largest step of tones and chords is known. Noise
//! without treble has a small fourth difference everywhere except at a click.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::f64::consts::TAU;

use common::Noise;
use common::player::{Player, QUANTUM, keeping_pitch};
use crowd_engine::{SampleRate, StretchMethod, Track};

const RATE: f64 = 44_100.0;
/// The largest allowed step, as a multiple of the largest step of the sound itself.
const MOST: f64 = 1.2;
/// The speeds, of which every pair is tested.
const SPEEDS: [f64; 11] = [0.5, 0.75, 0.875, 0.917, 118.0 / 120.0, 1.0, 121.0 / 120.0, 1.083, 1.25, 1.5, 2.0];

/// Frames of every sound here.
const FRAMES: usize = 170_000;

/// A sound of steady partials: hertz, amplitude, phase in turns.
struct Partials(Vec<(f64, f64, f64)>);

impl Partials {
    fn tone(hertz: f64, phase: f64) -> Self {
        Self(vec![(hertz, 0.5, phase)])
    }

    fn chord(seed: u64) -> Self {
        let mut noise = Noise(seed);
        let mut phase = || f64::from(noise.sample());
        Self([196.0, 246.9, 293.7, 392.0, 987.8, 3_136.0, 6_272.0].map(|hertz| (hertz, 0.1, phase())).into())
    }

    /// The largest step at a speed, whatever the phases.
    fn step(&self, speed: f64) -> f64 {
        self.0.iter().map(|(hertz, amplitude, _)| amplitude * 2.0 * (0.5 * TAU * hertz * speed / RATE).sin()).sum()
    }

    fn track(&self) -> Track {
        let partial = |n: usize, (hertz, amplitude, phase): &(f64, f64, f64)| {
            amplitude * (TAU * (hertz / RATE * n as f64 + phase)).sin()
        };
        let frame = |n| self.0.iter().map(|of| partial(n, of)).sum::<f64>() as f32;
        Track::from_interleaved((0..FRAMES).map(frame).collect::<Vec<_>>(), SampleRate::CD, 1).unwrap()
    }
}

/// Speeds, each with a number of frames.
type SpeedSequence = Vec<(f64, usize)>;

fn jump(from: f64, to: f64, at: usize) -> SpeedSequence {
    vec![(from, 3_000 + at), (to, 9_000)]
}

/// From one speed to the other in small steps, which begin at any frame.
fn glide(from: f64, to: f64, at: usize) -> SpeedSequence {
    let middle = (0..60).map(|i| (from + (to - from) * f64::from(i) / 60.0, QUANTUM));
    [(from, 3_000 + at)].into_iter().chain(middle).chain([(to, 6_000)]).collect()
}

fn played(track: &Track, method: StretchMethod, speeds: &SpeedSequence, begin: i64) -> Vec<f32> {
    let mut player = Player::new(track, method, begin);
    speeds.iter().for_each(|(speed, frames)| player.play(*speed, *frames, QUANTUM));
    player.left()
}

/// The largest step and its position.
fn largest(sound: &[f32]) -> (f64, usize) {
    let steps = sound.windows(2).map(|pair| f64::from((pair[1] - pair[0]).abs()));
    steps.zip(1..).fold((0.0, 0), |most, step| if step.0 > most.0 { step } else { most })
}

fn fastest(speeds: &SpeedSequence) -> f64 {
    speeds.iter().map(|(speed, _)| *speed).fold(0.0, f64::max)
}

fn speed_sequences() -> impl Iterator<Item = SpeedSequence> {
    let pairs = SPEEDS.iter().flat_map(|from| SPEEDS.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from != to).enumerate().map(|(n, (from, to))| {
        // The frames of the changes vary.
        let at = n * 29 % 191;
        if n % 3 == 2 { glide(from, to, at) } else { jump(from, to, at) }
    })
}

/// The largest step at one change of speed as a multiple of the sound's own largest step, and a description.
struct MeasuredStep(f64, String);

fn found(sound: &Partials, what: &str) -> Vec<MeasuredStep> {
    let track = sound.track();
    let one = |(method, n, speeds): (StretchMethod, usize, SpeedSequence)| {
        let own = sound.step(if method.keeps_pitch() { 1.0 } else { fastest(&speeds) });
        let (step, at) = largest(&played(&track, method, &speeds, 10_000 + 977 * n as i64));
        let ((from, frames), to) = (speeds[0], speeds[speeds.len() - 1].0);
        let what = format!("{method}, {what}, from {from:.4} to {to:.4} after {frames} frames, at {at}");
        MeasuredStep(step / own, what)
    };
    let all = StretchMethod::ALL
        .iter()
        .flat_map(|method| speed_sequences().enumerate().map(|(n, speeds)| (*method, n, speeds)));
    all.map(one).collect()
}

fn check(mut found: Vec<MeasuredStep>, most: f64) {
    found.retain(|found| found.0 > most);
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let lines: String =
        found.iter().take(12).map(|MeasuredStep(times, what)| format!("\n{times:.2} x its own: {what}")).collect();
    assert!(found.is_empty(), "{} changes of speed make a click:{lines}", found.len());
}

#[test]
fn no_change_of_speed_clicks_in_a_tone() {
    let tones = [60.0, 220.0, 997.0, 2_000.0, 2_500.0, 3_136.0, 6_000.0, 10_000.0, 15_000.0];
    let all = tones.into_iter().zip(0..).flat_map(|(hertz, n)| {
        let phases = (0..2).map(move |phase| 0.37 * f64::from(phase) + 0.1 * f64::from(n));
        phases.flat_map(move |phase| found(&Partials::tone(hertz, phase), &format!("{hertz} Hz")))
    });
    check(all.collect(), MOST);
}

#[test]
fn no_change_of_speed_clicks_in_a_chord() {
    check((0..4).flat_map(|seed| found(&Partials::chord(seed), "a chord")).collect(), MOST);
}

/// Noise below some 2 kHz.
fn dull_noise(frames: usize) -> Track {
    let mut noise = Noise(11);
    let mut poles = [0.0f64; 4];
    let samples: Vec<f32> = (0..frames)
        .map(|_| {
            let mut x = 8.0 * f64::from(noise.sample());
            for pole in &mut poles {
                *pole += (x - *pole) * 0.2;
                x = *pole;
            }
            (0.4 * x) as f32
        })
        .collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

/// The largest fourth difference.
fn kink(sound: &[f32]) -> f64 {
    let kink = |w: &[f32]| (w[0] - 4.0 * w[1] + 6.0 * w[2] - 4.0 * w[3] + w[4]).abs();
    f64::from(sound.windows(5).map(kink).fold(0.0, f32::max))
}

#[test]
fn no_change_of_speed_clicks_in_noise() {
    let track = dull_noise(FRAMES);
    let mut all = Vec::new();
    // Without keylock a jump of the speed makes a kink in the sound itself, so only methods with keylock are tested.
    for method in keeping_pitch() {
        let own = SPEEDS.map(|speed| (speed, kink(&played(&track, method, &vec![(speed, 70_000)], 10_000))));
        let own = |speed| own.iter().find(|own| own.0 == speed).map_or(0.0, |own| own.1);
        for (n, speeds) in speed_sequences().enumerate() {
            let (from, to) = (speeds[0].0, speeds[speeds.len() - 1].0);
            let found = kink(&played(&track, method, &speeds, 10_000 + 977 * n as i64));
            all.push(MeasuredStep(found / own(from).max(own(to)), format!("{method} from {from:.4} to {to:.4}")));
        }
    }
    check(all, 1.5);
}
