//! Conversion from the engine's sample rate to that of a device that does not support the engine's rate.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::audio::Renderer;
use crate::output::cause::Cause;
use crate::types::output_error::OutputErrorKind;
use crate::types::units::SampleRate;

/// The smallest FFT block at the lower rate, in frames. With it the pass band ends within 1.4 % of the lower Nyquist frequency.
const BLOCK: usize = 1_024;

/// The longest block, in frames. Longer blocks would delay the sound too much.
const LONGEST: usize = 16_384;

/// Converts the sound of a renderer block by block, with a delay of about one and a half blocks (35 ms at 44.1 kHz).
///
/// It uses FFT overlap-add with a linear-phase windowed sinc (rubato's `Fft`). All memory is allocated in [`Converter::new`].
pub(crate) struct Converter {
    fft: Fft<f32>,
    input: Box<[f32]>,
    output: Box<[f32]>,
    /// The number of samples of `output` that were output.
    taken: usize,
}

impl Converter {
    /// # Errors
    /// When the ratio of the rates would need blocks that are too long, with the reason.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, Cause> {
        let (from_hz, to_hz) = (from.get() as usize, to.get() as usize);
        let common = gcd(from_hz, to_hz);
        let (unit_in, unit_out) = (from_hz / common, to_hz / common);
        let block = BLOCK.div_ceil(unit_in.min(unit_out)) * unit_in;
        let refused = |why: &dyn std::fmt::Display| {
            let message = format!(
                "the device runs at {to}, the engine at {from}, and there is no conversion between them ({why})"
            );
            Cause::new(OutputErrorKind::Unsupported, message)
        };
        if block > LONGEST {
            return Err(refused(&"their ratio would need blocks that are too long"));
        }
        let window = WindowFunction::BlackmanHarris2;
        let fft = Fft::new_custom(from_hz, to_hz, block, 1, 2, window, FixedSync::Both).map_err(|e| refused(&e))?;
        let input = vec![0.0; 2 * fft.input_frames_next()].into();
        let output: Box<[f32]> = vec![0.0; 2 * fft.output_frames_next()].into();
        Ok(Self { fft, input, taken: output.len(), output })
    }

    /// The next frames, interleaved stereo.
    pub fn fill(&mut self, renderer: &mut Renderer, out: &mut [f32]) {
        let mut out = out;
        while !out.is_empty() {
            if self.taken >= self.output.len() {
                renderer.render(&mut self.input);
                self.convert();
                self.taken = 0;
            }
            let ready = self.output.get(self.taken..).unwrap_or_default();
            let (now, later) = out.split_at_mut(ready.len().min(out.len()));
            now.copy_from_slice(ready.get(..now.len()).unwrap_or_default());
            self.taken += now.len();
            out = later;
        }
    }

    fn convert(&mut self) {
        let (frames_in, frames_out) = (self.input.len() / 2, self.output.len() / 2);
        if let Ok(input) = InterleavedSlice::new(&self.input[..], 2, frames_in)
            && let Ok(mut output) = InterleavedSlice::new_mut(&mut self.output[..], 2, frames_out)
            && self.fft.process_into_buffer(&input, &mut output, None).is_ok()
        {
            return;
        }
        // Sizes that do not fit are refused in `new`.
        self.output.fill(0.0);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Engine, Frames, Gain, When};

    /// A 997 Hz tone of an engine at `from`, converted to `to` in callbacks of 700 frames.
    fn tone(from: SampleRate, to: SampleRate) -> Vec<f32> {
        let (mut engine, mut renderer) = Engine::builder().sample_rate(from).split().unwrap();
        let gain = Gain::new(0.5).unwrap();
        engine.send(Command::Tone { hertz: 997.0, gain, length: Frames(1 << 20) }, When::NextBlock).unwrap();
        let mut converter = Converter::new(from, to).unwrap();
        let mut out = vec![0.0; 2 * 700 * 140];
        for block in out.chunks_mut(2 * 700) {
            converter.fill(&mut renderer, block);
        }
        out.iter().step_by(2).copied().collect()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_stays_clean_at_the_other_rate() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (44_100, 96_000), (44_100, 22_050)] {
            let sound = tone(SampleRate::new(from).unwrap(), SampleRate::new(to).unwrap());
            let sound = &sound[sound.len() / 2..];
            // Only a sine of this pitch fulfils x[n+1] + x[n-1] = 2 cos(w) x[n].
            let turn = std::f64::consts::TAU * 997.0 / f64::from(to);
            let wrong = sound.windows(3).map(|x| {
                let x = [f64::from(x[0]), f64::from(x[1]), f64::from(x[2])];
                (x[2] + x[0] - 2.0 * turn.cos() * x[1]).abs()
            });
            let worst = wrong.fold(0.0, f64::max);
            let peak = sound.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(worst < 2e-6, "{from} -> {to}: {worst}");
            assert!((0.499..0.501).contains(&peak), "{from} -> {to}: {peak}");
        }
    }

    #[test]
    fn a_ratio_that_would_need_long_blocks_is_refused_by_name() {
        let refused = Converter::new(SampleRate::CD, SampleRate::new(44_101).unwrap()).err().unwrap().message;
        assert!(refused.contains("44100 Hz") && refused.contains("44101 Hz"), "{refused}");
    }
}
