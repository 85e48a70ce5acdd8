//! A sine tone for checking cables.

use crate::dsp::Ramp;
use crate::types::cast::single;
use crate::types::units::SampleRate;

/// A sine that fades in and out. It comes from a rotating phasor, which needs neither a table nor a sine function for each
/// sample.
pub(super) struct Tone {
    sample_rate: f64,
    phasor: [f64; 2],
    rotation: [f64; 2],
    gain: Ramp,
    frames_left: u64,
    fade_frames: usize,
}

impl Tone {
    pub fn new(sample_rate: SampleRate) -> Self {
        Self {
            sample_rate: f64::from(sample_rate.get()),
            phasor: [1.0, 0.0],
            rotation: [1.0, 0.0],
            gain: Ramp::new(0.0),
            frames_left: 0,
            fade_frames: sample_rate.frames_in(0.01),
        }
    }

    pub fn start(&mut self, hertz: f32, gain: f32, frames: u64) {
        let hertz = f64::from(if hertz.is_nan() { 440.0 } else { hertz }).clamp(20.0, 20_000.0);
        let (sin, cos) = (std::f64::consts::TAU * hertz.min(0.49 * self.sample_rate) / self.sample_rate).sin_cos();
        self.rotation = [cos, sin];
        self.frames_left = frames;
        self.gain.set(gain, self.fade_frames);
    }

    pub fn add(&mut self, mix: &mut [[f32; 2]]) {
        if self.frames_left == 0 && self.gain.is_settled() && self.gain.value() == 0.0 {
            return;
        }
        for frame in mix {
            if self.frames_left == self.fade_frames as u64 {
                self.gain.set(0.0, self.fade_frames);
            }
            self.frames_left = self.frames_left.saturating_sub(1);
            let [x, y] = self.phasor;
            let [c, s] = self.rotation;
            let sample = single(y) * self.gain.next();
            frame[0] += sample;
            frame[1] += sample;
            // One step of Newton's method keeps the phasor on the unit circle.
            let (x, y) = (x * c - y * s, x * s + y * c);
            let length = 1.5 - 0.5 * (x * x + y * y);
            self.phasor = [x * length, y * length];
        }
        if self.frames_left == 0 && self.gain.target() != 0.0 {
            self.gain.set(0.0, self.fade_frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_has_its_frequency_and_ends() {
        let mut tone = Tone::new(SampleRate::CD);
        tone.start(441.0, 0.5, 44_100);
        let mut mix = vec![[0.0; 2]; 50_000];
        for span in mix.chunks_mut(64) {
            tone.add(span);
        }
        let peak = mix.iter().fold(0.0f32, |peak, frame| peak.max(frame[0].abs()));
        assert!((0.499..=0.5).contains(&peak), "{peak}");
        let periods = mix.windows(2).filter(|pair| pair[0][0] < 0.0 && pair[1][0] >= 0.0).count();
        assert!((438..=442).contains(&periods), "{periods}");
        assert!(mix[44_200..].iter().all(|frame| *frame == [0.0; 2]));
    }

    #[test]
    fn the_tone_is_a_sine_that_is_added_to_both_channels() {
        for (rate, hertz, played) in
            [(44_100, 441.0, 441.0), (22_050, 20_000.0, 0.49 * 22_050.0), (48_000, f32::NAN, 440.0)]
        {
            let mut tone = Tone::new(SampleRate::new(rate).unwrap());
            tone.start(hertz, 0.5, u64::from(rate));
            let mut mix = vec![[0.25, -0.25]; 2_000];
            tone.add(&mut mix);
            for (n, frame) in mix.iter().enumerate().skip(1_000) {
                let sine = 0.5 * single((std::f64::consts::TAU * played * n as f64 / f64::from(rate)).sin());
                assert!(
                    (frame[0] - 0.25 - sine).abs() < 1e-5 && (frame[1] + 0.25 - sine).abs() < 1e-5,
                    "{played} Hz, frame {n}"
                );
            }
        }
    }

    #[test]
    fn a_tone_shorter_than_its_fades_fades_out_and_one_that_has_ended_changes_no_bit() {
        let mut tone = Tone::new(SampleRate::CD);
        tone.start(1_000.0, 0.5, 100);
        let mut mix = vec![[0.0; 2]; 1_000];
        mix.chunks_mut(50).for_each(|span| tone.add(span));
        let sounds = |frames: &[[f32; 2]]| frames.iter().any(|frame| frame[0] != 0.0);
        assert!(sounds(&mix[..100]) && sounds(&mix[100..400]) && !sounds(&mix[600..]));
        let step = mix.windows(2).fold(0.0f32, |most, pair| most.max((pair[1][0] - pair[0][0]).abs()));
        assert!(step < 0.5 * 0.15, "{step}");
        let mut silence = [[-0.0; 2]; 64];
        tone.add(&mut silence);
        assert!(silence.as_flattened().iter().all(|x: &f32| *x == 0.0 && x.is_sign_negative()));
    }
}
