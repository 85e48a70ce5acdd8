//! The instruments of the generated music. Each function adds one note or hit to a [`StereoMix`]. Times are in seconds.

use crate::synth::{Filter, Noise, Saw, StereoMix, thump};

/// A kick drum.
pub fn kick(mix: &mut StereoMix, at: f64) {
    mix.add(at, 0.4, |t| {
        let click = 0.3 * (-t * 900.0).exp();
        [0.95 * thump(t, 190.0, 47.0, 32.0) * (-t * 7.5).exp() + click; 2]
    });
}

/// A hi-hat that decays as exp(-`decay` t), at `pan` from 0 (left) to 1.
pub fn hat(mix: &mut StereoMix, at: f64, noise: &mut Noise, loud: f64, decay: f64, pan: f64) {
    let mut filter = Filter::default();
    mix.add(at, 0.3, |t| {
        let hiss = filter.split(noise.sample(), 8_200.0, 0.8).1 * loud * (-t * decay).exp();
        [hiss * (1.0 - pan), hiss * pan]
    });
}

/// A clap: three short bursts of noise 8 ms apart, then a tail.
pub fn clap(mix: &mut StereoMix, at: f64, noise: &mut Noise, loud: f64) {
    let mut filters = [Filter::default(), Filter::default()];
    mix.add(at, 0.35, |t| {
        let hands = if t < 0.024 { (-(t % 0.008) * 260.0).exp() } else { (-(t - 0.024) * 17.0).exp() };
        let body = 0.35 * thump(t, 60.0, 185.0, 40.0) * (-t * 24.0).exp();
        [0, 1].map(|side| {
            let high = filters[side].split(noise.sample(), 1_100.0, 0.9).1;
            loud * (high * hands * 0.7 + body)
        })
    });
}

/// A bass note of `tone` hertz: a low-passed saw and a sine. For a time since the note began, `cutoff` returns the distance
/// from `tone` to the cut-off frequency of the filter, in hertz.
pub fn bass(mix: &mut StereoMix, at: f64, seconds: f64, tone: f64, cutoff: impl Fn(f64) -> f64) {
    let (mut saw, mut filter) = (Saw::new(0.25), Filter::default());
    mix.add(at, seconds + 0.06, |t| {
        let edge = filter.split(saw.sample(tone), cutoff(t) + tone, 1.6).0;
        let gate = (t * 300.0).min(1.0) * ((seconds + 0.06 - t) / 0.06).clamp(0.0, 1.0);
        [gate * (0.6 * edge + 0.55 * thump(t, 0.0, tone, 1.0)); 2]
    });
}

/// A plucked note of `tone` hertz, at `pan` from 0 (left) to 1. A larger `open` makes its beginning brighter.
pub fn pluck(mix: &mut StereoMix, at: f64, tone: f64, accent: f64, open: f64, pan: f64) {
    let (mut saw, mut filter) = (Saw::new(0.5), Filter::default());
    mix.add(at, 0.4, |t| {
        let pluck = filter.split(saw.sample(tone), tone + open * 2.5 * (-t * 16.0).exp(), 1.2).0;
        let sound = pluck * accent * (t * 700.0).min(1.0) * (-t * 9.0).exp();
        [sound * (1.0 - pan) * 2.0, sound * pan * 2.0]
    });
}
