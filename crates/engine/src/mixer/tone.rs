//! A sine for checking cables.

use crate::cast::single;
use crate::dsp::Ramp;
use crate::units::SampleRate;

/// A sine with a beginning and an end, from a rotating phasor: no table, no call into libm per sample.
pub(super) struct Tone {
    sample_rate: f64,
    phasor: [f64; 2],
    turn: [f64; 2],
    gain: Ramp,
    left: u64,
    edge: usize,
}

impl Tone {
    pub fn new(sample_rate: SampleRate) -> Self {
        Self {
            sample_rate: f64::from(sample_rate.get()),
            phasor: [1.0, 0.0],
            turn: [1.0, 0.0],
            gain: Ramp::new(0.0),
            left: 0,
            edge: sample_rate.frames_in(0.01),
        }
    }

    pub fn start(&mut self, hertz: f32, gain: f32, frames: u64) {
        let hertz = f64::from(if hertz.is_nan() { 440.0 } else { hertz }).clamp(20.0, 20_000.0);
        let (sin, cos) = (std::f64::consts::TAU * hertz.min(0.49 * self.sample_rate) / self.sample_rate).sin_cos();
        self.turn = [cos, sin];
        self.left = frames;
        self.gain.set(gain, self.edge);
    }

    pub fn add(&mut self, mix: &mut [[f32; 2]]) {
        if self.left == 0 && self.gain.is_settled() && self.gain.value() == 0.0 {
            return;
        }
        for frame in mix {
            if self.left == self.edge as u64 {
                self.gain.set(0.0, self.edge);
            }
            self.left = self.left.saturating_sub(1);
            let [x, y] = self.phasor;
            let [c, s] = self.turn;
            let sample = single(y) * self.gain.next();
            frame[0] += sample;
            frame[1] += sample;
            // One Newton step keeps the phasor on the unit circle.
            let (x, y) = (x * c - y * s, x * s + y * c);
            let length = 1.5 - 0.5 * (x * x + y * y);
            self.phasor = [x * length, y * length];
        }
        if self.left == 0 && self.gain.target() != 0.0 {
            self.gain.set(0.0, self.edge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_is_real_and_ends() {
        let mut tone = Tone::new(SampleRate::CD);
        tone.start(441.0, 0.5, 44_100);
        let mut mix = vec![[0.0; 2]; 50_000];
        for piece in mix.chunks_mut(64) {
            tone.add(piece);
        }
        let peak = mix.iter().fold(0.0f32, |peak, frame| peak.max(frame[0].abs()));
        assert!((0.499..=0.5).contains(&peak), "{peak}");
        let turns = mix.windows(2).filter(|pair| pair[0][0] < 0.0 && pair[1][0] >= 0.0).count();
        assert!((438..=442).contains(&turns), "{turns}");
        assert!(mix[44_200..].iter().all(|frame| *frame == [0.0; 2]));
    }
}
