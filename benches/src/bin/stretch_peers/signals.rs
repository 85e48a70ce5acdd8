//! The synthetic signals that are stretched.

use std::f64::consts::PI;

use crowd_engine_benches::RATE;

/// The length of the signal with hits, in seconds.
pub const LONG: usize = 60;
/// The length of the other signals, in seconds.
pub const SHORT: usize = 20;

/// Stereo frames.
pub type Sound = Vec<[f32; 2]>;

/// A sound with its hits and partials.
pub struct Signal {
    pub name: &'static str,
    pub frames: Sound,
    /// The frames in which hits begin.
    pub hits: Vec<usize>,
    /// The frequencies of all partials, in Hz.
    pub partials: Vec<f64>,
}

pub fn all() -> [Signal; 4] {
    [hits(), tones(), chord(), drums()]
}

fn signal(name: &'static str, seconds: usize, sound: impl Fn(f64) -> [f64; 2]) -> Signal {
    let rate = f64::from(RATE);
    let frames = (0..seconds * RATE as usize).map(|n| sound(n as f64 / rate).map(|x| x as f32)).collect();
    Signal { name, frames, hits: Vec::new(), partials: Vec::new() }
}

/// Short bursts of noise every half second over a steady chord.
fn hits() -> Signal {
    const CHORD: [f64; 4] = [220.0, 277.2, 329.6, 440.0];
    let mut signal = signal("hits", LONG, |t| {
        [0.03 * CHORD.iter().zip(0..).map(|(f, n)| sine(*f, t, f64::from(n))).sum::<f64>(); 2]
    });
    let mut noise = Noise(1);
    for hit in 0..2 * LONG - 1 {
        let from = RATE as usize * (1 + 2 * hit) / 4;
        signal.hits.push(from);
        burst(&mut signal.frames[from..], [0.6, 0.6], 1.8e-3, &mut noise);
    }
    signal
}

/// Thirteen steady sines, which are a sixth of a period later in the right channel.
fn tones() -> Signal {
    let partials =
        [110.0, 164.8, 220.0, 329.6, 440.0, 659.3, 880.0, 1_318.5, 1_760.0, 2_637.0, 3_520.0, 5_274.0, 7_040.0];
    let mut signal = signal("tones", SHORT, |t| {
        [0.0, PI / 3.0].map(|late| {
            let tones = partials.iter().zip(1..);
            tones.map(|(f, n)| 0.15 / f64::from(n).sqrt() * sine(*f, t, f64::from(n * n) - late)).sum::<f64>()
        })
    });
    signal.partials = partials.into();
    signal
}

/// A minor chord with three saws for each note, detuned by plus and minus seven cents and spread over the stereo image.
fn chord() -> Signal {
    let rate = f64::from(RATE);
    let mut signal = signal("chord", SHORT, |_| [0.0; 2]);
    for (note, hertz) in [(1.0, 146.83), (2.0, 174.61), (3.0, 220.0)] {
        for (side, cents) in [(0.2, -7.0f64), (0.5, 0.0), (0.8, 7.0)] {
            let hertz = hertz * (cents / 1_200.0).exp2();
            let count = (12_000.0 / hertz) as u32;
            signal.partials.extend((1..=count).map(|k| f64::from(k) * hertz));
            // The saw is added up from partials, because a naive saw would alias.
            for k in (1..=count).map(f64::from) {
                let (turn_sin, turn_cos) = (2.0 * PI * hertz * k / rate).sin_cos();
                let (mut sin, mut cos) = (note * k + cents).sin_cos();
                for frame in &mut signal.frames {
                    (sin, cos) = (sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin);
                    let x = 0.06 / k * sin;
                    frame[0] += (x * (1.0 - side)) as f32;
                    frame[1] += (x * side) as f32;
                }
            }
        }
    }
    signal
}

/// A drum break at 126 BPM: kicks, snares, closed hats.
fn drums() -> Signal {
    const KICKS: [usize; 4] = [0, 3, 7, 10];
    const SNARES: [usize; 3] = [4, 12, 15];
    let mut signal = signal("drums", SHORT, |_| [0.0; 2]);
    let sixteenth = 60.0 / 126.0 / 4.0;
    let mut noise = Noise(7);
    let mut at = 0.1;
    for n in 0.. {
        let from = (at * f64::from(RATE)) as usize;
        if from + RATE as usize / 2 > signal.frames.len() {
            break;
        }
        let (step, frames) = (n % 16, &mut signal.frames[from..]);
        let kick = KICKS.contains(&step);
        let snare = SNARES.contains(&step);
        if kick {
            ring(frames, 0.5, 0.09, |t| 50.0 * t + 2.5 * (1.0 - (-t * 60.0).exp()));
            burst(frames, [0.15, 0.15], 1e-3, &mut noise);
        }
        if snare {
            ring(frames, 0.2, 0.05, |t| 190.0 * t);
            burst(frames, [0.3, 0.25], 0.05, &mut noise);
        }
        if step % 2 == 0 {
            burst(frames, [0.08, 0.14], 0.02, &mut noise);
        }
        if kick || snare || step % 2 == 0 {
            signal.hits.push(from);
        }
        at += sixteenth;
    }
    signal
}

fn sine(hertz: f64, t: f64, phase: f64) -> f64 {
    (2.0 * PI * hertz * t + phase).sin()
}

/// Adds noise that decays by 8.7 dB in `decay` seconds.
fn burst(frames: &mut [[f32; 2]], level: [f32; 2], decay: f64, noise: &mut Noise) {
    let decay = decay * f64::from(RATE);
    for (n, frame) in (0..(8.0 * decay) as u32).zip(frames) {
        let x = noise.next() * (-f64::from(n) / decay).exp() as f32;
        frame.iter_mut().zip(level).for_each(|(out, level)| *out += x * level);
    }
}

/// Adds a tone that decays by 8.7 dB in `decay` seconds. Its phase is in periods.
fn ring(frames: &mut [[f32; 2]], level: f64, decay: f64, phase: impl Fn(f64) -> f64) {
    let rate = f64::from(RATE);
    for (n, frame) in (0..(8.0 * decay * rate) as u32).zip(frames) {
        let t = f64::from(n) / rate;
        let x = (level * (-t / decay).exp() * (2.0 * PI * phase(t)).sin()) as f32;
        frame.iter_mut().for_each(|out| *out += x);
    }
}

/// White noise, the same in every run.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 as f32 / u32::MAX as f32) * 2.0 - 1.0
    }
}
