//! The instruments of the generated music: each adds one note or hit to a tape. Times are in seconds.

use crate::synth::{Filter, Noise, Saw, Tape, thump};

/// A kick drum.
pub fn kick(tape: &mut Tape, at: f64) {
    tape.add(at, 0.4, |t| {
        let click = 0.3 * (-t * 900.0).exp();
        [0.95 * thump(t, 190.0, 47.0, 32.0) * (-t * 7.5).exp() + click; 2]
    });
}

/// A hi-hat that dies away like exp(-`decay` t), at `pan` from 0 (left) to 1.
pub fn hat(tape: &mut Tape, at: f64, noise: &mut Noise, loud: f64, decay: f64, pan: f64) {
    let mut filter = Filter::default();
    tape.add(at, 0.3, |t| {
        let hiss = filter.split(noise.sample(), 8_200.0, 0.8).1 * loud * (-t * decay).exp();
        [hiss * (1.0 - pan), hiss * pan]
    });
}

/// A clap: three hands that do not quite meet, then the tail.
pub fn clap(tape: &mut Tape, at: f64, noise: &mut Noise, loud: f64) {
    let mut filters = [Filter::default(), Filter::default()];
    tape.add(at, 0.35, |t| {
        let hands = if t < 0.024 { (-(t % 0.008) * 260.0).exp() } else { (-(t - 0.024) * 17.0).exp() };
        let body = 0.35 * thump(t, 60.0, 185.0, 40.0) * (-t * 24.0).exp();
        [0, 1].map(|side| {
            let high = filters[side].split(noise.sample(), 1_100.0, 0.9).1;
            loud * (high * hands * 0.7 + body)
        })
    });
}

/// A bass of `tone` hertz, its edge cut off at `cutoff` hertz, which may move with the time since it began.
pub fn bass(tape: &mut Tape, at: f64, seconds: f64, tone: f64, cutoff: impl Fn(f64) -> f64) {
    let (mut saw, mut filter) = (Saw::new(0.25), Filter::default());
    tape.add(at, seconds + 0.06, |t| {
        let edge = filter.split(saw.sample(tone), cutoff(t) + tone, 1.6).0;
        let gate = (t * 300.0).min(1.0) * ((seconds + 0.06 - t) / 0.06).clamp(0.0, 1.0);
        [gate * (0.6 * edge + 0.55 * thump(t, 0.0, tone, 1.0)); 2]
    });
}

/// A plucked string of `tone` hertz, `open` hertz brighter when it begins, at `pan` from 0 (left) to 1.
pub fn pluck(tape: &mut Tape, at: f64, tone: f64, accent: f64, open: f64, pan: f64) {
    let (mut saw, mut filter) = (Saw::new(0.5), Filter::default());
    tape.add(at, 0.4, |t| {
        let pluck = filter.split(saw.sample(tone), tone + open * 2.5 * (-t * 16.0).exp(), 1.2).0;
        let sound = pluck * accent * (t * 700.0).min(1.0) * (-t * 9.0).exp();
        [sound * (1.0 - pan) * 2.0, sound * pan * 2.0]
    });
}
